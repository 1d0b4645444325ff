# SPDX-License-Identifier: GPL-2.0-only
#
# Drivers of Linux 6.12 from their own source: native/kapi. HMMU_KERNEL_TREE is a kernel's source tree, or a part of it.
#
# The runtime has functions with the kernel's names; so the core, which has some of these names, is one object that shows its
# API alone.
set(HMMU_KERNEL_TREE "" CACHE PATH "Source tree of Linux 6.12, for tests of drivers")

set(kapi ${PROJECT_SOURCE_DIR}/native/kapi)
set(core_object ${CMAKE_CURRENT_BINARY_DIR}/libhmmu_core.a)
add_custom_command(OUTPUT ${core_object}
	COMMAND ${CMAKE_COMMAND} -E copy $<TARGET_FILE:hmmu_static> ${core_object}
	COMMAND sh ${PROJECT_SOURCE_DIR}/cmake/one-object.sh ${CMAKE_LINKER} ${CMAKE_OBJCOPY} ${CMAKE_AR} ${core_object}
	DEPENDS hmmu_static VERBATIM)
add_custom_target(hmmu_core DEPENDS ${core_object})

# Only host/ sees the C library; only the rest sees the headers with the kernel's names.
file(GLOB kapi_host_sources CONFIGURE_DEPENDS ${kapi}/host/*.c)
file(GLOB kapi_sources CONFIGURE_DEPENDS ${kapi}/log/*.c ${kapi}/lib/*.c ${kapi}/task/*.c ${kapi}/mm/*.c ${kapi}/fs/*.c ${kapi}/run/*.c)
add_library(kapi_host OBJECT ${kapi_host_sources})
add_library(kapi_runtime OBJECT ${kapi_sources})
target_include_directories(kapi_runtime BEFORE PRIVATE ${kapi}/include ${core_include})
target_compile_definitions(kapi_runtime PRIVATE KAPI_RUNTIME HMMU_STATIC)
foreach(part kapi_host kapi_runtime)
	target_include_directories(${part} PRIVATE ${kapi})
	target_compile_options(${part} PRIVATE ${c_warnings})
	set_target_properties(${part} PROPERTIES C_EXTENSIONS ON)
endforeach()

# What a program needs that runs drivers.
add_library(kapi INTERFACE)
target_sources(kapi INTERFACE $<TARGET_OBJECTS:kapi_host> $<TARGET_OBJECTS:kapi_runtime>)
target_include_directories(kapi INTERFACE ${kapi} ${core_include})
target_compile_definitions(kapi INTERFACE HMMU_STATIC)
target_link_libraries(kapi INTERFACE ${core_object})
add_dependencies(kapi hmmu_core)

# The compiler's flags of a kernel, as far as they change what a source means or what is warned of.
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=include OUTPUT_VARIABLE compiler_include
	OUTPUT_STRIP_TRAILING_WHITESPACE)
set(kernel_flags -std=gnu11 -nostdinc "SHELL:-isystem ${compiler_include}" -I${kapi}/include
	"SHELL:-idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}" "SHELL:-idirafter /usr/include"
	-D__KERNEL__ -DMODULE -funsigned-char -fno-strict-aliasing -fno-strict-overflow -fno-common
	-Wall -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations -Wvla
	-Wno-pointer-sign -Werror=implicit-function-declaration $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)

# hmmu_kernel_driver(TARGET SOURCE...): an object library of a driver; sources are paths in the tree.
function(hmmu_kernel_driver target)
	list(TRANSFORM ARGN PREPEND ${HMMU_KERNEL_TREE}/ OUTPUT_VARIABLE sources)
	add_library(${target} OBJECT ${sources})
	target_compile_options(${target} PRIVATE ${kernel_flags} -DKBUILD_MODNAME="${target}"
		-fmacro-prefix-map=${HMMU_KERNEL_TREE}/=)
	if(HMMU_WERROR)
		target_compile_options(${target} PRIVATE -Werror)
	endif()
endfunction()

find_path(CMOCKA_INCLUDE_DIR cmocka.h)
find_library(CMOCKA_LIBRARY cmocka)
if(NOT CMOCKA_INCLUDE_DIR OR NOT CMOCKA_LIBRARY)
	return()
endif()

# native/kapi/test/test_*.c: each is one executable and one test. Those named test_driver_* run a driver of the tree.
add_library(kapi_rig OBJECT ${kapi}/test/rig.c)
target_include_directories(kapi_rig PRIVATE ${kapi} ${core_include})
target_include_directories(kapi_rig SYSTEM PRIVATE ${CMOCKA_INCLUDE_DIR})
target_compile_options(kapi_rig PRIVATE ${c_warnings})

add_custom_target(kapi_tests)

# kapi_test(NAME DRIVER...)
function(kapi_test name)
	add_executable(${name} ${kapi}/test/${name}.c $<TARGET_OBJECTS:kapi_rig>)
	foreach(driver IN LISTS ARGN)
		target_sources(${name} PRIVATE $<TARGET_OBJECTS:${driver}>)
	endforeach()
	target_include_directories(${name} PRIVATE ${kapi}/test)
	target_include_directories(${name} SYSTEM PRIVATE ${CMOCKA_INCLUDE_DIR})
	target_compile_options(${name} PRIVATE ${c_warnings})
	target_link_libraries(${name} PRIVATE kapi ${CMOCKA_LIBRARY})
	add_test(NAME ${name} COMMAND ${name})
	set_tests_properties(${name} PROPERTIES TIMEOUT 120 LABELS kapi)
	add_dependencies(kapi_tests ${name})
endfunction()

# Tests that play the driver see the kernel's names.
foreach(name test_kapi_xarray test_kapi_locks test_kapi_heap test_kapi_wait)
	kapi_test(${name})
	target_include_directories(${name} BEFORE PRIVATE ${kapi}/include)
	target_compile_definitions(${name} PRIVATE KAPI_RUNTIME)
	set_target_properties(${name} PROPERTIES C_EXTENSIONS ON)
endforeach()

# Programs in emulated memory: native/kapi/live, on x86-64. The program's heap is not the core's.
if(HMMU_KERNEL_TREE AND CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64 AND NOT HMMU_SANITIZE)
	set(live_core ${CMAKE_CURRENT_BINARY_DIR}/libhmmu_live.a)
	add_custom_command(OUTPUT ${live_core}
		COMMAND ${CMAKE_OBJCOPY} --redefine-sym calloc=live_calloc --redefine-sym malloc=live_alloc
			--redefine-sym free=live_free ${core_object} ${live_core}
		DEPENDS ${core_object} VERBATIM)
	file(GLOB live_sources CONFIGURE_DEPENDS ${kapi}/live/*.c)
	add_library(kapi_live OBJECT ${live_sources})
	target_include_directories(kapi_live PRIVATE ${kapi} ${core_include})
	target_compile_definitions(kapi_live PRIVATE HMMU_STATIC)
	target_compile_options(kapi_live PRIVATE ${c_warnings})
	set_target_properties(kapi_live PROPERTIES C_EXTENSIONS ON)

	# hmmu_live_program(NAME SOURCE DRIVER...): a program of the tree, as it is.
	function(hmmu_live_program name source)
		add_executable(${name} ${HMMU_KERNEL_TREE}/${source} ${live_core}
			$<TARGET_OBJECTS:kapi_host> $<TARGET_OBJECTS:kapi_runtime> $<TARGET_OBJECTS:kapi_live>)
		foreach(driver IN LISTS ARGN)
			target_sources(${name} PRIVATE $<TARGET_OBJECTS:${driver}>)
		endforeach()
		target_include_directories(${name} PRIVATE ${HMMU_KERNEL_TREE})
		target_compile_options(${name} PRIVATE -w)
		target_link_libraries(${name} PRIVATE ${live_core} dl pthread)
		set_target_properties(${name} PROPERTIES C_EXTENSIONS ON)
		add_dependencies(${name} hmmu_core)
	endfunction()
endif()

if(HMMU_KERNEL_TREE)
	hmmu_kernel_driver(test_hmm lib/test_hmm.c)
	foreach(name test_driver_test_hmm test_driver_test_hmm_failures)
		kapi_test(${name} test_hmm)
		target_include_directories(${name} SYSTEM PRIVATE ${HMMU_KERNEL_TREE}/lib)
	endforeach()
	if(TARGET kapi_live)
		hmmu_live_program(hmm_tests tools/testing/selftests/mm/hmm-tests.c test_hmm)
		add_dependencies(kapi_tests hmm_tests)
	endif()
endif()
