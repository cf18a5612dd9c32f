# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(ui tst_zpage SOURCES ../support/fakedriver.cpp ../support/fakedriver.h ../support/fakejob.h)
