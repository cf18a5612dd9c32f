// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <QJsonArray>
#include <QJsonObject>

namespace kintsugi::sim {

/// A bed mesh as the host holds it.
struct Mesh {
    QJsonArray points;      ///< rows from the front, mm
    QJsonObject parameters; ///< mesh_params of the status object
    [[nodiscard]] QJsonArray interpolated(int columns, int rows) const; ///< bilinear
};

[[nodiscard]] Mesh flatMesh(double bedX, double bedY);

struct SavedMeshes {
    std::map<std::string, Mesh> profiles;
    std::string error; ///< why the host would refuse to start; empty = none
};
/// The profiles of printer.cfg's saved block. A block that was edited by hand counts as not there, as in Klipper.
[[nodiscard]] SavedMeshes savedMeshes(std::string_view printerCfg);

} // namespace kintsugi::sim
