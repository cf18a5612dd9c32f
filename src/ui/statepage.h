// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "assistantpage.h"
#include "fieldmodel.h"

class QLineEdit;
class QTableView;

namespace kintsugi::ui {

/// The state the machine will be brought to, each value with its origin; values can be changed with a reason.
class StatePage final : public AssistantPage
{
    Q_OBJECT
public:
    explicit StatePage(app::ResumeFlow& flow, QWidget* parent = nullptr);

private:
    void showFlow();

    app::FieldModel m_model;
    QTableView* m_table;
    QLineEdit* m_reason;
    QLabel* m_summary;
    QLabel* m_refused;
};

} // namespace kintsugi::ui
