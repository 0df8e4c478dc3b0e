/* restore.c - `cairnd restore FROM DIR`: makes a data folder of a backup, and compares every byte of it. */
#include "service/check.h"
#include "service/command.h"
#include "service/copying.h"

#include <stdio.h>
#include <string.h>

const char restore_usage[] =
    "usage: cairnd restore FROM DIR [--store NAME] [--ceph-conf FILE] [--ceph-user NAME] [--json]\n"
    "\n"
    "Copies the backup FROM into the folder DIR, which must be missing or empty, and compares every byte\n"
    "with its digest then, as cairnd check does. DIR can be served when this has ended with status 0. An\n"
    "access.json that is in DIR already stays; else that of the backup is taken. DIR may be rados:POOL or\n"
    "rados:POOL/NAMESPACE, a pool of a Ceph cluster.\n"
    "\n"
    "  --store NAME        restore this store only\n" VENUE_USAGE
    "  --json              report for scripts: an object for the copy, then that of cairnd check\n"
    "\n"
    "Status 0: everything is restored and whole; 1: there are flaws; 2: not all could be restored, or\n"
    "checked. A run that is cut short is taken up by the same command.\n";

#define fail(...) command_fail("restore", __VA_ARGS__)

static bool read_flag(struct copying *copying, char *const **arguments)
{
    const char *argument = **arguments;
    if (strcmp(argument, "--json") == 0) {
        copying->json = true;
        return true;
    }
    enum venue_flag flag = venue_read_flag(&copying->venue, arguments);
    if (flag != VENUE_OTHER)
        return flag == VENUE_READ;
    if (!command_flag_is(argument, "--store"))
        return fail("'%s' is no option; `cairnd restore --help` tells more", argument);
    copying->store = command_flag_value(arguments);
    return copying->store || fail("--store needs a value");
}

static bool read_arguments(struct copying *copying, char *const *arguments, bool *ret_help)
{
    for (; *arguments; arguments++) {
        if (command_is_help(*arguments)) {
            *ret_help = true;
            return true;
        }
        if ((*arguments)[0] == '-') {
            if (!read_flag(copying, &arguments))
                return false;
        } else if (!copying->from) {
            copying->from = *arguments;
        } else if (!copying->to) {
            copying->to = *arguments;
        } else {
            return fail("'%s' is one folder too many; `cairnd restore --help` tells more", *arguments);
        }
    }
    if (!copying->to)
        return fail("from which backup, into which folder? `cairnd restore --help` tells more");
    return !(copying_is_url(copying->from) || copying_is_url(copying->to)) ||
           fail("what is restored, and where to, are folders of this machine, and no URLs");
}

int command_restore(char *const *arguments)
{
    struct copying copying = {.command = "restore", .restore = true, .venue.command = "restore"};
    bool help = false;
    if (!read_arguments(&copying, arguments, &help))
        return CHECK_UNKNOWN;
    if (help) {
        fputs(restore_usage, stdout);
        return fflush(stdout) == 0 ? CHECK_WHOLE : CHECK_UNKNOWN;
    }
    enum check_status status = copying_run(&copying);
    if (status == CHECK_UNKNOWN)
        return (int)status;
    const struct check check = {
        .folder = copying.to, .store = copying.store, .json = copying.json, .venue = copying.venue};
    return (int)check_run(&check);
}
