// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "recovery/plan.h"

namespace kintsugi::recovery {

struct ResumeFile {
    std::filesystem::path path;
    std::uint64_t bytes = 0;         ///< of the file
    std::uint64_t preambleBytes = 0; ///< of its (decoded) text, up to the original's bytes
};

/// The comment header of a resume file: what it continues, and what is printed already. Read back by readResumePoint().
[[nodiscard]] Result<std::string> resumeHeader(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan);

/// Header + preamble + the marker + the original text from plan.snapshot.byte on in a NEW file (temporary name, fsync,
/// rename without replacing); of binary G-code that is binary G-code again. Before the file gets its name every byte of
/// the source has been compared with the index, and its stamp once more. The preamble is filled up with comment
/// lines so that file systems that can share the tail's blocks do. FileExists, FileChanged, DiskFull, WriteFailed,
/// Cancelled; nothing is left behind on failure.
[[nodiscard]] Result<ResumeFile> writeResume(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan,
                                             const std::filesystem::path& target, const gcode::Progress& progress = {});

} // namespace kintsugi::recovery
