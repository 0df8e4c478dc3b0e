/* access.h - whom the server serves: finds the rules at the start, hands them to the api, and reads them again.
 *
 * The first start is safe by itself. Where nobody but this machine can connect and there is no access file, everything
 * is open, and the log says so; where others can, an access file with one token is made, and the token is told once.
 * A file that somebody names has to be there, and one that cannot be looked at is not taken for none.
 *
 * Thread: the main one.
 */
#ifndef CAIRN_ACCESS_H
#define CAIRN_ACCESS_H

#include "api/access/rules.h"
#include "api/api.h"
#include "service/access_file.h"
#include "service/config.h"
#include "service/listener.h"

#include <stdbool.h>
#include <stddef.h>

struct access {
    struct api *api;       /* borrowed */
    char *path;            /* owned: of the access file; NULL: there is no access control */
    const char *base_path; /* of what is told to ask for; borrowed, NULL: none */
    bool has_root;         /* the operator gives a token that may do everything */
    struct token_sum root;
    struct access_state seen;  /* of the file that was read last */
    struct timespec seen_time; /* when */
    struct token_sum content;  /* of its text */
    struct rules *rules;       /* those that the api has; a reference, NULL: none */
};

/* The path of the access file that a configuration names; free() it. NULL when memory is out. */
char *access_path(const struct config *config);

/* The first rules, before anybody is served. False when there can be none; the log says why. Close in both cases. */
bool access_open(struct access *access, struct api *api, const struct config *config, const struct listener *listeners,
                 size_t listener_count);

/* Reads the file again if it is another one than before: ask once a second. What is invalid changes nothing but the
 * log. */
void access_look(struct access *access);

/* The same, whatever the file looks like. */
void access_reload(struct access *access);

void access_close(struct access *access);

#endif
