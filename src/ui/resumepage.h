// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QWidget>

#include "resumeflow.h"

class QLabel;
class QListWidget;
class QProgressBar;
class QPushButton;
class QStackedWidget;

namespace kintsugi::ui {

class AssistantPage;

/// The resume assistant: the list of its pages, the page, Back and Next. Only shows the flow.
class ResumePage final : public QWidget
{
    Q_OBJECT
public:
    enum Step { Happened, Where, State, Gate, Z, Plan, Run, Report, StepCount };
    ResumePage(app::Session& session, app::ResumeFlow& flow, QWidget* parent = nullptr);
    void showStep(Step step);
    [[nodiscard]] Step step() const;

signals:
    void failed(const kintsugi::Error& error);
    void beginWanted(); ///< the person opens the page and nothing is analysed yet

private:
    void showProgress();
    [[nodiscard]] bool mayEnter(int page) const;

    app::ResumeFlow& m_flow;
    std::vector<AssistantPage*> m_pages;
    QListWidget* m_list;
    QStackedWidget* m_stack;
    QProgressBar* m_busy;
    QPushButton* m_back;
    QPushButton* m_next;
};

} // namespace kintsugi::ui
