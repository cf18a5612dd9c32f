# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(sim tst_interruptions)
kintsugi_test(sim tst_klippy)
kintsugi_test(sim tst_klippyplugin)
kintsugi_test(sim tst_klippyshapes)
kintsugi_test(sim tst_machine)
