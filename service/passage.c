/* passage.c - stores that go from one folder to another. See passage.h. */
#include "service/passage.h"

#include "service/command.h"

#include <stdio.h>
#include <string.h>

#define fail(...) command_fail(copying->command, __VA_ARGS__)

struct order {
    struct copying copying;
    bool give_up; /* the one folder is not copied to */
    bool help;
};

static bool read_flag(struct order *order, char *const **arguments)
{
    struct copying *copying = &order->copying;
    const char *argument = **arguments;
    bool json = strcmp(argument, "--json") == 0, give_up = strcmp(argument, "--give-up") == 0;
    copying->json = copying->json || json;
    order->give_up = order->give_up || give_up;
    if (json || give_up)
        return true;
    enum venue_flag flag = venue_read_flag(&copying->venue, arguments);
    if (flag != VENUE_OTHER)
        return flag == VENUE_READ;
    if (!command_flag_is(argument, "--store"))
        return fail("'%s' is no option; `cairnd %s --help` tells more", argument, copying->command);
    copying->store = command_flag_value(arguments);
    return copying->store || fail("--store needs a value");
}

static bool read_arguments(struct order *order, char *const *arguments)
{
    struct copying *copying = &order->copying;
    for (; *arguments; arguments++) {
        if (command_is_help(*arguments)) {
            order->help = true;
            return true;
        }
        if ((*arguments)[0] == '-') {
            if (!read_flag(order, &arguments))
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

static bool has_one_folder(const struct copying *copying)
{
    if (!copying->from)
        return fail("--give-up: in which folder? `cairnd %s --help` tells more", copying->command);
    return (!copying->to && !copying->store && !copying->json) ||
           fail("--give-up is about one folder, and all that is under way there");
}

/* What is under way in the folder has ended then. */
static enum check_status give_up(const struct copying *copying)
{
    struct venue venue = copying->venue;
    struct store_detail detail = {0};
    char sentence[VENUE_SENTENCE];
    const char *folder = copying->from;
    bool open = venue_open(&venue, NULL, folder, sentence);
    enum store_error error = open ? backup_give_up(folder, venue_to(&venue), &detail) : STORE_OK;
    venue_close(&venue);
    if (!open || error) {
        fail("%s", !open ? sentence : detail.text[0] ? detail.text : store_error_text(error));
        return CHECK_UNKNOWN;
    }
    printf(
        "%s has ended without what has not come: the stores that are there stay, whole. `cairnd transfer FROM %s "
        "--store NAME` brings one that is missing; a `cairnd backup --prune` of it would remove the copies of these\n",
        folder, folder);
    return fflush(stdout) == 0 ? CHECK_WHOLE : CHECK_UNKNOWN;
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
    struct order order = {.copying = {.command = passage->command,
                                      .restore = true,
                                      .beside = passage->beside,
                                      .venue.command = passage->command}};
    const struct copying *copying = &order.copying;
    if (!read_arguments(&order, arguments))
        return CHECK_UNKNOWN;
    if (order.help) {
        fputs(passage->usage, stdout);
        return fflush(stdout) == 0 ? CHECK_WHOLE : CHECK_UNKNOWN;
    }
    if (order.give_up)
        return has_one_folder(copying) ? (int)give_up(copying) : CHECK_UNKNOWN;
    return has_folders(passage, copying) ? (int)carry(copying) : CHECK_UNKNOWN;
}
