# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(core tst_quickscan)
kintsugi_test(core tst_sidecar)
add_dependencies(tst_quickscan gcgen)
