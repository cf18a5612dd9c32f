# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(core tst_knownfacts)
