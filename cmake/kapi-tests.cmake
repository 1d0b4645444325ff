# SPDX-License-Identifier: GPL-2.0-only
#
# native/kapi/test/test_*.c: each is one executable and one test. Those named test_driver_* run a driver of the kernel's tree
# HMMU_KERNEL_TREE.
find_path(CMOCKA_INCLUDE_DIR cmocka.h)
find_library(CMOCKA_LIBRARY cmocka)
if(NOT CMOCKA_INCLUDE_DIR OR NOT CMOCKA_LIBRARY OR NOT EXISTS ${kapi}/test)
	return()
endif()

add_library(kapi_rig OBJECT EXCLUDE_FROM_ALL ${kapi}/test/rig.c)
target_include_directories(kapi_rig PRIVATE ${kapi} ${core_include})
target_include_directories(kapi_rig SYSTEM PRIVATE ${CMOCKA_INCLUDE_DIR})
target_compile_options(kapi_rig PRIVATE ${c_warnings})

add_custom_target(kapi_tests)

# kapi_test(NAME DRIVER...)
function(kapi_test name)
	add_executable(${name} ${kapi}/test/${name}.c $<TARGET_OBJECTS:kapi_rig>)
	hmmu_add_drivers(${name} ${ARGN})
	target_include_directories(${name} PRIVATE ${kapi}/test)
	target_include_directories(${name} SYSTEM PRIVATE ${CMOCKA_INCLUDE_DIR})
	target_compile_options(${name} PRIVATE ${c_warnings})
	target_link_libraries(${name} PRIVATE ${CMOCKA_LIBRARY})
	add_test(NAME ${name} COMMAND ${name})
	set_tests_properties(${name} PROPERTIES TIMEOUT 120 LABELS kapi)
	add_dependencies(kapi_tests ${name})
endfunction()

# Tests that play the driver see the kernel's names.
foreach(name test_kapi_xarray test_kapi_locks test_kapi_heap test_kapi_wait test_kapi_dma test_kapi_engine test_kapi_tree
	test_kapi_generic test_kapi_async test_kapi_device test_kapi_chardev
	test_kapi_migrate test_kapi_coherent test_kapi_mirror)
	kapi_test(${name})
	target_include_directories(${name} BEFORE PRIVATE ${kapi}/include)
	target_compile_definitions(${name} PRIVATE KAPI_RUNTIME)
	set_target_properties(${name} PROPERTIES C_EXTENSIONS ON)
endforeach()
foreach(name test_kapi_migrate test_kapi_coherent test_kapi_mirror)
	target_sources(${name} PRIVATE ${kapi}/test/small_driver.c)
endforeach()

if(HMMU_KERNEL_TREE)
	hmmu_kernel_driver(test_hmm lib/test_hmm.c)
	hmmu_kernel_driver(gup_test mm/gup_test.c)
	foreach(name test_driver_test_hmm test_driver_test_hmm_failures)
		kapi_test(${name} test_hmm)
		target_include_directories(${name} SYSTEM PRIVATE ${HMMU_KERNEL_TREE}/lib)
	endforeach()
	hmmu_driver_program(run_test_hmm test_hmm)
	set(examples ${PROJECT_SOURCE_DIR}/examples/kernel-drivers)
	add_test(NAME script_of_test_hmm COMMAND run_test_hmm --quiet --script ${examples}/test_hmm.ioctl)
	set_tests_properties(script_of_test_hmm PROPERTIES TIMEOUT 120 LABELS kapi)
	add_dependencies(kapi_tests run_test_hmm)
	hmmu_driver_module(test_hmm_library test_hmm)
	add_dependencies(kapi_tests test_hmm_library)
	set(nouveau drivers/gpu/drm/nouveau)
	hmmu_kernel_driver(nouveau ${nouveau}/nouveau_dmem.c ${examples}/nouveau/gpu.c
		HEADERS ${examples}/nouveau/include ${nouveau}/include)
	kapi_test(test_driver_nouveau_dmem nouveau)
	set(amdkfd drivers/gpu/drm/amd/amdkfd)
	hmmu_kernel_driver(amdkfd ${amdkfd}/kfd_migrate.c ${examples}/amdkfd/kfd.c ${examples}/amdkfd/gpu.c
		HEADERS ${examples}/amdkfd/include)
	kapi_test(test_driver_kfd_migrate amdkfd)
	foreach(name test_driver_nouveau_dmem test_driver_kfd_migrate)
		target_sources(${name} PRIVATE ${kapi}/test/gpu_rig.c)
		target_include_directories(${name} PRIVATE ${examples})
	endforeach()
	kapi_test(test_driver_gup_test gup_test test_hmm)
	target_include_directories(test_driver_gup_test SYSTEM PRIVATE ${HMMU_KERNEL_TREE}/mm)
	if(TARGET hmmu::kapi_live)
		hmmu_live_program(hmm_tests tools/testing/selftests/mm/hmm-tests.c DRIVERS test_hmm gup_test)
		hmmu_kernel_driver(echo ${kapi}/test/echo_driver.c)
		hmmu_live_program(live_program ${kapi}/test/live_program.c DRIVERS test_hmm echo)
		add_dependencies(kapi_tests hmm_tests live_program)
		# Each line of a report ends with the check.
		set(report " \\[[a-z-]+\\]\n")
		foreach(test fork flush killed stopped exec exec-flush waitid orphan threads early-thread mremap many-mappings read-and-write
				device-read-and-write mlock dup bad-pointers bad-buffers handler earlier-handler)
			add_test(NAME live_${test} COMMAND live_program ${test})
			set_tests_properties(live_${test} PROPERTIES TIMEOUT 60 LABELS kapi FAIL_REGULAR_EXPRESSION "${report}")
		endforeach()
		# It may end with a report of no progress.
		add_test(NAME live_crowd COMMAND live_program crowd)
		set_tests_properties(live_crowd PROPERTIES TIMEOUT 60 LABELS kapi)
		# What drivers leave is reported when the last process ends.
		add_test(NAME live_report COMMAND live_program mlock)
		add_test(NAME live_report_exec COMMAND live_program exec-last)
		set_tests_properties(live_report live_report_exec PROPERTIES TIMEOUT 60 LABELS kapi PASS_REGULAR_EXPRESSION "device-left\\]"
			ENVIRONMENT HMMU_DRIVER_FAULT=allocation=3)
	endif()
endif()

# The driver of the examples, as a library for TypeScript.
hmmu_kernel_driver(tinymem examples/kernel-drivers/tinymem/driver/tinymem.c)
hmmu_driver_module(tinymem_module tinymem)
hmmu_driver_program(run_tinymem tinymem)
add_test(NAME script_of_tinymem
	COMMAND run_tinymem --quiet --script ${PROJECT_SOURCE_DIR}/examples/kernel-drivers/tinymem/tinymem.ioctl)
set_tests_properties(script_of_tinymem PROPERTIES TIMEOUT 120 LABELS kapi)
add_dependencies(kapi_tests tinymem_module run_tinymem)
