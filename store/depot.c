/* depot.c - a data folder with its stores: which are open, who uses them, what is in flight.
 *
 * Stores open at first use and stay open until more than the limit are; then the one that has been idle
 * longest is closed. An entry stands for each store that is open, opening, or removed but still in use.
 * `lock` guards the entries and is never held across a file call; `admin` orders the calls that make and
 * remove stores.
 */
#include "store/folder.h"
#include "store/internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

enum { BUCKETS = 1024, JOBS_WAITING_MAX = 4096, LABEL_MAX = 32 };

enum entry_state { ENTRY_OPENING, ENTRY_OPEN, ENTRY_CLOSING, ENTRY_DELETED };

/* Who wants to be told when an entry has settled. */
struct depot_waiter {
    struct depot_waiter *next;
    void (*wake)(void *arg);
    void *arg;
};

struct depot_entry {
    struct depot_entry *next; /* in its bucket */
    struct depot *depot;
    enum entry_state state;
    struct store *store;
    size_t references;
    uint64_t idle_since; /* counts the depot's releases */
    char name[STORE_NAME_MAX + 1];
    char label[LABEL_MAX]; /* in the trash, when deleted */
    struct pool_job removal;
    struct depot_waiter *waiters;
};

/* The store that could not be opened last, as long as it cannot. */
struct depot_trouble {
    char name[STORE_NAME_MAX + 1];
    struct store_detail detail;
};

struct depot {
    struct depot_options options;
    struct io read_only; /* in place of the options' table when nothing may be written */
    struct folder folder;
    struct pool *pool;
    struct pool *upkeep; /* one thread, for what has time and may take long */
    atomic_bool draining;
    atomic_uint_fast64_t bytes_in_flight;
    atomic_size_t uploads;
    atomic_uint_fast64_t labels;

    struct space space;

    pthread_mutex_t admin;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* an entry's state or references */
    struct depot_entry *buckets[BUCKETS];
    size_t open;
    struct depot_waiter *woken; /* to be called when the lock is let go */
    uint64_t releases;
    struct depot_trouble trouble;
};

/* ---- the depot itself ------------------------------------------------------------------------ */

struct depot_options depot_options_default(void)
{
    return (struct depot_options){
        .io = &io_posix,
        .inline_limit = 256 << 10,
        .segment_size = 64 << 20,
        .object_limit = (uint64_t)1 << 40,
        .store_bytes_limit = 256 << 20,
        .depot_bytes_limit = 512 << 20,
        .store_ops_limit = 16384,
        .uploads_limit = 1024,
        .disk_reserve = 64 << 20,
        .io_threads = 4,
        .open_stores_limit = 256,
    };
}

/* What the rest of the engine relies on. */
static struct depot_options options_checked(const struct depot_options *asked)
{

    struct depot_options options = *asked;
    if (!options.io)
        options.io = &io_posix;
    if (options.inline_limit > STORE_INLINE_LIMIT_MAX)
        options.inline_limit = STORE_INLINE_LIMIT_MAX;
    if (options.segment_size < STORE_SEGMENT_MIN)
        options.segment_size = STORE_SEGMENT_MIN;
    if (options.segment_size > STORE_SEGMENT_MAX)
        options.segment_size = STORE_SEGMENT_MAX;
    if (options.io_threads == 0)
        options.io_threads = 1;
    if (options.open_stores_limit == 0)
        options.open_stores_limit = 1;
    return options;
}

static void depot_free(struct depot *depot)
{
    pthread_cond_destroy(&depot->changed);
    pthread_mutex_destroy(&depot->lock);
    pthread_mutex_destroy(&depot->admin);
    free(depot);
}

enum store_error depot_open(const char *path, const struct depot_options *options, struct depot **ret_depot,
                            struct store_detail *ret_detail)
{
    error_detail(ret_detail, STORE_OK, 0, "%s", "");
    struct depot *depot = calloc(1, sizeof *depot);
    if (!depot)
        return STORE_NO_MEMORY;
    depot->options = options_checked(options);
    if (depot->options.read_only) {
        io_read_only(&depot->read_only, depot->options.io);
        depot->options.io = &depot->read_only;
        depot_drain(depot);
    }

    pthread_mutex_init(&depot->admin, NULL);
    pthread_mutex_init(&depot->lock, NULL);
    pthread_cond_init(&depot->changed, NULL);
    enum store_error error = folder_open(&depot->folder, depot->options.io, path, depot->options.read_only, ret_detail);
    if (error) {
        depot_free(depot);
        return error;
    }
    depot->pool = pool_new(depot->options.io_threads);
    depot->upkeep = depot->pool ? pool_new(1) : NULL;
    if (!depot->upkeep) {
        if (depot->pool)
            pool_free(depot->pool);
        folder_close(&depot->folder);
        depot_free(depot);
        return error_detail(ret_detail, STORE_NO_MEMORY, 0, "the I/O threads cannot be started");
    }
    space_init(&depot->space, depot, &depot->options, depot->folder.root, depot->upkeep);
    *ret_depot = depot;
    return STORE_OK;
}

void depot_drain(struct depot *depot)
{
    atomic_store(&depot->draining, true);
}

/* Takes any entry out that is open; NULL when none is. */
static struct depot_entry *take_open(struct depot *depot)
{
    struct depot_entry *taken = NULL;
    pthread_mutex_lock(&depot->lock);
    for (size_t i = 0; i < BUCKETS && !taken; i++) {
        struct depot_entry **at = &depot->buckets[i];
        if (*at) {
            taken = *at;
            *at = taken->next;
        }
    }
    pthread_mutex_unlock(&depot->lock);
    return taken;
}

void depot_close(struct depot *depot)
{
    if (!depot)
        return;
    depot_drain(depot);
    struct depot_entry *entry;
    while ((entry = take_open(depot))) {
        assert(entry->references == 0);
        store_close(entry->store);
        free(entry);
    }
    pool_free(depot->pool); /* runs what still waits, removals among it */
    space_close(&depot->space);
    pool_free(depot->upkeep);
    space_free(&depot->space);
    folder_close(&depot->folder);
    depot_free(depot);
}

/* ---- entries; the depot's lock is held ------------------------------------------------------- */

static struct depot_entry **bucket_of(struct depot *depot, const char *name)
{
    return &depot->buckets[XXH3_64bits(name, strlen(name)) % BUCKETS];
}

static struct depot_entry *entry_find(struct depot *depot, const char *name)
{
    struct depot_entry *entry = *bucket_of(depot, name);
    while (entry && strcmp(entry->name, name) != 0)
        entry = entry->next;
    return entry;
}

static struct depot_entry *entry_add(struct depot *depot, const char *name)
{
    struct depot_entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        return NULL;
    struct depot_entry **bucket = bucket_of(depot, name);
    entry->depot = depot;
    entry->state = ENTRY_OPENING;
    memcpy(entry->name, name, strlen(name) + 1);
    entry->next = *bucket;
    *bucket = entry;
    return entry;
}

static void entry_unlink(struct depot *depot, struct depot_entry *entry)
{
    struct depot_entry **at = bucket_of(depot, entry->name);
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
}

/* Tells all who wait for the entry. Those who want to be called are, by unlock_and_wake(). */
static void entry_settled_now(struct depot *depot, struct depot_entry *entry)
{
    while (entry->waiters) {
        struct depot_waiter *waiter = entry->waiters;
        entry->waiters = waiter->next;
        waiter->next = depot->woken;
        depot->woken = waiter;
    }
    pthread_cond_broadcast(&depot->changed);
}

static void unlock_and_wake(struct depot *depot)
{
    struct depot_waiter *waiter = depot->woken;
    depot->woken = NULL;
    pthread_mutex_unlock(&depot->lock);
    while (waiter) {
        struct depot_waiter *next = waiter->next;
        waiter->wake(waiter->arg);
        free(waiter);
        waiter = next;
    }
}

static enum store_error entry_wait(struct depot_entry *entry, void (*wake)(void *arg), void *arg)
{
    struct depot_waiter *waiter = malloc(sizeof *waiter);
    if (!waiter)
        return STORE_NO_MEMORY;
    *waiter = (struct depot_waiter){.next = entry->waiters, .wake = wake, .arg = arg};
    entry->waiters = waiter;
    return STORE_AGAIN;
}

/* The entry when it is neither opening nor closing; waits until that is so. NULL: not there. */
static struct depot_entry *entry_settled(struct depot *depot, const char *name)
{
    struct depot_entry *entry;
    while ((entry = entry_find(depot, name)) && entry->state != ENTRY_OPEN)
        pthread_cond_wait(&depot->changed, &depot->lock);
    return entry;
}

/* The open store that nobody has used for longest; NULL when all are in use. */
static struct depot_entry *entry_idle_longest(struct depot *depot)
{
    struct depot_entry *oldest = NULL;

    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct depot_entry *entry = depot->buckets[i]; entry; entry = entry->next) {
            if (entry->state == ENTRY_OPEN && entry->references == 0 && !atomic_load(&entry->store->failed) &&
                store_is_idle(entry->store) && !scrub_running(entry->store) &&
                (!oldest || entry->idle_since < oldest->idle_since))
                oldest = entry;
        }
    }
    return oldest;
}

/* Closes a store that is open and not in use, letting the lock go meanwhile. */
static void entry_close(struct depot *depot, struct depot_entry *entry)
{
    entry->state = ENTRY_CLOSING;
    depot->open--;
    pthread_mutex_unlock(&depot->lock);
    store_close(entry->store);
    pthread_mutex_lock(&depot->lock);
    entry_unlink(depot, entry);
    entry_settled_now(depot, entry);
    free(entry);
}

/* Closes the store that has been idle longest; false when there is none. */
static bool make_room(struct depot *depot)
{
    struct depot_entry *idle = entry_idle_longest(depot);
    if (idle)
        entry_close(depot, idle);
    return idle != NULL;
}

static bool out_of_descriptors(enum store_error error, const struct store_detail *detail)
{
    return error == STORE_IO && (detail->os_error == EMFILE || detail->os_error == ENFILE);
}

/* Opens the store; as long as descriptors are out, idle stores make room. Lock held, and let go meanwhile. */
static enum store_error open_with_room(struct depot *depot, struct depot_entry *entry, struct store **ret_store,
                                       struct store_detail *detail)
{
    enum store_error error;
    if (depot->open >= depot->options.open_stores_limit)
        (void)make_room(depot);
    do {
        pthread_mutex_unlock(&depot->lock);
        error = store_open(depot, &depot->options, depot->folder.stores, entry->name, depot->pool, ret_store, detail);
        pthread_mutex_lock(&depot->lock);
    } while (out_of_descriptors(error, detail) && make_room(depot));
    return error;
}

static void forget_trouble(struct depot *depot, const char *name)
{
    if (strcmp(depot->trouble.name, name) == 0)
        depot->trouble = (struct depot_trouble){0};
}

/* Remembers for the operator that a store cannot be opened, or that it can again. Lock held. */
static void note_opening(struct depot *depot, const char *name, enum store_error error,
                         const struct store_detail *detail)
{
    struct depot_trouble *trouble = &depot->trouble;
    if (!error || error == STORE_NO_STORE) {
        forget_trouble(depot, name);
        return;
    }
    memcpy(trouble->name, name, strlen(name) + 1);
    trouble->detail = *detail;
    depot_log(depot, STORE_LOG_ERROR, "store %s cannot be opened: %s: %s", name, store_error_text(error), detail->text);
}

/* Opens a store for a new entry, letting the lock go meanwhile. */
static enum store_error entry_open(struct depot *depot, struct depot_entry *entry, struct store_detail *ret_detail)
{
    struct store *store = NULL;
    struct store_detail detail = {0};
    enum store_error error = open_with_room(depot, entry, &store, &detail);
    note_opening(depot, entry->name, error, &detail);
    if (error && ret_detail)
        *ret_detail = detail;
    entry_settled_now(depot, entry);
    if (error) {
        entry_unlink(depot, entry);
        free(entry);
    } else {
        store->entry = entry;
        entry->store = store;
        entry->state = ENTRY_OPEN;
        depot->open++;
    }
    return error;
}

/* ---- references ------------------------------------------------------------------------------ */

static bool name_valid(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    static const char all[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strlen(name);
    return length >= 1 && length <= STORE_NAME_MAX && strchr(first, name[0]) && strspn(name, all) == length;
}

static enum store_error check_name(const char *name, struct store_detail *detail)
{
    if (name_valid(name))
        return STORE_OK;
    return error_detail(detail, STORE_BAD_NAME, 0, "\"%.80s\" cannot name a store: %s", name,
                        store_error_text(STORE_BAD_NAME));
}

/* Gives out an entry that has settled; opens the store for it when there is none. Lock held. */
static enum store_error acquire_settled(struct depot *depot, const char *name, struct depot_entry *entry,
                                        struct store **ret_store, struct store_detail *ret_detail)
{
    enum store_error error = STORE_OK;
    if (!entry) {
        entry = entry_add(depot, name);
        error = entry ? entry_open(depot, entry, ret_detail) : STORE_NO_MEMORY;
    }
    if (!error) {
        entry->references++;
        *ret_store = entry->store;
    }
    return error;
}

enum store_error depot_acquire(struct depot *depot, const char *name, struct store **ret_store,
                               struct store_detail *ret_detail)
{
    error_detail(ret_detail, STORE_OK, 0, "%s", "");
    enum store_error error = check_name(name, ret_detail);
    if (error)
        return error;
    pthread_mutex_lock(&depot->lock);
    error = acquire_settled(depot, name, entry_settled(depot, name), ret_store, ret_detail);
    unlock_and_wake(depot);
    return error;
}

enum store_error depot_acquire_or_wake(struct depot *depot, const char *name, void (*wake)(void *arg), void *arg,
                                       struct store **ret_store, struct store_detail *ret_detail)
{
    error_detail(ret_detail, STORE_OK, 0, "%s", "");
    enum store_error error = check_name(name, ret_detail);
    if (error)
        return error;
    pthread_mutex_lock(&depot->lock);
    struct depot_entry *entry = entry_find(depot, name);
    if (entry && entry->state != ENTRY_OPEN)
        error = entry_wait(entry, wake, arg);
    else
        error = acquire_settled(depot, name, entry, ret_store, ret_detail);
    unlock_and_wake(depot);
    return error;
}

enum store_error depot_try_acquire(struct depot *depot, const char *name, struct store **ret_store)
{
    if (!name_valid(name))
        return STORE_BAD_NAME;
    enum store_error error = STORE_AGAIN;
    pthread_mutex_lock(&depot->lock);
    struct depot_entry *entry = entry_find(depot, name);
    if (entry && entry->state == ENTRY_OPEN) {
        entry->references++;
        *ret_store = entry->store;
        error = STORE_OK;
    }
    pthread_mutex_unlock(&depot->lock);
    return error;
}

/* Closes a deleted store that nobody uses any more and removes its files. Thread: the pool's. */
static void entry_remove(void *arg)
{
    struct depot_entry *entry = arg;
    struct depot *depot = entry->depot;
    if (!store_is_idle(entry->store)) { /* what it waits for may wait for this thread: an aborted upload */
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        pool_submit(depot->pool, &entry->removal);
        return;
    }
    store_close(entry->store);
    folder_remove_trash(&depot->folder, entry->label);
    free(entry);
}

void depot_release(struct store *store)
{
    if (!store)
        return;
    struct depot *depot = store->depot;
    struct depot_entry *entry = store->entry;
    pthread_mutex_lock(&depot->lock);
    entry->idle_since = ++depot->releases;
    bool last = --entry->references == 0;
    bool remove = last && entry->state == ENTRY_DELETED;
    pthread_mutex_unlock(&depot->lock);
    if (remove) {
        entry->removal = (struct pool_job){.run = entry_remove, .arg = entry};
        pool_submit(depot->pool, &entry->removal);
    }
}

/* ---- making and removing stores -------------------------------------------------------------- */

static void new_label(struct depot *depot, char ret_label[LABEL_MAX])
{
    (void)snprintf(ret_label, LABEL_MAX, "%llu", (unsigned long long)atomic_fetch_add(&depot->labels, 1));
}

/* Whether the store is there, and is so for good: a failed call may have left its entry unsynced. An errno. */
static int store_on_disk(struct depot *depot, const char *name, bool *ret_there)
{
    const struct io *io = depot->options.io;
    int folder = io->openat(io->self, depot->folder.stores, name, O_RDONLY | O_DIRECTORY, 0);
    *ret_there = folder >= 0;
    if (folder < 0)
        return errno == ENOENT ? 0 : errno;
    io->close(io->self, folder);
    return folder_sync_stores(&depot->folder);
}

/* A salt nobody can guess: what keeps payloads from imitating records. */
static bool new_salt(uint64_t *ret_salt)
{
    return getrandom(ret_salt, sizeof *ret_salt, 0) == sizeof *ret_salt;
}

static int make_store(struct depot *depot, const char *name)
{
    char label[LABEL_MAX];
    uint64_t salt = 0;
    new_label(depot, label);
    return new_salt(&salt) ? folder_make_store(&depot->folder, name, label, salt) : errno;
}

enum store_error depot_create(struct depot *depot, const char *name, bool *ret_created, struct store_detail *ret_detail)
{
    error_detail(ret_detail, STORE_OK, 0, "%s", "");
    enum store_error error = check_name(name, ret_detail);
    if (!error && atomic_load(&depot->draining))
        error = STORE_DRAINING;
    if (error)
        return error;
    pthread_mutex_lock(&depot->admin);
    bool there = false;
    int os_error = store_on_disk(depot, name, &there);
    if (!os_error && !there)
        os_error = make_store(depot, name);
    pthread_mutex_unlock(&depot->admin);
    if (os_error)
        return error_detail(ret_detail, error_of_errno(os_error), os_error, "store %s cannot be made: %s", name,
                            strerror(os_error));
    *ret_created = !there;
    return STORE_OK;
}

/* Closes the store's doors; opens them again when something is left in it and `force` is not set. */
static enum store_error shut(struct store *store, bool force, struct store_detail *detail)
{
    atomic_store(&store->closing, true);
    if (force)
        return STORE_OK;
    struct store_figures figures;
    store_figures(store, &figures);
    if (figures.objects == 0 && figures.writes_in_flight == 0)
        return STORE_OK;
    atomic_store(&store->closing, false);
    return error_detail(detail, STORE_NOT_DRAINED, 0,
                        "store %s still holds %llu objects and has %llu writes under way: delete them first, or ask "
                        "with force=true",
                        store->name, (unsigned long long)figures.objects, (unsigned long long)figures.writes_in_flight);
}

/* Removes an acquired store. */
static enum store_error remove_acquired(struct depot *depot, struct store *store, bool force,
                                        struct store_detail *detail)
{
    struct depot_entry *entry = store->entry;
    enum store_error error = shut(store, force, detail);
    if (error)
        return error;
    new_label(depot, entry->label);
    bool doubtful = false;
    int os_error = folder_trash_store(&depot->folder, store->name, entry->label, &doubtful);
    if (doubtful) { /* what is written from here on might be in the trash: emptied at the next start */
        atomic_store(&store->failed, true);
        depot_log(
            depot, STORE_LOG_ERROR,
            "store %s: whether it was removed is not known (%s): it takes no writes until the server is started again",
            store->name, strerror(os_error));
    }
    if (os_error) {
        atomic_store(&store->closing, false);
        return error_detail(detail, error_of_errno(os_error), os_error, "store %s cannot be removed: %s", store->name,
                            strerror(os_error));
    }
    atomic_store(&store->deleted, true);
    compact_wanted(store); /* deletes that wait for it are told */
    pthread_mutex_lock(&depot->lock);
    forget_trouble(depot, store->name);
    entry_unlink(depot, entry);
    entry->state = ENTRY_DELETED;
    depot->open--;
    pthread_mutex_unlock(&depot->lock);
    return STORE_OK;
}

static enum store_error trash_unopened(struct depot *depot, const char *name, struct store_detail *detail)
{
    char label[LABEL_MAX];
    bool doubtful;
    new_label(depot, label);
    int os_error = folder_trash_store(&depot->folder, name, label, &doubtful);
    if (os_error)
        return error_detail(detail, error_of_errno(os_error), os_error, "store %s cannot be removed: %s", name,
                            strerror(os_error));
    folder_remove_trash(&depot->folder, label);
    return STORE_OK;
}

/* Removes a store that cannot be opened; an entry keeps others from opening it meanwhile. */
static enum store_error remove_unopened(struct depot *depot, const char *name, struct store_detail *detail)
{
    pthread_mutex_lock(&depot->lock);
    struct depot_entry *entry = entry_find(depot, name) ? NULL : entry_add(depot, name);
    pthread_mutex_unlock(&depot->lock);
    if (!entry)
        return error_detail(detail, STORE_BUSY, 0, "store %s is being opened: try again", name);
    enum store_error error = trash_unopened(depot, name, detail);
    pthread_mutex_lock(&depot->lock);
    if (!error)
        forget_trouble(depot, name);
    entry_unlink(depot, entry);
    entry_settled_now(depot, entry);
    free(entry);
    unlock_and_wake(depot);
    return error;
}

enum store_error depot_delete(struct depot *depot, const char *name, bool force, struct store_detail *ret_detail)
{
    struct store *store;
    pthread_mutex_lock(&depot->admin);
    enum store_error error = depot_acquire(depot, name, &store, ret_detail);
    if (force && (error == STORE_DAMAGED || error == STORE_FOREIGN || error == STORE_IO)) {
        error = remove_unopened(depot, name, ret_detail);
    } else if (!error) {
        error = remove_acquired(depot, store, force, ret_detail);
        depot_release(store);
    }
    pthread_mutex_unlock(&depot->admin);
    return error;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

enum store_error depot_names(struct depot *depot, char ***ret_names, size_t *ret_count)
{
    const struct io *io = depot->options.io;
    char *list = io->list(io->self, depot->folder.stores);
    if (!list)
        return error_of_errno(errno);
    size_t count = 0;
    char *end = list;
    for (; *end; end += strlen(end) + 1)
        count++;
    size_t text = (size_t)(end - list) + 1;
    char **names = malloc((count + 1) * sizeof *names + text);
    if (!names) {
        free(list);
        return STORE_NO_MEMORY;
    }
    char *copy = memcpy(names + count + 1, list, text);
    free(list);
    count = 0;
    for (char *name = copy; *name; name += strlen(name) + 1) {
        if (name_valid(name))
            names[count++] = name;
    }
    names[count] = NULL;
    qsort(names, count, sizeof *names, compare_names);
    *ret_names = names;
    *ret_count = count;
    return STORE_OK;
}

/* ---- jobs ------------------------------------------------------------------------------------ */

struct depot_job {
    struct pool_job job;
    void (*run)(void *arg);
    void *arg;
};

static void run_job(void *arg)
{
    struct depot_job own = *(struct depot_job *)arg;
    free(arg);
    own.run(own.arg);
}

enum store_error depot_run(struct depot *depot, void (*job)(void *arg), void *arg)
{
    if (pool_waiting(depot->pool) >= JOBS_WAITING_MAX)
        return STORE_BUSY;
    struct depot_job *own = malloc(sizeof *own);
    if (!own)
        return STORE_NO_MEMORY;
    *own = (struct depot_job){.run = job, .arg = arg};
    own->job = (struct pool_job){.run = run_job, .arg = own};
    pool_submit(depot->pool, &own->job);
    return STORE_OK;
}

struct pool *depot_pool(struct depot *depot)
{
    return depot->pool;
}

struct pool *depot_upkeep(struct depot *depot)
{
    return depot->upkeep;
}

/* ---- admission ------------------------------------------------------------------------------- */

void depot_admit_always(struct depot *depot, uint64_t bytes)
{
    atomic_fetch_add(&depot->bytes_in_flight, bytes);
}

void depot_discharge(struct depot *depot, uint64_t bytes)
{
    atomic_fetch_sub(&depot->bytes_in_flight, bytes);
}

enum store_error depot_admit(struct depot *depot, uint64_t bytes)
{
    if (atomic_load_explicit(&depot->draining, memory_order_relaxed))
        return STORE_DRAINING;
    uint64_t held = atomic_fetch_add(&depot->bytes_in_flight, bytes);
    if (held + bytes <= depot->options.depot_bytes_limit)
        return STORE_OK;
    atomic_fetch_sub(&depot->bytes_in_flight, bytes);
    return STORE_BUSY;
}

bool depot_draining(struct depot *depot)
{
    return atomic_load(&depot->draining);
}

bool depot_admit_upload(struct depot *depot)
{
    if (atomic_fetch_add(&depot->uploads, 1) < depot->options.uploads_limit)
        return true;
    atomic_fetch_sub(&depot->uploads, 1);
    return false;
}

void depot_discharge_upload(struct depot *depot)
{
    atomic_fetch_sub(&depot->uploads, 1);
}

bool depot_space(struct depot *depot, uint64_t bytes)
{
    return space_has(&depot->space, bytes);
}

struct space *depot_disk(struct depot *depot)
{
    return &depot->space;
}

void depot_each_open(struct depot *depot, void (*visit)(struct store *store))
{
    pthread_mutex_lock(&depot->lock);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct depot_entry *entry = depot->buckets[i]; entry; entry = entry->next) {
            if (entry->state == ENTRY_OPEN)
                visit(entry->store);
        }
    }
    pthread_mutex_unlock(&depot->lock);
}

/* ---- what others should know ----------------------------------------------------------------- */

void depot_log(struct depot *depot, enum store_log_level level, const char *format, ...)
{
    char sentence[1024];
    if (!depot->options.log)
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    depot->options.log(depot->options.log_arg, level, sentence);
}

/* Puts "1 flaw was found" or the like behind the sentence. */
static void say_count(char *text, size_t room, uint64_t count, const char *one, const char *many)
{
    size_t used = strlen(text);
    if (count > 0)
        (void)snprintf(text + used, room - used, "%s%llu %s", used > 0 ? ", " : "", (unsigned long long)count,
                       count == 1 ? one : many);
}

/* All damage that is known of an open store, or "". */
static void tell_damage(struct store *store, char *text, size_t room)
{
    uint64_t damaged = 0;
    uint64_t missing = 0;
    store_count_notes(store, &damaged, &missing);
    pthread_rwlock_rdlock(&store->lock);
    uint64_t bytes = store->damaged_bytes;
    pthread_rwlock_unlock(&store->lock);
    text[0] = '\0';
    say_count(text, room, bytes, "byte of its log was found damaged", "bytes of its log were found damaged");
    say_count(text, room, damaged, "large payload was found damaged", "large payloads were found damaged");
    say_count(text, room, missing, "large payload was found missing", "large payloads were found missing");
    say_count(text, room, scrub_flaws(store), "flaw was found by its verification",
              "flaws were found by its verification");
}

/* Says what is wrong with an open store; false when it takes no writes. */
static bool entry_healthy(const struct depot_entry *entry, struct store_detail *detail)
{
    struct store *store = entry->store;
    char damage[320];
    if (atomic_load(&store->failed)) {
        error_detail(detail, STORE_FAILED, 0, "store %s: %s", entry->name, store_error_text(STORE_FAILED));
        return false;
    }
    tell_damage(store, damage, sizeof damage);
    if (damage[0] && detail && !detail->text[0])
        error_detail(detail, STORE_DAMAGED, 0, "store %s: %s", entry->name, damage);
    return true;
}

bool depot_healthy(struct depot *depot, struct store_detail *ret_detail)
{
    bool healthy = true;
    error_detail(ret_detail, STORE_OK, 0, "%s", "");
    pthread_mutex_lock(&depot->lock);
    for (size_t i = 0; i < BUCKETS && healthy; i++) {
        for (struct depot_entry *entry = depot->buckets[i]; entry && healthy; entry = entry->next) {
            if (entry->state == ENTRY_OPEN)
                healthy = entry_healthy(entry, ret_detail);
        }
    }
    if (healthy && depot->trouble.name[0] && ret_detail && !ret_detail->text[0])
        *ret_detail = depot->trouble.detail;
    pthread_mutex_unlock(&depot->lock);
    if (healthy && !depot->options.read_only && ret_detail && !ret_detail->text[0])
        space_tell(&depot->space, ret_detail);
    return healthy;
}
