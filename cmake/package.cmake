# The Debian package, by CPack: `cmake --preset package`, build, `cpack --preset package`. The libraries that it depends
# on are those that the binary was linked with, so a package belongs to the Debian that it was built on.

# As Debian sorts versions: what follows a tag comes after it, and a hyphen would begin the packager's own part.
string(REPLACE "-" "." package_version "${cairn_version_now}")

set(CPACK_PACKAGE_NAME cairn)
set(CPACK_PACKAGE_VERSION ${package_version})
set(CPACK_PACKAGE_CONTACT "the cairn authors <cairn@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "HTTP object store that one can curl")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "One binary, cairnd, and one data folder: programs PUT, GET, list, MOVE,
COPY, DELETE and batch objects in named stores over plain HTTP. A write is
answered when it is on the disk; nothing half-done is ever visible.")
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION httpd)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# Whichever of the two is there: the small one where there is no systemd.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd-standalone-sysusers | systemd-sysusers")
# `cairnd backup --from URL` loads it.
if(CAIRN_BACKUP_URL)
    set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libcurl4 | libcurl3-gnutls")
endif()
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(name IN ITEMS conffiles postinst prerm postrm)
    list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/debian/${name})
endforeach()
include(CPack)
