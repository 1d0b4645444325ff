# SPDX-License-Identifier: GPL-2.0-only
#
# native/test/test_*.c: each is one test, on cmocka. Other files there are shared by all of them. A test that needs only
# the public header is an executable. Those that see the internal headers in native/core are parts of a kernel, whose
# functions are static: all tests of a kernel are one unit and one executable, internals_4_14 or internals_6_12, so that
# the kernel is compiled once for them. Its argument is the test's name. test_6_12_*.c are of Linux 6.12.
enable_testing()

# What the libraries are made of; sanitizers and gcov add to that.
if(NOT HMMU_SANITIZE AND NOT HMMU_COVERAGE)
	# The shared library gives away its API and nothing else.
	add_test(NAME exports COMMAND sh -c "! nm -D --defined-only $<TARGET_FILE:hmmu_shared> | grep -v ' hmmu_'")
	# All state is in machines: the core has no writable global variables.
	add_test(NAME globals COMMAND sh -c "! objdump -t $<TARGET_FILE:hmmu_static> | grep -E ' O \\.(data|bss)[[:space:]]'")
endif()

# Random programs of calls that stop in their middle, the same ones in each run. Where no call can stop they run, too.
if(EXISTS ${PROJECT_SOURCE_DIR}/native/fuzz) # not in the npm package
	include(native/fuzz/stops.cmake)
	add_executable(seeds_stops native/fuzz/seeds_stops.c ${stops_sources})
	target_compile_options(seeds_stops PRIVATE ${c_warnings})
	target_link_libraries(seeds_stops PRIVATE hmmu_static)
	add_test(NAME seeds_stops COMMAND seeds_stops 0 300)
	set_tests_properties(seeds_stops PROPERTIES TIMEOUT 120)
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
if(NOT test_sources) # The npm package has none.
	return()
endif()

function(test_options target)
	target_include_directories(${target} PRIVATE native/core native/test)
	target_include_directories(${target} SYSTEM PRIVATE ${CMOCKA_INCLUDE_DIR})
	target_compile_options(${target} PRIVATE ${c_warnings})
	target_link_libraries(${target} PRIVATE hmmu_static ${CMOCKA_LIBRARY})
endfunction()

function(add_c_test name)
	add_test(NAME ${name} COMMAND ${ARGN})
	set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endfunction()

add_library(test_helpers OBJECT ${helper_sources})
test_options(test_helpers)

foreach(source IN LISTS test_sources)
	get_filename_component(name ${source} NAME_WE)
	file(STRINGS ${source} internal_headers REGEX "^#include \"[a-z_/]+\\.h\"")
	list(FILTER internal_headers EXCLUDE REGEX "support|hmmu/hmmu")
	if(NOT internal_headers)
		add_executable(${name} ${source} $<TARGET_OBJECTS:test_helpers>)
		test_options(${name})
		add_c_test(${name} ${name})
	elseif(name MATCHES "^test_6_12_")
		list(APPEND tests_6_12 ${name})
	else()
		list(APPEND tests_4_14 ${name})
	endif()
endforeach()

if(HMMU_AMALGAMATION) # It shows no internals.
	return()
endif()
foreach(kernel 4_14 6_12)
	set(unit ${CMAKE_CURRENT_BINARY_DIR}/internals_${kernel}.c)
	set(parts "")
	set(rows "")
	foreach(name IN LISTS tests_${kernel})
		string(APPEND parts "#define main main_of_${name}\n#include \"${name}.c\"\n#undef main\n")
		string(APPEND rows "\t{ \"${name}\", main_of_${name} },\n")
		add_c_test(${name} internals_${kernel} ${name})
	endforeach()
	configure_file(native/test/internals.c.in ${unit} @ONLY)
	add_executable(internals_${kernel} ${unit} $<TARGET_OBJECTS:test_helpers>)
	test_options(internals_${kernel})
	set_source_files_properties(${unit} PROPERTIES COMPILE_OPTIONS "-O0;-Wno-missing-prototypes")
endforeach()
