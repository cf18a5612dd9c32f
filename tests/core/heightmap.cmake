# SPDX-License-Identifier: GPL-3.0-or-later
foreach(name tst_heightmap tst_heightmaporacle)
    kintsugi_test(core ${name})
    target_compile_definitions(${name} PRIVATE KINTSUGI_PYTHON="${Python3_EXECUTABLE}")
endforeach()
kintsugi_test(core tst_recoverable)
