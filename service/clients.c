/* clients.c - the clients of a loop. See clients.h. */
#include "service/clients.h"

#include "service/clock.h"
#include "service/transport.h"

#include <sys/epoll.h>

enum { DRAIN_LOOK = 50 }; /* milliseconds between two looks at clients while the server ends */

enum { GUEST_PATIENCE = 2000 }; /* milliseconds for a guest to say what it wants, and to take its answer */

enum { WINDOW = 32 << 20 }; /* bytes that a client's kernel takes ahead of it at most, as systems are set by default */

enum { CROWD_HASTE = 12 }; /* when places are short, clients have the idle timeout by so much */

/* ---- who comes, and who is gone -------------------------------------------------------------- */

void clients_add(struct loop *loop, struct client *client)
{
    client->previous = NULL;
    client->next = loop->clients;
    if (loop->clients)
        loop->clients->previous = client;
    loop->clients = client;
}

void clients_unlink(struct loop *loop, const struct client *client)
{
    if (client->previous)
        client->previous->next = client->next;
    else
        loop->clients = client->next;
    if (client->next)
        client->next->previous = client->previous;
}

void clients_forget(struct loop *loop, struct client *client)
{
    if (client->guest)
        loop->guests--;
    else
        places_leave(loop->options.places, (const struct sockaddr *)&client->address);
    client_free(client);
    atomic_fetch_sub(&loop->connections, 1);
    loop->options.closed(loop->options.closed_arg);
}

void clients_evicted(struct loop *loop, const struct client *client, enum api_eviction reason, bool rated)
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
static void unlist(struct loop *loop, const struct client *client)
{
    struct client **link = &loop->ended;
    while (*link && *link != client)
        link = &(*link)->next_ended;
    if (*link)
        *link = client->next_ended;
}

void clients_closed(struct loop *loop, struct client *client)
{
    if (loop->current != PHASE_CUT && client_is_still_sending(client)) {
        /* As long as another descriptor is open, the watch is not gone with this one. */
        epoll_ctl(loop->events, EPOLL_CTL_DEL, client->socket, NULL);
        farewells_add(&loop->farewells, client->socket, client_rest(client), clock_milliseconds());
    }
    struct pace_terms pace = pace_terms(loop);
    client_limit_silence(client, &pace);
    unlist(loop, client);
    if (wire_is_amid_head(&client->wire))
        api_record_cut(loop->options.api, client->connection);
    transport_forget(client->socket);
    if (loop->current == PHASE_SERVE && client_is_amid_head(client))
        clients_evicted(loop, client, API_EVICTED_HEAD, false);
    clients_unlink(loop, client);
    clients_forget(loop, client);
}

/* ---- the end of all -------------------------------------------------------------------------- */

void clients_tell_phase(struct client *client, enum phase phase)
{
    if (phase == PHASE_CUT)
        shutdown(client->socket, SHUT_RDWR);
    else if (phase == PHASE_DRAIN && client_is_idle(client))
        client_take_no_more(client);
}

void clients_enter_phase(struct loop *loop, enum phase phase)
{
    for (struct client *client = loop->clients; client; client = client->next)
        clients_tell_phase(client, phase);
    if (phase == PHASE_CUT)
        farewells_cut(&loop->farewells);
    loop->current = phase;
    loop->look_every = DRAIN_LOOK;
    loop->next_look = 0;
}

/* ---- those that have closed their side ------------------------------------------------------- */

void clients_ended(struct loop *loop, struct client *client)
{
    if (client->busy)
        api_left(client->request);
    if (client->ended)
        return;
    client->ended = true;
    client->next_ended = loop->ended;
    loop->ended = client;
}

/* Shutting the socket down for reading changes nothing for libmicrohttpd but the report. */
void clients_tell_of_ends(struct loop *loop)
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

/* ---- those that do not come to the point ----------------------------------------------------- */

/* A guest has no pace, but a time to be gone. */
static void evict(struct loop *loop, struct client *client, enum api_eviction reason)
{
    client_evict(client, reason);
    clients_evicted(loop, client, reason, !client->guest);
}

void clients_judge(struct loop *loop)
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
        clients_tell_phase(client, loop->current);
    }
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
    bool over = client->seen && now - client->came_on >= LOOP_GUEST_MOMENT;
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

void clients_limit_guests(struct loop *loop)
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
