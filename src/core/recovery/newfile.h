// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kintsugi::recovery {

/// A file under a temporary name in the folder of its target; it vanishes unless commit() gives it its real name, which
/// never replaces a file. FileExists, DiskFull, WriteFailed.
class NewFile
{
public:
    explicit NewFile(std::filesystem::path target);
    ~NewFile();
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    /// FileExists at once when there is something under the target's name already.
    [[nodiscard]] Result<> open();
    [[nodiscard]] Result<> write(std::string_view bytes);
    /// fsync, rename without replacing, fsync of the folder.
    [[nodiscard]] Result<> commit();
    [[nodiscard]] std::uint64_t written() const { return m_written; }

private:
    [[nodiscard]] Result<> rename();
    void syncFolder() const;

    std::filesystem::path m_target;
    std::string m_temporary;
    int m_fd = -1;
    std::uint64_t m_written = 0;
};

} // namespace kintsugi::recovery
