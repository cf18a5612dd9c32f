# SPDX-License-Identifier: GPL-3.0-or-later
if(TARGET kintsugi_sim)
    kintsugi_test(ui tst_guithread LIBS kintsugi_sim TIMEOUT 300 SOURCES eventwatch.h stallingproxy.h)
    target_compile_definitions(tst_guithread PRIVATE KINTSUGI_GCGEN="$<TARGET_FILE:gcgen>")
    add_dependencies(tst_guithread gcgen)
endif()
