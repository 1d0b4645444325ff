# SPDX-License-Identifier: GPL-2.0-only
#
# cmake --install: both libraries, the public headers, and what pkg-config and find_package(hmmu) read.
install(TARGETS hmmu_static hmmu_shared EXPORT hmmu)
install(DIRECTORY native/include/hmmu DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
install(EXPORT hmmu NAMESPACE hmmu:: FILE hmmuConfig.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hmmu)

include(CMakePackageConfigHelpers)
write_basic_package_version_file(hmmuConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/hmmuConfigVersion.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/hmmu)

configure_file(cmake/hmmu.pc.in hmmu.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/hmmu.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
