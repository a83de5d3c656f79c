# The .rpm packages, made on the machine that builds; packaging/rpm/penstock.spec builds them from source elsewhere.
set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_COMPRESSION_TYPE xz)
set(CPACK_RPM_PACKAGE_LICENSE Apache-2.0)
set(CPACK_RPM_PACKAGE_RELEASE 1)
set(CPACK_RPM_PACKAGE_GROUP System/Daemons)
set(CPACK_RPM_CHANGELOG_FILE ${PROJECT_SOURCE_DIR}/packaging/rpm/changelog)

# Nothing is changed after CPack has laid it out, and nothing depends on when, where or by whom it is built. Plugins are
# nobody's libraries.
string(JOIN "\n" CPACK_RPM_SPEC_MORE_DEFINE
       "%define __spec_install_post %{nil}"
       "%define _build_id_links none"
       "%define use_source_date_epoch_as_buildtime 1"
       "%define clamp_mtime_to_source_date_epoch 1"
       "%define _buildhost penstock"
       "%define packager ${CPACK_PACKAGE_CONTACT}"
       "%global __provides_exclude_from ^/usr/${PENSTOCK_PLUGIN_DIRECTORY}/.*$")

# Folders of the system or of another package, and those that the service alone owns, which are named below.
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /usr/sbin /usr/lib/systemd /usr/lib/systemd/system /usr/lib/sysusers.d /usr/lib/tmpfiles.d /usr/lib/debug
    /usr/lib/debug/.build-id /usr/lib64/cmake /usr/lib64/pkgconfig /usr/share/man /usr/share/man/man1 /usr/share/man/man5
    /usr/share/man/man7 /usr/share/man/man8 /usr/share/bash-completion /usr/share/bash-completion/completions
    /usr/share/licenses /var /var/lib ${PENSTOCK_ENVIRONMENT_DIRECTORY} ${PENSTOCK_CONFIGURATION_DIRECTORY} ${PENSTOCK_CONFIGURATION_DIRECTORY}/conf.d)

set(CPACK_RPM_MAIN_COMPONENT service)
foreach(component IN LISTS PENSTOCK_COMPONENTS)
  string(TOUPPER ${component} C)
  set(CPACK_RPM_${C}_PACKAGE_NAME ${PENSTOCK_NAME_${component}})
  string(REGEX REPLACE "^(.)" "" rest "${PENSTOCK_SUMMARY_${component}}")
  string(SUBSTRING "${PENSTOCK_SUMMARY_${component}}" 0 1 initial)
  string(TOUPPER ${initial} initial)
  set(CPACK_RPM_${C}_PACKAGE_SUMMARY "${initial}${rest}")
  set(CPACK_RPM_${C}_PACKAGE_DESCRIPTION "${PENSTOCK_TEXT_${component}}")

  get_property(configuration GLOBAL PROPERTY PENSTOCK_CONFIGURATION_${component})
  set(files "")
  foreach(file IN LISTS configuration)
    list(APPEND files "%attr(0640,root,penstock) %config(noreplace) ${file}")
  endforeach()
  list(APPEND files "%license /usr/share/licenses/${PENSTOCK_NAME_${component}}/LICENSE")
  set(CPACK_RPM_${C}_USER_FILELIST "${files}")
endforeach()
list(APPEND CPACK_RPM_SERVICE_USER_FILELIST "%doc /usr/share/doc/penstock/README.md")
foreach(folder "" /conf.d /scripts /scripts/providers)
  list(APPEND CPACK_RPM_SERVICE_USER_FILELIST
       "%dir %attr(0750,root,penstock) ${PENSTOCK_CONFIGURATION_DIRECTORY}${folder}")
endforeach()
list(APPEND CPACK_RPM_SERVICE_USER_FILELIST "%dir %attr(0750,penstock,penstock) ${PENSTOCK_DATA_DIRECTORY}")

set(scripts ${PROJECT_SOURCE_DIR}/packaging/rpm)
set(CPACK_RPM_SERVICE_PRE_INSTALL_SCRIPT_FILE ${scripts}/pre)
set(CPACK_RPM_SERVICE_POST_INSTALL_SCRIPT_FILE ${scripts}/post)
set(CPACK_RPM_SERVICE_PRE_UNINSTALL_SCRIPT_FILE ${scripts}/preun)
set(CPACK_RPM_SERVICE_POST_UNINSTALL_SCRIPT_FILE ${scripts}/postun)

set(CPACK_RPM_SERVICE_PACKAGE_PROVIDES "${PENSTOCK_RPM_REQUIRES}")
set(CPACK_RPM_SERVICE_PACKAGE_REQUIRES "systemd")
set(CPACK_RPM_SERVICE_PACKAGE_REQUIRES_PRE "shadow-utils")
foreach(C POSTGRESQL REDIS SYMBOLS)
  set(CPACK_RPM_${C}_PACKAGE_REQUIRES "penstock = ${PROJECT_VERSION}-${CPACK_RPM_PACKAGE_RELEASE}")
endforeach()
set(CPACK_RPM_SDK_PACKAGE_REQUIRES "poco-devel, boost-devel, openssl-devel")
set(CPACK_RPM_SDK_PACKAGE_PROVIDES "penstock-static = ${PROJECT_VERSION}-${CPACK_RPM_PACKAGE_RELEASE}")
set(CPACK_RPM_SYMBOLS_PACKAGE_AUTOREQPROV no)
