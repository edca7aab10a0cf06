# What an application or a provider needs to find an installed Tenon: a CMake package (find_package(Tenon)) and a pkg-config
# file. Component `sdk` is what providers are built with, and is a package of its own; `host` is all else.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Tenon)
install(EXPORT TenonSdkTargets NAMESPACE Tenon:: DESTINATION ${package_folder} COMPONENT sdk)
install(EXPORT TenonTargets NAMESPACE Tenon:: DESTINATION ${package_folder} COMPONENT host)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/TenonConfig.cmake.in ${CMAKE_BINARY_DIR}/TenonConfig.cmake
  INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/TenonConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/TenonConfig.cmake ${CMAKE_BINARY_DIR}/TenonConfigVersion.cmake
  DESTINATION ${package_folder} COMPONENT sdk)
set(guides docs/kernel_abi.md docs/provider_guide.md docs/conformance.md)
install(FILES ${guides} LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT sdk)
install(DIRECTORY examples/providers/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT sdk)

# The prefix is found from the file's own place, so that the tree may be moved.
file(RELATIVE_PATH TENON_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/tenon.pc.in ${CMAKE_BINARY_DIR}/tenon.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/tenon.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# `cpack` in the build folder writes the SDK as a relocatable archive and a .deb.
set(CPACK_GENERATOR TGZ DEB)
set(CPACK_COMPONENTS_ALL sdk)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGE_VENDOR Tenon)
set(CPACK_PACKAGE_CONTACT "Tenon's developers <tenon@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Headers, CMake package, conformance kit and guides for execution providers of Tenon")
set(CPACK_DEBIAN_SDK_PACKAGE_NAME tenon-sdk)
set(CPACK_DEBIAN_SDK_PACKAGE_DEPENDS "g++ | clang, cmake (>= 3.25)")
# And the libraries of the kit.
set(CPACK_DEBIAN_SDK_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_SDK_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_SDK_PACKAGE_SECTION libdevel)
include(CPack)
