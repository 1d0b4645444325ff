# SPDX-License-Identifier: GPL-2.0-only
#
# cmake --install: both libraries, the public headers, and what pkg-config and find_package(hmmu) read.
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/hmmu)
set_target_properties(hmmu_static PROPERTIES EXPORT_NAME static)
set_target_properties(hmmu_shared PROPERTIES EXPORT_NAME shared)
install(TARGETS hmmu_static hmmu_shared EXPORT hmmu)
install(DIRECTORY ${core_include}/hmmu DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
install(EXPORT hmmu NAMESPACE hmmu:: FILE hmmuTargets.cmake DESTINATION ${package_folder})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# What the core's files share has short names, which an archive shows to the linker of whatever program it becomes a
# part of. So the installed archive is made one object in which only the API is global.
if(CMAKE_OBJCOPY AND CMAKE_LINKER AND NOT HMMU_SANITIZE AND NOT HMMU_COVERAGE)
	install(CODE "execute_process(COMMAND_ERROR_IS_FATAL ANY
		COMMAND sh ${PROJECT_SOURCE_DIR}/cmake/one-object.sh ${CMAKE_LINKER} ${CMAKE_OBJCOPY} ${CMAKE_AR}
			\"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/$<TARGET_FILE_NAME:hmmu_static>\")")
endif()

include(CMakePackageConfigHelpers)
configure_package_config_file(cmake/hmmuConfig.cmake.in hmmuConfig.cmake INSTALL_DESTINATION ${package_folder}
	NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(hmmuConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/hmmuConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/hmmuConfigVersion.cmake
	DESTINATION ${package_folder})

# The installed tree may be moved, or installed with another --prefix than it was configured with.
file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/hmmu.pc.in hmmu.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/hmmu.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
