// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointer>
#include <QWidget>

#include "session.h"

class QPushButton;

namespace kintsugi::ui {

class ElidedLabel;
class StatePill;

/// The chosen printer in one line of the tool bar: name, state, job, temperatures, and keeping the bed warm.
class PrinterHeader final : public QWidget
{
    Q_OBJECT
public:
    explicit PrinterHeader(QWidget* parent = nullptr);
    void follow(app::Session* session); ///< nullptr = no printer

private:
    void showState();
    void showPill();
    void showSample();

    QPointer<app::Session> m_session;
    ElidedLabel* m_name;
    StatePill* m_pill;
    ElidedLabel* m_job;
    ElidedLabel* m_heat;
    QPushButton* m_warm;
};

} // namespace kintsugi::ui
