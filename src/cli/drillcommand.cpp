// SPDX-License-Identifier: GPL-3.0-or-later
#include <span>

#include <CLI/CLI.hpp>
#include <QFileInfo>
#include <QJsonArray>
#include <QTimer>

#include "archive.h"
#include "command.h"
#include "drillproof.h"
#include "drillrun.h"
#include "errortext.h"
#include "gcode/opengcode.h"
#include "number.h"
#include "openfile.h"
#include "printerchoice.h"
#include "recovery/newfile.h"
#include "session.h"

namespace kintsugi::cli {

using namespace Qt::StringLiterals;
namespace drill = recovery::drill;

namespace {

struct PartOptions {
    std::string printer, dialect, material = "PLA";
    std::optional<double> layerHeight, nozzle, filament, nozzleTemperature, bedTemperature, speed, x, y;
    std::vector<std::string> start;

    void add(CLI::App& app)
    {
        app.add_option("--material", material, "Written into the file, for advice on cooling")->capture_default_str();
        addNumber(app, "--layer-height", layerHeight, "mm; 0.2 without it");
        addNumber(app, "--nozzle", nozzle, "Diameter of the nozzle, mm; 0.4 without it, or as the printer says");
        addNumber(app, "--filament", filament, "Diameter of the filament, mm; 1.75 without it, or as the printer says");
        addNumber(app, "--nozzle-temperature", nozzleTemperature, "°C; 210 without it");
        addNumber(app, "--bed-temperature", bedTemperature, "°C; 60 without it");
        addNumber(app, "--speed", speed, "mm/s; 40 without it");
        addNumber(app, "--x", x, "Middle of the part on the bed, mm; the bed's middle without it");
        addNumber(app, "--y", y, "Likewise");
        app.add_option("--start-line", start, "Your own line instead of heating and G28; may be given several times");
    }
    [[nodiscard]] drill::Part part(const recovery::PrinterFacts& facts, gcode::Dialect of) const
    {
        drill::Part part = drill::partFor(facts, of, layerHeight.value_or(0.2));
        part.nozzle = nozzle.value_or(part.nozzle);
        part.filament = filament.value_or(part.filament);
        part.nozzleTemperature = nozzleTemperature.value_or(part.nozzleTemperature);
        part.bedTemperature = bedTemperature.value_or(part.bedTemperature);
        part.speed = speed.value_or(part.speed);
        part.place = {x.value_or(part.place[0]), y.value_or(part.place[1])};
        part.material = material;
        part.start = start;
        return part;
    }
};

QJsonObject partJson(const drill::Part& part)
{
    return {{u"layer_height"_s, part.layerHeight},
            {u"layers"_s, static_cast<qint64>(part.layers)},
            {u"seam_layer"_s, static_cast<qint64>(part.below)},
            {u"ledge_mm"_s, part.ledge()},
            {u"height_mm"_s, part.height()},
            {u"place"_s, QJsonArray{part.place[0], part.place[1]}}};
}

QJsonObject proofJson(const recovery::ZProof& proof)
{
    const auto method = recovery::name(proof.method);
    return {{u"z_method"_s, QString::fromUtf8(method.data(), static_cast<qsizetype>(method.size()))},
            {u"when"_s, proof.when},
            {u"seam"_s, QJsonArray{proof.seam[0], proof.seam[1], proof.seam[2]}},
            {u"sigma"_s, proof.sigma}};
}

/// What needs no printer: one piece of work, one answer.
class OneStep : public Command
{
    Q_OBJECT
public:
    explicit OneStep(Environment& environment) : m_environment(environment) {}
    void start() override
    {
        const auto done = work();
        emit finished(done ? int{Done} : m_environment.out.error(done.error()));
    }

protected:
    virtual Result<> work() = 0;
    Environment& m_environment;
};

/// kintsugi-cli drill make FILE
class MakePart final : public OneStep
{
    Q_OBJECT
public:
    MakePart(Environment& environment, PartOptions options, std::string target)
        : OneStep(environment), m_options(std::move(options)), m_target(std::move(target))
    {
    }

protected:
    Result<> work() override
    {
        recovery::PrinterFacts facts;
        if (!m_options.printer.empty()) {
            const auto profile = choosePrinter(m_environment, m_options.printer);
            if (!profile)
                return fail(profile.error());
            facts = profile->facts;
        }
        const auto dialect = gcode::dialectFromName(m_options.dialect);
        if (!dialect)
            return fail(Error{.code = ErrorCode::BadUsage, .detail = m_options.dialect, .field = "--dialect"});
        const drill::Part part = m_options.part(facts, *dialect);
        const auto file = drill::make(part);
        if (!file)
            return fail(file.error());
        if (auto named = checkOutName(m_target, gcode::Container::None); !named)
            return named;
        recovery::NewFile target(m_target);
        if (auto opened = target.open(); !opened)
            return opened;
        if (auto written = target.write(file->text); !written)
            return written;
        if (auto named = target.commit(); !named)
            return named;
        QJsonObject json = partJson(part);
        json.insert(u"out"_s, QString::fromStdString(m_target));
        json.insert(u"bytes"_s, static_cast<qint64>(file->text.size()));
        json.insert(u"stop_byte"_s, static_cast<qint64>(file->stopAt));
        json.insert(u"seconds"_s, file->index.modelSeconds);
        m_environment.out.document(json);
        m_environment.out.line(u"wrote %1: %2 layers, about %3 min; stop it in layer %4, from byte %5 on"_s.arg(QString::fromStdString(m_target))
                                   .arg(part.layers).arg(file->index.modelSeconds / 60, 0, 'f', 0).arg(part.below + 1).arg(file->stopAt));
        return {};
    }

private:
    PartOptions m_options;
    std::string m_target;
};

struct ReadOptions {
    std::string printer, zMethod, file;
    std::optional<double> xTooth, yTooth, ledge, height, layerHeight;
};

Result<recovery::ZMethod> methodOf(const std::string& name, const app::Profile& profile)
{
    if (name.empty())
        return profile.zMethod;
    const auto method = recovery::zMethodFromName(name);
    return method ? Result<recovery::ZMethod>(*method) : fail(Error{.code = ErrorCode::BadUsage, .detail = name, .field = "--z-method"});
}

/// kintsugi-cli drill read --printer P --x-tooth … : into the profile
class ReadPart final : public OneStep
{
    Q_OBJECT
public:
    ReadPart(Environment& environment, ReadOptions options) : OneStep(environment), m_options(std::move(options)) {}

protected:
    Result<> work() override
    {
        const auto profile = choosePrinter(m_environment, m_options.printer);
        if (!profile)
            return fail(profile.error());
        const auto method = methodOf(m_options.zMethod, *profile);
        if (!method)
            return fail(method.error());
        const auto part = printed();
        if (!part)
            return fail(part.error());
        const auto seam = drill::read({*m_options.xTooth, *m_options.yTooth, *m_options.ledge, *m_options.height}, *part);
        if (!seam)
            return fail(seam.error());
        const auto proof = app::proofOf(*method, *seam, m_environment.clock());
        const auto stored = app::storeDrill(m_environment.profiles, profile->id, proof);
        if (!stored)
            return fail(stored.error());
        const QString last = app::lastProvenText(*stored, m_environment.clock());
        QJsonObject json = proofJson(proof);
        json.insert(u"printer"_s, stored->id);
        json.insert(u"last_proven"_s, last);
        m_environment.out.document(json);
        m_environment.out.line(app::seamText(*seam));
        for (const Message& note : seam->notes)
            m_environment.out.warning(app::text(note));
        m_environment.out.line(u"%1: %2"_s.arg(stored->name, last));
        return {};
    }

private:
    [[nodiscard]] Result<drill::Part> printed() const
    {
        if (m_options.file.empty())
            return drill::partFor({}, gcode::Dialect::Klipper, m_options.layerHeight.value_or(0.2));
        const auto source = gcode::openGcode(m_options.file);
        if (!source)
            return fail(source.error());
        std::string head(4096, '\0');
        const auto got = (*source)->read(0, std::as_writable_bytes(std::span(head)));
        if (!got)
            return fail(got.error());
        head.resize(*got);
        const auto part = drill::partOf(head);
        if (!part)
            return fail(Error{.code = ErrorCode::BadValue, .file = m_options.file, .field = "drill", .reason = {KINTSUGI_TEXT("this is not the file of a drill"), {}}});
        return *part;
    }

    ReadOptions m_options;
};

/// kintsugi-cli drill changed --printer P
class PartsChanged final : public OneStep
{
    Q_OBJECT
public:
    PartsChanged(Environment& environment, std::string printer) : OneStep(environment), m_printer(std::move(printer)) {}

protected:
    Result<> work() override
    {
        const auto profile = choosePrinter(m_environment, m_printer);
        if (!profile)
            return fail(profile.error());
        const auto stored = app::storePartsChanged(m_environment.profiles, profile->id, m_environment.clock());
        if (!stored)
            return fail(stored.error());
        m_environment.out.document({{u"printer"_s, stored->id}, {u"parts_changed"_s, *stored->partsChanged}});
        m_environment.out.line(u"%1: nozzle or plate changed today; earlier drills are said to be of another printer"_s.arg(stored->name));
        return {};
    }

private:
    std::string m_printer;
};

struct RunOptions {
    PartOptions part;
    std::string zMethod, stopBy = "program", store, keyFile;
    bool bedEmpty = false, yes = false;
};

constexpr auto connectPatience = std::chrono::seconds(30);

/// Prints the test part and has it stopped in the layer of the seam; resume takes over from there.
class RunDrill final : public Command
{
    Q_OBJECT
public:
    RunDrill(Environment& environment, RunOptions options)
        : m_environment(environment), m_options(std::move(options)), m_files(app::FileCache::defaultFolder())
    {
        m_patience.setSingleShot(true);
        connect(&m_patience, &QTimer::timeout, this, [this] {
            fails(m_session->lastError().value_or(Error{.code = ErrorCode::KlippyNotReady, .detail = m_session->host().stateMessage.toStdString()}));
        });
        connect(&m_archive, &app::Archive::opened, this, &RunDrill::connectPrinter);
        connect(&m_archive, &app::Archive::failed, this, &RunDrill::fails);
    }
    void start() override
    {
        auto profile = choosePrinter(m_environment, m_options.part.printer);
        if (!profile)
            return fails(profile.error());
        m_profile = std::move(*profile);
        const auto method = methodOf(m_options.zMethod, m_profile);
        if (!method)
            return fails(method.error());
        m_method = *method;
        m_archive.open(storeUrl(m_options.store));
    }
    void interrupt() override { fails({.code = ErrorCode::Cancelled}); }

private:
    void connectPrinter()
    {
        if (m_session)
            return;
        makeDriver(m_environment, m_profile, m_options.keyFile, this, [this](Result<std::unique_ptr<link::Driver>> driver) {
            if (!driver)
                return fails(driver.error());
            m_session = std::make_unique<app::Session>(m_profile, std::move(*driver), m_archive, m_files, m_environment.clock);
            connect(m_session.get(), &app::Session::stateChanged, this, &RunDrill::look);
            connect(m_session.get(), &app::Session::sampled, this, &RunDrill::look);
            connect(&m_session->driver(), &link::Driver::linkFailed, this, [this](const Error& error) {
                if (!m_run)
                    fails(error);
            });
            m_patience.start(connectPatience);
            m_session->connectPrinter();
        });
    }
    void look()
    {
        using app::PrinterState;
        if (m_run || m_ended || !m_session->sample() || m_session->state() == PrinterState::Connecting || m_session->state() == PrinterState::Starting
            || m_session->state() == PrinterState::Offline)
            return;
        m_patience.stop();
        app::DrillRun::Setup setup;
        setup.part = m_options.part.part(m_profile.facts, m_session->dialect());
        setup.inTheMiddle = !m_options.part.x && !m_options.part.y;
        setup.stopBy = m_options.stopBy == "person" ? app::DrillRun::StopBy::Person : app::DrillRun::StopBy::Program;
        setup.bedEmpty = m_options.bedEmpty;
        m_run = std::make_unique<app::DrillRun>(*m_session, std::move(setup));
        if (!m_options.yes) {
            m_environment.out.warning(u"nothing was sent; with --yes the printer heats, prints the test part and is stopped in the layer of its seam"_s);
            return ends(StoppedByGate);
        }
        connect(m_run.get(), &app::DrillRun::failed, this, &RunDrill::fails);
        connect(m_run.get(), &app::DrillRun::changed, this, [this] {
            if (m_told != m_run->phase() && m_run->isUnderWay())
                m_environment.out.note(m_run->words());
            m_told = m_run->phase();
            m_environment.out.progress(u"to the seam"_s, m_run->progress());
        });
        connect(m_run.get(), &app::DrillRun::stopped, this, &RunDrill::stopped, Qt::QueuedConnection);
        m_run->start();
    }
    void stopped()
    {
        m_stopped = true;
        m_environment.out.progressDone();
        m_environment.out.line(m_run->words());
        const auto method = recovery::name(m_method);
        const QString name = QString::fromUtf8(method.data(), static_cast<qsizetype>(method.size()));
        if (m_options.stopBy != "person")
            m_environment.out.line(u"first: restart the firmware (FIRMWARE_RESTART)"_s);
        m_environment.out.line(u"then: kintsugi-cli resume --printer %1 --z-method %2 …"_s.arg(m_profile.id, name));
        m_environment.out.line(u"at last: kintsugi-cli drill read --printer %1 --z-method %2 --x-tooth … --y-tooth … --ledge … --height …"_s.arg(m_profile.id, name));
        ends(Done);
    }
    [[nodiscard]] QJsonObject document() const
    {
        QJsonObject json = m_run ? partJson(m_run->setup().part) : QJsonObject();
        json.insert(u"printer"_s, m_profile.id);
        json.insert(u"file"_s, m_run ? m_run->remoteFile() : QString());
        json.insert(u"stopped"_s, m_stopped);
        return json;
    }
    void ends(int code)
    {
        if (std::exchange(m_ended, true))
            return;
        m_patience.stop();
        m_environment.out.document(document());
        leave(code);
    }
    void fails(const Error& error)
    {
        if (std::exchange(m_ended, true))
            return;
        m_patience.stop();
        leave(m_environment.out.error(error, document()));
    }
    void leave(int code)
    {
        if (m_run) { // one of its signals may have led here
            m_run->disconnect(this);
            m_run.release()->deleteLater();
        }
        if (!m_archive.isOpen())
            return void(QMetaObject::invokeMethod(this, [this, code] { emit finished(code); }, Qt::QueuedConnection));
        m_archive.flush(this, [this, code](const Result<>&) { emit finished(code); });
    }

    Environment& m_environment;
    RunOptions m_options;
    app::Profile m_profile;
    recovery::ZMethod m_method{};
    app::Archive m_archive;
    app::FileCache m_files;
    QTimer m_patience;
    std::unique_ptr<app::Session> m_session;
    std::unique_ptr<app::DrillRun> m_run;
    app::DrillRun::Phase m_told = app::DrillRun::Phase::Idle;
    bool m_stopped = false, m_ended = false;
};

void addMake(CLI::App& drills, Chosen& chosen)
{
    const auto options = std::make_shared<PartOptions>();
    const auto target = std::make_shared<std::string>();
    auto* make = drills.add_subcommand("make", "Write the G-code of the test part");
    make->add_option("file", *target, "The new file; never replaces one")->required();
    make->add_option("--printer", options->printer, "Id or name: its bed and speeds");
    make->add_option("--dialect", options->dialect, "klipper, marlin, prusa, reprapfirmware or marlin1")->default_str("klipper");
    options->dialect = "klipper";
    options->add(*make);
    make->callback([options, target, &chosen] {
        chosen = [options, target](Environment& environment) -> std::unique_ptr<Command> { return std::make_unique<MakePart>(environment, *options, *target); };
    });
}

void addRun(CLI::App& drills, Chosen& chosen)
{
    const auto options = std::make_shared<RunOptions>();
    auto* run = drills.add_subcommand("run", "Print the test part and stop it in the layer of its seam");
    run->add_option("--printer", options->part.printer, "Id, name or address")->required();
    run->add_option("--z-method", options->zMethod, "The way to register Z that is to be proven; the printer's usual one without it");
    run->add_option("--stop-by", options->stopBy, "program: emergency stop; person: pull the plug when told")->check(CLI::IsMember({"program", "person"}))->capture_default_str();
    run->add_flag("--bed-empty", options->bedEmpty, "You looked: nothing lies on the bed");
    run->add_flag("--yes", options->yes, "Heat, print and stop");
    options->part.add(*run);
    run->add_option("--store", options->store, "History: path, file:///… or postgresql://…");
    run->add_option("--api-key-file", options->keyFile, "File with the API key");
    run->callback([options, &chosen] {
        chosen = [options](Environment& environment) -> std::unique_ptr<Command> { return std::make_unique<RunDrill>(environment, *options); };
    });
}

void addRead(CLI::App& drills, Chosen& chosen)
{
    const auto options = std::make_shared<ReadOptions>();
    auto* read = drills.add_subcommand("read", "Store what the finished test part shows");
    read->add_option("--printer", options->printer, "Id or name")->required();
    read->add_option("--z-method", options->zMethod, "The way Z was registered; the printer's usual one without it");
    addNumber(*read, "--x-tooth", options->xTooth, "Front wall: the pair of teeth in line, from the long one, to the right > 0; 1.5 between two")->required();
    addNumber(*read, "--y-tooth", options->yTooth, "Right wall, likewise")->required();
    addNumber(*read, "--ledge", options->ledge, "Caliper over the low step at the back, mm")->required();
    addNumber(*read, "--height", options->height, "Caliper over the whole height, mm")->required();
    read->add_option("--file", options->file, "The file that was printed, when its layers are not 0.2 mm");
    addNumber(*read, "--layer-height", options->layerHeight, "Or its layer height, mm");
    read->callback([options, &chosen] {
        chosen = [options](Environment& environment) -> std::unique_ptr<Command> { return std::make_unique<ReadPart>(environment, *options); };
    });
}

} // namespace

void addDrillCommand(CLI::App& app, Chosen& chosen)
{
    auto* drills = app.add_subcommand("drill", "Prove a resume on a small part that is stopped on purpose");
    drills->require_subcommand(1);
    addMake(*drills, chosen);
    addRun(*drills, chosen);
    addRead(*drills, chosen);
    const auto printer = std::make_shared<std::string>();
    auto* changed = drills->add_subcommand("changed", "Nozzle or plate were changed: earlier drills prove another printer");
    changed->add_option("--printer", *printer, "Id or name")->required();
    changed->callback([printer, &chosen] {
        chosen = [printer](Environment& environment) -> std::unique_ptr<Command> { return std::make_unique<PartsChanged>(environment, *printer); };
    });
}

} // namespace kintsugi::cli

#include "drillcommand.moc"
