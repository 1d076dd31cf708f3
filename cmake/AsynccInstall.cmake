# cmake --install: libraries, headers, the compiler with a command that starts it, the CMake package, the pkg-config file.
include(GNUInstallDirs)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/asyncc")
set(python_dir "${CMAKE_INSTALL_LIBDIR}/asyncc/python")

# What is installed has to be built by plain `cmake --build`.
set_target_properties(asyncc_runtime asyncc_runtime_shared PROPERTIES EXCLUDE_FROM_ALL OFF)
install(TARGETS asyncc_runtime asyncc_runtime_shared EXPORT asynccTargets)
install(EXPORT asynccTargets NAMESPACE asyncc:: DESTINATION "${package_dir}")
install(DIRECTORY include/asyncc DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
install(FILES
  cmake/asynccConfig.cmake cmake/asynccConfigVersion.cmake cmake/AsynccCommand.cmake cmake/AsynccFunctions.cmake
  DESTINATION "${package_dir}")

# The compiler, its own copies of the runtime's sources and the headers (`asyncc build` compiles them for its flags), and
# the libclang that came from Python's registry. One of the system's stays the system's.
install(DIRECTORY asyncc DESTINATION "${python_dir}" FILES_MATCHING PATTERN "*.py" PATTERN "__pycache__" EXCLUDE)
install(DIRECTORY runtime include DESTINATION "${python_dir}/asyncc/share"
  FILES_MATCHING PATTERN "*.[chS]" PATTERN "*.map")
if(ASYNCC_LIBCLANG MATCHES "/clang/native/")
  install(FILES "${ASYNCC_LIBCLANG}" DESTINATION "${python_dir}/clang/native")
endif()

file(RELATIVE_PATH python_from_bin "/${CMAKE_INSTALL_BINDIR}" "/${python_dir}")
configure_file(cmake/asyncc.in "${CMAKE_CURRENT_BINARY_DIR}/asyncc-command/asyncc" @ONLY)
install(PROGRAMS "${CMAKE_CURRENT_BINARY_DIR}/asyncc-command/asyncc" DESTINATION "${CMAKE_INSTALL_BINDIR}")

file(RELATIVE_PATH prefix_from_pc "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" prefix_from_pc "${prefix_from_pc}")
configure_file(cmake/asyncc.pc.in "${CMAKE_CURRENT_BINARY_DIR}/asyncc.pc" @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/asyncc.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
