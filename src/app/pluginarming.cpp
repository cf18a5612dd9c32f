// SPDX-License-Identifier: GPL-3.0-or-later
#include "pluginarming.h"

namespace kintsugi::app {

void PluginArming::console(const QString& text)
{
    if (text.contains(QLatin1String("Power loss recovery enabled")))
        m_armed = true;
    else if (text.contains(QLatin1String("Power loss recovery disabled")))
        m_armed = false;
    else if (text.contains(QLatin1String("Created and started power loss recovery file")))
        m_armed = false; // it stays silent until PLR_Z_HOME MODE=RESUME has succeeded
    else if (text.contains(QLatin1String("PLR Z Home (RESUME mode) completed successfully")))
        m_armed.reset();
}

void PluginArming::history(const std::vector<link::ConsoleLine>& lines)
{
    for (const link::ConsoleLine& line : lines) {
        if (line.command)
            continue;
        if (line.text.contains(QLatin1String("Klipper state: Disconnect")))
            hostRestarted();
        else
            console(line.text);
    }
}

} // namespace kintsugi::app
