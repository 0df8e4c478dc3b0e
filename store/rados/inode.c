/* inode.c - a file that is open: its bytes in pieces, and what is known of it. inode.h tells the rules. */
#include "store/rados/inode.h"

#include "store/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 16 }; /* pieces that are read, or removed, side by side */

void inodes_init(struct inodes *inodes, const struct cluster *cluster, uint64_t piece, struct cache *cache)
{
    *inodes = (struct inodes){.cluster = cluster, .piece = piece, .cache = cache};
    lock_init(&inodes->lock);
    table_init(&inodes->table, 0); /* the numbers are random */
}

void inodes_free(struct inodes *inodes)
{
    assert(inodes->table.count == 0);
    table_free(&inodes->table);
    lock_destroy(&inodes->lock);
}

static uint64_t pieces_of(const struct inode *inode, uint64_t size)
{
    return (size + inode->inodes->piece - 1) / inode->inodes->piece;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* Lock of the inodes held. */
static struct inode *find(const struct inodes *inodes, uint64_t number)
{
    assert(lock_is_mine(&inodes->lock));
    return (struct inode *)(uintptr_t)table_get(&inodes->table, number);
}

static struct inode *inode_new(struct inodes *inodes, uint64_t number)
{
    struct inode *inode = calloc(1, sizeof *inode);
    if (!inode)
        return NULL;
    *inode = (struct inode){.inodes = inodes,
                            .number = number,
                            .cached = cache_file(inodes->cache, number),
                            .accounted = LAYOUT_PIECES,
                            .looked = true};
    latch_init(&inode->writes);
    lock_init(&inode->lock);
    return inode;
}

static void inode_free(struct inode *inode)
{
    latch_destroy(&inode->writes);
    lock_destroy(&inode->lock);
    free(inode);
}

/* Without a head it was never synced, and is empty; what was begun to be written may stand there. An errno. */
static int load(struct inode *inode)
{
    char object[CLUSTER_OBJECT_MAX], *text = NULL;
    layout_piece_object(inode->number, 0, object);
    int error = cluster_get(inode->inodes->cluster, object, CLUSTER_ATTRIBUTES, layout_head, &text);
    inode->tail_unknown = true;
    inode->file.pieces = LAYOUT_PIECES;
    if (!error && text && !layout_read_head(text, &inode->file))
        error = EBADMSG;
    if (!error && text)
        inode->accounted = inode->file.pieces;
    free(text);
    return error;
}

/* Enters it, unless somebody else has; false: the file was written to, and let go of, since the head was read. */
static bool enter(struct inodes *inodes, uint64_t closed, struct inode **inode, int *ret_error)
{
    lock_take(&inodes->lock);
    struct inode *found = find(inodes, (*inode)->number);
    bool settled = found || inodes->closed == closed;
    *ret_error = settled && !found && !table_reserve(&inodes->table, (*inode)->number) ? ENOMEM : 0;
    if (found) {
        inode_free(*inode);
        *inode = found;
        found->opens++;
    } else if (settled && !*ret_error) {
        (*inode)->opens = 1;
        table_put(&inodes->table, (*inode)->number, (uintptr_t)*inode);
    }
    table_reservations_end(&inodes->table);
    lock_release(&inodes->lock);
    return settled;
}

/* Of those that are open; NULL: it is not. */
static struct inode *open_again(struct inodes *inodes, uint64_t number, uint64_t *ret_closed)
{
    lock_take(&inodes->lock);
    struct inode *found = find(inodes, number);
    if (found)
        found->opens++;
    *ret_closed = inodes->closed;
    lock_release(&inodes->lock);
    return found;
}

int inode_open(struct inodes *inodes, uint64_t number, bool made, struct inode **ret_inode)
{
    bool settled = false;
    int error = 0;
    while (!settled && !error) {
        uint64_t closed;
        struct inode *inode = open_again(inodes, number, &closed);
        settled = inode != NULL;
        if (!inode) {
            inode = inode_new(inodes, number);
            error = !inode ? ENOMEM : made ? 0 : load(inode);
            if (!error)
                settled = enter(inodes, closed, &inode, &error);
            if (inode && (error || !settled))
                inode_free(inode);
        }
        if (!error && settled)
            *ret_inode = inode;
    }
    return error;
}

void inode_hold(struct inode *inode)
{
    lock_take(&inode->inodes->lock);
    inode->opens++;
    lock_release(&inode->inodes->lock);
}

/* ---- the head -------------------------------------------------------------------------------- */

/* Begins to write it, with so many pieces. Lock held, so that the one that was sent last is the one that stays. */
static void send_head(struct inode *inode, uint64_t pieces, struct latch *latch)
{
    char object[CLUSTER_OBJECT_MAX], text[LAYOUT_TEXT_MAX];
    const struct cluster *cluster = inode->inodes->cluster;
    assert(lock_is_mine(&inode->lock));
    struct layout_file file = inode->file;
    file.pieces = pieces;
    layout_piece_object(inode->number, 0, object);
    layout_head_text(&file, text);
    const struct cluster_step steps[] = {{.kind = CLUSTER_CREATE},
                                         cluster_text(CLUSTER_SET_ATTRIBUTE, layout_head, text)};
    if (pieces < inode->accounted)
        inode->accounted = pieces;
    inode->heads++;
    latch_add(latch);
    cluster->change(cluster->self, object, steps, sizeof steps / sizeof *steps, latch_done, latch);
}

/* The head is on the cluster, and says that. Lock held. */
static void account(struct inode *inode, uint64_t head, uint64_t pieces)
{
    assert(lock_is_mine(&inode->lock));
    if (inode->heads == head)
        inode->accounted = pieces;
}

/* Returns when the head accounts for all pieces that may be there; an errno. Lock held, and let go meanwhile. */
static int account_for_all(struct inode *inode)
{
    int error = 0;
    while (!error && inode->file.pieces > inode->accounted) {
        struct latch latch;
        uint64_t pieces = inode->file.pieces * 2 + LAYOUT_PIECES;
        latch_init(&latch);
        send_head(inode, pieces, &latch);
        inode->changed = true; /* there are not so many: the next sync says so */
        uint64_t head = inode->heads;
        lock_release(&inode->lock);
        error = latch_wait(&latch);
        latch_destroy(&latch);
        lock_take(&inode->lock);
        if (!error)
            account(inode, head, pieces);
    }
    return error;
}

/* Lock held. */
static void touch(struct inode *inode)
{
    assert(lock_is_mine(&inode->lock));
    inode->written = true;
    if (!inode->looked)
        return;
    inode->looked = false;
    inode->changed = true;
    inode->file.written = clock_timespec(clock_now(CLOCK_REALTIME));
}

void inode_set_time(struct inode *inode, const struct timespec *time)
{
    lock_take(&inode->lock);
    inode->written = inode->changed = true;
    inode->file.written = *time;
    lock_release(&inode->lock);
}

void inode_look(struct inode *inode, struct layout_file *ret_file)
{
    lock_take(&inode->lock);
    inode->looked = true;
    *ret_file = inode->file;
    lock_release(&inode->lock);
}

uint64_t inode_size(struct inode *inode)
{
    lock_take(&inode->lock);
    uint64_t size = inode->file.size;
    lock_release(&inode->lock);
    return size;
}

uint64_t inode_changes(const struct inode *inode)
{
    return atomic_load(&inode->changes);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void send_piece(struct inode *inode, uint64_t piece, const struct cluster_step *step, cluster_done *done)
{
    char object[CLUSTER_OBJECT_MAX];
    const struct cluster *cluster = inode->inodes->cluster;
    layout_piece_object(inode->number, piece, object);
    latch_add(&inode->writes);
    cluster->change(cluster->self, object, step, 1, done, &inode->writes);
}

/* Begins to remove the bytes from `from` on, of so many pieces. The first one has the head and stays. */
static void clear_from(struct inode *inode, uint64_t from, uint64_t pieces)
{
    const struct cluster_step truncate = {.kind = CLUSTER_TRUNCATE, .position = from % inode->inodes->piece};
    const struct cluster_step remove = {.kind = CLUSTER_REMOVE};
    uint64_t piece = from / inode->inodes->piece;
    if (piece < pieces && (piece == 0 || truncate.position > 0))
        send_piece(inode, piece++, &truncate, latch_gone);
    while (piece < pieces)
        send_piece(inode, piece++, &remove, latch_gone);
    cache_forget(inode->inodes->cache, &inode->cached, from);
    atomic_fetch_add(&inode->changes, 1);
}

/* The first bytes of a file take its head along, so that one which is written at once is one call. Sent with the lock
 * held, as every head is. Lock held. */
static void send_first(struct inode *inode, const char *bytes, size_t length)
{
    char object[CLUSTER_OBJECT_MAX], text[LAYOUT_TEXT_MAX];
    const struct cluster *cluster = inode->inodes->cluster;
    assert(lock_is_mine(&inode->lock) && inode->file.pieces == 1);
    layout_piece_object(inode->number, 0, object);
    layout_head_text(&inode->file, text);
    const struct cluster_step steps[] = {{.kind = CLUSTER_WRITE, .bytes = bytes, .length = length},
                                         cluster_text(CLUSTER_SET_ATTRIBUTE, layout_head, text)};
    inode->accounted = 1;
    inode->heads++;
    inode->changed = false;
    latch_add(&inode->writes);
    cluster->change(cluster->self, object, steps, sizeof steps / sizeof *steps, latch_done, &inode->writes);
}

/* Whether nothing of a file that was made just now has been written, and these bytes are one piece. Lock held. */
static bool is_first(const struct inode *inode, uint64_t position, uint64_t end)
{
    return inode->file.pieces == 0 && position == 0 && pieces_of(inode, end) == 1;
}

/* Makes ready for bytes there, and sends those that are the first; an errno. */
static int extend(struct inode *inode, const char *bytes, uint64_t position, uint64_t end, bool *ret_sent)
{
    lock_take(&inode->lock);
    uint64_t size = inode->file.size, pieces = inode->file.pieces;
    bool clear = inode->tail_unknown && position > size, first = is_first(inode, position, end);
    if (clear)
        inode->tail_unknown = false;
    if (pieces_of(inode, end) > pieces)
        inode->file.pieces = pieces_of(inode, end);
    int error = account_for_all(inode);
    touch(inode);
    if (end > inode->file.size) {
        inode->file.size = end;
        inode->changed = true;
    }
    *ret_sent = first && !error;
    if (*ret_sent)
        send_first(inode, bytes, end);
    lock_release(&inode->lock);
    if (clear)
        clear_from(inode, size, pieces);
    return error;
}

static void send_pieces(struct inode *inode, const char *bytes, size_t length, uint64_t position)
{
    uint64_t piece = inode->inodes->piece;
    while (length > 0) {
        uint64_t within = position % piece;
        size_t part = length < piece - within ? length : (size_t)(piece - within);
        const struct cluster_step write = {.kind = CLUSTER_WRITE, .bytes = bytes, .length = part, .position = within};
        send_piece(inode, position / piece, &write, latch_done);
        bytes += part;
        length -= part;
        position += part;
    }
}

int inode_write(struct inode *inode, const void *bytes, size_t length, uint64_t position)
{
    bool sent = false;
    int error = length > 0 ? extend(inode, bytes, position, position + length, &sent) : 0;
    if (error || length == 0)
        return error;
    if (!sent)
        send_pieces(inode, bytes, length, position);
    cache_write(inode->inodes->cache, &inode->cached, bytes, length, position);
    atomic_fetch_add(&inode->changes, 1);
    return 0;
}

int inode_truncate(struct inode *inode, uint64_t length)
{
    lock_take(&inode->lock);
    uint64_t size = inode->file.size, pieces = inode->file.pieces;
    bool clear = length < size || inode->tail_unknown;
    if (pieces_of(inode, length) > pieces)
        inode->file.pieces = pieces_of(inode, length); /* those that are written to soon, mostly */
    touch(inode);
    inode->file.size = length;
    inode->changed = true;
    inode->tail_unknown = false;
    lock_release(&inode->lock);
    atomic_fetch_add(&inode->changes, 1);
    if (clear)
        clear_from(inode, length < size ? length : size, pieces);
    return 0;
}

int inode_sync(struct inode *inode)
{
    lock_take(&inode->lock);
    uint64_t pieces = inode->file.pieces, head = 0;
    if (inode->changed) {
        inode->changed = false;
        send_head(inode, pieces, &inode->writes);
        head = inode->heads;
    }
    lock_release(&inode->lock);
    int error = latch_wait(&inode->writes);
    lock_take(&inode->lock);
    if (!error && head)
        account(inode, head, pieces);
    lock_release(&inode->lock);
    return error;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* A part of what is read, from one piece. */
struct part {
    char *bytes;
    size_t length;
    struct latch *latch;
};

/* What is not there is a hole. Thread: the cluster's. */
static void part_read(void *arg, ssize_t result)
{
    const struct part *part = arg;
    size_t got = result > 0 ? (size_t)result : 0;
    if (got < part->length)
        memset(part->bytes + got, 0, part->length - got);
    latch_gone(part->latch, result);
}

/* Reads up to so many pieces; an errno. */
static int read_some(struct inode *inode, char *bytes, size_t length, uint64_t position, size_t *ret_got)
{
    struct latch latch;
    struct part parts[AT_ONCE];
    const struct cluster *cluster = inode->inodes->cluster;
    const uint64_t piece = inode->inodes->piece;
    size_t got = 0;
    latch_init(&latch);
    for (size_t i = 0; i < AT_ONCE && got < length; i++) {
        char object[CLUSTER_OBJECT_MAX];
        uint64_t within = (position + got) % piece;
        size_t most = (size_t)(piece - within);
        parts[i] = (struct part){bytes + got, length - got < most ? length - got : most, &latch};
        layout_piece_object(inode->number, (position + got) / piece, object);
        latch_add(&latch);
        cluster->read(cluster->self, object, parts[i].bytes, parts[i].length, within, part_read, &parts[i]);
        got += parts[i].length;
    }
    int error = latch_wait(&latch);
    latch_destroy(&latch);
    *ret_got = got;
    return error;
}

/* So many bytes are in front of the end. */
static size_t in_front(uint64_t size, size_t length, uint64_t position)
{
    uint64_t rest = position < size ? size - position : 0;
    return length < rest ? length : (size_t)rest;
}

int inode_read(struct inode *inode, void *bytes, size_t length, uint64_t position, size_t *ret_got)
{
    struct cache *cache = inode->inodes->cache;
    uint64_t size = inode_size(inode);
    size_t got = 0, part = 0;
    int error = 0;
    length = in_front(size, length, position);
    if (cache_may_read(cache, length) && cache_read(cache, &inode->cached, size, bytes, length, position))
        got = length;
    for (; !error && got < length; got += part)
        error = read_some(inode, (char *)bytes + got, length - got, position + got, &part);
    *ret_got = got;
    return error;
}

int inode_read_nowait(struct inode *inode, void *bytes, size_t length, uint64_t position, size_t *ret_got)
{
    struct cache *cache = inode->inodes->cache;
    length = in_front(inode_size(inode), length, position);
    *ret_got = length;
    if (length == 0)
        return 0;
    bool there = cache_may_read(cache, length) && cache_read_nowait(cache, &inode->cached, bytes, length, position);
    return there ? 0 : EAGAIN;
}

void inode_expect(struct inode *inode, size_t length, uint64_t position)
{
    struct cache *cache = inode->inodes->cache;
    uint64_t size = inode_size(inode);
    length = in_front(size, length, position);
    if (cache_may_read(cache, length))
        cache_expect(cache, &inode->cached, size, length, position);
}

/* ---- letting go ------------------------------------------------------------------------------ */

/* Lock of the inodes held. */
static bool is_unsynced(struct inode *inode)
{
    lock_take(&inode->lock);
    bool unsynced = inode->written;
    inode->written = false;
    lock_release(&inode->lock);
    return unsynced;
}

struct removal *inode_release(struct inode *inode)
{
    struct inodes *inodes = inode->inodes;
    lock_take(&inodes->lock);
    while (inode->opens == 1 && is_unsynced(inode)) {
        inodes->closed++;
        lock_release(&inodes->lock);
        (void)inode_sync(inode); /* whoever wants to know syncs it himself */
        lock_take(&inodes->lock);
    }
    bool last = --inode->opens == 0;
    struct removal *removal = last ? inode->removal : NULL;
    if (last)
        table_remove(&inodes->table, inode->number);
    lock_release(&inodes->lock);
    if (last)
        inode_free(inode);
    return removal;
}

/* ---- removing -------------------------------------------------------------------------------- */

uint64_t inodes_removed(struct inodes *inodes)
{
    lock_take(&inodes->lock);
    uint64_t removed = inodes->removed;
    lock_release(&inodes->lock);
    return removed;
}

bool inodes_defer(struct inodes *inodes, uint64_t number, struct removal *removal, struct removal **ret_next)
{
    lock_take(&inodes->lock);
    struct inode *inode = find(inodes, number);
    if (inode) {
        *ret_next = inode->removal;
        inode->removal = removal;
    } else {
        inodes->removed++;
    }
    lock_release(&inodes->lock);
    return inode != NULL;
}

int inode_remove_pieces(const struct cluster *cluster, uint64_t number, uint64_t from, uint64_t to)
{
    const struct cluster_step remove = {.kind = CLUSTER_REMOVE};
    int error = 0;
    while (!error && from < to) {
        struct latch latch;
        latch_init(&latch);
        for (size_t i = 0; i < AT_ONCE && from < to; i++) {
            char object[CLUSTER_OBJECT_MAX];
            layout_piece_object(number, from++, object);
            latch_add(&latch);
            cluster->change(cluster->self, object, &remove, 1, latch_gone, &latch);
        }
        error = latch_wait(&latch);
        latch_destroy(&latch);
    }
    return error;
}
