# For other programs: the library dsq::dsquant, and what `cmake --install` and `cpack` put where.
#
#   component program: the command, its manual page and its completions
#   component library: libdsquant.so, the headers under their names in this repository, find_package(dsquant)
#
# Shared, because a program that uses it then needs none of the libraries that it is made with, but fmt for its headers.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

add_library(dsquant_library SHARED)
add_library(dsq::dsquant ALIAS dsquant_library)
foreach(room support ir ops quant runner data report passes calibration format_onnx format_npy format_calibration format_idx format_manifest format_picture format_plan format_report format_dsq toolchain)
  target_sources(dsquant_library PRIVATE $<TARGET_OBJECTS:dsq_${room}>)
endforeach()
target_link_libraries(dsquant_library PRIVATE dsq::toolchain PUBLIC fmt::fmt)
target_compile_features(dsquant_library PUBLIC cxx_std_20)
target_include_directories(dsquant_library PUBLIC
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/dsquant>)
# Its own functions call each other, whatever a program defines: inline arithmetic of a program that was compiled with
# other flags must not change results.
target_link_options(dsquant_library PRIVATE -Wl,-Bsymbolic-functions)
set_target_properties(dsquant_library PROPERTIES OUTPUT_NAME dsquant EXPORT_NAME dsquant LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

install(TARGETS dsquant RUNTIME COMPONENT program)
install(DIRECTORY ${PROJECT_BINARY_DIR}/cli/share/ DESTINATION ${CMAKE_INSTALL_DATADIR} COMPONENT program)  # dsquant_share
install(FILES README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright COMPONENT program)

install(TARGETS dsquant_library EXPORT dsquantTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT library)
set(header_folder ${CMAKE_INSTALL_INCLUDEDIR}/dsquant)
install(DIRECTORY src passes calibration DESTINATION ${header_folder} COMPONENT library FILES_MATCHING PATTERN "*.h"
        PATTERN src/runner/portable EXCLUDE PATTERN src/runner/onednn EXCLUDE PATTERN src/cmake EXCLUDE
        REGEX "calibration/(layer_sums|refit|round_weights)\\.h" EXCLUDE)  # sums are matrices of Eigen
foreach(header calibration/table dsq/model dsq/read dsq/write manifest/manifest npy/npy onnx/import onnx/test_data picture/picture plan/plan report/html
               report/json report/junit report/markdown report/sarif report/text)
  cmake_path(GET header PARENT_PATH format)
  install(FILES formats/${header}.h DESTINATION ${header_folder}/formats/${format} COMPONENT library)
endforeach()
set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/dsquant)
install(EXPORT dsquantTargets NAMESPACE dsq:: DESTINATION ${config_folder} COMPONENT library)
configure_package_config_file(src/cmake/dsquantConfig.cmake.in ${PROJECT_BINARY_DIR}/dsquantConfig.cmake
                              INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/dsquantConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/dsquantConfig.cmake ${PROJECT_BINARY_DIR}/dsquantConfigVersion.cmake
        DESTINATION ${config_folder} COMPONENT library)

# `cpack` in the build folder makes dsquant_*.deb and libdsquant-dev_*.deb; what they depend on is found by dpkg-shlibdeps.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR dsquant)
set(CPACK_PACKAGE_CONTACT "The dsquant authors <dsquant@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "quantizes neural networks: 8-bit weights, 4-bit activations")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program library)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME dsquant)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "Reads ONNX networks, makes them compact and runs them.")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libdsquant-dev)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS "libfmt-dev, libstdc++-12-dev")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "The library of dsquant with headers and CMake files.")
include(CPack)
