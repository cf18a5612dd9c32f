// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "assistantpage.h"
#include "gatemodel.h"

class QCheckBox;
class QDoubleSpinBox;
class QPushButton;
class QTableView;

namespace kintsugi::ui {

/// The checks before the start, and the few things only a person can see.
class GatePage final : public AssistantPage
{
    Q_OBJECT
public:
    explicit GatePage(app::ResumeFlow& flow, QWidget* parent = nullptr);
    void entered() override;

private:
    void makeRemoved();
    void showRemoved();
    void showFlow();
    void state();

    app::GateModel m_model;
    QTableView* m_table;
    QLabel* m_verdict;
    QCheckBox* m_stuck;
    QCheckBox* m_untouched;
    QCheckBox* m_repaired;
    QCheckBox* m_removed;
    QDoubleSpinBox* m_removedTo;
    QPushButton* m_again;
};

} // namespace kintsugi::ui
