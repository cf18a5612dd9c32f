# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(ui tst_partdrawing)
kintsugi_test(ui tst_partpanel)
