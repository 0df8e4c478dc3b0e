/* access.c - the server's rules, from the access file. See access.h. */
#include "service/access.h"

#include "api/access/changes.h"
#include "api/access/rules_json.h"
#include "service/logger.h"
#include "service/root_token.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

char *access_path(const struct config *config)
{
    char *path;
    if (config->access)
        return strdup(config->access);
    return asprintf(&path, "%s/%s", config->data, DEPOT_ACCESS) < 0 ? NULL : path;
}

/* ---- reading --------------------------------------------------------------------------------- */

static struct rules *rules_of(const struct access *access, const char *text, size_t length)
{
    struct rules_json_fault fault = {0};
    struct rules *rules = rules_json_read(text, length, &fault);
    if (!rules) {
        logger_line(LOG_ERROR, "the access file %s is not valid: line %zu: %s", access->path, fault.line,
                    fault.sentence);
        return NULL;
    }
    if (!access->has_root || rules_set_root(rules, &access->root))
        return rules;
    logger_line(LOG_ERROR, "cannot take the access file %s: out of memory", access->path);
    rules_release(rules);
    return NULL;
}

/* Takes note of what the file looks like before it is read: what is written into it meanwhile makes it look new. */
static void note_state(struct access *access)
{
    access->seen = access_state_of(access->path);
    clock_gettime(CLOCK_REALTIME, &access->seen_time);
}

/* Two writes in the same instant leave the same time, so a file that changed just before it was read may be another by
 * now. */
static bool is_settled(const struct access *access)
{
    return access->seen_time.tv_sec > access->seen.changed.tv_sec + 1;
}

/* Takes the reference. Where there were rules before it is told what is another way now. */
static void use(struct access *access, struct rules *rules)
{
    size_t count = rules->token_count;
    struct rules *before = access->rules;
    char *changes = before ? changes_told(before, rules) : NULL;
    access->rules = rules_keep(rules);
    api_set_rules(access->api, rules);
    logger_line(LOG_AUDIT, "who may do what is as %s says%s: %zu token%s%s", access->path, before ? " now" : "", count,
                count == 1 ? "" : "s", changes ? changes : "");
    free(changes);
    rules_release(before);
}

/* Reads the file and hands its rules over, unless it says what it said before. False: the old ones stay. */
static bool load(struct access *access)
{
    char reason[ACCESS_REASON_MAX];
    size_t length;
    note_state(access);
    char *text = access_file_read(access->path, &length, reason);
    if (!text) {
        logger_line(LOG_ERROR, "%s", reason);
        return false;
    }
    struct token_sum content = token_sum_of(text, length);
    bool same = token_sum_equal(&content, &access->content);
    struct rules *rules = same ? NULL : rules_of(access, text, length);
    access->content = content;
    if (rules)
        use(access, rules);
    explicit_bzero(text, length);
    free(text);
    return same || rules;
}

/* ---- the first start ------------------------------------------------------------------------- */

static const struct listener *first_foreign(const struct listener *listeners, size_t count)
{
    const struct listener *end = listeners + count;
    while (listeners < end && address_is_local((const struct sockaddr *)&listeners->address.socket))
        listeners++;
    return listeners < end ? listeners : NULL;
}

/* The file with one token that may do everything; not if somebody has made one in this moment. */
static bool make_file(struct access *access, const struct token_sum *root)
{
    char reason[ACCESS_REASON_MAX] = "out of memory";
    struct access_edit edit;
    char *text = root_token_file_text(root);
    bool made = text && access_edit_begin(&edit, access->path, reason);
    if (made) {
        struct access_state state = access_state_of(access->path);
        bool alone = access_state_is_none(&state);
        made = access_edit_end(&edit, alone ? text : NULL, strlen(text), reason) && alone;
        if (!alone)
            (void)snprintf(reason, sizeof reason, "somebody else has just made one: start again");
    }
    if (!made)
        logger_line(LOG_ERROR, "cannot make the access file %s: %s", access->path, reason);
    free(text);
    return made;
}

/* Said on a level that nothing leaves out: it is never told again. */
static void tell_token(const struct access *access, const char *token, const struct listener *listener)
{
    struct listener local = *listener;
    char url[LISTENER_TEXT_MAX];
    local.both_families = false;
    address_make_local(&local.address);
    listener_format(&local, url, sizeof url);
    logger_line(LOG_AUDIT,
                "the first start has made %s with one token, which may do everything and is told only here: "
                "curl -H 'Authorization: Bearer %s' %s%s/v1/stores",
                access->path, token, url, access->base_path ? access->base_path : "");
}

static bool make_token(struct access *access, const struct listener *listener)
{
    char token[TOKEN_TEXT_SIZE];
    if (!token_make(token)) {
        logger_line(LOG_ERROR, "cannot make a token: the system has no random bytes");
        return false;
    }
    struct token_sum sum = token_sum_of(token, strlen(token));
    bool made = make_file(access, &sum);
    if (made)
        tell_token(access, token, listener);
    explicit_bzero(token, sizeof token);
    return made && load(access);
}

/* Who names a file means to ask for tokens: that it is not there is a mistake, of theirs or of what mounts folders. */
static bool open_without_file(const struct access *access, bool named)
{
    if (named) {
        logger_line(LOG_ERROR,
                    "there is no access file %s: `cairnd token add NAME --stores LIST --rights LIST --access %s` makes "
                    "it, and without --access everything is open to this machine",
                    access->path, access->path);
        return false;
    }
    logger_line(LOG_AUDIT,
                "everything is open to whoever can connect from this machine: `cairnd token add` makes an access file");
    return true;
}

static bool open_file(struct access *access, bool named, const struct listener *listeners, size_t listener_count)
{
    const struct listener *foreign = first_foreign(listeners, listener_count);
    if (!access_state_is_none(&access->seen))
        return load(access);
    if (access->has_root)
        return make_file(access, &access->root) && load(access);
    return foreign ? make_token(access, foreign) : open_without_file(access, named);
}

/* ---- the life of it -------------------------------------------------------------------------- */

/* Who gives a token means to ask for it. */
static bool open_to_all(const struct access *access)
{
    if (access->has_root)
        logger_line(LOG_ERROR, "--open asks for no token, and " CONFIG_ROOT_TOKEN " or --root-token-file gives one: "
                               "leave one out");
    else
        logger_line(LOG_AUDIT, "--open: whoever can connect may do everything");
    return !access->has_root;
}

bool access_open(struct access *access, struct api *api, const struct config *config, const struct listener *listeners,
                 size_t listener_count)
{
    *access = (struct access){.api = api, .base_path = config->base_path};
    if (!root_token_take(config->root_token_file, &access->root, &access->has_root))
        return false;
    if (config->open)
        return open_to_all(access);
    access->path = access_path(config);
    if (!access->path) {
        logger_line(LOG_ERROR, "out of memory");
        return false;
    }
    access->seen = access_state_of(access->path);
    return open_file(access, config->access != NULL, listeners, listener_count);
}

void access_look(struct access *access)
{
    if (!access->path)
        return;
    struct access_state state = access_state_of(access->path);
    bool same = access_state_same(&state, &access->seen);
    if (access_state_is_none(&state)) {
        if (!same)
            logger_line(LOG_WARNING, "the access file %s is gone: what it said goes on", access->path);
        access->seen = state;
    } else if (!same || !is_settled(access)) {
        load(access);
    }
}

/* What is asked for by name is told of in the log, also where nothing is new. */
void access_reload(struct access *access)
{
    access->content = (struct token_sum){0};
    access->seen.changed = (struct timespec){0};
    access->seen.error = 0;
    access_look(access);
}

void access_close(struct access *access)
{
    rules_release(access->rules);
    access->rules = NULL;
    free(access->path);
    access->path = NULL;
}
