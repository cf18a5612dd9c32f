// SPDX-License-Identifier: GPL-3.0-or-later
#include <functional>

#include <CLI/CLI.hpp>
#include <QCoreApplication>
#include <QDateTime>
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>

#include "codec.h"
#include "command.h"
#include "errortext.h"
#include "number.h"
#include "openfile.h"
#include "plansummary.h"
#include "point.h"
#include "printerchoice.h"
#include "proofreport.h"
#include "recoverable.h"
#include "recovery/resumewriter.h"
#include "unixsignals.h"

namespace kintsugi::cli {

using namespace Qt::StringLiterals;

namespace {

Result<gcode::Dialect> dialectOf(const std::string& name)
{
    const auto dialect = gcode::dialectFromName(name);
    if (!dialect)
        return fail(Error{.code = ErrorCode::BadUsage, .detail = name, .field = "--dialect"});
    return *dialect;
}

QString compact(const QJsonValue& value)
{
    if (value.isObject())
        return QString::fromUtf8(QJsonDocument(value.toObject()).toJson(QJsonDocument::Compact));
    if (value.isArray())
        return QString::fromUtf8(QJsonDocument(value.toArray()).toJson(QJsonDocument::Compact));
    return value.isNull() ? u"unknown"_s : value.toVariant().toString();
}

/// Work on files alone: done when start() returns.
class FileCommand final : public Command
{
    Q_OBJECT
public:
    using Work = std::function<Result<int>(Environment&)>;
    FileCommand(Environment& environment, Work work) : m_environment(environment), m_work(std::move(work)) {}
    void start() override
    {
        const auto done = m_work(m_environment);
        emit finished(done ? *done : m_environment.out.error(done.error()));
    }

private:
    Environment& m_environment;
    Work m_work;
};

Chosen fileCommand(FileCommand::Work work)
{
    return [work = std::move(work)](Environment& environment) -> std::unique_ptr<Command> {
        return std::make_unique<FileCommand>(environment, work);
    };
}

// --- inspect

struct InspectOptions {
    std::string file, dialect = "klipper", profile;
    bool layers = false, recoverable = false;
};

Result<recovery::PrinterFacts> factsOf(Environment& environment, const std::string& printer)
{
    if (printer.empty())
        return recovery::PrinterFacts();
    const auto profile = choosePrinter(environment, printer);
    if (!profile)
        return fail(profile.error());
    return profile->facts;
}

Result<int> inspect(Environment& environment, const InspectOptions& options)
{
    const auto dialect = dialectOf(options.dialect);
    if (!dialect)
        return fail(dialect.error());
    const auto opened = openFile(environment.out, options.file, *dialect);
    if (!opened)
        return fail(opened.error());
    QJsonObject json = app::inspectJson(opened->index, QString::fromStdString(options.file), options.layers);
    std::vector<recovery::RecoverableLayer> judged;
    if (options.recoverable) {
        const auto facts = factsOf(environment, options.profile);
        auto layers = facts ? judgeLayers(environment.out, *opened, *facts) : fail(facts.error());
        if (!layers)
            return fail(layers.error());
        judged = std::move(*layers);
        json.insert(u"recoverable"_s, recoverableJson(judged));
    }
    environment.out.document(json);
    for (auto it = json.begin(); it != json.end(); ++it) {
        if (it.key() != "layers"_L1 && it.key() != "recoverable"_L1)
            environment.out.line(it.key() + u": "_s + compact(it.value()));
    }
    for (const QJsonValue& layer : json["layers"_L1].toArray()) {
        environment.out.line(u"layer %1  z %2  bytes %3..%4"_s.arg(compact(layer["index"_L1]), compact(layer["z"_L1]),
                                                                  compact(layer["byte_begin"_L1]), compact(layer["byte_end"_L1])));
    }
    showRecoverable(environment.out, judged);
    return Done;
}

// --- state

struct StateOptions {
    std::string file, dialect = "klipper";
    PointOptions point;
};

Result<int> state(Environment& environment, const StateOptions& options)
{
    const auto dialect = dialectOf(options.dialect);
    if (!dialect)
        return fail(dialect.error());
    const auto opened = openFile(environment.out, options.file, *dialect);
    if (!opened)
        return fail(opened.error());
    const auto located = locate(options.point, *opened->source, opened->index);
    if (!located)
        return fail(located.error());
    auto snapshot = recovery::snapshotFromFile(*opened->source, opened->index, located->byte);
    if (!snapshot)
        return fail(snapshot.error());
    QJsonObject inferred;
    for (const auto& [key, info] : snapshot->fields) {
        if (info.origin == recovery::Origin::Inferred)
            inferred.insert(QString::fromStdString(key), QString::fromStdString(info.note));
    }
    snapshot->state = located->state; // what the file has said; what its start macro suggests is listed apart
    const bool inLayers = !opened->index.layers.empty() && located->byte >= opened->index.layers.front().begin;
    const QJsonValue layer = inLayers ? QJsonValue(static_cast<qint64>(opened->index.layerAt(located->byte)->index)) : QJsonValue();
    const QJsonObject json{{u"byte"_s, static_cast<qint64>(located->byte)},
                           {u"line"_s, static_cast<qint64>(located->line)},
                           {u"layer"_s, layer},
                           {u"state"_s, app::stateWithOrigins(*snapshot)},
                           {u"inferred"_s, inferred}};
    environment.out.document(json);
    environment.out.line(u"byte %1, line %2, layer %3"_s.arg(located->byte).arg(located->line).arg(compact(layer)));
    const QJsonObject fields = json["state"_L1].toObject();
    for (auto it = fields.begin(); it != fields.end(); ++it)
        environment.out.line(u"%1: %2 (%3)"_s.arg(it.key(), compact(it.value()["value"_L1]), it.value()["origin"_L1].toString()));
    return Done;
}

// --- plan

struct PlanCommandOptions {
    std::string file, dialect, zMethod, profile, snapshot, out, contact, proof;
    std::vector<std::string> own; ///< PLACE=LINE
    PointOptions point;
    std::optional<double> nozzleZ, nozzleTemperature, softening;
};

Result<recovery::PlanOptions> planOptionsOf(const PlanCommandOptions& options, recovery::ZMethod method)
{
    recovery::PlanOptions plan;
    plan.zMethod = method;
    plan.declaredZ = options.nozzleZ;
    plan.nozzleNow = options.nozzleTemperature;
    plan.materialSoftening = options.softening;
    if (!options.contact.empty())
        plan.contact = options.contact == "touching" ? recovery::NozzleContact::Touching : recovery::NozzleContact::Lifted;
    for (const std::string& own : options.own) {
        const std::size_t equals = own.find('=');
        if (equals == std::string::npos)
            return fail(Error{.code = ErrorCode::BadUsage, .detail = own, .field = "--own"});
        plan.ownLines[own.substr(0, equals)].push_back(own.substr(equals + 1));
    }
    return plan;
}

Result<recovery::Snapshot> readSnapshot(const std::string& path, const gcode::FileIndex& index)
{
    QFile file(QString::fromStdString(path));
    if (!file.open(QIODevice::ReadOnly))
        return fail(file.exists() ? ErrorCode::FileUnreadable : ErrorCode::FileMissing, file.errorString().toStdString(), path);
    QJsonParseError problem;
    const QJsonDocument document = QJsonDocument::fromJson(file.readAll(), &problem);
    if (!document.isObject()) {
        const bool json = problem.error == QJsonParseError::NoError;
        const std::string what = json ? "one object is expected, like one of those that `snapshots --json` lists" : problem.errorString().toStdString();
        return fail(Error{.code = ErrorCode::BadValue, .detail = what, .file = path});
    }
    QJsonObject json = document.object();
    if (json.contains("machine"_L1)) // one row of `snapshots`: its "state" is for reading
        json.insert("state"_L1, json.take("machine"_L1));
    auto snapshot = app::snapshotFromJson(json);
    if (!snapshot) {
        Error error = snapshot.error();
        error.file = path;
        return fail(std::move(error));
    }
    if (snapshot->file.size != index.size || (snapshot->file.xxh3 && *snapshot->file.xxh3 != index.xxh3))
        return fail(ErrorCode::FileChanged, "the snapshot belongs to other bytes", snapshot->file.name);
    return snapshot;
}

Result<recovery::Snapshot> pointOfPlan(const PlanCommandOptions& options, const gcode::Indexed& opened)
{
    if (!options.snapshot.empty())
        return readSnapshot(options.snapshot, opened.index);
    const auto located = locate(options.point, *opened.source, opened.index);
    if (!located)
        return fail(located.error());
    return recovery::snapshotFromFile(*opened.source, opened.index, located->byte);
}

void showPlan(const Output& out, const recovery::Plan& plan, const std::vector<recovery::GateCheck>& gate)
{
    for (const recovery::GateCheck& check : gate) {
        const auto severity = recovery::name(check.severity);
        out.line(u"%1 %2: %3"_s.arg(check.passed ? u"ok  "_s : QString::fromUtf8(severity.data(), static_cast<qsizetype>(severity.size())),
                                    QString::fromStdString(check.id), app::text(check.text)));
    }
    out.text(QString::fromStdString(recovery::preambleText(plan)));
}

struct MadePlan {
    recovery::Plan plan;
    std::vector<recovery::GateCheck> gate;
    std::optional<recovery::ResumeFile> written;
    QString summary; ///< in words
};

/// The plan as a document, also when the gate forbids it: then it says why.
Result<> writeProof(const PlanCommandOptions& options, const gcode::Indexed& opened, const MadePlan& made)
{
    app::ProofReport report;
    report.madeAt = static_cast<double>(QDateTime::currentMSecsSinceEpoch()) / 1000;
    report.program = u"%1 %2"_s.arg(QCoreApplication::applicationName(), QCoreApplication::applicationVersion());
    report.printer = QString::fromStdString(options.profile);
    report.file = {options.file, opened.index.size, opened.index.xxh3};
    report.plan = made.plan;
    report.gate = made.gate;
    auto layer = app::layerPicture(*opened.source, opened.index, made.plan, {});
    if (!layer)
        return fail(layer.error());
    report.pictures = {std::move(*layer), app::heightPicture(made.plan)};
    return app::writeProofHtml(report, QString::fromStdString(options.proof));
}

/// The plan and, where it is wanted and the gate is open, the file. Nothing here is shown yet.
Result<MadePlan> makePlan(const PlanCommandOptions& options, const gcode::Indexed& opened, const recovery::PrinterFacts& facts,
                          const recovery::PlanOptions& planOptions, const gcode::Progress& progress)
{
    const auto snapshot = pointOfPlan(options, opened);
    if (!snapshot)
        return fail(snapshot.error());
    if (snapshot->dialect != opened.index.dialect) {
        const std::string spoken(gcode::name(snapshot->dialect));
        return fail(Error{.code = ErrorCode::BadUsage, .detail = "the snapshot was read as " + spoken, .field = "--dialect"});
    }
    auto plan = recovery::planResume(*opened.source, opened.index, *snapshot, facts, planOptions);
    if (!plan)
        return fail(plan.error());
    MadePlan made{.plan = std::move(*plan), .gate = {}, .written = {}, .summary = {}};
    if (const auto candidate = recovery::candidateAt(*opened.source, opened.index, made.plan.snapshot.byte, nullptr))
        made.summary = app::summaryText(opened.index, *candidate, &made.plan);
    const recovery::FileIdentity local{options.file, opened.index.size, opened.index.xxh3};
    const recovery::TravelLimits limits{made.plan.minimum, made.plan.maximum};
    auto tail = recovery::checkTail(*opened.source, opened.index, made.plan.snapshot.byte, &limits);
    if (!tail)
        return fail(tail.error());
    made.gate = recovery::runGate(made.plan, opened.index, local, {.tail = std::move(*tail)});
    if (!options.out.empty() && recovery::isOpen(made.gate)) {
        const auto written = recovery::writeResume(*opened.source, opened.index, made.plan, options.out, progress);
        if (!written)
            return fail(written.error());
        made.written = *written;
    } else if (auto same = gcode::verifyWhole(*opened.source, opened.index, progress); !same) { // the writer does it while it copies
        return fail(same.error());
    }
    if (auto proved = options.proof.empty() ? Result<>() : writeProof(options, opened, made); !proved)
        return fail(proved.error());
    return made;
}

/// Was it an index of another content that led here?
bool isStale(const gcode::Indexed& opened, const Result<MadePlan>& made)
{
    if (made || !opened.remembered)
        return false;
    const auto same = gcode::verifyWhole(*opened.source, opened.index);
    return !same && same.error().code == ErrorCode::FileChanged;
}

/// A resume file of gzip is text.
gcode::Container writtenAs(const gcode::Source& source)
{
    return source.container() == gcode::Container::BinaryGcode ? gcode::Container::BinaryGcode : gcode::Container::None;
}

int showMade(Output& out, const MadePlan& made)
{
    for (const recovery::Unsimulated& line : made.plan.unsimulated) {
        out.warning(u"%1: what %2 does cannot be simulated"_s.arg(app::printable(QString::fromStdString(line.place)),
                                                                 app::printable(QString::fromStdString(line.line))));
    }
    QJsonObject document = app::toJson(made.plan, made.gate);
    document.insert("summary"_L1, made.summary);
    out.document(document);
    out.line(made.summary);
    showPlan(out, made.plan, made.gate);
    if (!recovery::isOpen(made.gate))
        return out.error({.code = ErrorCode::GateBlocked});
    if (made.written)
        out.note(u"wrote %1 (%2 bytes)"_s.arg(QString::fromStdString(made.written->path.string())).arg(made.written->bytes));
    return Done;
}

Result<int> plan(Environment& environment, const PlanCommandOptions& options)
{
    const auto dialect = dialectOf(options.dialect);
    const auto method = recovery::zMethodFromName(options.zMethod);
    if (!dialect || !method)
        return fail(dialect ? Error{.code = ErrorCode::BadUsage, .detail = options.zMethod, .field = "--z-method"} : dialect.error());
    if (options.point.given() != options.snapshot.empty())
        return fail(ErrorCode::BadUsage, "either a point or --snapshot");
    const auto facts = factsOf(environment, options.profile);
    const auto planOptions = planOptionsOf(options, *method);
    if (!facts || !planOptions)
        return fail(facts ? planOptions.error() : facts.error());
    auto opened = openFile(environment.out, options.file, *dialect);
    if (!opened)
        return fail(opened.error());
    if (auto named = options.out.empty() ? Result<>() : checkOutName(options.out, writtenAs(*opened->source)); !named)
        return fail(named.error());
    const auto progress = [&out = environment.out](double fraction) {
        out.progress(u"writing"_s, fraction);
        return !UnixSignals::wasInterrupted();
    };
    auto made = makePlan(options, *opened, *facts, *planOptions, progress);
    if (isStale(*opened, made)) {
        opened = openAnew(environment.out, options.file, *dialect);
        if (!opened)
            return fail(opened.error());
        made = makePlan(options, *opened, *facts, *planOptions, progress);
    }
    environment.out.progressDone();
    if (!made)
        return fail(made.error());
    return showMade(environment.out, *made);
}

} // namespace

void addFileCommands(CLI::App& app, Chosen& chosen)
{
    const auto inspectOptions = std::make_shared<InspectOptions>();
    auto* inspectApp = app.add_subcommand("inspect", "Show what is in a G-code file");
    inspectApp->add_option("file", inspectOptions->file, "G-code file")->required();
    inspectApp->add_flag("--layers", inspectOptions->layers, "List the layers too");
    auto* recoverable = inspectApp->add_flag("--recoverable", inspectOptions->recoverable,
                                             "Tell for each layer whether a print that stops there could be resumed");
    inspectApp->add_option("--profile", inspectOptions->profile, "Take the facts of this printer")->needs(recoverable);
    inspectApp->add_option("--dialect", inspectOptions->dialect, "klipper, marlin, prusa, reprapfirmware or marlin1")->capture_default_str();
    inspectApp->callback([inspectOptions, &chosen] {
        chosen = fileCommand([inspectOptions](Environment& environment) { return inspect(environment, *inspectOptions); });
    });

    const auto stateOptions = std::make_shared<StateOptions>();
    auto* stateApp = app.add_subcommand("state", "Show the machine's state at a place in a file");
    stateApp->add_option("file", stateOptions->file, "G-code file")->required();
    stateOptions->point.add(*stateApp, true);
    stateApp->add_option("--dialect", stateOptions->dialect, "klipper, marlin, prusa, reprapfirmware or marlin1")->capture_default_str();
    stateApp->callback([stateOptions, &chosen] {
        chosen = fileCommand([stateOptions](Environment& environment) { return state(environment, *stateOptions); });
    });

    const auto planOptions = std::make_shared<PlanCommandOptions>();
    auto* planApp = app.add_subcommand("plan", "Plan a resume and write the resume file");
    planApp->add_option("file", planOptions->file, "G-code file")->required();
    planOptions->point.add(*planApp, false);
    planApp->add_option("--dialect", planOptions->dialect, "klipper, marlin, prusa, reprapfirmware or marlin1")->required();
    planApp->add_option("--z-method", planOptions->zMethod, "How Z becomes true again: keep, touch, stock-zplus, …")->required();
    planApp->add_option("--profile", planOptions->profile, "Take the facts of this printer");
    planApp->add_option("--snapshot", planOptions->snapshot, "Snapshot (JSON) to resume from");
    addNumber(*planApp, "--nozzle-z", planOptions->nozzleZ,
              "Height of the tip above the bed now, in mm, before any Z offset of the print: touching a layer, its height plus that offset");
    planApp->add_option("--contact", planOptions->contact, "Does the nozzle touch the part? touching or lifted")
        ->check(CLI::IsMember({"touching", "lifted"}));
    addNumber(*planApp, "--nozzle-temperature", planOptions->nozzleTemperature, "Temperature of the nozzle now, in °C");
    addNumber(*planApp, "--softening", planOptions->softening, "Softening point of the material, in °C");
    planApp->add_option("--own", planOptions->own,
                        "PLACE=LINE, a line of your own; places: before-heat, after-lift, after-registration, before-first-plastic")
        ->allow_extra_args(false);
    planApp->add_option("--proof", planOptions->proof, "Write plan, checks, numbers and pictures as HTML; never replaces a file");
    planApp->add_option("--out", planOptions->out, "Write the resume file; never replaces one");
    planApp->callback([planOptions, &chosen] {
        chosen = fileCommand([planOptions](Environment& environment) { return plan(environment, *planOptions); });
    });
}

} // namespace kintsugi::cli

#include "filecommands.moc"
