// SPDX-License-Identifier: GPL-3.0-or-later
#include "printerpage.h"

#include <QTabWidget>
#include <QVBoxLayout>

#include "consolepage.h"
#include "crashpanel.h"
#include "demopanel.h"
#include "drilldialog.h"
#include "errortext.h"
#include "journalpage.h"
#include "markersdialog.h"
#include "messagebar.h"
#include "pluginmenu.h"
#include "resumepage.h"
#include "theme.h"
#include "timelinepage.h"
#include "uitext.h"
#include "variablesdialog.h"

namespace kintsugi::ui {

PrinterPage::PrinterPage(app::Session& session, DemoControls* demo, QWidget* parent)
    : QWidget(parent)
    , m_session(session)
    , m_flow(session)
    , m_message(new MessageBar(this))
    , m_link(new MessageBar(this))
    , m_alarm(new MessageBar(this))
    , m_torn(new MessageBar(this))
    , m_tabs(new QTabWidget(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(spacing::normal, spacing::normal, spacing::normal, 0);
    for (MessageBar* bar : {m_torn, m_alarm, m_link, m_message})
        column->addWidget(bar);
    auto* crash = new CrashPanel(session, this);
    column->addWidget(crash);
    column->addWidget(m_tabs, 1);
    makeBars();
    makeTabs(demo);
    connect(crash, &CrashPanel::assistantWanted, this, [this] { showTab(Resume); });
    connect(crash, &CrashPanel::failed, this, &PrinterPage::showError);
    connect(&session, &app::Session::failed, this, &PrinterPage::showError);
    connect(&session, &app::Session::stateChanged, this, &PrinterPage::showLink);
    connect(&session, &app::Session::jobChanged, this, &PrinterPage::beginIfInterrupted);
    connect(&session, &app::Session::stateChanged, this, &PrinterPage::beginIfInterrupted);
    connect(&m_flow, &app::ResumeFlow::analysed, this, &PrinterPage::chooseWaiting);
    connect(&m_flow, &app::ResumeFlow::saved, this, [this](const QString& path) {
        m_message->offer({});
        m_message->say(MessageBar::Kind::Note, tr("The plan was saved as %1.").arg(path));
    });
    showLink();
    beginIfInterrupted();
}

PrinterPage::~PrinterPage()
{
    delete m_drill;
    delete m_tabs; // its pages show the flow, which goes with the members
}

void PrinterPage::makeBars()
{
    connect(&m_session, &app::Session::alarm, this, [this](const QString& text) {
        const bool plugin = m_session.host().capabilities.testFlag(link::Capability::PlrPlugin);
        m_alarm->offer(plugin ? tr("&Enable saving") : QString());
        m_alarm->say(MessageBar::Kind::Warning, text);
    });
    connect(m_alarm, &MessageBar::actionPressed, this, [this] {
        m_session.plrCommand(app::Session::PlrCommand::Enable, this, [this](const Result<>& result) {
            if (result)
                m_alarm->hide();
            else
                showError(result.error());
        });
    });
    connect(&m_session.recorder(), &app::Recorder::pluginArmedChanged, this, [this](std::optional<bool> armed) {
        if (armed.value_or(false))
            m_alarm->hide();
    });
    connect(&m_session, &app::Session::variablesTorn, this, &PrinterPage::showTorn);
    connect(m_link, &MessageBar::actionPressed, this, [this] {
        m_session.fileError() ? m_session.fetchFile() : m_session.connectPrinter();
    });
    connect(&m_session, &app::Session::fileChanged, this, &PrinterPage::showLink);
}

void PrinterPage::makeTabs(DemoControls* demo)
{
    m_timeline = new TimelinePage(m_session, m_flow, m_tabs);
    m_resume = new ResumePage(m_session, m_flow, m_tabs);
    auto* console = new ConsolePage(m_session, m_tabs);
    auto* journal = new JournalPage(m_session, m_tabs);
    auto* plugin = new PluginMenu(m_session, m_tabs);
    m_tabs->setAccessibleName(tr("Tasks"));
    m_tabs->setDocumentMode(true);
    m_tabs->addTab(m_timeline, tr("T&imeline"));
    m_tabs->addTab(m_resume, tr("&Resume"));
    m_tabs->addTab(console, tr("&Console"));
    m_tabs->addTab(journal, tr("&Journal"));
    m_tabs->setCornerWidget(plugin);
    if (demo) {
        auto* panel = new DemoPanel(m_session, *demo, this);
        layout()->addWidget(panel);
        connect(panel, &DemoPanel::failed, this, &PrinterPage::showError);
    }
    connect(m_timeline, &TimelinePage::failed, this, &PrinterPage::showError);
    connect(m_timeline, &TimelinePage::resumeWanted, this, &PrinterPage::resumeFrom);
    connect(m_resume, &ResumePage::failed, this, &PrinterPage::showError);
    connect(console, &ConsolePage::failed, this, &PrinterPage::showError);
    connect(journal, &JournalPage::failed, this, &PrinterPage::showError);
    connect(plugin, &PluginMenu::failed, this, &PrinterPage::showError);
    connect(plugin, &PluginMenu::markersWanted, this, [this] {
        auto* dialog = new MarkersDialog(m_session.file(), this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->open();
    });
    connect(plugin, &PluginMenu::done, this, [this](const QString& words) { m_message->say(MessageBar::Kind::Note, words); });
}

/// One for each printer, and it stays: hidden it goes on watching the test print.
void PrinterPage::showDrill()
{
    if (!m_drill) {
        m_drill = new DrillDialog(m_session, this);
        connect(m_drill, &DrillDialog::resumeWanted, this, [this](recovery::ZMethod method) {
            showTab(Resume);
            if (m_flow.job())
                m_flow.setZMethod(method);
            window()->activateWindow();
        });
    }
    m_drill->show();
    m_drill->raise();
}

void PrinterPage::showTab(Tab tab)
{
    m_tabs->setCurrentIndex(tab);
}

void PrinterPage::showError(const Error& error)
{
    m_message->offer({});
    m_message->sayError(error);
}

void PrinterPage::showLink()
{
    if (m_session.state() != app::PrinterState::Printing)
        m_alarm->hide();
    const auto& error = m_session.lastError();
    // It stays while the next attempt runs: a server that is silent would make it come and go.
    const bool away = m_session.state() == app::PrinterState::Offline || m_session.state() == app::PrinterState::Connecting;
    if (away && error) {
        m_link->offer(tr("Connect &again"));
        m_link->sayError(*error);
    } else if (m_session.fileError()) {
        m_link->offer(tr("Read the file &again"));
        if (m_session.fileError()->code == ErrorCode::Cancelled)
            m_link->say(MessageBar::Kind::Note, tr("Reading the file of the print was cancelled."));
        else
            m_link->sayError(*m_session.fileError());
    } else {
        m_link->hide();
    }
}

void PrinterPage::beginIfInterrupted()
{
    const auto& job = m_session.job();
    const bool interrupted = job && job->state == app::JobState::Interrupted;
    if (!interrupted || (m_flow.job() && m_flow.job()->id == job->id))
        return;
    const bool underWay = m_flow.isBusy() || (!std::holds_alternative<recovery::run::Idle>(m_flow.runState()) && !m_flow.report());
    if (!underWay && m_session.host().state == link::HostState::Ready)
        m_flow.begin(*job);
}

void PrinterPage::resumeFrom(ByteOffset byte, const std::optional<recovery::Snapshot>& snapshot)
{
    showTab(Resume);
    m_waiting = Waiting{byte, snapshot};
    const auto& job = m_session.job();
    if (job && (!m_flow.job() || m_flow.job()->id != job->id))
        m_flow.begin(*job);
    else if (!m_flow.isBusy())
        chooseWaiting();
    m_resume->showStep(ResumePage::Happened);
}

void PrinterPage::chooseWaiting()
{
    const auto waiting = std::exchange(m_waiting, std::nullopt);
    if (!waiting)
        return;
    if (waiting->snapshot)
        m_flow.chooseSnapshot(*waiting->snapshot);
    else
        m_flow.choose(waiting->byte);
}

void PrinterPage::showTorn(const app::VariablesCopy& lastGood, const QByteArray& torn)
{
    m_torn->offer(tr("&Look and restore…"));
    m_torn->say(MessageBar::Kind::Error, tr("The outage cut variables.cfg: Klipper does not start with it."),
                tr("A complete copy of %1 is here.").arg(dayAndTime(lastGood.time)));
    disconnect(m_torn, &MessageBar::actionPressed, this, nullptr);
    connect(m_torn, &MessageBar::actionPressed, this, [this, lastGood, torn] {
        auto* dialog = new VariablesDialog(m_session, lastGood, torn, this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        connect(dialog, &VariablesDialog::restored, m_torn, &QWidget::hide);
        dialog->open();
    });
}

} // namespace kintsugi::ui
