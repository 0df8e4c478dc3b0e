/* passage.c - stores that go from one folder to another. See passage.h. */
#include "service/passage.h"

#include "service/command.h"

#include <stdio.h>
#include <string.h>

#define fail(...) command_fail(copying->command, __VA_ARGS__)

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
        return fail("'%s' is no option; `cairnd %s --help` tells more", argument, copying->command);
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
            return fail("'%s' is one folder too many; `cairnd %s --help` tells more", *arguments, copying->command);
        }
    }
    return true;
}

static bool has_folders(const struct passage *passage, const struct copying *copying)
{
    if (!copying->to)
        return fail("%s `cairnd %s --help` tells more", passage->question, passage->command);
    return !(copying_is_url(copying->from) || copying_is_url(copying->to)) || fail("%s", passage->no_urls);
}

/* What is there is compared only where it is all: nobody is to take a part for it. */
static enum check_status carry(const struct copying *copying)
{
    bool ended;
    enum check_status status = copying_run(copying, &ended);
    const struct check check = {
        .folder = copying->to, .store = copying->store, .json = copying->json, .venue = copying->venue};
    if (status != CHECK_UNKNOWN)
        return check_run(&check);
    if (ended)
        fail("not all is in %s, see above. What is there can be served; `cairnd check` compares its bytes",
             copying->to);
    return status;
}

int passage_run(const struct passage *passage, char *const *arguments)
{
    struct copying copying = {
        .command = passage->command, .restore = true, .beside = passage->beside, .venue.command = passage->command};
    bool help = false;
    if (!read_arguments(&copying, arguments, &help))
        return CHECK_UNKNOWN;
    if (help) {
        fputs(passage->usage, stdout);
        return fflush(stdout) == 0 ? CHECK_WHOLE : CHECK_UNKNOWN;
    }
    if (!has_folders(passage, &copying))
        return CHECK_UNKNOWN;
    return (int)carry(&copying);
}
