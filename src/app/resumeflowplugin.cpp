// SPDX-License-Identifier: GPL-3.0-or-later
#include "resumeflowplugin.h"

#include <QFile>
#include <QFileInfo>

#include "klipper/plrstate.h"
#include "recovery/plangcode.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

constexpr qint64 largest = 1 << 20; ///< bytes of variables.cfg

/// A Python float: never without a point, or the plugin's type check refuses it.
QString real(double value, int decimals)
{
    QString text = QString::fromStdString(decimal(value, decimals));
    if (!text.contains(u'.'))
        text += u".0"_s;
    return text;
}

QString three(const std::array<double, 3>& values)
{
    return u"{'x': %1, 'y': %2, 'z': %3}"_s.arg(real(values[0], 3), real(values[1], 3), real(values[2], 3));
}

bool isPlain(const QString& name)
{
    return !name.isEmpty() && std::none_of(name.begin(), name.end(), [](QChar c) {
        return c.unicode() < 0x20 || c.unicode() == 0x7f || u"'\"\\%;#{}"_s.contains(c);
    });
}

/// What Klipper stores of a literal may be spelt otherwise: compared by value.
bool sameValue(const QString& a, const QString& b);

bool equal(const klipper::Value& a, const klipper::Value& b)
{
    if (a.number() || b.number())
        return a.number() == b.number();
    if (a.text() || b.text())
        return a.text() && b.text() && *a.text() == *b.text();
    if (const auto *x = a.dict(), *y = b.dict(); x && y) {
        return x->size() == y->size() && std::all_of(x->begin(), x->end(), [&b](const auto& item) {
            const klipper::Value* other = b.at(item.key);
            return other && equal(item.value, *other);
        });
    }
    if (const auto *x = a.list(), *y = b.list(); x && y)
        return std::equal(x->begin(), x->end(), y->begin(), y->end(), equal);
    return a.data.index() == b.data.index() && (!std::holds_alternative<bool>(a.data) || std::get<bool>(a.data) == std::get<bool>(b.data));
}

bool sameValue(const QString& a, const QString& b)
{
    const auto x = klipper::parsePythonLiteral(a.toStdString()), y = klipper::parsePythonLiteral(b.toStdString());
    return x && y && equal(*x, *y);
}

} // namespace

Result<QString> pluginLiteral(const recovery::Snapshot& snapshot, const gcode::FileIndex& index)
{
    const QString file = QString::fromStdString(snapshot.file.name);
    if (!isPlain(file))
        return fail(Error{.code = ErrorCode::BadValue, .file = snapshot.file.name, .field = "file"});
    const gcode::MachineState& state = snapshot.state;
    std::array<double, 3> position{}, offsets{};
    for (std::size_t i = 0; i < 3; ++i) {
        if (!state.position[i])
            return fail(Error{.code = ErrorCode::UnknownState, .field = std::string("position.") + static_cast<char>('x' + i)});
        const auto offset = state.gcodeOffset.find(std::string(1, static_cast<char>('X' + i)));
        offsets[i] = offset == state.gcodeOffset.end() ? 0 : offset->second;
        position[i] = gcode::toMillimetres(*state.position[i]) + offsets[i]; // the plugin saves the machine's
    }
    const auto hotend = state.hotend.find(state.tool);
    if (hotend == state.hotend.end())
        return fail(Error{.code = ErrorCode::UnknownState, .field = "hotend"});
    const auto fan = state.fans.find("0");
    const gcode::Layer* layer = index.layerAt(snapshot.byte);
    const double height = layer ? layer->z.value_or(layer->highestZ) : position[2];
    const double percent = index.size > 0 ? 100.0 * static_cast<double>(snapshot.byte) / static_cast<double>(index.size) : 0;
    const QString progress = u"{'position': %1, 'total_size': %2, 'progress_pct': %3}"_s.arg(
        QString::number(snapshot.byte), QString::number(index.size), real(percent, 2));
    return u"{'position': %1, 'xyz_offsets': %2, 'fan_speeds': {'fan': %3}, 'layer': %4, 'layer_height': %5, 'file_progress': %6,"
           " 'active_extruder': '%7', 'hotend_temp': %8, 'bed_temp': %9, "_s
               .arg(three(position), three(offsets), real(fan == state.fans.end() ? 0 : fan->second / 255, 3),
                    QString::number(snapshot.layer.value_or(layer ? layer->index : 0)), real(height, 3), progress,
                    QString::fromStdString(recovery::write::heaterName(state.tool)), real(hotend->second, 1), real(state.bed.value_or(0), 1))
        + u"'save_time': 0.0, 'current_file': '"_s + file
        + u"', 'collection_time': 0.0, 'mcu_status': {'moves_pending': 0, 'min_move_time': 0, 'max_move_time': 0}}"_s;
}

std::optional<QString> saveStateCommand(const QString& literal)
{
    const bool odd = std::any_of(literal.begin(), literal.end(), [](QChar c) { return c.unicode() < 0x20 || c == u'\\' || c == u'%'; });
    const QChar quote = !literal.contains(u'"') ? u'"' : u'\'';
    if (odd || literal.contains(quote) || !klipper::parsePythonLiteral(literal.toStdString()))
        return std::nullopt;
    return u"SAVE_VARIABLE VARIABLE=resume_meta_info VALUE="_s + quote + literal + quote;
}

void PluginWriter::give(const Error& error)
{
    m_busy = false;
    emit changed();
    emit failed(error);
}

void PluginWriter::forget()
{
    m_former.reset();
    emit changed();
}

void PluginWriter::write(const recovery::Snapshot& snapshot, const gcode::FileIndex& index)
{
    if (m_busy || m_former)
        return emit failed(Error{.code = ErrorCode::Busy});
    const auto literal = pluginLiteral(snapshot, index);
    if (!literal)
        return emit failed(literal.error());
    m_busy = true;
    emit changed();
    findFile([this, literal = *literal](const QString& path) {
        readLiteral(path, [this, literal](const QString& former) {
            if (!saveStateCommand(former)) // what cannot be put back is not taken away
                return give(Error{.code = ErrorCode::BadValue, .field = "resume_meta_info"});
            save(literal, [this, literal, former] {
                m_former = former;
                m_ours = literal;
                m_busy = false;
                emit changed();
            });
        });
    });
}

void PluginWriter::putBack()
{
    if (m_busy || !m_former)
        return emit failed(Error{.code = ErrorCode::Busy});
    m_busy = true;
    emit changed();
    findFile([this](const QString& path) {
        readLiteral(path, [this](const QString& present) {
            if (!sameValue(present, m_ours)) { // the plugin saved a newer one meanwhile: that is worth more
                m_former.reset();
                return give(Error{.code = ErrorCode::FileChanged, .field = "resume_meta_info"});
            }
            save(*m_former, [this] {
                m_former.reset();
                m_busy = false;
                emit changed();
            });
        });
    });
}

void PluginWriter::findFile(const Read& next)
{
    m_session.driver().readSettings(this, [this, next](const Result<QJsonObject>& settings) {
        if (!settings)
            return give(settings.error());
        const QString name = QFileInfo((*settings)["save_variables"_L1].toObject()["filename"_L1].toString()).fileName();
        next(name.isEmpty() ? u"variables.cfg"_s : name);
    });
}

/// The text as it stands in the file: its types are not lost on the way through JSON.
void PluginWriter::readLiteral(const QString& path, const Read& next)
{
    const QString local = m_folder.filePath(u"variables"_s);
    QFile::remove(local);
    m_session.driver().download(u"config"_s, path, local, 0, {}, this, [this, local, next](const Result<link::RemoteFile>& got) {
        if (!got)
            return give(got.error());
        QFile file(local);
        if (!file.open(QIODevice::ReadOnly) || file.size() > largest)
            return give(Error{.code = ErrorCode::FileUnreadable, .file = local.toStdString()});
        const auto variables = klipper::parseVariables(file.readAll().toStdString());
        if (!variables)
            return give(variables.error());
        const auto found = variables->raw.find("resume_meta_info");
        next(found == variables->raw.end() ? u"{}"_s : QString::fromStdString(found->second));
    });
}

void PluginWriter::save(const QString& literal, const std::function<void()>& next)
{
    const auto command = saveStateCommand(literal);
    if (!command)
        return give(Error{.code = ErrorCode::BadValue, .field = "resume_meta_info"});
    m_session.send(u"script"_s, *command, this, [this, literal, next](const Result<link::ScriptResult>& result) {
        if (!result)
            return give(result.error());
        if (!result->unknownCommands.isEmpty())
            return give(Error{.code = ErrorCode::NotSupported, .field = "SAVE_VARIABLE"});
        if (!result->hostReadyAfter)
            return give(Error{.code = ErrorCode::KlippyNotReady});
        findFile([this, literal, next](const QString& path) {
            readLiteral(path, [this, literal, next](const QString& stored) {
                if (!sameValue(stored, literal))
                    return give(Error{.code = ErrorCode::BadReply, .field = "resume_meta_info"});
                next();
            });
        });
    });
}

} // namespace kintsugi::app
