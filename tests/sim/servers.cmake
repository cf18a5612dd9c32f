# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(sim tst_moonrakersim SOURCES fakeklippy.h testclient.h recording.h LIBS Qt6::Network Qt6::WebSockets)
kintsugi_test(sim tst_klippysocket SOURCES fakeklippy.h recording.h LIBS Qt6::Network)
kintsugi_test(sim tst_demoprinter SOURCES testclient.h recording.h LIBS Qt6::Network Qt6::WebSockets)
