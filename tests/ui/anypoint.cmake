# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(ui tst_anypoint SOURCES ../support/fakedriver.cpp ../support/fakedriver.h)
