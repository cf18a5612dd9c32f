# SPDX-License-Identifier: GPL-3.0-or-later
set(recovery_sources
    recovery/plan.h recovery/plan.cpp
    recovery/plangcode.h recovery/plangcode.cpp
    recovery/resumefile.cpp
    recovery/resumewriter.h recovery/resumewriter.cpp
    recovery/sample.h
    recovery/snapshot.h recovery/snapshot.cpp
    recovery/statefields.h recovery/statefields.cpp
    recovery/walk.h recovery/walk.cpp)
