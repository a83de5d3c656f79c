# What is installed, and as part of which package: one set of rules for both package formats and for `cmake --install`.
#
#   service     penstock: daemon, penstockctl, plugins without a server of their own, configuration, scripts, unit, manual
#   postgresql  penstock-postgresql: pg-queue, pg-store, their migrations, a drop-in
#   redis       penstock-redis: redis-cache
#   sdk         libpenstock-dev, penstock-devel: headers, CMake package, pkg-config, template of a plugin, examples,
#               penstock-conformance
#   symbols     penstock-dbgsym, penstock-debuginfo: debug symbols of all of these, by build id
#
# PENSTOCK_PACKAGE (deb, rpm or empty) decides what the formats want differently: names of packages in /usr/share/doc.
include(GNUInstallDirs)
set(PENSTOCK_PACKAGE "" CACHE STRING "Package format that this build is configured for: deb, rpm or empty")
set(PENSTOCK_UNIT_DIRECTORY "lib/systemd/system" CACHE STRING "Folder of systemd units")
set_property(CACHE PENSTOCK_PACKAGE PROPERTY STRINGS "" deb rpm)

set(PENSTOCK_COMPONENTS service postgresql redis sdk symbols)
if(NOT PENSTOCK_POSTGRESQL)
  list(REMOVE_ITEM PENSTOCK_COMPONENTS postgresql)
endif()
set(PENSTOCK_NAME_service penstock)
set(PENSTOCK_NAME_postgresql penstock-postgresql)
set(PENSTOCK_NAME_redis penstock-redis)
if(PENSTOCK_PACKAGE STREQUAL "deb")
  set(PENSTOCK_NAME_sdk libpenstock-dev)
  set(PENSTOCK_NAME_symbols penstock-dbgsym)
else()
  set(PENSTOCK_NAME_sdk penstock-devel)
  set(PENSTOCK_NAME_symbols penstock-debuginfo)
endif()

# Absolute because the daemon looks there, whatever the prefix is.
set(PENSTOCK_CONFIGURATION_DIRECTORY /etc/penstock)
set(PENSTOCK_DATA_DIRECTORY /var/lib/penstock)
set(PENSTOCK_ENVIRONMENT_DIRECTORY /etc/default)
if(PENSTOCK_PACKAGE STREQUAL "rpm")
  set(PENSTOCK_ENVIRONMENT_DIRECTORY /etc/sysconfig)
endif()
set(PENSTOCK_PLUGIN_DIRECTORY ${CMAKE_INSTALL_LIBDIR}/penstock/plugins)
set(PENSTOCK_SHARE_DIRECTORY ${CMAKE_INSTALL_DATADIR}/penstock)
set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                                                WORLD_READ WORLD_EXECUTE)
set(packaging ${PROJECT_SOURCE_DIR}/packaging)

# penstock_install_private(component folder file…): into a folder below /etc. The group penstock may read it and nobody
# else; the packages say who is the group. All names are gathered: they are what a package calls its configuration.
function(penstock_install_private component folder)
  foreach(file IN LISTS ARGN)
    if(NOT EXISTS ${file})
      message(FATAL_ERROR "${file} is to be installed but is not there")
    endif()
    get_filename_component(name ${file} NAME)
    set_property(GLOBAL APPEND PROPERTY PENSTOCK_CONFIGURATION_${component} ${folder}/${name})
  endforeach()
  install(FILES ${ARGN} DESTINATION ${folder} COMPONENT ${component} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)
endfunction()

# penstock_install_configuration(component folder file…): into a folder below /etc/penstock.
function(penstock_install_configuration component folder)
  penstock_install_private(${component} ${PENSTOCK_CONFIGURATION_DIRECTORY}${folder} ${ARGN})
endfunction()

# A folder that nobody else may look into, also when it stays empty.
function(penstock_install_private_directory component folder)
  install(CODE "
    file(MAKE_DIRECTORY \"\$ENV{DESTDIR}${folder}\")
    file(CHMOD \"\$ENV{DESTDIR}${folder}\" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE)"
          COMPONENT ${component})
endfunction()

# penstock_install_compressed(component file destination [name]): as file.gz, without time or name inside.
function(penstock_install_compressed component file destination)
  find_program(PENSTOCK_GZIP gzip REQUIRED)
  get_filename_component(name ${file} NAME)
  if(ARGC GREATER 3)
    set(name ${ARGV3})
  endif()
  install(CODE "
    set(target \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${destination}/${name}.gz\")
    message(STATUS \"Installing: \${target}\")
    get_filename_component(folder \"\${target}\" DIRECTORY)
    file(MAKE_DIRECTORY \"\${folder}\")
    execute_process(COMMAND \"${PENSTOCK_GZIP}\" -9nc \"${file}\" OUTPUT_FILE \"\${target}\" COMMAND_ERROR_IS_FATAL ANY)
    file(CHMOD \"\${target}\" PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)"
          COMPONENT ${component})
endfunction()

# Keys of a plugin that is not installed are unknown, so its sections lie in a drop-in of its package.
set(PENSTOCK_SECTIONS_postgresql pg-queue pg pg-store)
set(PENSTOCK_SECTIONS_redis redis-cache)
set(PENSTOCK_WHOLE_CONFIGURATION ${PROJECT_SOURCE_DIR}/config/penstock.lua)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PENSTOCK_WHOLE_CONFIGURATION} ${packaging}/config/sections)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/config)
execute_process(COMMAND ${packaging}/config/sections without ${PENSTOCK_WHOLE_CONFIGURATION} ${PENSTOCK_SECTIONS_postgresql}
                        ${PENSTOCK_SECTIONS_redis}
                OUTPUT_FILE ${PROJECT_BINARY_DIR}/config/penstock.lua COMMAND_ERROR_IS_FATAL ANY)

# penstock_install_sections(component): /etc/penstock/conf.d/50-<component>.lua.
function(penstock_install_sections component)
  execute_process(COMMAND ${packaging}/config/sections only ${PENSTOCK_WHOLE_CONFIGURATION} ${PENSTOCK_SECTIONS_${component}}
                  OUTPUT_VARIABLE PENSTOCK_SECTIONS COMMAND_ERROR_IS_FATAL ANY)
  set(file ${PROJECT_BINARY_DIR}/config/50-${component}.lua)
  configure_file(${packaging}/config/50-${component}.lua.in ${file} @ONLY)
  foreach(folder "" /conf.d)
    penstock_install_private_directory(${component} ${PENSTOCK_CONFIGURATION_DIRECTORY}${folder})
  endforeach()
  penstock_install_configuration(${component} /conf.d ${file})
endfunction()

# The service.
install(TARGETS penstockd RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR} COMPONENT service)
install(TARGETS penstockctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT service)

set(PENSTOCK_PLUGINS_postgresql pg-queue pg-store)
set(PENSTOCK_PLUGINS_redis redis-cache)
get_property(PENSTOCK_PLUGINS GLOBAL PROPERTY PENSTOCK_PLUGINS)
set(PENSTOCK_PLUGINS_service ${PENSTOCK_PLUGINS})
list(REMOVE_ITEM PENSTOCK_PLUGINS_service ${PENSTOCK_PLUGINS_postgresql} ${PENSTOCK_PLUGINS_redis})
foreach(component service postgresql redis)
  foreach(plugin IN LISTS PENSTOCK_PLUGINS_${component})
    if(TARGET ${plugin})  # without PENSTOCK_POSTGRESQL some are not
      install(TARGETS ${plugin} LIBRARY DESTINATION ${PENSTOCK_PLUGIN_DIRECTORY} COMPONENT ${component})
    endif()
  endforeach()
endforeach()

install(DIRECTORY ${PROJECT_SOURCE_DIR}/migrations/sqlite ${PROJECT_SOURCE_DIR}/migrations/sqlite-queue
        DESTINATION ${PENSTOCK_SHARE_DIRECTORY}/migrations COMPONENT service)

foreach(folder "" /conf.d)
  penstock_install_private_directory(service ${PENSTOCK_CONFIGURATION_DIRECTORY}${folder})
endforeach()
penstock_install_private_directory(service ${PENSTOCK_DATA_DIRECTORY})
configure_file(${packaging}/systemd/penstock.environment ${PROJECT_BINARY_DIR}/config/penstock COPYONLY)
penstock_install_private(service ${PENSTOCK_ENVIRONMENT_DIRECTORY} ${PROJECT_BINARY_DIR}/config/penstock)
# dev.lua is for a checkout only.
penstock_install_configuration(service "" ${PROJECT_BINARY_DIR}/config/penstock.lua ${PROJECT_SOURCE_DIR}/config/api.lua
                               ${PROJECT_SOURCE_DIR}/config/worker.lua)
foreach(folder "" /providers)
  file(GLOB scripts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/scripts${folder}/*.lua)
  list(SORT scripts)
  penstock_install_private_directory(service ${PENSTOCK_CONFIGURATION_DIRECTORY}/scripts${folder})
  penstock_install_configuration(service /scripts${folder} ${scripts})
  # Once more where nobody edits them: to compare with, and for `penstockctl bench`.
  install(FILES ${scripts} DESTINATION ${PENSTOCK_SHARE_DIRECTORY}/scripts${folder} COMPONENT service)
endforeach()

# What surrounds the service. A folder that is there is installed whole, and what it must hold is an error when missing.
if(EXISTS ${packaging}/systemd)
  file(GLOB sockets CONFIGURE_DEPENDS ${packaging}/systemd/*.socket)
  install(FILES ${packaging}/systemd/penstock.service ${sockets} DESTINATION ${PENSTOCK_UNIT_DIRECTORY}
          COMPONENT service)
  install(FILES ${packaging}/systemd/penstock.sysusers DESTINATION lib/sysusers.d RENAME penstock.conf COMPONENT service)
  install(FILES ${packaging}/systemd/penstock.tmpfiles DESTINATION lib/tmpfiles.d RENAME penstock.conf COMPONENT service)
endif()
if(EXISTS ${packaging}/man)
  file(GLOB pages CONFIGURE_DEPENDS ${packaging}/man/*.[1-8])
  list(SORT pages)
  if(NOT "${packaging}/man/penstockd.8" IN_LIST pages OR NOT "${packaging}/man/penstockctl.1" IN_LIST pages)
    message(FATAL_ERROR "packaging/man lacks penstockd.8 or penstockctl.1")
  endif()
  # This one is made by the build, of what the daemon knows.
  if(TARGET manual)
    list(APPEND pages ${PROJECT_BINARY_DIR}/man/penstock.lua.5)
  endif()
  if(NOT TARGET penstock-conformance)
    list(REMOVE_ITEM pages ${packaging}/man/penstock-conformance.1)
  endif()
  foreach(page IN LISTS pages)
    string(REGEX MATCH "[1-8]$" section ${page})
    set(component service)
    if(page MATCHES "penstock-(plugin|conformance)")
      set(component sdk)
    endif()
    penstock_install_compressed(${component} ${page} ${CMAKE_INSTALL_MANDIR}/man${section})
  endforeach()
endif()
if(EXISTS ${packaging}/completion)
  install(FILES ${packaging}/completion/penstockctl.bash
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME penstockctl COMPONENT service)
endif()
if(EXISTS ${packaging}/dashboards)
  install(DIRECTORY ${packaging}/dashboards/ DESTINATION ${PENSTOCK_SHARE_DIRECTORY}/dashboards COMPONENT service
          FILES_MATCHING PATTERN "*.json")
endif()
if(EXISTS ${packaging}/alerts)
  install(FILES ${packaging}/alerts/penstock.rules.yml DESTINATION ${PENSTOCK_SHARE_DIRECTORY}/alerts COMPONENT service)
endif()

# PostgreSQL.
if(PENSTOCK_POSTGRESQL)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/migrations/postgres DESTINATION ${PENSTOCK_SHARE_DIRECTORY}/migrations
          COMPONENT postgresql)
  penstock_install_sections(postgresql)
endif()

# Redis.
penstock_install_sections(redis)

# The SDK.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/host/include/penstock DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT sdk
        FILES_MATCHING PATTERN "*.h")
set_target_properties(penstock_sdk PROPERTIES EXPORT_NAME sdk)
install(TARGETS penstock_sdk EXPORT penstock-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT sdk
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(CODE "
  execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-debug --remove-section=.comment --enable-deterministic-archives
                          \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/libpenstock_sdk.a\" COMMAND_ERROR_IS_FATAL ANY)"
        COMPONENT sdk)
include(CMakePackageConfigHelpers)
set(PENSTOCK_CMAKE_PACKAGE_DIRECTORY ${CMAKE_INSTALL_LIBDIR}/cmake/penstock)
# What the package of a plugin from elsewhere depends on; penstock provides it.
string(SUBSTRING ${PENSTOCK_FINGERPRINT} 0 16 fingerprint)
set(PENSTOCK_DEB_DEPENDS "penstock-sdk-${fingerprint}")
set(PENSTOCK_RPM_REQUIRES "penstock-sdk(${fingerprint})")
string(REGEX MATCH "^[0-9]+" PENSTOCK_COMPILER_MAJOR ${CMAKE_CXX_COMPILER_VERSION})
configure_package_config_file(${packaging}/sdk/penstock-config.cmake.in ${PROJECT_BINARY_DIR}/sdk/penstock-config.cmake
                              INSTALL_DESTINATION ${PENSTOCK_CMAKE_PACKAGE_DIRECTORY}
                              PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/sdk/penstock-config-version.cmake COMPATIBILITY SameMinorVersion)
configure_file(${packaging}/sdk/penstock.pc.in ${PROJECT_BINARY_DIR}/sdk/penstock.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/sdk/penstock-config.cmake ${PROJECT_BINARY_DIR}/sdk/penstock-config-version.cmake
              ${packaging}/cmake/PenstockPlugin.cmake ${packaging}/cmake/plugin.map
        DESTINATION ${PENSTOCK_CMAKE_PACKAGE_DIRECTORY} COMPONENT sdk)
install(EXPORT penstock-targets NAMESPACE penstock:: DESTINATION ${PENSTOCK_CMAKE_PACKAGE_DIRECTORY} COMPONENT sdk)
install(FILES ${PROJECT_BINARY_DIR}/sdk/penstock.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT sdk)
install(DIRECTORY ${packaging}/sdk/template/ DESTINATION ${PENSTOCK_SHARE_DIRECTORY}/plugin-template COMPONENT sdk)
install(DIRECTORY ${packaging}/sdk/examples DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${PENSTOCK_NAME_sdk} COMPONENT sdk)
if(TARGET penstock-conformance)
  install(TARGETS penstock-conformance RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT sdk)
endif()

# Debug symbols, found by the build id that every ELF file carries.
set(PENSTOCK_ELF_FILES penstockd penstockctl ${PENSTOCK_PLUGINS})
if(TARGET penstock-conformance)
  list(APPEND PENSTOCK_ELF_FILES penstock-conformance)
endif()
list(TRANSFORM PENSTOCK_ELF_FILES REPLACE "(.+)" "$<TARGET_FILE:\\1>")
install(CODE "
  set(files \"${PENSTOCK_ELF_FILES}\")
  set(readelf \"${CMAKE_READELF}\")
  set(objcopy \"${CMAKE_OBJCOPY}\")
  set(destination \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/debug/.build-id\")
  include(\"${packaging}/cmake/InstallSymbols.cmake\")"
        COMPONENT symbols)

# What every package says of itself.
if(PENSTOCK_PACKAGE STREQUAL "deb")
  foreach(component IN LISTS PENSTOCK_COMPONENTS)
    set(documents ${CMAKE_INSTALL_DATADIR}/doc/${PENSTOCK_NAME_${component}})
    install(FILES ${packaging}/deb/copyright DESTINATION ${documents} COMPONENT ${component})
    penstock_install_compressed(${component} ${packaging}/deb/changelog ${documents})
    set(overrides ${packaging}/deb/${PENSTOCK_NAME_${component}}.lintian-overrides)
    if(EXISTS ${overrides})
      install(FILES ${overrides} DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides
              RENAME ${PENSTOCK_NAME_${component}} COMPONENT ${component})
    endif()
  endforeach()
elseif(PENSTOCK_PACKAGE STREQUAL "rpm")
  foreach(component IN LISTS PENSTOCK_COMPONENTS)
    install(FILES ${PROJECT_SOURCE_DIR}/LICENSE COMPONENT ${component}
            DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/${PENSTOCK_NAME_${component}})
  endforeach()
endif()
install(FILES ${PROJECT_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/penstock COMPONENT service)
