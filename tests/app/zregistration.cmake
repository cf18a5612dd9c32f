# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(app tst_zproof)
kintsugi_test(app tst_zruns SOURCES ../support/fakedriver.cpp ../support/fakedriver.h ../support/fakejob.h)
set(cli ${PROJECT_SOURCE_DIR}/src/cli)
kintsugi_test(app tst_handtalk SOURCES ../support/fakedriver.cpp ../support/fakedriver.h ../support/fakejob.h ${cli}/handtalk.h ${cli}/handtalk.cpp
              ${cli}/output.h ${cli}/output.cpp)
target_include_directories(tst_handtalk PRIVATE ${cli})
