# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(core tst_feature)
kintsugi_test(core tst_plrmarkers)
kintsugi_test(core tst_filefacts)
