# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the real binary.
if(TARGET kintsugi-cli)
    kintsugi_test(app tst_cli LIBS Qt6::Network TIMEOUT 300)
    target_compile_definitions(tst_cli PRIVATE KINTSUGI_CLI="$<TARGET_FILE:kintsugi-cli>")
    add_dependencies(tst_cli kintsugi-cli)
    set_tests_properties(tst_cli PROPERTIES LABELS integration)
    kintsugi_test(app tst_clifiles)
    target_compile_definitions(tst_clifiles PRIVATE KINTSUGI_CLI="$<TARGET_FILE:kintsugi-cli>")
    add_dependencies(tst_clifiles kintsugi-cli)
    set_tests_properties(tst_clifiles PROPERTIES LABELS integration)
endif()
