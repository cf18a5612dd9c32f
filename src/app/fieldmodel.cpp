// SPDX-License-Identifier: GPL-3.0-or-later
#include "fieldmodel.h"

#include <cmath>

#include "errortext.h"
#include "snapshotmodel.h"

namespace kintsugi::app {

namespace {

constexpr std::string_view extruder = "extruder";

QString number(double value, int decimals = 3)
{
    return QString::fromStdString(decimal(value, decimals));
}

QString heaterText(const recovery::Sample& sample, const std::string& name)
{
    const auto it = sample.heaters.find(name);
    if (it == sample.heaters.end() || !it->second.temperature)
        return {};
    const QString now = number(*it->second.temperature, 0);
    //: a heater now: measured temperature, then its target
    return it->second.target ? FieldModel::tr("%1 °C, target %2").arg(now, number(*it->second.target, 0)) : FieldModel::tr("%1 °C").arg(now);
}

QString positionText(const recovery::Sample& sample, char axis)
{
    const auto index = static_cast<std::size_t>(axis - 'x');
    if (sample.homedAxes.find(axis) == std::string::npos)
        return FieldModel::tr("not homed");
    return sample.gcodePosition ? number((*sample.gcodePosition)[index]) : QString();
}

QString limitText(const recovery::Sample& sample, const std::string& key)
{
    const auto shown = [](const std::optional<double>& value) { return value ? number(*value) : QString(); };
    if (key.ends_with(".ACCEL"))
        return shown(sample.maxAccel);
    if (key.ends_with(".SQUARE_CORNER_VELOCITY"))
        return shown(sample.squareCornerVelocity);
    if (key.ends_with(".MINIMUM_CRUISE_RATIO"))
        return shown(sample.minimumCruiseRatio);
    return key.ends_with(".VELOCITY") ? shown(sample.maxVelocity) : QString();
}

QString fanText(const recovery::Sample& sample, const std::string& name)
{
    const bool part = name == "0"; // M106 counts to 255, the printer to 1
    const auto it = part ? sample.fans.find("fan") : sample.fans.find("fan_generic " + name);
    return it == sample.fans.end() ? QString() : number(part ? std::round(it->second * 255) : it->second);
}

QString offsetText(const recovery::Sample& sample, const std::string& axis)
{
    if (!sample.homingOrigin || axis.size() != 1 || axis[0] < 'X' || axis[0] > 'Z')
        return {};
    return number((*sample.homingOrigin)[static_cast<std::size_t>(axis[0] - 'X')]);
}

/// Keys of two parts: the head and what it is of.
QString partText(const recovery::Sample& sample, const std::string& head, const std::string& of)
{
    if (head == "position" && of.size() == 1 && of[0] >= 'x' && of[0] <= 'z')
        return positionText(sample, of[0]);
    if (head == "hotend")
        return heaterText(sample, std::string(extruder) + (of == "0" ? std::string() : of));
    if (head == "heaters")
        return heaterText(sample, sample.heaters.contains(of) ? of : "heater_generic " + of);
    if (head == "fans")
        return fanText(sample, of);
    if (head == "flow_percent")
        return sample.extrudeFactor ? number(*sample.extrudeFactor * 100) : QString();
    if (head == "gcode_offset")
        return offsetText(sample, of);
    if (head == "motion")
        return limitText(sample, of);
    if (head == "pressure_advance") {
        const auto it = sample.pressureAdvance.find(of);
        return it == sample.pressureAdvance.end() ? QString() : number(it->second, 4);
    }
    return {};
}

QString yesNo(const std::optional<bool>& value)
{
    return value ? *value ? QStringLiteral("true") : QStringLiteral("false") : QString();
}

QString excludedText(const recovery::Sample& sample)
{
    QStringList names;
    for (const std::string& name : sample.excludedObjects.value_or(std::vector<std::string>()))
        names << printable(QString::fromStdString(name));
    return names.join(QStringLiteral(", "));
}

} // namespace

QString nowText(const recovery::Sample& sample, const std::string& key)
{
    if (const std::size_t dot = key.find('.'); dot != std::string::npos)
        return partText(sample, key.substr(0, dot), key.substr(dot + 1));
    if (key == "bed")
        return heaterText(sample, "heater_bed");
    if (key == "chamber")
        return heaterText(sample, "heater_generic chamber");
    if (key == "feed")
        return sample.speed ? number(*sample.speed) : QString(); // Klipper reports what F said
    if (key == "speed_percent")
        return sample.speedFactor ? number(*sample.speedFactor * 100) : QString();
    if (key == "tool" && sample.activeExtruder.starts_with(extruder))
        return sample.activeExtruder == extruder ? QStringLiteral("0") : QString::fromStdString(sample.activeExtruder.substr(extruder.size()));
    if (key == "mesh")
        return printable(QString::fromStdString(sample.meshProfile));
    if (key == "absolute_e")
        return yesNo(sample.absoluteExtrude);
    if (key == "absolute_xyz")
        return yesNo(sample.absoluteCoordinates);
    if (key == "excluded")
        return excludedText(sample);
    if (key == "object")
        return printable(QString::fromStdString(sample.currentObject));
    return {};
}

FieldModel::FieldModel(QObject* parent) : TableModel(parent) {}

void FieldModel::setRows(std::vector<recovery::FieldRow> rows, std::vector<std::string> missing)
{
    m_missing = std::move(missing);
    sync(m_rows, std::move(rows), [](const recovery::FieldRow& row) { return row.key; });
}

void FieldModel::setSnapshot(const std::optional<recovery::Snapshot>& snapshot)
{
    if (snapshot)
        setRows(recovery::fieldRows(*snapshot), snapshot->missing());
    else
        setRows({}, {});
}

void FieldModel::follow(ResumeFlow* flow)
{
    if (m_flow)
        m_flow->disconnect(this);
    m_flow = flow;
    if (!flow)
        return;
    const auto show = [this] { setSnapshot(m_flow->snapshot()); };
    connect(flow, &ResumeFlow::chosenChanged, this, show);
    connect(flow, &ResumeFlow::planned, this, show);
    show();
}

void FieldModel::setNow(const std::optional<recovery::Sample>& sample)
{
    m_now = sample;
    if (!m_rows.empty())
        emit dataChanged(index(0, Now), index(rowCount() - 1, Now), {Qt::DisplayRole});
}

int FieldModel::rowOfKey(const QString& key) const
{
    const auto it = std::find_if(m_rows.begin(), m_rows.end(),
                                 [wanted = key.toStdString()](const recovery::FieldRow& row) { return row.key == wanted; });
    return it == m_rows.end() ? -1 : static_cast<int>(it - m_rows.begin());
}

int FieldModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int FieldModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

bool FieldModel::isMissing(const recovery::FieldRow& row) const
{
    return std::find(m_missing.begin(), m_missing.end(), row.key) != m_missing.end();
}

QString FieldModel::remark(const recovery::FieldRow& row) const
{
    QStringList parts;
    if (isMissing(row))
        parts << tr("must be known before a resume");
    if (row.info.conflicts())
        parts << tr("printer said %1, file says %2")
                     .arg(QString::fromStdString(row.info.observed), QString::fromStdString(row.info.replayed));
    if (!row.info.note.empty())
        parts << QString::fromStdString(row.info.note);
    return parts.join(QLatin1String("; "));
}

QVariant FieldModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const recovery::FieldRow& row = m_rows[static_cast<std::size_t>(index.row())];
    const bool unknown = row.info.origin == recovery::Origin::Unknown;
    switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
    case RawRole:
        switch (index.column()) {
        case Field: return text(row.label);
        case Value:
            if (unknown)
                return role == Qt::DisplayRole ? tr("unknown") : QString();
            return QString::fromStdString(row.value);
        case Now: return m_now ? nowText(*m_now, row.key) : QString();
        case OriginColumn: return originText(row.info.origin);
        default: return remark(row);
        }
    case KeyRole:
        return QString::fromStdString(row.key);
    case OriginRole:
        return static_cast<int>(row.info.origin);
    case ConflictRole:
        return row.info.conflicts();
    case MissingRole:
        return isMissing(row);
    default:
        return {};
    }
}

QVariant FieldModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Field: return tr("Field");
    case Value: return m_flow ? tr("Will be") : tr("Value");
    case Now: return tr("Printer now");
    case OriginColumn: return tr("Origin");
    case Remark: return tr("Remark");
    default: return {};
    }
}

Qt::ItemFlags FieldModel::flags(const QModelIndex& index) const
{
    Qt::ItemFlags flags = TableModel::flags(index);
    if (index.isValid() && index.column() == Value && m_flow)
        flags |= Qt::ItemIsEditable;
    return flags;
}

bool FieldModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    if (role != Qt::EditRole || !(flags(index) & Qt::ItemIsEditable))
        return false;
    if (m_reason.trimmed().isEmpty()) {
        emit editRefused(Error{.code = ErrorCode::BadValue, .field = "reason"});
        return false;
    }
    const QString key = index.data(KeyRole).toString();
    if (const Result<> done = m_flow->editField(key, value.toString(), m_reason); !done) {
        emit editRefused(done.error());
        return false;
    }
    setSnapshot(m_flow->snapshot());
    return true;
}

} // namespace kintsugi::app
