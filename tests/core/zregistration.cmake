# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(core tst_touch)
kintsugi_test(core tst_zuncertainty)
kintsugi_test(core tst_touchspots)
kintsugi_test(core tst_drill)
