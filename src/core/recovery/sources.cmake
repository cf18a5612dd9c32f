# SPDX-License-Identifier: GPL-3.0-or-later
set(recovery_sources
    recovery/bgcodewriter.h recovery/bgcodewriter.cpp
    recovery/candidates.cpp
    recovery/conflicts.cpp
    recovery/gate.h recovery/gate.cpp
    recovery/ownlines.h recovery/ownlines.cpp
    recovery/meshrestore.h recovery/meshrestore.cpp
    recovery/motiontime.h recovery/motiontime.cpp
    recovery/newfile.h recovery/newfile.cpp
    recovery/originalbyte.cpp
    recovery/plan.h recovery/plan.cpp
    recovery/plangcode.h recovery/plangcode.cpp
    recovery/plrcopy.cpp
    recovery/plrmarkers.h recovery/plrmarkers.cpp
    recovery/positionmatch.h recovery/positionmatch.cpp
    recovery/resumefile.cpp
    recovery/resumewriter.h recovery/resumewriter.cpp
    recovery/resumemachine.h recovery/resumemachine.cpp
    recovery/sample.h
    recovery/snapshot.h recovery/snapshot.cpp
    recovery/statefields.h recovery/statefields.cpp
    recovery/stopinterval.h recovery/stopinterval.cpp
    recovery/walk.h recovery/walk.cpp)
