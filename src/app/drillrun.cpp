// SPDX-License-Identifier: GPL-3.0-or-later
#include "drillrun.h"

#include <algorithm>

#include <QDateTime>
#include <QFile>

#include "resumeflowfacts.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

Error refused(ErrorCode code, const char* field, Message reason)
{
    return Error{.code = code, .field = field, .reason = std::move(reason)};
}

/// Why a drill cannot begin now; nullopt when it can, as far as the session knows.
std::optional<Error> whyNot(Session& session)
{
    if (session.recorder().interruptedJob())
        return refused(ErrorCode::Unsafe, "job", {KINTSUGI_TEXT("a print is interrupted on this printer: resume it or clear the bed first"), {}});
    switch (session.state()) {
    case PrinterState::Idle: return std::nullopt;
    case PrinterState::Printing:
    case PrinterState::Paused:
        return refused(ErrorCode::Busy, "job", {KINTSUGI_TEXT("the printer prints"), {}});
    case PrinterState::Offline:
    case PrinterState::Connecting:
        return session.lastError().value_or(Error{.code = ErrorCode::Disconnected});
    case PrinterState::Interrupted:
    case PrinterState::Error:
    case PrinterState::Starting:
    case PrinterState::Shutdown: break;
    }
    return Error{.code = ErrorCode::KlippyNotReady, .detail = session.host().stateMessage.toStdString()};
}

} // namespace

DrillRun::DrillRun(Session& session, Setup setup, QObject* parent) : QObject(parent), m_session(session), m_setup(std::move(setup))
{
    connect(&session, &Session::sampled, this, &DrillRun::sampled);
    connect(&session.recorder(), &Recorder::jobInterrupted, this, &DrillRun::interrupted);
    connect(&session.recorder(), &Recorder::jobEnded, this, &DrillRun::ended);
}

DrillRun::~DrillRun() = default;

bool DrillRun::isUnderWay() const
{
    return m_phase != Phase::Idle && m_phase != Phase::Stopped && m_phase != Phase::Failed;
}

void DrillRun::start()
{
    if (m_phase != Phase::Idle)
        return;
    if (!m_setup.bedEmpty)
        return fails(refused(ErrorCode::Unsafe, "bed_empty", {KINTSUGI_TEXT("say that the bed is empty: the test part is printed in its middle"), {}}));
    enter(Phase::Checking);
    look();
}

/// As the printer answers now, not as it was last heard.
void DrillRun::look()
{
    if (auto why = whyNot(m_session))
        return fails(std::move(*why));
    m_session.driver().readStatus(this, [this](const Result<recovery::Sample>& sample) {
        if (m_phase != Phase::Checking)
            return;
        if (!sample)
            return fails(sample.error());
        if (sample->printState == "printing" || sample->printState == "paused")
            return fails(refused(ErrorCode::Busy, "job", {KINTSUGI_TEXT("the printer prints"), {}}));
        m_session.driver().readReadiness(this, [this](const Result<link::Readiness>& readiness) { haveReadiness(readiness); });
    });
}

void DrillRun::haveReadiness(const Result<link::Readiness>& readiness)
{
    if (m_phase != Phase::Checking)
        return;
    if (!readiness)
        return fails(readiness.error());
    if (readiness->queuedJobs.value_or(0) > 0)
        return fails(refused(ErrorCode::Busy, "queue", {KINTSUGI_TEXT("jobs wait in the printer's queue: they would begin on the part"), {}}));
    for (const link::FilamentSensor& sensor : readiness->filament.value_or(std::vector<link::FilamentSensor>())) {
        if (sensor.enabled && !sensor.motion && sensor.detected == std::optional(false))
            return fails(refused(ErrorCode::Unsafe, "filament", {KINTSUGI_TEXT("sensor %1 sees no filament"), {sensor.name.toStdString()}}));
    }
    m_session.driver().readSettings(this, [this](const Result<QJsonObject>& settings) { haveSettings(settings); });
}

/// The bed, the travel and the nozzle as the printer's own configuration tells them.
void DrillRun::haveSettings(const Result<QJsonObject>& settings)
{
    if (m_phase != Phase::Checking)
        return;
    if (!settings)
        return fails(settings.error());
    PlanFacts facts;
    facts.printer = m_session.profile().facts;
    applySettings(facts, *settings);
    recovery::drill::Part& part = m_setup.part;
    const auto there = recovery::drill::partFor(facts.printer, part.dialect, part.layerHeight);
    part.minimum = there.minimum;
    part.maximum = there.maximum;
    if (m_setup.inTheMiddle)
        part.place = there.place;
    const QJsonObject extruder = settings->value("extruder"_L1).toObject();
    part.nozzle = extruder.value("nozzle_diameter"_L1).toDouble(part.nozzle);
    part.filament = extruder.value("filament_diameter"_L1).toDouble(part.filament);
    if (auto written = write(); !written)
        return fails(written.error());
    if (auto why = whyNot(m_session))
        return fails(std::move(*why));
    upload();
}

Result<> DrillRun::write()
{
    auto file = recovery::drill::make(m_setup.part);
    if (!file)
        return fail(file.error());
    m_folder = std::make_unique<QTemporaryDir>();
    m_remote = u"kintsugi-drill-%1.gcode"_s.arg(QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(m_session.now() * 1000)).toUTC().toString(u"yyyyMMdd-HHmmss"_s));
    m_local = m_folder->filePath(m_remote);
    QFile local(m_local);
    const auto size = static_cast<qint64>(file->text.size());
    if (!m_folder->isValid() || !local.open(QIODevice::WriteOnly) || local.write(file->text.data(), size) != size)
        return fail(Error{.code = ErrorCode::WriteFailed, .detail = local.errorString().toStdString(), .file = m_local.toStdString()});
    m_from = file->stopFrom;
    m_at = file->stopAt;
    m_to = file->stopTo;
    return {};
}

void DrillRun::upload()
{
    enter(Phase::Uploading);
    m_session.journalled(u"upload"_s, m_remote, 0, this, [this](const Result<Session::Outcome>& written) {
        if (!written)
            return fails(written.error());
        if (m_phase != Phase::Uploading)
            return (*written)(tr("not sent"));
        m_session.driver().upload(m_local, u"gcodes"_s, m_remote, false, {}, this, [this, done = *written](const Result<link::RemoteFile>& sent) {
            done(sent ? tr("uploaded") : Session::outcomeText(Result<>(fail(sent.error()))));
            if (m_phase != Phase::Uploading)
                return;
            if (sent)
                print();
            else
                fails(sent.error());
        });
    });
}

void DrillRun::print()
{
    enter(Phase::Starting);
    m_session.journalled(u"start"_s, m_remote, 0, this, [this](const Result<Session::Outcome>& written) {
        if (!written)
            return fails(written.error());
        if (m_phase != Phase::Starting)
            return (*written)(tr("not sent"));
        if (auto why = whyNot(m_session)) {
            (*written)(tr("not sent"));
            return fails(std::move(*why));
        }
        m_session.driver().startPrint(m_remote, this, [this, done = *written](const Result<>& begun) {
            done(Session::outcomeText(begun));
            if (!begun && isUnderWay())
                fails(begun.error());
            else if (m_phase == Phase::Starting)
                enter(Phase::Printing);
        });
    });
}

void DrillRun::sampled(const recovery::Sample& sample)
{
    const bool watching = isUnderWay() && m_phase != Phase::Checking && m_phase != Phase::Uploading;
    const auto position = sample.filePosition ? sample.filePosition : sample.acknowledged;
    if (!watching || !position || sample.printState != "printing" || QString::fromStdString(sample.file) != m_remote)
        return;
    m_progress = std::min(1.0, static_cast<double>(*position) / static_cast<double>(m_at));
    if (*position >= m_to)
        return fails(refused(ErrorCode::Unsafe, "stop", {KINTSUGI_TEXT("the layer of the seam went by between two reports of the printer; it was not stopped. Cancel the print, clear the bed and begin again"), {}}));
    if (m_phase == Phase::Stop)
        return;
    if (*position >= m_at) {
        enter(Phase::Stop);
        if (m_setup.stopBy == StopBy::Program)
            m_session.emergencyStop();
        else
            emit stopNow();
        return;
    }
    if (*position >= m_from && m_phase != Phase::Near)
        enter(Phase::Near);
    else
        emit changed();
}

void DrillRun::interrupted(const PrintJob& job)
{
    if (job.file != m_remote || !isUnderWay())
        return;
    if (m_phase != Phase::Near && m_phase != Phase::Stop) // said again when its cause becomes known: then this is over
        return fails(refused(ErrorCode::Unsafe, "stop", {KINTSUGI_TEXT("it stopped below the layer of the seam: it can be resumed, but the part will not tell how well"), {}}));
    enter(Phase::Stopped);
    emit stopped();
}

void DrillRun::ended(const PrintJob& job)
{
    if (job.file == m_remote && isUnderWay())
        fails(refused(ErrorCode::Unsafe, "stop", {KINTSUGI_TEXT("the test print ended before it was stopped"), {}}));
}

void DrillRun::abandon()
{
    if (isUnderWay())
        fails({.code = ErrorCode::Cancelled});
}

void DrillRun::restartFirmware()
{
    if (m_phase != Phase::Stopped || m_session.host().state == link::HostState::Ready)
        return;
    m_session.journalled(u"restart"_s, u"FIRMWARE_RESTART"_s, 0, this, [this](const Result<Session::Outcome>& written) {
        if (!written) {
            emit failed(written.error());
            return;
        }
        m_session.driver().restartHost(true, this, [this, done = *written](const Result<>& result) {
            done(Session::outcomeText(result));
            if (!result)
                emit failed(result.error());
        });
    });
}

QString DrillRun::words() const
{
    const bool person = m_setup.stopBy == StopBy::Person;
    switch (m_phase) {
    case Phase::Idle: return tr("Nothing was sent yet.");
    case Phase::Checking: return tr("Asking the printer whether it is free.");
    case Phase::Uploading: return tr("Uploading the test part.");
    case Phase::Starting: return tr("Starting the test print.");
    case Phase::Printing: return tr("Printing up to the layer of the seam.");
    case Phase::Near: return person ? tr("The layer of the seam is being printed: hand to the plug, wait for the word.") : tr("The layer of the seam is being printed: the program stops it in its middle.");
    case Phase::Stop: return person ? tr("Pull the plug now.") : tr("Emergency stop.");
    case Phase::Stopped: return tr("The test print is interrupted. Resume it as you would any other, with the way to register Z that you want to prove.");
    case Phase::Failed: return tr("The drill ended. What was sent stands in the journal.");
    }
    return {};
}

void DrillRun::enter(Phase phase)
{
    m_phase = phase;
    emit changed();
}

void DrillRun::fails(Error error)
{
    m_error = std::move(error);
    enter(Phase::Failed);
    emit failed(*m_error);
}

} // namespace kintsugi::app
