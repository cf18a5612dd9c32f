// SPDX-License-Identifier: GPL-3.0-or-later
// Resumes the interrupted print of a printer and kills itself with SIGKILL in the middle of a step.
// Arguments: address, store, cache folder, s to add to the wall clock, true height of the nozzle, way, step (0-based), ms after
// the step was written down (0 = before anything of it is sent).
#include <csignal>
#include <cstdio>

#include <QCoreApplication>
#include <QDateTime>
#include <QTimer>
#include <QUrl>

#include <unistd.h>

#include "errortext.h"
#include "moonrakerdriver.h"
#include "resumeflow.h"

using namespace kintsugi;
using namespace Qt::StringLiterals;
namespace run = recovery::run;

namespace {

void die()
{
    ::kill(::getpid(), SIGKILL);
}

class Child final : public QObject
{
public:
    explicit Child(const QStringList& arguments)
        : m_files(arguments[3]), m_z(arguments[5].toDouble()), m_zeroCopy(arguments[6] == "zero-copy"_L1), m_step(arguments[7].toInt()), m_delay(arguments[8].toInt())
    {
        app::Profile profile;
        profile.id = u"demo"_s;
        profile.url = QUrl(arguments[1]);
        link::MoonrakerTimes times;
        times.firstRetry = std::chrono::milliseconds(50);
        times.longestRetry = std::chrono::milliseconds(200);
        times.poll = std::chrono::milliseconds(50);
        const auto clock = [offset = arguments[4].toDouble()] { return static_cast<double>(QDateTime::currentMSecsSinceEpoch()) / 1000 + offset; };
        auto driver = std::make_unique<link::MoonrakerDriver>(link::Address{profile.url, {}}, nullptr, clock, times);
        connect(&m_archive, &app::Archive::opened, this, [this] { m_session->connectPrinter(); });
        m_session = std::make_unique<app::Session>(profile, std::move(driver), m_archive, m_files, clock);
        connect(m_session.get(), &app::Session::stateChanged, this, &Child::look);
        connect(m_session.get(), &app::Session::jobChanged, this, &Child::look);
        connect(m_session.get(), &app::Session::journalChanged, this, &Child::journalled);
        m_archive.open(QUrl::fromLocalFile(arguments[2]));
    }

private:
    void look()
    {
        const bool there = m_session->state() == app::PrinterState::Interrupted && m_session->host().state == link::HostState::Ready;
        if (m_flow || !there || !m_session->recorder().interruptedJob())
            return;
        m_flow = std::make_unique<app::ResumeFlow>(*m_session);
        connect(m_flow.get(), &app::ResumeFlow::failed, this, [](const Error& error) {
            std::printf("failed %s %s\n", error.detail.c_str(), error.field.c_str());
            std::fflush(stdout);
        });
        connect(m_flow.get(), &app::ResumeFlow::chosenChanged, this, &Child::state);
        connect(m_flow.get(), &app::ResumeFlow::planned, this, &Child::planned, Qt::QueuedConnection);
        connect(m_flow.get(), &app::ResumeFlow::runStateChanged, this, &Child::runs, Qt::QueuedConnection);
        m_flow->begin(*m_session->recorder().interruptedJob());
    }
    void state()
    {
        if (std::exchange(m_stated, true))
            return;
        app::Statements statements = m_flow->statements();
        statements.partStuck = statements.nothingMoved = true;
        statements.contact = recovery::NozzleContact::Touching;
        statements.declaredZ = m_z;
        m_flow->setZMethod(recovery::ZMethod::Touch);
        m_flow->setWay(m_zeroCopy ? run::Way::ZeroCopy : run::Way::NewFile);
        m_flow->setStatements(statements);
    }
    void planned()
    {
        if (!m_stated || m_flow->isBusy() || !m_flow->gateIsOpen() || m_flow->plan()->zMethod != recovery::ZMethod::Touch || std::exchange(m_armed, true))
            return;
        for (const recovery::PlanStep& step : m_flow->plan()->steps)
            std::printf("step %d %s\n", step.n, qPrintable(app::text(step.title)));
        std::fflush(stdout);
        m_flow->arm();
    }
    void runs()
    {
        if (std::holds_alternative<run::Armed>(m_flow->runState()) && !std::exchange(m_launched, true)) {
            m_lines = 0;
            m_flow->launch();
        }
        if (!m_zeroCopy && m_launched && m_flow->currentStep() >= m_step)
            die();
    }
    /// The run's own line, then two for each step: written down, answered.
    void journalled()
    {
        if (m_launched && m_zeroCopy && ++m_lines == 2 + 2 * m_step) {
            if (m_delay == 0)
                die();
            QTimer::singleShot(m_delay, &die);
        }
    }

    app::Archive m_archive;
    app::FileCache m_files;
    double m_z;
    bool m_zeroCopy;
    int m_step, m_delay, m_lines = 0;
    bool m_stated = false, m_armed = false, m_launched = false;
    std::unique_ptr<app::Session> m_session;
    std::unique_ptr<app::ResumeFlow> m_flow;
};

} // namespace

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv);
    if (QCoreApplication::arguments().size() < 9)
        return 2;
    QTimer::singleShot(60'000, &application, [] { QCoreApplication::exit(3); });
    Child child(QCoreApplication::arguments());
    return QCoreApplication::exec();
}
