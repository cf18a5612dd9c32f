// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>

#include <QObject>

#include "command.h"

namespace kintsugi::cli {

/// The printer a person named: id or name of the list, else an address. BadUsage, BadAddress.
[[nodiscard]] Result<app::Profile> choosePrinter(const Environment& environment, const std::string& name);

/// The profile's driver, with the key of `keyFile`, else of the keychain. A keychain that does not answer counts as empty.
using DriverReply = std::function<void(Result<std::unique_ptr<link::Driver>>)>;
void makeDriver(Environment& environment, const app::Profile& profile, const std::string& keyFile, QObject* context, DriverReply reply);

[[nodiscard]] Result<QString> readKey(const std::string& file);

} // namespace kintsugi::cli
