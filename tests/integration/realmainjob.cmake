# SPDX-License-Identifier: GPL-3.0-or-later
# The main job with the real Moonraker and the real binary.
if(TARGET kintsugi-cli)
    kintsugi_test(integration tst_realmainjob LIBS kintsugi_app SOURCES ${real_moonraker} TIMEOUT 300)
    target_compile_definitions(tst_realmainjob PRIVATE KINTSUGI_CLI="$<TARGET_FILE:kintsugi-cli>")
    add_dependencies(tst_realmainjob kintsugi-cli)
endif()
