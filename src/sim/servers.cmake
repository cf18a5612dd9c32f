# SPDX-License-Identifier: GPL-3.0-or-later
set(server_sources
    demoprinter.h demoprinter.cpp
    httpconnection.h httpconnection.cpp
    httpmessage.h httpmessage.cpp
    httpmultipart.h httpmultipart.cpp
    klippysocket.h klippysocket.cpp
    moonrakersim.h moonrakersim.cpp
    moonrakersimaccess.h moonrakersimaccess.cpp
    moonrakersimdatabase.h moonrakersimdatabase.cpp
    moonrakersimfiles.h moonrakersimfiles.cpp
    moonrakersimhistory.h moonrakersimhistory.cpp
    moonrakersimhttp.cpp
    moonrakersimklippy.h moonrakersimklippy.cpp
    moonrakersimmetadata.h moonrakersimmetadata.cpp
    moonrakersimmethods.cpp
    moonrakersimrpc.h
    moonrakersimserver.h)
qt_add_resources(server_sources ${PROJECT_SOURCE_DIR}/resources/demo/demo.qrc)
