// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QString>

#include "demoprinter.h"
#include "driver.h"

namespace kintsugi::cli {

/// The demo printer behind the address `demo:`; it lives as long as the command.
class DemoHost
{
public:
    [[nodiscard]] std::unique_ptr<link::Driver> makeDriver();

private:
    std::unique_ptr<sim::DemoPrinter> m_printer;
};

} // namespace kintsugi::cli
