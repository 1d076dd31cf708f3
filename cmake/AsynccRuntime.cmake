# The runtime from its sources: asyncc::runtime (static) and asyncc::runtime_shared.
#
# Both are only built when something links them. The static one hides its names, so that a program or plug-in made with it
# exports none of them; the shared one exports what the version script lists, which is what the headers declare.
include_guard(GLOBAL)

foreach(place "../runtime" "../../share/runtime")
  if(EXISTS "${CMAKE_CURRENT_LIST_DIR}/${place}/task/wake.h")
    get_filename_component(asyncc_runtime "${CMAKE_CURRENT_LIST_DIR}/${place}" ABSOLUTE)
    break()
  endif()
endforeach()
if(NOT asyncc_runtime)
  message(FATAL_ERROR "asyncc: the runtime's sources are not where they should be, near ${CMAKE_CURRENT_LIST_DIR}")
endif()
get_filename_component(asyncc_include "${asyncc_runtime}/../include" ABSOLUTE)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
include(GNUInstallDirs)

# CONFIGURE_DEPENDS: another version of asyncc may have other files.
file(GLOB asyncc_runtime_sources CONFIGURE_DEPENDS "${asyncc_runtime}/*/*.c")

foreach(kind STATIC SHARED)
  if(kind STREQUAL "STATIC")
    set(target asyncc_runtime)
  else()
    set(target asyncc_runtime_shared)
  endif()
  add_library(${target} ${kind} EXCLUDE_FROM_ALL ${asyncc_runtime_sources})
  target_include_directories(${target} SYSTEM INTERFACE
    "$<BUILD_INTERFACE:${asyncc_include}>" "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_include_directories(${target} PRIVATE "${asyncc_include}" "${asyncc_runtime}")
  target_link_libraries(${target} PUBLIC Threads::Threads)
  # A build without a type would leave the library without optimisation; nobody means that.
  target_compile_options(${target} PRIVATE $<$<CONFIG:>:-O2> -ffunction-sections -fdata-sections)
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME asyncc C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS ON POSITION_INDEPENDENT_CODE ON
    EXPORT_COMPILE_COMMANDS ON UNITY_BUILD OFF)
endforeach()
unset(target)

set_target_properties(asyncc_runtime PROPERTIES C_VISIBILITY_PRESET hidden EXPORT_NAME runtime)
set(asyncc_map "${asyncc_runtime}/asyncc.map")
set_target_properties(asyncc_runtime_shared PROPERTIES EXPORT_NAME runtime_shared SOVERSION 0 LINK_DEPENDS "${asyncc_map}")
# -fno-semantic-interposition: nobody replaces single functions of this library, so calls inside it need no table.
include(CheckCCompilerFlag)
check_c_compiler_flag(-fno-semantic-interposition ASYNCC_HAS_NO_INTERPOSITION)
target_compile_options(asyncc_runtime_shared PRIVATE $<$<BOOL:${ASYNCC_HAS_NO_INTERPOSITION}>:-fno-semantic-interposition>)
target_link_options(asyncc_runtime_shared PRIVATE "LINKER:--version-script=${asyncc_map}" LINKER:-Bsymbolic-functions LINKER:-z,defs)
# A sanitizer's library is only there in the program.
if("${CMAKE_C_FLAGS} ${CMAKE_SHARED_LINKER_FLAGS}" MATCHES "-fsanitize")
  target_link_options(asyncc_runtime_shared PRIVATE LINKER:-z,undefs)
endif()

add_library(asyncc::runtime ALIAS asyncc_runtime)
add_library(asyncc::runtime_shared ALIAS asyncc_runtime_shared)
