// SPDX-License-Identifier: GPL-3.0-or-later
#include "resumeflowfacts.h"

#include <span>

#include <QJsonObject>

#include "pluginstate.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

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
    }
    void start()
    {
        if (m_session.driver().linkState() != link::LinkState::Connected) {
            m_facts.unread = Error{.code = ErrorCode::Disconnected};
            return end();
        }
        if (const QString& version = m_session.host().softwareVersion; !version.isEmpty())
            m_facts.gate.softwareVersion = version.toStdString();
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
                        m_facts.gate.fileOnPrinter = recovery::FileIdentity{remote.toStdString(), file.size, std::nullopt};
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
        const auto blocks = proofBlocks(m_question.file->index->size);
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

std::vector<link::Driver::Block> proofBlocks(std::uint64_t size)
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
    return blocks;
}

recovery::BlockProof compareBlocks(const gcode::Source& local, const std::vector<link::Driver::Block>& blocks, const std::vector<QByteArray>& remote)
{
    recovery::BlockProof proof{.compared = blocks.size()};
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
        if (const auto minimum = number(section, "position_min"_L1))
            facts.printer.minimum[i] = *minimum;
        if (const auto maximum = number(section, "position_max"_L1))
            facts.printer.maximum[i] = *maximum;
    }
    if (settings.contains("stepper_z"_L1))
        facts.printer.fourZ = settings.contains("stepper_z3"_L1);
    facts.gate.idleTimeout = number(settings.value("idle_timeout"_L1).toObject(), "timeout"_L1);

    const QJsonObject plugin = settings.value("power_loss_recovery"_L1).toObject();
    facts.beforeResume = plugin.value("before_resume_gcode"_L1).toString().toStdString();
    facts.afterResume = plugin.value("after_resume_gcode"_L1).toString().toStdString();

    std::vector<std::string> macros;
    const auto take = [&](QLatin1String section, QLatin1String key) {
        if (settings.contains(section))
            macros.push_back(settings.value(section).toObject().value(key).toString(section).toStdString());
    };
    take("homing_override"_L1, "gcode"_L1);
    take("gcode_macro g28"_L1, "gcode"_L1);
    take("gcode_macro G28"_L1, "gcode"_L1);
    take("safe_z_home"_L1, "home_xy_position"_L1);
    facts.printer.homeXyIsPlain = macros.empty();
    facts.printer.plrPresent = settings.contains("power_loss_recovery"_L1);
    facts.gate.macrosHomingZ = std::move(macros);
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
