# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(ui tst_seriespyramid)
kintsugi_test(ui tst_timelineview)
kintsugi_test(ui tst_partview)
