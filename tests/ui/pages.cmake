# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(ui tst_mainwindow SOURCES ../support/fakedriver.cpp ../support/fakedriver.h)
kintsugi_test(ui tst_translation)
target_compile_definitions(tst_translation PRIVATE KINTSUGI_TRANSLATIONS="${PROJECT_SOURCE_DIR}/translations")
if(TARGET kintsugi_sim)
    kintsugi_test(ui tst_demowindow LIBS kintsugi_sim TIMEOUT 240
        SOURCES ${PROJECT_SOURCE_DIR}/src/gui/demobench.cpp ${PROJECT_SOURCE_DIR}/src/gui/demobench.h)
    target_include_directories(tst_demowindow PRIVATE ${PROJECT_SOURCE_DIR}/src/gui)
endif()
kintsugi_test(ui tst_handpanel SOURCES ../support/fakedriver.cpp ../support/fakedriver.h)
kintsugi_test(ui tst_proofexport)
kintsugi_test(ui tst_runcontrols SOURCES ../support/fakedriver.cpp ../support/fakedriver.h)
kintsugi_test(ui tst_drilldialog SOURCES ../support/fakedriver.cpp ../support/fakedriver.h)
