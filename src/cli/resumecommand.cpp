// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <QJsonArray>
#include <QTimer>

#include "archive.h"
#include "codec.h"
#include "command.h"
#include "drillproof.h"
#include "errortext.h"
#include "handtalk.h"
#include "number.h"
#include "point.h"
#include "printerchoice.h"
#include "recovery/zuncertainty.h"
#include "resumeflow.h"
#include "session.h"

namespace kintsugi::cli {

using namespace Qt::StringLiterals;
namespace run = recovery::run;

namespace {

struct ResumeOptions {
    std::string printer, store, keyFile, zMethod, way = "new-file", cause, contact;
    PointOptions point;
    std::optional<std::uint64_t> snapshotId;
    std::optional<double> nozzleZ, removedTo;
    bool partStuck = false, nothingMoved = false, lookAtPrime = false, dryRun = false, yes = false, wait = false, heaterRepaired = false, dryRunMoves = false, homeThrice = false, supplyStayed = false;
    recovery::FirstLayerWishes firstLayer;
};

constexpr auto connectPatience = std::chrono::seconds(30);

std::optional<recovery::StopCause> causeFromName(const std::string& name)
{
    for (int i = 0; i <= static_cast<int>(recovery::StopCause::FirmwareShutdown); ++i) {
        const auto cause = static_cast<recovery::StopCause>(i);
        if (app::causeName(cause) == QLatin1String(name.c_str()))
            return cause;
    }
    return std::nullopt;
}

/// From an interrupted job to a running print: the same flow as in the window, with --yes in place of the two presses.
class Resume final : public Command
{
    Q_OBJECT
public:
    Resume(Environment& environment, ResumeOptions options)
        : m_environment(environment), m_options(std::move(options)), m_files(app::FileCache::defaultFolder())
    {
        m_patience.setSingleShot(true);
        connect(&m_patience, &QTimer::timeout, this, &Resume::tooLate);
        connect(&m_archive, &app::Archive::opened, this, &Resume::connectPrinter);
        connect(&m_archive, &app::Archive::failed, this, &Resume::fails);
    }
    void start() override
    {
        const auto checked = check();
        if (!checked)
            return fails(checked.error());
        m_archive.open(storeUrl(m_options.store));
    }
    void interrupt() override
    {
        const bool moving = m_flow && std::holds_alternative<run::Running>(m_flow->runState());
        if (!moving || std::exchange(m_asked, true))
            return fails({.code = ErrorCode::Cancelled});
        m_environment.out.warning(u"stopping after this step; interrupt again to leave at once"_s);
        m_flow->stopAfterStep();
    }

private:
    Result<> check()
    {
        auto profile = choosePrinter(m_environment, m_options.printer);
        if (!profile)
            return fail(profile.error());
        m_profile = std::move(*profile);
        const auto bad = [](const std::string& value, const char* option) {
            return fail(Error{.code = ErrorCode::BadUsage, .detail = value, .field = option});
        };
        if (!recovery::zMethodFromName(m_options.zMethod))
            return bad(m_options.zMethod, "--z-method");
        if (!m_options.cause.empty() && !causeFromName(m_options.cause))
            return bad(m_options.cause, "--cause");
        if (m_options.firstLayer.any() && !m_options.wait)
            return bad("a gentler first layer is ended by this program: it has to stay", "--wait");
        if (m_options.point.given() && m_options.snapshotId)
            return bad({}, "--snapshot-id");
        return {};
    }
    void connectPrinter()
    {
        if (m_session)
            return;
        makeDriver(m_environment, m_profile, m_options.keyFile, this, [this](Result<std::unique_ptr<link::Driver>> driver) {
            if (!driver)
                return fails(driver.error());
            m_session = std::make_unique<app::Session>(m_profile, std::move(*driver), m_archive, m_files, m_environment.clock);
            connect(m_session.get(), &app::Session::stateChanged, this, &Resume::look);
            connect(m_session.get(), &app::Session::jobChanged, this, &Resume::look);
            connect(&m_session->driver(), &link::Driver::linkFailed, this, [this](const Error& error) {
                if (!m_flow)
                    fails(error);
            });
            m_patience.start(connectPatience);
            m_session->connectPrinter();
        });
    }
    void look()
    {
        if (m_flow || m_ended || m_session->state() != app::PrinterState::Interrupted || m_session->host().state != link::HostState::Ready
            || !m_session->recorder().interruptedJob())
            return;
        m_patience.stop();
        m_flow = std::make_unique<app::ResumeFlow>(*m_session);
        connect(m_flow.get(), &app::ResumeFlow::failed, this, &Resume::fails);
        connect(m_flow.get(), &app::ResumeFlow::analysed, this, &Resume::analysed);
        connect(m_flow.get(), &app::ResumeFlow::planned, this, &Resume::planned, Qt::QueuedConnection);
        connect(m_flow.get(), &app::ResumeFlow::runStateChanged, this, &Resume::runs, Qt::QueuedConnection);
        connect(m_flow.get(), &app::ResumeFlow::finished, this, &Resume::reports);
        m_talk = std::make_unique<HandTalk>(*m_flow, m_environment.out);
        connect(m_talk.get(), &HandTalk::taken, this, [this] { m_flow->arm(); });
        connect(m_talk.get(), &HandTalk::refused, this, [this] { ends(Done); });
        connect(&m_session->recorder(), &app::Recorder::jobStarted, this, &Resume::jobSeen);
        m_flow->begin(*m_session->recorder().interruptedJob());
    }
    void tooLate()
    {
        const auto state = m_session->state();
        if (m_session->driver().linkState() != link::LinkState::Connected)
            return fails(m_session->lastError().value_or(Error{.code = ErrorCode::Timeout}));
        if (state == app::PrinterState::Idle || state == app::PrinterState::Printing || state == app::PrinterState::Paused)
            return fails({.code = ErrorCode::NotSupported, .detail = "this printer has no interrupted job"});
        fails({.code = ErrorCode::KlippyNotReady, .detail = m_session->host().stateMessage.toStdString()});
    }

    // --- choosing

    void analysed()
    {
        if (m_ended)
            return;
        const auto cause = causeFromName(m_options.cause);
        app::Statements statements = m_flow->statements();
        const bool again = cause && *cause != statements.cause && !std::exchange(m_causeSaid, true);
        statements.cause = cause.value_or(statements.cause);
        statements.partStuck = m_options.partStuck;
        statements.nothingMoved = m_options.nothingMoved;
        statements.heaterRepaired = m_options.heaterRepaired;
        statements.supplyStayed = m_options.supplyStayed;
        statements.declaredZ = m_options.nozzleZ;
        statements.removedTo = m_options.removedTo;
        statements.lookAtPrime = m_options.lookAtPrime;
        statements.homeThrice = m_options.homeThrice;
        statements.firstLayer = m_options.firstLayer;
        statements.contact = m_options.contact == "touching" ? recovery::NozzleContact::Touching
                             : m_options.contact == "lifted" ? recovery::NozzleContact::Lifted
                                                             : recovery::NozzleContact::Unknown;
        m_flow->setZMethod(*recovery::zMethodFromName(m_options.zMethod));
        m_flow->setWay(m_options.way == "zero-copy" ? run::Way::ZeroCopy : run::Way::NewFile);
        m_flow->setStatements(statements);
        m_flow->setDryRun(m_options.dryRunMoves);
        if (!again) // the flow chooses by itself after this signal; the person's choice comes after that
            QMetaObject::invokeMethod(this, &Resume::choose, Qt::QueuedConnection);
    }
    void choose()
    {
        if (m_ended)
            return;
        if (m_options.snapshotId) {
            m_archive.ask<std::vector<recovery::Snapshot>>(
                this, [printer = m_profile.id](Store& store) { return store.snapshots(printer, {}, -1); },
                [this](const Result<std::vector<recovery::Snapshot>>& snapshots) { chooseSnapshot(snapshots); });
            return;
        }
        if (m_options.point.likely) {
            const auto& stop = m_flow->stop();
            if (!stop)
                return fails({.code = ErrorCode::UnknownState, .detail = "nothing recorded tells where it stopped; name a place", .field = "point"});
            m_wanted = stop->likely;
            m_flow->choose(stop->likely);
        } else if (m_options.point.given()) {
            const auto file = m_flow->file();
            const auto located = locate(m_options.point, *file->source, *file->index);
            if (!located)
                return fails(located.error());
            m_wanted = located->byte;
            m_flow->choose(located->byte);
        } else if (m_flow->candidates().empty()) {
            fails({.code = ErrorCode::UnknownState, .detail = "nothing recorded tells where it stopped; name a place", .field = "point"});
        }
        m_chosen = true;
        planned();
    }
    void chooseSnapshot(const Result<std::vector<recovery::Snapshot>>& snapshots)
    {
        if (m_ended)
            return;
        if (!snapshots)
            return fails(snapshots.error());
        const auto it = std::find_if(snapshots->begin(), snapshots->end(),
                                     [&](const recovery::Snapshot& snapshot) { return snapshot.id == static_cast<std::int64_t>(*m_options.snapshotId); });
        if (it == snapshots->end())
            return fails({.code = ErrorCode::BadUsage, .detail = "no such snapshot", .field = "--snapshot-id"});
        m_wantedSnapshot = it->id;
        m_chosen = true;
        m_flow->chooseSnapshot(*it);
    }

    // --- gate and launch

    void planned()
    {
        if (m_ended)
            return;
        // The byte of a resume file's snapshot becomes one of the original: the id tells it.
        const bool same = m_wantedSnapshot ? m_flow->snapshot() && m_flow->snapshot()->id == *m_wantedSnapshot
                                           : !m_wanted || (m_flow->chosen() && m_flow->chosen()->byte == *m_wanted);
        const bool here = m_flow->chosen() && same;
        if (m_shown || !m_chosen || !here || m_flow->isBusy() || !(m_flow->plan() || m_flow->planError()))
            return;
        const bool settled = !m_flow->plan() || m_flow->plan()->dryRun == m_flow->isDryRun();
        if (!settled)
            return;
        m_shown = true;
        if (!m_flow->plan()) {
            showGate(); // the printer's own macros may be why there is none
            showZ(m_flow->zMethod());
            return fails(*m_flow->planError());
        }
        show();
        if (!m_flow->gateIsOpen())
            return fails({.code = ErrorCode::GateBlocked});
        if (m_options.dryRun)
            return ends(Done);
        if (!m_options.yes) {
            m_environment.out.warning(m_options.dryRunMoves ? u"nothing was sent; with --yes the printer heats the bed and moves, a step an answer"_s
                                                            : u"nothing was sent; with --yes the printer heats, moves and prints"_s);
            return ends(StoppedByGate);
        }
        if (m_tried)
            return m_talk->offer(u"the dry run is done: start the print now? y, q (leave it)"_s);
        m_flow->arm();
    }
    void show()
    {
        m_document = app::toJson(*m_flow->plan(), m_flow->gate());
        m_document.insert(u"job"_s, app::toJson(*m_flow->job()));
        m_document.insert(u"way"_s, m_flow->way() == run::Way::ZeroCopy ? u"zero-copy"_s : u"new-file"_s);
        showStop();
        const auto& candidate = *m_flow->chosen();
        m_document.insert(u"printed_twice_mm"_s, candidate.printedTwiceMm);
        m_document.insert(u"left_open_mm"_s, candidate.leftOpenMm);
        if (const auto proof = m_flow->judge(m_flow->zMethod()).proven) {
            m_document.insert(u"last_proven"_s, app::provenText(*proof));
            m_environment.out.line(u"drill: %1"_s.arg(app::provenText(*proof)));
        }
        showGate();
        showZ(m_flow->zMethod());
        QJsonArray methods;
        for (const recovery::ZMethod method : {recovery::ZMethod::Touch, recovery::ZMethod::Keep, recovery::ZMethod::FreeSpot, recovery::ZMethod::TopEndstop,
                                               recovery::ZMethod::FirmwareLift, recovery::ZMethod::PlrZHome, recovery::ZMethod::StockZplus})
            methods.append(zJson(method));
        m_document.insert(u"z_methods"_s, methods);
        m_environment.out.text(m_flow->planText());
    }
    static QString nameOf(recovery::ZMethod method)
    {
        const auto name = recovery::name(method);
        return QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
    }
    QJsonObject zJson(recovery::ZMethod method) const
    {
        const auto judged = m_flow->judge(method);
        const auto facts = recovery::facts(method);
        QJsonArray missing;
        for (const Message& one : judged.missing)
            missing.append(QString::fromStdString(english(one)));
        const bool known = !judged.uncertainty.parts.empty();
        return {{u"name"_s, nameOf(method)},
                {u"assumes"_s, QString::fromStdString(english(facts.assumes))},
                {u"cannot_see"_s, QString::fromStdString(english(facts.cannotSee))},
                {u"not_proved"_s, missing},
                {u"can_run"_s, judged.engine},
                {u"u_mm"_s, known ? QJsonValue(judged.uncertainty.u()) : QJsonValue(QJsonValue::Null)},
                {u"layer_height_mm"_s, judged.layerHeight > 0 ? QJsonValue(judged.layerHeight) : QJsonValue(QJsonValue::Null)}};
    }
    void showZ(recovery::ZMethod method)
    {
        const auto judged = m_flow->judge(method);
        const auto facts = recovery::facts(method);
        m_environment.out.line(u"Z by %1: assumes that %2"_s.arg(nameOf(method), app::text(facts.assumes)));
        m_environment.out.line(u"  cannot see: %1"_s.arg(app::text(facts.cannotSee)));
        for (const Message& one : judged.missing)
            m_environment.out.line(u"  not proved: %1"_s.arg(app::text(one)));
        if (judged.uncertainty.parts.empty())
            return;
        const double u = judged.uncertainty.u();
        const QString share = judged.layerHeight > 0 ? u", %1 % of a layer of %2 mm"_s.arg(100 * u / judged.layerHeight, 0, 'f', 0).arg(judged.layerHeight, 0, 'f', 2)
                                                     : QString();
        m_environment.out.line(u"  U %1 mm%2"_s.arg(u, 0, 'f', 3).arg(share));
    }
    void showStop()
    {
        const auto& stop = m_flow->stop();
        if (!stop)
            return;
        const QJsonObject json = app::toJson(*stop, *m_flow->file()->source, *m_flow->file()->index);
        m_document.insert(u"stop"_s, json);
        const auto at = [&json](QLatin1StringView key) {
            const QJsonObject place = json[key].toObject();
            return u"line %1 (byte %2)"_s.arg(place["line"_L1].toInteger()).arg(place["byte"_L1].toInteger());
        };
        if (json["half_from"_L1].isObject())
            m_environment.out.line(u"it stopped likely from %1 up to %2; certainly from %3 up to %4"_s.arg(at("half_from"_L1), at("half_to"_L1),
                                                                                                       at("earliest"_L1), at("latest"_L1)));
        else
            m_environment.out.line(u"it stopped certainly from %1 up to %2"_s.arg(at("earliest"_L1), at("latest"_L1)));
    }
    void showGate()
    {
        for (const recovery::GateCheck& check : m_flow->gate()) {
            const auto severity = recovery::name(check.severity);
            m_environment.out.line(u"%1 %2: %3"_s.arg(check.passed ? u"ok"_s : QString::fromUtf8(severity.data(), static_cast<qsizetype>(severity.size())),
                                                    QString::fromStdString(check.id), app::text(check.text)));
            if (!check.passed && !check.remedy.empty()) {
                m_environment.out.line(u"to paste into the printer's configuration:"_s);
                const QStringList lines = QString::fromStdString(check.remedy).split(u'\n', Qt::SkipEmptyParts);
                for (const QString& line : lines)
                    m_environment.out.line(u"  "_s + app::printable(line));
            }
        }
    }
    void runs()
    {
        if (m_ended)
            return;
        const run::State& state = m_flow->runState();
        if (std::holds_alternative<run::Armed>(state) && !std::exchange(m_launched, true)) {
            m_environment.out.note(m_flow->isDryRun() ? u"dry run: nothing is printed"_s : u"starting"_s);
            m_flow->launch();
        } else if (std::holds_alternative<run::Printing>(state)) {
            if (!std::exchange(m_running, true))
                m_environment.out.note(u"the print goes on"_s);
            if (!m_options.wait)
                linger(Done);
        } else if (const auto* failed = std::get_if<run::Failed>(&state)) {
            fails(failed->error);
        } else if (std::holds_alternative<run::Stopped>(state)) {
            fails({.code = ErrorCode::Cancelled});
        }
    }
    void jobSeen()
    {
        m_jobSeen = true;
        if (m_lingerCode)
            ends(*m_lingerCode);
    }
    /// Ends when the new job is in the store, so that the history shows what it continues.
    void linger(int code)
    {
        if (m_jobSeen)
            return ends(code);
        m_lingerCode = code;
        QTimer::singleShot(std::chrono::seconds(8), this, [this, code] { ends(code); });
    }
    void reports()
    {
        const auto& report = m_flow->report();
        if (!report)
            return linger(Done);
        if (report->dryRun) {
            m_document.insert(u"dry_run"_s, report->endState);
            m_environment.out.line(report->endState);
            m_tried = true;
            m_shown = m_launched = false; // the real plan comes by planned()
            return;
        }
        m_document.insert(u"report"_s, QJsonObject{{u"completed"_s, report->completed},
                                                   {u"end_state"_s, report->endState},
                                                   {u"resume_file"_s, report->resumeFile},
                                                   {u"byte"_s, static_cast<qint64>(report->byte)},
                                                   {u"printed_twice_mm"_s, report->printedTwiceMm},
                                                   {u"left_open_mm"_s, report->leftOpenMm}});
        m_environment.out.line(u"the print ended: %1"_s.arg(report->endState));
        linger(report->completed ? Done : PrinterFailed);
    }

    void ends(int code)
    {
        if (std::exchange(m_ended, true))
            return;
        m_patience.stop();
        if (!m_flow)
            return tells(code);
        m_flow->disconnect(this); // nothing more is sent but the idle timer as it was, while the history is brought to an end
        m_talk->disconnect(this);
        m_talk.release()->deleteLater();
        app::ResumeFlow* flow = m_flow.release();
        flow->letGo(this, [this, code, flow] {
            connect(flow, &QObject::destroyed, this, [this, code] { tells(code); });
            flow->deleteLater(); // one of its signals may have led here
        });
    }
    void tells(int code)
    {
        if (!m_document.isEmpty()) {
            m_document.insert(u"started"_s, m_running);
            m_environment.out.document(m_document);
        }
        m_archive.flush(this, [this, code](const Result<>&) { emit finished(code); });
    }
    void fails(const Error& error)
    {
        if (m_ended)
            return;
        if (!m_document.isEmpty())
            m_document.insert(u"started"_s, m_running);
        ends(m_environment.out.error(error, m_document));
    }

    using Store = app::Store;
    Environment& m_environment;
    ResumeOptions m_options;
    app::Profile m_profile;
    app::Archive m_archive;
    app::FileCache m_files;
    QTimer m_patience;
    std::unique_ptr<app::Session> m_session;
    std::unique_ptr<app::ResumeFlow> m_flow;
    std::unique_ptr<HandTalk> m_talk;
    std::optional<ByteOffset> m_wanted;
    std::optional<std::int64_t> m_wantedSnapshot;
    QJsonObject m_document;
    std::optional<int> m_lingerCode;
    bool m_jobSeen = false;
    bool m_chosen = false, m_shown = false, m_launched = false, m_running = false, m_ended = false, m_asked = false, m_causeSaid = false, m_tried = false;
};

} // namespace

void addResumeCommand(CLI::App& app, Chosen& chosen)
{
    const auto options = std::make_shared<ResumeOptions>();
    auto* resume = app.add_subcommand("resume", "Check an interrupted print and let it go on");
    resume->add_option("--printer", options->printer, "Id, name or address")->required();
    options->point.add(*resume, false, PointOptions::Recorded::Yes);
    addCount(*resume, "--snapshot-id", options->snapshotId, "Resume from this recorded state");
    resume->add_option("--z-method", options->zMethod, "How Z becomes true again: touch, keep, free-spot, top-endstop, firmware-lift, plr-z-home, stock-zplus")->required();
    resume->add_option("--way", options->way, "new-file or zero-copy")->check(CLI::IsMember({"new-file", "zero-copy"}))->capture_default_str();
    addNumber(*resume, "--nozzle-z", options->nozzleZ,
              "Height of the tip above the bed now, in mm, before any Z offset of the print: touching a layer, its height plus that offset");
    resume->add_option("--contact", options->contact, "Does the nozzle touch the part? touching or lifted")->check(CLI::IsMember({"touching", "lifted"}));
    resume->add_option("--cause", options->cause, "What stopped it, when you know better: printer-power-lost, link-lost, …");
    addNumber(*resume, "--removed-to", options->removedTo, "You took plastic away down to this height, in mm: releases what would press into it");
    resume->add_flag("--look-at-prime", options->lookAtPrime, "Wait at the prime for an answer: did plastic come out?");
    resume->add_flag("--home-thrice", options->homeThrice, "Home X and Y three times, show how far apart they end, and wait for an answer");
    addNumber(*resume, "--first-layer-speed", options->firstLayer.speedPercent, "Print the first resumed layer at this share of the speed, in %; needs --wait");
    addNumber(*resume, "--first-layer-fan", options->firstLayer.fanPercent, "With this share of the fan the file asks for, in %; needs --wait");
    addNumber(*resume, "--first-layer-accel", options->firstLayer.acceleration, "With at most this acceleration, in mm/s²; needs --wait");
    resume->add_flag("--part-stuck", options->partStuck, "You pushed the part and it holds");
    resume->add_flag("--nothing-moved", options->nothingMoved, "Nobody moved head, bed or part");
    resume->add_flag("--supply-stayed", options->supplyStayed, "The supply of the motors was on all the time: keep needs this proof");
    resume->add_flag("--heater-repaired", options->heaterRepaired, "The cause of the heater's fault was found and repaired");
    resume->add_flag("--dry-run", options->dryRun, "Show gate and plan, send nothing");
    resume->add_flag("--dry-run-moves", options->dryRunMoves,
                     "First go the plan's ways above the part, nothing printed, each step after an answer; then ask before the print");
    resume->add_flag("--yes", options->yes, "Heat, move and print when the gate is open");
    resume->add_flag("--wait", options->wait, "Stay until the print has ended");
    resume->add_option("--store", options->store, "History: path, file:///… or postgresql://…");
    resume->add_option("--api-key-file", options->keyFile, "File with the API key");
    resume->callback([options, &chosen] {
        chosen = [options](Environment& environment) -> std::unique_ptr<Command> { return std::make_unique<Resume>(environment, *options); };
    });
}

} // namespace kintsugi::cli

#include "resumecommand.moc"
