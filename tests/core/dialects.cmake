# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(core tst_plandialects)
kintsugi_test(core tst_plandialectsbig)
target_compile_definitions(tst_plandialectsbig PRIVATE KINTSUGI_GCGEN="$<TARGET_FILE:gcgen>")
add_dependencies(tst_plandialectsbig gcgen)
kintsugi_test(core tst_ownlines)
