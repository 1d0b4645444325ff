# SPDX-License-Identifier: GPL-2.0-only
#
# Functions for users of native/kapi: drivers of Linux 6.12 from their own source, and programs that run them. They are there
# after find_package(hmmu COMPONENTS drivers), and after add_subdirectory() of hmmu's sources. docs/kernel-drivers.md has
# examples.

# Source tree of Linux 6.12, or a part of it. Sources of drivers and programs may be paths in it.
set(HMMU_KERNEL_TREE "" CACHE PATH "Source tree of Linux 6.12, for drivers and programs from it")

# The paths of sources: absolute, in the kernel's tree, or in the current folder.
function(hmmu_find_sources variable)
	set(found "")
	foreach(source IN LISTS ARGN)
		if(NOT IS_ABSOLUTE ${source} AND HMMU_KERNEL_TREE AND EXISTS ${HMMU_KERNEL_TREE}/${source})
			set(source ${HMMU_KERNEL_TREE}/${source})
		endif()
		get_filename_component(source ${source} ABSOLUTE)
		list(APPEND found ${source})
	endforeach()
	set(${variable} ${found} PARENT_SCOPE)
endfunction()

# hmmu_kernel_driver(NAME SOURCE... [HEADERS FOLDER...] [MODULE KBUILD_MODNAME]): an object library, NAME.ko of a kernel. Without
# MODULE, NAME is its KBUILD_MODNAME.
# HEADERS are folders with a driver's own headers, in the kernel's tree or elsewhere. They come before those that lie beside
# a source, so they can stand for its surroundings.
function(hmmu_kernel_driver name)
	cmake_parse_arguments(PARSE_ARGV 1 driver "" MODULE HEADERS)
	if(NOT driver_MODULE)
		set(driver_MODULE ${name})
	endif()
	hmmu_find_sources(sources ${driver_UNPARSED_ARGUMENTS})
	hmmu_find_sources(headers ${driver_HEADERS})
	set(links ${CMAKE_CURRENT_BINARY_DIR}/${name}.sources)
	set(roots ${HMMU_KERNEL_TREE} ${CMAKE_CURRENT_SOURCE_DIR})
	if(headers)
		# A compiler first looks beside a source, so each source is a link in a folder without headers.
		foreach(source IN LISTS sources)
			get_filename_component(folder ${source} DIRECTORY)
			list(APPEND headers ${folder})
			foreach(root IN LISTS roots)
				string(REPLACE ${root}/ "" folder ${folder})
			endforeach()
			get_filename_component(file ${source} NAME)
			file(MAKE_DIRECTORY ${links}/${folder})
			file(CREATE_LINK ${source} ${links}/${folder}/${file} SYMBOLIC)
			list(APPEND linked ${links}/${folder}/${file})
		endforeach()
		set(sources ${linked})
	endif()
	add_library(${name} OBJECT ${sources})
	set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON C_STANDARD 11 C_EXTENSIONS ON)
	target_include_directories(${name} BEFORE PRIVATE ${headers})
	# The kernel has no C library; of the compiler's own headers it takes stdarg.h and a few others.
	execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=include OUTPUT_VARIABLE compiler_include
		OUTPUT_STRIP_TRAILING_WHITESPACE)
	# A program may have several drivers.
	string(MAKE_C_IDENTIFIER ${driver_MODULE} identifier)
	target_link_libraries(${name} PRIVATE hmmu::kapi_kernel)
	target_compile_options(${name} PRIVATE "SHELL:-isystem ${compiler_include}"
		"SHELL:-idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}" "SHELL:-idirafter /usr/include"
		-DKBUILD_MODNAME="${driver_MODULE}" -Dkapi_this_module=kapi_module_${identifier})
	# Reports name files as the user does. The last option that fits counts: a tree may be within the folder.
	list(REVERSE roots)
	foreach(folder ${roots} ${links})
		target_compile_options(${name} PRIVATE -fmacro-prefix-map=${folder}/=)
	endforeach()
	if(HMMU_WERROR)
		target_compile_options(${name} PRIVATE -Werror)
	endif()
endfunction()

# hmmu_add_drivers(TARGET DRIVER...): a target that runs drivers by kapi.h.
function(hmmu_add_drivers target)
	foreach(driver IN LISTS ARGN)
		target_sources(${target} PRIVATE $<TARGET_OBJECTS:${driver}>)
	endforeach()
	target_link_libraries(${target} PRIVATE hmmu::kapi hmmu::kapi_core)
endfunction()

# hmmu_driver_module(NAME DRIVER...): the shared library NAME.so, for machine.loadDriver() of the npm package. It shows one name,
# and takes the functions of hmmu.h from the program that loads it.
function(hmmu_driver_module name)
	add_library(${name} MODULE)
	foreach(driver IN LISTS ARGN)
		target_sources(${name} PRIVATE $<TARGET_OBJECTS:${driver}>)
	endforeach()
	set(map ${CMAKE_CURRENT_BINARY_DIR}/${name}.map)
	file(WRITE ${map} "{ global: kapi_library; local: *; };\n")
	target_link_libraries(${name} PRIVATE hmmu::kapi_library hmmu::kapi)
	target_link_options(${name} PRIVATE -Wl,-u,kapi_library -Wl,--version-script=${map} -Wl,--no-undefined)
	set_target_properties(${name} PROPERTIES PREFIX "" LINKER_LANGUAGE C POSITION_INDEPENDENT_CODE ON)
endfunction()

# hmmu_driver_program(NAME DRIVER...): a program that loads drivers, runs a script, and unloads them:
# NAME [--script FILE] [--seed N] [--fault NAME=N|all] [--param NAME=VALUE]... [--cpu-limit SECONDS] [--quiet]
function(hmmu_driver_program name)
	# An executable needs a source; main() is in the library. Reports of crashes name files without these folders.
	set(folders "")
	foreach(driver IN LISTS ARGN)
		string(APPEND folders "${CMAKE_CURRENT_BINARY_DIR}/${driver}.sources:")
	endforeach()
	foreach(folder IN ITEMS ${HMMU_KERNEL_TREE} ${CMAKE_CURRENT_SOURCE_DIR} ${HMMU_DRIVER_FOLDER})
		string(APPEND folders "${folder}:")
	endforeach()
	file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}-main.c CONTENT
		"extern const char kapi_source_folders[];\nconst char kapi_source_folders[] = \"${folders}\";\n")
	add_executable(${name} ${CMAKE_CURRENT_BINARY_DIR}/${name}-main.c)
	target_link_libraries(${name} PRIVATE hmmu::kapi_program)
	hmmu_add_drivers(${name} ${ARGN})
endfunction()

# hmmu_live_program(NAME SOURCE... DRIVERS DRIVER...): an unmodified user program, whose memory is emulated once it opens a
# device of the drivers.
function(hmmu_live_program name)
	cmake_parse_arguments(PARSE_ARGV 1 program "" "" DRIVERS)
	if(NOT TARGET hmmu::kapi_live)
		message(FATAL_ERROR "hmmu_live_program: programs in emulated memory need Linux on x86-64, without sanitizers")
	endif()
	hmmu_find_sources(sources ${program_UNPARSED_ARGUMENTS})
	add_executable(${name} ${sources})
	foreach(driver IN LISTS program_DRIVERS)
		target_sources(${name} PRIVATE $<TARGET_OBJECTS:${driver}>)
	endforeach()
	# Programs of the tree include headers by their paths there.
	if(HMMU_KERNEL_TREE)
		target_include_directories(${name} PRIVATE ${HMMU_KERNEL_TREE})
	endif()
	target_compile_options(${name} PRIVATE -w)
	# All of kapi_live: its functions come before those of the C library.
	target_link_libraries(${name} PRIVATE -Wl,--whole-archive hmmu::kapi_live -Wl,--no-whole-archive
		hmmu::kapi_live_kernel dl pthread)
	# The variables of drivers and of the rest of the kernel have pages of their own, which processes share.
	set(variables "*(.data .data.* .bss .bss.* COMMON)")
	set(kernel "    *libhmmu_live_kernel.a:${variables}\n")
	foreach(driver IN LISTS program_DRIVERS)
		string(APPEND kernel "    *${driver}.dir/${variables}\n")
	endforeach()
	set(script ${CMAKE_CURRENT_BINARY_DIR}/${name}-kernel.ld)
	file(WRITE ${script} "SECTIONS {
  .kapi_shared : ALIGN(4096) {
    kapi_shared_begin = .;
${kernel}    . = ALIGN(4096);
    kapi_shared_end = .;
  }
}
INSERT AFTER .data;
")
	target_link_options(${name} PRIVATE -fuse-ld=bfd -Wl,-T,${script})
	set_property(TARGET ${name} APPEND PROPERTY LINK_DEPENDS ${script})
	set_target_properties(${name} PROPERTIES C_EXTENSIONS ON)
endfunction()
