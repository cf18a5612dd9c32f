# SPDX-License-Identifier: GPL-3.0-or-later
find_package(Threads REQUIRED)
foreach(name tst_bgcode tst_gzsource)
    kintsugi_test(core ${name} LIBS ZLIB::ZLIB Threads::Threads)
endforeach()
