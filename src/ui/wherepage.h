// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "assistantpage.h"
#include "candidatemodel.h"
#include "job.h"
#include "stopwidth.h"

class QTableView;

namespace kintsugi::ui {

class PartPanel;
class PointTabs;

/// Where to go on: the candidates, any other point, and what each would print twice or leave open.
class WherePage final : public AssistantPage
{
    Q_OBJECT
public:
    explicit WherePage(app::ResumeFlow& flow, QWidget* parent = nullptr);
    [[nodiscard]] bool isComplete() const override;

private:
    void makeTable();
    void follow();
    void showFlow();
    void showStop();
    void showRefusal(const Error& error);

    app::CandidateModel m_model;
    app::Job<StopWidth> m_measuring;
    std::optional<recovery::StopInterval> m_measured; ///< what m_measuring is about
    QTableView* m_table;
    QLabel* m_stop;
    QLabel* m_width;
    QLabel* m_chosen;
    QLabel* m_risks;
    QLabel* m_refused;
    PointTabs* m_points;
    PartPanel* m_panel;
};

} // namespace kintsugi::ui
