# SPDX-License-Identifier: GPL-3.0-or-later
set(store_sources
    job.h job.cpp
    store.h archive.h recorder.h profile.h secrets.h errortext.h codec.h)
