// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "assistantpage.h"

class QListWidget;
class QPushButton;

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
    void showPlugin();

    QLabel* m_summary;
    QLabel* m_numbers;
    QListWidget* m_done;
    QPushButton* m_clear;
    QPushButton* m_restore;
    QLabel* m_clearHint;
    bool m_cleared = false;
};

} // namespace kintsugi::ui
