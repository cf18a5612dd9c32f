// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "assistantpage.h"

class QListWidget;
class QPushButton;

namespace kintsugi::ui {

class ProofExport;

/// What was done, in numbers, and what the seam tells.
class ReportPage final : public AssistantPage
{
    Q_OBJECT
public:
    ReportPage(app::ResumeFlow& flow, app::Session& session, QWidget* parent = nullptr);
    void entered() override { showFlow(); }

private:
    void showFlow();
    void makeButtons();
    void showPlugin();
    void showSaved(const QString& path);

    QLabel* m_summary;
    QLabel* m_numbers;
    QListWidget* m_done;
    QPushButton* m_clear;
    QPushButton* m_restore;
    QPushButton* m_save;
    ProofExport* m_export;
    QLabel* m_savedAs;
    QLabel* m_clearHint;
    bool m_cleared = false;
};

} // namespace kintsugi::ui
