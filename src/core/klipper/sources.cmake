# SPDX-License-Identifier: GPL-3.0-or-later
set(klipper_sources
    klipper/plrstate.h klipper/plrstate.cpp
    klipper/pythonliteral.cpp
    klipper/variables.cpp)
