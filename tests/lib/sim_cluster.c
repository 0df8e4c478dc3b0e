/* sim_cluster.c - a cluster in memory. What clients ask for waits in a queue; one thread picks from it by the seed,
 * does it, and tells by the seed what has been done. The calls that wait do their work at once, behind what their
 * client has asked of that object before. */
#include "tests/lib/sim_cluster.h"

#include "store/base/clock.h"
#include "tests/lib/prng.h"
#include "tests/lib/sim_pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REACH = 16, STEPS_MAX = 8 }; /* how far behind the first one the thread picks */

#define NEVER UINT64_MAX

struct client {
    struct client *next;
    struct sim_cluster *sim;
    unsigned number;
    bool cut;
    bool fenced;
    bool closed;
};

/* A change or a read that was asked for. */
struct op {
    struct op *next;
    struct client *client;
    char object[CLUSTER_OBJECT_MAX];
    struct cluster_step steps[STEPS_MAX];
    size_t count; /* 0: it reads */
    void *bytes;
    size_t length;
    uint64_t position;
    int fault;
    bool done;
    ssize_t result;
    cluster_done *tell; /* NULL: nobody is told any more */
    void *arg;
};

struct fault {
    uint64_t countdown; /* 0: none is set */
    bool forever;
    int error;
};

struct sim_cluster {
    pthread_mutex_t lock;
    pthread_cond_t work; /* for the thread, and for whoever waits for it */
    pthread_t thread;
    bool ending;
    struct prng prng;
    struct sim_pool pool;
    struct client *clients; /* the newest first */
    struct op *queue;       /* the oldest first */
    struct fault faults[SIM_CLUSTER_CALLS + 1];
    uint64_t calls[SIM_CLUSTER_CALLS];
    uint64_t calls_left;
    uint64_t free_bytes;
    bool hold;
};

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* ---- doing what was asked for ---------------------------------------------------------------- */

static ssize_t read_object(struct sim_cluster *sim, const struct op *op)
{
    const struct sim_object *object = sim_pool_find(&sim->pool, op->object);
    return object ? (ssize_t)sim_object_read(object, op->bytes, op->length, op->position) : -ENOENT;
}

/* Lock held. A change whose outcome nobody is to know happens, or does not. */
static void perform(struct sim_cluster *sim, struct op *op)
{
    bool happens = !op->fault || (op->fault == ETIMEDOUT && prng_one_in(&sim->prng, 2));
    op->done = true;
    if (op->client->fenced)
        op->result = -ESHUTDOWN;
    else if (op->count == 0)
        op->result = op->fault ? 0 : read_object(sim, op);
    else
        op->result = happens ? -sim_pool_change(&sim->pool, op->object, op->steps, op->count) : 0;
    if (op->fault && !op->client->fenced)
        op->result = -op->fault;
}

/* Whether a client has asked something of that object before which is not done yet. */
static bool is_behind_another(const struct sim_cluster *sim, const struct op *op)
{
    const struct op *before = sim->queue;
    while (before != op && (before->done || before->client != op->client || strcmp(before->object, op->object) != 0))
        before = before->next;
    return before != op;
}

/* What a client that was cut off has asked for stays undone until chance, or something else that is done, has it. */
static bool may_pick(struct sim_cluster *sim, const struct op *op)
{
    if (op->done)
        return op->tell != NULL;
    if (is_behind_another(sim, op) || (sim->hold && op->count > 0))
        return false;
    return op->tell || prng_one_in(&sim->prng, 256);
}

/* By chance one of the first that may be picked; NULL: none may. */
static struct op *pick(struct sim_cluster *sim)
{
    struct op *allowed[REACH];
    size_t count = 0;
    bool told = false;
    for (struct op *op = sim->queue; op && count < REACH; op = op->next)
        if (may_pick(sim, op)) {
            told = told || op->tell;
            allowed[count++] = op;
        }
    return count > 0 && told ? allowed[prng_below(&sim->prng, count)] : NULL;
}

static void take_out(struct sim_cluster *sim, const struct op *op)
{
    struct op **link = &sim->queue;
    while (*link != op)
        link = &(*link)->next;
    *link = op->next;
}

static void op_free(struct op *op)
{
    for (size_t i = 0; i < op->count; i++) {
        free((void *)(uintptr_t)op->steps[i].name);
        free((void *)(uintptr_t)op->steps[i].bytes);
    }
    free(op);
}

/* Lock held, and let go while somebody is told. */
static void go_on(struct sim_cluster *sim, struct op *op)
{
    if (!op->done)
        perform(sim, op);
    if (op->tell && prng_one_in(&sim->prng, 2))
        return; /* it is told later */
    cluster_done *tell = op->tell;
    void *arg = op->arg;
    ssize_t result = op->result;
    take_out(sim, op);
    op_free(op);
    pthread_cond_broadcast(&sim->work);
    if (tell) {
        pthread_mutex_unlock(&sim->lock);
        tell(arg, result);
        pthread_mutex_lock(&sim->lock);
    }
}

static void *run(void *arg)
{
    struct sim_cluster *sim = arg;
    pthread_mutex_lock(&sim->lock);
    while (!sim->ending) {
        struct op *op = pick(sim);
        if (op)
            go_on(sim, op);
        else
            pthread_cond_wait(&sim->work, &sim->lock);
    }
    pthread_mutex_unlock(&sim->lock);
    return NULL;
}

/* ---- clients that go ------------------------------------------------------------------------- */

/* Which client an address is of; 0: of none. */
static unsigned client_number(const char *address)
{
    unsigned number;
    return sscanf(address, "sim:0/%u", &number) == 1 ? number : 0;
}

/* Nothing of what a client has asked for is told any more but that nobody knows; or that it was not done. Lock held. */
static void fail_all(struct sim_cluster *sim, const struct client *client, int error)
{
    for (struct op *op = sim->queue; op; op = op->next)
        if (op->client == client && op->tell) {
            if (op->count == 0 || error == ESHUTDOWN)
                op->done = true; /* it is not done any more */
            op->result = -error;
        }
}

enum { RAN_OUT = 1 }; /* until when a lock was held that is over although its time is not */

/* Has the locks run out that can; of one client, or of all. Lock held. */
static void expire(struct sim_cluster *sim, const struct client *client)
{
    for (struct sim_object *object = sim->pool.objects; object; object = object->next)
        if (object->until && (!client || client_number(object->owner.address) == client->number))
            object->until = RAN_OUT;
}

/* Those of a client that is cut off are told at once; what they ask for may still happen. Lock held. */
static void cut(struct sim_cluster *sim, struct client *client)
{
    client->cut = true;
    sim->calls_left = NEVER;
    fail_all(sim, client, ETIMEDOUT);
    for (struct op *op = sim->queue, *next; op; op = next) {
        next = op->next;
        if (op->client != client || op->done)
            continue;
        struct op *told = must(calloc(1, sizeof *told));
        *told = (struct op){
            .client = client, .done = true, .result = -ETIMEDOUT, .tell = op->tell, .arg = op->arg, .next = sim->queue};
        sim->queue = told;
        op->tell = NULL;
    }
    expire(sim, client);
    pthread_cond_broadcast(&sim->work);
}

/* Lock held. */
static void shut_out(struct sim_cluster *sim, struct client *client)
{
    client->fenced = true;
    fail_all(sim, client, ESHUTDOWN);
    for (struct op **link = &sim->queue; *link;) {
        struct op *op = *link;
        if (op->client == client && !op->tell) {
            *link = op->next;
            op_free(op);
        } else {
            link = &op->next;
        }
    }
    pthread_cond_broadcast(&sim->work);
}

/* ---- the frame of a call --------------------------------------------------------------------- */

static int meet(struct fault *fault)
{
    if (fault->countdown == 0)
        return 0;
    if (fault->countdown > 1) {
        fault->countdown--;
        return 0;
    }
    fault->countdown = fault->forever ? 1 : 0;
    return fault->error;
}

/* Takes the lock. Returns the errno that the call is to fail with. */
static int begin(struct client *client, enum sim_cluster_call call)
{
    struct sim_cluster *sim = client->sim;
    pthread_mutex_lock(&sim->lock);
    if (sim->calls_left == 0 && client == sim->clients)
        cut(sim, client);
    if (client->fenced)
        return ESHUTDOWN;
    if (client->cut)
        return ETIMEDOUT;
    if (sim->calls_left != NEVER)
        sim->calls_left--;
    sim->calls[call]++;
    int error = meet(&sim->faults[call]);
    int any = meet(&sim->faults[SIM_CLUSTER_CALLS]);
    return error ? error : any;
}

static int finish(struct client *client, int error)
{
    pthread_mutex_unlock(&client->sim->lock);
    return error;
}

/* What the client has asked of an object before is done first, unless the call is to fail. */
static void settle(struct client *client, const char *object, int error)
{
    for (struct op *op = client->sim->queue; op && !error; op = op->next)
        if (!op->done && op->client == client && strcmp(op->object, object) == 0)
            perform(client->sim, op);
}

/* ---- changes and reads ----------------------------------------------------------------------- */

/* Puts it at the end of the queue; what fails at once is told later, too. */
static void enqueue(struct client *client, struct op *op, const char *object, int error)
{
    struct sim_cluster *sim = client->sim;
    struct op **link = &sim->queue;
    op->client = client;
    op->fault = error;
    op->done = client->fenced || client->cut;
    op->result = -error;
    memcpy(op->object, object, strlen(object) + 1);
    while (*link)
        link = &(*link)->next;
    *link = op;
    pthread_cond_broadcast(&sim->work);
    pthread_mutex_unlock(&sim->lock);
}

static void sim_change(void *self, const char *object, const struct cluster_step *steps, size_t count,
                       cluster_done *done, void *arg)
{
    struct op *op = must(calloc(1, sizeof *op));
    if (count > STEPS_MAX)
        abort();
    op->count = count;
    op->tell = done;
    op->arg = arg;
    for (size_t i = 0; i < count; i++) {
        op->steps[i] = steps[i];
        op->steps[i].name = steps[i].name ? must(strdup(steps[i].name)) : NULL;
        char *copy = must(malloc(steps[i].length + 1));
        op->steps[i].bytes = steps[i].length > 0 ? memcpy(copy, steps[i].bytes, steps[i].length) : copy;
    }
    enqueue(self, op, object, begin(self, SIM_CLUSTER_CHANGE));
}

static void sim_read(void *self, const char *object, void *bytes, size_t length, uint64_t position, cluster_done *done,
                     void *arg)
{
    struct op *op = must(calloc(1, sizeof *op));
    *op = (struct op){.bytes = bytes, .length = length, .position = position, .tell = done, .arg = arg};
    enqueue(self, op, object, begin(self, SIM_CLUSTER_READ));
}

/* ---- texts ----------------------------------------------------------------------------------- */

static int sim_get(void *self, const char *name, enum cluster_kind kind, const char *const *names, size_t count,
                   char **ret_texts)
{
    struct client *client = self;
    int error = begin(client, SIM_CLUSTER_GET);
    settle(client, name, error);
    const struct sim_object *object = sim_pool_find(&client->sim->pool, name);
    if (!error && !object)
        error = ENOENT;
    for (size_t i = 0; i < count && !error; i++) {
        const char *text = sim_object_text(object, kind, names[i]);
        ret_texts[i] = text ? must(strdup(text)) : NULL;
    }
    return finish(client, error);
}

static void append(char **list, size_t *length, const char *text)
{
    size_t size = strlen(text) + 1;
    *list = must(realloc(*list, *length + size + 1));
    memcpy(*list + *length, text, size);
    *length += size;
    (*list)[*length] = '\0';
}

static int sim_list(void *self, const char *name, const char *prefix, const char *after, size_t most, char **ret_rows,
                    bool *ret_more)
{
    struct client *client = self;
    int error = begin(client, SIM_CLUSTER_LIST);
    settle(client, name, error);
    const struct sim_object *object = sim_pool_find(&client->sim->pool, name);
    if (error || !object)
        return finish(client, error ? error : ENOENT);
    const struct sim_texts *rows = &object->texts[CLUSTER_ROWS];
    char *list = must(calloc(1, 1));
    size_t length = 0, count = 0, i = 0;
    for (; i < rows->count && count < most; i++)
        if (strncmp(rows->items[i].name, prefix, strlen(prefix)) == 0 && strcmp(rows->items[i].name, after) > 0) {
            append(&list, &length, rows->items[i].name);
            append(&list, &length, rows->items[i].text);
            count++;
        }
    *ret_rows = list;
    *ret_more = i < rows->count;
    return finish(client, 0);
}

/* ---- locks ----------------------------------------------------------------------------------- */

static bool is_locked(const struct sim_object *object)
{
    return object && object->locked && (!object->until || clock_now(CLOCK_MONOTONIC) < object->until);
}

static int sim_lock(void *self, const char *name, const char *cookie, unsigned seconds)
{
    struct client *client = self;
    struct sim_pool *pool = &client->sim->pool;
    int error = begin(client, SIM_CLUSTER_LOCK);
    struct sim_object *object = error ? NULL : sim_pool_find(pool, name);
    if (is_locked(object) && strcmp(object->owner.cookie, cookie) != 0)
        error = EBUSY;
    if (error)
        return finish(client, error);
    if (object && object->until == RAN_OUT && strcmp(object->owner.cookie, cookie) == 0)
        return finish(client, 0); /* its owner stands still since: what he renews he renewed before */
    if (!object)
        object = sim_pool_make(pool, name);
    object->locked = true;
    object->until = seconds ? clock_now(CLOCK_MONOTONIC) + (int64_t)seconds * CLOCK_SECOND : 0;
    (void)snprintf(object->owner.cookie, sizeof object->owner.cookie, "%s", cookie);
    (void)snprintf(object->owner.client, sizeof object->owner.client, "client.%u", client->number);
    (void)snprintf(object->owner.address, sizeof object->owner.address, "sim:0/%u", client->number);
    return finish(client, 0);
}

static int sim_unlock(void *self, const char *name, const char *cookie)
{
    struct client *client = self;
    int error = begin(client, SIM_CLUSTER_LOCK);
    struct sim_object *object = sim_pool_find(&client->sim->pool, name);
    if (!error && !(is_locked(object) && strcmp(object->owner.cookie, cookie) == 0))
        error = ENOENT;
    if (!error)
        object->locked = false;
    return finish(client, error);
}

static int sim_owner(void *self, const char *name, struct cluster_owner *ret_owner)
{
    struct client *client = self;
    int error = begin(client, SIM_CLUSTER_LOCK);
    const struct sim_object *object = sim_pool_find(&client->sim->pool, name);
    if (!error && !is_locked(object))
        error = ENOENT;
    if (!error)
        *ret_owner = object->owner;
    return finish(client, error);
}

static int sim_break_lock(void *self, const char *name, const struct cluster_owner *owner)
{
    return sim_unlock(self, name, owner->cookie);
}

static int sim_fence(void *self, const struct cluster_owner *owner)
{
    struct client *client = self;
    int error = begin(client, SIM_CLUSTER_LOCK);
    for (struct client *other = client->sim->clients; other && !error; other = other->next)
        if (other->number == client_number(owner->address))
            shut_out(client->sim, other);
    return finish(client, error);
}

static int sim_free_bytes(void *self, uint64_t *ret_bytes)
{
    struct client *client = self;
    pthread_mutex_lock(&client->sim->lock);
    int error = client->sim->free_bytes == UINT64_MAX ? EOPNOTSUPP : 0;
    if (!error)
        *ret_bytes = client->sim->free_bytes;
    return finish(client, error);
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static bool is_told_of(const struct sim_cluster *sim, const struct client *client)
{
    const struct op *op = sim->queue;
    while (op && (op->client != client || !op->tell))
        op = op->next;
    return op != NULL;
}

static void sim_close(void *self)
{
    struct client *client = self;
    struct sim_cluster *sim = client->sim;
    pthread_mutex_lock(&sim->lock);
    while (is_told_of(sim, client))
        pthread_cond_wait(&sim->work, &sim->lock);
    client->closed = true;
    pthread_mutex_unlock(&sim->lock);
}

struct sim_cluster *sim_cluster_new(uint64_t seed)
{
    struct sim_cluster *sim = must(calloc(1, sizeof *sim));
    sim->prng = prng_of(seed);
    sim->calls_left = NEVER;
    sim->free_bytes = UINT64_MAX;
    pthread_mutex_init(&sim->lock, NULL);
    pthread_cond_init(&sim->work, NULL);
    if (pthread_create(&sim->thread, NULL, run, sim))
        abort();
    return sim;
}

void sim_cluster_free(struct sim_cluster *sim)
{
    if (!sim)
        return;
    pthread_mutex_lock(&sim->lock);
    sim->ending = true;
    pthread_cond_broadcast(&sim->work);
    pthread_mutex_unlock(&sim->lock);
    pthread_join(sim->thread, NULL);
    while (sim->queue) {
        struct op *op = sim->queue;
        sim->queue = op->next;
        op_free(op);
    }
    while (sim->clients) {
        struct client *next = sim->clients->next;
        if (!sim->clients->closed)
            abort();
        free(sim->clients);
        sim->clients = next;
    }
    sim_pool_free(&sim->pool);
    pthread_cond_destroy(&sim->work);
    pthread_mutex_destroy(&sim->lock);
    free(sim);
}

void sim_cluster_connect(struct sim_cluster *sim, struct cluster *ret_cluster)
{
    struct client *client = must(calloc(1, sizeof *client));
    pthread_mutex_lock(&sim->lock);
    *client = (struct client){.sim = sim, .next = sim->clients, .number = sim->clients ? sim->clients->number + 1 : 1};
    sim->clients = client;
    pthread_mutex_unlock(&sim->lock);
    *ret_cluster = (struct cluster){
        .self = client,
        .change = sim_change,
        .read = sim_read,
        .get = sim_get,
        .list = sim_list,
        .lock = sim_lock,
        .unlock = sim_unlock,
        .owner = sim_owner,
        .break_lock = sim_break_lock,
        .fence = sim_fence,
        .free_bytes = sim_free_bytes,
        .close = sim_close,
    };
}

/* ---- faults and figures ---------------------------------------------------------------------- */

void sim_cluster_cut(struct sim_cluster *sim)
{
    pthread_mutex_lock(&sim->lock);
    cut(sim, sim->clients);
    pthread_mutex_unlock(&sim->lock);
}

void sim_cluster_cut_after(struct sim_cluster *sim, uint64_t calls)
{
    pthread_mutex_lock(&sim->lock);
    sim->calls_left = calls;
    pthread_mutex_unlock(&sim->lock);
}

void sim_cluster_fail(struct sim_cluster *sim, enum sim_cluster_call call, uint64_t nth, bool forever, int error)
{
    pthread_mutex_lock(&sim->lock);
    sim->faults[call] = (struct fault){.countdown = nth, .forever = forever, .error = error};
    pthread_mutex_unlock(&sim->lock);
}

void sim_cluster_heal(struct sim_cluster *sim)
{
    pthread_mutex_lock(&sim->lock);
    memset(sim->faults, 0, sizeof sim->faults);
    pthread_mutex_unlock(&sim->lock);
}

void sim_cluster_hold(struct sim_cluster *sim, bool hold)
{
    pthread_mutex_lock(&sim->lock);
    sim->hold = hold;
    pthread_cond_broadcast(&sim->work);
    pthread_mutex_unlock(&sim->lock);
}

void sim_cluster_expire(struct sim_cluster *sim)
{
    pthread_mutex_lock(&sim->lock);
    expire(sim, NULL);
    pthread_mutex_unlock(&sim->lock);
}

void sim_cluster_set_free(struct sim_cluster *sim, uint64_t bytes)
{
    pthread_mutex_lock(&sim->lock);
    sim->free_bytes = bytes;
    pthread_mutex_unlock(&sim->lock);
}

uint64_t sim_cluster_calls(struct sim_cluster *sim, enum sim_cluster_call call)
{
    pthread_mutex_lock(&sim->lock);
    uint64_t calls = sim->calls[call];
    pthread_mutex_unlock(&sim->lock);
    return calls;
}

size_t sim_cluster_objects(struct sim_cluster *sim, const char *prefix)
{
    size_t count = 0;
    pthread_mutex_lock(&sim->lock);
    for (const struct sim_object *object = sim->pool.objects; object; object = object->next)
        count += strncmp(object->name, prefix, strlen(prefix)) == 0;
    pthread_mutex_unlock(&sim->lock);
    return count;
}

uint64_t sim_cluster_hottest(struct sim_cluster *sim, const char *prefix)
{
    uint64_t most = 0;
    pthread_mutex_lock(&sim->lock);
    for (struct sim_object *object = sim->pool.objects; object; object = object->next) {
        if (strncmp(object->name, prefix, strlen(prefix)) == 0 && object->changes > most)
            most = object->changes;
        object->changes = 0;
    }
    pthread_mutex_unlock(&sim->lock);
    return most;
}
