/* store.h - the engine of cairn, and its only public header.
 *
 * A *depot* is a data folder: it is locked, holds named stores and owns a few I/O threads.
 * A *store* is an append-only log with one writer at a time. A *stream* is an upload under way.
 * An *object* is a reader's pin of one version of what a key holds.
 *
 *   Open a folder and a store:
 *       struct depot_options options = depot_options_default();
 *       error = depot_open("/srv/data", &options, &depot, &detail);
 *       error = depot_create(depot, "photos", &created, &detail);
 *       error = depot_acquire(depot, "photos", &store, &detail);
 *
 *   Write from memory; `done` runs on a thread that commits, once the bytes are on disk:
 *       struct store_op op = {.kind = STORE_PUT, .key = store_key_of("cat", 3), .payload = p, .size = n};
 *       error = store_batch(store, &op, 1, 0, done, arg);
 *
 *   Write more than memory holds:
 *       error = stream_open(store, key, size, NULL, &stream);
 *       error = stream_write(stream, bytes, length, &taken);   // taken < length: stream_wait()
 *       stream_commit(stream, &finish, done, arg);             // or stream_abort(stream)
 *
 *   Read:
 *       error = store_get(store, &key, STORE_GET_PAYLOAD, &object);
 *       const struct object_info *info = object_info(object);
 *       ... object_payload(object), object_read(object, position, ...) or object_take_descriptor(object) ...
 *       object_release(object);
 *
 * Threads. Every function may be called from any thread unless its `Thread:` line says otherwise.
 * Functions marked *blocking* may wait for the disk; an event loop hands them to depot_run().
 * A completion callback runs on a thread of the engine, or on that of a caller who waits for the disk, and must not
 * block; it may call any function that is not marked blocking.
 *
 * Errors. Functions return an enum store_error; out parameters come last, are called ret_..., and
 * are untouched on failure unless said otherwise. The reason that the system gave is in the struct store_detail or
 * store_result where there is one; else it is in errno after STORE_IO.
 */
#ifndef CAIRN_STORE_H
#define CAIRN_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct depot;
struct store;
struct stream;
struct object;
struct io; /* the table of file calls: io.h; NULL everywhere below means the POSIX one */

enum {
    STORE_KEY_MAX = 1024,              /* bytes in a key, at least 1 */
    STORE_NAME_MAX = 63,               /* bytes in a store's name */
    STORE_ADDRESS_MAX = 256,           /* bytes of the URL at which a process serves, with the NUL */
    STORE_UPLOAD_LABEL_MAX = 16 << 10, /* bytes that an unfinished upload carries, opaque to the engine */
    STORE_UPLOAD_PARTS_MAX = 1024,     /* that an upload is made of */
    STORE_ATTRIBUTES_MAX = 8192,       /* bytes of an object's attributes, opaque to the engine */
    STORE_INLINE_LIMIT_MAX = 1 << 20,  /* the largest inline limit that may be configured */
    STORE_PAYLOAD_SMALL = 16 << 10,    /* bytes of a payload that always comes in memory when it is inline */
    STORE_SEGMENT_MIN = 64 << 10,      /* the bounds of the segment size */
    STORE_SEGMENT_MAX = 128 << 20
};

/* The characters of a store's name, which begins with none of the last three. */
#define STORE_NAME_ALPHABET "abcdefghijklmnopqrstuvwxyz0123456789._-"

#define STORE_SIZE_UNKNOWN UINT64_MAX

enum store_error {
    STORE_OK = 0,
    STORE_AGAIN,          /* would have to wait; call again where blocking is allowed */
    STORE_NO_STORE,       /* no store of that name */
    STORE_ELSEWHERE,      /* another process has the store: store_detail.owner; nothing has been done */
    STORE_NO_OBJECT,      /* no object under that key */
    STORE_NO_UPLOAD,      /* no unfinished upload of that id, or it has expired */
    STORE_UPLOAD_HELD,    /* somebody else works on it */
    STORE_UPLOAD_OFFSET,  /* that is not how far it has come */
    STORE_UPLOAD_PARTS,   /* one of those that it is to be made of is no part, or lacks bytes */
    STORE_MANY_UPLOADS,   /* the store has as many unfinished ones as it may */
    STORE_BAD_NAME,       /* not [a-z0-9][a-z0-9._-]{0,62} */
    STORE_BAD_KEY,        /* no bytes, or more than STORE_KEY_MAX */
    STORE_BAD_ATTRIBUTES, /* more than STORE_ATTRIBUTES_MAX bytes */
    STORE_TOO_LARGE,      /* an object or a batch over its configured limit */
    STORE_EMPTY,          /* a batch entry without bytes, and no STORE_ALLOW_EMPTY */
    STORE_NUL,            /* a batch entry of one NUL byte, and no STORE_ALLOW_NUL */
    STORE_COLLISION,      /* a hash alone was given, and several keys have it */
    STORE_CONDITION,      /* a precondition does not hold */
    STORE_EXISTS,         /* the target exists and may not be replaced */
    STORE_SAME,           /* source and target are the same object */
    STORE_NOT_DRAINED,    /* the store still holds objects */
    STORE_DIGEST,         /* the payload is not what its sender said */
    STORE_SIZE,           /* fewer or more bytes than announced */
    STORE_BUSY,           /* over the limit of work in flight; try later */
    STORE_DRAINING,       /* shutting down, or the store is being deleted */
    STORE_FULL,           /* no space on the disk */
    STORE_QUOTA,          /* a limit of the store would be passed: struct store_overrun */
    STORE_TOO_MANY,       /* the depot holds as many stores as it may */
    STORE_DAMAGED,        /* stored bytes do not match their digest */
    STORE_GONE,           /* deletions behind that offset are not known any more, or it is none of the log's */
    STORE_MISSING,        /* the file of a large payload is not there */
    STORE_FAILED,         /* an earlier write failed for good: the store takes no writes until it is reopened */
    STORE_IO,             /* a file call failed: the errno is beside it where there is one */
    STORE_NO_MEMORY,
    STORE_LOCKED,  /* another process has the data folder open */
    STORE_FOREIGN, /* the folder is not cairn's; it was left untouched */
    STORE_TOO_NEW, /* written by a newer cairn; it was left untouched */
    STORE_FENCED,  /* the pool is lost to this process: another one has taken over, or the cluster does not answer */
    STORE_ERRORS   /* their number */
};

/* A short lower-case sentence for an error, without a full stop. Never NULL; static storage. */
const char *store_error_text(enum store_error error);

/* Whether an error, with the errno beside it, tells only that this process was short of memory or of descriptors: then
 * it says nothing about the disk. Thread: any. */
bool store_error_is_shortage(enum store_error error, int os_error);

/* Where a sentence about a failure is wanted: filled on failure of the calls that take one. */
struct store_detail {
    int os_error;                  /* errno of the failed call, or 0 */
    char text[1536];               /* what failed, with which path or value, and what to do; "" if nothing to add */
    char owner[STORE_ADDRESS_MAX]; /* STORE_ELSEWHERE: where the store is served; "": nobody says */
};

/* ---- keys, digests, conditions --------------------------------------------------------------- */

/* A key by its bytes, or by its hash alone (bytes NULL, length 0). Borrows the bytes. Keys with one hash live side by
 * side; by that hash alone nothing can be done with them as long as they are several: STORE_COLLISION. */
struct store_key {
    const void *bytes;
    size_t length;
    uint64_t hash; /* XXH3-64 of the bytes, seed 0 */
};

/* The key that has these bytes, which are borrowed; the key of which no more than the hash is known. Neither looks
 * whether it can be a key: what takes one does, with STORE_BAD_KEY. */
struct store_key store_key_of(const void *bytes, size_t length);
struct store_key store_key_of_hash(uint64_t hash);

/* XXH3-128 of a payload in its canonical (big-endian) byte order. */
struct store_digest {
    uint8_t bytes[16];
};

/* The digest of these bytes; whether two are the same. */
struct store_digest store_digest_of(const void *bytes, size_t length);
bool store_digest_equal(const struct store_digest *a, const struct store_digest *b);

/* What must hold of the object under a key. All zero: nothing. Borrows its lists. */
struct store_condition {
    bool exists;       /* If-Match: * */
    bool absent;       /* If-None-Match: * */
    bool match_listed; /* If-Match: the payload's digest is in match (which may be empty) */
    const struct store_digest *match;
    size_t match_count;
    const struct store_digest *none_match; /* If-None-Match: its digest is not among these */
    size_t none_match_count;
    bool dated;        /* If-Unmodified-Since: if there is an object, it was not written after not_after */
    int64_t not_after; /* nanoseconds since 1970 */
};

/* Whether anything has to hold at all. */
bool store_condition_asks(const struct store_condition *condition);

/* ---- expiry ----------------------------------------------------------------------------------- */

/* An object's attributes are opaque to the engine, but for how they begin: these bytes in front of all others say when
 * it expires. From that second on, by the clock of the system, there is no such object: for who reads or lists, for
 * conditions, and as the source or the target of a write, which then makes a new one. What it takes on the disk comes
 * back when the background has deleted it, soon behind that second, or behind the next opening of its store; until then
 * the figures count it, and the limits. */
enum { STORE_EXPIRY = 12 };

/* The bytes for a second, counted since 1970 and greater than 0. */
void store_expiry_write(unsigned char ret_bytes[STORE_EXPIRY], int64_t seconds);

/* What attributes say: a second, or 0 where that is nothing. */
int64_t store_expiry(const void *attributes, size_t length);

/* ---- the depot ------------------------------------------------------------------------------- */

enum store_log_level { STORE_LOG_INFO, STORE_LOG_WARNING, STORE_LOG_ERROR };

/* Must not block. Thread: called from any thread of the engine. */
typedef void store_log_function(void *arg, enum store_log_level level, const char *sentence);

struct depot_options {
    const struct io *io;     /* borrowed until depot_close(); NULL: POSIX */
    store_log_function *log; /* NULL: silence */
    void *log_arg;
    size_t inline_limit;        /* bytes; larger payloads become blob files */
    uint64_t segment_size;      /* bytes; a segment of the log is sealed when it holds this much */
    uint64_t first_segment;     /* bytes of a log's first one: those behind it are larger, up to that */
    uint64_t object_limit;      /* bytes in the largest object */
    uint64_t store_bytes_limit; /* payload bytes in memory, per store */
    uint64_t depot_bytes_limit; /* the same for all stores */
    size_t store_ops_limit;     /* writes in flight per store */
    uint64_t upload_expiry;     /* seconds; an unfinished upload that rests for so long is forgotten */
    size_t uploads_kept;        /* unfinished uploads of a store, and as many that are done and remembered */
    size_t uploads_limit;       /* streams that hold a blob file open, in all */
    uint64_t disk_reserve;      /* bytes of the disk that puts leave to deletes and compaction; 0: no file keeps them */
    size_t io_threads;          /* threads for blobs and other blocking work, at most */
    size_t commit_threads;      /* threads that commit: so many stores are written to at once */
    size_t open_stores_limit;   /* idle stores beyond it are closed, the longest idle first */
    size_t idle_files_limit;    /* files of sealed segments and of listings that stay open although nobody reads them */
    size_t small_stores_limit;  /* so many idle ones that hold next to nothing stay open beside those */
    size_t open_together_limit; /* beyond so many open stores, of which small idle ones count half, each one waits until
                                   there are descriptors for it and for those in use; 0: it tries at once */
    void (*vacated)(void *arg); /* called when a store has been closed, and left its descriptors, from any thread; NULL:
                                   nobody wants to know. Must not block */
    void *vacated_arg;
    uint64_t store_idle_timeout; /* seconds; a store that nobody has used for so long is closed; 0: it stays open */
    uint64_t shortage_patience;  /* milliseconds in which opening and closing a store waits for descriptors */
    uint64_t feed_retention;     /* seconds; for so long deletions are told to those who follow; 0: as it comes */
    size_t stores_limit;         /* no more are made than so many; those that are there stay */
    bool keep_expired;           /* what has expired is left for others to delete */
    bool read_only;              /* nothing is written, not even what recovery would; writes are STORE_DRAINING */
};

/* The options of whoever asks for nothing special: files of POSIX, no log, and everything may be written. */
struct depot_options depot_options_default(void);

/* What becomes of `segment_size` beside that `disk_reserve`. */
uint64_t depot_segment_size(const struct depot_options *options);

/* ---- a pool in the place of a disk ------------------------------------------------------------- */

/* A pool of a Ceph cluster that is a place for one data folder, which any number of processes may have open. Each of
 * its stores is had by one of them at a time, from when it is opened there until some time after it was used last. A
 * process that another one has taken a store from, or that has had no answer of the cluster for as long as the lease
 * lasts, has lost all of them: every call that would come to the pool is STORE_FENCED for good, and nothing is
 * acknowledged any more. It has to end. */
struct medium;

struct medium_options {
    const char *name;    /* rados:POOL or rados:POOL/NAMESPACE; borrowed */
    const char *conf;    /* the cluster's ceph.conf; NULL: where it mostly is */
    const char *user;    /* without "client."; NULL: admin */
    const char *address; /* where this process serves, for those that ask another one; NULL: nobody is told */
    unsigned lease;      /* seconds without an answer after which it is lost */
    size_t cache;        /* bytes of what was read lately that are kept in memory */
    void (*lost)(void *arg, const char *sentence); /* called once, from any thread. Must not block */
    void *arg;
};

/* Whether the name of a data folder is that of a pool. */
bool medium_is_named(const char *name);

/* Connects. STORE_FOREIGN: there is no such pool, or no librados; STORE_IO, STORE_FULL, STORE_NO_MEMORY. ret_detail may
 * be NULL. Blocking. */
enum store_error medium_open(const struct medium_options *options, struct medium **ret_medium,
                             struct store_detail *ret_detail);

/* Its file calls, for the options of a depot, whose path is the name. Lives as long as the medium. */
const struct io *medium_io(const struct medium *medium);

/* From here on nobody is sent to this process: who wants one of its stores asks for it, and gets it when nobody uses
 * it. For who is about to end. NULL is allowed. Blocking. */
void medium_retire(struct medium *medium);

/* The same with the files of this machine beside it, for who copies from one to the other: a path that begins with the
 * name of the pool leads there, any other one does not. `in_pool`: for the folder that is in the pool; else for the
 * other one. */
const struct io *medium_io_beside(const struct medium *medium, bool in_pool);

/* Gives the pool back. Every depot in it must have been closed. NULL is allowed. Blocking. */
void medium_close(struct medium *medium);

/* ---- opening and closing ------------------------------------------------------------------------ */

/* The file in a data folder that is not the engine's: who serves the folder says in it whom, perhaps before it is
 * opened for the first time. A folder that holds only this, or its draft, is empty. */
#define DEPOT_ACCESS       "access.json"
#define DEPOT_ACCESS_DRAFT DEPOT_ACCESS ".new"

/* Opens the data folder, creating it, with the folders it lies in, when missing or empty; locks it.
 * Stores open at first use. Fails with STORE_LOCKED, STORE_FOREIGN, STORE_DAMAGED (its marker is), STORE_TOO_NEW,
 * STORE_IO, STORE_NO_MEMORY. ret_detail may be NULL. Blocking. */
enum store_error depot_open(const char *path, const struct depot_options *options, struct depot **ret_depot,
                            struct store_detail *ret_detail);

/* From here on new writes fail with STORE_DRAINING; those under way and reads go on. */
void depot_drain(struct depot *depot);

/* From here on nobody waits for a change: who does is called soon (store_watch()). All else goes on. */
void depot_end_watches(struct depot *depot);

/* From here on no store is opened: who waits for one gets STORE_DRAINING soon. Those that are open go on. */
void depot_halt(struct depot *depot);

/* Somebody lacks so many descriptors: files that nobody reads are closed at once, and then stores that nobody uses in
 * the background, until they leave as many, or none is left. False: there is nothing; else `vacated` of the options is
 * called once at least. Does not block. */
bool depot_make_room(struct depot *depot, size_t files);

/* Waits until the last completion has returned, syncs, closes, frees. Every store must have been
 * released. NULL is allowed. Blocking. Thread: not from a completion callback. */
void depot_close(struct depot *depot);

/* Makes a store; *ret_created is false when it was there. On disk when it returns. STORE_BAD_NAME; STORE_BUSY while
 * another of that name is still being removed; STORE_TOO_MANY, STORE_DRAINING, STORE_FULL, STORE_IO, STORE_NO_MEMORY.
 * ret_detail may be NULL. Blocking. */
enum store_error depot_create(struct depot *depot, const char *name, bool *ret_created,
                              struct store_detail *ret_detail);

/* Removes a store with all it holds; without force only when no object is left and no write is under way
 * (STORE_NOT_DRAINED). With force also one that cannot be opened, for STORE_DAMAGED, STORE_FOREIGN or STORE_IO: then
 * STORE_BUSY while somebody tries to. Else the errors of depot_acquire(), and STORE_FULL. ret_detail may be NULL.
 * Writes that come later fail with STORE_DRAINING; readers keep what they hold. Blocking. */
enum store_error depot_delete(struct depot *depot, const char *name, bool force, struct store_detail *ret_detail);

/* The same for a store whose state (struct store_figures) meets the condition, when nobody can write to it any more; no
 * time is looked at. STORE_CONDITION, and where a write is under way. One that cannot be opened stays. */
enum store_error depot_delete_if(struct depot *depot, const char *name, bool force,
                                 const struct store_condition *condition, struct store_detail *ret_detail);

/* The most that a store may hold of something. All zero: as much as comes. */
struct store_limit {
    bool set;
    uint64_t most;
};

struct store_limits {
    struct store_limit bytes; /* payload bytes of its objects; what has arrived of unfinished uploads counts as well */
    struct store_limit objects;
};

/* Sets limits of a store; NULL: that one stays. A store that holds more already keeps it, and may get smaller, but not
 * larger. On disk when it returns; on failure the old ones hold, but where the disk has failed the new ones may hold
 * from when the store is opened next. The errors of depot_acquire(), STORE_DRAINING, STORE_FULL. ret_detail may be
 * NULL. Blocking. */
enum store_error depot_set_limits(struct depot *depot, const char *name, const struct store_limit *bytes,
                                  const struct store_limit *objects, struct store_detail *ret_detail);

/* The limits of a store, which is not opened for that. STORE_BAD_NAME, STORE_NO_STORE, STORE_FOREIGN, STORE_DAMAGED,
 * STORE_TOO_NEW, STORE_IO. Blocking: where it is not open it reads a small file. */
enum store_error depot_limits(struct depot *depot, const char *name, struct store_limits *ret_limits);

/* A reference to a store, opened and recovered if need be. STORE_BAD_NAME, STORE_NO_STORE, STORE_ELSEWHERE; when it
 * cannot be opened STORE_FOREIGN, STORE_DAMAGED, STORE_TOO_NEW, STORE_TOO_LARGE (its log has more segments than can be
 * told apart), STORE_IO, STORE_NO_MEMORY. ret_detail may be NULL. Blocking. */
enum store_error depot_acquire(struct depot *depot, const char *name, struct store **ret_store,
                               struct store_detail *ret_detail);

/* How opening a store has come to an end: with a reference to it, or with an error and a detail. Must not block. */
typedef void store_opened(void *arg, enum store_error error, struct store *store, const struct store_detail *detail);

/* The same for who does not wait: where the store is not open STORE_AGAIN, and it is opened by another thread, which
 * calls `opened(arg, ...)`, once. STORE_BAD_NAME, STORE_NO_MEMORY. Does not block. */
enum store_error depot_acquire_soon(struct depot *depot, const char *name, store_opened *opened, void *arg,
                                    struct store **ret_store);

/* The same, and a store that another process has is brought here: that one is asked for it, and lets it go as soon as
 * nobody uses it there, for which as long is waited as the lease lasts. STORE_ELSEWHERE when it has not by then. A
 * store whose process does not say where it serves is always acquired so. */
enum store_error depot_bring_soon(struct depot *depot, const char *name, store_opened *opened, void *arg,
                                  struct store **ret_store);

/* The same for a store that is open already; STORE_AGAIN when it is not, STORE_BAD_NAME. Does not block. */
enum store_error depot_try_acquire(struct depot *depot, const char *name, struct store **ret_store);

/* Begins to open these stores before anybody asks for them, a few at a time, and no more than may be open; NULL: all
 * that there are. They stay open, however long nobody uses them. Once. STORE_IO, STORE_NO_MEMORY. Blocking: lists a
 * folder. */
enum store_error depot_load(struct depot *depot, const char *const *names, size_t count);

/* Whether that has not come to its end yet: *ret_detail says how far it is. Does not block. */
bool depot_is_loading(struct depot *depot, struct store_detail *ret_detail);

/* Gives the reference back. Hold it while calls on the store are under way. NULL is allowed. */
void depot_release(struct store *store);

/* Whether a text can be a store's name. */
bool store_name_valid(const char *name);

/* The names of all stores in bytewise order, one allocation: free() it. ret_names[count] is NULL. STORE_IO,
 * STORE_NO_MEMORY. Blocking: lists a folder, one that is mostly in memory. */
enum store_error depot_names(struct depot *depot, char ***ret_names, size_t *ret_count);

/* Runs `job(arg)` on one of the depot's I/O threads: for blocking calls of an event loop.
 * STORE_BUSY when too many wait, STORE_NO_MEMORY. Once depot_close() has been called only jobs may call it, and the
 * completion callbacks that it waits for. */
enum store_error depot_run(struct depot *depot, void (*job)(void *arg), void *arg);

/* The same for work that is under way already: it is never refused because others wait, only made to wait. */
enum store_error depot_go_on(struct depot *depot, void (*job)(void *arg), void *arg);

/* Has it looked whether the data folder is there, and its disk gives bytes and takes some, unless that was just now. A
 * thread of its own does that and calls `done(arg)`, which must not block; depot_healthy() has the result. STORE_AGAIN
 * when an earlier look does not come back, which depot_healthy() tells as well; STORE_NO_MEMORY. Does not block. */
enum store_error depot_probe(struct depot *depot, void (*done)(void *arg), void *arg);

/* True while every open store takes writes, and the last look at the disk found nothing. ret_detail says what it found,
 * or names the first store that takes none, or else the first in which damage was found, by recovery, a read or a
 * verification, or else says that the disk is full, so that puts are refused; its text is "" when all is well. */
bool depot_healthy(struct depot *depot, struct store_detail *ret_detail);

enum { STORE_TALLY_BOUNDS = 12 };

/* How often something was how large: up to each bound and beyond the one before, and last beyond all of them. */
struct store_tally {
    const uint64_t *bounds; /* STORE_TALLY_BOUNDS of them, rising; static storage */
    uint64_t buckets[STORE_TALLY_BOUNDS + 1];
    uint64_t sum;
};

struct depot_figures {
    uint64_t free_bytes;      /* of its disk, for this process; UINT64_MAX: the disk does not tell */
    uint64_t reserve_bytes;   /* that are kept for deletes and compaction on a full disk */
    uint64_t uploads;         /* that hold a blob file */
    uint64_t bytes_in_flight; /* payload bytes in memory */
    struct store_tally syncs; /* of logs: nanoseconds of each, those that failed included */
    struct store_tally commit_bytes;
    struct store_tally commit_records;
    bool full; /* puts are refused for want of space */
};

/* The figures of the depot as a whole, since it was opened. Asks the file system how much is free, as every upload
 * does; else it does not block. */
void depot_figures(struct depot *depot, struct depot_figures *ret_figures);

/* ---- a store --------------------------------------------------------------------------------- */

const char *store_name(const struct store *store); /* borrowed, lives as long as the reference */

/* A random number that was made with it, and that no other one has. A secret: who knows it can make payloads that pass
 * for records. */
uint64_t store_salt(const struct store *store);

/* The offset where its log ends: where the next change will begin. */
uint64_t store_end_offset(struct store *store);

struct store_figures {
    uint64_t objects;
    uint64_t live_bytes; /* payload bytes of the objects that can be read */
    uint64_t dead_bytes; /* bytes of the log and of blobs that no object needs */
    uint64_t disk_bytes; /* bytes of all files of the store, those of resumable uploads among them */
    uint64_t end_offset; /* where the next record goes: only grows */
    uint64_t segments;
    uint64_t blobs;
    uint64_t writes_in_flight;
    uint64_t bytes_in_flight;
    uint64_t commits;       /* group commits since the store was opened */
    uint64_t records;       /* records committed since the store was opened */
    uint64_t damaged_bytes; /* bytes of the log that recovery or a read found damaged */
    uint64_t damaged_blobs; /* of the blobs: those that a read or a verification found damaged or missing */
    uint64_t overdue_bytes; /* of dead records, by which compaction is behind: from some on writers wait for it */
    bool failed;            /* a sync failed: no writes until reopened */
    struct store_limits limits;
    uint64_t unfinished_bytes; /* what unfinished uploads add to the live bytes before that limit */
    uint64_t unfinished_uploads;
    struct store_digest state; /* the same as long as nothing that it holds has changed, across restarts, too */
};

/* The figures of a store as they are now. Does not block: at most a commit is being published meanwhile. */
void store_figures(struct store *store, struct store_figures *ret_figures);

/* ---- listing --------------------------------------------------------------------------------- */

enum { STORE_CURSOR_MAX = STORE_KEY_MAX + 2 };

/* Which objects, in bytewise order of their keys; those known by their hash only come first. Borrowed. */
struct store_list_query {
    const void *prefix; /* only keys that begin with it */
    size_t prefix_length;
    const void *delimiter; /* keys that hold it behind the prefix are shown as one group; length 0: no groups */
    size_t delimiter_length;
    const void *cursor; /* where an earlier page ended; length 0: the beginning */
    size_t cursor_length;
    size_t limit; /* items on the page */
};

/* An object, or (info NULL) a group of keys: what they have in common, up to and with the delimiter. */
struct store_list_item {
    const struct object_info *info;
    const void *prefix;
    size_t prefix_length;
};

/* Whether bytes a client brings can be a cursor. */
bool store_list_cursor_valid(const void *cursor, size_t length);

/* One item of a page. False: the page is long enough with it, whatever its limit. */
typedef bool store_list_take(void *arg, const struct store_list_item *item);

/* Calls `take` for each item of the page; *ret_cursor_length is 0 at the end, else the cursor of the next page.
 * What exists from before the call until it returns is listed. STORE_NO_STORE when the store has been removed;
 * STORE_IO, STORE_DAMAGED, STORE_NO_MEMORY. Blocking. */
enum store_error store_list(struct store *store, const struct store_list_query *query, store_list_take *take, void *arg,
                            unsigned char ret_cursor[STORE_CURSOR_MAX], size_t *ret_cursor_length);

/* ---- following a store ----------------------------------------------------------------------- */

/* What one record of the log says. Borrowed. */
struct store_change {
    bool put;          /* the object is this version; else there is none of that name any more */
    const void *key;   /* NULL: the object without a name that has this hash */
    size_t key_length; /* bytes */
    uint64_t key_hash;
    uint64_t offset; /* of the record */
    uint64_t ends;   /* other than 0: first of all, what has this hash and an offset in front of it ends, whatever its
                        name */
    uint64_t size;   /* of a put: bytes of the payload, and their digest */
    struct store_digest digest;
    int64_t time; /* nanoseconds since 1970: when it was written first */
};

struct store_changes_query {
    uint64_t since;     /* where an earlier answer ended; 0: the beginning */
    size_t limit;       /* changes; a transaction is told whole, also where it goes beyond. 0: where the log ends */
    bool parted;        /* but it may be told in parts, an answer each */
    bool amid;          /* `since` is where such a part ended: the rest comes first, whatever the limit */
    const void *prefix; /* only keys that begin with it; length 0: all, and only then objects without a name */
    size_t prefix_length;
};

struct store_changes {
    uint64_t next;   /* where the next answer begins */
    bool amid;       /* only a part of a transaction has been told up to there: who asks for more says so */
    uint64_t oldest; /* from here on the log tells of every deletion */
    uint64_t end;    /* where the log ended: whoever has come there holds the store as it was then */
    uint64_t behind; /* of STORE_DAMAGED: where the log can be read again */
};

/* One change. False: it is enough, once its transaction has been told; where that may be parted, at once. */
typedef bool store_change_take(void *arg, const struct store_change *change);

/* Calls `take` for each change of a part of the log, in order. Who holds what all changes up to `since` make, and
 * applies these, holds what those up to `next` make. What compaction has moved is told again, as a put of the same
 * version. An answer may be short, or have no changes, and the log go on; one that ends at `end` has all there was.
 *
 * STORE_GONE: deletions behind `since` have been dropped, or it is no place where a change begins: begin at 0, with
 * nothing. STORE_DAMAGED: the log cannot be read at `since`: next, oldest, end and behind are set. STORE_NO_STORE when
 * it has been removed; STORE_IO, STORE_NO_MEMORY. What was told before a failure counts. Blocking. */
enum store_error store_changes(struct store *store, const struct store_changes_query *query, store_change_take *take,
                               void *arg, struct store_changes *ret_changes);

/* Somebody who waits for changes of a store, as often as they like. */
struct store_watcher;

enum store_watch_end {
    STORE_WATCH_MORE, /* there is more in the log */
    STORE_WATCH_TIME, /* the time is over */
    STORE_WATCH_OVER, /* nobody waits any more: the store was removed, the depot drains or has ended its watches */
    STORE_WATCH_LEFT, /* store_watcher_leave() */
};

/* Must not block; the watcher may wait again, or be freed. Thread: the engine's, or that of store_watcher_leave(). */
typedef void store_watched(void *arg, enum store_watch_end end);

/* One that does not wait yet. The store's reference has to live as long as it. NULL: no memory. */
struct store_watcher *store_watcher_new(struct store *store, store_watched *told, void *arg);

/* Frees one that does not wait. NULL is allowed. */
void store_watcher_free(struct store_watcher *watcher);

/* Calls told(arg, ...) once: when the log has come beyond the offset `end`, when nobody waits any more, or after so
 * many milliseconds, a quarter of a second later at most. It must not wait already. Takes no thread, and does not
 * block. */
void store_watch(struct store_watcher *watcher, uint64_t end, unsigned milliseconds);

/* If it waits it does no longer: told(arg, STORE_WATCH_LEFT) is called, from here or soon. Who is being told anything
 * else just now is told that. Does not block. Thread: one that the watcher is not freed on meanwhile. */
void store_watcher_leave(struct store_watcher *watcher);

/* ---- verification ---------------------------------------------------------------------------- */

enum store_flaw_kind {
    STORE_FLAW_LOG,     /* bytes of the log that no valid record covers */
    STORE_FLAW_HEADER,  /* the header of a segment: what follows is kept */
    STORE_FLAW_PAYLOAD, /* a payload in the log does not match its digest */
    STORE_FLAW_BLOB,    /* a large payload does not match its digest or size */
    STORE_FLAW_MISSING, /* the file of a large payload is not there */
    STORE_FLAW_KEYS,    /* the sorted keys of a segment: they are made again from it */
    STORE_FLAW_READ,    /* the disk would not give the bytes */
    STORE_FLAW_FILE,    /* a file with a segment's name that is set aside: nothing in it counts */
};

struct store_flaw {
    enum store_flaw_kind kind;
    uint64_t offset; /* in the log: of the bytes or of the record */
    uint64_t length; /* bytes concerned */
    const void *key; /* NULL when not known */
    size_t key_length;
    uint64_t key_hash;
    bool live; /* an object that can be asked for is concerned */
};

struct store_verification {
    bool running;
    bool complete;   /* everything was looked at: not stopped, not cut short by an error */
    int64_t started; /* nanoseconds since 1970, 0: never */
    int64_t finished;
    uint64_t bytes_done;
    uint64_t bytes_total; /* as known at the start */
    uint64_t records;
    uint64_t blobs;
    uint64_t flaws;
};

/* A short phrase for a kind of flaw. Static storage. */
const char *store_flaw_text(enum store_flaw_kind kind);

/* Reads every record of the log and every blob of a live object and compares them with their digests, not
 * faster than `bytes_per_second` (0: as fast as it goes). Reports each flaw once; `flaw` may be NULL and
 * is called on the calling thread. One verification per store at a time: STORE_BUSY. STORE_NO_MEMORY.
 * Blocking, and long. */
enum store_error store_verify(struct store *store, uint64_t bytes_per_second,
                              void (*flaw)(void *arg, const struct store_flaw *flaw), void *arg,
                              struct store_verification *ret_verification);

/* Has it end soon, as one that is not complete, and each that begins later. Does not block. Thread: any. */
void store_verify_stop(struct store *store);

/* store_verify() on a thread of its own: flaws go to the depot's log; ends early when the store is closed or
 * deleted. STORE_BUSY when one runs, STORE_DRAINING, STORE_NO_MEMORY. */
enum store_error store_verify_start(struct store *store, uint64_t bytes_per_second);

/* How far the running verification is, or what the last one since the store was opened found. */
void store_verification(struct store *store, struct store_verification *ret_verification);

/* ---- compaction ------------------------------------------------------------------------------ */

/* Of the log alone, without large payloads. */
struct store_log_figures {
    uint64_t bytes;      /* of its files, without the one that is prepared for what comes next */
    uint64_t dead_bytes; /* of records that are of no use */
    uint64_t segments;   /* with records */
};

struct store_compaction {
    bool running;
    bool complete;   /* it has ended, and nothing is left that is worth it */
    int64_t started; /* nanoseconds since 1970, 0: never */
    int64_t finished;
    struct store_log_figures before; /* as it began; all zero until then */
    struct store_log_figures after;  /* while it runs: as it is now */
};

/* How waiting for a compaction has come to an end, and what is known of it then, which is borrowed: STORE_OK when that
 * has ended; STORE_AGAIN when the time is over and it goes on: `after` is not told; STORE_DRAINING, STORE_NO_STORE,
 * STORE_FAILED when it was given up. Must not block. */
typedef void store_compacted(void *arg, enum store_error error, const struct store_compaction *compaction);

/* Has all segments that there are now compacted, in the background, of which an eighth would come back: by itself a
 * store leaves those alone of which less than a half is of no use. The last one is sealed for that, where an eighth of
 * it is of no use and what follows is smaller. Where it runs already this joins it. Who waits is told by
 * `done(arg, ...)`, once, perhaps before this returns: at the end, or after so much time. Refused at once:
 * STORE_DRAINING, STORE_NO_STORE, STORE_FAILED, STORE_NO_MEMORY. Does not block. */
enum store_error store_compact(struct store *store, unsigned milliseconds, store_compacted *done, void *arg);

/* How far the running one is, or what the last one since the store was opened brought. */
void store_compaction(struct store *store, struct store_compaction *ret_compaction);

/* ---- writing --------------------------------------------------------------------------------- */

enum store_op_kind { STORE_PUT, STORE_DELETE, STORE_RENAME, STORE_COPY };

/* One step of a transaction. Borrowed, with all it points to, until `done` has returned. */
struct store_op {
    enum store_op_kind kind;
    struct store_key key;             /* put, delete: the object; rename, copy: the source */
    struct store_key target;          /* rename, copy */
    bool keep_target;                 /* rename, copy: an existing target is STORE_EXISTS */
    struct store_condition condition; /* on `key`, decided at the commit */
    const void *payload;              /* put */
    size_t size;
    const void *attributes; /* put; a rename and a copy take them along */
    size_t attributes_length;
};

enum store_batch_flags {
    STORE_ALLOW_EMPTY = 1, /* puts without bytes */
    STORE_ALLOW_NUL = 2,   /* puts of one single NUL byte */
    STORE_BEGUN = 4,       /* part of what began long ago: let in also when the depot drains, or is busy, by now */
};

/* What became of one step. */
struct store_receipt {
    const void *key; /* the object's key; NULL when it is known by its hash only */
    size_t key_length;
    uint64_t key_hash;
    uint64_t offset; /* of the record; for a delete the end of the log */
    uint64_t size;   /* payload bytes; 0 for a delete */
    struct store_digest digest;
    bool existed; /* the key (rename, copy: the target) held an object before this step */
};

/* How a write would pass a limit of its store. */
struct store_overrun {
    bool of_objects; /* the limit is that of objects; else of bytes */
    uint64_t limit;
    uint64_t used;  /* bytes: with those of unfinished uploads */
    uint64_t added; /* by the write */
};

struct store_result {
    enum store_error error;
    int os_error;                         /* errno where a file call failed, else 0 */
    size_t failed_op;                     /* on failure: the index of the step at fault, SIZE_MAX if none is */
    struct store_overrun overrun;         /* of STORE_QUOTA */
    uint64_t end_offset;                  /* end of the log after this commit */
    const struct store_receipt *receipts; /* one per step when error is STORE_OK */
    size_t receipt_count;
};

/* Called exactly once per accepted write. The result lives until the call returns.
 * Thread: the store's writer or an I/O thread. Must not block. */
typedef void store_done(void *arg, const struct store_result *result);

/* Commits `count` steps as one transaction, in order: later steps see earlier ones, and all are
 * applied or none. Limits of the store are looked at once, at the end: STORE_QUOTA, and no step is at
 * fault. What adds nothing is always let through.
 * Contract: write, batch_write, delete, batch_delete, rename, each also by hash.
 * Accepted (STORE_OK): `done` will be called. Refused at once, without `done`: STORE_BAD_KEY,
 * STORE_BAD_ATTRIBUTES, STORE_TOO_LARGE (a payload over the inline limit is a stream's work only
 * when alone: in a batch it is stored as it comes, up to the depot's limits), STORE_BUSY,
 * STORE_DRAINING, STORE_FAILED, STORE_FULL, STORE_NO_MEMORY; *ret_failed_op (may be NULL) then
 * names the step, or SIZE_MAX. */
enum store_error store_batch(struct store *store, const struct store_op *ops, size_t count, unsigned flags,
                             store_done *done, void *arg, size_t *ret_failed_op);

/* Copies (or, with `move`, transfers: copy, then delete in the source) the object under op->key to op->target
 * in another store; in the same store it renames or copies. Other writes of the two keys wait meanwhile, so that for
 * writers it is one step and its condition a true compare-and-swap; a reader may see the object in both stores. Of
 * `op`, borrowed with all it points to until `done`, the kind, payload and attributes do not matter; the
 * condition is on the source. Both stores' references must live until `done`. One receipt: the
 * target's. A crash in the middle of a transfer, or an error of its second half, leaves the object in both
 * stores, never in neither.
 * Takes a time independent of the object's size on one file system. Refuses like store_batch(). */
enum store_error store_copy(struct store *source, const struct store_op *op, struct store *target, bool move,
                            store_done *done, void *arg);

/* Whether the condition holds now: an early, not a binding answer. STORE_OK, STORE_CONDITION, or
 * what store_get() says other than STORE_NO_OBJECT. */
enum store_error store_check(struct store *store, const struct store_key *key, const struct store_condition *condition);

/* ---- streams --------------------------------------------------------------------------------- */

struct stream_hooks {
    void *arg;
    /* Every payload byte, in order, exactly once; NULL: not wanted. Thread: the caller's of
     * stream_write() or an I/O thread, never two at a time. */
    void (*tap)(void *arg, const void *bytes, size_t length);
    struct store_overrun *overrun; /* filled when stream_open() or stream_write() is STORE_QUOTA; NULL: not wanted */
};

struct stream_finish {
    struct store_condition condition; /* borrowed lists: until done */
    /* What the payload must have, borrowed until done: one that has another is dropped, with STORE_DIGEST. NULL: any.
     * Not of an upload that goes on. */
    const struct store_digest *digest;
    /* Called once when every byte has been tapped and before the commit: returns the attributes
     * (borrowed until done) or STORE_DIGEST, which drops the upload. NULL: no attributes.
     * Thread: the caller's of stream_commit() or an I/O thread. */
    enum store_error (*seal)(void *arg, const void **ret_attributes, size_t *ret_length);
    void *arg;
    int64_t modified; /* nanoseconds since 1970: when what is copied was written; 0: now */
    bool here; /* the caller waits for the disk, where that wakes fewer threads: stream_commit() is blocking then */
};

/* Begins an upload. `size` in bytes or STORE_SIZE_UNKNOWN; `key` is copied; `hooks` may be NULL and is
 * copied. Whether it may begin is decided here: STORE_BAD_KEY, STORE_COLLISION, STORE_TOO_LARGE, STORE_BUSY,
 * STORE_DRAINING, STORE_FAILED, STORE_FULL, STORE_QUOTA, STORE_NO_MEMORY. The store's reference must outlive the
 * stream. May read one object's head, where what is announced would fit only in its place. */
enum store_error stream_open(struct store *store, const struct store_key *key, uint64_t size,
                             const struct stream_hooks *hooks, struct stream **ret_stream);

/* Takes up to `length` bytes. *ret_taken < length: all buffers are on their way to the disk; use stream_wait().
 * STORE_BUSY when there is no memory for it any more, or no place among the uploads that hold a blob file: not once it
 * has one. STORE_QUOTA when the store may not hold that much more. STORE_SIZE and STORE_TOO_LARGE when it is more than
 * was announced, or than an object may have; STORE_FULL, STORE_IO, STORE_NO_MEMORY. Errors of the disk stay until the
 * stream is aborted. Thread: one at a time per stream. */
enum store_error stream_write(struct stream *stream, const void *bytes, size_t length, size_t *ret_taken);

/* Calls `ready(arg)` exactly once when stream_write() can take bytes again or the stream has failed;
 * perhaps before it returns, perhaps on an I/O thread. At most one wait at a time. */
void stream_wait(struct stream *stream, void (*ready)(void *arg), void *arg);

/* Ends the upload and queues its commit; takes the stream. `done` is called exactly once, always
 * later or during this call, with one receipt. `finish` is copied. */
void stream_commit(struct stream *stream, const struct stream_finish *finish, store_done *done, void *arg);

/* Drops the upload; takes the stream. No trace of it stays. No callback follows, and hooks are not
 * called after the return; but the `ready` of a wait that has just ended may still be running. NULL is
 * allowed. A wait under way is forgotten. May wait for a tap that an I/O thread is in the middle of. */
void stream_abort(struct stream *stream);

/* ---- uploads that go on ---------------------------------------------------------------------- */

/* An upload that survives its connection, and the server: it is made, its bytes come in any number of streams, one
 * behind the other, and the last of them commits it as one object. Its offset tells how many bytes are on disk; a crash
 * leaves what was told, or more. They are written once. While nobody works on it, it costs no memory and no
 * descriptor. */
struct upload_order {
    struct store_key key; /* with its bytes; of what it becomes */
    bool partial;         /* it becomes nothing by itself, and has no key */
    uint64_t length;      /* in bytes, or STORE_SIZE_UNKNOWN */
    const void *label;    /* kept with it, opaque: at most STORE_UPLOAD_LABEL_MAX bytes */
    size_t label_length;
};

/* One that is made of others. */
struct upload_union {
    struct upload_order order;               /* but for its length, which is theirs */
    const uint64_t *parts;                   /* the ids of partial ones that have all their bytes, in order */
    size_t part_count;                       /* at least one, at most STORE_UPLOAD_PARTS_MAX */
    const struct store_condition *condition; /* asked before anything is copied; NULL: none */
};

/* Borrowed, with all it points to. */
struct upload_info {
    uint64_t id;
    const void *key; /* NULL: partial */
    size_t key_length;
    const void *label;
    size_t label_length;
    bool partial;
    bool done; /* its object is there; it is remembered for those who missed the answer */
    uint64_t offset;
    uint64_t length; /* or STORE_SIZE_UNKNOWN */
    int64_t expires; /* nanoseconds since 1970: unless somebody goes on with it */
    uint64_t record; /* once it is done: what its receipt said. After a crash `existed` may be true in its place */
    struct store_digest digest;
    bool existed;
};

/* Makes one, on disk when it returns. An empty one is to be committed at once: what is there of it when the store is
 * opened is forgotten. STORE_BAD_KEY, STORE_BAD_ATTRIBUTES (the label), STORE_TOO_LARGE, STORE_FULL,
 * STORE_QUOTA, STORE_MANY_UPLOADS, STORE_NO_STORE when it is being removed, STORE_DRAINING, STORE_FAILED, STORE_BUSY,
 * STORE_IO, STORE_NO_MEMORY. Blocking. */
enum store_error upload_create(struct store *store, const struct upload_order *order, struct store_overrun *ret_overrun,
                               uint64_t *ret_id);

/* Makes one of parts, with all of their bytes, and a stream for it, which is to be committed. The parts go when its
 * object is there; when that fails it is gone, and they are as before. The same parts, in the same order and under the
 * same key, are the same upload: where its object has been there already, and as long as that is remembered,
 * *ret_stream is NULL and *ret_info tells of it. STORE_AGAIN while somebody else is making just this one: what claims
 * ret_info->id, with any wish, waits until he has ended; then ask again.
 * STORE_NO_UPLOAD and STORE_UPLOAD_PARTS are about a part, the latter also when it comes twice; STORE_UPLOAD_HELD when
 * somebody works on one; STORE_CONDITION; and what upload_create() and upload_resume() say. *ret_info has no texts.
 * Blocking. */
enum store_error upload_join(struct store *store, const struct upload_union *united, struct store_overrun *ret_overrun,
                             struct stream **ret_stream, struct upload_info *ret_info);

/* Tells what is known of one, and is on disk: STORE_NO_UPLOAD, STORE_IO, STORE_NO_MEMORY. When all its bytes are, and
 * its object is not there yet, it is STORE_UPLOAD_HELD beside that if somebody works on it. Blocking. */
enum store_error upload_look(struct store *store, uint64_t id, void (*tell)(void *arg, const struct upload_info *info),
                             void *arg);

/* The same for those of the store that somebody can go on with, in the order of their ids from one on, until one is
 * answered by false: not those that are done, or made of parts, or empty and no object. STORE_IO, STORE_NO_MEMORY.
 * Blocking. */
enum store_error upload_list(struct store *store, uint64_t from,
                             bool (*tell)(void *arg, const struct upload_info *info), void *arg);

/* Forgets one with its bytes, on disk when it returns; one that is done with nothing else: STORE_NO_UPLOAD,
 * STORE_UPLOAD_HELD, STORE_IO, STORE_NO_MEMORY. Blocking. */
enum store_error upload_forget(struct store *store, uint64_t id);

/* Somebody works on an upload whom nobody hears any more: his connection hangs. Or he is alive, and somebody else has
 * found his upload. Neither can be told from the other but by bytes that come. */
enum upload_wish {
    UPLOAD_SETTLED, /* what has come so far shall be on disk */
    UPLOAD_LEFT,    /* whoever works on it shall leave it, if it has come to `offset` and he brings nothing just now */
    UPLOAD_GONE,    /* the same, however far it has come */
};

struct upload_claim {
    uint64_t id;
    enum upload_wish wish;
    uint64_t offset;
    void (*ready)(void *arg);
    void *arg;
    struct upload_claim *next; /* the engine's */
};

/* Asks for an upload. `ready` is called, perhaps before this returns, when whoever works on it has done what was wished
 * for, or nothing more is to be waited for: ask again where the upload is still held. STORE_UPLOAD_OFFSET when it has
 * come to another offset: `ready` is not called then. The claim has to live until it is. Who has to leave gets
 * STORE_UPLOAD_HELD for what he brings from then on; what he has brought stays, unless it counts all together only.
 * Does not block. */
enum store_error upload_claim(struct store *store, struct upload_claim *claim);

/* How a stream goes on with an upload. */
struct upload_resumption {
    uint64_t id;
    uint64_t offset; /* where it goes on: STORE_UPLOAD_OFFSET unless it has come just so far */
    uint64_t size;   /* bytes that come now, or STORE_SIZE_UNKNOWN */
    uint64_t length; /* what it will have in all, where that was not said; else STORE_SIZE_UNKNOWN */
    bool whole;      /* what comes now counts all together, at stream_rest() or stream_commit(), or not at all */
};

/* Goes on with an upload: nobody else may until the stream has ended. STORE_NO_UPLOAD, STORE_UPLOAD_HELD,
 * STORE_UPLOAD_OFFSET, STORE_SIZE (more than its length, or another one), and what stream_open() says. *ret_info tells
 * of it, and has no texts: somebody else may be given the upload at any moment. Of one that is done
 * STORE_UPLOAD_OFFSET. Blocking. */
enum store_error upload_resume(struct store *store, const struct upload_resumption *resumption,
                               const struct stream_hooks *hooks, struct stream **ret_stream,
                               struct upload_info *ret_info);

/* Ends the stream, and leaves the upload to whoever goes on; takes the stream. `finish` is copied; of it `seal` counts,
 * whose attributes nobody wants: after STORE_DIGEST nothing of what has come does. The bytes are on disk when `done`
 * is called, with no receipt; result->end_offset is how far the upload has come then, also on failure. stream_abort()
 * is the same, and nobody is told; but where what came was to count all together nothing of it does.
 * An upload that has come to its end is committed by stream_commit(). After a failure it is there as before, and may be
 * committed by another stream, which brings its last byte again; only an empty one ends by STORE_CONDITION, too. */
void stream_rest(struct stream *stream, const struct stream_finish *finish, store_done *done, void *arg);

/* ---- reading --------------------------------------------------------------------------------- */

enum store_get_flags {
    STORE_GET_PAYLOAD = 1, /* the payload too, not only what is known about it */
    STORE_GET_NOWAIT = 2,  /* STORE_AGAIN instead of waiting for the disk */
    STORE_GET_FILE = 4,    /* a payload of more than STORE_PAYLOAD_SMALL bytes not in memory, but from its file */
    STORE_GET_EXPIRED = 8, /* also one whose time is over, as long as it is there */
};

struct object_info {
    const void *key; /* NULL when the object is known by its hash only */
    size_t key_length;
    uint64_t key_hash;
    const void *attributes;
    size_t attributes_length;
    uint64_t size; /* payload bytes */
    struct store_digest digest;
    int64_t modified; /* nanoseconds since 1970 */
    int64_t expires;  /* seconds since 1970; 0: never */
    uint64_t offset;  /* of its record */
};

/* Pins the newest version under the key. Fails with STORE_BAD_KEY, STORE_NO_OBJECT, STORE_COLLISION, STORE_DAMAGED,
 * STORE_MISSING, STORE_IO, STORE_NO_MEMORY, STORE_AGAIN. An inline payload's digest has been verified when this
 * returns. Blocking, unless STORE_GET_NOWAIT. */
enum store_error store_get(struct store *store, const struct store_key *key, unsigned flags,
                           struct object **ret_object);

/* The same for many keys at one point in time: no commit falls between two of them, so that a batch is
 * seen whole or not at all. Per key an object (to be released) or NULL and the error; errno is that of
 * the last STORE_IO among them. Fails only with STORE_NO_MEMORY. Blocking, unless STORE_GET_NOWAIT. */
enum store_error store_get_many(struct store *store, const struct store_key *keys, size_t count, unsigned flags,
                                struct object **ret_objects, enum store_error *ret_errors);

/* Borrowed from the object. */
const struct object_info *object_info(const struct object *object);

/* The payload when it is in memory and was asked for, else NULL. Borrowed from the object. */
const void *object_payload(const struct object *object);

/* Copies `length` bytes of the payload, which was asked for, from `position` on: out of memory, or out of its file.
 * Both lie within its size. STORE_IO, with EIO where the file has become shorter. Blocking, when it is in a file.
 * Thread: any number at once. */
enum store_error object_read(const struct object *object, uint64_t position, void *ret_bytes, size_t length);

/* The same of what is there without waiting for it; STORE_AGAIN: not all of it is. Does not block. */
enum store_error object_read_now(const struct object *object, uint64_t position, void *ret_bytes, size_t length);

/* For whoever has the kernel send it: an open descriptor on the file that holds the payload, for reading only; the
 * caller closes it, and object_read() has no more to read. -1 when the payload is in memory, was not asked for, was
 * taken already, or lies where there are no such descriptors: then object_read() has it all the same. */
int object_take_descriptor(struct object *object);

/* Where the payload begins in that file. */
uint64_t object_position(const struct object *object);

/* NULL is allowed. Independent of the store: may come after depot_release(). */
void object_release(struct object *object);

/* ---- backups --------------------------------------------------------------------------------- */

/* What has become of the copy of one store. Borrowed. */
struct backup_store {
    const char *name;
    enum store_error error; /* there is no new copy; the one that there was is as it was. STORE_DAMAGED and STORE_GONE:
                               the source has not whole what the copy has, or what it had itself */
    const char *why;        /* a sentence about that, or "" */
    bool unchanged;         /* nothing has happened to the store since it was copied last */
    bool replaced;          /* there was a copy of another store of that name, whose place it takes */
    uint64_t end_offset;    /* the copy is the store as it was when its log ended here; not told when unchanged */
    uint64_t flaws;         /* of the source: what it has lost, or damaged */
    uint64_t files_copied;
    uint64_t files_kept;
    uint64_t bytes_copied;
    uint64_t bytes_kept;
    unsigned rounds; /* in which it was copied */
};

/* What becomes of the copy of a store that the source has not any more. */
enum backup_absence {
    BACKUP_STAYS,
    BACKUP_SPARED, /* it stays, although such copies are to go: something has not been copied, and it may be the last
                      one of that */
    BACKUP_REMOVED,
};

struct backup_options {
    const struct io *io;      /* borrowed; NULL: POSIX */
    const struct io *from_io; /* for the source, where it is another one; both take the descriptors of both */
    const char *store;        /* this one only; NULL: all */
    bool prune;               /* of all: copies of stores that the source has not any more go */
    bool link;       /* files that never change are linked where the file system can: no second copy of their bytes */
    bool any_source; /* the source may be another one than that of the copies that there are */
    bool as_it_is;   /* also where the source has lost something, or is damaged, and the copy is not */
    bool compare; /* the copies are damaged: what they have stays only where it is what the source has, byte for byte */
    bool restore; /* the copy is to be served: it begins with nothing, and is no backup afterwards */
    bool beside;  /* to restore: beside stores that are there, which stay, also those of the same name */
    struct backup_site *site; /* `to` is open: the source, which may be another one each time, has been brought there.
                                 There is more to be copied than it has: backup_expect() has been told of all */

    /* Whether a store of the source is to be copied; NULL: all are. */
    bool (*wanted)(void *arg, const char *name);

    /* Whether the source has no such store any more, so that its copy is told of as absent, and goes with `prune`: it
     * is asked of each copy then. NULL: it has none that `from` has not. */
    bool (*gone)(void *arg, const char *name);

    /* Called on the calling thread: for each store when its copy is made or has failed; (NULL is allowed for all of
     * these) before that for each flaw that the source has there, which the copy has whole where it is `kept`; for each
     * copy of a store that the source has not any more; and when more bytes are done. */
    void (*told)(void *arg, const struct backup_store *store);
    void (*flaw)(void *arg, const char *store, const struct store_flaw *flaw, bool kept);
    void (*absent)(void *arg, const char *name, enum backup_absence absence);
    void (*advanced)(void *arg, uint64_t done, uint64_t total);
    bool (*halted)(void *arg); /* asked now and then whether to come to an end; NULL: never */
    void *arg;
};

/* Where who copies to a backup makes what is then copied, out of what a server tells: DIR/backup/server, a data
 * folder. */
#define BACKUP_DRAFTS "backup"
#define BACKUP_SERVER "server"

/* A folder that is, or is to be, a backup, locked from backup_open() to backup_close(). Thread: one. */
struct backup_site;

/* Makes the folder `to` a backup without stores, unless it is a backup already, and of what was followed of a server in
 * it, or of any source where that is wished. *ret_empty: it has no stores. The errors of backup_make(). Blocking. */
enum store_error backup_open(const char *to, const struct io *io, bool any_source, struct backup_site **ret_site,
                             bool *ret_empty, struct store_detail *ret_detail);
void backup_close(struct backup_site *site); /* NULL is allowed */

/* The file calls of such a folder: no name in it leads through a symbolic link. Borrowed. */
const struct io *backup_io(const struct backup_site *site);

/* Whether the path leads to it still: it may have been moved away, and another one been made. Blocking. */
bool backup_is_there(const struct backup_site *site);

/* Notes in such a folder that it is to have the stores of these names: those that have no copy are told to be missing
 * by who restores or checks it, until they have one. What is noted of others stays. The errors of backup_make().
 * Blocking. */
enum store_error backup_expect(struct backup_site *site, const char *const *names, size_t count,
                               struct store_detail *ret_detail);

/* Notes that a store is made anew in `BACKUP_SERVER`, whose place the copy that there is keeps until it is copied. The
 * errors of backup_make(). Blocking. */
enum store_error backup_renew(struct backup_site *site, const char *name, struct store_detail *ret_detail);

/* Whether that is noted of a store still, and so: the copy is not of what is there. The errors of backup_make().
 * Blocking. */
enum store_error backup_is_renewed(struct backup_site *site, const char *name, bool *ret_renewed,
                                   struct store_detail *ret_detail);

/* Takes back what is noted of a store, which the source has not any more. Blocking. */
void backup_forget(struct backup_site *site, const char *name);

/* Removes such a folder again that was made by it, with all that is in `BACKUP_DRAFTS`, unless it has stores.
 * Blocking. */
void backup_withdraw(struct backup_site *site);

/* Puts each copy of a folder, which is a backup, back in its place that a run which was cut short has left aside.
 * Nothing is done where that cannot be, or where somebody has the folder open. Blocking. */
void backup_bring_back(const char *folder, const struct io *io);

/* Calls `tell(arg, name)` for each store that a folder, which is a backup, is to have and has no copy of. On failure
 * there may be more. The errors of backup_make(). Blocking. */
enum store_error backup_missing(const char *folder, const struct io *io, void (*tell)(void *arg, const char *name),
                                void *arg, struct store_detail *ret_detail);

/* Ends what is under way in a folder, a restoration or a transfer: what has come stays, and what has not is missing.
 * STORE_FOREIGN: nothing is. The errors of backup_make(). Blocking. */
enum store_error backup_give_up(const char *folder, const struct io *io, struct store_detail *ret_detail);

/* Copies the data folder `from`, which a server may have open and write to, into the folder `to`: each store as it was
 * at one point of its log. `to` is made, or is a backup, and then what it has already is not copied again. At every
 * moment it is a data folder, and each store in it is what it was before or what it is now. A run that ends early, by
 * whatever, is taken up by the next one.
 *
 * STORE_FOREIGN: `from` is no data folder, or `to` is something else than a backup, or one of another source, or one of
 * them lies in the other; STORE_LOCKED: another process has `to` open, or, to restore, `from`; STORE_NO_STORE: there is
 * no store of that name; STORE_DRAINING: it was halted; STORE_FULL, STORE_IO, STORE_NO_MEMORY. STORE_OK also when
 * stores could not be copied: that is told; but not to restore, which is under way until all are. ret_detail may be
 * NULL. Blocking, and long. */
enum store_error backup_make(const char *from, const char *to, const struct backup_options *options,
                             struct store_detail *ret_detail);

#endif
