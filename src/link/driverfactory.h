// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>

#include <QString>

#include "driver.h"

namespace kintsugi::link {

/// Turns an address into a driver. Knows moonraker:// and moonrakers://; front ends add schemes of their own ("demo").
/// A value: every front end makes one and hands it down.
class DriverFactory
{
public:
    using Maker = std::function<std::unique_ptr<Driver>(const Address&)>;

    DriverFactory();

    void add(const QString& scheme, Maker maker);
    [[nodiscard]] QStringList schemes() const;

    /// Text of a person to an address: scheme known, host present, default port filled in, user and password moved to the
    /// credentials. BadAddress; NotSupported with the scheme in `detail` for languages of printers that are not built in.
    [[nodiscard]] Result<Address> parse(const QString& text) const;

    /// A driver that lives on the calling thread. Errors as parse().
    [[nodiscard]] Result<std::unique_ptr<Driver>> make(const Address& address) const;
    /// The same behind a ThreadedDriver: works on a link thread of its own, talks on the calling thread.
    [[nodiscard]] Result<std::unique_ptr<Driver>> makeThreaded(const Address& address) const;

private:
    std::map<QString, Maker> m_makers;
};

} // namespace kintsugi::link
