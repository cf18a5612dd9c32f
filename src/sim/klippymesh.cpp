// SPDX-License-Identifier: GPL-3.0-or-later
#include "klippymesh.h"

#include <algorithm>
#include <cmath>

#include <QFile>
#include <QStringList>

#include "klippyhost.h"

namespace kintsugi::sim {

using namespace Qt::StringLiterals;

namespace {

const QString saveHeader = u"\n#*# <---------------------- SAVE_CONFIG ---------------------->\n"
                           "#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.\n#*#\n"_s;

using Options = std::map<QString, QString>;

/// Sections of the saved block, continued values joined by line ends.
std::map<QString, Options> savedSections(const QString& text)
{
    const qsizetype at = text.indexOf(saveHeader);
    if (at < 0 || text.left(at).contains("\n#*# "_L1))
        return {};
    std::map<QString, Options> sections;
    QString section, key;
    for (const QString& marked : text.mid(at + saveHeader.size()).trimmed().split(u'\n')) {
        if (!marked.startsWith("#*#"_L1) || (marked.size() > 3 && marked[3] != u' '))
            return {};
        const QString line = marked.mid(4);
        if (line.startsWith(u'[')) {
            section = line.mid(1, line.indexOf(u']') - 1);
            sections[section];
        } else if (!line.isEmpty() && line[0].isSpace()) {
            sections[section][key] += u'\n' + line.trimmed();
        } else if (line.contains(u'=')) {
            key = line.section(u'=', 0, 0).trimmed();
            sections[section][key] = line.section(u'=', 1).trimmed();
        }
    }
    return sections;
}

/// The rules of Klipper's bed_mesh at its start.
std::string readProfile(const QString& section, const Options& options, Mesh& mesh)
{
    const auto missing = [&section](const char* option) {
        return "Option '" + std::string(option) + "' in section '" + section.toStdString() + "' must be specified";
    };
    for (const char* key : {"points", "min_x", "max_x", "min_y", "max_y", "x_count", "y_count", "mesh_x_pps", "mesh_y_pps", "tension"}) {
        const auto found = options.find(QLatin1String(key));
        if (found == options.end())
            return missing(key);
        bool number = true;
        const double value = found->second.toDouble(&number);
        if (key != std::string_view("points") && !number)
            return "Unable to parse option '" + std::string(key) + "' in section '" + section.toStdString() + "'";
        if (key != std::string_view("points"))
            mesh.parameters.insert(QLatin1String(key), value);
    }
    if (!options.contains(u"algo"_s))
        return missing("algo");
    mesh.parameters.insert(u"algo"_s, options.at(u"algo"_s));
    for (const QString& line : options.at(u"points"_s).split(u'\n', Qt::SkipEmptyParts)) {
        QJsonArray row;
        for (const QString& point : line.split(u',')) {
            bool number = false;
            row.append(point.trimmed().toDouble(&number));
            if (!number)
                return "Unable to parse option 'points' in section '" + section.toStdString() + "'";
        }
        mesh.points.append(row);
    }
    const int rows = mesh.parameters["y_count"_L1].toInt(), columns = mesh.parameters["x_count"_L1].toInt();
    const bool fits = mesh.points.size() == rows && std::all_of(mesh.points.begin(), mesh.points.end(), [columns](const QJsonValue& row) {
        return row.toArray().size() == columns;
    });
    return fits ? std::string() : "bed_mesh: Invalid probed matrix size";
}

} // namespace

QJsonArray Mesh::interpolated(int columns, int rows) const
{
    const auto at = [this](qsizetype y, qsizetype x) { return points[y].toArray()[x].toDouble(); };
    const auto height = points.size(), width = points.first().toArray().size();
    QJsonArray matrix;
    for (int row = 0; row < rows; ++row) {
        QJsonArray cells;
        for (int column = 0; column < columns; ++column) {
            const double y = double(row) * double(height - 1) / (rows - 1), x = double(column) * double(width - 1) / (columns - 1);
            const auto y0 = std::min(qsizetype(y), height - 2), x0 = std::min(qsizetype(x), width - 2);
            const double front = std::lerp(at(y0, x0), at(y0, x0 + 1), x - double(x0));
            const double back = std::lerp(at(y0 + 1, x0), at(y0 + 1, x0 + 1), x - double(x0));
            cells.append(std::round(std::lerp(front, back, y - double(y0)) * 1e6) / 1e6);
        }
        matrix.append(cells);
    }
    return matrix;
}

Mesh flatMesh(double bedX, double bedY)
{
    Mesh mesh;
    for (int row = 0; row < 3; ++row)
        mesh.points.append(QJsonArray{0.0, 0.0, 0.0});
    mesh.parameters = {{u"min_x"_s, 10.0}, {u"max_x"_s, bedX - 10}, {u"min_y"_s, 10.0}, {u"max_y"_s, bedY - 10},
                       {u"x_count"_s, 3}, {u"y_count"_s, 3}, {u"mesh_x_pps"_s, 2}, {u"mesh_y_pps"_s, 2},
                       {u"algo"_s, u"lagrange"_s}, {u"tension"_s, 0.2}};
    return mesh;
}

SavedMeshes savedMeshes(std::string_view printerCfg)
{
    SavedMeshes saved;
    QString text = QString::fromUtf8(printerCfg.data(), static_cast<qsizetype>(printerCfg.size()));
    text.replace("\r\n"_L1, "\n"_L1);
    for (const auto& [section, options] : savedSections(text)) {
        if (!section.startsWith("bed_mesh "_L1) || options.contains(u"version"_s) == false || options.at(u"version"_s) != u"1"_s)
            continue;
        Mesh mesh;
        saved.error = readProfile(section, options, mesh);
        if (!saved.error.empty())
            return saved;
        saved.profiles.emplace(section.mid(9).toStdString(), std::move(mesh));
    }
    return saved;
}

// --- the host

Failure Host::loadMeshes()
{
    QFile file(m_world.options.folder + u"/config/printer.cfg"_s);
    if (!file.open(QIODevice::ReadOnly)) { // no configuration of its own: the machine as it was delivered
        m_meshes.emplace("default", flatMesh(m_world.options.bedX, m_world.options.bedY));
        return {};
    }
    SavedMeshes saved = savedMeshes(file.readAll().toStdString());
    m_meshes = std::move(saved.profiles);
    return saved.error.empty() ? Failure() : Failure(saved.error);
}

Failure Host::cmdMesh(const GcodeLine& line)
{
    if (const std::string name = line.word("LOAD"); !name.empty()) {
        const auto profile = m_meshes.find(name);
        if (profile == m_meshes.end())
            return "bed_mesh: Unknown profile [" + name + "]";
        m_meshProfile = name;
        m_mesh = profile->second;
    } else if (const std::string saved = line.word("SAVE"); !saved.empty()) {
        if (saved == "default") {
            info("Profile 'default' is reserved, please choose another profile name.");
            return {};
        }
        if (m_meshProfile.empty()) {
            info("Unable to save to profile [" + saved + "], the bed has not been probed");
            return {};
        }
        m_meshes[saved] = m_mesh;
        m_meshProfile = saved;
        info("Bed Mesh state has been saved to profile [" + saved
             + "]\nfor the current session.  The SAVE_CONFIG command will\nupdate the printer config file and restart"
               " the printer.");
    } else if (const std::string removed = line.word("REMOVE"); !removed.empty()) {
        if (m_meshes.erase(removed) == 0)
            info("No profile named [" + removed + "] to remove");
        if (m_meshProfile == removed)
            m_meshProfile.clear();
    } else {
        info("Invalid syntax '" + line.text + "'");
    }
    return {};
}

Failure Host::cmdMeshClear(const GcodeLine& /*line*/)
{
    m_meshProfile.clear();
    return {};
}

Task Host::cmdMeshCalibrate(const GcodeLine& /*line*/)
{
    if (m_homed.size() < 3)
        co_return std::string("Must home axis first: 10.000 10.000 5.000 [0.000]");
    const MachineOptions& o = m_world.options;
    Axes target = m_position;
    Mesh probed = flatMesh(o.bedX, o.bedY);
    probed.points = {};
    QJsonArray row;
    for (int point = 0; point < 9 && !halted(); ++point) {
        target[2] = 5;
        target[0] = 10 + (o.bedX - 20) * (point % 3) / 2;
        target[1] = 10 + (o.bedY - 20) * (point / 3) / 2;
        if (auto failure = moveTo(target, 100))
            co_return failure;
        co_await waitMoves();
        co_await sleep(2);
        const Machine& m = machine();
        const double bed = m.bedAt(target[0], target[1]) - (m.planeAt(target[0], target[1]) - m_position[2]);
        const double noise = std::uniform_real_distribution<double>(-o.switchNoise, o.switchNoise)(m_probeNoise);
        row.append(std::round((bed + noise) * 1e6) / 1e6);
        if (row.size() == 3)
            probed.points.append(std::exchange(row, {}));
    }
    resetLastPosition();
    m_meshProfile = "default";
    m_mesh = std::move(probed);
    m_meshes["default"] = m_mesh;
    info("Mesh Bed Leveling Complete");
    co_return {};
}

QJsonObject Host::meshStatus() const
{
    const bool active = !m_meshProfile.empty();
    const auto corner = [&](QLatin1String x, QLatin1String y) {
        return active ? QJsonArray{m_mesh.parameters[x], m_mesh.parameters[y]} : QJsonArray{0.0, 0.0};
    };
    QJsonObject profiles;
    for (const auto& [name, mesh] : m_meshes)
        profiles.insert(QString::fromStdString(name), QJsonObject{{u"points"_s, mesh.points}, {u"mesh_params"_s, mesh.parameters}});
    const auto fine = [this](QLatin1String count, QLatin1String between) {
        const int points = m_mesh.parameters[count].toInt();
        return points + (points - 1) * m_mesh.parameters[between].toInt();
    };
    return {{u"profile_name"_s, QString::fromStdString(m_meshProfile)},
            {u"mesh_min"_s, corner("min_x"_L1, "min_y"_L1)},
            {u"mesh_max"_s, corner("max_x"_L1, "max_y"_L1)},
            {u"probed_matrix"_s, active ? m_mesh.points : QJsonArray{QJsonArray()}},
            {u"mesh_matrix"_s, active ? m_mesh.interpolated(fine("x_count"_L1, "mesh_x_pps"_L1), fine("y_count"_L1, "mesh_y_pps"_L1))
                                      : QJsonArray{QJsonArray()}},
            {u"profiles"_s, profiles}};
}

} // namespace kintsugi::sim
