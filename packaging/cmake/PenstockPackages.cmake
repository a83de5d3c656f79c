# How CPack makes .deb and .rpm of what PenstockInstall.cmake installs. packaging/packages runs it, in a build that was
# configured for the format.
if(NOT PENSTOCK_PACKAGE)
  return()
endif()

set(CPACK_GENERATOR ${PENSTOCK_PACKAGE})
string(TOUPPER ${CPACK_GENERATOR} CPACK_GENERATOR)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_PACKAGE_NAME penstock)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR "Penstock")
set(CPACK_PACKAGE_CONTACT "Penstock maintainers <maintainers@penstock.example>")
# Empty, or CPack puts it before every package's own.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS ${CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS})
set(CPACK_COMPONENTS_ALL ${PENSTOCK_COMPONENTS})
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_PACKAGE_RELOCATABLE OFF)
set(CPACK_STRIP_FILES ON)
set(CPACK_THREADS 1)

set(PENSTOCK_SUMMARY_service "messaging gateway with Lua policies and durable queues")
set(PENSTOCK_TEXT_service
"Applications send SMS, MMS and e-mail through one HTTP API, and providers
post what people answer. Every request is checked by Lua scripts that can be
edited without recompiling, put on a durable queue and answered 202, and
workers keep it as a message of a conversation and send it through a
provider, never twice by guess.

This package has the daemon, its control tool, queue and store in files of
this machine, the workers, the transport and the metrics.")
set(PENSTOCK_SUMMARY_postgresql "PostgreSQL queue and store for the messaging gateway Penstock")
set(PENSTOCK_TEXT_postgresql
"Queue and store in PostgreSQL, shared by any number of hosts: the plugins
pg-queue and pg-store, and the schema that penstockd --migrate brings up to
date. Installing it changes no database and no configuration.")
set(PENSTOCK_SUMMARY_redis "Redis memory of sent messages for the messaging gateway Penstock")
set(PENSTOCK_TEXT_redis
"The plugin redis-cache remembers sent messages in Redis for a while. It is a
convenience that the service never waits for.")
set(PENSTOCK_SUMMARY_sdk "headers for plugins of the messaging gateway Penstock")
set(PENSTOCK_TEXT_sdk
"What a plugin is built with: headers that state every promise, a CMake
package, a pkg-config file and the template of a plugin. A plugin has to be
built with the compiler and libraries of the penstockd that loads it, which
the CMake package checks. penstock-conformance tries whether a queue engine
keeps the promises of its interfaces.")
set(PENSTOCK_SUMMARY_symbols "debug symbols for the messaging gateway Penstock")
set(PENSTOCK_TEXT_symbols
"Debug symbols of the daemon, its control tool and all of its plugins, found
by debuggers through their build ids.")

if(PENSTOCK_PACKAGE STREQUAL "deb")
  include(PenstockDeb)
else()
  include(PenstockRpm)
endif()
include(CPack)
