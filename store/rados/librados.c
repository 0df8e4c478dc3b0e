/* librados.c - the seam to RADOS, by librados. See librados.h and cluster.h.
 *
 * Every write passes on a full cluster, up to where its daemons stop at all: deletes have to, and others would wait
 * without an end. Who writes looks at what is free. Every call has an end, too: what has no answer by then is
 * ETIMEDOUT.
 */
#include "store/rados/librados.h"

#include <dlfcn.h>
#include <errno.h>
#include <rados/librados.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FENCE = 24 * 3600 }; /* seconds: longer than a process may be stopped and go on */

static const char lock_name[] = "owner";

/* What is called of the library. */
#define CALLS(CALL)                                                                                                    \
    CALL(create2)                                                                                                      \
    CALL(conf_read_file)                                                                                               \
    CALL(conf_set)                                                                                                     \
    CALL(connect)                                                                                                      \
    CALL(shutdown)                                                                                                     \
    CALL(ioctx_create)                                                                                                 \
    CALL(ioctx_destroy)                                                                                                \
    CALL(ioctx_set_namespace)                                                                                          \
    CALL(set_pool_full_try)                                                                                            \
    CALL(aio_create_completion2)                                                                                       \
    CALL(aio_get_return_value)                                                                                         \
    CALL(aio_release)                                                                                                  \
    CALL(aio_read)                                                                                                     \
    CALL(aio_write_op_operate)                                                                                         \
    CALL(create_write_op)                                                                                              \
    CALL(release_write_op)                                                                                             \
    CALL(write_op_create)                                                                                              \
    CALL(write_op_assert_exists)                                                                                       \
    CALL(write_op_write)                                                                                               \
    CALL(write_op_truncate)                                                                                            \
    CALL(write_op_remove)                                                                                              \
    CALL(write_op_cmpxattr)                                                                                            \
    CALL(write_op_setxattr)                                                                                            \
    CALL(write_op_omap_cmp)                                                                                            \
    CALL(write_op_omap_set)                                                                                            \
    CALL(write_op_omap_rm_keys)                                                                                        \
    CALL(create_read_op)                                                                                               \
    CALL(release_read_op)                                                                                              \
    CALL(read_op_operate)                                                                                              \
    CALL(read_op_getxattrs)                                                                                            \
    CALL(getxattrs_next)                                                                                               \
    CALL(getxattrs_end)                                                                                                \
    CALL(read_op_omap_get_vals2)                                                                                       \
    CALL(read_op_omap_get_vals_by_keys)                                                                                \
    CALL(omap_get_next)                                                                                                \
    CALL(omap_get_end)                                                                                                 \
    CALL(lock_exclusive)                                                                                               \
    CALL(unlock)                                                                                                       \
    CALL(break_lock)                                                                                                   \
    CALL(list_lockers)                                                                                                 \
    CALL(blocklist_add)                                                                                                \
    CALL(wait_for_latest_osdmap)                                                                                       \
    CALL(object_list_begin)                                                                                            \
    CALL(object_list_end)                                                                                              \
    CALL(object_list_cursor_free)                                                                                      \
    CALL(object_list_slice)                                                                                            \
    CALL(object_list)                                                                                                  \
    CALL(object_list_free)                                                                                             \
    CALL(mon_command)                                                                                                  \
    CALL(buffer_free)

struct librados {
    void *library;
#define MEMBER(name) __typeof__(rados_##name) *name;
    CALLS(MEMBER)
    rados_t cluster;
    rados_ioctx_t pool;
    char *pool_name;
};

static int errno_of(long result)
{
    return result < 0 ? (int)-result : 0;
}

/* ---- changes --------------------------------------------------------------------------------- */

/* Who waits for a call that does not. */
struct waiter {
    struct librados *rados;
    rados_completion_t completion;
    cluster_done *done;
    void *arg;
};

/* Thread: the library's. */
static void tell(rados_completion_t completion, void *arg)
{
    struct waiter waiter = *(struct waiter *)arg;
    ssize_t result = waiter.rados->aio_get_return_value(completion);
    free(arg);
    waiter.rados->aio_release(completion);
    waiter.done(waiter.arg, result);
}

/* NULL, and told: memory is out. */
static struct waiter *waiter_new(struct librados *rados, cluster_done *done, void *arg)
{
    struct waiter *waiter = malloc(sizeof *waiter);
    if (waiter) {
        *waiter = (struct waiter){.rados = rados, .done = done, .arg = arg};
        if (rados->aio_create_completion2(waiter, tell, &waiter->completion) == 0)
            return waiter;
    }
    free(waiter);
    done(arg, -ENOMEM);
    return NULL;
}

/* The call was not taken, so that it will not be told. */
static void refuse(struct waiter *waiter, int result)
{
    struct waiter own = *waiter;
    own.rados->aio_release(own.completion);
    free(waiter);
    own.done(own.arg, result);
}

/* One that has to do with a text. */
static void add_text_step(struct librados *rados, rados_write_op_t op, const struct cluster_step *step)
{
    const char *text = step->length > 0 ? step->bytes : "";
    if (step->kind == CLUSTER_ATTRIBUTE_IS)
        rados->write_op_cmpxattr(op, step->name, LIBRADOS_CMPXATTR_OP_EQ, text, step->length);
    else if (step->kind == CLUSTER_SET_ATTRIBUTE)
        rados->write_op_setxattr(op, step->name, text, step->length);
    else if (step->kind == CLUSTER_ROW_IS)
        rados->write_op_omap_cmp(op, step->name, LIBRADOS_CMPXATTR_OP_EQ, text, step->length, NULL);
    else if (step->kind == CLUSTER_SET_ROW)
        rados->write_op_omap_set(op, &step->name, &text, &step->length, 1);
    else
        rados->write_op_omap_rm_keys(op, &step->name, 1);
}

static void add_step(struct librados *rados, rados_write_op_t op, const struct cluster_step *step)
{
    switch (step->kind) {
    case CLUSTER_CREATE:
        rados->write_op_create(op, LIBRADOS_CREATE_IDEMPOTENT, NULL);
        break;
    case CLUSTER_EXISTS:
        rados->write_op_assert_exists(op);
        break;
    case CLUSTER_WRITE:
        rados->write_op_write(op, step->bytes, step->length, step->position);
        break;
    case CLUSTER_TRUNCATE:
        rados->write_op_truncate(op, step->position);
        break;
    case CLUSTER_REMOVE:
        rados->write_op_remove(op);
        break;
    default:
        add_text_step(rados, op, step);
    }
}

/* An op is used once: used again it would do nothing and say that it has. On a full cluster it passes even where it
 * takes space: a deletion is first of all one more record. */
static void change(void *self, const char *object, const struct cluster_step *steps, size_t count, cluster_done *done,
                   void *arg)
{
    struct librados *rados = self;
    struct waiter *waiter = waiter_new(rados, done, arg);
    if (!waiter)
        return;
    rados_write_op_t op = rados->create_write_op();
    for (size_t i = 0; i < count; i++)
        add_step(rados, op, &steps[i]);
    int result = rados->aio_write_op_operate(op, rados->pool, waiter->completion, object, NULL,
                                             LIBRADOS_OPERATION_FULL_FORCE);
    rados->release_write_op(op);
    if (result < 0)
        refuse(waiter, result);
}

static void read_bytes(void *self, const char *object, void *bytes, size_t length, uint64_t position,
                       cluster_done *done, void *arg)
{
    struct librados *rados = self;
    struct waiter *waiter = waiter_new(rados, done, arg);
    if (!waiter)
        return;
    int result = rados->aio_read(rados->pool, object, waiter->completion, bytes, length, position);
    if (result < 0)
        refuse(waiter, result);
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* Puts a text in the place of its name; an errno. */
static int keep_text(const char *name, const char *bytes, size_t length, const char *const *names, size_t count,
                     char **ret_texts)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) {
            free(ret_texts[i]);
            ret_texts[i] = strndup(length > 0 ? bytes : "", length);
            return ret_texts[i] ? 0 : ENOMEM;
        }
    return 0;
}

static int get_attributes(struct librados *rados, const char *object, const char *const *names, size_t count,
                          char **ret_texts)
{
    rados_xattrs_iter_t all = NULL;
    int result = 0;
    rados_read_op_t op = rados->create_read_op();
    rados->read_op_getxattrs(op, &all, &result);
    int error = errno_of(rados->read_op_operate(op, rados->pool, object, 0));
    if (!error)
        error = errno_of(result);
    for (const char *name = error ? NULL : ""; name && !error;) {
        const char *bytes = NULL;
        size_t length = 0;
        error = errno_of(rados->getxattrs_next(all, &name, &bytes, &length));
        if (!error && name)
            error = keep_text(name, bytes, length, names, count, ret_texts);
    }
    if (all)
        rados->getxattrs_end(all);
    rados->release_read_op(op);
    return error;
}

static int get_rows(struct librados *rados, const char *object, const char *const *names, size_t count,
                    char **ret_texts)
{
    rados_omap_iter_t all = NULL;
    int result = 0;
    rados_read_op_t op = rados->create_read_op();
    rados->read_op_omap_get_vals_by_keys(op, names, count, &all, &result);
    int error = errno_of(rados->read_op_operate(op, rados->pool, object, 0));
    if (!error)
        error = errno_of(result);
    for (char *name = error ? NULL : (char[]){""}; name && !error;) {
        char *bytes = NULL;
        size_t length = 0;
        error = errno_of(rados->omap_get_next(all, &name, &bytes, &length));
        if (!error && name)
            error = keep_text(name, bytes, length, names, count, ret_texts);
    }
    if (all)
        rados->omap_get_end(all);
    rados->release_read_op(op);
    return error;
}

static int get(void *self, const char *object, enum cluster_kind kind, const char *const *names, size_t count,
               char **ret_texts)
{
    for (size_t i = 0; i < count; i++)
        ret_texts[i] = NULL;
    int error = kind == CLUSTER_ROWS ? get_rows(self, object, names, count, ret_texts)
                                     : get_attributes(self, object, names, count, ret_texts);
    for (size_t i = 0; i < count && error; i++) {
        free(ret_texts[i]);
        ret_texts[i] = NULL;
    }
    return error;
}

/* Puts a text behind the others of a list that ends in an empty one; an errno. */
static int append(char **list, size_t *length, const char *bytes, size_t size)
{
    char *longer = realloc(*list, *length + size + 2);
    if (!longer)
        return ENOMEM;
    if (size > 0)
        memcpy(longer + *length, bytes, size);
    longer[*length + size] = longer[*length + size + 1] = '\0';
    *list = longer;
    *length += size + 1;
    return 0;
}

/* All that an iterator has, as a list of rows; an errno. */
static int collect_rows(struct librados *rados, rados_omap_iter_t all, char **ret_rows)
{
    char *rows = calloc(1, 1), *name = rows;
    size_t length = 0;
    int error = rows ? 0 : ENOMEM;
    while (!error && name) {
        char *bytes = NULL;
        size_t size = 0;
        error = errno_of(rados->omap_get_next(all, &name, &bytes, &size));
        if (!error && name)
            error = append(&rows, &length, name, strlen(name));
        if (!error && name)
            error = append(&rows, &length, bytes, size);
    }
    if (error)
        free(rows);
    else
        *ret_rows = rows;
    return error;
}

static int list(void *self, const char *object, const char *prefix, const char *after, size_t most, char **ret_rows,
                bool *ret_more)
{
    struct librados *rados = self;
    rados_omap_iter_t all = NULL;
    unsigned char more = 0;
    int result = 0;
    rados_read_op_t op = rados->create_read_op();
    rados->read_op_omap_get_vals2(op, after, prefix, most, &all, &more, &result);
    int error = errno_of(rados->read_op_operate(op, rados->pool, object, 0));
    if (!error)
        error = errno_of(result);
    if (!error)
        error = collect_rows(rados, all, ret_rows);
    *ret_more = more;
    if (all)
        rados->omap_get_end(all);
    rados->release_read_op(op);
    return error;
}

/* ---- locks ----------------------------------------------------------------------------------- */

static int lock(void *self, const char *object, const char *cookie, unsigned seconds)
{
    struct librados *rados = self;
    struct timeval duration = {.tv_sec = (time_t)seconds};
    int error = errno_of(rados->lock_exclusive(rados->pool, object, lock_name, cookie, "cairn",
                                               seconds ? &duration : NULL, LIBRADOS_LOCK_FLAG_MAY_RENEW));
    return error == EEXIST ? 0 : error;
}

static int unlock(void *self, const char *object, const char *cookie)
{
    struct librados *rados = self;
    return errno_of(rados->unlock(rados->pool, object, lock_name, cookie));
}

static int owner(void *self, const char *object, struct cluster_owner *ret_owner)
{
    struct librados *rados = self;
    struct cluster_owner found = {0};
    char tag[CLUSTER_TEXT_MAX];
    int exclusive = 0;
    size_t tag_length = sizeof tag, client_length = sizeof found.client;
    size_t cookie_length = sizeof found.cookie, address_length = sizeof found.address;
    ssize_t count = rados->list_lockers(rados->pool, object, lock_name, &exclusive, tag, &tag_length, found.client,
                                        &client_length, found.cookie, &cookie_length, found.address, &address_length);
    if (count <= 0)
        return count == 0 ? ENOENT : errno_of(count);
    *ret_owner = found;
    return 0;
}

static int break_lock(void *self, const char *object, const struct cluster_owner *owner_of)
{
    struct librados *rados = self;
    return errno_of(rados->break_lock(rados->pool, object, lock_name, owner_of->client, owner_of->cookie));
}

/* ---- what the monitors say ------------------------------------------------------------------- */

/* What they answer to a command in JSON; to be freed. An errno. */
static int ask(struct librados *rados, const char *command, char **ret_text)
{
    char *answer = NULL, *status = NULL;
    size_t answer_length = 0, status_length = 0;
    int error = errno_of(
        rados->mon_command(rados->cluster, &command, 1, "", 0, &answer, &answer_length, &status, &status_length));
    char *text = error ? NULL : strndup(answer ? answer : "", answer_length);
    rados->buffer_free(answer);
    rados->buffer_free(status);
    if (!error && !text)
        error = ENOMEM;
    if (!error)
        *ret_text = text;
    return error;
}

/* The number behind a name, in quotes and with a colon, behind a place in a text; false: it is not there. */
static bool read_number(const char *text, const char *name, uint64_t *ret_number)
{
    unsigned long long number;
    const char *at = text ? strstr(text, name) : NULL;
    if (!at || sscanf(at + strlen(name), "%llu", &number) != 1)
        return false;
    *ret_number = number;
    return true;
}

/* How many groups the objects of the pool are in. */
static int ask_groups(struct librados *rados, uint64_t *ret_groups)
{
    char command[CLUSTER_TEXT_MAX * 2], *text = NULL;
    (void)snprintf(command, sizeof command,
                   "{\"prefix\":\"osd pool get\",\"pool\":\"%s\",\"var\":\"pg_num\",\"format\":\"json\"}",
                   rados->pool_name);
    int error = ask(rados, command, &text);
    if (!error && !read_number(text, "\"pg_num\":", ret_groups))
        error = EBADMSG;
    free(text);
    return error;
}

/* What is left of the quota of a pool, of which the monitors tell this; UINT64_MAX: it has none. */
static uint64_t left_of(const char *pool, const char *quota, const char *used)
{
    uint64_t most = 0, has = 0;
    if (!read_number(pool, quota, &most) || most == 0 || !read_number(pool, used, &has))
        return UINT64_MAX;
    return has < most ? most - has : 0;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A cluster that has no manager says that there is nothing, and has no pools in what it says. Writes pass beyond a
 * quota as they do on a full cluster, so who writes has to know of it. */
static int free_bytes(void *self, uint64_t *ret_bytes)
{
    struct librados *rados = self;
    char name[CLUSTER_TEXT_MAX], *text = NULL;
    int error = ask(rados, "{\"prefix\":\"df\",\"detail\":\"detail\",\"format\":\"json\"}", &text);
    if (error)
        return error;
    (void)snprintf(name, sizeof name, "\"name\":\"%s\"", rados->pool_name);
    const char *pool = strstr(text, "\"pools\":");
    pool = pool ? strstr(pool, name) : NULL;
    if (read_number(pool, "\"max_avail\":", ret_bytes)) {
        *ret_bytes = smaller(*ret_bytes, left_of(pool, "\"quota_bytes\":", "\"stored\":"));
        *ret_bytes = left_of(pool, "\"quota_objects\":", "\"objects\":") > 0 ? *ret_bytes : 0;
    } else {
        error = EOPNOTSUPP;
    }
    free(text);
    return error;
}

/* ---- fencing --------------------------------------------------------------------------------- */

/* Asks for something of the part of the pool that begins there; an errno. */
static int touch(struct librados *rados, rados_object_list_cursor from, rados_object_list_cursor to)
{
    rados_object_list_item item = {0};
    rados_object_list_cursor next = rados->object_list_begin(rados->pool);
    int count = rados->object_list(rados->pool, from, to, 1, NULL, 0, &item, &next);
    if (count > 0)
        rados->object_list_free((size_t)count, &item);
    rados->object_list_cursor_free(rados->pool, next);
    return errno_of(count);
}

/* Asks for something of every part of the pool. Each daemon fetches the map first that the one who asks has, and does
 * from then on as it says: by itself it might learn of it only later. */
static int touch_all(struct librados *rados)
{
    uint64_t groups;
    size_t parts = 1;
    int error = ask_groups(rados, &groups);
    rados_object_list_cursor begin = rados->object_list_begin(rados->pool);
    rados_object_list_cursor end = rados->object_list_end(rados->pool);
    while (!error && parts < groups)
        parts *= 2; /* each group begins where some part does */
    for (size_t i = 0; i < parts && !error; i++) {
        rados_object_list_cursor from = rados->object_list_begin(rados->pool);
        rados_object_list_cursor to = rados->object_list_begin(rados->pool);
        rados->object_list_slice(rados->pool, begin, end, i, parts, &from, &to);
        error = touch(rados, from, to);
        rados->object_list_cursor_free(rados->pool, from);
        rados->object_list_cursor_free(rados->pool, to);
    }
    rados->object_list_cursor_free(rados->pool, begin);
    rados->object_list_cursor_free(rados->pool, end);
    return error;
}

static int fence(void *self, const struct cluster_owner *owner_of)
{
    struct librados *rados = self;
    char address[CLUSTER_TEXT_MAX];
    memcpy(address, owner_of->address, sizeof address);
    int error = errno_of(rados->blocklist_add(rados->cluster, address, FENCE));
    if (!error)
        error = errno_of(rados->wait_for_latest_osdmap(rados->cluster));
    return error ? error : touch_all(rados);
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static bool find(void *library, const char *name, void *ret_function)
{
    void *found = dlsym(library, name);
    memcpy(ret_function, &found, sizeof found);
    return found != NULL;
}

/* NULL, or what could not be found. */
static const char *load(struct librados *rados)
{
    rados->library = dlopen("librados.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!rados->library)
        return "librados.so.2";
#define FIND(name)                                                                                                     \
    if (!find(rados->library, "rados_" #name, &rados->name))                                                           \
        return "rados_" #name;
    CALLS(FIND)
    return NULL;
}

/* What it is not to be used any more for is waited for. */
static void disconnect(void *self)
{
    struct librados *rados = self;
    if (rados->pool)
        rados->ioctx_destroy(rados->pool);
    if (rados->cluster)
        rados->shutdown(rados->cluster);
    free(rados->pool_name);
    free(rados); /* the library stays: its threads may still be on their way out */
}

/* What was being done, for a sentence, and what became of it; an errno. */
static int set_up(struct librados *rados, const struct librados_place *place, const char **ret_what)
{
    char user[CLUSTER_TEXT_MAX], seconds[16];
    (void)snprintf(user, sizeof user, "client.%s", place->user ? place->user : "admin");
    (void)snprintf(seconds, sizeof seconds, "%u", place->patience);
    *ret_what = "cannot make a client of the cluster";
    int error = errno_of(rados->create2(&rados->cluster, "ceph", user, 0));
    if (!error) {
        *ret_what = "cannot read the configuration of the cluster";
        error = errno_of(rados->conf_read_file(rados->cluster, place->conf));
    }
    if (!error)
        error = errno_of(rados->conf_set(rados->cluster, "rados_osd_op_timeout", seconds));
    if (!error)
        error = errno_of(rados->conf_set(rados->cluster, "rados_mon_op_timeout", seconds));
    if (!error) {
        *ret_what = "cannot connect to the cluster";
        error = errno_of(rados->connect(rados->cluster));
    }
    if (!error) {
        *ret_what = "cannot use the pool: see `ceph osd pool ls`";
        error = errno_of(rados->ioctx_create(rados->cluster, place->pool, &rados->pool));
    }
    if (error)
        return error;
    rados->ioctx_set_namespace(rados->pool, place->name_space);
    rados->set_pool_full_try(rados->pool);
    return 0;
}

static const struct cluster calls = {
    .change = change,
    .read = read_bytes,
    .get = get,
    .list = list,
    .lock = lock,
    .unlock = unlock,
    .owner = owner,
    .break_lock = break_lock,
    .fence = fence,
    .free_bytes = free_bytes,
    .close = disconnect,
};

struct failure librados_connect(const struct librados_place *place, struct cluster *ret_cluster,
                                struct store_detail *ret_detail)
{
    struct librados *rados = calloc(1, sizeof *rados);
    if (!rados)
        return failure_of(STORE_NO_MEMORY);
    const char *what = load(rados);
    if (what) {
        free(rados);
        return failure_detail(ret_detail, failure_of(STORE_FOREIGN),
                              "%s cannot be loaded, without which there is no pool: install the package librados2",
                              what);
    }
    rados->pool_name = strdup(place->pool);
    int error = rados->pool_name ? set_up(rados, place, &what) : ENOMEM;
    if (error) {
        disconnect(rados);
        return failure_detail(ret_detail, failure_of_errno(error), "%s (pool %s, %s): %s", what, place->pool,
                              place->conf ? place->conf : "the usual ceph.conf", strerror(error));
    }
    *ret_cluster = calls;
    ret_cluster->self = rados;
    return failure_none();
}
