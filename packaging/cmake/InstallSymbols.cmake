# Run while installing, with files, readelf, objcopy and destination set: keeps the debug symbols of each file under its
# build id, where debuggers look. The files themselves are stripped by the packager.
foreach(file IN LISTS files)
  execute_process(COMMAND ${readelf} -n ${file} OUTPUT_VARIABLE notes ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
  if(NOT notes MATCHES "Build ID: ([0-9a-f][0-9a-f])([0-9a-f]+)")
    message(FATAL_ERROR "${file} has no build id")
  endif()
  set(folder ${destination}/${CMAKE_MATCH_1})
  set(target ${folder}/${CMAKE_MATCH_2}.debug)
  file(MAKE_DIRECTORY ${folder})
  execute_process(COMMAND ${objcopy} --only-keep-debug --compress-debug-sections ${file} ${target}
                  COMMAND_ERROR_IS_FATAL ANY)
  file(CHMOD ${target} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  message(STATUS "Installing: ${target}")
endforeach()
