# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(integration tst_zmethods LIBS kintsugi_app SOURCES ${PROJECT_SOURCE_DIR}/tests/sim/klippybench.h TIMEOUT 600)
