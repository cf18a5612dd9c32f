# SPDX-License-Identifier: GPL-3.0-or-later
set(store_sources
    job.h job.cpp
    profile.h profile.cpp secrets.h secrets.cpp errortext.h errortext.cpp
    jsonfields.h codec.h codec.cpp codecreport.cpp
    storesql.h storesql.cpp store.h store.cpp archive.h archive.cpp patientwriter.h patientwriter.cpp
    jobend.h jobend.cpp pluginarming.h pluginarming.cpp pluginstate.h pluginstate.cpp
    variableskeeper.h variableskeeper.cpp recorder.h recorder.cpp)
