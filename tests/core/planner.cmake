# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(core tst_declaredheight)
kintsugi_test(core tst_heatcheck)
kintsugi_test(core tst_planlosses)
kintsugi_test(core tst_dryrun)
kintsugi_test(core tst_firstlayer)
