/* acceptor.c - accepts and hands over. See acceptor.h. */
#include "service/acceptor.h"

#include "service/clock.h"
#include "service/logger.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    WARNING_INTERVAL = 60, /* seconds */
    PAUSE = 100,           /* milliseconds without accepting after descriptors or memory ran out, at most */
    ACCEPT_AT_ONCE = 64    /* per listener, before the others have their turn */
};

bool acceptor_open(struct acceptor *acceptor, size_t spares)
{
    acceptor->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return acceptor->wake >= 0 && spares_open(&acceptor->spares, spares);
}

void acceptor_close(struct acceptor *acceptor)
{
    spares_close(&acceptor->spares);
    close(acceptor->wake);
}

void acceptor_wake(void *arg)
{
    struct acceptor *acceptor = arg;
    if (atomic_load(&acceptor->full))
        eventfd_write(acceptor->wake, 1);
}

size_t acceptor_connections(const struct acceptor *acceptor)
{
    size_t count = 0;
    for (size_t i = 0; i < acceptor->loop_count; i++)
        count += loop_connections(acceptor->loops[i]);
    return count;
}

/* Whether the limit is reached. The flag goes up before the count is looked at again, so that a connection
 * that ends in between is either counted here or wakes us. */
static bool check_full(struct acceptor *acceptor)
{
    atomic_store(&acceptor->full, true);
    bool full = acceptor_connections(acceptor) >= acceptor->connections_limit;
    if (!full)
        atomic_store(&acceptor->full, false);
    return full;
}

/* Whether a loop is the better one for somebody who comes: one that is away is none, whatever it has. */
static bool is_better(const struct loop *loop, const struct loop *other)
{
    bool away = loop_is_away(loop), other_away = loop_is_away(other);
    return away == other_away ? loop_connections(loop) < loop_connections(other) : other_away;
}

static struct loop *least_busy(const struct acceptor *acceptor)
{
    struct loop *least = acceptor->loops[0];
    for (size_t i = 1; i < acceptor->loop_count; i++)
        if (is_better(acceptor->loops[i], least))
            least = acceptor->loops[i];
    return least;
}

/* Guests go round: each loop has the same room for them, and puts out its own for the next. Were they given to the one
 * with the fewest connections, that would always be the one that had just put one out. */
static struct loop *next_for_guests(struct acceptor *acceptor)
{
    struct loop *next = acceptor->loops[acceptor->guests++ % acceptor->loop_count];
    return loop_is_away(next) ? least_busy(acceptor) : next;
}

/* A loop that is there for somebody who comes: one at least always is. */
static struct loop *expecting(struct acceptor *acceptor, bool guest)
{
    struct loop *loop;
    do
        loop = guest ? next_for_guests(acceptor) : least_busy(acceptor);
    while (!loop_expect(loop));
    return loop;
}

static void warn(struct acceptor *acceptor, int error)
{
    time_t now = time(NULL);
    if (now < acceptor->next_warning)
        return;
    acceptor->next_warning = now + WARNING_INTERVAL;
    logger_line(LOG_WARNING,
                "connections find no place: %s; raise the limit of open files or lower --connections-limit",
                strerror(error));
}

/* Tells that somebody found no place, once in a while. */
static void warn_of_guest(struct acceptor *acceptor, const struct sockaddr *socket, socklen_t length)
{
    time_t now = time(NULL);
    acceptor->guests_untold++;
    if (now < acceptor->next_guest_line)
        return;
    char text[ADDRESS_TEXT_MAX];
    struct address address = address_of_socket(socket, length);
    address_format(&address, text);
    logger_line(LOG_WARNING,
                "%zu connections found no place since the last such line; this one, of %s, is beyond "
                "--connections-limit or --connections-per-address",
                acceptor->guests_untold, text);
    acceptor->guests_untold = 0;
    acceptor->next_guest_line = now + WARNING_INTERVAL;
}

/* False when there was none. The one that makes them short is felt by those of all loops. */
static bool take_place(struct acceptor *acceptor, const struct sockaddr *address)
{
    bool were_short = places_are_short(acceptor->places);
    bool placed = places_take(acceptor->places, address);
    for (size_t i = 0; i < acceptor->loop_count && !were_short && places_are_short(acceptor->places); i++)
        loop_hurry(acceptor->loops[i]);
    return placed;
}

struct arrival {
    int socket;
    struct sockaddr_storage address;
    socklen_t length;
    bool tls;
    bool spare; /* it has a descriptor that is kept for guests */
};

/* Hands a connection over, with a place where there is one. */
static void admit(struct acceptor *acceptor, const struct arrival *arrival)
{
    const struct sockaddr *address = (const struct sockaddr *)&arrival->address;
    struct identity *identity = arrival->tls ? acceptor->identity : NULL;
    bool placed = !arrival->spare && take_place(acceptor, address);
    if (!placed && !arrival->spare)
        warn_of_guest(acceptor, address, arrival->length);
    struct loop *loop = expecting(acceptor, !placed);
    if (!loop_admit(loop, arrival->socket, address, arrival->length, !placed, identity) && placed)
        places_leave(acceptor->places, address);
}

static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* False and errno when there is none, or no descriptor for it. */
static bool take_arrival(const struct listener *listener, struct arrival *arrival)
{
    arrival->length = sizeof arrival->address;
    arrival->socket = accept4(listener->socket, (struct sockaddr *)&arrival->address, &arrival->length,
                              SOCK_NONBLOCK | SOCK_CLOEXEC);
    return arrival->socket >= 0;
}

/* Has stores that nobody uses make room for what is to be kept again; false: there is none. */
static bool make_room(struct acceptor *acceptor)
{
    return acceptor->make_room(acceptor->make_room_arg, acceptor->spares.most - acceptor->spares.count);
}

/* False when there is nothing left to accept, or accepting has to pause. */
static bool accept_one(struct acceptor *acceptor, const struct listener *listener)
{
    struct arrival arrival = {.address.ss_family = listener->address.socket.ss_family, .tls = listener->tls};
    bool taken = take_arrival(listener, &arrival);
    while (!taken && is_shortage(errno) && spares_give(&acceptor->spares)) {
        arrival.spare = true;
        taken = take_arrival(listener, &arrival);
    }
    int error = errno;
    bool room = (arrival.spare || (!taken && is_shortage(error))) && make_room(acceptor);
    arrival.spare = arrival.spare && !room;
    if (taken) {
        if (arrival.spare)
            warn(acceptor, EMFILE);
        admit(acceptor, &arrival);
        return true;
    }
    if (is_shortage(error)) {
        acceptor->out_of_descriptors = true;
        if (!room)
            warn(acceptor, error);
        return false;
    }
    spares_fill(&acceptor->spares); /* nobody came for the one that was given up */
    /* Any other error is that of one connection, which its client gave up before we came to it. */
    return error != EAGAIN && error != EWOULDBLOCK;
}

/* Whether anybody was. */
static bool accept_some(struct acceptor *acceptor, const struct listener *listener)
{
    int count = 0;
    while (count < ACCEPT_AT_ONCE && acceptor_connections(acceptor) < acceptor->connections_limit &&
           accept_one(acceptor, listener))
        count++;
    return count > 0;
}

/* Begins behind the listener that was the last to accept somebody: where there is room for one at a time, who comes in
 * crowds to one listener does not have all of it. */
static void accept_all(struct acceptor *acceptor, const struct pollfd *ready)
{
    size_t count = acceptor->listener_count, first = acceptor->next_listener;
    for (size_t i = 0; i < count; i++) {
        size_t at = (first + i) % count;
        if (ready[at].revents && accept_some(acceptor, &acceptor->listeners[at]))
            acceptor->next_listener = at + 1;
    }
}

/* Milliseconds that a wait may take. */
static int patience(bool paused, int64_t end)
{
    int64_t left = end - clock_milliseconds();
    int64_t most = paused ? PAUSE : INT_MAX;
    return left < 0 ? 0 : (int)(left < most ? left : most);
}

/* Keeps as many descriptors as there should be; else has room made for them, and is woken when there is some. */
static void keep_spares(struct acceptor *acceptor)
{
    spares_fill(&acceptor->spares);
    if (acceptor->spares.count == acceptor->spares.most)
        return;
    atomic_store(&acceptor->full, true); /* first, so that no descriptor comes free and is not told of */
    (void)make_room(acceptor);
}

/* Waits for the signal, for the end, for room, or - while there is room - for connections. */
static void wait_for_events(struct acceptor *acceptor, struct pollfd *files, int64_t end)
{
    bool accepting = !check_full(acceptor);
    keep_spares(acceptor);
    bool paused = acceptor->out_of_descriptors && acceptor->spares.count == 0;
    accepting = accepting && !paused;
    files[0] = (struct pollfd){.fd = acceptor->signals, .events = POLLIN};
    files[1] = (struct pollfd){.fd = acceptor->wake, .events = POLLIN};
    for (size_t i = 0; i < acceptor->listener_count; i++)
        files[2 + i] = (struct pollfd){.fd = accepting ? acceptor->listeners[i].socket : -1, .events = POLLIN};

    acceptor->out_of_descriptors = false;
    if (poll(files, 2 + acceptor->listener_count, patience(paused, end)) < 0)
        for (size_t i = 0; i < 2 + acceptor->listener_count; i++)
            files[i].revents = 0;
}

/* False when a signal has come or it is time. */
static bool turn(struct acceptor *acceptor, int64_t end)
{
    struct pollfd files[2 + LISTENERS_MAX];
    eventfd_t count;
    wait_for_events(acceptor, files, end);
    if (files[1].revents)
        eventfd_read(acceptor->wake, &count);
    spares_fill(&acceptor->spares);
    accept_all(acceptor, files + 2);
    return !files[0].revents && clock_milliseconds() < end;
}

void acceptor_run(struct acceptor *acceptor, int64_t end)
{
    while (turn(acceptor, end))
        continue;
}

static bool has_line(const struct acceptor *acceptor)
{
    struct pollfd files[LISTENERS_MAX];
    for (size_t i = 0; i < acceptor->listener_count; i++)
        files[i] = (struct pollfd){.fd = acceptor->listeners[i].socket, .events = POLLIN};
    return poll(files, acceptor->listener_count, 0) > 0;
}

/* A queue of no length still takes one: that may come between the last look at it and the close. */
void acceptor_finish(struct acceptor *acceptor, int64_t end)
{
    for (size_t i = 0; i < acceptor->listener_count; i++)
        listen(acceptor->listeners[i].socket, 0);
    while (has_line(acceptor) && turn(acceptor, end))
        continue;
}
