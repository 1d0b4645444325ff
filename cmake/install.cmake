# SPDX-License-Identifier: GPL-2.0-only
#
# cmake --install: both libraries, the public headers, and what pkg-config and find_package(hmmu) read.
set_target_properties(hmmu_static PROPERTIES EXPORT_NAME static)
set_target_properties(hmmu_shared PROPERTIES EXPORT_NAME shared)
install(TARGETS hmmu_static hmmu_shared EXPORT hmmu)
install(DIRECTORY native/include/hmmu DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
install(EXPORT hmmu NAMESPACE hmmu:: FILE hmmuConfig.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hmmu)

include(CMakePackageConfigHelpers)
write_basic_package_version_file(hmmuConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/hmmuConfigVersion.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hmmu)

# The installed tree may be moved, or installed with another --prefix than it was configured with.
file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/hmmu.pc.in hmmu.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/hmmu.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
