# SQL lives in .sql files, one statement a file. penstock_embed_sql(target directory) gives the target a generated header
# <room>/sql.h, room being the folder of the calling CMakeLists.txt, in which find_message.sql is the string_view
# penstock::sql::kFindMessage.
#
# The file is also the script that writes the header at build time: cmake -DOUTPUT=… -DDIRECTORY=… -P PenstockSql.cmake
if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  file(GLOB files ${DIRECTORY}/*.sql)
  list(SORT files)
  set(header "#pragma once\n\n#include <string_view>\n\nnamespace penstock::sql {\n")
  foreach(file IN LISTS files)
    get_filename_component(stem ${file} NAME_WE)
    set(constant "k")
    string(REPLACE "_" ";" words ${stem})
    foreach(word IN LISTS words)
      string(SUBSTRING ${word} 0 1 initial)
      string(TOUPPER ${initial} initial)
      string(SUBSTRING ${word} 1 -1 rest)
      string(APPEND constant "${initial}${rest}")
    endforeach()
    file(READ ${file} text)
    string(STRIP "${text}" text)
    string(APPEND header "\ninline constexpr std::string_view ${constant} = R\"sql(${text})sql\";\n")
  endforeach()
  string(APPEND header "\n}  // namespace penstock::sql\n")
  file(WRITE ${OUTPUT} "${header}")
  return()
endif()

include_guard(GLOBAL)
set(PENSTOCK_SQL_SCRIPT ${CMAKE_CURRENT_LIST_FILE} CACHE INTERNAL "")

function(penstock_embed_sql target directory)
  get_filename_component(directory ${directory} ABSOLUTE)
  file(GLOB files CONFIGURE_DEPENDS ${directory}/*.sql)
  set(include_directory ${CMAKE_CURRENT_BINARY_DIR}/generated)
  get_filename_component(room ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  set(header ${include_directory}/${room}/sql.h)
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${header} -DDIRECTORY=${directory} -P ${PENSTOCK_SQL_SCRIPT}
    DEPENDS ${files} ${PENSTOCK_SQL_SCRIPT}
    VERBATIM)
  target_sources(${target} PRIVATE ${header})
  target_include_directories(${target} PUBLIC ${include_directory})
endfunction()
