# Installs the systemd unit, its user and the configuration below CMAKE_INSTALL_PREFIX: part of `cmake --install`, which
# sets `templates`, `generated`, `bindir` and `sysconfdir` (install.cmake).

# What belongs to /usr and to /opt is configured in /etc.
set(CMAKE_INSTALL_FULL_SYSCONFDIR ${CMAKE_INSTALL_PREFIX}/${sysconfdir})
if(IS_ABSOLUTE "${sysconfdir}")
    set(CMAKE_INSTALL_FULL_SYSCONFDIR ${sysconfdir})
elseif(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
    set(CMAKE_INSTALL_FULL_SYSCONFDIR /${sysconfdir})
elseif(CMAKE_INSTALL_PREFIX MATCHES "^/opt/")
    set(CMAKE_INSTALL_FULL_SYSCONFDIR /${sysconfdir}${CMAKE_INSTALL_PREFIX})
endif()
set(CMAKE_INSTALL_FULL_BINDIR ${CMAKE_INSTALL_PREFIX}/${bindir})
if(IS_ABSOLUTE "${bindir}")
    set(CMAKE_INSTALL_FULL_BINDIR ${bindir})
endif()

foreach(template IN ITEMS cairnd.service cairnd.sysusers cairnd.json)
    configure_file(${templates}/${template}.in ${generated}/${template} @ONLY)
endforeach()

# systemd looks below lib/ of /usr and of /usr/local, whatever the architecture's own folder for libraries is.
file(INSTALL ${generated}/cairnd.service DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/systemd/system)
file(INSTALL ${generated}/cairnd.sysusers DESTINATION ${CMAKE_INSTALL_PREFIX}/lib/sysusers.d RENAME cairnd.conf)
file(INSTALL ${generated}/cairnd.json DESTINATION ${CMAKE_INSTALL_FULL_SYSCONFDIR}/cairn)
