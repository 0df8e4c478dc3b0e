/* sim_tree.c - every change of names goes to the running view at once and to a list of undecided changes. A sync of a
 * folder applies to the names on disk those changes that touch it, and with them every earlier change of a name they
 * touch: else an older step could win over a newer one. A journal that grows long is committed as a file system does
 * every few seconds. */
#include "tests/lib/sim_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { JOURNAL_LIMIT = 1024 };

/* Takes `from_name` out of `from`, then lets `to_name` in `to` mean `node`; either half may be missing (NULL). Where
 * there is an `other`, `from_name` means that from then on. */
struct sim_change {
    struct sim_change *next;
    struct sim_node *from;
    char *from_name;
    struct sim_node *to;
    char *to_name;
    struct sim_node *node;
    struct sim_node *other;
};

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* ---- entries --------------------------------------------------------------------------------- */

static struct sim_entry *entries_find(const struct sim_entries *entries, const char *name)
{
    for (size_t i = 0; i < entries->count; i++)
        if (strcmp(entries->at[i].name, name) == 0)
            return &entries->at[i];
    return NULL;
}

static void entries_add(struct sim_entries *entries, const char *name, struct sim_node *node)
{
    if (entries->count == entries->capacity) {
        entries->capacity = entries->capacity ? entries->capacity * 2 : 8;
        entries->at = must(realloc(entries->at, entries->capacity * sizeof *entries->at));
    }
    entries->at[entries->count++] = (struct sim_entry){.name = must(strdup(name)), .node = node};
}

static void entries_remove(struct sim_entries *entries, struct sim_entry *entry)
{
    free(entry->name);
    *entry = entries->at[--entries->count];
}

static void entries_free(struct sim_entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        free(entries->at[i].name);
    free(entries->at);
    *entries = (struct sim_entries){0};
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static struct sim_node *node_new(struct sim_tree *tree, bool folder, unsigned mode)
{
    struct sim_node *node = must(calloc(1, sizeof *node));
    node->number = ++tree->numbers;
    node->folder = folder;
    node->mode = mode;
    node->next = tree->nodes;
    if (tree->nodes)
        tree->nodes->previous = node;
    tree->nodes = node;
    tree->count++;
    return node;
}

static void node_free(struct sim_tree *tree, struct sim_node *node)
{
    if (node->previous) {
        node->previous->next = node->next;
    } else {
        tree->nodes = node->next;
    }
    if (node->next)
        node->next->previous = node->previous;
    tree->count--;
    sim_file_free(&node->file);
    entries_free(&node->now);
    entries_free(&node->durable);
    free(node);
}

/* Frees the node when nothing needs it, and then what only it held on disk. */
static void node_release(struct sim_tree *tree, struct sim_node *node)
{
    if (node->links || node->durable_links || node->changes || node->opens)
        return;
    while (node->durable.count > 0) {
        struct sim_entry *entry = &node->durable.at[0];
        struct sim_node *child = entry->node;
        entries_remove(&node->durable, entry);
        child->durable_links--;
        node_release(tree, child);
    }
    node_free(tree, node);
}

void sim_tree_pin(struct sim_node *node)
{
    node->opens++;
}

void sim_tree_unpin(struct sim_tree *tree, struct sim_node *node)
{
    node->opens--;
    node_release(tree, node);
}

void sim_tree_init(struct sim_tree *tree)
{
    *tree = (struct sim_tree){0};
    tree->root = node_new(tree, true, 0755);
    tree->root->links = tree->root->durable_links = 1;
}

/* ---- changes --------------------------------------------------------------------------------- */

static void hold(struct sim_node *node)
{
    if (node)
        node->changes++;
}

static void let_go(struct sim_tree *tree, struct sim_node *node)
{
    if (node) {
        node->changes--;
        node_release(tree, node);
    }
}

static void change_free(struct sim_tree *tree, struct sim_change *change)
{
    let_go(tree, change->node);
    let_go(tree, change->other);
    let_go(tree, change->from);
    let_go(tree, change->to);
    free(change->from_name);
    free(change->to_name);
    free(change);
}

static void clear_durable(struct sim_tree *tree, struct sim_node *folder, const char *name)
{
    struct sim_entry *entry = entries_find(&folder->durable, name);
    if (entry) {
        struct sim_node *node = entry->node;
        entries_remove(&folder->durable, entry);
        node->durable_links--;
        node_release(tree, node);
    }
}

static void change_apply(struct sim_tree *tree, const struct sim_change *change)
{
    if (change->from)
        clear_durable(tree, change->from, change->from_name);
    if (change->to) {
        clear_durable(tree, change->to, change->to_name);
        entries_add(&change->to->durable, change->to_name, change->node);
        change->node->durable_links++;
    }
    if (change->other) {
        entries_add(&change->from->durable, change->from_name, change->other);
        change->other->durable_links++;
    }
}

static void journal(struct sim_tree *tree, struct sim_node *from, const char *from_name, struct sim_node *to,
                    const char *to_name, struct sim_node *node)
{
    struct sim_change *change = must(calloc(1, sizeof *change));
    *change = (struct sim_change){.from = from, .to = to, .node = node};
    change->from_name = from ? must(strdup(from_name)) : NULL;
    change->to_name = to ? must(strdup(to_name)) : NULL;
    hold(from);
    hold(to);
    hold(node);
    if (tree->last) {
        tree->last->next = change;
    } else {
        tree->first = change;
    }
    tree->last = change;
    tree->changes++;
}

static struct sim_change *take_first(struct sim_tree *tree)
{
    struct sim_change *change = tree->first;
    tree->first = change->next;
    if (!tree->first)
        tree->last = NULL;
    tree->changes--;
    return change;
}

static void apply_all(struct sim_tree *tree)
{
    while (tree->first) {
        struct sim_change *change = take_first(tree);
        change_apply(tree, change);
        change_free(tree, change);
    }
}

static void journal_bounded(struct sim_tree *tree)
{
    if (tree->changes > JOURNAL_LIMIT)
        apply_all(tree);
}

/* ---- the names a decision has spoken of ------------------------------------------------------ */

struct name {
    const struct sim_node *folder;
    const char *text;
};

struct names {
    struct name *at;
    size_t count;
};

static bool names_hold(const struct names *names, const struct sim_node *folder, const char *text)
{
    for (size_t i = 0; folder && i < names->count; i++)
        if (names->at[i].folder == folder && strcmp(names->at[i].text, text) == 0)
            return true;
    return false;
}

static bool names_touch(const struct names *names, const struct sim_change *change)
{
    return names_hold(names, change->from, change->from_name) || names_hold(names, change->to, change->to_name);
}

static void names_add(struct names *names, const struct sim_change *change)
{
    if (change->from)
        names->at[names->count++] = (struct name){change->from, change->from_name};
    if (change->to)
        names->at[names->count++] = (struct name){change->to, change->to_name};
}

static struct names names_new(const struct sim_tree *tree)
{
    return (struct names){.at = must(calloc(2 * tree->changes + 1, sizeof(struct name)))};
}

/* ---- sync and power cut ---------------------------------------------------------------------- */

static struct sim_change **changes_listed(const struct sim_tree *tree)
{
    struct sim_change **list = must(calloc(tree->changes + 1, sizeof(struct sim_change *)));
    size_t count = 0;
    for (struct sim_change *change = tree->first; change; change = change->next)
        list[count++] = change;
    return list;
}

/* Marks, newest first, what must be applied for the folder to be synced. */
static bool *choose_synced(const struct sim_tree *tree, struct sim_change **list, const struct sim_node *folder)
{
    bool *chosen = must(calloc(tree->changes + 1, sizeof(bool)));
    struct names names = names_new(tree);
    for (size_t i = tree->changes; i-- > 0;) {
        const struct sim_change *change = list[i];
        chosen[i] = change->from == folder || change->to == folder || names_touch(&names, change);
        if (chosen[i])
            names_add(&names, change);
    }
    free(names.at);
    return chosen;
}

static void rebuild(struct sim_tree *tree, struct sim_change **list, const bool *gone, size_t count)
{
    tree->first = tree->last = NULL;
    tree->changes = 0;
    for (size_t i = 0; i < count; i++) {
        if (gone[i]) {
            change_free(tree, list[i]);
            continue;
        }
        list[i]->next = NULL;
        if (tree->last) {
            tree->last->next = list[i];
        } else {
            tree->first = list[i];
        }
        tree->last = list[i];
        tree->changes++;
    }
}

void sim_tree_sync(struct sim_tree *tree, struct sim_node *folder)
{
    struct sim_change **list = changes_listed(tree);
    bool *chosen = choose_synced(tree, list, folder);
    size_t count = tree->changes;
    for (size_t i = 0; i < count; i++)
        if (chosen[i])
            change_apply(tree, list[i]);
    rebuild(tree, list, chosen, count);
    free(chosen);
    free(list);
}

/* In order for one name: once a change of it is lost, the later ones are too. */
static void decide_changes(struct sim_tree *tree, struct prng *prng)
{
    struct names lost = names_new(tree);
    uint64_t kept_in = 1 + prng_below(prng, 4); /* some cuts lose nearly all, some nothing */
    struct sim_change *done = NULL;
    while (tree->first) {
        struct sim_change *change = take_first(tree);
        if (names_touch(&lost, change) || !prng_one_in(prng, kept_in)) {
            names_add(&lost, change);
        } else {
            change_apply(tree, change);
        }
        change->next = done; /* its names are still spoken of */
        done = change;
    }
    free(lost.at);
    while (done) {
        struct sim_change *next = done->next;
        change_free(tree, done);
        done = next;
    }
}

static void show_durable(struct sim_node *node)
{
    entries_free(&node->now);
    for (size_t i = 0; i < node->durable.count; i++)
        entries_add(&node->now, node->durable.at[i].name, node->durable.at[i].node);
    node->links = node->durable_links;
    node->locked = false;
}

static void release_unneeded(struct sim_tree *tree)
{
    struct sim_node *node = tree->nodes;
    while (node) {
        size_t before = tree->count;
        struct sim_node *next = node->next;
        node_release(tree, node);
        /* Releasing a folder may have freed the next one too. */
        node = before - tree->count > 1 ? tree->nodes : next;
    }
}

void sim_tree_cut(struct sim_tree *tree, struct prng *prng)
{
    decide_changes(tree, prng);
    for (struct sim_node *node = tree->nodes; node; node = node->next) {
        node->opens = 0;
        node->links = 0;
    }
    release_unneeded(tree);
    for (struct sim_node *node = tree->nodes; node; node = node->next) {
        show_durable(node);
        if (!node->folder)
            sim_file_cut(&node->file, prng);
    }
}

void sim_tree_free(struct sim_tree *tree)
{
    while (tree->first) {
        struct sim_change *change = take_first(tree);
        free(change->from_name);
        free(change->to_name);
        free(change);
    }
    while (tree->nodes)
        node_free(tree, tree->nodes);
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* Copies the next part of the path; false at its end. */
static bool next_part(const char **path, char part[256], int *ret_error)
{
    do {
        *path += strspn(*path, "/");
        size_t length = strcspn(*path, "/");
        if (length == 0)
            return false;
        if (length > 255) {
            *ret_error = ENAMETOOLONG;
            return false;
        }
        memcpy(part, *path, length);
        part[length] = 0;
        *path += length;
    } while (strcmp(part, ".") == 0);
    return true;
}

/* The folder that holds a folder; the root holds itself. */
static struct sim_node *parent_of(const struct sim_tree *tree, struct sim_node *node)
{
    for (struct sim_node *folder = tree->nodes; folder; folder = folder->next) {
        for (size_t i = 0; i < folder->now.count; i++)
            if (folder->now.at[i].node == node && node->folder)
                return folder;
    }
    return tree->root;
}

static void step_down(const struct sim_tree *tree, struct sim_place *place, const char part[256])
{
    if (strcmp(part, "..") == 0) {
        *place = (struct sim_place){.node = parent_of(tree, place->node)};
        return;
    }
    place->folder = place->node;
    struct sim_entry *entry = entries_find(&place->folder->now, part);
    place->node = entry ? entry->node : NULL;
    memcpy(place->name, part, 256);
}

int sim_tree_find(const struct sim_tree *tree, struct sim_node *start, const char *path, struct sim_place *ret_place)
{
    if (!*path)
        return ENOENT;
    int error = 0;
    char part[256];
    *ret_place = (struct sim_place){.node = *path == '/' ? tree->root : start};
    while (next_part(&path, part, &error)) {
        if (!ret_place->node)
            return ENOENT;
        if (!ret_place->node->folder)
            return ENOTDIR;
        step_down(tree, ret_place, part);
    }
    return error;
}

int sim_tree_create(struct sim_tree *tree, const struct sim_place *place, bool folder, unsigned mode,
                    struct sim_node **ret_node)
{
    if (place->node || !place->folder)
        return EEXIST;
    if (place->folder->links == 0)
        return ENOENT; /* an unlinked folder takes no entries */
    struct sim_node *node = node_new(tree, folder, mode);
    *ret_node = node;
    return sim_tree_link(tree, node, place);
}

int sim_tree_link(struct sim_tree *tree, struct sim_node *node, const struct sim_place *to)
{
    if (to->node || !to->folder)
        return EEXIST;
    entries_add(&to->folder->now, to->name, node);
    node->links++;
    journal(tree, NULL, NULL, to->folder, to->name, node);
    journal_bounded(tree);
    return 0;
}

static void remove_now(struct sim_tree *tree, struct sim_node *folder, const char *name)
{
    struct sim_entry *entry = entries_find(&folder->now, name);
    if (entry) {
        struct sim_node *node = entry->node;
        entries_remove(&folder->now, entry);
        node->links--;
        node_release(tree, node);
    }
}

int sim_tree_unlink(struct sim_tree *tree, const struct sim_place *place, bool folder)
{
    if (!place->node)
        return ENOENT;
    if (!place->folder)
        return EBUSY;
    if (place->node->folder != folder)
        return folder ? ENOTDIR : EISDIR;
    if (folder && place->node->now.count > 0)
        return ENOTEMPTY;
    journal(tree, place->folder, place->name, NULL, NULL, NULL);
    remove_now(tree, place->folder, place->name);
    journal_bounded(tree);
    return 0;
}

static int rename_allowed(const struct sim_place *from, const struct sim_place *to)
{
    if (!from->node)
        return ENOENT;
    if (!from->folder || !to->folder)
        return EBUSY;
    if (to->folder->links == 0)
        return ENOENT;
    if (!to->node || to->node == from->node)
        return 0;
    if (to->node->folder != from->node->folder)
        return to->node->folder ? EISDIR : ENOTDIR;
    return to->node->now.count > 0 ? ENOTEMPTY : 0;
}

int sim_tree_rename(struct sim_tree *tree, const struct sim_place *from, const struct sim_place *to)
{
    int error = rename_allowed(from, to);
    if (error || to->node == from->node)
        return error; /* two names of one file: rename(2) does nothing */
    struct sim_node *node = from->node;
    journal(tree, from->folder, from->name, to->folder, to->name, node);
    remove_now(tree, to->folder, to->name);
    entries_add(&to->folder->now, to->name, node);
    node->links++;
    remove_now(tree, from->folder, from->name);
    journal_bounded(tree);
    return 0;
}

/* Both folders lose no name and get none, so nothing is counted anew. */
int sim_tree_exchange(struct sim_tree *tree, const struct sim_place *from, const struct sim_place *to)
{
    if (!from->node || !to->node)
        return ENOENT;
    if (!from->folder || !to->folder)
        return EBUSY;
    journal(tree, from->folder, from->name, to->folder, to->name, from->node);
    tree->last->other = to->node;
    hold(to->node);
    entries_find(&from->folder->now, from->name)->node = to->node;
    entries_find(&to->folder->now, to->name)->node = from->node;
    journal_bounded(tree);
    return 0;
}

uint64_t sim_tree_used(const struct sim_tree *tree)
{
    uint64_t used = 0;
    for (const struct sim_node *node = tree->nodes; node; node = node->next) {
        /* One that only an unsynced folder or a cut to come still speaks of holds no space. */
        if (node->links > 0 || node->opens > 0)
            used += node->file.charged;
    }
    return used;
}
