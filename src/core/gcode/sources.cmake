# SPDX-License-Identifier: GPL-3.0-or-later
set(gcode_sources
    gcode/arc.h gcode/arc.cpp
    gcode/changelog.h gcode/changelog.cpp
    gcode/bgcodeblock.h gcode/bgcodeblock.cpp
    gcode/bgcodesource.h gcode/bgcodesource.cpp
    gcode/command.h gcode/command.cpp
    gcode/comments.h gcode/comments.cpp
    gcode/dialect.h gcode/dialect.cpp
    gcode/feature.h gcode/feature.cpp
    gcode/filefacts.h gcode/filefacts.cpp
    gcode/fileindex.h gcode/fileindex.cpp
    gcode/gzsource.h gcode/gzsource.cpp
    gcode/hasher.h gcode/hasher.cpp
    gcode/hasherwide.h gcode/hasherwide.cpp
    gcode/heatshrink.h gcode/heatshrink.cpp
    gcode/indexbuilder.h gcode/indexbuilder.cpp
    gcode/indexstages.h gcode/indexstages.cpp
    gcode/indexcache.h gcode/indexcache.cpp
    gcode/indexfields.h
    gcode/layerpath.h gcode/layerpath.cpp
    gcode/layercluster.h gcode/layercluster.cpp
    gcode/linecommands.h
    gcode/linescan.h gcode/linescan.cpp
    gcode/machinestate.h gcode/machinestate.cpp
    gcode/motion.h gcode/motion.cpp
    gcode/moverun.h gcode/moverun.cpp gcode/moverun_step.h
    gcode/meatpack.h gcode/meatpack.cpp
    gcode/opengcode.h gcode/opengcode.cpp
    gcode/quietnote.h
    gcode/quickscan.h gcode/quickscan.cpp
    gcode/reprapstate.h gcode/reprapstate.cpp
    gcode/scanner.h gcode/scanner.cpp
    gcode/sidecar.h gcode/sidecar.cpp
    gcode/sharedstates.h gcode/sharedstates.cpp
    gcode/source.h gcode/source.cpp
    gcode/startmacro.h gcode/startmacro.cpp
    gcode/statedvolume.h gcode/statedvolume.cpp
    gcode/text.h
    gcode/toolsetup.h gcode/toolsetup.cpp
    gcode/textcache.h
    gcode/toolpath.h gcode/toolpath.cpp)
# The clock's loops only become vector code when a square root need not set errno and a comparison need not trap.
if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    set_source_files_properties(gcode/motion.cpp PROPERTIES COMPILE_OPTIONS "-fno-math-errno;-fno-trapping-math")
endif()

# Of all files that decide what an index holds, so of all that are here.
set(parser_version ${CMAKE_CURRENT_BINARY_DIR}/gcode/parserversion.h)
list(JOIN gcode_sources "," parser_sources)
add_custom_command(OUTPUT ${parser_version}
    COMMAND ${CMAKE_COMMAND} -D OUT=${parser_version} -D FOLDER=${CMAKE_CURRENT_SOURCE_DIR} -D "SOURCES=${parser_sources}"
        -P ${PROJECT_SOURCE_DIR}/cmake/ParserVersion.cmake
    DEPENDS ${gcode_sources} ${PROJECT_SOURCE_DIR}/cmake/ParserVersion.cmake VERBATIM)
