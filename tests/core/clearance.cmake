# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(core tst_envelope)
kintsugi_test(core tst_planmotion)
kintsugi_test(core tst_clearance)
