// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "consolemodel.h"

class QLineEdit;
class QListView;
class QPushButton;

namespace kintsugi::ui {

/// What the printer says, and one line to send.
class ConsolePage final : public QWidget
{
    Q_OBJECT
public:
    explicit ConsolePage(app::Session& session, QWidget* parent = nullptr);

signals:
    void failed(const kintsugi::Error& error);

private:
    void send();

    app::Session& m_session;
    app::ConsoleModel m_model;
    QListView* m_view;
    QLineEdit* m_line;
    QPushButton* m_send;
};

} // namespace kintsugi::ui
