# SPDX-License-Identifier: GPL-3.0-or-later
find_package(Python3 REQUIRED COMPONENTS Interpreter)
kintsugi_test(core tst_scanner)
kintsugi_test(core tst_machinestate)
target_compile_definitions(tst_machinestate PRIVATE KINTSUGI_PYTHON="${Python3_EXECUTABLE}")
