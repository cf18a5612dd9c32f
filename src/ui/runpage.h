// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "assistantpage.h"
#include "planmodel.h"

class QProgressBar;
class QPushButton;
class QTableView;

namespace kintsugi::ui {

/// Two deliberate presses, the lights of the steps, where the head is, and three ways to stop.
class RunPage final : public AssistantPage
{
    Q_OBJECT
public:
    RunPage(app::ResumeFlow& flow, app::Session& session, QWidget* parent = nullptr);
    void entered() override { showFlow(); }
    [[nodiscard]] bool isComplete() const override;

private:
    void showFlow();
    void showPosition();
    void press();
    [[nodiscard]] QString restingText() const;
    [[nodiscard]] QString stateText() const;

    app::Session& m_session;
    app::PlanModel m_model;
    QLabel* m_dry;
    QLabel* m_state;
    QLabel* m_position;
    QTableView* m_steps;
    QPushButton* m_start;
    QPushButton* m_back;
};

} // namespace kintsugi::ui
