# SPDX-License-Identifier: GPL-3.0-or-later
set(page_sources
    workshop.h workshop.cpp democontrols.h demopanel.h demopanel.cpp
    welcomepage.h welcomepage.cpp addprinterdialog.h addprinterdialog.cpp variablesdialog.h variablesdialog.cpp
    timelinesource.h timelinesource.cpp pointentry.h pointentry.cpp stopwidth.h stopwidth.cpp
    caliperentry.h caliperentry.cpp pointtabs.h pointtabs.cpp timelinepage.h timelinepage.cpp
    assistantpage.h assistantpage.cpp happenedpage.h happenedpage.cpp wherepage.h wherepage.cpp statepage.h statepage.cpp
    ownlinespanel.h ownlinespanel.cpp meshpanel.h meshpanel.cpp handpanel.h handpanel.cpp
    stoppanel.h stoppanel.cpp gentlepanel.h gentlepanel.cpp
    drillview.h drillview.cpp drilldialog.h drilldialog.cpp
    gatepage.h gatepage.cpp zpage.h zpage.cpp planpage.h planpage.cpp runpage.h runpage.cpp reportpage.h reportpage.cpp
    proofexport.h proofexport.cpp resumepage.h resumepage.cpp
    markersdialog.h markersdialog.cpp filewindow.h filewindow.cpp
    crashpanel.h crashpanel.cpp consolepage.h consolepage.cpp journalpage.h journalpage.cpp pluginmenu.h pluginmenu.cpp
    printerheader.h printerheader.cpp printerdelegate.h printerdelegate.cpp printerpage.h printerpage.cpp
    mainwindow.h mainwindow.cpp)
