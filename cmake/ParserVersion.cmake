# SPDX-License-Identifier: GPL-3.0-or-later
# cmake -D OUT=… -D FOLDER=… -D SOURCES=a.cpp,b.cpp -P ParserVersion.cmake
# A number that changes with the code that reads G-code: an index made by other code is not believed.
string(REPLACE "," ";" names "${SOURCES}")
set(all "")
foreach(name IN LISTS names)
    file(SHA256 ${FOLDER}/${name} hash)
    string(APPEND all "${hash}")
endforeach()
string(SHA256 all "${all}")
string(SUBSTRING "${all}" 0 16 number)
set(text "// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace kintsugi::gcode {
inline constexpr std::uint64_t parserVersion = 0x${number};
}
")
file(CONFIGURE OUTPUT ${OUT} CONTENT "${text}" @ONLY)
