// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

#include "gcode/hasher.h"
#include "gcode/source.h"

namespace kintsugi::recovery {

/// A file under a temporary name beside its real one; it vanishes unless it is committed.
class NewFile
{
public:
    /// File systems that share blocks between files do so in pieces of this size.
    static constexpr std::uint64_t sharedBlock = 4096;

    explicit NewFile(std::filesystem::path target) : m_target(std::move(target)) {}
    ~NewFile();
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    /// WriteFailed, DiskFull; FileExists when the target is there already.
    [[nodiscard]] Result<> open();
    [[nodiscard]] Result<> write(std::string_view bytes);
    /// Appends bytes [begin, end) of the source. Where both files lie on a file system that can, and `begin` and the end of
    /// this file agree modulo sharedBlock, the bytes are shared and not copied. FileChanged (the source became shorter;
    /// `byte` says where), Cancelled. `progress` counts source bytes done.
    /// `hash` takes all those bytes, shared ones too.
    [[nodiscard]] Result<> append(const gcode::Source& source, ByteOffset begin, ByteOffset end, const gcode::Progress& progress = {},
                                  gcode::Hasher* hash = nullptr);
    /// Flushes to the disk and gives the real name; never replaces a file.
    [[nodiscard]] Result<> commit();
    [[nodiscard]] std::uint64_t written() const { return m_written; }

private:
    [[nodiscard]] bool share(int from, ByteOffset begin, ByteOffset end);
    [[nodiscard]] Result<> rename();
    void syncFolder() const;

    std::filesystem::path m_target;
    std::string m_temporary;
    int m_fd = -1;
    std::uint64_t m_written = 0;
};

} // namespace kintsugi::recovery
