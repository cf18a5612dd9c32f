// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "base/message.h"

namespace kintsugi {

using ByteOffset = std::uint64_t; ///< bytes from the start of a file

/// What went wrong, fine enough for a test to compare and for app/errortext to make a sentence of.
enum class ErrorCode {
    Cancelled,
    // files
    FileMissing,
    FileUnreadable,
    FileChanged,   ///< size, time or content differ from what was read before
    FileTooShort,
    FileExists,
    FileNotGcode,
    FileDamaged,   ///< a container's checksum or structure is wrong; `detail` names the block, `byte` is the file's
    DiskFull,
    WriteFailed,
    // G-code, plans
    BadByte,           ///< offset outside the file
    BeforeFirstExtrusion,
    AfterLastExtrusion,
    UnknownState,      ///< a must-have field is unknown
    NotSupported,
    Unsafe,
    GateBlocked,
    // texts from outside
    BadValue,          ///< wrong type or value; `field` says which
    TornText,          ///< ends in the middle
    // link
    BadAddress,
    Unreachable,
    Timeout,
    Disconnected,
    Unauthorized,
    BadReply,
    Refused,           ///< the printer or server said no; `detail` holds its words
    KlippyNotReady,
    Busy,
    // store
    StoreUnavailable,
    StoreDamaged,
    StoreTooNew,
    // command line
    BadUsage,
};

/// An error is a value: the code says what happened, the rest says where. Words are made in app/errortext only.
struct Error {
    ErrorCode code{};
    std::string detail;                     ///< cause in the words of its source (system, server); never the whole story
    std::string file;                       ///< path or name, empty when none
    std::string field;                      ///< path of the offending field, e.g. "result.status.extruder.target"
    std::optional<std::uint64_t> line;      ///< 1-based
    std::optional<ByteOffset> byte;
    std::optional<double> measured, limit;  ///< units by code
    Message reason;                         ///< a cause core itself words, for translation; empty when none

    friend bool operator==(const Error&, const Error&) = default;
};

template <class T = void>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline auto fail(Error error)
{
    return tl::unexpected<Error>(std::move(error));
}
[[nodiscard]] inline auto fail(ErrorCode code, std::string detail = {}, std::string file = {})
{
    return tl::unexpected<Error>(Error{.code = code, .detail = std::move(detail), .file = std::move(file)});
}

} // namespace kintsugi
