# SPDX-License-Identifier: GPL-3.0-or-later
kintsugi_test(integration tst_mainjob LIBS kintsugi_app SOURCES ${real_moonraker} ${PROJECT_SOURCE_DIR}/tests/support/mainjobstand.h ${PROJECT_SOURCE_DIR}/tests/support/jobfixture.h TIMEOUT 900)
kintsugi_test(integration tst_meshflow LIBS kintsugi_app SOURCES ${real_moonraker} ${PROJECT_SOURCE_DIR}/tests/support/mainjobstand.h ${PROJECT_SOURCE_DIR}/tests/support/jobfixture.h TIMEOUT 300)
if(KINTSUGI_LONG_TESTS) # minutes: a part is printed, stopped, resumed and read
    kintsugi_test(integration tst_drillrun LIBS kintsugi_app SOURCES ${real_moonraker} ${PROJECT_SOURCE_DIR}/tests/support/mainjobstand.h ${PROJECT_SOURCE_DIR}/tests/support/jobfixture.h TIMEOUT 900)
endif()
add_executable(resumechild ${PROJECT_SOURCE_DIR}/tests/support/resumechild.cpp)
target_link_libraries(resumechild PRIVATE kintsugi_app kintsugi_flags)
kintsugi_test(integration tst_resumekill LIBS kintsugi_app SOURCES ${real_moonraker} ${PROJECT_SOURCE_DIR}/tests/support/mainjobstand.h ${PROJECT_SOURCE_DIR}/tests/support/jobfixture.h TIMEOUT 300)
target_compile_definitions(tst_resumekill PRIVATE KINTSUGI_RESUME_CHILD="$<TARGET_FILE:resumechild>")
add_dependencies(tst_resumekill resumechild)
