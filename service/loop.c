/* loop.c - an HTTP thread: its turns, and what others may ask of it. See loop.h. */
#include "service/clients.h"
#include "service/clock.h"
#include "service/daemon.h"
#include "service/transport.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS = 32 }; /* fetched at a time */

enum {
    LOOK = 1000, /* milliseconds between two looks at how clients come on, at most */
    LOOKS = 4    /* in an idle timeout, at least */
};

/* ---- new connections ------------------------------------------------------------------------- */

/* For struct handshakes. */
static void on_handshake(void *arg, struct client *client, bool agreed)
{
    struct loop *loop = arg;
    clients_unlink(loop, client);
    if (agreed) {
        daemon_give(loop, client);
        return;
    }
    close(client->socket);
    clients_forget(loop, client);
}

/* A client that is to speak TLS is one like any other from here on, but that libmicrohttpd does not know it yet. */
static void greet_client(struct loop *loop, struct client *client)
{
    clients_add(loop, client);
    client_wait_for_head(client);
    clients_tell_phase(client, loop->current);
    if (!handshakes_add(&loop->handshakes, client))
        on_handshake(loop, client, false);
}

static void admit_inbox(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct client *newest = loop->inbox, *oldest = NULL;
    loop->inbox = NULL;
    pthread_mutex_unlock(&loop->lock);

    while (newest) {
        struct client *client = newest;
        newest = client->next;
        client->next = oldest;
        oldest = client;
        loop->guests += client->guest;
    }
    while (oldest) {
        struct client *client = oldest;
        oldest = client->next;
        if (client->tls)
            greet_client(loop, client);
        else
            daemon_give(loop, client);
    }
}

/* The flag is taken back by the thread after it has read `wake`, so that no call is missed: one that finds the
 * flag up is looked after by the thread that is about to take it down. */
static void call(struct loop *loop)
{
    if (!atomic_exchange(&loop->called, true))
        eventfd_write(loop->wake, 1);
}

/* ---- the thread's turns --------------------------------------------------------------------- */

bool loop_watch(struct loop *loop, int file, uint32_t what, void *who)
{
    struct epoll_event event = {.events = what, .data.ptr = who};
    return epoll_ctl(loop->events, EPOLL_CTL_ADD, file, &event) == 0;
}

/* How long the thread may sleep: 0 while libmicrohttpd has bytes to work on, -1 for ever, but not longer than to the
 * next look at requests under way. */
static int time_left(struct loop *loop)
{
    MHD_UNSIGNED_LONG_LONG milliseconds;
    bool watches = loop->current != PHASE_SERVE || loop->under_way > 0 || loop->unsettled || loop->guests > 0 ||
                   places_are_short(loop->options.places) || loop->farewells.count > 0 || loop->handshakes.count > 0;
    int64_t most = loop->listens ? LOOP_GUEST_MOMENT : watches ? loop->look_every : INT_MAX;
    if (MHD_get_timeout(loop->daemon, &milliseconds) != MHD_YES)
        return watches ? (int)most : -1;
    return milliseconds < (MHD_UNSIGNED_LONG_LONG)most ? (int)milliseconds : (int)most;
}

static void wait_for_events(struct loop *loop)
{
    struct epoll_event events[EVENTS];
    eventfd_t count;
    int ready = epoll_wait(loop->events, events, EVENTS, time_left(loop));
    for (int i = 0; i < ready; i++)
        if (events[i].data.ptr == &loop->wake)
            eventfd_read(loop->wake, &count);
        else if (events[i].data.ptr == &loop->farewells)
            farewells_read(&loop->farewells, clock_milliseconds());
        else if (events[i].data.ptr == &loop->handshakes)
            handshakes_run(&loop->handshakes);
        else if (events[i].data.ptr != loop->daemon)
            clients_ended(loop, events[i].data.ptr);
}

static void come_back(struct loop *loop)
{
    if (!atomic_load_explicit(&loop->away, memory_order_relaxed))
        return;
    attendance_return(loop->options.attendance);
    atomic_store(&loop->away, false);
}

static void answer_call(struct loop *loop)
{
    admit_inbox(loop);
    enum phase phase = (enum phase)atomic_load(&loop->phase);
    if (phase != loop->current)
        clients_enter_phase(loop, phase);
}

static void publish(struct loop *loop)
{
    atomic_store_explicit(&loop->published.busy, loop->under_way, memory_order_relaxed);
    atomic_store_explicit(&loop->published.guests, loop->guests, memory_order_relaxed);
    atomic_store_explicit(&loop->published.closing, loop->farewells.count, memory_order_relaxed);
}

static void *run(void *arg)
{
    struct loop *loop = arg;
    while (loop->current == PHASE_SERVE || atomic_load(&loop->connections) > 0 || loop->farewells.count > 0) {
        wait_for_events(loop);
        if (atomic_exchange(&loop->called, false))
            answer_call(loop);
        MHD_run(loop->daemon);
        come_back(loop);
        daemon_forget_refused(loop);
        clients_tell_of_ends(loop);
        clients_judge(loop);
        clients_limit_guests(loop);
        publish(loop);
    }
    transport_end();
    eventfd_write(loop->finished, 1);
    return NULL;
}

/* ---- from outside --------------------------------------------------------------------------- */

/* Counted first and looked at second, while loop_may_wait() says it first and counts second: one of the two sees the
 * other. */
bool loop_expect(struct loop *loop)
{
    atomic_fetch_add(&loop->connections, 1);
    bool here = !atomic_load(&loop->away);
    if (!here)
        atomic_fetch_sub(&loop->connections, 1);
    return here;
}

bool loop_admit(struct loop *loop, int socket, const struct sockaddr *address, socklen_t length, bool guest,
                struct identity *identity)
{
    struct client *client = client_new(loop, socket, address, length, guest, identity);
    if (!client) {
        atomic_fetch_sub(&loop->connections, 1);
        close(socket);
        return false;
    }
    atomic_fetch_add_explicit(&loop->accepted, 1, memory_order_relaxed);

    pthread_mutex_lock(&loop->lock);
    client->next = loop->inbox;
    loop->inbox = client;
    pthread_mutex_unlock(&loop->lock);
    call(loop);
    return true;
}

bool loop_is_guest(struct MHD_Connection *connection)
{
    return client_of(connection)->guest;
}

/* See loop_expect(). */
bool loop_may_wait(struct MHD_Connection *connection)
{
    struct loop *loop = client_of(connection)->loop;
    if (loop->current != PHASE_SERVE || loop->guests > 0 || loop->farewells.count > 0)
        return false;
    if (atomic_load(&loop->away))
        return atomic_load(&loop->connections) == 1;
    if (atomic_load(&loop->connections) > 1 || !attendance_leave(loop->options.attendance))
        return false;
    atomic_store(&loop->away, true);
    return atomic_load(&loop->connections) == 1;
}

void loop_record(struct MHD_Connection *connection, const char *line, size_t length)
{
    access_ring_put(client_of(connection)->loop->options.access_ring, line, length);
}

void loop_moved(struct MHD_Connection *connection, uint64_t *ret_given, uint64_t *ret_taken)
{
    pace_moved(client_of(connection)->socket, ret_given, ret_taken);
}

void loop_resume(struct MHD_Connection *connection)
{
    struct loop *loop = client_of(connection)->loop;
    MHD_resume_connection(connection);
    call(loop);
}

size_t loop_connections(const struct loop *loop)
{
    return atomic_load(&loop->connections);
}

bool loop_is_away(const struct loop *loop)
{
    return atomic_load(&loop->away);
}

void loop_add_figures(const struct loop *loop, struct loop_figures *figures)
{
    size_t all = atomic_load(&loop->connections);
    size_t busy = atomic_load_explicit(&loop->published.busy, memory_order_relaxed);
    figures->busy += busy;
    figures->idle += all > busy ? all - busy : 0;
    figures->guests += atomic_load_explicit(&loop->published.guests, memory_order_relaxed);
    figures->closing += atomic_load_explicit(&loop->published.closing, memory_order_relaxed);
    figures->accepted += atomic_load_explicit(&loop->accepted, memory_order_relaxed);
}

/* It sleeps for as long as it has nobody to look at (time_left()). */
void loop_hurry(struct loop *loop)
{
    call(loop);
}

void loop_drain(struct loop *loop)
{
    atomic_store(&loop->phase, PHASE_DRAIN);
    call(loop);
}

void loop_cut(struct loop *loop)
{
    atomic_store(&loop->phase, PHASE_CUT);
    call(loop);
}

int loop_finished(const struct loop *loop)
{
    return loop->finished;
}

/* ---- beginning and end ---------------------------------------------------------------------- */

static bool open_events(struct loop *loop)
{
    loop->events = epoll_create1(EPOLL_CLOEXEC);
    loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->finished = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return farewells_open(&loop->farewells, loop->options.farewell_limit) &&
           handshakes_open(&loop->handshakes, on_handshake, loop) && loop->events >= 0 && loop->wake >= 0 &&
           loop->finished >= 0;
}

void loop_free(struct loop *loop)
{
    MHD_stop_daemon(loop->daemon);
    farewells_close(&loop->farewells);
    handshakes_close(&loop->handshakes);
    if (loop->events >= 0)
        close(loop->events);
    if (loop->wake >= 0)
        close(loop->wake);
    if (loop->finished >= 0)
        close(loop->finished);
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}

static bool start(struct loop *loop)
{
    if (!open_events(loop))
        return false;
    loop->daemon = daemon_start(loop);
    if (!loop->daemon) {
        errno = errno ? errno : ENOMEM;
        return false;
    }
    int daemon_events = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    if (!loop_watch(loop, daemon_events, EPOLLIN, loop->daemon) ||
        !loop_watch(loop, loop->wake, EPOLLIN, &loop->wake) ||
        !loop_watch(loop, loop->farewells.events, EPOLLIN, &loop->farewells) ||
        !loop_watch(loop, loop->handshakes.events, EPOLLIN, &loop->handshakes))
        return false;
    errno = pthread_create(&loop->thread, NULL, run, loop);
    return errno == 0;
}

struct loop *loop_start(const struct loop_options *options)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return NULL;
    loop->options = *options;
    loop->look_every = (int64_t)options->idle_timeout * 1000 / LOOKS;
    if (loop->look_every > LOOK)
        loop->look_every = LOOK;
    loop->events = loop->wake = loop->finished = loop->farewells.events = loop->farewells.spare = -1;
    loop->handshakes.events = -1;
    loop->arriving_end = &loop->arriving;
    pthread_mutex_init(&loop->lock, NULL);
    if (start(loop))
        return loop;
    int error = errno;
    loop_free(loop);
    errno = error;
    return NULL;
}

void loop_join(struct loop *loop)
{
    pthread_join(loop->thread, NULL);
}
