/* press.c - a table of the prints that somebody has, by what they tell. See press.h. */
#include "api/feed/press.h"

#include "api/feed/following.h"
#include "api/request/core.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_BITS = 10 };

/* Of a crowd whose page is there so many go on at a time, and each that has lets another one go. Else a loop would have
 * thousands to answer before it looks at what else has come. */
enum { AWAKE_MAX = 512 };

/* Bytes of text behind which a page ends, or a part of an event. Long keys make fewer changes. It is in memory until
 * the slowest of those who get it has read it. */
enum { PAGE_BYTES = 1 << 20, EVENT_BYTES = 64 << 10, SHORT_BYTES = 4 << 10 };

struct press {
    pthread_mutex_t lock; /* guards the rows and what stands in them, but for what is known of a print that is made */
    struct print *rows[1 << ROW_BITS];
    size_t awake;                 /* requests that were resumed, and do not go on yet */
    struct request *first, *last; /* those whose turn comes, in order */
};

struct press *press_new(void)
{
    struct press *press = calloc(1, sizeof *press);
    if (press)
        pthread_mutex_init(&press->lock, NULL);
    return press;
}

void press_free(struct press *press)
{
    if (!press)
        return;
    pthread_mutex_destroy(&press->lock);
    free(press);
}

/* ---- the table; the lock is held --------------------------------------------------------------- */

static struct print **row_of(struct press *press, const struct store *store, const struct store_changes_query *query)
{
    const uint64_t odd = 0x9e3779b97f4a7c15;
    uint64_t hash = store_key_of(query->prefix, query->prefix_length).hash;
    hash = (hash ^ (uintptr_t)store) * odd;
    hash = (hash ^ query->since) * odd;
    return &press->rows[hash >> (64 - ROW_BITS)];
}

static bool is_for(const struct print *print, const struct request *request)
{
    const struct following *following = request->state;
    const struct store_changes_query *query = &following->query;
    return print->store == request->store && print->form == (int)following->form &&
           print->query.since == query->since && print->query.amid == query->amid &&
           print->query.limit == query->limit && print->query.prefix_length == query->prefix_length &&
           memcmp(print->prefix, query->prefix, query->prefix_length) == 0;
}

/* Whether somebody to whom the log has shown so much may be told this. */
static bool is_up_to(const struct print *print, uint64_t end)
{
    if (!print->made)
        return print->asked >= end;
    return print->error == STORE_OK && !print->crowded && print->changes.end >= end;
}

static struct print *find(struct print *row, const struct request *request, uint64_t end)
{
    struct print *print = row;
    while (print && !(is_for(print, request) && is_up_to(print, end)))
        print = print->next;
    return print;
}

static struct print *add(struct print **row, const struct request *request, uint64_t end)
{
    const struct following *following = request->state;
    const struct store_changes_query *query = &following->query;
    struct print *print = calloc(1, sizeof *print + query->prefix_length);
    if (!print)
        return NULL;
    print->store = request->store;
    print->form = (int)following->form;
    print->query = *query;
    print->query.prefix = print->prefix;
    memcpy(print->prefix, query->prefix, query->prefix_length);
    print->asked = end;
    print->next = *row;
    *row = print;
    return print;
}

static void strike(struct press *press, const struct print *print)
{
    struct print **link = row_of(press, print->store, &print->query);
    while (*link != print)
        link = &(*link)->next;
    *link = print->next;
}

/* ---- going on -------------------------------------------------------------------------------- */

static struct request *behind(const struct request *request)
{
    const struct following *following = request->state;
    return following->behind;
}

/* At the end of those whose turn comes. Lock held. */
static void queue(struct press *press, struct request *request)
{
    struct following *following = request->state, *last = press->last ? press->last->state : NULL;
    following->behind = NULL;
    if (last)
        last->behind = request;
    else
        press->first = request;
    press->last = request;
}

/* Those whose turn it is, from the first one on. Lock held. */
static struct request *take_turns(struct press *press)
{
    struct request *turns = press->first;
    struct following *last = NULL;
    for (; press->first && press->awake < AWAKE_MAX; press->first = last->behind) {
        last = press->first->state;
        last->awake = true;
        press->awake++;
    }
    if (!press->first)
        press->last = NULL;
    if (!last)
        return NULL;
    last->behind = NULL;
    return turns;
}

/* Lets the lock go. Those who go on are another thread's from here on. */
static void go_on(struct press *press)
{
    struct request *turns = take_turns(press);
    pthread_mutex_unlock(&press->lock);
    while (turns) {
        struct request *next = behind(turns);
        request_resume(turns);
        turns = next;
    }
}

/* One who was let go on has, or ends here: the next one's turn comes. */
static void pass_on(struct press *press, struct following *following)
{
    pthread_mutex_lock(&press->lock);
    press->awake -= following->awake;
    following->awake = false;
    go_on(press);
}

/* ---- making one ------------------------------------------------------------------------------ */

/* Writes what is asked for into the text of who makes it; with no bytes, only where the log ends. */
static void write_text(struct request *request, const struct print *print, size_t bytes)
{
    struct following *following = request->state;
    following->query.since = print->query.since;
    following->query.amid = print->query.amid;
    jsontext_free(&following->text);
    if (following->form == FOLLOWING_EVENTS)
        following_read_event(request, following, bytes);
    else
        following_read_page(request, following, bytes);
}

/* The text becomes one that all have, if there is memory for it. */
static struct edition *take_text(struct request *request, bool anyway)
{
    struct following *following = request->state;
    size_t length;
    char *text = jsontext_take(&following->text, &length);
    return edition_new(&request->api->answers, text, length, anyway);
}

/* It is never refused for want of memory: it is short, whatever there is to tell. */
static void make_event(struct request *request, struct print *print)
{
    const struct following *following = request->state;
    const struct budget *answers = &request->api->answers;
    write_text(request, print, budget_has(answers, answers->limit / 4) ? EVENT_BYTES : SHORT_BYTES);
    if (request->error != STORE_OK || (following->told == 0 && !print->query.amid))
        return;
    print->edition = take_text(request, true);
    if (!print->edition)
        request->error = STORE_NO_MEMORY;
}

static void make_page(struct request *request, struct print *print)
{
    struct budget *answers = &request->api->answers;
    print->crowded = !budget_has(answers, SHORT_BYTES);
    if (!print->crowded)
        write_text(request, print, budget_has(answers, PAGE_BYTES) ? PAGE_BYTES : SHORT_BYTES);
    if (!print->crowded && request->error == STORE_OK) {
        print->edition = take_text(request, false);
        print->crowded = !print->edition; /* it had to be longer, or others were faster */
    }
    if (!print->crowded)
        return;
    write_text(request, print, 0);
    if (request->error == STORE_OK)
        print->edition = take_text(request, true);
    if (request->error == STORE_OK && !print->edition)
        request->error = STORE_NO_MEMORY;
}

static void deliver(struct request *request)
{
    struct following *following = request->state;
    struct print *print = following->print;
    struct press *press = request->api->press;
    pthread_mutex_lock(&press->lock);
    print->error = request->error;
    print->os_error = request->os_error;
    request->error = STORE_OK; /* until it is taken */
    print->changes = following->changes;
    print->told = following->told;
    print->made = true;
    for (struct request *waiting = print->line, *next; waiting; waiting = next) {
        next = behind(waiting);
        queue(press, waiting);
    }
    print->line = NULL;
    queue(press, request);
    go_on(press);
}

/* Thread: an I/O thread. */
static void make(void *arg)
{
    struct request *request = arg;
    struct following *following = request->state;
    if (following->form == FOLLOWING_EVENTS)
        make_event(request, following->print);
    else
        make_page(request, following->print);
    deliver(request);
}

/* Who may wait for changes may wait for a thread; others come back when too many do. */
static void begin(struct request *request)
{
    const struct following *following = request->state;
    struct depot *depot = request->api->options.depot;
    bool patient = following->wait > 0 || request->phase == REQUEST_SENT;
    enum store_error error = patient ? depot_go_on(depot, make, request) : depot_run(depot, make, request);
    if (error == STORE_OK)
        return; /* the request is no longer ours */
    request->error = error;
    deliver(request);
}

/* ---- who follows ------------------------------------------------------------------------------- */

static void line_up(struct print *print, struct request *request)
{
    struct following *following = request->state;
    following->behind = print->line;
    print->line = request;
}

/* The print that it asks for, which has one follower more; NULL: no memory. Lock held. */
static struct print *join(struct press *press, const struct request *request, uint64_t end, bool *ret_new)
{
    const struct following *following = request->state;
    struct print **row = row_of(press, request->store, &following->query);
    struct print *print = find(*row, request, end);
    *ret_new = !print;
    if (!print)
        print = add(row, request, end);
    if (print)
        print->followers++;
    return print;
}

void press_order(struct request *request)
{
    struct following *following = request->state;
    struct press *press = request->api->press;
    uint64_t end = store_end_offset(request->store);
    bool begins;
    assert(!following->print);
    pthread_mutex_lock(&press->lock);
    struct print *print = following->print = join(press, request, end, &begins);
    bool made = !print || print->made;
    if (made)
        queue(press, request);
    else if (!begins)
        line_up(print, request);
    go_on(press);
    if (!made && begins)
        begin(request);
}

void press_take(struct request *request)
{
    struct following *following = request->state;
    const struct print *print = following->print;
    pass_on(request->api->press, following);
    request->error = print ? print->error : STORE_NO_MEMORY;
    request->os_error = print ? print->os_error : 0;
    if (!print)
        return;
    following->changes = print->changes;
    following->told = print->told;
    following->query.since = print->query.since;
    following->query.amid = print->query.amid;
    if (print->error == STORE_OK)
        following_move(following);
}

static void print_free(struct print *print)
{
    edition_release(print->edition);
    free(print);
}

void press_leave(struct press *press, struct following *following)
{
    struct print *print = following->print;
    following->print = NULL;
    if (!print)
        return;
    pthread_mutex_lock(&press->lock);
    bool last = --print->followers == 0;
    if (last)
        strike(press, print);
    pthread_mutex_unlock(&press->lock);
    if (last)
        print_free(print);
}

void press_forget(struct press *press, struct following *following)
{
    press_leave(press, following);
    if (following->awake)
        pass_on(press, following);
}
