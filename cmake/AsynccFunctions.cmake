# The functions that put .ac files into targets.
include_guard(GLOBAL)
# CMP0116: from 3.20 on CMake itself fits the paths in depfiles to the generator; functions keep the policies of their file.
cmake_policy(PUSH)
cmake_policy(VERSION 3.16...3.28)

# asyncc_add_executable(name [EXCLUDE_FROM_ALL] source…)
function(asyncc_add_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 given "EXCLUDE_FROM_ALL" "" "")
  add_executable(${name})
  if(given_EXCLUDE_FROM_ALL)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  asyncc_target_sources(${name} PRIVATE ${given_UNPARSED_ARGUMENTS})
endfunction()

# asyncc_add_library(name [STATIC|SHARED|OBJECT|MODULE] [EXCLUDE_FROM_ALL] source…)
function(asyncc_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 given "STATIC;SHARED;OBJECT;MODULE;EXCLUDE_FROM_ALL" "" "")
  set(kind "")
  foreach(each STATIC SHARED OBJECT MODULE)
    if(given_${each})
      set(kind ${each})
    endif()
  endforeach()
  add_library(${name} ${kind})
  if(given_EXCLUDE_FROM_ALL)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
  asyncc_target_sources(${name} PRIVATE ${given_UNPARSED_ARGUMENTS})
endfunction()

# asyncc_target_sources(target PRIVATE source…)
#
# Each .ac file becomes C in the build tree with the target's own include directories, definitions, options and standard,
# and is compiled into the target, which is linked with the runtime: the static one, or with the target property (or at
# the time of the call the variable) ASYNCC_RUNTIME set to "shared" the shared one. Sources of other kinds are added as they are.
function(asyncc_target_sources target)
  if(NOT TARGET ${target})
    message(FATAL_ERROR "asyncc_target_sources: there is no target '${target}'")
  endif()
  get_target_property(folder ${target} SOURCE_DIR)
  if(NOT folder STREQUAL CMAKE_CURRENT_SOURCE_DIR)
    message(FATAL_ERROR "asyncc_target_sources: call it in the folder that made '${target}' (${folder}): CMake keeps the rules "
                        "that make files to the folder they are written in")
  endif()
  set(sources "")
  foreach(argument IN LISTS ARGN)
    if(argument MATCHES "^(PUBLIC|INTERFACE)$")
      message(FATAL_ERROR "asyncc_target_sources: sources of '${target}' are PRIVATE: a program is made from them once")
    elseif(NOT argument STREQUAL "PRIVATE")
      list(APPEND sources "${argument}")
    endif()
  endforeach()

  _asyncc_prepare(${target})
  foreach(source IN LISTS sources)
    if(source MATCHES "\\.ac$")
      _asyncc_translate(${target} "${source}")
    else()
      target_sources(${target} PRIVATE "${source}")
    endif()
  endforeach()
endfunction()

# Once a target: the file with its options, the library, the entries for clangd.
function(_asyncc_prepare target)
  get_target_property(prepared ${target} ASYNCC_OPTIONS_FILE)
  if(prepared)
    return()
  endif()
  _asyncc_link(${target})

  set(file "${CMAKE_CURRENT_BINARY_DIR}/asyncc/${target}")
  _asyncc_config_suffix(suffix)
  _asyncc_target_options(${target} content)
  # $<COMPILE_LANGUAGE:…> in the target's options can only be answered for a file a language; of those, C's is used.
  file(GENERATE OUTPUT "${file}${suffix}-$<COMPILE_LANGUAGE>.options" CONTENT "${content}")
  set_target_properties(${target} PROPERTIES ASYNCC_OPTIONS_FILE "${file}${suffix}-C.options")
  _asyncc_database(${target} "${file}")
endfunction()

# The same text for every configuration but where the generator builds several in one tree.
function(_asyncc_config_suffix out)
  get_property(multiple GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  if(multiple AND CMAKE_VERSION VERSION_LESS 3.20)
    message(FATAL_ERROR "asyncc: generators with several configurations need CMake 3.20")
  endif()
  if(multiple)
    set(${out} "-$<CONFIG>" PARENT_SCOPE)
  else()
    set(${out} "" PARENT_SCOPE)
  endif()
endfunction()

function(_asyncc_link target)
  if(DEFINED ASYNCC_RUNTIME)
    set_target_properties(${target} PROPERTIES ASYNCC_RUNTIME "${ASYNCC_RUNTIME}")
  endif()
  set(shared "$<STREQUAL:$<TARGET_PROPERTY:${target},ASYNCC_RUNTIME>,shared>")
  set(library "$<IF:${shared},asyncc::runtime_shared,asyncc::runtime>")
  # By property: target_link_libraries would force its keywords (PRIVATE …) on all other calls for this target.
  set_property(TARGET ${target} APPEND PROPERTY LINK_LIBRARIES "${library}")
  get_target_property(type ${target} TYPE)
  if(type MATCHES "STATIC_LIBRARY|OBJECT_LIBRARY")
    set_property(TARGET ${target} APPEND PROPERTY INTERFACE_LINK_LIBRARIES "$<LINK_ONLY:${library}>")
  endif()
endfunction()

# What the C compiler will be told, one option a line; read by asyncc's --options-file.
function(_asyncc_target_options target out)
  _asyncc_configured_flags(configured)
  set(text "SHELL:${CMAKE_C_FLAGS}\n${configured}\n")
  if(CMAKE_C_COMPILER_TARGET)
    string(APPEND text "--target=${CMAKE_C_COMPILER_TARGET}\n")
  endif()
  if(CMAKE_SYSROOT)
    string(APPEND text "--sysroot=${CMAKE_SYSROOT}\n")
  endif()

  _asyncc_standard(${target} standard)
  set(definitions "$<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS>")
  set(directories "$<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>")
  set(others "$<TARGET_PROPERTY:${target},COMPILE_OPTIONS>")
  string(APPEND text
    "${standard}\n"
    "$<$<BOOL:${definitions}>:-D$<JOIN:${definitions},\n-D>>\n"
    "$<$<BOOL:${directories}>:-I$<JOIN:${directories},\n-I>>\n"
    "$<JOIN:${others},\n>\n")
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# CMAKE_C_FLAGS_<CONFIG>. Commas and the like in flags would be read as parts of the generator expression.
function(_asyncc_configured_flags out)
  set(text "")
  foreach(config IN LISTS CMAKE_CONFIGURATION_TYPES CMAKE_BUILD_TYPE)
    string(TOUPPER "${config}" upper)
    string(REPLACE ">" "$<ANGLE-R>" flags "${CMAKE_C_FLAGS_${upper}}")
    string(REPLACE "," "$<COMMA>" flags "${flags}")
    string(APPEND text "$<$<CONFIG:${config}>:SHELL:${flags}>")
  endforeach()
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# -std= from C_STANDARD or, failing that, from target_compile_features(… c_std_NN).
function(_asyncc_standard target out)
  set(number "$<TARGET_PROPERTY:${target},C_STANDARD>")
  set(features "$<TARGET_PROPERTY:${target},COMPILE_FEATURES>")
  # An unset C_EXTENSIONS means yes.
  set(strict "$<AND:$<NOT:$<STREQUAL:$<TARGET_PROPERTY:${target},C_EXTENSIONS>,>>,$<NOT:$<BOOL:$<TARGET_PROPERTY:${target},C_EXTENSIONS>>>>")
  set(from_features "")
  foreach(each 23 17 11 99 90)
    set(from_features "$<IF:$<IN_LIST:c_std_${each},${features}>,${each},${from_features}>")
  endforeach()
  set(number "$<IF:$<BOOL:${number}>,${number},${from_features}>")
  set(${out} "$<$<BOOL:${number}>:-std=$<IF:${strict},c,gnu>$<IF:$<STREQUAL:${number},23>,2x,${number}>>" PARENT_SCOPE)
endfunction()

# compile_commands.json gets an entry for each .ac file, beside those CMake writes, whenever CMake has written it anew.
function(_asyncc_database target file)
  get_property(multiple GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  if(NOT CMAKE_EXPORT_COMPILE_COMMANDS OR multiple)
    return()
  endif()
  get_property(command GLOBAL PROPERTY ASYNCC_COMMAND)
  set(database "${CMAKE_BINARY_DIR}/compile_commands.json")
  set(list "$<TARGET_PROPERTY:${target},ASYNCC_SOURCES>")
  add_custom_command(
    OUTPUT "${file}.clangd"
    COMMAND ${command} compile-commands -o "${database}" "--cc=${CMAKE_C_COMPILER}" "--options-file=${file}-C.options" "${list}"
    COMMAND "${CMAKE_COMMAND}" -E touch "${file}.clangd"
    DEPENDS "${database}" "${file}-C.options"
    COMMENT "Telling clangd of the .ac files of ${target}" COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(${target}_compile_commands ALL DEPENDS "${file}.clangd")
endfunction()

function(_asyncc_translate target source)
  get_filename_component(input "${source}" ABSOLUTE)
  get_filename_component(folder "${input}" DIRECTORY)
  _asyncc_output_name(${target} "${input}" output)
  get_target_property(options ${target} ASYNCC_OPTIONS_FILE)
  get_property(command GLOBAL PROPERTY ASYNCC_COMMAND)
  get_property(package GLOBAL PROPERTY ASYNCC_PACKAGE)
  set_property(TARGET ${target} APPEND PROPERTY ASYNCC_SOURCES "${input}")
  _asyncc_depfile("${input}" "${output}" rule named)
  get_filename_component(output_folder "${output}" DIRECTORY)
  file(RELATIVE_PATH shown "${CMAKE_BINARY_DIR}" "${output}")

  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${output_folder}"
    COMMAND ${command} "${input}" -o "${output}" "--cc=${CMAKE_C_COMPILER}" "--options-file=${options}"
            -MD -MF "${output}.d" -MT "${named}" --depend-on-compiler
    DEPENDS "${input}" "${options}" "${package}/__init__.py"
    ${rule}
    COMMENT "Translating ${shown}"
    COMMAND_EXPAND_LISTS VERBATIM)
  # The output includes the headers that the .ac file includes, and so looks for them from the same folder.
  # Properties belong to the file's final name, which is another in each configuration.
  foreach(config IN LISTS CMAKE_CONFIGURATION_TYPES CMAKE_BUILD_TYPE ITEMS none)
    string(REPLACE "$<CONFIG>" "${config}" named "${output}")
    set_source_files_properties("${named}" PROPERTIES
      COMPILE_OPTIONS "-iquote${folder}" SKIP_UNITY_BUILD_INCLUSION ON SKIP_PRECOMPILE_HEADERS ON)
  endforeach()
  set_source_files_properties("${input}" PROPERTIES HEADER_FILE_ONLY ON)
  target_sources(${target} PRIVATE "${output}" "${input}")
endfunction()

# Where the C goes: as the source lies in the source tree, or by a hash of its folder when it lies outside.
function(_asyncc_output_name target input out)
  file(RELATIVE_PATH relative "${CMAKE_CURRENT_SOURCE_DIR}" "${input}")
  if(relative MATCHES "^\\.\\.")
    get_filename_component(name "${input}" NAME)
    string(SHA256 hash "${input}")
    string(SUBSTRING "${hash}" 0 8 hash)
    set(relative "${hash}/${name}")
  endif()
  _asyncc_config_suffix(suffix)
  set(${out} "${CMAKE_CURRENT_BINARY_DIR}/asyncc/${target}${suffix}/${relative}.c" PARENT_SCOPE)
endfunction()

# The part of the rule that says which headers were read, and the name the output has in it. Makefiles know depfiles from
# CMake 3.20 on; before, CMake's own scan for includes has to do.
function(_asyncc_depfile input output rule named)
  set(${named} "${output}" PARENT_SCOPE)
  if(NOT CMAKE_VERSION VERSION_LESS 3.20)
    set(${rule} DEPFILE "${output}.d" PARENT_SCOPE)
  elseif(CMAKE_GENERATOR MATCHES "Ninja")
    file(RELATIVE_PATH relative "${CMAKE_BINARY_DIR}" "${output}")
    set(${rule} DEPFILE "${output}.d" PARENT_SCOPE)
    set(${named} "${relative}" PARENT_SCOPE)
  else()
    set(${rule} IMPLICIT_DEPENDS C "${input}" PARENT_SCOPE)
  endif()
endfunction()

cmake_policy(POP)
