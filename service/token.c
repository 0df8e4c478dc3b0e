/* token.c - `cairnd token add|list|remove`: edits the access file, and shows what it allows.
 *
 * The file is read, changed as the JSON that it is, so that what stands in it stays, judged as a server will judge it,
 * and put in the old one's place. A server that uses it takes it within a second. A new token goes to stdout and
 * nowhere else.
 */
#include "api/access/token.h"
#include "api/access/rights.h"
#include "api/text/hex.h"
#include "api/text/timestamp.h"
#include "api/text/utf8.h"
#include "service/access.h"
#include "service/access_tree.h"
#include "service/command.h"
#include "service/option.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char token_usage[] =
    "usage: cairnd token add NAME --stores LIST --rights LIST [--prefix PREFIX] [--expires WHEN]\n"
    "       cairnd token list [--json]\n"
    "       cairnd token remove NAME\n"
    "\n"
    "Edits the access file, which says who may do what; a server takes it within a second. `add` prints\n"
    "the new token, this once: of a token only the SHA-256 is kept.\n"
    "\n"
    "  --stores LIST     names of stores, separated by commas; * is any characters: photos,tenant-*\n"
    "  --rights LIST     of read, list, write, delete and admin, separated by commas\n"
    "  --prefix PREFIX   only keys that begin with it: a/ for what is in a folder\n"
    "  --expires WHEN    2027-01-01, 2027-01-01T12:00:00Z, or from now on: 90d, 12h, 30m, 60s\n"
    "  --json            for scripts\n"
    "  --access FILE     the access file (CAIRN_ACCESS)\n"
    "  --data DIR        or the data folder that it is in, as access.json (CAIRN_DATA)\n"
    "  --config FILE     or the configuration that names one of them (CAIRN_CONFIG)\n";

struct order {
    const char *action;
    const char *name;
    const char *stores, *rights, *prefix, *expires;
    bool json;
    bool help;
    struct access_where where;
};

struct edit {
    const struct order *order;
    struct access_tree file;
    char added[TOKEN_TEXT_SIZE]; /* the new token: told on stdout once it is in the file */
};

#define fail(...) command_fail("token", __VA_ARGS__)

/* ---- arguments ------------------------------------------------------------------------------- */

static bool read_flag(struct order *order, char *const **arguments)
{
    static const char *const names[] = {"--stores", "--rights", "--prefix", "--expires"};
    const char **values[] = {&order->stores, &order->rights, &order->prefix, &order->expires};
    const char *argument = **arguments;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (command_flag_is(argument, names[i])) {
            if (*values[i])
                return fail("%s is given twice", names[i]);
            *values[i] = command_flag_value(arguments);
            return *values[i] || fail("%s needs a value", names[i]);
        }
    return access_where_read(&order->where, "token", arguments);
}

static bool read_word(struct order *order, const char *word)
{
    if (order->name || (order->action && strcmp(order->action, "list") == 0))
        return fail("'%s' is one word too many", word);
    if (order->action)
        order->name = word;
    else
        order->action = word;
    return true;
}

static bool read_arguments(struct order *order, char *const *arguments)
{
    for (; *arguments; arguments++) {
        bool good = true;
        if (command_is_help(*arguments))
            order->help = true;
        else if (strcmp(*arguments, "--json") == 0)
            order->json = true;
        else if ((*arguments)[0] == '-')
            good = read_flag(order, &arguments);
        else
            good = read_word(order, *arguments);
        if (!good)
            return false;
    }
    return true;
}

/* ---- remove ---------------------------------------------------------------------------------- */

static bool remove_token(void *arg)
{
    struct edit *edit = arg;
    json_t *tokens = access_tree_list(&edit->file, "tokens");
    size_t place = access_tree_find(tokens, edit->order->name);
    return json_array_remove(tokens, place) == 0 || fail("there is no token '%s'", edit->order->name);
}

/* ---- add ------------------------------------------------------------------------------------- */

/* The items of a comma list as JSON; NULL when one of them is none of its kind, or there is none. */
static json_t *items_of(const char *list, bool (*valid)(const char *item, size_t length))
{
    json_t *items = json_array();
    for (const char *item = list, *end;; item = end + 1) {
        end = strchrnul(item, ',');
        size_t length = (size_t)(end - item);
        if (!valid(item, length) || json_array_append_new(items, json_stringn(item, length)) != 0) {
            json_decref(items);
            return NULL;
        }
        if (!*end)
            return items;
    }
}

static bool is_right(const char *name, size_t length)
{
    return right_named(name, length) != 0;
}

static bool is_prefix(const char *prefix)
{
    return strlen(prefix) <= STORE_KEY_MAX && utf8_valid(prefix, strlen(prefix));
}

/* `90d` and the like, from now on. Digits alone are none: 2027 would mean half an hour. */
static bool read_span(const char *text, int64_t *ret_seconds)
{
    uint64_t seconds;
    if (!option_read_seconds(text, &seconds) || text[strspn(text, "0123456789")] == '\0')
        return false;
    return !__builtin_add_overflow(time(NULL), seconds, ret_seconds);
}

/* NULL: it is no time, or one that is over, or that nobody here will see. */
static json_t *expiry_of(const char *text)
{
    static const int64_t second = 1000000000;
    char written[TIMESTAMP_SIZE];
    int64_t seconds;
    if (!read_span(text, &seconds) && !timestamp_read(text, strlen(text), &seconds))
        return NULL;
    if (seconds <= time(NULL) || seconds > INT64_MAX / second)
        return NULL;
    timestamp_write(written, seconds * second);
    return json_string(written);
}

static json_t *grant_of(const struct order *order)
{
    json_t *stores = items_of(order->stores, grant_pattern_valid);
    json_t *rights = items_of(order->rights, is_right);
    if (!stores)
        fail("--stores: '%s' is no list of names of stores, in which * may stand for any characters", order->stores);
    else if (!rights)
        fail("--rights: '%s' is no list of read, list, write, delete and admin", order->rights);
    else
        return json_pack("{s:o, s:s, s:o}", "stores", stores, "prefix", order->prefix ? order->prefix : "", "rights",
                         rights);
    json_decref(stores);
    json_decref(rights);
    return NULL;
}

static bool add_token(void *arg)
{
    struct edit *edit = arg;
    const struct order *order = edit->order;
    json_t *tokens = access_tree_list(&edit->file, "tokens");
    struct token_sum sum;
    char digits[2 * sizeof sum.bytes];
    if (access_tree_find(tokens, order->name) < json_array_size(tokens))
        return fail("there is a token '%s': `cairnd token remove %s` takes it away", order->name, order->name);
    json_t *grant = grant_of(order);
    json_t *expires = grant && order->expires ? expiry_of(order->expires) : NULL;
    if (!grant || (order->expires && !expires)) {
        json_decref(grant);
        return grant ? fail("--expires: '%s' is no time to come before 2262, such as 2027-01-01, "
                            "2027-01-01T12:00:00Z, 90d, 12h, 30m or 60s",
                            order->expires)
                     : false;
    }
    if (!token_make(edit->added))
        return fail("the system has no random bytes");
    sum = token_sum_of(edit->added, strlen(edit->added));
    hex_encode(digits, sum.bytes, sizeof sum.bytes);
    json_t *token = json_pack("{s:s, s:s#}", "name", order->name, "sha256", digits, (int)sizeof digits);
    if (expires)
        json_object_set_new(token, "expires", expires);
    json_object_set_new(token, "grants", json_pack("[o]", grant));
    return json_array_append_new(tokens, token) == 0 || fail("out of memory");
}

static bool add(struct edit *edit, const struct config *config)
{
    const struct order *order = edit->order;
    if (!token_name_valid(order->name, strlen(order->name)))
        return fail("'%s' is no name: it has 1 to %d of the characters A-Z a-z 0-9 . _ - @ : +", order->name,
                    TOKEN_NAME_MAX);
    if (order->prefix && !is_prefix(order->prefix))
        return fail("--prefix: it has at most %d bytes of UTF-8", STORE_KEY_MAX);
    if (!access_tree_place("token", config) || !access_tree_change(&edit->file, add_token, edit))
        return false;
    return access_tree_tell(&edit->file, edit->added, remove_token, edit);
}

/* ---- list ------------------------------------------------------------------------------------ */

static void print_grants(const json_t *grants)
{
    size_t i, k;
    json_t *grant, *item;
    json_array_foreach (grants, i, grant) {
        const char *prefix = json_string_value(json_object_get(grant, "prefix"));
        printf("    on");
        json_array_foreach (json_object_get(grant, "stores"), k, item)
            printf("%s%s", k ? "," : " ", json_string_value(item));
        if (prefix && *prefix)
            printf(", keys that begin with '%s'", prefix);
        printf(":");
        json_array_foreach (json_object_get(grant, "rights"), k, item)
            printf("%s%s", k ? "," : " ", json_string_value(item));
        putchar('\n');
    }
}

static void print_token(const json_t *token)
{
    const char *expires = json_string_value(json_object_get(token, "expires"));
    int64_t seconds = 0;
    bool over = expires && timestamp_read(expires, strlen(expires), &seconds) && seconds <= time(NULL);
    printf("%s", json_string_value(json_object_get(token, "name")));
    if (expires)
        printf(", %s %s", over ? "EXPIRED" : "expires", expires);
    putchar('\n');
    print_grants(json_object_get(token, "grants"));
}

static void print_all(const json_t *tree)
{
    size_t i;
    json_t *token;
    const json_t *anonymous = json_object_get(tree, "anonymous");
    json_array_foreach (json_object_get(tree, "tokens"), i, token)
        print_token(token);
    if (json_array_size(anonymous) > 0)
        puts("anybody");
    print_grants(anonymous);
}

/* All but what lets somebody in, or is made of it. */
static bool print_json(json_t *tree)
{
    size_t i;
    json_t *token;
    json_array_foreach (json_object_get(tree, "tokens"), i, token)
        json_object_del(token, "sha256");
    json_object_del(tree, "link_keys");
    bool printed = json_dumpf(tree, stdout, JSON_INDENT(2)) == 0;
    putchar('\n');
    return printed;
}

static bool list(struct edit *edit)
{
    if (!access_tree_read(&edit->file))
        return false;
    if (edit->file.fresh)
        return fail("there is no access file %s", edit->file.path);
    if (edit->order->json)
        return print_json(edit->file.json) && fflush(stdout) == 0;
    print_all(edit->file.json);
    return fflush(stdout) == 0;
}

/* ---- the command ----------------------------------------------------------------------------- */

static int act(void *arg, const struct config *config, const char *path)
{
    const struct order *order = arg;
    struct edit edit = {.order = order, .file = {.command = "token", .path = path}};
    bool done;
    if (strcmp(order->action, "add") == 0)
        done = add(&edit, config);
    else if (strcmp(order->action, "list") == 0)
        done = list(&edit);
    else
        done = access_tree_change(&edit.file, remove_token, &edit);
    access_tree_free(&edit.file);
    explicit_bzero(edit.added, sizeof edit.added);
    return done ? STATUS_OK : STATUS_FAILED;
}

/* Whether the order is one; told on stderr otherwise. */
static bool is_order(const struct order *order)
{
    static const char *const actions[] = {"add", "list", "remove"};
    size_t i = 0;
    while (i < 3 && order->action && strcmp(order->action, actions[i]) != 0)
        i++;
    if (!order->action)
        return fail("add, list or remove? `cairnd token --help` tells more");
    if (i == 3)
        return fail("'%s' is not add, list or remove; `cairnd token --help` tells more", order->action);
    if (strcmp(order->action, "add") != 0 && (order->stores || order->rights || order->prefix || order->expires))
        return fail("%s takes no --stores, --rights, --prefix or --expires", order->action);
    const char *missing = !order->name ? "a name" : !order->stores ? "--stores" : !order->rights ? "--rights" : NULL;
    if (strcmp(order->action, "add") == 0 && missing)
        return fail("a token has a name, --stores and --rights: %s is missing; `cairnd token --help` tells more",
                    missing);
    return order->name || strcmp(order->action, "remove") != 0 || fail("remove which token?");
}

int command_token(char *const *arguments)
{
    struct order order = {0};
    if (!read_arguments(&order, arguments))
        return STATUS_USAGE;
    if (order.help) {
        fputs(token_usage, stdout);
        return fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
    }
    if (!is_order(&order))
        return STATUS_USAGE;
    return access_where_act(&order.where, act, &order);
}
