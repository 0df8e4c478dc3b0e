# The version that `cairnd --version` and packages tell: by git that of the newest tag, and how far HEAD is from it; in a
# copy without tags or history that of project(). CAIRN_VERSION overrides both.
#
# Included, it makes the target `version`, whose header service/version.h defines CAIRN_VERSION; and sets that variable's
# value as of now, for packages. As a script it writes the header, with every build: a commit or a tag needs no new
# configuration. The header is touched only when the version has changed.

# cairn_version VARIABLE GIVEN SOURCE FALLBACK
function(cairn_version variable given source fallback)
    set(version "${given}")
    find_program(GIT git)
    if(version STREQUAL "" AND GIT AND EXISTS ${source}/.git)
        execute_process(
            COMMAND ${GIT} -C ${source} describe --tags --dirty --match "v[0-9]*"
            OUTPUT_VARIABLE version
            OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    endif()
    if(version STREQUAL "")
        set(version "${fallback}")
    endif()
    string(REGEX REPLACE "^v" "" version "${version}")
    set(${variable} "${version}" PARENT_SCOPE)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
    cmake_policy(VERSION 3.25)
    cairn_version(VERSION "${GIVEN}" "${SOURCE}" "${FALLBACK}")
    file(CONFIGURE OUTPUT ${HEADER} CONTENT "#define CAIRN_VERSION \"@VERSION@\"\n" @ONLY)
    return()
endif()

set(CAIRN_VERSION "" CACHE STRING "The version; empty: that of git's newest tag, or else the project's")
cairn_version(cairn_version_now "${CAIRN_VERSION}" ${PROJECT_SOURCE_DIR} ${PROJECT_VERSION})

add_custom_target(
    version_header
    COMMAND ${CMAKE_COMMAND} -DGIVEN=${CAIRN_VERSION} -DSOURCE=${PROJECT_SOURCE_DIR} -DFALLBACK=${PROJECT_VERSION}
            -DHEADER=${PROJECT_BINARY_DIR}/generated/service/version.h -P ${PROJECT_SOURCE_DIR}/cmake/version.cmake
    BYPRODUCTS ${PROJECT_BINARY_DIR}/generated/service/version.h
    COMMENT "The version"
    VERBATIM)
add_library(version INTERFACE)
target_include_directories(version INTERFACE ${PROJECT_BINARY_DIR}/generated)
add_dependencies(version version_header)
