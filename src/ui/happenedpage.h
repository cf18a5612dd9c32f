// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "assistantpage.h"

class QButtonGroup;
class QCheckBox;
class QComboBox;

namespace kintsugi::ui {

/// What happened: the job, the likely causes with their evidence, and what only the person knows.
class HappenedPage final : public AssistantPage
{
    Q_OBJECT
public:
    HappenedPage(app::ResumeFlow& flow, app::Session& session, QWidget* parent = nullptr);
    [[nodiscard]] bool isComplete() const override;

private:
    void showFlow();
    void showJob();
    void showCauses();
    void state();

    app::Session& m_session;
    QLabel* m_job;
    QLabel* m_heat;
    QWidget* m_causes;
    QButtonGroup* m_choice;
    QComboBox* m_contact;
    QCheckBox* m_nothingMoved;
    bool m_showing = false;
};

} // namespace kintsugi::ui
