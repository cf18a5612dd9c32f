// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

#include "session.h"

class QLabel;
class QPushButton;

namespace kintsugi::ui {

/// A resume in whose middle this program died: which step was under way, what heats, where the head is, what a person can
/// do. It follows the printer and sends nothing by itself; it goes when it was read, or when the next resume begins.
class CrashPanel final : public QFrame
{
    Q_OBJECT
public:
    explicit CrashPanel(app::Session& session, QWidget* parent = nullptr);

signals:
    void assistantWanted();
    void failed(const kintsugi::Error& error);

private:
    void makePresses();
    void showTruth();
    void send(const QString& script);

    app::Session& m_session;
    QLabel* m_step;
    QLabel* m_now;
    QLabel* m_can;
    QPushButton* m_heatersOff;
    QPushButton* m_putBack;
    QPushButton* m_assistant;
    QPushButton* m_read;
};

} // namespace kintsugi::ui
