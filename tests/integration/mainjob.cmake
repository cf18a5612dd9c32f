# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(integration tst_mainjob LIBS kintsugi_app SOURCES ${real_moonraker} ${PROJECT_SOURCE_DIR}/tests/support/mainjobstand.h ${PROJECT_SOURCE_DIR}/tests/support/jobfixture.h TIMEOUT 900)
kintsugi_test(integration tst_meshflow LIBS kintsugi_app SOURCES ${real_moonraker} ${PROJECT_SOURCE_DIR}/tests/support/mainjobstand.h ${PROJECT_SOURCE_DIR}/tests/support/jobfixture.h TIMEOUT 300)
kintsugi_test(integration tst_drillrun LIBS kintsugi_app SOURCES ${real_moonraker} ${PROJECT_SOURCE_DIR}/tests/support/mainjobstand.h ${PROJECT_SOURCE_DIR}/tests/support/jobfixture.h TIMEOUT 300)
