/* link_key.c - `cairnd link-key add|list|remove`: edits the keys of the access file that sign links.
 *
 * Whoever has the secret of one can let anybody get and put any object: it is as much as a token that may read and
 * write everywhere. A new secret goes to stdout and into the file, which only its owner may read.
 */
#include "api/access/token.h"
#include "service/access.h"
#include "service/access_tree.h"
#include "service/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char link_key_usage[] =
    "usage: cairnd link-key add NAME [--secret-file FILE]\n"
    "       cairnd link-key list\n"
    "       cairnd link-key remove NAME\n"
    "\n"
    "Edits the keys that sign links, in the access file; a server takes it within a second. `add` prints\n"
    "the secret of the new key. A program with the secret makes links to any object: docs/links.md.\n"
    "\n"
    "  --secret-file FILE  take the secret from it, 16 bytes or more, and print nothing\n"
    "  --access FILE       the access file (CAIRN_ACCESS)\n"
    "  --data DIR          or the data folder that it is in, as access.json (CAIRN_DATA)\n"
    "  --config FILE       or the configuration that names one of them (CAIRN_CONFIG)\n";

#define fail(...) command_fail("link-key", __VA_ARGS__)

enum { SECRET_MAX = 1024 };

struct order {
    const char *action;
    const char *name;
    const char *secret_file;
    bool help;
    struct access_where where;
    struct access_tree file;
    char secret[SECRET_MAX + 2]; /* of the new key; room to see that a file holds too much, and for a NUL */
};

/* ---- arguments ------------------------------------------------------------------------------- */

static bool read_argument(struct order *order, char *const **arguments)
{
    const char *argument = **arguments;
    if (command_is_help(argument)) {
        order->help = true;
    } else if (command_flag_is(argument, "--secret-file")) {
        order->secret_file = command_flag_value(arguments);
        return order->secret_file || fail("--secret-file needs a value");
    } else if (argument[0] == '-') {
        return access_where_read(&order->where, "link-key", arguments);
    } else if (!order->action) {
        order->action = argument;
    } else if (!order->name && strcmp(order->action, "list") != 0) {
        order->name = argument;
    } else {
        return fail("'%s' is one word too many", argument);
    }
    return true;
}

/* Whether the order is one; told on stderr otherwise. */
static bool is_order(const struct order *order)
{
    const char *action = order->action ? order->action : "";
    bool adds = strcmp(action, "add") == 0, removes = strcmp(action, "remove") == 0;
    if (!adds && !removes && strcmp(action, "list") != 0)
        return fail("add, list or remove? `cairnd link-key --help` tells more");
    if (order->secret_file && !adds)
        return fail("%s takes no --secret-file", action);
    return order->name || (!adds && !removes) || fail("%s which link key?", action);
}

/* ---- add, remove ----------------------------------------------------------------------------- */

/* A line end behind it is not part of it: editors put one there. */
static bool read_secret(struct order *order)
{
    FILE *file = fopen(order->secret_file, "r");
    size_t length = file ? fread(order->secret, 1, sizeof order->secret - 1, file) : 0;
    bool good = file && !ferror(file);
    if (!good)
        fail("cannot read %s: %s", order->secret_file, strerror(errno));
    if (file)
        fclose(file);
    while (length > 0 && (order->secret[length - 1] == '\n' || order->secret[length - 1] == '\r'))
        order->secret[--length] = '\0';
    if (good && (length > SECRET_MAX || strlen(order->secret) != length))
        return fail("the secret in %s is no text of at most %d bytes", order->secret_file, SECRET_MAX);
    return good;
}

/* One that is made here looks like a token, so that who finds it in a file that was published knows what it is. */
static bool make_secret(struct order *order)
{
    if (order->secret_file)
        return read_secret(order);
    return token_make(order->secret) || fail("the system has no random bytes");
}

static bool add_key(void *arg)
{
    struct order *order = arg;
    json_t *keys = access_tree_list(&order->file, "link_keys");
    if (access_tree_find(keys, order->name) < json_array_size(keys))
        return fail("there is a link key '%s': `cairnd link-key remove %s` takes it away", order->name, order->name);
    json_t *key = make_secret(order) ? json_pack("{s:s, s:s}", "name", order->name, "secret", order->secret) : NULL;
    if (!key && *order->secret)
        return fail("the secret has to be UTF-8");
    return key && (json_array_append_new(keys, key) == 0 || fail("out of memory"));
}

static bool remove_key(void *arg)
{
    struct order *order = arg;
    json_t *keys = access_tree_list(&order->file, "link_keys");
    size_t place = access_tree_find(keys, order->name);
    return json_array_remove(keys, place) == 0 || fail("there is no link key '%s'", order->name);
}

static bool add(struct order *order, const struct config *config)
{
    if (!token_name_valid(order->name, strlen(order->name)))
        return fail("'%s' is no name: it has 1 to %d of the characters A-Z a-z 0-9 . _ - @ : +", order->name,
                    TOKEN_NAME_MAX);
    if (!access_tree_place("link-key", config) || !access_tree_change(&order->file, add_key, order))
        return false;
    return order->secret_file || access_tree_tell(&order->file, order->secret, remove_key, order);
}

/* ---- list ------------------------------------------------------------------------------------ */

static bool list(struct order *order)
{
    size_t i;
    json_t *key;
    if (!access_tree_read(&order->file))
        return false;
    json_array_foreach (json_object_get(order->file.json, "link_keys"), i, key)
        puts(json_string_value(json_object_get(key, "name")));
    return fflush(stdout) == 0;
}

/* ---- the command ----------------------------------------------------------------------------- */

static int act(void *arg, const struct config *config, const char *path)
{
    struct order *order = arg;
    bool done;
    order->file = (struct access_tree){.command = "link-key", .path = path};
    if (strcmp(order->action, "add") == 0)
        done = add(order, config);
    else if (strcmp(order->action, "list") == 0)
        done = list(order);
    else
        done = access_tree_change(&order->file, remove_key, order);
    access_tree_free(&order->file);
    explicit_bzero(order->secret, sizeof order->secret);
    return done ? STATUS_OK : STATUS_FAILED;
}

int command_link_key(char *const *arguments)
{
    struct order order = {0};
    for (; *arguments; arguments++)
        if (!read_argument(&order, &arguments))
            return STATUS_USAGE;
    if (order.help) {
        fputs(link_key_usage, stdout);
        return fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
    }
    if (!is_order(&order))
        return STATUS_USAGE;
    return access_where_act(&order.where, act, &order);
}
