# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(app tst_models)
kintsugi_test(app tst_proofreport)
kintsugi_test(app tst_filecache SOURCES ../support/fakedriver.cpp ../support/fakedriver.h)
kintsugi_test(app tst_session SOURCES ../support/fakedriver.cpp ../support/fakedriver.h)
kintsugi_test(app tst_resumefacts)
kintsugi_test(app tst_plansummary)
kintsugi_test(app tst_resumeflow SOURCES ../support/fakedriver.cpp ../support/fakedriver.h)
kintsugi_test(app tst_touchrun SOURCES ../support/fakedriver.cpp ../support/fakedriver.h)
