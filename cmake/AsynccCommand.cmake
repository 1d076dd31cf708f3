# Finds how to start the compiler, and that it works: a Python that is new enough, and a libclang it can load.
#
# The answer is kept in the global properties ASYNCC_COMMAND (a list) and ASYNCC_PACKAGE (the compiler's folder), and in
# the cache variables ASYNCC_PYTHON and ASYNCC_LIBCLANG, which the user may set.
include_guard(GLOBAL)

# The compiler's folder, seen from this file in each of the three layouts: pip, checkout, installed tree.
foreach(place "../.." "../asyncc" "../../asyncc/python/asyncc")
  if(EXISTS "${CMAKE_CURRENT_LIST_DIR}/${place}/__main__.py")
    get_filename_component(asyncc_package "${CMAKE_CURRENT_LIST_DIR}/${place}" ABSOLUTE)
    break()
  endif()
endforeach()
if(NOT asyncc_package)
  message(FATAL_ERROR "asyncc: the compiler is not where it should be, near ${CMAKE_CURRENT_LIST_DIR}")
endif()

# Gives in `out` what the check prints: the interpreter's own path and the libclang it loads, or what is wrong.
function(asyncc_check_python python out ok)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env "ASYNCC_LIBCLANG=${ASYNCC_LIBCLANG}" "${python}"
            "${asyncc_package}/check_environment.py"
    RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE complaint OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(failed)
    set(${ok} FALSE PARENT_SCOPE)
    set(${out} "${complaint}" PARENT_SCOPE)
  else()
    set(${ok} TRUE PARENT_SCOPE)
    set(${out} "${said}" PARENT_SCOPE)
  endif()
endfunction()

# libclang from Python's registry into the build tree, for a Python that has none and may not be touched.
function(asyncc_fetch_libclang python)
  set(folder "${CMAKE_BINARY_DIR}/asyncc-libclang")
  message(STATUS "asyncc: installing libclang from PyPI into ${folder}")
  execute_process(
    COMMAND "${python}" -m pip install --quiet --disable-pip-version-check --target "${folder}" "libclang>=14"
    RESULT_VARIABLE failed ERROR_VARIABLE complaint OUTPUT_QUIET)
  if(failed)
    message(STATUS "asyncc: ${complaint}")
  else()
    file(GLOB library "${folder}/clang/native/libclang.*")
    set(ASYNCC_LIBCLANG "${library}" CACHE FILEPATH "The libclang that asyncc parses with" FORCE)
  endif()
endfunction()

function(asyncc_find_command)
  # In a virtual environment or a Python's own tree, the interpreter stands three levels above site-packages.
  get_filename_component(prefix "${asyncc_package}/../../../.." ABSOLUTE)
  set(candidates ${ASYNCC_PYTHON} "${prefix}/bin/python3")
  foreach(name python3 python3.13 python3.12 python3.11 python3.10 python)
    find_program(asyncc_program_${name} ${name})
    list(APPEND candidates "${asyncc_program_${name}}")
    unset(asyncc_program_${name} CACHE)
  endforeach()

  set(problems "")
  foreach(round once again)
    foreach(python IN LISTS candidates)
      if(NOT EXISTS "${python}")
        continue()
      endif()
      asyncc_check_python("${python}" answer ok)
      if(ok)
        list(GET answer 0 executable)
        list(GET answer 1 libclang)
        set(ASYNCC_PYTHON "${executable}" CACHE FILEPATH "The Python that runs asyncc" FORCE)
        set(ASYNCC_LIBCLANG "${libclang}" CACHE FILEPATH "The libclang that asyncc parses with" FORCE)
        mark_as_advanced(ASYNCC_PYTHON ASYNCC_LIBCLANG)
        return()
      endif()
      string(APPEND problems "\n  ${python}: ${answer}")
      if(NOT first AND NOT answer MATCHES "Python 3.10")
        set(first "${python}")
      endif()
    endforeach()
    if(round STREQUAL "once" AND first)
      asyncc_fetch_libclang("${first}")
    endif()
  endforeach()
  message(FATAL_ERROR "asyncc needs Python 3.10 or newer and libclang 14 or newer. Install them (pip install libclang), or name "
                      "them with -DASYNCC_PYTHON=… and -DASYNCC_LIBCLANG=….  What was tried:${problems}")
endfunction()

asyncc_find_command()
set_property(GLOBAL PROPERTY ASYNCC_PACKAGE "${asyncc_package}")
set_property(GLOBAL PROPERTY ASYNCC_COMMAND
  "${CMAKE_COMMAND}" -E env "ASYNCC_LIBCLANG=${ASYNCC_LIBCLANG}" "${ASYNCC_PYTHON}" "${asyncc_package}")
