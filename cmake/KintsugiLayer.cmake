# SPDX-License-Identifier: GPL-3.0-or-later
# Packages, flags and the one function that makes a layer.

find_package(tl-expected CONFIG REQUIRED)
find_package(ZLIB REQUIRED)
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)

find_package(Qt6 6.4 REQUIRED COMPONENTS Core Test)
if(NOT KINTSUGI_UP_TO STREQUAL "core")
    find_package(Qt6 6.4 REQUIRED COMPONENTS Network SerialPort WebSockets)
    find_package(QCoro6 CONFIG REQUIRED COMPONENTS Core Network WebSockets)
    qcoro_enable_coroutines()
endif()
if(KINTSUGI_UP_TO MATCHES "^(app|ui|all)$")
    find_package(Qt6 6.4 REQUIRED COMPONENTS Sql Concurrent)
    find_package(Qt6Keychain CONFIG REQUIRED)
endif()
if(KINTSUGI_UP_TO MATCHES "^(ui|all)$")
    # QCustomPlot names Widgets and PrintSupport without looking for them, so they come first.
    find_package(Qt6 6.4 REQUIRED COMPONENTS Widgets PrintSupport Charts Svg LinguistTools)
    find_package(QCustomPlotQt6 CONFIG REQUIRED)
endif()
qt_standard_project_setup()
# moc 6.4 stops at libstdc++ 12's <compare> unless a Qt header came before it.
set(CMAKE_AUTOMOC_MOC_OPTIONS --include QtCore/qglobal.h)
# Sources of a layer need not wait for the library below it to be linked.
set(CMAKE_AUTOGEN_ORIGIN_DEPENDS OFF)
set(CMAKE_AUTOUIC_SEARCH_PATHS ${PROJECT_SOURCE_DIR}/ui)

add_library(kintsugi_flags INTERFACE)
target_compile_options(kintsugi_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
    -Wold-style-cast -Wno-missing-field-initializers -Wnon-virtual-dtor -Woverloaded-virtual -Wswitch-enum $<$<BOOL:${KINTSUGI_WERROR}>:-Werror>)
# g++ 12 at -O3 takes string concatenation for an overlapping copy (GCC bug 105651).
target_compile_options(kintsugi_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
# The same line must give the same time on every path of the code and on every machine.
target_compile_options(kintsugi_flags INTERFACE -ffp-contract=off)
add_library(kintsugi_qt_flags INTERFACE)
target_compile_definitions(kintsugi_qt_flags INTERFACE QT_NO_CAST_FROM_ASCII QT_NO_CAST_TO_ASCII
    QT_NO_URL_CAST_FROM_STRING QT_NO_NARROWING_CONVERSIONS_IN_CONNECT QT_USE_QSTRINGBUILDER)
target_link_libraries(kintsugi_qt_flags INTERFACE kintsugi_flags)

# kintsugi_layer(<name> [NO_QT] SOURCES … PUBLIC … PRIVATE …)
# A layer sees its own folder and those of the layers in its PUBLIC list; nothing else is on its include path.
# Headers are included relative to the layer folder ("gcode/scanner.h", "driver.h"), so names are unique over all layers.
function(kintsugi_layer name)
    cmake_parse_arguments(ARG "NO_QT" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
    add_library(kintsugi_${name} STATIC ${ARG_SOURCES})
    target_include_directories(kintsugi_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(kintsugi_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
    if(ARG_NO_QT)
        target_link_libraries(kintsugi_${name} PRIVATE kintsugi_flags)
        set_target_properties(kintsugi_${name} PROPERTIES AUTOMOC OFF AUTOUIC OFF AUTORCC OFF)
    else()
        target_link_libraries(kintsugi_${name} PRIVATE kintsugi_qt_flags)
        set_target_properties(kintsugi_${name} PROPERTIES AUTOMOC ON AUTOUIC ON)
    endif()
endfunction()
