// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <QFile>
#include <QFileInfo>

#include "plugin.h"

namespace kintsugi::sim {

using namespace Qt::StringLiterals;

namespace {

constexpr std::string_view setupMark = ";;;;; PLR_RESUME - INITIAL PRINTER SETUP STARTS ;;;;;";
constexpr std::string_view printMark = ";;;;; PLR_RESUME - PRINT GCODE STARTS ;;;;;";
constexpr auto restartGcode = "_PLR_RESUME_PRINT_START";

std::string fixed(double value, int digits)
{
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, value);
    return text.data();
}

std::vector<std::string> textLines(const QByteArray& bytes)
{
    // Text mode: every kind of line end becomes one newline, so offsets shift as they do in the plugin.
    QByteArray text = bytes;
    text.replace("\r\n", "\n").replace('\r', '\n');
    std::vector<std::string> lines;
    for (qsizetype at = 0; at < text.size();) {
        qsizetype end = text.indexOf('\n', at);
        end = end < 0 ? text.size() : end + 1;
        lines.push_back(text.mid(at, end - at).toStdString());
        at = end;
    }
    return lines;
}

std::int64_t characters(const std::string& line)
{
    return QString::fromStdString(line).size();
}

bool startsComment(const std::string& line)
{
    return line.size() > 1 ? line[0] == ';' && line[1] != ';' : !line.empty() && line[0] == ';';
}

} // namespace

bool Plugin::valid(const PyValue& state) const
{
    const auto number = [](const PyValue* parent, const char* key) {
        const PyValue* value = parent == nullptr ? nullptr : parent->find(key);
        return value != nullptr && value->number().has_value();
    };
    const PyValue* position = state.find("position");
    const PyValue* progress = state.find("file_progress");
    return number(position, "x") && number(position, "y") && number(position, "z") && number(progress, "position")
           && number(progress, "total_size") && number(progress, "progress_pct") && number(&state, "layer")
           && number(&state, "layer_height") && number(&state, "hotend_temp") && number(&state, "bed_temp")
           && number(&state, "save_time") && number(&state, "collection_time");
}

Task Plugin::resume()
{
    m_resuming = true;
    const auto it = m_host.variables().find("resume_meta_info");
    if (it == m_host.variables().end() || !valid(it->second)) {
        m_host.info("No valid saved state found");
        co_return {};
    }
    const PyValue state = it->second;
    const PyValue* name = state.find("current_file");
    if (name == nullptr || name->text() == nullptr || name->text()->empty()) {
        m_host.info("No filename found in saved state");
        co_return {};
    }
    const double position = *state.find("file_progress")->find("position")->number();
    const PyValue& zValue = *state.find("position")->find("z");
    log("PowerLossRecovery: Found saved Z position: " + zValue.repr());
    const QString relative = QString::fromStdString(*name->text());
    const QString path = m_host.gcodes() + u'/' + relative;
    const QString backup = path + u".plr"_s;
    if (!QFile::exists(path)) {
        m_host.info("Original gcode file not found: " + path.toStdString());
        co_return {};
    }
    QFile::remove(backup);
    QFile::rename(path, backup);
    m_host.world().fileMoved(path, backup);
    const auto offset = static_cast<std::int64_t>(position);
    log("PowerLossRecovery: Renamed original file to " + backup.toStdString());
    log("PowerLossRecovery: Modifying " + path.toStdString() + " to resume from position " + std::to_string(offset));
    if (!writeResumeFile(backup, path, offset, *zValue.number())) {
        QFile::remove(path);
        QFile::rename(backup, path);
        m_host.world().fileMoved(backup, path);
        m_host.info("Error creating modified gcode file");
        co_return {};
    }
    m_host.world().fileWritten(path);
    log("PowerLossRecovery: Successfully created modified file: " + path.toStdString());
    log("PowerLossRecovery: Original file backed up as: " + backup.toStdString());
    const std::string base = QFileInfo(path).fileName().toStdString();
    if (auto failure = co_await m_host.script("SDCARD_PRINT_FILE FILENAME=\"" + base + "\"")) {
        m_host.info("Error starting print: " + *failure);
        co_return {};
    }
    const PyValue* percent = state.find("file_progress")->find("progress_pct");
    m_host.info("Created and started power loss recovery file: " + base + "\nOriginal file: " + relative.toStdString()
                + "\nResume position: " + std::to_string(offset) + " (" + fixed(*percent->number(), 1) + "%)");
    co_return {};
}

bool Plugin::writeResumeFile(const QString& source, const QString& target, std::int64_t position, double z)
{
    QFile in(source);
    if (!in.open(QIODevice::ReadOnly))
        return false;
    std::string result;
    bool setup = false;
    bool print = false;
    bool inComment = false;
    std::int64_t at = 0;
    for (const std::string& line : textLines(in.readAll())) {
        const std::int64_t end = at + characters(line);
        at = end;
        // A mark right behind a comment line is taken for a part of that comment.
        const bool comment = startsComment(line) || (inComment && !line.empty() && line[0] == ';');
        inComment = comment;
        const auto isMark = [&line, comment](std::string_view mark) {
            return !comment && line.find(mark) != std::string::npos;
        };
        if (!setup) {
            result += line;
            if (isMark(setupMark)) {
                setup = true;
                log("Writing 1 restart G-code lines");
                log(std::string("Writing line: '") + restartGcode + "'");
                const std::string lift = "G1 Z" + fixed(z, 3) + " F3000 ; Restore Z height from last layer";
                log("Writing Z restore: " + lift);
                log("Using saved Z position: " + pythonFloat(z));
                result += std::string(restartGcode) + "\n" + lift + "\n";
            }
        } else if (!print && isMark(printMark)) {
            print = true;
            result += line;
        } else if (comment || end >= position) {
            result += line;
        }
    }
    if (!setup || !print) {
        log("PowerLossRecovery: Required placeholders not found in gcode file");
        return false;
    }
    QFile out(target);
    return out.open(QIODevice::WriteOnly)
           && out.write(result.data(), static_cast<qint64>(result.size())) == static_cast<qint64>(result.size());
}

Task Plugin::resumeMacro()
{
    const auto it = m_host.variables().find("resume_meta_info");
    const PyValue* place = it == m_host.variables().end() ? nullptr : it->second.find("position");
    if (place == nullptr || !valid(it->second)) {
        co_return std::string("Error evaluating 'gcode_macro _PLR_RESUME_PRINT_START:gcode': "
                              "jinja2.exceptions.UndefinedError: 'dict object' has no attribute 'position'");
    }
    co_return co_await m_host.script("_PLR_RESUME_READY\nPLR_Z_HOME MODE=RESUME\nPLR_ENABLE\nG90\nM107\nG92 E0\n"
                                     "G1 E5.0 F1800\nG1 X" + place->find("x")->repr() + " Y" + place->find("y")->repr()
                                     + " Z" + place->find("z")->repr() + " F3000\nG92 E0\nG90\nG21\nM83");
}

Task Plugin::readyMacro()
{
    const auto it = m_host.variables().find("resume_meta_info");
    if (it == m_host.variables().end() || !valid(it->second))
        co_return std::string("Error evaluating 'gcode_macro _PLR_RESUME_READY:gcode'");
    const MachineOptions& o = m_host.options();
    co_return co_await m_host.script("M140 S" + it->second.find("bed_temp")->repr() + "\nM109 S"
                                     + it->second.find("hotend_temp")->repr() + "\nSET_KINEMATIC_POSITION X="
                                     + pythonFloat(o.bedX / 2) + " Y=" + pythonFloat(o.bedY / 2)
                                     + " Z=0\nG91\nG1 Z5 F1200\nG90");
}

Task Plugin::beforeResumeMacro()
{
    const MachineOptions& o = m_host.options();
    co_return co_await m_host.script("G28 X Y\nG1 X" + pythonFloat(o.bedX / 2) + " Y" + pythonFloat(o.bedY / 2)
                                     + " F2000\nSET_KINEMATIC_POSITION Z=0");
}

} // namespace kintsugi::sim
