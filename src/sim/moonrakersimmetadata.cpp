// SPDX-License-Identifier: GPL-3.0-or-later
#include "moonrakersimmetadata.h"

#include <algorithm>
#include <optional>

#include <QFile>
#include <QJsonArray>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace kintsugi::sim {

namespace {

constexpr qint64 window = 256 * 1024;

struct Ends {
    QString head, tail;
    qint64 tailBegin = 0;
};

std::optional<Ends> readEnds(const QString& path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return std::nullopt;
    // Latin-1 keeps one character per byte, so positions are byte offsets.
    Ends ends{QString::fromLatin1(file.read(window)), {}, std::max<qint64>(0, file.size() - window)};
    file.seek(ends.tailBegin);
    ends.tail = QString::fromLatin1(file.read(window));
    return ends;
}

QString setting(const Ends& ends, const QString& pattern)
{
    const QRegularExpression line(u"^;[ \\t]*(?:%1)[ \\t]*[=:][ \\t]*(.+?)[ \\t\\r]*$"_s.arg(pattern),
                                  QRegularExpression::MultilineOption);
    const auto inTail = line.match(ends.tail);
    return (inTail.hasMatch() ? inTail : line.match(ends.head)).captured(1).trimmed();
}

void put(QJsonObject& data, const QString& name, const QString& text)
{
    bool ok = false;
    const double number = text.section(u',', 0, 0).toDouble(&ok);
    if (ok)
        data.insert(name, number);
}

int secondsOf(const QString& text)
{
    double seconds = 0;
    static const QRegularExpression part(u"(\\d+)\\s*([dhms])"_s);
    for (auto it = part.globalMatch(text); it.hasNext();) {
        const auto match = it.next();
        const double n = match.captured(1).toDouble();
        const QChar unit = match.captured(2).front();
        seconds += unit == u'd' ? n * 86400 : unit == u'h' ? n * 3600 : unit == u'm' ? n * 60 : n;
    }
    return static_cast<int>(seconds);
}

void putSlicer(QJsonObject& data, const Ends& ends)
{
    static const QRegularExpression line(u"^;\\s*[Gg]enerated (?:by|with)\\s+([A-Za-z0-9_]+)\\s*([0-9][^\\s]*)?"_s,
                                         QRegularExpression::MultilineOption);
    const auto match = line.match(ends.head);
    const QString name = match.captured(1);
    data.insert(u"slicer"_s, name == "Cura_SteamEngine"_L1 ? u"Cura"_s : name.isEmpty() ? u"Unknown"_s : name);
    if (!match.captured(2).isEmpty())
        data.insert(u"slicer_version"_s, match.captured(2));
}

void putRange(QJsonObject& data, const Ends& ends)
{
    static const QRegularExpression command(u"\\n[MG]\\d+(?:\\s.*)?\\n"_s);
    const auto first = command.match(ends.head);
    if (!first.hasMatch())
        return;
    data.insert(u"gcode_start_byte"_s, static_cast<qint64>(first.capturedStart()));
    qint64 end = 0;
    static const QRegularExpression start(u"\\n[MG]\\d+(?:\\s.*)?(?=\\n)"_s);
    for (auto it = start.globalMatch(ends.tail); it.hasNext();)
        end = ends.tailBegin + static_cast<qint64>(it.next().capturedEnd()) + 1; // with its line end
    data.insert(u"gcode_end_byte"_s, end);
}

void putHeight(QJsonObject& data, const Ends& ends)
{
    double height = 0;
    static const QRegularExpression mark(u"^;\\s*Z:\\s*([0-9.]+)"_s, QRegularExpression::MultilineOption);
    for (const QString* text : {&ends.head, &ends.tail}) {
        for (auto it = mark.globalMatch(*text); it.hasNext();)
            height = std::max(height, it.next().captured(1).toDouble());
    }
    if (height > 0)
        data.insert(u"object_height"_s, height);
}

void putFilament(QJsonObject& data, const Ends& ends)
{
    const QString colour = setting(ends, u"filament_colou?r"_s);
    data.insert(u"filament_colors"_s, colour.isEmpty() ? QJsonArray() : QJsonArray{colour});
    data.insert(u"extruder_colors"_s, QJsonArray());
    const QString temperature = setting(ends, u"temperature|nozzle_temperature"_s).section(u',', 0, 0);
    data.insert(u"filament_temps"_s, temperature.isEmpty() ? QJsonArray() : QJsonArray{temperature.toInt()});
    data.insert(u"referenced_tools"_s, QJsonArray());
    data.insert(u"mmu_print"_s, 0);
    const QString weight = setting(ends, u"filament used \\[g\\]"_s);
    data.insert(u"filament_weight_total"_s, weight.section(u',', 0, 0).toDouble());
    data.insert(u"filament_weights"_s, QJsonArray{weight.section(u',', 0, 0).toDouble()});
    data.insert(u"printer_model"_s, setting(ends, u"printer_model"_s));
    const QString type = setting(ends, u"filament_type"_s);
    if (!type.isEmpty())
        data.insert(u"filament_type"_s, type);
}

} // namespace

QJsonObject scanMetadata(const QString& path)
{
    const auto ends = readEnds(path);
    if (!ends)
        return {};
    QJsonObject data{{u"file_processors"_s, QJsonArray()}};
    putSlicer(data, *ends);
    putRange(data, *ends);
    putHeight(data, *ends);
    putFilament(data, *ends);
    put(data, u"layer_height"_s, setting(*ends, u"layer_height"_s));
    put(data, u"first_layer_height"_s, setting(*ends, u"first_layer_height|initial_layer_print_height"_s));
    put(data, u"nozzle_diameter"_s, setting(*ends, u"nozzle_diameter"_s));
    put(data, u"first_layer_extr_temp"_s,
        setting(*ends, u"first_layer_temperature|nozzle_temperature_initial_layer"_s));
    put(data, u"first_layer_bed_temp"_s, setting(*ends, u"first_layer_bed_temperature|hot_plate_temp_initial_layer"_s));
    put(data, u"filament_total"_s, setting(*ends, u"filament used \\[mm\\]"_s));
    put(data, u"layer_count"_s, setting(*ends, u"total layers count|total layer number|LAYER_COUNT"_s));
    const QString time = setting(*ends, u"estimated printing time \\(normal mode\\)|model printing time|TIME"_s);
    if (const int seconds = time.toInt() > 0 ? time.toInt() : secondsOf(time); seconds > 0)
        data.insert(u"estimated_time"_s, seconds);
    return data;
}

} // namespace kintsugi::sim
