# SPDX-License-Identifier: GPL-3.0-or-later
set(recovery_sources
    recovery/bgcodewriter.h recovery/bgcodewriter.cpp
    recovery/caliper.h recovery/caliper.cpp
    recovery/candidates.cpp
    recovery/clearance.h recovery/clearance.cpp recovery/clearancecheck.h recovery/clearancecheck.cpp
    recovery/clearancefield.h recovery/clearancefield.cpp recovery/clearancegate.h recovery/clearancegate.cpp recovery/clearancesearch.cpp
    recovery/conflicts.cpp
    recovery/declaredheight.h recovery/declaredheight.cpp
    recovery/dialectwriter.h recovery/dialectwriter.cpp recovery/dialectwriters.h
    recovery/firstlayer.h recovery/firstlayer.cpp recovery/xycheck.h recovery/xycheck.cpp
    recovery/coolingadvice.h recovery/coolingadvice.cpp
    recovery/configread.h recovery/configread.cpp
    recovery/drill.h recovery/drill.cpp recovery/drillwriter.h recovery/drillwriter.cpp
    recovery/envelope.h recovery/envelope.cpp
    recovery/gate.h recovery/gate.cpp
    recovery/gatechecks.h recovery/gatehoming.h recovery/gatechecksconfig.cpp recovery/gatechecksfile.cpp recovery/gatechecksplan.cpp
    recovery/gatechecksprinter.cpp recovery/gatechecksstate.cpp recovery/gatechecksversions.cpp recovery/gatechecksz.cpp
    recovery/homing.h recovery/homing.cpp
    recovery/heightmap.h recovery/heightmap.cpp recovery/heightmapbrush.h recovery/heightmapbrush.cpp
    recovery/heightmappainter.h recovery/heightmappainter.cpp recovery/heightmapseries.cpp
    recovery/heightmapwidth.h recovery/heightmapwidth.cpp
    recovery/klipperwriter.cpp
    recovery/macroaudit.h recovery/macroaudit.cpp recovery/macroauditcommands.h recovery/macroauditcommands.cpp
    recovery/macroauditmend.h recovery/macroauditmend.cpp recovery/macroauditroots.cpp
    recovery/macroaudittemplate.h recovery/macroaudittemplate.cpp
    recovery/heatcheck.h recovery/heatcheck.cpp
    recovery/notrestored.h recovery/notrestored.cpp
    recovery/ownlines.h recovery/ownlines.cpp
    recovery/ownlinescheck.h recovery/ownlinescheck.cpp
    recovery/meshrestore.h recovery/meshrestore.cpp
    recovery/motiontime.h recovery/motiontime.cpp
    recovery/newfile.h recovery/newfile.cpp
    recovery/originalbyte.cpp
    recovery/plan.h recovery/plan.cpp
    recovery/planbuilder.h recovery/planbuilder.cpp
    recovery/planfindings.h recovery/planfindings.cpp
    recovery/plandryrun.cpp recovery/planfinish.cpp recovery/planheat.cpp recovery/planlift.cpp recovery/planparts.h
    recovery/plangcode.h recovery/plangcode.cpp
    recovery/planmotion.h recovery/planmotion.cpp recovery/planmotionrunner.h recovery/planmotionrunner.cpp
    recovery/planpicture.h recovery/planpicture.cpp
    recovery/plrcopy.cpp
    recovery/plrmarkers.h recovery/plrmarkers.cpp
    recovery/planmeasure.h recovery/planmeasure.cpp
    recovery/positionmatch.h recovery/positionmatch.cpp
    recovery/recoverable.h recovery/recoverable.cpp
    recovery/reprapwriter.cpp
    recovery/resumefile.cpp
    recovery/resumewriter.h recovery/resumewriter.cpp
    recovery/resumemachine.h recovery/resumemachine.cpp
    recovery/sample.h
    recovery/serialwriter.cpp
    recovery/snapshot.h recovery/snapshot.cpp
    recovery/statefields.h recovery/statefields.cpp
    recovery/stopinterval.h recovery/stopinterval.cpp
    recovery/stopintervalrunout.h recovery/stopintervalrunout.cpp
    recovery/tailcheck.h recovery/tailcheck.cpp
    recovery/touch.h recovery/touch.cpp recovery/touchspots.h recovery/touchspots.cpp
    recovery/versions.h recovery/versions.cpp
    recovery/walk.h recovery/walk.cpp
    recovery/zuncertainty.h recovery/zuncertainty.cpp)
