// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kintsugi::gcode {

/// A line that is neither plainly an ordinary move nor plainly without meaning.
struct LineStart {
    std::uint32_t offset = 0; ///< of its first byte in the text
    std::uint32_t line = 0;   ///< lines of the text before it
    std::uint32_t quiet = 0;  ///< those of them without meaning
    friend bool operator==(const LineStart&, const LineStart&) = default;
};

/// How the lines of a text are told apart. All give the same answer; the fastest that this machine can run is best.
enum class LineScan { Portable, Sse2, Avx2 };
[[nodiscard]] std::vector<LineScan> availableLineScans(); ///< the fastest last

struct LineScanResult {
    std::uint32_t lines = 0; ///< line feeds
    std::uint32_t quiet = 0; ///< lines that mean nothing
    bool loneCr = false;     ///< a CR without LF: the line starts are not to be used
    friend bool operator==(const LineScanResult&, const LineScanResult&) = default;
};

/// Bytes that must be readable (and initialised) behind the text.
constexpr std::size_t lineScanPadding = 96;

/// An empty line (without CR), or a quiet note (quietnote.h) whatever its rest.
[[nodiscard]] bool isQuietLine(const char* line);

/// Finds the lines that are neither quiet nor plainly `G0`, `G1`, `G2` or `G3`: with a blank and a byte of '@' .. '_' behind it, or in
/// lower case, with a line number, or without blanks where a look at the next few bytes can tell. Those are ordinary moves whatever
/// follows. The text ends with LF and is at most 2 GiB long. `special` is replaced.
[[nodiscard]] LineScanResult scanLines(LineScan how, const char* text, std::size_t size, std::vector<LineStart>& special);

} // namespace kintsugi::gcode
