# What `cmake --install` lays out beside the binary: the manual page and bash's completion, which the binary prints, the
# systemd unit with its user and its configuration, and documents.
include(GNUInstallDirs)
install(TARGETS cairnd RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# A sanitized binary need not run outside of its tests, nor is it installed.
if(NOT CAIRN_SANITIZE AND NOT CMAKE_CROSSCOMPILING)
    set(page ${PROJECT_BINARY_DIR}/generated/cairnd.1)
    set(completion ${PROJECT_BINARY_DIR}/generated/cairnd.bash)
    # With the binary, so that whoever builds no more than that can install.
    add_custom_command(
        TARGET cairnd
        POST_BUILD
        COMMAND cairnd options --man > ${page}
        COMMAND gzip -9nf ${page}
        COMMAND cairnd options --bash > ${completion}
        BYPRODUCTS ${page}.gz ${completion}
        COMMENT "The manual page and bash's completion"
        VERBATIM)
    install(FILES ${page}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
    install(FILES ${completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME cairnd)
endif()

# The unit names the binary and the configuration: what it says is written when it is installed, for the prefix of that
# moment.
install(CODE "set(templates [[${PROJECT_SOURCE_DIR}/packaging]])
    set(generated [[${PROJECT_BINARY_DIR}/generated]])
    set(bindir [[${CMAKE_INSTALL_BINDIR}]])
    set(sysconfdir [[${CMAKE_INSTALL_SYSCONFDIR}]])")
install(SCRIPT cmake/settings.cmake)

install(FILES README.md CHANGELOG.md openapi.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
