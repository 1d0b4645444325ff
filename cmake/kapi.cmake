# SPDX-License-Identifier: GPL-2.0-only
#
# Drivers of Linux 6.12 from their own source: the runtime of native/kapi. hmmuDrivers.cmake has the functions for its users.

set(kapi ${PROJECT_SOURCE_DIR}/native/kapi)

# The runtime has functions with the kernel's names; so the core, which has some of these names, is one object that shows its
# API alone.
set(core_object ${CMAKE_CURRENT_BINARY_DIR}/libhmmu_core.a)
add_custom_command(OUTPUT ${core_object}
	COMMAND ${CMAKE_COMMAND} -E copy $<TARGET_FILE:hmmu_static> ${core_object}
	COMMAND sh ${PROJECT_SOURCE_DIR}/cmake/one-object.sh ${CMAKE_LINKER} ${CMAKE_OBJCOPY} ${CMAKE_AR} ${core_object}
	DEPENDS hmmu_static VERBATIM)
add_custom_target(hmmu_core DEPENDS ${core_object})
set(archives ${core_object})

# A part of the runtime, from the sources of some folders.
function(kapi_part name)
	list(TRANSFORM ARGN PREPEND ${kapi}/)
	list(TRANSFORM ARGN APPEND /*.c)
	file(GLOB sources CONFIGURE_DEPENDS ${ARGN})
	add_library(${name} OBJECT EXCLUDE_FROM_ALL ${sources})
	target_include_directories(${name} PRIVATE ${kapi} ${core_include})
	target_compile_definitions(${name} PRIVATE HMMU_STATIC)
	target_compile_options(${name} PRIVATE ${c_warnings})
	set_target_properties(${name} PROPERTIES C_EXTENSIONS ON)
endfunction()

# Only host/ sees the C library; only the rest sees the headers with the kernel's names.
kapi_part(kapi_host host)
kapi_part(kapi_runtime log lib task mm fs run)
target_include_directories(kapi_runtime BEFORE PRIVATE ${kapi}/include)
target_compile_definitions(kapi_runtime PRIVATE KAPI_RUNTIME)

# The runtime without the core. The functions add the core, which is another one for a program in emulated memory.
add_library(hmmu_kapi STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:kapi_host> $<TARGET_OBJECTS:kapi_runtime>)
target_include_directories(hmmu_kapi INTERFACE
	"$<BUILD_INTERFACE:${kapi};${core_include}>"
	"$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/hmmu-kapi;${CMAKE_INSTALL_INCLUDEDIR}>")
target_compile_definitions(hmmu_kapi INTERFACE HMMU_STATIC)

# The program that runs scripts.
kapi_part(kapi_program_objects program)
add_library(hmmu_kapi_program STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:kapi_program_objects>)

# What a shared library of drivers has besides: hmmu_driver_module(). It takes the functions of hmmu.h from its program.
kapi_part(kapi_library_objects library)
target_include_directories(kapi_library_objects BEFORE PRIVATE ${kapi}/include)
target_compile_definitions(kapi_library_objects PRIVATE KAPI_RUNTIME)
add_library(hmmu_kapi_library STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:kapi_library_objects>)

# A library that is a file.
set(installed_archives $<INSTALL_PREFIX>/${CMAKE_INSTALL_LIBDIR}/hmmu-kapi)
function(kapi_archive target file)
	get_filename_component(name ${file} NAME)
	add_library(${target} INTERFACE)
	target_link_libraries(${target} INTERFACE $<BUILD_INTERFACE:${file}> $<INSTALL_INTERFACE:${installed_archives}/${name}>)
	add_library(hmmu::${target} ALIAS ${target})
endfunction()
kapi_archive(kapi_core ${core_object})
add_dependencies(kapi_core hmmu_core)

# How a driver is compiled: the flags of a kernel, as far as they change what a source means or what is warned of.
add_library(kapi_kernel INTERFACE)
target_compile_options(kapi_kernel INTERFACE -nostdinc
	$<BUILD_INTERFACE:-I${kapi}/include> $<INSTALL_INTERFACE:-I$<INSTALL_PREFIX>/${CMAKE_INSTALL_INCLUDEDIR}/hmmu-kapi/include>
	-D__KERNEL__ -DMODULE -funsigned-char -fno-strict-aliasing -fno-strict-overflow -fno-common
	-Wall -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations -Wvla
	-Wno-pointer-sign -Werror=implicit-function-declaration $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
# Kernels zero local variables, which hides those that a driver forgets to write. A pattern shows them.
include(CheckCCompilerFlag)
check_c_compiler_flag(-ftrivial-auto-var-init=pattern has_var_init)
if(has_var_init)
	target_compile_options(kapi_kernel INTERFACE -ftrivial-auto-var-init=pattern)
endif()

# Programs in emulated memory: native/kapi/live, on x86-64. The kernel's memory is not the program's.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64 AND NOT HMMU_SANITIZE)
	set(live_kernel ${CMAKE_CURRENT_BINARY_DIR}/libhmmu_live_kernel.a)
	set(make_live_kernel ${PROJECT_SOURCE_DIR}/cmake/live-kernel.sh)
	add_custom_command(OUTPUT ${live_kernel}
		COMMAND sh ${make_live_kernel} ${CMAKE_LINKER} ${CMAKE_OBJCOPY} ${CMAKE_AR} ${live_kernel}
			$<TARGET_FILE:hmmu_kapi> ${core_object}
		DEPENDS ${core_object} hmmu_kapi ${make_live_kernel} VERBATIM)
	add_custom_target(hmmu_live_kernel DEPENDS ${live_kernel})
	add_dependencies(hmmu_live_kernel hmmu_core hmmu_kapi)
	list(APPEND archives ${live_kernel})
	kapi_archive(kapi_live_kernel ${live_kernel})
	add_dependencies(kapi_live_kernel hmmu_live_kernel)
	kapi_part(kapi_live_objects live)
	add_library(hmmu_kapi_live STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:kapi_live_objects>)
	set(live_targets hmmu_kapi_live kapi_live_kernel)
endif()

# cmake --build BUILD --target hmmu_drivers; cmake --install BUILD --component drivers
add_custom_target(hmmu_drivers DEPENDS ${archives})
add_dependencies(hmmu_drivers hmmu_kapi)
foreach(name hmmu_kapi hmmu_kapi_library hmmu_kapi_program hmmu_kapi_live)
	if(TARGET ${name})
		string(REPLACE hmmu_ "" exported ${name})
		set_target_properties(${name} PROPERTIES EXPORT_NAME ${exported})
		add_library(hmmu::${exported} ALIAS ${name})
		add_dependencies(hmmu_drivers ${name})
	endif()
endforeach()
add_library(hmmu::kapi_kernel ALIAS kapi_kernel)
set(drivers COMPONENT drivers EXCLUDE_FROM_ALL)
install(TARGETS hmmu_kapi hmmu_kapi_library hmmu_kapi_program kapi_core kapi_kernel ${live_targets} EXPORT hmmuKapi
	ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/hmmu-kapi ${drivers})
install(FILES ${archives} DESTINATION ${CMAKE_INSTALL_LIBDIR}/hmmu-kapi ${drivers})
install(EXPORT hmmuKapi NAMESPACE hmmu:: FILE hmmuKapiTargets.cmake DESTINATION ${package_folder} ${drivers})
install(FILES ${kapi}/kapi.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hmmu-kapi ${drivers})
install(DIRECTORY ${kapi}/include DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hmmu-kapi ${drivers} FILES_MATCHING PATTERN *.h)
install(FILES cmake/hmmuDrivers.cmake DESTINATION ${package_folder} ${drivers})

include(cmake/hmmuDrivers.cmake)
