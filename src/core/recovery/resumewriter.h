// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "recovery/plan.h"

namespace kintsugi::recovery {

struct ResumeFile {
    std::filesystem::path path;
    std::uint64_t bytes = 0, preambleBytes = 0;
};

/// The comment header of a resume file: what it continues, and what is printed already. Read back by readResumePoint().
[[nodiscard]] Result<std::string> resumeHeader(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan);

/// Streams header + preamble + the marker + the original bytes from plan.snapshot.byte on into a NEW file (temporary
/// name, fsync, rename without replacing). The source is only read; its stamp is compared before and after. FileExists,
/// FileChanged, DiskFull, WriteFailed, Cancelled; nothing is left behind on failure.
[[nodiscard]] Result<ResumeFile> writeResume(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan,
                                             const std::filesystem::path& target, const gcode::Progress& progress = {});

} // namespace kintsugi::recovery
