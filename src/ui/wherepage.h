// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "assistantpage.h"
#include "candidatemodel.h"

class QTableView;

namespace kintsugi::ui {

class PartView;
class PointEntry;

/// Where to go on: the candidates, any other point, and what each would print twice or leave open.
class WherePage final : public AssistantPage
{
    Q_OBJECT
public:
    explicit WherePage(app::ResumeFlow& flow, QWidget* parent = nullptr);
    [[nodiscard]] bool isComplete() const override;

private:
    void showFlow();

    app::CandidateModel m_model;
    QTableView* m_table;
    QLabel* m_stop;
    QLabel* m_chosen;
    QLabel* m_risks;
    PointEntry* m_entry;
    PartView* m_part;
};

} // namespace kintsugi::ui
