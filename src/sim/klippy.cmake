# SPDX-License-Identifier: GPL-3.0-or-later
set(klippy_sources
    klippy.h klippy.cpp deposit.h
    klippyreactor.h klippyreactor.cpp klippyvalue.h klippyvalue.cpp klippylayers.h klippylayers.cpp
    klippysteps.h klippysteps.cpp
    klippymesh.h klippymesh.cpp
    klippysettings.h klippysettings.cpp klippyhost.h klippyhost.cpp klippyapi.cpp klippystatus.cpp klippymove.cpp
    klippycommands.cpp klippysdcard.cpp
    plugin.h plugin.cpp pluginresume.cpp pluginzhome.cpp
    machine.h machine.cpp motion.h motion.cpp heater.h heater.cpp)
