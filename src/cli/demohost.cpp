// SPDX-License-Identifier: GPL-3.0-or-later
#include "demohost.h"

#include <QStandardPaths>

#include "moonrakerdriver.h"

namespace kintsugi::cli {

std::unique_ptr<link::Driver> DemoHost::makeDriver()
{
    if (!m_printer) {
        sim::DemoOptions options;
        options.machine.folder =
            QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation) + QStringLiteral("/kintsugi/demo-cli");
        m_printer = std::make_unique<sim::DemoPrinter>(options);
        static_cast<void>(m_printer->start()); // when it fails nobody answers, and the driver says so
    }
    return std::make_unique<link::MoonrakerDriver>(link::Address{.url = m_printer->address(), .credentials = {}});
}

} // namespace kintsugi::cli
