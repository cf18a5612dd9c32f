// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "gcode/fileindex.h"
#include "gcode/motion.h"

namespace kintsugi::gcode {

/// What goes before and after the reading of lines: bytes are read, hashed and searched for NUL; moves are timed. On
/// the caller's thread, or ahead of and behind it on a second one; the order of each is the same, so is the result.
class IndexStages
{
public:
    /// The next bytes; they die with the following call. Empty at the end.
    struct Piece {
        std::span<const std::byte> bytes;
        ByteOffset offset = 0;
        std::uint64_t nulBytes = 0;
    };

    [[nodiscard]] static std::unique_ptr<IndexStages> make(const Source& source, std::uint64_t size, const IndexOptions& options);
    virtual ~IndexStages() = default;

    /// FileUnreadable, FileChanged when the file ends early.
    [[nodiscard]] virtual Result<Piece> next() = 0;
    [[nodiscard]] virtual MotionBatch* emptyBatch() = 0; ///< the first one
    /// Takes a batch to be timed, gives an empty one.
    [[nodiscard]] virtual MotionBatch* exchange(MotionBatch* batch) = 0;
    [[nodiscard]] virtual const std::vector<SlotTime>& times() = 0; ///< of all batches; waits for them
    [[nodiscard]] virtual std::uint64_t hash() = 0;                 ///< XXH3-64 of all pieces, after the last one
};

} // namespace kintsugi::gcode
