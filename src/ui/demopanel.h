// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

#include "session.h"

class QComboBox;
class QPushButton;

namespace kintsugi::ui {

class DemoControls;

/// The plug, the host and the cable of the demo printer.
class DemoPanel final : public QFrame
{
    Q_OBJECT
public:
    DemoPanel(app::Session& session, DemoControls& controls, QWidget* parent = nullptr);

signals:
    void failed(const kintsugi::Error& error);

private:
    void showState();
    void startPrint();

    app::Session& m_session;
    DemoControls& m_controls;
    QPushButton* m_print;
    QPushButton* m_power;
    QPushButton* m_host;
    QPushButton* m_link;
    QComboBox* m_speed;
};

} // namespace kintsugi::ui
