# SPDX-License-Identifier: GPL-3.0-or-later
find_package(Python3 REQUIRED COMPONENTS Interpreter)
kintsugi_test(core tst_scanner)
kintsugi_test(core tst_toolpath)
kintsugi_test(core tst_properties)
foreach(name tst_machinestate tst_fileindex)
    kintsugi_test(core ${name})
    target_compile_definitions(${name} PRIVATE KINTSUGI_PYTHON="${Python3_EXECUTABLE}")
endforeach()
