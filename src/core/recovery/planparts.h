// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <string>
#include <utility>

#include "base/result.h"
#include "recovery/plangcode.h"

/// What the parts of PlanBuilder share.
namespace kintsugi::recovery::parts {

inline constexpr std::array<const char*, 3> positionKeys{"position.x", "position.y", "position.z"};

inline Error problem(ErrorCode code, std::string field, std::string detail = {})
{
    Error error{.code = code, .detail = std::move(detail)};
    error.field = std::move(field);
    return error;
}

inline void append(write::Lines& lines, const write::Lines& more)
{
    lines.insert(lines.end(), more.begin(), more.end());
}

} // namespace kintsugi::recovery::parts
