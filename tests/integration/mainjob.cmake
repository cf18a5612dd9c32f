# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(app tst_mainjob LIBS kintsugi_sim TIMEOUT 600)
set_tests_properties(tst_mainjob PROPERTIES LABELS integration)
