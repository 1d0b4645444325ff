# SPDX-License-Identifier: GPL-2.0-only
#
# native/test/test_*.c: each is one executable and one test, on cmocka. Other files there are shared by all of them.
# The tests see the internal headers in native/core, those named test_6_12_*.c as Linux 6.12 compiles them.
enable_testing()

# What the libraries are made of; sanitizers and gcov add to that.
if(NOT HMMU_SANITIZE AND NOT HMMU_COVERAGE)
	# The shared library gives away its API and nothing else.
	add_test(NAME exports COMMAND sh -c "! nm -D --defined-only $<TARGET_FILE:hmmu_shared> | grep -v ' hmmu_'")
	# All state is in machines: the core has no writable global variables.
	add_test(NAME globals COMMAND sh -c "! objdump -t $<TARGET_FILE:hmmu_static> | grep -E ' O \\.(data|bss)[[:space:]]'")
endif()

find_path(CMOCKA_INCLUDE_DIR cmocka.h)
find_library(CMOCKA_LIBRARY cmocka)
if(NOT CMOCKA_INCLUDE_DIR OR NOT CMOCKA_LIBRARY)
	set(message "cmocka was not found (Debian: libcmocka-dev), so the C tests are left out")
	if(HMMU_REQUIRE_CMOCKA)
		message(FATAL_ERROR "${message}")
	endif()
	message(WARNING "${message}")
	return()
endif()

file(GLOB test_sources CONFIGURE_DEPENDS native/test/test_*.c)
file(GLOB helper_sources CONFIGURE_DEPENDS native/test/*.c)
list(REMOVE_ITEM helper_sources ${test_sources})

foreach(source IN LISTS test_sources)
	file(STRINGS ${source} internal_headers REGEX "^#include \"[a-z_/]+\\.h\"")
	list(FILTER internal_headers EXCLUDE REGEX "support|hmmu/hmmu")
	if(HMMU_AMALGAMATION AND internal_headers) # It shows no internals.
		continue()
	endif()
	get_filename_component(name ${source} NAME_WE)
	add_executable(${name} ${source} ${helper_sources})
	target_include_directories(${name} PRIVATE native/core native/test)
	target_include_directories(${name} SYSTEM PRIVATE ${CMOCKA_INCLUDE_DIR})
	target_compile_options(${name} PRIVATE ${c_warnings})
	if(internal_headers) # The test is a part of a kernel, whose functions are static.
		set(kernel v4_14)
		if(name MATCHES "^test_6_12_")
			set(kernel v6_12)
		endif()
		set_source_files_properties(${source} PROPERTIES
			COMPILE_DEFINITIONS "TEST_KERNEL=\"kernel/${kernel}.c\""
			COMPILE_OPTIONS "-O0;-include;${PROJECT_SOURCE_DIR}/native/test/kernel.h")
	endif()
	target_link_libraries(${name} PRIVATE hmmu_static ${CMOCKA_LIBRARY})
	add_test(NAME ${name} COMMAND ${name})
	set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endforeach()
