# The ABI fingerprint: what a plugin and the host must have in common so that they may share C++ types. It covers the SDK's
# headers, its code, of which every plugin has a copy, the flags of this file, the compiler, the standard, what changes
# layouts, and the versions of Poco and Boost. The SDK's package installs this file too, so that a plugin of another tree is
# built, and its fingerprint computed, in the same way.
include_guard(GLOBAL)

# penstock_digest(result folder pattern…): names and contents of the files, hashed.
function(penstock_digest result folder)
  list(TRANSFORM ARGN PREPEND ${folder}/ OUTPUT_VARIABLE patterns)
  file(GLOB files RELATIVE ${folder} CONFIGURE_DEPENDS ${patterns})
  list(SORT files)
  set(text "")
  foreach(file IN LISTS files)
    file(SHA256 ${folder}/${file} hash)
    string(APPEND text "${file} ${hash}\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/${file})
  endforeach()
  string(SHA256 hash "${text}")
  set(${result} ${hash} PARENT_SCOPE)
endfunction()

# `code` is the digest of the SDK's code, which its package has only compiled.
function(penstock_fingerprint result include_directory code)
  penstock_digest(headers ${include_directory} penstock/*.h)
  penstock_digest(flags ${CMAKE_CURRENT_FUNCTION_LIST_DIR} PenstockPlugin.cmake plugin.map)
  set(text "headers ${headers}\ncode ${code}\nflags ${flags}\n")
  string(REGEX MATCH "^[0-9]+" compiler_major ${CMAKE_CXX_COMPILER_VERSION})
  string(APPEND text "${CMAKE_CXX_COMPILER_ID} ${compiler_major} c++${CMAKE_CXX_STANDARD} ${CMAKE_SYSTEM_PROCESSOR}\n")
  string(APPEND text "sanitize=${PENSTOCK_SANITIZE} debug=${_GLIBCXX_DEBUG}\n")
  string(APPEND text "Poco ${Poco_VERSION} Boost ${Boost_VERSION}\n")
  string(SHA256 hash "${text}")
  string(SUBSTRING ${hash} 0 32 hash)
  set(${result} ${hash} PARENT_SCOPE)
endfunction()

# penstock_add_plugin(name SOURCES a.cpp b.cpp [LIBRARIES …] [DIRECTORY output])
function(penstock_add_plugin name)
  cmake_parse_arguments(plugin "" "DIRECTORY" "SOURCES;LIBRARIES" ${ARGN})
  add_library(${name} MODULE ${plugin_SOURCES})
  if(NOT plugin_DIRECTORY AND TARGET penstock)
    set(plugin_DIRECTORY ${PENSTOCK_PLUGIN_OUTPUT_DIRECTORY})
    add_dependencies(penstock ${name})
    set_property(GLOBAL APPEND PROPERTY PENSTOCK_PLUGINS ${name})
  elseif(NOT plugin_DIRECTORY)
    set(plugin_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  endif()
  target_link_libraries(${name} PRIVATE penstock::sdk ${plugin_LIBRARIES})
  target_compile_definitions(${name} PRIVATE PENSTOCK_PLUGIN_NAME="${name}")
  set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${plugin_DIRECTORY}
                        CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
                        CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
                        LINK_DEPENDS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
  target_link_options(${name} PRIVATE -Wl,--version-script=${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map -Wl,-z,now)
  if(NOT PENSTOCK_SANITIZE)
    target_link_options(${name} PRIVATE -Wl,-z,defs)
  endif()
endfunction()
