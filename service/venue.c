/* venue.c - where the data folders of a command are. See venue.h. */
#include "service/venue.h"

#include "service/command.h"

#include <stdio.h>

enum { LEASE = 10, CACHE = 16 << 20 }; /* seconds; bytes */

enum venue_flag venue_read_flag(struct venue *venue, char *const **arguments)
{
    const char *argument = **arguments;
    bool conf = command_flag_is(argument, "--ceph-conf");
    const char **value = conf ? &venue->ceph_conf : &venue->ceph_user;
    if (!conf && !command_flag_is(argument, "--ceph-user"))
        return VENUE_OTHER;
    *value = command_flag_value(arguments);
    if (*value)
        return VENUE_READ;
    command_fail(venue->command, "%s needs a value", argument);
    return VENUE_BAD;
}

/* Thread: any. */
static void note_lost(void *arg, const char *sentence)
{
    const struct venue *venue = arg;
    command_fail(venue->command, "the pool is lost: %s", sentence);
}

bool venue_open(struct venue *venue, const char *from, const char *to, char *ret_sentence)
{
    struct store_detail detail = {0};
    venue->from_pool = from && medium_is_named(from);
    venue->to_pool = to && medium_is_named(to);
    if (venue->from_pool && venue->to_pool) {
        (void)snprintf(ret_sentence, VENUE_SENTENCE, "%s and %s are pools both: one of the two has to be a folder",
                       from, to);
        return false;
    }
    if (!venue->from_pool && !venue->to_pool)
        return true;
    const struct medium_options options = {.name = venue->from_pool ? from : to,
                                           .conf = venue->ceph_conf,
                                           .user = venue->ceph_user,
                                           .lease = LEASE,
                                           .cache = CACHE,
                                           .lost = note_lost,
                                           .arg = venue};
    enum store_error error = medium_open(&options, &venue->medium, &detail);
    if (error)
        (void)snprintf(ret_sentence, VENUE_SENTENCE, "cannot open the pool '%s': %s", options.name,
                       detail.text[0] ? detail.text : store_error_text(error));
    return !error;
}

const struct io *venue_from(const struct venue *venue)
{
    return venue->medium ? medium_io_beside(venue->medium, venue->from_pool) : NULL;
}

const struct io *venue_to(const struct venue *venue)
{
    return venue->medium ? medium_io_beside(venue->medium, venue->to_pool) : NULL;
}

void venue_close(struct venue *venue)
{
    medium_close(venue->medium);
    venue->medium = NULL;
}
