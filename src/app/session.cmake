# SPDX-License-Identifier: GPL-3.0-or-later
set(session_sources
    filecache.h filecache.cpp session.h session.cpp crashtruth.h crashtruth.cpp livechanges.h livechanges.cpp
    resumeflow.h resumeflow.cpp resumeflowevidence.h resumeflowevidence.cpp resumeflowfacts.h resumeflowfacts.cpp
    resumeflowmesh.h resumeflowmesh.cpp resumeflowplugin.h resumeflowplugin.cpp
    resumeflowrun.h resumeflowrun.cpp resumeflowwork.h resumeflowwork.cpp
    resumeflowtouch.h resumeflowtouch.cpp touchrun.h touchrun.cpp zmechanics.h zmechanics.cpp
    timelinedata.h timelinedata.cpp plansummary.h plansummary.cpp recoverability.h recoverability.cpp
    drillproof.h drillproof.cpp drillrun.h drillrun.cpp
    tablemodel.h snapshotmodel.h snapshotmodel.cpp fieldmodel.h fieldmodel.cpp gatemodel.h gatemodel.cpp
    proofpicture.h proofpicture.cpp proofreport.h proofreport.cpp
    planmodel.h planmodel.cpp journalmodel.h journalmodel.cpp consolemodel.h consolemodel.cpp
    printerlistmodel.h printerlistmodel.cpp candidatemodel.h candidatemodel.cpp)
