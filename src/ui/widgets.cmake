# SPDX-License-Identifier: GPL-3.0-or-later
set(widget_sources
    theme.h theme.cpp shapes.h shapes.cpp uitext.h uitext.cpp messagebar.h messagebar.cpp statepill.h statepill.cpp tables.h tables.cpp
    seriespyramid.h seriespyramid.cpp lanes.h lanes.cpp timelineaxis.h timelineaxis.cpp timelineview.h timelineview.cpp
    pathraster.h pathraster.cpp featurestyle.h featurestyle.cpp partscene.h partscene.cpp partmarks.h partmarks.cpp
    partview.h partview.cpp sideview.h sideview.cpp recoverstrip.h recoverstrip.cpp partpanel.h partpanel.cpp)
