// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>

#include "gcode/machinestate.h"

namespace kintsugi::gcode {

/// Keeps the rarely changing part of each checkpoint's state once: fans, accelerations and objects come back to the same
/// few combinations all over a file.
class SharedStates
{
public:
    /// The state without its hot part; the same pointer for the same content. `state` comes back as it was: to compare it in place
    /// costs less than a copy.
    [[nodiscard]] std::shared_ptr<const MachineState> share(MachineState& state);
    /// Must be called when anything but the hot part may have changed since the last share().
    void touch() { m_touched = true; }
    [[nodiscard]] std::size_t bytes() const { return m_bytes; } ///< roughly, of all that is kept
    void forgetUnused(); ///< drops what nobody else holds

private:
    [[nodiscard]] std::shared_ptr<const MachineState> keep(const MachineState& rest);

    std::unordered_multimap<std::size_t, std::shared_ptr<const MachineState>> m_kept;
    std::shared_ptr<const MachineState> m_last;
    std::size_t m_bytes = 0;
    bool m_touched = true;
};

} // namespace kintsugi::gcode
