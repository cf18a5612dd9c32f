// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <compare>
#include <optional>
#include <string_view>

namespace kintsugi::recovery {

/// Klipper's version as `git describe` gives it: "v0.13.0-730-g84104bbb" is 730 commits after v0.13.0.
struct KlipperVersion {
    int major = 0, minor = 0, patch = 0;
    int commits = 0;          ///< after that release
    friend auto operator<=>(const KlipperVersion&, const KlipperVersion&) = default;
};
/// nullopt: a fork's numbers, "?" or nothing. What is not Klipper's own release scheme is not compared.
[[nodiscard]] std::optional<KlipperVersion> readKlipperVersion(std::string_view text);

/// Places in Klipper's history, counted in its own repository by `git describe --tags`.
namespace klipperhistory {
inline constexpr KlipperVersion setHomed{0, 12, 0, 488};       ///< f3e89e25c: SET_KINEMATIC_POSITION SET_HOMED=
inline constexpr KlipperVersion withoutFlushMoves{0, 13, 0, 201}; ///< 864c78f24: takes away what klipper-plr's PLR_Z_HOME calls
} // namespace klipperhistory

/// No earlier than that place. nullopt = the version is not understood.
[[nodiscard]] std::optional<bool> isSince(std::string_view version, const KlipperVersion& place);

} // namespace kintsugi::recovery
