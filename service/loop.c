/* loop.c - an HTTP thread. See loop.h.
 *
 * Everything but the inbox and the two atomics belongs to the loop's own thread: libmicrohttpd calls back only
 * from inside MHD_run() and MHD_add_connection().
 */
#include "service/loop.h"

#include "api/api.h"
#include "service/client.h"
#include "service/clock.h"
#include "service/farewell.h"
#include "service/handshakes.h"
#include "service/logger.h"
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
    LOOKS = 4,   /* in an idle timeout, at least */
    DRAIN_LOOK = 50
};

enum {
    GUEST_PATIENCE = 2000, /* milliseconds for a guest to say what it wants, and to take its answer */
    GUEST_MOMENT = 5       /* to come on from one message to the next, however many guests there are */
};

enum { WINDOW = 32 << 20 }; /* bytes that a client's kernel takes ahead of it at most, as systems are set by default */

enum { CROWD_HASTE = 12 }; /* when places are short, clients have the idle timeout by so much */

enum phase { PHASE_SERVE, PHASE_DRAIN, PHASE_CUT };

struct loop {
    struct loop_options options;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    int events;   /* epoll: libmicrohttpd's own epoll descriptor, and wake */
    int wake;     /* eventfd: the inbox or the phase has changed */
    int finished; /* eventfd: the thread has ended */

    pthread_mutex_t lock;
    struct client *inbox; /* under lock; newest first */
    atomic_bool away;     /* it may wait for the disk until its next turn */
    atomic_bool called;   /* something is in the inbox or the phase has changed */
    atomic_int phase;     /* what is asked for */
    atomic_size_t connections;
    atomic_uint_fast64_t accepted;
    struct {
        atomic_size_t busy, guests, closing;
    } published; /* by the thread, for others to read */

    enum phase current; /* what has been carried out */
    size_t under_way;   /* requests whose head was heard */
    size_t guests;      /* among the clients */
    bool crowded;       /* places are short */
    bool listens;       /* to too many guests, who all have their moment */
    bool unsettled;     /* a client may have answers to take */
    int64_t next_look;  /* milliseconds: at those who take their time */
    int64_t look_every; /* milliseconds */
    struct client *clients;
    struct client *arriving; /* given to libmicrohttpd, which has not told of them yet; oldest first */
    struct client **arriving_end;
    struct handshakes handshakes; /* of clients that libmicrohttpd is given afterwards */
    struct farewells farewells;
    struct client *ended; /* libmicrohttpd is still to be told of their end */
};

/* ---- libmicrohttpd's callbacks ------------------------------------------------------------- */

static void client_opened(struct loop *loop, struct client *client)
{
    client->previous = NULL;
    client->next = loop->clients;
    if (loop->clients)
        loop->clients->previous = client;
    loop->clients = client;
}

/* It is none of the clients any more; its end, or its second beginning, is the caller's. */
static void client_unlink(struct loop *loop, const struct client *client)
{
    if (client->previous)
        client->previous->next = client->next;
    else
        loop->clients = client->next;
    if (client->next)
        client->next->previous = client->previous;
}

static void client_forget(struct loop *loop, struct client *client)
{
    if (client->guest)
        loop->guests--;
    else
        places_leave(loop->options.places, (const struct sockaddr *)&client->address);
    client_free(client);
    atomic_fetch_sub(&loop->connections, 1);
    loop->options.closed(loop->options.closed_arg);
}

static void add_eviction(struct loop *loop, const struct client *client, enum api_eviction reason, bool rated)
{
    eviction_add(loop->options.evictions, reason, rated, (const struct sockaddr *)&client->address,
                 client->address_length);
}

static struct pace_terms pace_terms(const struct loop *loop)
{
    return (struct pace_terms){.rate = (int64_t)loop->options.least_rate,
                               .grace = 1000 * (int64_t)loop->options.idle_timeout,
                               .haste = 1000 * (int64_t)loop->options.idle_timeout / CROWD_HASTE,
                               .ahead = WINDOW,
                               .crowded = loop->crowded};
}

/* How long clients may keep the server waiting: less while places are short. */
static struct client_terms terms(const struct loop *loop)
{
    struct pace_terms pace = pace_terms(loop);
    int64_t patience = loop->crowded ? pace.haste : pace.grace;
    return (struct client_terms){.pace = pace,
                                 .handshake_patience = patience,
                                 .head_patience = loop->crowded ? patience : 2 * patience,
                                 .guest_patience = GUEST_PATIENCE};
}

/* Takes a client off the list of those whose end libmicrohttpd does not know. */
static void client_unlist(struct loop *loop, const struct client *client)
{
    struct client **link = &loop->ended;
    while (*link && *link != client)
        link = &(*link)->next_ended;
    if (*link)
        *link = client->next_ended;
}

static void client_closed(struct loop *loop, struct client *client)
{
    if (loop->current != PHASE_CUT && client_is_still_sending(client)) {
        /* As long as another descriptor is open, the watch is not gone with this one. */
        epoll_ctl(loop->events, EPOLL_CTL_DEL, client->socket, NULL);
        farewells_add(&loop->farewells, client->socket, client_rest(client), clock_milliseconds());
    }
    struct pace_terms pace = pace_terms(loop);
    client_limit_silence(client, &pace);
    client_unlist(loop, client);
    if (wire_is_amid_head(&client->wire))
        api_record_cut(loop->options.api, client->connection);
    transport_forget(client->socket);
    if (loop->current == PHASE_SERVE && client_is_amid_head(client))
        add_eviction(loop, client, API_EVICTED_HEAD, false);
    client_unlink(loop, client);
    client_forget(loop, client);
}

/* The client of this socket, off the list of the arriving. libmicrohttpd tells of them in their order, from inside
 * MHD_add_connection() (0.9) or of all together from the next MHD_run() (1.0), so that it is the first one. Those that
 * it refuses are left out. */
static struct client *take_arriving(struct loop *loop, int socket)
{
    struct client **link = &loop->arriving;
    while ((*link)->socket != socket)
        link = &(*link)->next;
    struct client *client = *link;
    *link = client->next;
    if (!*link)
        loop->arriving_end = link;
    return client;
}

/* A shut-down socket reads as ended, so libmicrohttpd closes the connection. For reading only, a request that has
 * arrived already is still read and answered first. During a drain this is repeated, for those who were not idle. */
static void client_enter_phase(struct client *client, enum phase phase)
{
    if (phase == PHASE_CUT)
        shutdown(client->socket, SHUT_RDWR);
    else if (phase == PHASE_DRAIN && client_is_idle(client))
        client_take_no_more(client);
}

static void on_connection(void *closure, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct loop *loop = closure;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        client_closed(loop, *socket_context);
        return;
    }
    int socket = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    struct client *client = take_arriving(loop, socket);
    client_arrived(client, connection);
    client_opened(loop, client);
    client_enter_phase(client, loop->current); /* it may have been told of only after the phase had changed */
    *socket_context = client;
}

static void *on_uri(void *closure, const char *uri, struct MHD_Connection *connection)
{
    struct loop *loop = closure;
    struct client *client = client_of(connection);
    client->busy = true;
    client->messages++;
    client->request = api_uri(loop->options.api, uri, connection);
    if (client->ended)
        api_left(client->request);
    return client->request;
}

static enum MHD_Result on_access(void *closure, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *upload_data, size_t *upload_data_size,
                                 void **request_closure)
{
    struct loop *loop = closure;
    struct client *client = client_of(connection);
    const struct fault *fault = client_fault(client);
    loop->under_way += client_heard(client);
    if (fault)
        return api_reject(*request_closure, fault, method, upload_data, upload_data_size);
    return api_access(loop->options.api, connection, url, method, version, upload_data, upload_data_size,
                      request_closure);
}

static void on_completed(void *closure, struct MHD_Connection *connection, void **request_closure,
                         enum MHD_RequestTerminationCode reason)
{
    struct loop *loop = closure;
    struct client *client = client_of(connection);
    api_completed(loop->options.api, connection, request_closure, reason);
    client->busy = false;
    client->request = NULL;
    client->given_up = reason != MHD_REQUEST_TERMINATED_COMPLETED_OK && reason != MHD_REQUEST_TERMINATED_WITH_ERROR;
    loop->under_way -= client->heard;
    if (reason == MHD_REQUEST_TERMINATED_TIMEOUT_REACHED && !client->evicted)
        add_eviction(loop, client, client_silence(client), false);
    client_wait_for_head(client);
    loop->unsettled = true;
    if (reason == MHD_REQUEST_TERMINATED_COMPLETED_OK && client_was_answered_in_clear(client)) {
        logger_line(LOG_ERROR, "libmicrohttpd writes in a way that is not known, past TLS: it is too new for cairn");
        shutdown(client->socket, SHUT_RDWR);
    }
    /* Its end may have been held back until now (tell_of_ends() says what this is for); or its answer was begun before
     * the drain and says keep-alive. */
    if (wire_answered(&client->wire))
        shutdown(client->socket, SHUT_RD);
    else if (loop->current != PHASE_SERVE)
        client_take_no_more(client);
}

/* Not strict: what libmicrohttpd reads has been judged before (wire.h). It uses sendfile, which has no MSG_NOSIGNAL,
 * only when it is told that SIGPIPE is taken care of: signals.c ignores it. */
static struct MHD_Daemon *start_daemon(struct loop *loop)
{
    struct api *api = loop->options.api;
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
                            on_access, loop, MHD_OPTION_URI_LOG_CALLBACK, on_uri, loop, MHD_OPTION_NOTIFY_COMPLETED,
                            on_completed, loop, MHD_OPTION_NOTIFY_CONNECTION, on_connection, loop,
                            MHD_OPTION_UNESCAPE_CALLBACK, api_unescape, api, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                            (size_t)API_CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT, loop->options.connection_limit,
                            MHD_OPTION_CONNECTION_TIMEOUT, loop->options.idle_timeout, MHD_OPTION_STRICT_FOR_CLIENT, 0,
                            MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
}

/* ---- new connections, and the end of all ---------------------------------------------------- */

static bool watch(struct loop *loop, int file, uint32_t what, void *who)
{
    struct epoll_event event = {.events = what, .data.ptr = who};
    return epoll_ctl(loop->events, EPOLL_CTL_ADD, file, &event) == 0;
}

/* It may be gone when this returns: on_connection() is called from here, or later. */
static void admit_client(struct loop *loop, struct client *client)
{
    client->next = NULL;
    *loop->arriving_end = client;
    loop->arriving_end = &client->next;
    /* Without this watch (no memory) the end of a client may only show when the idle timeout is over. */
    watch(loop, client->socket, EPOLLRDHUP | EPOLLET, client);
    MHD_add_connection(loop->daemon, client->socket, (const struct sockaddr *)&client->address, client->address_length);
}

/* For struct handshakes. */
static void on_handshake(void *arg, struct client *client, bool agreed)
{
    struct loop *loop = arg;
    client_unlink(loop, client);
    if (agreed) {
        admit_client(loop, client);
        return;
    }
    close(client->socket);
    client_forget(loop, client);
}

/* A client that is to speak TLS is one like any other from here on, but that libmicrohttpd does not know it yet. */
static void greet_client(struct loop *loop, struct client *client)
{
    client_opened(loop, client);
    client_wait_for_head(client);
    client_enter_phase(client, loop->current);
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
            admit_client(loop, client);
    }
}

/* After MHD_run(): what has not arrived by now never will. libmicrohttpd had no room or no memory for it and has closed
 * its socket. */
static void forget_refused(struct loop *loop)
{
    while (loop->arriving) {
        struct client *client = loop->arriving;
        loop->arriving = client->next;
        client_forget(loop, client);
    }
    loop->arriving_end = &loop->arriving;
}

static void enter_phase(struct loop *loop, enum phase phase)
{
    for (struct client *client = loop->clients; client; client = client->next)
        client_enter_phase(client, phase);
    if (phase == PHASE_CUT)
        farewells_cut(&loop->farewells);
    loop->current = phase;
    loop->look_every = DRAIN_LOOK;
    loop->next_look = 0;
}

/* ---- clients that have closed their side ----------------------------------------------------- */

/* A suspended request hears of it here alone: libmicrohttpd does not look at its socket. Once when the client has
 * closed its side, and again when it is gone for sure. */
static void client_ended(struct loop *loop, struct client *client)
{
    if (client->busy)
        api_left(client->request);
    if (client->ended)
        return;
    client->ended = true;
    client->next_ended = loop->ended;
    loop->ended = client;
}

/* libmicrohttpd takes a short read for the last one until epoll reports again, and an end that came together with the
 * last bytes is not reported again: it would miss it until the idle timeout is over. Shutting the socket down for
 * reading changes nothing for it but the report. That helps only after it has read those bytes. */
static void tell_of_ends(struct loop *loop)
{
    struct client **link = &loop->ended;
    while (*link) {
        struct client *client = *link;
        if (client_has_unread(client)) {
            link = &client->next_ended;
            continue;
        }
        *link = client->next_ended;
        shutdown(client->socket, SHUT_RD);
    }
}

/* ---- clients that do not come to the point ---------------------------------------------------- */

/* A guest has no pace, but a time to be gone. */
static void evict(struct loop *loop, struct client *client, enum api_eviction reason)
{
    client_evict(client, reason);
    add_eviction(loop, client, reason, !client->guest);
}

static void judge_all(struct loop *loop)
{
    int64_t now = clock_milliseconds();
    if (now < loop->next_look)
        return;
    loop->next_look = now + loop->look_every;
    loop->crowded = places_are_short(loop->options.places);
    loop->unsettled = false;
    farewells_look(&loop->farewells, now);
    struct client_terms now_fair = terms(loop);
    for (struct client *client = loop->clients; client; client = client->next) {
        enum api_eviction reason = client_is_leaving(client) ? API_EVICTIONS : client_judge(client, &now_fair, now);
        if (reason != API_EVICTIONS)
            evict(loop, client, reason);
        loop->unsettled |= pace_is_open(&client->pace);
        client_enter_phase(client, loop->current);
    }
}

/* The flag is taken back by the thread after it has read `wake`, so that no call is missed: one that finds the
 * flag up is looked after by the thread that is about to take it down. */
static void call(struct loop *loop)
{
    if (!atomic_exchange(&loop->called, true))
        eventfd_write(loop->wake, 1);
}

/* Guests who keep others waiting, and of them those whose moment is over, the oldest of each kind. */
struct dawdlers {
    size_t count;
    struct client *silent; /* they have said nothing that is answered */
    struct client *spoken;
    bool unheard; /* one may be about to say something */
};

/* The oldest comes last. */
static void dawdlers_add(struct dawdlers *dawdlers, struct client *client, int64_t now)
{
    bool over = client->seen && now - client->came_on >= GUEST_MOMENT;
    bool spoken = client->seen && client_has_spoken(client);
    dawdlers->count++;
    if (spoken && over)
        dawdlers->spoken = client;
    else if (!spoken && over)
        dawdlers->silent = client;
    else if (!spoken)
        dawdlers->unheard = true;
    client->seen = true;
}

/* Guests come and go. When many of them do not, one is made to; but none of those who wait for the server. First goes
 * who has said nothing, as a crowd does that only connects: else a client that needs several messages for its handshake
 * would be the oldest before its last one. Of those who speak the one goes that has been here for the longest time. */
static void limit_guests(struct loop *loop)
{
    struct dawdlers dawdlers = {0};
    loop->listens = false;
    if (loop->guests <= loop->options.guest_limit)
        return;
    int64_t now = clock_milliseconds();
    for (struct client *client = loop->clients; client; client = client->next)
        if (client->guest && !client_is_leaving(client) && !client_is_suspended(client))
            dawdlers_add(&dawdlers, client, now);
    if (dawdlers.count <= loop->options.guest_limit)
        return;
    struct client *next = dawdlers.silent || dawdlers.unheard ? dawdlers.silent : dawdlers.spoken;
    loop->listens = !next;
    if (next)
        evict(loop, next, client_dawdling(next));
}

/* ---- the thread's turns --------------------------------------------------------------------- */

/* How long the thread may sleep: 0 while libmicrohttpd has bytes to work on, -1 for ever, but not longer than to the
 * next look at requests under way. */
static int time_left(struct loop *loop)
{
    MHD_UNSIGNED_LONG_LONG milliseconds;
    bool watches = loop->current != PHASE_SERVE || loop->under_way > 0 || loop->unsettled || loop->guests > 0 ||
                   places_are_short(loop->options.places) || loop->farewells.count > 0 || loop->handshakes.count > 0;
    int64_t most = loop->listens ? GUEST_MOMENT : watches ? loop->look_every : INT_MAX;
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
            client_ended(loop, events[i].data.ptr);
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
        enter_phase(loop, phase);
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
        forget_refused(loop);
        tell_of_ends(loop);
        judge_all(loop);
        limit_guests(loop);
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
    loop->daemon = start_daemon(loop);
    if (!loop->daemon) {
        errno = errno ? errno : ENOMEM;
        return false;
    }
    int daemon_events = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    if (!watch(loop, daemon_events, EPOLLIN, loop->daemon) || !watch(loop, loop->wake, EPOLLIN, &loop->wake) ||
        !watch(loop, loop->farewells.events, EPOLLIN, &loop->farewells) ||
        !watch(loop, loop->handshakes.events, EPOLLIN, &loop->handshakes))
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
