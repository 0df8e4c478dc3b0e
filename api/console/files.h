/* files.h - the files of api/console/page/, which the build puts into the binary (cmake/console.cmake). */
#ifndef CAIRN_API_CONSOLE_FILES_H
#define CAIRN_API_CONSOLE_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct console_file {
    const char *name;
    const unsigned char *bytes;
    size_t length;
    size_t plain_length; /* without gzip */
    bool packed;         /* the bytes are in gzip: where the build can take it off for those who do not */
};

/* Ends with one without a name. */
extern const struct console_file console_files[];

/* The SHA-256, in base64, of the style sheet and of the script that stand in the page. */
extern const char console_style[], console_script[];

#endif
