// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDirIterator>

#include "klippyhost.h"

namespace kintsugi::sim {

using namespace Qt::StringLiterals;

// -- print_stats

void Host::setPrintState(const std::string& state)
{
    if (m_stats.state == state)
        return;
    m_stats.state = state;
    m_world.printState(QString::fromStdString(state));
}

void Host::updateFilament()
{
    if (!m_stats.started || m_stats.pausedAt)
        return;
    m_stats.filament += (m_gcode.last[3] - m_stats.lastE) / m_gcode.extrudeFactor;
    m_stats.lastE = m_gcode.last[3];
}

/// Time counts as printing once filament was used.
void Host::refreshStats()
{
    if (!m_stats.started || m_stats.pausedAt)
        return;
    const double used = m_stats.filament + (m_gcode.last[3] - m_stats.lastE) / m_gcode.extrudeFactor;
    if (used < 1e-7)
        m_stats.prePrint = eventTime() - *m_stats.started - m_stats.paused;
}

void Host::noteStart()
{
    PrintStats& s = m_stats;
    if (!s.started) {
        s.started = eventTime();
    } else if (s.pausedAt) {
        s.paused += eventTime() - *s.pausedAt;
        s.pausedAt.reset();
    }
    s.lastE = m_gcode.last[3];
    s.message.clear();
    setPrintState("printing");
}

void Host::notePause()
{
    if (!m_stats.pausedAt) {
        refreshStats();
        updateFilament();
        m_stats.pausedAt = eventTime();
    }
    if (m_stats.state != "error")
        setPrintState("paused");
}

void Host::noteFinish(const std::string& state, const std::string& message)
{
    if (!m_stats.started)
        return;
    refreshStats();
    updateFilament();
    if (m_stats.pausedAt)
        m_stats.paused += eventTime() - *m_stats.pausedAt;
    m_stats.total = eventTime() - *m_stats.started;
    m_stats.pausedAt.reset();
    m_stats.started.reset();
    m_stats.message = message;
    setPrintState(state);
}

void Host::resetStats()
{
    const std::string before = m_stats.state;
    m_stats = {};
    m_stats.state = before;
    setPrintState("standby");
}

Failure Host::cmdPrintInfo(const GcodeLine& line)
{
    if (const auto total = line.number("TOTAL_LAYER")) {
        m_stats.totalLayer = *total > 0 ? std::optional(static_cast<int>(*total)) : std::nullopt;
        if (!m_stats.totalLayer)
            m_stats.currentLayer.reset();
        else if (!m_stats.currentLayer)
            m_stats.currentLayer = 0;
    }
    if (const auto current = line.number("CURRENT_LAYER"); current && m_stats.totalLayer)
        m_stats.currentLayer = std::min(static_cast<int>(*current), *m_stats.totalLayer);
    return {};
}

// -- virtual_sdcard

QStringList Host::gcodeFiles(bool subfolders) const
{
    QStringList names;
    const QDir root(gcodes());
    if (!subfolders)
        return root.entryList(QDir::Files, QDir::Name);
    QDirIterator it(root.path(), {u"*.gcode"_s, u"*.g"_s, u"*.gco"_s}, QDir::Files, QDirIterator::Subdirectories);
    while (it.hasNext())
        names.append(root.relativeFilePath(it.next()));
    return names;
}

Failure Host::loadFile(QString name, bool subfolders)
{
    const QStringList known = gcodeFiles(subfolders);
    if (!known.contains(name)) {
        QString found;
        for (const QString& other : known) {
            if (other.compare(name, Qt::CaseInsensitive) == 0)
                found = other;
        }
        if (found.isEmpty())
            return "Unable to open file";
        name = found;
    }
    auto file = std::make_unique<QFile>(QString(gcodes() + u'/' + name));
    if (!file->open(QIODevice::ReadOnly))
        return "Unable to open file";
    m_fileSize = file->size();
    m_filePosition = 0;
    m_file = std::move(file);
    m_fileName = name;
    m_fileIndex = machine().fileIndex(name.toStdString());
    m_world.fileStarted(m_file->fileName(), m_fileIndex);
    say("File opened:" + name.toStdString() + " Size:" + std::to_string(m_fileSize));
    say("File selected");
    m_stats.filename = name;
    return {};
}

Task Host::pauseFile()
{
    if (m_working) {
        m_mustPause = true;
        while (m_working && !m_fromFile)
            co_await sleep(0.001);
    }
    co_return {};
}

Task Host::resetFile()
{
    if (m_file) {
        co_await pauseFile();
        m_file.reset();
    }
    m_filePosition = m_fileSize = 0;
    resetStats();
    m_objects = {};
    m_excluded.clear();
    m_currentObject.clear();
    m_displayProgress.reset();
    co_return {};
}

Failure Host::resumeFile()
{
    if (m_working)
        return "SD busy";
    m_mustPause = false;
    m_working = true;
    m_reactor.spawn(work());
    return {};
}

std::optional<std::string> Host::nextLine()
{
    for (;;) {
        const std::size_t end = m_pending.find('\n', m_pendingAt);
        if (end != std::string::npos) {
            std::string line = m_pending.substr(m_pendingAt, end - m_pendingAt);
            m_pendingAt = end + 1;
            return line;
        }
        m_pending.erase(0, m_pendingAt);
        m_pendingAt = 0;
        const QByteArray more = m_file->read(8192);
        if (more.isEmpty())
            return std::nullopt; // a last line without line end is never executed
        m_pending.append(more.constData(), static_cast<std::size_t>(more.size()));
    }
}

Task Host::work()
{
    co_await sleep(0);
    noteStart();
    m_pending.clear();
    m_pendingAt = 0;
    if (m_file)
        m_file->seek(m_filePosition);
    std::string failed;
    while (!m_mustPause && m_file) {
        if (m_mutex.held()) {
            co_await sleep(0.1);
            continue;
        }
        const auto line = nextLine();
        if (!line) {
            m_file.reset();
            say("Done printing file");
            break;
        }
        m_nextFilePosition = m_filePosition + static_cast<qint64>(line->size()) + 1;
        const qint64 expected = m_nextFilePosition;
        m_fromFile = true;
        co_await m_mutex.lock();
        m_origin = {static_cast<std::uint64_t>(m_filePosition), m_fileIndex};
        const Failure failure = co_await script(*line);
        if (failure) {
            failed = *failure;
            if (!halted())
                co_await script("TURN_OFF_HEATERS");
        }
        m_origin = {};
        m_mutex.unlock(m_now);
        m_fromFile = false;
        if (failure)
            break;
        m_filePosition = m_nextFilePosition;
        if (m_nextFilePosition != expected && m_file) {
            m_file->seek(m_filePosition);
            m_pending.clear();
            m_pendingAt = 0;
        }
    }
    m_working = false;
    if (!failed.empty() && !halted())
        noteFinish("error", failed);
    else if (m_file || halted())
        notePause();
    else
        noteFinish("complete");
    co_return {};
}

Task Host::cmdSelectFile(const GcodeLine& line)
{
    if (m_working)
        co_return std::string("SD busy");
    co_await resetFile();
    std::string name = line.rest.substr(0, line.rest.find(';'));
    while (!name.empty() && name.back() == ' ')
        name.pop_back();
    if (!name.empty() && name.front() == '/')
        name.erase(0, 1);
    co_return loadFile(QString::fromStdString(name), false);
}

Task Host::cmdPrintFile(const GcodeLine& line)
{
    if (m_working)
        co_return std::string("SD busy");
    co_await resetFile();
    std::string name = line.word("FILENAME");
    if (!name.empty() && name.front() == '/')
        name.erase(0, 1);
    if (auto failure = loadFile(QString::fromStdString(name), true))
        co_return failure;
    co_return resumeFile();
}

Task Host::cmdResetFile(const GcodeLine& /*line*/)
{
    if (m_fromFile)
        co_return std::string("SDCARD_RESET_FILE cannot be run from the sdcard");
    co_return co_await resetFile();
}

Failure Host::cmdListFiles(const GcodeLine& /*line*/)
{
    say("Begin file list");
    const QStringList names = gcodeFiles(false);
    for (const QString& name : names)
        say(name.toStdString() + " " + std::to_string(QFileInfo(QString(gcodes() + u'/' + name)).size()));
    say("End file list");
    return {};
}

Failure Host::cmdStartFile(const GcodeLine& /*line*/)
{
    return resumeFile();
}

Task Host::cmdPauseFile(const GcodeLine& /*line*/)
{
    co_return co_await pauseFile();
}

Failure Host::cmdSetFilePosition(const GcodeLine& line)
{
    if (m_working && !m_fromFile)
        return "SD busy";
    m_filePosition = static_cast<qint64>(line.value('S').value_or(0));
    return {};
}

Failure Host::cmdFileStatus(const GcodeLine& /*line*/)
{
    if (!m_file)
        say("Not SD printing.");
    else
        say("SD printing byte " + std::to_string(m_filePosition) + "/" + std::to_string(m_fileSize));
    return {};
}

Failure Host::cmdNoWrite(const GcodeLine& /*line*/)
{
    return "SD write not supported";
}

// -- pause_resume

Task Host::cmdPause(const GcodeLine& /*line*/)
{
    if (m_paused) {
        info("Print already paused");
        co_return {};
    }
    m_filePaused = m_working;
    if (m_working)
        co_await pauseFile();
    else
        info("action:paused");
    m_savedStates["PAUSE_STATE"] = m_gcode;
    m_paused = true;
    co_return {};
}

Task Host::cmdResume(const GcodeLine& /*line*/)
{
    if (!m_paused) {
        info("Print is not paused, resume aborted");
        co_return {};
    }
    if (auto failure = co_await script("RESTORE_GCODE_STATE NAME=PAUSE_STATE MOVE=1 MOVE_SPEED=50"))
        co_return failure;
    m_paused = false;
    if (!std::exchange(m_filePaused, false)) {
        info("action:resumed");
        co_return {};
    }
    co_return resumeFile();
}

Task Host::cmdCancel(const GcodeLine& /*line*/)
{
    if (m_working || m_filePaused) {
        if (m_file) {
            co_await pauseFile();
            m_file.reset();
            noteFinish("cancelled");
        }
        m_filePosition = m_fileSize = 0;
    } else {
        info("action:cancel");
    }
    m_paused = m_filePaused = false;
    co_return {};
}

Failure Host::cmdClearPause(const GcodeLine& /*line*/)
{
    m_paused = m_filePaused = false;
    return {};
}

} // namespace kintsugi::sim
