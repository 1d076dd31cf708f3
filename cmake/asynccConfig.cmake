# find_package(asyncc CONFIG): the same for a package from pip, an installed tree and a checkout.
#
#   asyncc::runtime, asyncc::runtime_shared      the library that generated code runs on
#   asyncc_target_sources(target PRIVATE a.ac …) adds .ac files to a target
#   asyncc_add_executable(name a.ac b.c …)       a program; asyncc_add_library(name [STATIC|SHARED|OBJECT|MODULE] …) likewise
#
# From pip and from a checkout the runtime is compiled with the project, with its compiler and flags; an installed tree
# brings it compiled.
cmake_policy(PUSH)
cmake_policy(VERSION 3.16...3.28)

get_property(asyncc_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if(NOT "C" IN_LIST asyncc_languages)
  message(FATAL_ERROR "asyncc writes C: say project(… LANGUAGES C …) before find_package(asyncc)")
endif()
unset(asyncc_languages)

include("${CMAKE_CURRENT_LIST_DIR}/AsynccCommand.cmake")
if(EXISTS "${CMAKE_CURRENT_LIST_DIR}/asynccTargets.cmake")
  include(CMakeFindDependencyMacro)
  set(THREADS_PREFER_PTHREAD_FLAG ON)
  find_dependency(Threads)
  include("${CMAKE_CURRENT_LIST_DIR}/asynccTargets.cmake")
else()
  include("${CMAKE_CURRENT_LIST_DIR}/AsynccRuntime.cmake")
endif()
include("${CMAKE_CURRENT_LIST_DIR}/AsynccFunctions.cmake")

cmake_policy(POP)
