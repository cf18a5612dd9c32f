// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec.h"

#include <array>

#include "base/message.h"
#include "jsonfields.h"
#include "recovery/plrmarkers.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

QString text(std::string_view view)
{
    return QString::fromUtf8(view.data(), static_cast<qsizetype>(view.size()));
}

QJsonValue orNull(const std::optional<double>& value)
{
    return value ? QJsonValue(*value) : QJsonValue(QJsonValue::Null);
}

QJsonObject layerJson(const gcode::Layer& layer)
{
    return {{u"index"_s, static_cast<qint64>(layer.index)},
            {u"z"_s, orNull(layer.z)},
            {u"height"_s, orNull(layer.height)},
            {u"byte_begin"_s, static_cast<qint64>(layer.begin)},
            {u"byte_end"_s, static_cast<qint64>(layer.end)},
            {u"time_s"_s, layer.modelSeconds},
            {u"extruded_mm"_s, layer.extrudedMm}};
}

QJsonValue byteOrNull(const std::optional<ByteOffset>& byte)
{
    return byte ? QJsonValue(static_cast<qint64>(*byte)) : QJsonValue(QJsonValue::Null);
}

QString findingName(recovery::PlrFinding::Kind kind)
{
    using Kind = recovery::PlrFinding::Kind;
    switch (kind) {
    case Kind::SetupMarker: return u"setup-marker"_s;
    case Kind::PrintMarker: return u"print-marker"_s;
    case Kind::Order: return u"order"_s;
    case Kind::SetupSwallowed: return u"setup-swallowed"_s;
    case Kind::PrintSwallowed: return u"print-swallowed"_s;
    case Kind::LayerHook: return u"layer-hook"_s;
    case Kind::OnlyInMacro: return u"only-in-macro"_s;
    }
    return {};
}

QJsonObject markersJson(const gcode::FileIndex& index)
{
    const gcode::PlrMarkers& markers = index.plr;
    const recovery::PlrReport report = recovery::plrReport(index);
    QJsonArray findings;
    for (const recovery::PlrFinding& finding : report.findings) {
        findings.append(QJsonObject{{u"id"_s, findingName(finding.kind)},
                                    {u"good"_s, finding.good},
                                    {u"line"_s, byteOrNull(finding.line)},
                                    {u"text"_s, QString::fromStdString(english(finding.text))}});
    }
    return {{u"setup_byte"_s, byteOrNull(markers.setup)},
            {u"print_byte"_s, byteOrNull(markers.print)},
            {u"in_order"_s, markers.inOrder},
            {u"swallowed"_s, markers.swallowed},
            {u"print_swallowed"_s, markers.printSwallowed},
            {u"layer_hooks"_s, static_cast<qint64>(markers.layerHooks)},
            {u"enabled"_s, markers.enabled},
            {u"usable"_s, report.usable},
            {u"findings"_s, findings}};
}

QJsonObject extentsJson(const gcode::Extents& box)
{
    return {{u"min"_s, QJsonArray{box.minX, box.minY, box.minZ}}, {u"max"_s, QJsonArray{box.maxX, box.maxY, box.maxZ}}};
}

QLatin1String nameOf(JobState state)
{
    switch (state) {
    case JobState::Printing: return "printing"_L1;
    case JobState::Completed: return "completed"_L1;
    case JobState::Cancelled: return "cancelled"_L1;
    case JobState::Interrupted: return "interrupted"_L1;
    }
    return {};
}

constexpr std::array causeNames{"unknown", "printer-power-lost", "link-lost", "host-lost", "printer-and-host-lost",
                                "motor-supply-lost", "emergency-stop", "firmware-shutdown"};

} // namespace

QLatin1String causeName(recovery::StopCause cause)
{
    return QLatin1String(causeNames[static_cast<std::size_t>(cause)]);
}

QJsonArray toJson(const std::vector<recovery::GateCheck>& gate)
{
    QJsonArray array;
    for (const recovery::GateCheck& check : gate) {
        array.append(QJsonObject{{u"id"_s, QString::fromStdString(check.id)},
                                 {u"severity"_s, text(recovery::name(check.passed ? recovery::Severity::Info : check.severity))},
                                 {u"state"_s, text(recovery::stateOf(check))},
                                 {u"passed"_s, check.passed},
                                 {u"measured"_s, QString::fromStdString(check.measured)},
                                 {u"limit"_s, QString::fromStdString(check.limit)},
                                 {u"text"_s, QString::fromStdString(english(check.text))}});
        if (!check.remedy.empty()) {
            QJsonObject last = array.last().toObject();
            last.insert(u"remedy"_s, QString::fromStdString(check.remedy));
            array.replace(array.size() - 1, last);
        }
    }
    return array;
}

QJsonObject toJson(const recovery::Plan& plan, const std::vector<recovery::GateCheck>& gate)
{
    QJsonArray steps;
    for (const recovery::PlanStep& step : plan.steps) {
        steps.append(QJsonObject{{u"n"_s, step.n},
                                 {u"gcode"_s, json::encode(step.gcode)},
                                 {u"title"_s, QString::fromStdString(english(step.title))},
                                 {u"reason"_s, QString::fromStdString(english(step.reason))},
                                 {u"origin"_s, text(recovery::name(step.origin))}});
    }
    QJsonArray unsimulated;
    for (const recovery::Unsimulated& line : plan.unsimulated)
        unsimulated.append(QJsonObject{{u"place"_s, QString::fromStdString(line.place)}, {u"line"_s, QString::fromStdString(line.line)}});
    const recovery::Snapshot& at = plan.snapshot;
    const QJsonObject point{
        {u"byte"_s, static_cast<qint64>(at.byte)},
        {u"layer"_s, at.layer ? QJsonValue(static_cast<qint64>(*at.layer)) : QJsonValue(QJsonValue::Null)},
        {u"z"_s, at.state.position[2] ? QJsonValue(gcode::toMillimetres(*at.state.position[2])) : QJsonValue(QJsonValue::Null)},
        {u"source"_s, text(recovery::name(at.source))}};
    return {{u"point"_s, point},
            {u"dialect"_s, text(gcode::name(plan.dialect))},
            {u"z_method"_s, text(recovery::name(plan.zMethod))},
            {u"gate"_s, toJson(gate)},
            {u"steps"_s, steps},
            {u"unsimulated"_s, unsimulated},
            {u"clearance_mm"_s, orNull(plan.clearance)}};
}

QJsonObject inspectJson(const gcode::FileIndex& index, const QString& file, bool layers)
{
    QJsonObject json{{u"file"_s, file},
                     {u"size"_s, static_cast<qint64>(index.size)},
                     {u"xxh3"_s, QString::number(index.xxh3, 16).rightJustified(16, u'0')},
                     {u"slicer"_s, text(gcode::name(index.slicer))},
                     {u"slicer_line"_s, QString::fromStdString(index.slicerLine)},
                     {u"dialect"_s, text(gcode::name(index.suggested))},
                     {u"lines"_s, static_cast<qint64>(index.lines)},
                     {u"moves"_s, static_cast<qint64>(index.moves)},
                     {u"time_s"_s, index.modelSeconds},
                     {u"filament_mm"_s, index.filamentMm},
                     {u"layers_marked"_s, index.layersMarked},
                     {u"layer_count"_s, static_cast<qint64>(index.layers.size())},
                     {u"objects"_s, json::encode(index.objects)},
                     {u"plr_markers"_s, markersJson(index)},
                     {u"printed"_s, index.printed.valid ? QJsonValue(extentsJson(index.printed)) : QJsonValue(QJsonValue::Null)},
                     {u"first_extrusion_byte"_s, byteOrNull(index.firstExtrusion)},
                     {u"last_extrusion_end"_s, byteOrNull(index.lastExtrusionEnd)},
                     {u"truncated_lines"_s, static_cast<qint64>(index.truncatedLines)},
                     {u"nul_bytes"_s, static_cast<qint64>(index.nulBytes)}};
    if (index.fileXxh3 != index.xxh3) { // a container: what is above counts its text
        json.insert("file_size"_L1, static_cast<qint64>(index.fileSize));
        json.insert("file_xxh3"_L1, QString::number(index.fileXxh3, 16).rightJustified(16, u'0'));
    }
    if (layers) {
        QJsonArray table;
        for (const gcode::Layer& layer : index.layers)
            table.append(layerJson(layer));
        json.insert("layers"_L1, table);
    }
    return json;
}

QJsonObject toJson(const PrintJob& job)
{
    return {{u"id"_s, job.id},
            {u"printer"_s, job.printer},
            {u"file"_s, job.file},
            {u"file_size"_s, static_cast<qint64>(job.fileSize)},
            {u"remote_id"_s, job.remoteId},
            {u"state"_s, nameOf(job.state)},
            {u"cause"_s, job.state == JobState::Interrupted ? QJsonValue(causeName(job.cause)) : QJsonValue(QJsonValue::Null)},
            {u"start_time"_s, job.startTime},
            {u"end_time"_s, orNull(job.endTime)},
            {u"resumed_from"_s, job.resumedFrom.isEmpty() ? QJsonValue(QJsonValue::Null) : QJsonValue(job.resumedFrom)},
            {u"resumed_at"_s, job.resumedFrom.isEmpty() ? QJsonValue(QJsonValue::Null)
                                                        : QJsonValue(static_cast<qint64>(job.resumedAt))}};
}

QJsonObject toJson(const recovery::StopInterval& stop, const gcode::Source& source, const gcode::FileIndex& index)
{
    const auto place = [&](ByteOffset byte) {
        const auto at = gcode::locate(source, index, byte);
        return QJsonObject{{u"byte"_s, static_cast<qint64>(byte)}, {u"line"_s, at ? QJsonValue(static_cast<qint64>(at->line)) : QJsonValue()}};
    };
    const bool halved = stop.halfTo > stop.halfFrom;
    QJsonObject json{{u"cause"_s, causeName(stop.cause)},
                     {u"earliest"_s, place(stop.earliest)},
                     {u"latest"_s, place(stop.latest)},
                     {u"likely"_s, place(stop.likely)},
                     {u"half_from"_s, halved ? QJsonValue(place(stop.halfFrom)) : QJsonValue()},
                     {u"half_to"_s, halved ? QJsonValue(place(stop.halfTo)) : QJsonValue()},
                     {u"reason"_s, QString::fromStdString(english(stop.reason))}};
    return json;
}

QJsonObject toJson(const JournalEntry& entry)
{
    return {{u"id"_s, entry.id},
            {u"time"_s, entry.time},
            {u"job"_s, entry.job},
            {u"action"_s, entry.action},
            {u"text"_s, entry.text},
            {u"plan_step"_s, entry.planStep},
            {u"result"_s, entry.result.isEmpty() ? QJsonValue(QJsonValue::Null) : QJsonValue(entry.result)},
            {u"finished"_s, orNull(entry.finished)}};
}

} // namespace kintsugi::app
