# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(core tst_gate)
kintsugi_test(core tst_plan)
kintsugi_test(core tst_plrstate)
kintsugi_test(core tst_resumemachine)
kintsugi_test(core tst_resumewriter LIBS ZLIB::ZLIB)
kintsugi_test(core tst_snapshot)
kintsugi_test(core tst_stopinterval)
