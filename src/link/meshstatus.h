// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <string>
#include <vector>

#include <QJsonObject>

#include "recovery/meshrestore.h"

namespace kintsugi::link {

/// Klipper's status object bed_mesh, complete. The active mesh; nullptr when none is active or its points cannot be read.
/// What has a wrong type is reported with its path.
[[nodiscard]] recovery::SharedMesh activeMesh(const QJsonObject& bedMesh, const std::string& path, std::vector<Error>& errors);
/// All profiles of this session and of the configuration, with their points where they can be read.
[[nodiscard]] std::map<std::string, std::optional<recovery::MeshMatrix>> meshProfiles(const QJsonObject& bedMesh, const std::string& path,
                                                                                     std::vector<Error>& errors);

} // namespace kintsugi::link
