// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "resumeflow.h"

class QTabWidget;

namespace kintsugi::ui {

class DemoControls;
class DrillDialog;
class MessageBar;
class ResumePage;
class TimelinePage;

/// Everything about one printer: messages, one tab per task, and the demo panel of a demo printer.
class PrinterPage final : public QWidget
{
    Q_OBJECT
public:
    enum Tab { Timeline, Resume, Console, Journal };
    PrinterPage(app::Session& session, DemoControls* demo, QWidget* parent = nullptr);
    ~PrinterPage() override;
    [[nodiscard]] app::Session& session() { return m_session; }
    [[nodiscard]] app::ResumeFlow& flow() { return m_flow; }
    [[nodiscard]] TimelinePage& timeline() { return *m_timeline; }
    [[nodiscard]] ResumePage& resume() { return *m_resume; }
    void showTab(Tab tab);
    void showError(const Error& error);
    void showDrill();

private:
    void makeBars();
    void makeTabs(DemoControls* demo);
    void beginIfInterrupted();
    void resumeFrom(ByteOffset byte, const std::optional<recovery::Snapshot>& snapshot);
    void chooseWaiting();
    void showTorn(const app::VariablesCopy& lastGood, const QByteArray& torn);
    void showLink();

    struct Waiting { ByteOffset byte; std::optional<recovery::Snapshot> snapshot; };
    app::Session& m_session;
    app::ResumeFlow m_flow;
    std::optional<Waiting> m_waiting; ///< chosen before the flow has read the job
    MessageBar* m_message;
    MessageBar* m_link;
    MessageBar* m_alarm;
    MessageBar* m_torn;
    QTabWidget* m_tabs;
    TimelinePage* m_timeline;
    ResumePage* m_resume;
    DrillDialog* m_drill = nullptr;
};

} // namespace kintsugi::ui
