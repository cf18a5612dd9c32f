// SPDX-License-Identifier: GPL-3.0-or-later
#include "resumeflowfacts.h"

#include <span>

#include <QJsonArray>
#include <QJsonObject>
#include <QLocale>

#include "pluginstate.h"
#include "recovery/macroaudit.h"
#include "recovery/zhardware.h"
#include "zmechanics.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

constexpr int consoleLines = 1000; ///< all a server keeps

std::optional<double> number(const QJsonObject& section, QLatin1String key)
{
    const QJsonValue value = section.value(key);
    return value.isDouble() ? std::optional(value.toDouble()) : std::nullopt;
}

/// One question after the other; each answer is laid down before the next is asked.
class Gathering final : public QObject
{
public:
    Gathering(Session& session, PlanQuestion question, QObject* context, std::function<void(const PlanFacts&)> reply)
        : QObject(context), m_session(session), m_question(std::move(question)), m_reply(std::move(reply))
    {
        m_facts.printer = session.profile().facts;
        m_facts.gate.minutesSinceStop = m_question.minutesSinceStop;
        m_facts.gate.partStuckConfirmed = m_question.partStuck;
        m_facts.gate.headUntouchedConfirmed = m_question.nothingMoved;
        m_facts.gate.heaterRepairStated = m_question.heaterRepaired;
        m_facts.gate.zeroCopy = m_question.zeroCopy;
        m_facts.gate.zAtStop = m_question.zAtStop;
    }
    void start()
    {
        if (m_session.driver().linkState() != link::LinkState::Connected) {
            m_facts.unread = Error{.code = ErrorCode::Disconnected};
            return end();
        }
        const link::HostInfo host = m_session.host();
        if (!host.softwareVersion.isEmpty())
            m_facts.gate.softwareVersion = host.softwareVersion.toStdString();
        m_facts.gate.hostMessage = host.stateMessage.toStdString();
        m_session.driver().readStatus(this, [this](const Result<recovery::Sample>& now) {
            if (now) {
                m_facts.gate.now = *now;
                const auto nozzle = now->heaters.find(now->activeExtruder.empty() ? "extruder" : now->activeExtruder);
                if (nozzle != now->heaters.end())
                    m_facts.nozzleNow = nozzle->second.temperature;
            } else {
                missed(now.error());
            }
            askFolder();
        });
    }

private:
    /// The folder tells size and the plugin's leftover in one answer.
    void askFolder()
    {
        const QString& remote = m_question.file->remote;
        const QString folder = remote.contains(u'/') ? u"gcodes/"_s + remote.section(u'/', 0, -2) : u"gcodes"_s;
        m_session.driver().listFolder(folder, this, [this, remote](const Result<std::vector<link::RemoteFile>>& files) {
            if (files) {
                m_facts.gate.plrLeftover = false;
                m_facts.gate.fileOnPrinter = recovery::FileIdentity{}; // nothing under that name, unless it is found now
                for (const link::RemoteFile& file : *files) {
                    if (file.path == remote)
                        haveFile(file);
                    if (file.path == remote + u".plr"_s) {
                        m_facts.gate.plrLeftover = true;
                        m_facts.gate.plrLeftoverSize = file.size;
                    }
                }
            } else {
                missed(files.error());
            }
            askSettings();
        });
    }
    void haveFile(const link::RemoteFile& file)
    {
        m_facts.gate.fileOnPrinter = recovery::FileIdentity{file.path.toStdString(), file.size, std::nullopt};
        if (file.modified <= 0)
            return;
        m_facts.gate.fileModified = file.modified;
        const auto copied = m_session.files().modifiedOf(m_question.file->path);
        m_facts.gate.fileModifiedBefore = copied ? copied : m_question.fileModified ? m_question.fileModified : std::optional(file.modified);
    }
    void askSettings()
    {
        m_session.driver().readSettings(this, [this](const Result<QJsonObject>& settings) {
            if (settings)
                applySettings(m_facts, *settings);
            else
                missed(settings.error());
            askVariables();
        });
    }
    void askVariables()
    {
        m_session.driver().readVariables(this, [this](const Result<QJsonObject>& variables) {
            if (variables)
                applyVariables(m_facts, *variables);
            askReadiness();
        });
    }
    void askReadiness()
    {
        m_session.driver().readReadiness(this, [this](const Result<link::Readiness>& readiness) {
            if (readiness)
                applyReadiness(m_facts, *readiness);
            else
                missed(readiness.error());
            askConsole();
        });
    }
    void askConsole()
    {
        if (!m_session.host().capabilities.testFlag(link::Capability::Console))
            return askMeshes();
        m_session.driver().consoleStore(consoleLines, this, [this](const Result<std::vector<link::ConsoleLine>>& lines) {
            if (lines)
                m_facts.gate.heaterFault = heaterFaultIn(*lines, m_question.printBegan, m_session.host().stateMessage);
            if (lines && m_question.printEnded)
                m_facts.letGo = letGoIn(*lines, *m_question.printEnded);
            askMeshes();
        });
    }
    void askMeshes()
    {
        if (m_session.dialect() != gcode::Dialect::Klipper)
            return askPieces();
        m_session.driver().readMeshes(this, [this](const Result<link::Driver::MeshProfiles>& meshes) {
            if (meshes)
                m_facts.meshes = *meshes;
            else
                missed(meshes.error());
            askPieces();
        });
    }
    /// Somebody may have exchanged the file for another of the same length.
    void askPieces()
    {
        if (!m_question.prove || m_question.file->source->container() != gcode::Container::None)
            return end(); // a container's bytes are not those of its text
        const auto blocks = proofBlocks(m_question.file->index->size, m_question.byte);
        m_session.driver().readBlocks(u"gcodes"_s, m_question.file->remote, blocks, this, [this, blocks](const Result<std::vector<QByteArray>>& pieces) {
            if (pieces)
                m_facts.gate.blocks = compareBlocks(*m_question.file->source, blocks, *pieces);
            else if (pieces.error().code == ErrorCode::FileChanged || pieces.error().code == ErrorCode::FileMissing)
                m_facts.gate.blocks = recovery::BlockProof{.compared = blocks.size(), .different = blocks.size()};
            else
                missed(pieces.error());
            end();
        });
    }
    void missed(const Error& error)
    {
        if (!m_facts.unread)
            m_facts.unread = error;
    }
    void end()
    {
        deleteLater();
        m_reply(m_facts);
    }

    Session& m_session;
    PlanQuestion m_question;
    PlanFacts m_facts;
    std::function<void(const PlanFacts&)> m_reply;
};

} // namespace

std::vector<link::Driver::Block> proofBlocks(std::uint64_t size, std::optional<std::uint64_t> byte)
{
    constexpr std::uint64_t count = 64, length = 4096;
    std::vector<link::Driver::Block> blocks;
    if (size <= count * length) {
        blocks.push_back({0, size});
        return blocks;
    }
    // One place in each 64th of the file, another one in each: the first and the last bytes always.
    const std::uint64_t stride = size / count;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t room = stride - length, somewhere = (size * 2654435761U + i * 40503U) % (room + 1);
        const std::uint64_t begin = i == 0 ? 0 : i + 1 == count ? size - length : i * stride + somewhere;
        blocks.push_back({begin, length});
    }
    // What the print goes on with, and what it went by.
    if (byte)
        blocks.push_back({std::min(*byte - std::min(*byte, length / 2), size - length), length});
    return blocks;
}

recovery::BlockProof compareBlocks(const gcode::Source& local, const std::vector<link::Driver::Block>& blocks, const std::vector<QByteArray>& remote)
{
    recovery::BlockProof proof{.compared = blocks.size()};
    proof.whole = blocks.size() == 1 && blocks.front().begin == 0 && blocks.front().size == local.size();
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        QByteArray own(static_cast<qsizetype>(blocks[i].size), '\0');
        const auto read = local.read(blocks[i].begin, std::as_writable_bytes(std::span(own.data(), static_cast<std::size_t>(own.size()))));
        const bool same = read && *read == blocks[i].size && i < remote.size() && remote[i] == own;
        proof.different += same ? 0 : 1;
    }
    return proof;
}

void applySettings(PlanFacts& facts, const QJsonObject& settings)
{
    const std::array<QLatin1String, 3> axes{"stepper_x"_L1, "stepper_y"_L1, "stepper_z"_L1};
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const QJsonObject section = settings.value(axes[i]).toObject();
        const auto minimum = number(section, "position_min"_L1), maximum = number(section, "position_max"_L1);
        if (!minimum && !maximum)
            continue;
        facts.printer.minimum[i] = minimum.value_or(0); // Klipper's default
        facts.printer.maximum[i] = maximum ? maximum : facts.printer.maximum[i];
    }
    if (settings.contains("stepper_z"_L1))
        facts.printer.fourZ = settings.contains("stepper_z3"_L1);
    facts.mechanics = zMechanics(settings, facts.printer);
    if (!facts.gate.idleTimeout)
        facts.gate.idleTimeout = number(settings.value("idle_timeout"_L1).toObject(), "timeout"_L1);

    const QJsonObject plugin = settings.value("power_loss_recovery"_L1).toObject();
    facts.beforeResume = plugin.value("before_resume_gcode"_L1).toString().toStdString();
    facts.afterResume = plugin.value("after_resume_gcode"_L1).toString().toStdString();

    facts.gate.config = toConfig(settings);
    if (const auto probe = recovery::probeOf(*facts.gate.config))
        facts.printer.probe = *probe;
    if (const auto top = recovery::topEndstopOf(*facts.gate.config))
        facts.printer.topEndstop = *top;
    else
        facts.printer.whyNoTopEndstop = top.error().detail;
    std::vector<std::string> macros;
    // Wherever a plan homes, Z is declared or registered by then; the gate looks at the plan itself.
    for (const recovery::MacroFinding& found : recovery::auditHomingXy(*facts.gate.config, true))
        macros.push_back(found.text);
    facts.printer.homeXyIsPlain = macros.empty();
    facts.printer.plrPresent = settings.contains("power_loss_recovery"_L1);
    facts.gate.macrosHomingZ = std::move(macros);
}

recovery::KlipperConfig toConfig(const QJsonObject& settings)
{
    const auto text = [](const QJsonValue& value, const auto& self) -> QString {
        if (value.isBool())
            return value.toBool() ? u"True"_s : u"False"_s;
        if (value.isDouble())
            return QString::number(value.toDouble(), 'g', QLocale::FloatingPointShortest);
        QStringList parts;
        const QJsonArray items = value.toArray();
        for (const QJsonValue item : items)
            parts.append(self(item, self));
        return value.isArray() ? parts.join(u", "_s) : value.toString();
    };
    recovery::KlipperConfig config;
    for (auto section = settings.begin(); section != settings.end(); ++section) {
        auto& options = config.sections[section.key().toLower().toStdString()];
        const QJsonObject values = section.value().toObject();
        for (auto option = values.begin(); option != values.end(); ++option)
            options[option.key().toLower().toStdString()] = text(option.value(), text).toStdString();
    }
    return config;
}

std::string heaterFaultIn(const std::vector<link::ConsoleLine>& console, double since, const QString& hostMessage)
{
    // Klipper's verify_heater and adc_temperature; Marlin's and Prusa's own words.
    static const QStringList words{u"not heating at expected rate"_s, u"ADC out of range"_s, u"Thermal Runaway"_s, u"Heating failed"_s,
                                   u"MAXTEMP"_s, u"MINTEMP"_s, u"Invalid thermistor"_s};
    const auto tells = [](const QString& text) {
        return std::any_of(words.begin(), words.end(), [&text](const QString& word) { return text.contains(word, Qt::CaseInsensitive); });
    };
    const auto shown = [](const QString& text) { return text.simplified().left(200).toStdString(); };
    if (tells(hostMessage))
        return shown(hostMessage);
    for (auto line = console.rbegin(); line != console.rend() && line->time >= since; ++line) {
        if (!line->command && tells(line->text))
            return shown(line->text);
    }
    return {};
}

std::string letGoIn(const std::vector<link::ConsoleLine>& console, double since)
{
    static const QStringList words{u"M84"_s, u"M18"_s, u"SET_STEPPER_ENABLE"_s, u"G28"_s, u"SET_KINEMATIC_POSITION"_s, u"FORCE_MOVE"_s, u"MANUAL_STEPPER"_s,
                                   u"Z_TILT_ADJUST"_s, u"QUAD_GANTRY_LEVEL"_s, u"SCREWS_TILT_CALCULATE"_s, u"PLR_Z_HOME"_s, u"FIRMWARE_RESTART"_s, u"RESTART"_s};
    for (auto line = console.rbegin(); line != console.rend() && line->time >= since; ++line) {
        if (!line->command)
            continue;
        for (const QString& text : line->text.split(u'\n')) {
            const QString word = text.trimmed().section(u' ', 0, 0).toUpper();
            if (words.contains(word))
                return text.simplified().left(200).toStdString();
        }
    }
    return {};
}

void applyReadiness(PlanFacts& facts, const link::Readiness& readiness)
{
    recovery::GateFacts& gate = facts.gate;
    gate.freeDisk = readiness.freeDisk;
    if (readiness.idleTimeout)
        gate.idleTimeout = readiness.idleTimeout;
    gate.hostUptime = readiness.uptime;
    if (readiness.powerFlags)
        gate.hostPower = readiness.powerFlags->join(u", "_s).toStdString();
    if (readiness.queuedJobs) {
        gate.queuedJobs = static_cast<std::size_t>(*readiness.queuedJobs);
        const bool waits = readiness.queueState == "paused"_L1 || (*readiness.queuedJobs == 0 && readiness.queueState == "ready"_L1);
        gate.queueBusy = !waits;
    }
    if (readiness.filament) {
        gate.filament.emplace();
        for (const link::FilamentSensor& sensor : *readiness.filament)
            gate.filament->push_back({sensor.name.toStdString(), sensor.motion, sensor.enabled, sensor.detected});
    }
    if (!readiness.controllers.empty())
        gate.controllers.emplace();
    for (const auto& [name, version] : readiness.controllers)
        (*gate.controllers)[name.toStdString()] = version.toStdString();
    if (!readiness.motors.empty())
        gate.motors.emplace();
    for (const auto& [name, on] : readiness.motors)
        (*gate.motors)[name.toStdString()] = on;
}

void applyVariables(PlanFacts& facts, const QJsonObject& variables)
{
    std::map<std::string, klipper::Value> values;
    for (auto it = variables.begin(); it != variables.end(); ++it)
        values.emplace(it.key().toStdString(), toValue(it.value()));
    // Unreadable is as good as never calibrated.
    facts.gate.plrCalibration = klipper::readPlrCalibration(values).value_or(klipper::PlrCalibration{});
}

void gatherFacts(Session& session, const PlanQuestion& question, QObject* context, std::function<void(const PlanFacts&)> reply)
{
    auto* gathering = new Gathering(session, question, context, std::move(reply));
    gathering->start();
}

} // namespace kintsugi::app
