/* access_tree.c - a tree of jansson's, which keeps members that no command knows. See access_tree.h. */
#include "service/access_tree.h"

#include "api/access/rules_json.h"
#include "service/access.h"
#include "service/access_file.h"
#include "service/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define fail(...) command_fail(tree->command, __VA_ARGS__)

/* ---- where ----------------------------------------------------------------------------------- */

bool access_where_read(struct access_where *where, const char *command, char *const **arguments)
{
    static char *const flags[] = {"--access", "--data", "--config"};
    const char *argument = **arguments;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (!command_flag_is(argument, flags[i]))
            continue;
        char *value = (char *)(uintptr_t)command_flag_value(arguments);
        if (!value || where->count + 2 >= sizeof where->arguments / sizeof *where->arguments)
            return command_fail(command, "%s %s", flags[i], value ? "is given twice" : "needs a value");
        where->arguments[where->count++] = flags[i];
        where->arguments[where->count++] = value;
        return true;
    }
    return command_fail(command, "'%s' is no option; `cairnd %s --help` tells more", argument, command);
}

int access_where_act(const struct access_where *where,
                     int (*act)(void *arg, const struct config *config, const char *path), void *arg)
{
    struct config config;
    int status = STATUS_USAGE;
    if (command_configure(where->arguments, &config, &status)) {
        char *path = access_path(&config);
        status = path ? act(arg, &config, path) : STATUS_FAILED;
        free(path);
    }
    config_free(&config);
    return status;
}

bool access_tree_place(const char *command, const struct config *config)
{
    if (config->access)
        return true;
    if (mkdir(config->data, 0700) == 0)
        fprintf(stderr, "cairnd: %s: the data folder %s is new: there was none of that name\n", command, config->data);
    else if (errno != EEXIST)
        return command_fail(command, "cannot make the data folder %s: %s", config->data, strerror(errno));
    return true;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Whether a server would take that text. */
static bool judge(const struct access_tree *tree, const char *text, size_t length)
{
    struct rules_json_fault fault = {0};
    struct rules *rules = rules_json_read(text, length, &fault);
    bool good = rules != NULL;
    rules_release(rules);
    return good || fail("%s is not valid: line %zu: %s", tree->path, fault.line, fault.sentence);
}

bool access_tree_read(struct access_tree *tree)
{
    char reason[ACCESS_REASON_MAX];
    struct access_state state = access_state_of(tree->path);
    size_t length;
    tree->fresh = access_state_is_none(&state);
    if (tree->fresh) {
        tree->json = json_object();
        return tree->json || fail("out of memory");
    }
    tree->text = access_file_read(tree->path, &length, reason);
    if (!tree->text)
        return fail("%s", reason);
    if (!judge(tree, tree->text, length))
        return false;
    tree->json = json_loadb(tree->text, length, JSON_ALLOW_NUL, NULL);
    return tree->json || fail("out of memory");
}

json_t *access_tree_list(const struct access_tree *tree, const char *name)
{
    json_t *list = json_object_get(tree->json, name);
    if (!list && json_object_set_new(tree->json, name, json_array()) == 0)
        list = json_object_get(tree->json, name);
    return list;
}

size_t access_tree_find(const json_t *list, const char *name)
{
    size_t i = 0;
    while (i < json_array_size(list) &&
           strcmp(json_string_value(json_object_get(json_array_get(list, i), "name")), name) != 0)
        i++;
    return i;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* The new text; free() it. NULL: told on stderr. */
static char *write_text(const struct access_tree *tree, size_t *ret_length)
{
    char *dump = json_dumps(tree->json, JSON_INDENT(2)), *text = NULL;
    int printed = dump ? asprintf(&text, "%s\n", dump) : -1;
    free(dump);
    if (printed < 0) {
        fail("out of memory");
        return NULL;
    }
    *ret_length = (size_t)printed;
    if (judge(tree, text, *ret_length))
        return text;
    free(text);
    return NULL;
}

/* Whether nobody gets in by it. */
static bool is_empty(const struct access_tree *tree)
{
    const char *name;
    const json_t *list;
    json_object_foreach (tree->json, name, list)
        if (json_array_size(list) > 0)
            return false;
    return true;
}

bool access_tree_change(struct access_tree *tree, bool (*change)(void *arg), void *arg)
{
    char reason[ACCESS_REASON_MAX];
    struct access_edit edit;
    if (!access_edit_begin(&edit, tree->path, reason))
        return fail("%s", reason);
    size_t length = 0;
    bool changed = access_tree_read(tree) && change(arg);
    bool undone = changed && tree->own && is_empty(tree) && unlink(tree->path) == 0;
    char *text = changed && !undone ? write_text(tree, &length) : NULL;
    bool good = access_edit_end(&edit, text, length, reason) && (text || undone);
    if (text && !good)
        fail("%s", reason);
    if (good && tree->fresh)
        fail("%s is new: from now on a server that uses it asks for tokens", tree->path);
    free(text);
    return good;
}

bool access_tree_tell(struct access_tree *tree, const char *secret, bool (*remove)(void *arg), void *arg)
{
    if (puts(secret) != EOF && fflush(stdout) == 0)
        return true;
    fail("it cannot be written to stdout: %s", strerror(errno));
    access_tree_free(tree);
    *tree = (struct access_tree){.command = tree->command, .path = tree->path, .own = tree->fresh};
    if (access_tree_change(tree, remove, arg))
        fail("it is taken out of %s again", tree->path);
    return false;
}

void access_tree_free(struct access_tree *tree)
{
    free(tree->text);
    json_decref(tree->json);
}
