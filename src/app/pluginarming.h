// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QString>

#include "driver.h"

namespace kintsugi::app {

/// Is klipper-plr saving? Nobody can ask it: console lines, restarts and its saves tell.
class PluginArming
{
public:
    void console(const QString& text);
    void history(const std::vector<link::ConsoleLine>& lines); ///< ascending; what was said before this program listened
    void hostRestarted() { m_armed = false; }
    void saved() { m_armed = true; }
    void forget() { m_armed.reset(); }
    [[nodiscard]] std::optional<bool> armed() const { return m_armed; }

private:
    std::optional<bool> m_armed;
};

} // namespace kintsugi::app
