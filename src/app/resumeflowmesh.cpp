// SPDX-License-Identifier: GPL-3.0-or-later
#include "resumeflowmesh.h"

#include <QDateTime>
#include <QFile>

#include "errortext.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;
using Stage = MeshRestore::Stage;

namespace {

const QString configuration = u"printer.cfg"_s;
constexpr qint64 largest = 4 << 20;     ///< bytes of printer.cfg
constexpr int restartPatience = 60'000; ///< ms a host may take to come back

Error unsafe(const char* field, std::string detail)
{
    return Error{.code = ErrorCode::Unsafe, .detail = std::move(detail), .field = field};
}

/// Why the host must not be restarted now; nullopt = it may.
std::optional<Error> obstacle(const recovery::Sample& now)
{
    if (now.printState == "printing" || now.printState == "paused")
        return Error{.code = ErrorCode::Busy, .detail = now.printState};
    if (now.homedAxes.find('z') != std::string::npos && now.printState != "complete" && now.printState != "cancelled")
        return unsafe("toolhead.homed_axes", "the restart would lose the Z that is registered");
    for (const auto& [name, heater] : now.heaters) {
        if (heater.target.value_or(0) > 0)
            return unsafe("heater.target", "the restart would switch off " + name + ": switch it off first");
    }
    return std::nullopt;
}

} // namespace

MeshRepair::MeshRepair(Session& session) : m_session(session)
{
    m_state.profile = QString::fromUtf8(recovery::ownMeshProfile.data(), qsizetype(recovery::ownMeshProfile.size()));
    m_patience.setSingleShot(true);
    m_patience.setInterval(restartPatience);
    connect(&m_patience, &QTimer::timeout, this, [this] { give(Error{.code = ErrorCode::Timeout}); });
}

bool MeshRepair::canUndo() const
{
    const bool rests = m_state.stage == Stage::Restored || m_state.stage == Stage::Idle || m_state.stage == Stage::Proposed;
    return m_written && rests;
}

void MeshRepair::setStage(Stage stage)
{
    m_state.stage = stage;
    emit changed();
}

void MeshRepair::give(const Error& error)
{
    m_watch.reset();
    m_patience.stop();
    setStage(m_written ? Stage::Restored : m_fallback);
    emit failed(error);
}

void MeshRepair::recall()
{
    if (m_state.stage != Stage::Idle || m_written)
        return;
    m_session.archive().ask<std::optional<ConfigRepair>>(
        this, [printer = m_session.profile().id](Store& store) { return store.openRepair(printer); },
        [this](const Result<std::optional<ConfigRepair>>& repair) {
            if (!repair || !*repair)
                return;
            lookAtConfiguration([this, kept = **repair](const Result<std::string>& present) {
                if (m_state.stage != Stage::Idle || m_written)
                    return;
                if (present && *present == kept.before.toStdString()) // somebody put it back, or nothing was written
                    return forget([] {});
                m_before = kept.before.toStdString();
                m_after = kept.after.toStdString();
                m_state.keptAs = kept.keptAs;
                m_written = true;
                setStage(Stage::Restored);
            });
        });
}

// ---- the three presses -------------------------------------------------------------------------------------------

void MeshRepair::propose(const recovery::SharedMesh& used)
{
    const bool rests = m_state.stage == Stage::Idle || m_state.stage == Stage::Proposed;
    if (!rests || m_written)
        return emit failed(Error{.code = ErrorCode::Busy});
    if (!used)
        return emit failed(Error{.code = ErrorCode::UnknownState, .field = "mesh"});
    m_mesh = used;
    m_fallback = Stage::Idle;
    m_state.difference.clear();
    setStage(Stage::Reading);
    m_session.driver().readSettings(this, [this](const Result<QJsonObject>& settings) {
        if (!settings)
            return give(settings.error());
        if (!settings->contains("bed_mesh"_L1)) // Klipper would not start with a profile of what is not configured
            return give(Error{.code = ErrorCode::NotSupported, .field = "bed_mesh"});
        readConfiguration([this](const std::string& text) {
            auto made = recovery::withMeshProfile(text, *m_mesh, std::string(recovery::ownMeshProfile));
            if (!made)
                return give(made.error());
            m_before = text;
            m_after = std::move(*made);
            m_state.difference = QString::fromStdString(recovery::difference(m_before, m_after));
            setStage(Stage::Proposed);
        });
    });
}

void MeshRepair::restore()
{
    if (m_state.stage != Stage::Proposed)
        return emit failed(Error{.code = ErrorCode::Busy});
    m_fallback = Stage::Proposed;
    const auto time = QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(m_session.now() * 1000), Qt::UTC);
    // Not *.cfg: an [include *.cfg] would read it.
    m_state.keptAs = configuration + u".kintsugi-"_s + time.toString(u"yyyyMMdd-HHmmss"_s);
    setStage(Stage::Writing);
    whenIdle([this] {
        write(m_before, m_state.keptAs, false, [this] {
            remember([this] {
                replace(m_before, m_after, [this] {
                    m_written = true;
                    restart([this] { verify(); });
                });
            });
        });
    });
}

void MeshRepair::undo()
{
    if (!canUndo())
        return emit failed(Error{.code = ErrorCode::Busy});
    setStage(Stage::Undoing);
    const auto putBack = [this] {
        replace(m_after, m_before, [this] {
            m_written = false;
            m_fallback = Stage::Idle;
            forget([this] {
                restart([this] {
                    m_state.difference.clear();
                    setStage(Stage::Idle);
                    emit settled();
                });
            });
        });
    };
    if (m_session.host().state == link::HostState::Error) // it refuses to start with our text: nothing can be running
        putBack();
    else
        whenIdle(putBack);
}

// ---- steps -------------------------------------------------------------------------------------------------------

void MeshRepair::whenIdle(const Next& next)
{
    m_session.driver().readStatus(this, [this, next](const Result<recovery::Sample>& now) {
        if (!now)
            return give(now.error());
        if (const auto why = obstacle(*now))
            return give(*why);
        next();
    });
}

void MeshRepair::readConfiguration(const Read& next)
{
    lookAtConfiguration([this, next](const Result<std::string>& text) {
        if (text)
            next(*text);
        else
            give(text.error());
    });
}

void MeshRepair::lookAtConfiguration(const Look& reply)
{
    const QString local = m_folder.filePath(u"read"_s);
    QFile::remove(local);
    m_session.driver().download(u"config"_s, configuration, local, 0, {}, this, [local, reply](const Result<link::RemoteFile>& got) {
        if (!got)
            return reply(fail(got.error()));
        QFile file(local);
        if (!file.open(QIODevice::ReadOnly))
            return reply(fail(Error{.code = ErrorCode::FileUnreadable, .detail = file.errorString().toStdString(), .file = local.toStdString()}));
        if (file.size() > largest)
            return reply(fail(Error{.code = ErrorCode::BadValue, .file = configuration.toStdString(), .measured = double(file.size()), .limit = double(largest)}));
        reply(file.readAll().toStdString());
    });
}

void MeshRepair::write(const std::string& text, const QString& to, bool overwrite, const Next& next)
{
    const QString local = m_folder.filePath(u"write"_s);
    QFile file(local);
    const auto size = static_cast<qint64>(text.size());
    if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate) || file.write(text.data(), size) != size || !file.flush())
        return give(Error{.code = ErrorCode::WriteFailed, .detail = file.errorString().toStdString(), .file = local.toStdString()});
    m_session.journalled(u"upload"_s, u"config/"_s + to, 0, this, [=, this](const Result<Session::Outcome>& written) {
        if (!written)
            return give(written.error());
        m_session.driver().upload(local, u"config"_s, to, overwrite, {}, this, [this, next, done = *written](const Result<link::RemoteFile>& result) {
            done(result ? u"ok"_s : errorText(result.error()).what);
            if (!result)
                return give(result.error());
            next();
        });
    });
}

/// Nobody else's change is overwritten, and what was written is read back.
void MeshRepair::replace(const std::string& expected, const std::string& text, const Next& next)
{
    readConfiguration([=, this](const std::string& present) {
        if (present == text)
            return next();
        if (present != expected)
            return give(Error{.code = ErrorCode::FileChanged, .file = configuration.toStdString()});
        write(text, configuration, true, [=, this] {
            readConfiguration([=, this](const std::string& stored) {
                if (stored != text)
                    return give(Error{.code = ErrorCode::FileChanged, .file = configuration.toStdString()});
                next();
            });
        });
    });
}

/// Before anything is written, so that no crash can leave a change without its way back.
void MeshRepair::remember(const Next& next)
{
    const ConfigRepair repair{0, m_session.now(), QByteArray::fromStdString(m_before), QByteArray::fromStdString(m_after), m_state.keptAs};
    m_session.archive().ask<qint64>(
        this, [printer = m_session.profile().id, repair](Store& store) { return store.addRepair(printer, repair); },
        [this, next](const Result<qint64>& id) {
            if (!id)
                return give(id.error());
            next();
        });
}

void MeshRepair::forget(const Next& next)
{
    m_session.archive().ask<bool>(
        this,
        [printer = m_session.profile().id](Store& store) -> Result<bool> {
            if (const auto ended = store.endRepairs(printer); !ended)
                return fail(ended.error());
            return true;
        },
        [next](const Result<bool>&) { next(); }); // not noted: recall() finds the old text and asks again
}

void MeshRepair::restart(const Next& next)
{
    if (m_state.stage == Stage::Writing)
        setStage(Stage::Restarting);
    m_session.journalled(u"restart"_s, u"RESTART"_s, 0, this, [this, next](const Result<Session::Outcome>& written) {
        if (!written)
            return give(written.error());
        m_left = false;
        m_whenReady = next;
        m_watch = std::make_unique<QObject>();
        connect(&m_session.driver(), &link::Driver::hostChanged, m_watch.get(), [this](const link::HostInfo& host) { watch(host); });
        m_patience.start();
        m_session.driver().restartHost(false, this, [this, done = *written](const Result<>& result) {
            done(Session::outcomeText(result));
            if (!result)
                give(result.error());
        });
    });
}

void MeshRepair::watch(const link::HostInfo& host)
{
    const bool refused = host.state == link::HostState::Error && m_left;
    m_left = m_left || (host.state != link::HostState::Ready && host.state != link::HostState::Error);
    if (refused)
        return give(Error{.code = ErrorCode::Refused, .detail = host.stateMessage.toStdString()});
    if (host.state != link::HostState::Ready || !m_left)
        return;
    m_watch.release()->deleteLater(); // it is what called us
    m_patience.stop();
    std::exchange(m_whenReady, nullptr)();
}

void MeshRepair::verify()
{
    m_session.driver().readMeshes(this, [this](const Result<link::Driver::MeshProfiles>& present) {
        if (!present)
            return give(present.error());
        const auto advice = recovery::meshAdvice(*m_mesh, m_mesh->profile, *present, 0);
        if (advice.kind != recovery::MeshAdvice::Kind::LoadProfile)
            return give(Error{.code = ErrorCode::BadReply, .field = "bed_mesh.profiles"});
        setStage(Stage::Restored);
        emit settled();
    });
}

} // namespace kintsugi::app
