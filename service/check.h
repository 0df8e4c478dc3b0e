/* check.h - comparing every byte of a data folder with its digest: `cairnd check`, and the end of `cairnd restore`. */
#ifndef CAIRN_CHECK_H
#define CAIRN_CHECK_H

#include "service/venue.h"

#include <stdbool.h>
#include <stdint.h>

/* The exit statuses of the commands that look at a whole folder, or copy one. */
enum check_status {
    CHECK_WHOLE = 0,
    CHECK_FLAWS = 1,
    CHECK_UNKNOWN = 2, /* it cannot be told, or not be done */
};

struct check {
    const char *folder;
    const char *store; /* NULL: all */
    bool copied;       /* it is the end of a backup, which has told what is missing */
    uint64_t rate;     /* bytes a second; 0: as fast as it goes */
    bool json;
    struct venue venue;
};

/* Checks the folder, and tells what is found on stdout (report.h), and how far it is on stderr (progress.h). */
enum check_status check_run(const struct check *check);

#endif
