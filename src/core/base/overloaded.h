// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace kintsugi {

/// One handler per alternative, for std::visit.
template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};
template <class... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>; // clang 14 cannot deduce aggregates

} // namespace kintsugi
