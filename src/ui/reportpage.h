// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "assistantpage.h"

class QListWidget;

namespace kintsugi::ui {

/// What was done, in numbers, and what the seam tells.
class ReportPage final : public AssistantPage
{
    Q_OBJECT
public:
    explicit ReportPage(app::ResumeFlow& flow, QWidget* parent = nullptr);
    void entered() override { showFlow(); }

private:
    void showFlow();
    QLabel* m_summary;
    QLabel* m_numbers;
    QListWidget* m_done;
};

} // namespace kintsugi::ui
