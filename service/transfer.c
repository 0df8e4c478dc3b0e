/* transfer.c - `cairnd transfer FROM TO`: copies stores from a folder to a pool, or the other way round. */
#include "service/check.h"
#include "service/command.h"
#include "service/copying.h"

#include <stdio.h>
#include <string.h>

const char transfer_usage[] =
    "usage: cairnd transfer FROM TO [--store NAME] [--ceph-conf FILE] [--ceph-user NAME] [--json]\n"
    "\n"
    "Copies the stores of the data folder FROM into the data folder TO, and compares every byte of TO\n"
    "with its digest then. Either may be a folder of this machine, and one of them rados:POOL or\n"
    "rados:POOL/NAMESPACE, a pool of a Ceph cluster. No server may have the folder open; of a pool a\n"
    "store is left out that a server has. FROM stays as it is. TO is made where it is missing; stores\n"
    "that it has stay, and one of the same name is left untouched.\n"
    "\n"
    "  --store NAME        this store only\n" VENUE_USAGE
    "  --json              report for scripts: an object for the copy, then that of cairnd check\n"
    "\n"
    "How far it is stands on stderr: on a terminal as a line with share, rate and time left, elsewhere as\n"
    "a line every ten seconds. A run that is cut short is taken up by the same command; until then no\n"
    "server opens TO.\n"
    "\n"
    "Status 0: everything is copied and whole; 1: there are flaws; 2: not all could be copied, or\n"
    "checked.\n";

#define fail(...) command_fail("transfer", __VA_ARGS__)

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
        return fail("'%s' is no option; `cairnd transfer --help` tells more", argument);
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
            return fail("'%s' is one folder too many; `cairnd transfer --help` tells more", *arguments);
        }
    }
    if (!copying->to)
        return fail("from where, to where? `cairnd transfer --help` tells more");
    return !(copying_is_url(copying->from) || copying_is_url(copying->to)) ||
           fail("stores are transferred between folders and pools, and not from or to URLs");
}

int command_transfer(char *const *arguments)
{
    struct copying copying = {.command = "transfer", .restore = true, .beside = true, .venue.command = "transfer"};
    bool help = false;
    if (!read_arguments(&copying, arguments, &help))
        return CHECK_UNKNOWN;
    if (help) {
        fputs(transfer_usage, stdout);
        return fflush(stdout) == 0 ? CHECK_WHOLE : CHECK_UNKNOWN;
    }
    enum check_status status = copying_run(&copying);
    if (status == CHECK_UNKNOWN)
        return (int)status;
    const struct check check = {
        .folder = copying.to, .store = copying.store, .json = copying.json, .venue = copying.venue};
    return (int)check_run(&check);
}
