// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/message.h"
#include "base/result.h"

namespace kintsugi::recovery {

/// A bed mesh as Klipper reports it (`bed_mesh`: probed_matrix, mesh_min, mesh_max, profiles[name].mesh_params).
struct MeshMatrix {
    std::string profile;
    std::array<double, 2> minimum{}, maximum{};  ///< mm
    std::vector<std::vector<double>> probed;     ///< mm, rows from the front (lowest Y)
    std::map<std::string, std::string> parameters; ///< algo, tension, mesh_x_pps … as the configuration writes them
    [[nodiscard]] double range() const;          ///< mm, highest minus lowest point; 0 when empty
    friend bool operator==(const MeshMatrix&, const MeshMatrix&) = default;
};

/// A mesh that many samples and snapshots hold: shared, compared by its points.
struct SharedMesh {
    std::shared_ptr<const MeshMatrix> matrix; ///< nullptr = not known
    SharedMesh() = default;
    SharedMesh(MeshMatrix mesh) : matrix(std::make_shared<const MeshMatrix>(std::move(mesh))) {}
    explicit operator bool() const { return matrix != nullptr; }
    const MeshMatrix& operator*() const { return *matrix; }
    const MeshMatrix* operator->() const { return matrix.get(); }
    friend bool operator==(const SharedMesh& a, const SharedMesh& b)
    {
        return a.matrix == b.matrix || (a.matrix && b.matrix && *a.matrix == *b.matrix);
    }
};

/// What to do about the mesh before a resume.
struct MeshAdvice {
    enum class Kind { Nothing, LoadProfile, RestoreByMatrix, Lost };
    Kind kind = Kind::Nothing;
    std::string profile;       ///< to load in the plan
    double range = 0;          ///< mm by which the resume may differ in height without it: its range, or how far the two differ
    bool rangeKnown = false;
    double layerHeight = 0;    ///< mm, what the range is compared with; 0 = unknown
    Message text;              ///< what it means, with the range against the layer height when it cannot be restored
};

/// `used`: mesh of the snapshot; `present`: profiles the printer has now, with their matrices where known.
[[nodiscard]] MeshAdvice meshAdvice(const std::optional<MeshMatrix>& used, const std::string& usedProfile,
                                    const std::map<std::string, std::optional<MeshMatrix>>& present, double layerHeight);

/// The text of printer.cfg with one saved profile added (or replaced) in the SAVE_CONFIG block. BadValue: the text has no
/// well-formed block and none can be added safely. Undo: put the old text back.
inline constexpr std::string_view ownMeshProfile = "kintsugi_resume";
[[nodiscard]] Result<std::string> withMeshProfile(const std::string& configuration, const MeshMatrix& mesh, const std::string& profile);
/// Unified difference of two texts, for a person to read.
[[nodiscard]] std::string difference(const std::string& before, const std::string& after);

} // namespace kintsugi::recovery
