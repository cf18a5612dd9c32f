// SPDX-License-Identifier: GPL-3.0-or-later
#include "driver.h"

#include "moc_driver.cpp"
