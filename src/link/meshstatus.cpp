// SPDX-License-Identifier: GPL-3.0-or-later
#include "meshstatus.h"

#include <cmath>

#include "jsonread.h"

namespace kintsugi::link {

using namespace Qt::StringLiterals;
using recovery::MeshMatrix;
using recovery::SharedMesh;

namespace {

constexpr qsizetype mostPoints = 10'000;

/// Equally long rows of numbers; nullopt when it is nothing of the kind or empty ("[[]]" stands for no mesh).
std::optional<std::vector<std::vector<double>>> readRows(const QJsonValue& json, const std::string& path, std::vector<Error>& errors)
{
    const QJsonArray rows = json.toArray();
    const qsizetype width = rows.isEmpty() ? 0 : rows.first().toArray().size();
    if (!json.isArray() || width * rows.size() > mostPoints) {
        errors.push_back(badValue(path, json));
        return std::nullopt;
    }
    if (width == 0)
        return std::nullopt;
    std::vector<std::vector<double>> points;
    for (const QJsonValue& row : rows) {
        const QJsonArray heights = row.toArray();
        auto& out = points.emplace_back();
        for (const QJsonValue& height : heights) {
            if (!height.isDouble()) {
                errors.push_back(badValue(path, height));
                return std::nullopt;
            }
            out.push_back(height.toDouble());
        }
        if (heights.size() != width) {
            errors.push_back(badValue(path, row));
            return std::nullopt;
        }
    }
    return points;
}

bool readCorner(const QJsonValue& json, std::array<double, 2>& corner, const std::string& path, std::vector<Error>& errors)
{
    const QJsonArray pair = json.toArray();
    if (pair.size() < 2 || !pair[0].isDouble() || !pair[1].isDouble()) {
        errors.push_back(badValue(path, json));
        return false;
    }
    corner = {pair[0].toDouble(), pair[1].toDouble()};
    return true;
}

std::map<std::string, std::string> readParameters(const QJsonObject& json)
{
    std::map<std::string, std::string> parameters;
    for (const char* key : {"x_count", "y_count", "mesh_x_pps", "mesh_y_pps", "algo", "tension"}) {
        const QJsonValue value = json.value(QLatin1String(key));
        if (value.isDouble())
            parameters[key] = decimal(value.toDouble(), 6);
        else if (value.isString())
            parameters[key] = value.toString().left(32).toStdString();
    }
    return parameters;
}

std::optional<MeshMatrix> readProfile(const QString& name, const QJsonObject& profile, const std::string& path, std::vector<Error>& errors)
{
    MeshMatrix mesh;
    mesh.profile = name.toStdString();
    auto points = readRows(profile.value("points"_L1), path + ".points", errors);
    const QJsonObject parameters = profile.value("mesh_params"_L1).toObject();
    const QJsonArray low{parameters.value("min_x"_L1), parameters.value("min_y"_L1)};
    const QJsonArray high{parameters.value("max_x"_L1), parameters.value("max_y"_L1)};
    const bool placed = readCorner(low, mesh.minimum, path + ".mesh_params.min_x", errors)
        && readCorner(high, mesh.maximum, path + ".mesh_params.max_x", errors);
    if (!points || !placed)
        return std::nullopt;
    mesh.probed = std::move(*points);
    mesh.parameters = readParameters(parameters);
    return mesh;
}

} // namespace

SharedMesh activeMesh(const QJsonObject& bedMesh, const std::string& path, std::vector<Error>& errors)
{
    const QString name = bedMesh.value("profile_name"_L1).toString();
    if (!bedMesh.contains("probed_matrix"_L1))
        return {};
    MeshMatrix mesh;
    mesh.profile = name.toStdString();
    auto points = readRows(bedMesh.value("probed_matrix"_L1), path + ".probed_matrix", errors);
    if (!points || !readCorner(bedMesh.value("mesh_min"_L1), mesh.minimum, path + ".mesh_min", errors)
        || !readCorner(bedMesh.value("mesh_max"_L1), mesh.maximum, path + ".mesh_max", errors))
        return {};
    mesh.probed = std::move(*points);
    mesh.parameters = readParameters(bedMesh.value("profiles"_L1).toObject().value(name).toObject().value("mesh_params"_L1).toObject());
    return mesh;
}

std::map<std::string, std::optional<MeshMatrix>> meshProfiles(const QJsonObject& bedMesh, const std::string& path, std::vector<Error>& errors)
{
    std::map<std::string, std::optional<MeshMatrix>> found;
    const QJsonObject profiles = bedMesh.value("profiles"_L1).toObject();
    for (auto it = profiles.begin(); it != profiles.end(); ++it)
        found[it.key().toStdString()] = readProfile(it.key(), it.value().toObject(), path + ".profiles." + it.key().toStdString(), errors);
    return found;
}

} // namespace kintsugi::link
