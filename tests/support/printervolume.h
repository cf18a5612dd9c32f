// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/plan.h"

namespace kintsugi {

/// A printer whose travel is known, mm.
inline recovery::PrinterFacts printerOf(double x = 235, double y = 235, double z = 250)
{
    recovery::PrinterFacts facts;
    facts.minimum = {0, 0, 0};
    facts.maximum = {x, y, z};
    return facts;
}

} // namespace kintsugi
