# SPDX-License-Identifier: GPL-3.0-or-later
set(session_sources
    filecache.h session.h resumeflow.h timelinedata.h)
