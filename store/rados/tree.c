/* tree.c - names: rows of objects, changed by steps with guards. */
#include "store/rados/tree.h"

#include "store/base/abreast.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A name as the cluster has it. */
struct row {
    char object[CLUSTER_OBJECT_MAX];
    char row[LAYOUT_ROW_MAX];
};

/* False: it is too long. */
static bool locate(const struct tree_name *name, struct row *ret_row)
{
    layout_name_object(name->folder, name->name, ret_row->object);
    return layout_name_row(name->folder, name->name, ret_row->row);
}

int tree_find(const struct cluster *cluster, const struct tree_name *name, struct layout_entry *ret_entry)
{
    struct row row;
    char *text = NULL;
    if (!locate(name, &row))
        return ENAMETOOLONG;
    int error = cluster_get(cluster, row.object, CLUSTER_ROWS, row.row, &text);
    if (!error && !text)
        error = ENOENT;
    if (!error && !layout_read_entry(text, ret_entry))
        error = EBADMSG;
    free(text);
    return error;
}

/* Where an entry stands, what stands there, and the row that is there while it is removed. */
struct seat {
    struct row row;
    char text[LAYOUT_TEXT_MAX];
    char under_way[LAYOUT_ROW_MAX];
};

/* False: the name is too long. */
static bool seat_of(const struct tree_name *name, const struct layout_entry *entry, struct seat *ret_seat)
{
    if (!locate(name, &ret_seat->row))
        return false;
    layout_entry_text(entry, ret_seat->text);
    layout_under_way_row(entry, ret_seat->under_way);
    return true;
}

int tree_add(const struct cluster *cluster, const struct tree_name *name, const struct layout_entry *entry)
{
    struct seat seat;
    if (!seat_of(name, entry, &seat))
        return ENAMETOOLONG;
    const struct cluster_step steps[] = {
        {.kind = CLUSTER_CREATE},
        cluster_text(CLUSTER_ROW_IS, seat.row.row, ""),
        cluster_text(CLUSTER_SET_ROW, seat.row.row, seat.text),
        {.kind = CLUSTER_REMOVE_ROW, .name = seat.under_way},
    };
    int error = cluster_change(cluster, seat.row.object, steps, sizeof steps / sizeof *steps);
    return error == ECANCELED ? EEXIST : error;
}

int tree_take(const struct cluster *cluster, const struct tree_name *name, const struct layout_entry *entry)
{
    struct seat seat;
    if (!seat_of(name, entry, &seat))
        return ENAMETOOLONG;
    const struct cluster_step steps[] = {
        cluster_text(CLUSTER_ROW_IS, seat.row.row, seat.text),
        {.kind = CLUSTER_REMOVE_ROW, .name = seat.row.row},
        cluster_text(CLUSTER_SET_ROW, seat.under_way, ""),
    };
    int error = cluster_change(cluster, seat.row.object, steps, sizeof steps / sizeof *steps);
    return error == ECANCELED || error == ENOENT ? EAGAIN : error;
}

int tree_move(const struct cluster *cluster, const struct tree_name *from, const struct layout_entry *entry,
              const struct tree_name *to, const struct layout_entry *taken)
{
    struct row source, target;
    char text[LAYOUT_TEXT_MAX], taken_text[LAYOUT_TEXT_MAX] = "", under_way[LAYOUT_ROW_MAX];
    if (!locate(from, &source) || !locate(to, &target))
        return ENAMETOOLONG;
    if (strcmp(source.object, target.object) != 0)
        return EXDEV;
    layout_entry_text(entry, text);
    if (taken) {
        layout_entry_text(taken, taken_text);
        layout_under_way_row(taken, under_way);
    }
    const struct cluster_step steps[] = {
        cluster_text(CLUSTER_ROW_IS, source.row, text),   cluster_text(CLUSTER_ROW_IS, target.row, taken_text),
        {.kind = CLUSTER_REMOVE_ROW, .name = source.row}, cluster_text(CLUSTER_SET_ROW, target.row, text),
        {.kind = CLUSTER_SET_ROW, .name = under_way},
    };
    size_t count = sizeof steps / sizeof *steps - (taken ? 0 : 1);
    int error = cluster_change(cluster, source.object, steps, count);
    return error == ECANCELED || error == ENOENT ? EAGAIN : error;
}

int tree_announce(const struct cluster *cluster, const struct tree_name *name, const struct layout_entry *entry)
{
    struct row row;
    char under_way[LAYOUT_ROW_MAX];
    if (!locate(name, &row))
        return ENAMETOOLONG;
    layout_under_way_row(entry, under_way);
    const struct cluster_step steps[] = {{.kind = CLUSTER_CREATE}, cluster_text(CLUSTER_SET_ROW, under_way, "")};
    return cluster_change(cluster, row.object, steps, sizeof steps / sizeof *steps);
}

int tree_conclude(const struct cluster *cluster, const char *object, const struct layout_entry *entry)
{
    char under_way[LAYOUT_ROW_MAX];
    layout_under_way_row(entry, under_way);
    const struct cluster_step steps[] = {{.kind = CLUSTER_EXISTS}, {.kind = CLUSTER_REMOVE_ROW, .name = under_way}};
    int error = cluster_change(cluster, object, steps, sizeof steps / sizeof *steps);
    return error == ENOENT ? 0 : error;
}

/* ---- all names ------------------------------------------------------------------------------- */

/* Puts the names of rows behind those that are there; an errno. */
static int add_names(char **names, size_t *length, const char *rows, size_t prefix)
{
    size_t more = 0;
    for (const char *row = rows; *row; row = cluster_next_row(row))
        more += strlen(row) + 1;
    char *longer = realloc(*names, *length + more + 1);
    if (!longer)
        return ENOMEM;
    char *at = longer + *length;
    for (const char *row = rows; *row; row = cluster_next_row(row))
        at = stpcpy(at, row + prefix) + 1;
    *at = '\0';
    *names = longer;
    *length = (size_t)(at - longer);
    return 0;
}

/* The rows of a prefix in all shards of a folder, which are asked side by side. */
struct shards {
    const struct cluster *cluster;
    const struct layout_folder *folder;
    const char *prefix;
    char **rows; /* for each shard; owned, and so are they */
    int *errors;
};

/* Thread: any. */
static void list_shard(void *arg, size_t shard)
{
    const struct shards *shards = arg;
    char object[CLUSTER_OBJECT_MAX];
    layout_shard_object(shards->folder, (unsigned)shard, object);
    shards->errors[shard] = cluster_list(shards->cluster, object, shards->prefix, &shards->rows[shard]);
}

static void shards_free(struct shards *shards)
{
    for (unsigned shard = 0; shards->rows && shard < shards->folder->fan; shard++)
        free(shards->rows[shard]);
    free(shards->rows);
    free(shards->errors);
}

/* An errno; to be freed in any case. */
static int shards_list(struct shards *shards)
{
    int error = 0;
    shards->rows = calloc(shards->folder->fan, sizeof *shards->rows);
    shards->errors = calloc(shards->folder->fan, sizeof *shards->errors);
    if (!shards->rows || !shards->errors)
        return ENOMEM;
    abreast_run(ABREAST_MAX, shards->folder->fan, list_shard, shards);
    for (unsigned shard = 0; !error && shard < shards->folder->fan; shard++)
        error = shards->errors[shard];
    return error;
}

int tree_list(const struct cluster *cluster, const struct layout_folder *folder, char **ret_names)
{
    char prefix[LAYOUT_ROW_MAX], *names = NULL;
    size_t length = 0;
    struct shards shards = {.cluster = cluster, .folder = folder, .prefix = prefix};
    layout_prefix(folder, prefix);
    int error = shards_list(&shards);
    for (unsigned shard = 0; !error && shard < folder->fan; shard++)
        error = add_names(&names, &length, shards.rows[shard], strlen(prefix));
    shards_free(&shards);
    if (error)
        free(names);
    else
        *ret_names = names;
    return error;
}

/* ---- folders that go ------------------------------------------------------------------------- */

/* Whether an object has rows of that prefix; an errno. */
static int has_rows(const struct cluster *cluster, const char *object, const char *prefix, bool *ret_has)
{
    char *rows = NULL;
    bool more;
    int error = cluster->list(cluster->self, object, prefix, "", 1, &rows, &more);
    *ret_has = !error && *rows;
    free(rows);
    return error == ENOENT ? 0 : error;
}

int tree_check_empty(const struct cluster *cluster, const struct layout_folder *folder)
{
    char prefix[LAYOUT_ROW_MAX], object[CLUSTER_OBJECT_MAX];
    bool named = false, busy = false;
    int error = 0;
    layout_prefix(folder, prefix);
    for (unsigned shard = 0; !error && !named && !busy && shard < folder->fan; shard++) {
        layout_shard_object(folder, shard, object);
        error = has_rows(cluster, object, prefix, &named);
        if (!error && tree_has_objects(folder))
            error = has_rows(cluster, object, layout_under_way, &busy);
    }
    if (error)
        return error;
    return named ? ENOTEMPTY : busy ? EBUSY : 0;
}

bool tree_has_objects(const struct layout_folder *folder)
{
    return folder->fan > 1 || folder->folder == 0;
}

int tree_remove_objects(const struct cluster *cluster, const struct layout_folder *folder)
{
    const struct cluster_step remove = {.kind = CLUSTER_REMOVE};
    char object[CLUSTER_OBJECT_MAX];
    int error = 0;
    for (unsigned shard = 0; !error && tree_has_objects(folder) && shard < folder->fan; shard++) {
        layout_shard_object(folder, shard, object);
        error = cluster_change(cluster, object, &remove, 1);
        if (error == ENOENT)
            error = 0;
    }
    return error;
}

/* ---- what was under way ---------------------------------------------------------------------- */

struct look {
    const struct cluster *cluster;
    void (*tell)(void *arg, const char *object, const struct layout_entry *entry);
    void *arg;
};

static void tell_rows(const struct look *look, const char *object, const char *rows)
{
    for (const char *row = rows; *row; row = cluster_next_row(row)) {
        struct layout_entry entry;
        if (layout_read_under_way(row, &entry))
            look->tell(look->arg, object, &entry);
    }
}

static int look_in(const struct look *look, const char *object)
{
    char *rows = NULL;
    int error = cluster_list(look->cluster, object, layout_under_way, &rows);
    if (!error)
        tell_rows(look, object, rows);
    free(rows);
    return error;
}

/* In the shards of a folder, if that row is one's that has some. */
static int look_in_shards(const struct look *look, const char *text)
{
    struct layout_entry entry;
    char object[CLUSTER_OBJECT_MAX];
    if (!layout_read_entry(text, &entry) || !entry.is_folder || entry.folder.fan == 1)
        return 0;
    struct shards shards = {.cluster = look->cluster, .folder = &entry.folder, .prefix = layout_under_way};
    int error = shards_list(&shards);
    for (unsigned shard = 0; !error && shard < entry.folder.fan; shard++) {
        layout_shard_object(&entry.folder, shard, object);
        tell_rows(look, object, shards.rows[shard]);
    }
    shards_free(&shards);
    return error;
}

int tree_each_under_way(const struct cluster *cluster, uint64_t tree,
                        void (*tell)(void *arg, const char *object, const struct layout_entry *entry), void *arg)
{
    const struct look look = {cluster, tell, arg};
    char object[CLUSTER_OBJECT_MAX], *rows = NULL;
    layout_tree_object(tree, object);
    int error = cluster_list(cluster, object, "e/", &rows);
    for (const char *row = rows; !error && *row; row = cluster_next_row(row))
        error = look_in_shards(&look, row + strlen(row) + 1);
    free(rows);
    return error ? error : look_in(&look, object);
}
