/* ahead.c - pieces asked for before they are read. One thread at a time goes by them; others who read the same file by
 * the same descriptor meanwhile read as if there were none. No call of the cluster is made with the lock held. */
#include "store/rados/ahead.h"

#include "store/base/clock.h"
#include "store/base/mapping.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LEADS = 5 }; /* the one that is read, and those that are on their way */

static const int64_t IDLE = CLOCK_SECOND; /* after which a reader's pieces are lent to others */

/* A piece, or the rest of one. */
struct lead {
    struct ahead *ahead;
    unsigned char *bytes; /* NULL: there is none */
    uint64_t position;
    size_t length;
    uint64_t changes; /* of the file, when it was asked for */
    bool loading;
    bool useless; /* once it has come */
};

struct ahead {
    struct aheads *aheads;
    struct inode *inode; /* NULL: nobody reads any more */
    struct ahead *next;
    struct ahead *before;
    unsigned references; /* the reader's, and that of each lead that is loading */
    bool busy;           /* a thread goes by it */
    bool listed;
    uint64_t from; /* where it was read last, ... */
    uint64_t to;   /* ... up to where, ... */
    uint64_t end;  /* ... and up to where was asked for */
    int64_t used;
    struct lead leads[LEADS];
};

bool aheads_init(struct aheads *aheads, const struct cluster *cluster, uint64_t piece, size_t most)
{
    *aheads = (struct aheads){.cluster = cluster, .piece = piece, .most = most};
    aheads->spare = calloc(most + 1, sizeof *aheads->spare);
    if (!aheads->spare)
        return false;
    lock_init(&aheads->lock);
    pthread_cond_init(&aheads->came, NULL);
    return true;
}

void aheads_free(struct aheads *aheads)
{
    lock_take(&aheads->lock);
    while (aheads->loading > 0)
        lock_wait(&aheads->lock, &aheads->came);
    lock_release(&aheads->lock);
    assert(aheads->lent == 0 && aheads->spares == 0 && !aheads->first);
    free(aheads->spare);
    pthread_cond_destroy(&aheads->came);
    lock_destroy(&aheads->lock);
}

/* ---- memory; the lock is held ---------------------------------------------------------------- */

/* Memory that is out of use is kept for the next one, as long as there are readers. */
static void give_back(struct aheads *aheads, void *bytes)
{
    assert(lock_is_mine(&aheads->lock) && aheads->lent > 0);
    aheads->spare[aheads->spares++] = bytes;
    if (--aheads->lent > 0)
        return;
    while (aheads->spares > 0)
        mapping_free(aheads->spare[--aheads->spares], aheads->piece);
}

/* Takes a reader from the list of those that have pieces, when he has none any more. */
static void unlist(struct ahead *ahead)
{
    struct aheads *aheads = ahead->aheads;
    for (size_t i = 0; i < LEADS; i++)
        if (ahead->leads[i].bytes)
            return;
    if (!ahead->listed)
        return;
    if (ahead->before)
        ahead->before->next = ahead->next;
    else
        aheads->first = ahead->next;
    if (ahead->next)
        ahead->next->before = ahead->before;
    ahead->listed = false;
}

static void list(struct ahead *ahead)
{
    struct aheads *aheads = ahead->aheads;
    if (ahead->listed)
        return;
    ahead->before = NULL;
    ahead->next = aheads->first;
    if (ahead->next)
        ahead->next->before = ahead;
    aheads->first = ahead;
    ahead->listed = true;
}

/* One that is on its way goes when it has come. */
static void drop(struct lead *lead)
{
    lead->useless = lead->loading;
    if (!lead->bytes || lead->loading)
        return;
    give_back(lead->ahead->aheads, lead->bytes);
    lead->bytes = NULL;
    unlist(lead->ahead);
}

static void drop_all(struct ahead *ahead)
{
    for (size_t i = 0; i < LEADS; i++)
        drop(&ahead->leads[i]);
}

/* Takes the pieces of those who have not read for a while. */
static void take_back(struct aheads *aheads)
{
    int64_t now = clock_now(CLOCK_MONOTONIC);
    for (struct ahead *ahead = aheads->first, *next; ahead; ahead = next) {
        next = ahead->next;
        if (!ahead->busy && now - ahead->used > IDLE)
            drop_all(ahead);
    }
}

/* NULL: there is none for this one. */
static void *take_memory(struct aheads *aheads)
{
    assert(lock_is_mine(&aheads->lock));
    if (aheads->lent == aheads->most)
        take_back(aheads);
    if (aheads->lent == aheads->most)
        return NULL;
    void *bytes = aheads->spares > 0 ? aheads->spare[--aheads->spares] : mapping_new(aheads->piece);
    aheads->lent += bytes != NULL;
    return bytes;
}

/* ---- readers --------------------------------------------------------------------------------- */

struct ahead *ahead_new(struct aheads *aheads, struct inode *inode)
{
    struct ahead *ahead = calloc(1, sizeof *ahead);
    if (!ahead)
        return NULL;
    *ahead = (struct ahead){.aheads = aheads, .inode = inode, .references = 1, .to = UINT64_MAX, .from = UINT64_MAX};
    for (size_t i = 0; i < LEADS; i++)
        ahead->leads[i].ahead = ahead;
    return ahead;
}

/* Lock held. Whether that was the last one: then it is the caller's to free. */
static bool let_go(struct ahead *ahead)
{
    assert(lock_is_mine(&ahead->aheads->lock));
    return --ahead->references == 0;
}

void ahead_free(struct ahead *ahead)
{
    if (!ahead)
        return;
    struct aheads *aheads = ahead->aheads;
    lock_take(&aheads->lock);
    assert(!ahead->busy);
    ahead->inode = NULL;
    drop_all(ahead);
    bool last = let_go(ahead);
    lock_release(&aheads->lock);
    if (last)
        free(ahead);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* What is not there is a hole. Thread: the cluster's. */
static void came(void *arg, ssize_t result)
{
    struct lead *lead = arg;
    struct ahead *ahead = lead->ahead;
    struct aheads *aheads = ahead->aheads;
    size_t got = result > 0 ? (size_t)result : 0;
    bool good = result >= 0 || result == -ENOENT;
    if (good && got < lead->length)
        memset(lead->bytes + got, 0, lead->length - got);
    lock_take(&aheads->lock);
    lead->loading = false;
    if (lead->useless || !good)
        drop(lead);
    bool last = let_go(ahead);
    aheads->loading--;
    pthread_cond_broadcast(&aheads->came);
    lock_release(&aheads->lock);
    if (last)
        free(ahead);
}

/* Takes a lead for what comes next. Lock held. */
static struct lead *next_lead(struct ahead *ahead, uint64_t size)
{
    struct aheads *aheads = ahead->aheads;
    struct lead *lead = NULL;
    for (size_t i = 0; i < LEADS && !lead; i++)
        if (!ahead->leads[i].bytes)
            lead = &ahead->leads[i];
    void *bytes = lead && ahead->end < size ? take_memory(aheads) : NULL;
    if (!bytes)
        return NULL;
    uint64_t rest = aheads->piece - ahead->end % aheads->piece;
    if (rest > size - ahead->end)
        rest = size - ahead->end;
    *lead = (struct lead){.ahead = ahead,
                          .bytes = bytes,
                          .position = ahead->end,
                          .length = (size_t)rest,
                          .changes = inode_changes(ahead->inode),
                          .loading = true};
    list(ahead);
    ahead->end += rest;
    ahead->references++;
    aheads->loading++;
    return lead;
}

/* Asks for all for which there is room. The thread is the one that goes by it. */
static void ask(struct ahead *ahead)
{
    struct aheads *aheads = ahead->aheads;
    uint64_t size = inode_size(ahead->inode);
    for (;;) {
        char object[CLUSTER_OBJECT_MAX];
        lock_take(&aheads->lock);
        struct lead *lead = next_lead(ahead, size);
        lock_release(&aheads->lock);
        if (!lead)
            return;
        layout_piece_object(ahead->inode->number, lead->position / aheads->piece, object);
        aheads->cluster->read(aheads->cluster->self, object, lead->bytes, lead->length, lead->position % aheads->piece,
                              came, lead);
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Whether nobody has written to the file since a lead was asked for. Lock held. */
static bool is_fresh(const struct ahead *ahead)
{
    for (size_t i = 0; i < LEADS; i++)
        if (ahead->leads[i].bytes && ahead->leads[i].changes != inode_changes(ahead->inode))
            return false;
    return true;
}

/* What lies in front of where is read now is of no use any more, and nothing is to who reads elsewhere. Returns whether
 * he reads on. Lock held. */
static bool look(struct ahead *ahead, size_t length, uint64_t position)
{
    bool on = position > ahead->from && position <= ahead->to && is_fresh(ahead);
    for (size_t i = 0; i < LEADS; i++)
        if (!on || ahead->leads[i].position + ahead->leads[i].length <= position)
            drop(&ahead->leads[i]);
    if (!on || ahead->end < position)
        ahead->end = position;
    ahead->from = position;
    ahead->to = position + length;
    ahead->used = clock_now(CLOCK_MONOTONIC);
    return on;
}

/* The lead that has that byte, waited for; NULL: none has. *ret_to: up to where none has, or the lead does. */
static struct lead *find(struct ahead *ahead, uint64_t position, uint64_t *ret_to)
{
    struct lead *found = NULL;
    lock_take(&ahead->aheads->lock);
    for (size_t i = 0; i < LEADS && !found; i++) {
        struct lead *lead = &ahead->leads[i];
        bool has = lead->bytes && !lead->useless && lead->position <= position &&
                   position < lead->position + lead->length;
        while (has && lead->loading)
            lock_wait(&ahead->aheads->lock, &ahead->aheads->came);
        if (has && lead->bytes) {
            found = lead;
            *ret_to = lead->position + lead->length;
        } else if (lead->bytes && !lead->useless && lead->position > position && lead->position < *ret_to) {
            *ret_to = lead->position;
        }
    }
    lock_release(&ahead->aheads->lock);
    return found;
}

/* From the leads what they have, and else from the file. */
static int read_parts(struct ahead *ahead, char *bytes, size_t length, uint64_t position, size_t *ret_got)
{
    size_t done = 0;
    bool more = true;
    int error = 0;
    while (!error && more && done < length) {
        uint64_t at = position + done, to = position + length;
        const struct lead *lead = find(ahead, at, &to);
        size_t part = (size_t)(to - at) < length - done ? (size_t)(to - at) : length - done, got = part;
        if (lead)
            memcpy(bytes + done, lead->bytes + (at - lead->position), part);
        else
            error = inode_read(ahead->inode, bytes + done, part, at, &got);
        done += error ? 0 : got;
        more = got == part;
    }
    *ret_got = done;
    return error;
}

/* The lead that was read last, if it has those bytes as well, which come next. Lock held. */
static const struct lead *find_on(const struct ahead *ahead, size_t length, uint64_t position)
{
    for (size_t i = 0; i < LEADS; i++) {
        const struct lead *lead = &ahead->leads[i];
        if (lead->bytes && !lead->loading && position == ahead->to && lead->position < position &&
            position + length <= lead->position + lead->length)
            return lead;
    }
    return NULL;
}

int ahead_read_nowait(struct ahead *ahead, void *bytes, size_t length, uint64_t position)
{
    struct aheads *aheads = ahead->aheads;
    lock_take(&aheads->lock);
    const struct lead *lead = ahead->busy || !is_fresh(ahead) ? NULL : find_on(ahead, length, position);
    if (lead) {
        ahead->busy = true;
        ahead->from = position;
        ahead->to = position + length;
        ahead->used = clock_now(CLOCK_MONOTONIC);
        lock_release(&aheads->lock);
        memcpy(bytes, lead->bytes + (position - lead->position), length);
        lock_take(&aheads->lock);
        ahead->busy = false;
    }
    lock_release(&aheads->lock);
    return lead ? 0 : EAGAIN;
}

int ahead_read(struct ahead *ahead, void *bytes, size_t length, uint64_t position, size_t *ret_got)
{
    struct aheads *aheads = ahead->aheads;
    lock_take(&aheads->lock);
    bool mine = !ahead->busy;
    bool on = mine && look(ahead, length, position);
    ahead->busy = true;
    lock_release(&aheads->lock);
    if (!mine)
        return inode_read(ahead->inode, bytes, length, position, ret_got);
    if (on)
        ask(ahead);
    int error = read_parts(ahead, bytes, length, position, ret_got);
    lock_take(&aheads->lock);
    ahead->busy = false;
    lock_release(&aheads->lock);
    return error;
}
