/* pace.c - the accounts of a client. See pace.h. */
#include "service/pace.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { NOMINAL = 1024 }; /* bytes a second where no rate is asked for */

enum { CLOSED = 7 }; /* TCP_CLOSE, which the kernel's header does not have beside that of libc */

enum {
    HASTY_HOLDS = 4, /* times what the hasty account begins with: 20 s, in which 2 KiB/s read a window of 40 KiB */
    BRISK = 8,       /* times the rate: 10 KiB/s are brisk where one is asked for */
    BRISK_HOLDS = 32 /* so many times less than the whole account: a window of a MiB */
};

void pace_begin(struct pace *pace)
{
    pace->under_way = pace->begun = true;
}

void pace_end(struct pace *pace)
{
    pace->under_way = false;
}

bool pace_is_open(const struct pace *pace)
{
    return pace->begun || pace->open;
}

/* What the kernel knows; false for what is no TCP socket. */
static bool ask(int socket, struct tcp_info *ret_info)
{
    socklen_t length = sizeof *ret_info;
    *ret_info = (struct tcp_info){0};
    return getsockopt(socket, IPPROTO_TCP, TCP_INFO, ret_info, &length) == 0 &&
           length >= offsetof(struct tcp_info, tcpi_notsent_bytes) + sizeof ret_info->tcpi_notsent_bytes;
}

/* Whether there are bytes of it that the server has not come to yet. */
static bool has_unread(int socket)
{
    int unread = 0;
    return ioctl(socket, FIONREAD, &unread) == 0 && unread > 0;
}

/* Bytes that it has not taken yet, as far as the kernel has them. */
static uint64_t outstanding(int socket)
{
    int unsent = 0;
    return ioctl(socket, SIOCOUTQ, &unsent) == 0 && unsent > 0 ? (uint64_t)unsent : 0;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t rate_of(const struct pace_terms *terms)
{
    return terms->rate > 0 ? terms->rate : NOMINAL;
}

/* What a time in milliseconds makes at the rate. */
static int64_t worth(const struct pace_terms *terms, int64_t time)
{
    return rate_of(terms) * time / 1000;
}

static int64_t rest(int64_t account, int64_t drawn)
{
    return account > drawn ? account - drawn : 0;
}

/* What is left of those that last is the client's, and what has moved since the last look is paid in: it may still be
 * reading what it was given before. */
static void open_accounts(struct pace *pace, const struct pace_terms *terms, int64_t drawn)
{
    pace->begun = false;
    pace->open = true;
    pace->recent = worth(terms, terms->grace);
    pace->hasty = worth(terms, terms->haste);
    pace->whole = rest(pace->whole, drawn);
    pace->brisk = rest(pace->brisk, BRISK * drawn);
}

static bool is_fair(const struct pace *pace, const struct pace_terms *terms)
{
    bool usually = pace->whole > 0 || (terms->rate > 0 && pace->recent >= 0);
    return usually && (!terms->crowded || pace->hasty >= 0 || pace->brisk > 0);
}

static enum pace_verdict judge(const struct pace *pace, bool unsent, const struct pace_terms *terms)
{
    if (is_fair(pace, terms))
        return PACE_FAIR;
    if (terms->rate == 0)
        return PACE_UNTOLD;
    return unsent ? PACE_SLOW_ANSWER : PACE_SLOW_BODY;
}

/* Who leaves its answers lying cannot make up for it by sending. */
static int64_t moved(const struct pace *pace, const struct tcp_info *info, bool unsent)
{
    uint64_t sent = unsent ? 0 : info->tcpi_bytes_received - pace->sent;
    return (int64_t)(info->tcpi_bytes_acked - pace->taken + sent);
}

void pace_moved(int socket, uint64_t *ret_given, uint64_t *ret_taken)
{
    struct tcp_info info;
    bool told = ask(socket, &info);
    *ret_taken = told ? info.tcpi_bytes_acked : 0;
    *ret_given = told ? info.tcpi_bytes_acked + outstanding(socket) : 0;
}

int64_t pace_rest(int socket, const struct pace_terms *terms)
{
    struct tcp_info info;
    return ask(socket, &info) ? 1000 * least((int64_t)info.tcpi_bytes_acked, terms->ahead) / rate_of(terms) : 0;
}

/* Outside of crowds nothing is drawn from it, and who had less than it begins with gets that back little by little. It
 * is overdrawn by no more than a byte: who passes by the brisk account has no debt here afterwards. */
static void look_hastily(struct pace *pace, int64_t paid, int64_t drawn, const struct pace_terms *terms)
{
    int64_t first = worth(terms, terms->haste);
    pace->hasty = least(pace->hasty + paid, HASTY_HOLDS * first);
    if (terms->crowded)
        pace->hasty = pace->hasty >= drawn ? pace->hasty - drawn : -1;
    else if (pace->hasty < first)
        pace->hasty = least(pace->hasty + drawn * terms->haste / terms->grace, first);
}

/* Pays in what has moved since the last look, and draws what the client owes for the time since. */
static void look(struct pace *pace, int socket, const struct tcp_info *info, bool unsent,
                 const struct pace_terms *terms, int64_t now)
{
    int64_t drawn = worth(terms, now - pace->looked), paid = moved(pace, info, unsent);
    if (!pace->open || (pace->begun && info->tcpi_bytes_acked >= pace->due)) {
        open_accounts(pace, terms, drawn);
        pace->due = info->tcpi_bytes_acked + outstanding(socket);
        drawn = 0;
    } else if (!unsent && has_unread(socket)) {
        drawn = 0;
    }
    pace->recent = least(pace->recent + paid, worth(terms, terms->grace)) - drawn;
    pace->whole = least(pace->whole + paid, terms->ahead) - drawn;
    pace->brisk = least(pace->brisk + paid, terms->ahead / BRISK_HOLDS) - BRISK * drawn;
    look_hastily(pace, paid, drawn, terms);
}

void pace_stand(struct pace *pace, int64_t now)
{
    pace->looked = now;
}

enum pace_verdict pace_look(struct pace *pace, int socket, const struct pace_terms *terms, int64_t now)
{
    struct tcp_info info;
    if (!ask(socket, &info) || info.tcpi_state == CLOSED) { /* reset: the kernel may have begun to count anew */
        pace->begun = pace->open = false;
        return PACE_UNTOLD;
    }
    bool unsent = info.tcpi_notsent_bytes > 0 || info.tcpi_unacked > 0;
    bool waiting = pace->under_way || unsent;
    if (waiting)
        look(pace, socket, &info, unsent, terms, now);
    else
        pace->begun = pace->open = false; /* the next request opens accounts */
    pace->sent = info.tcpi_bytes_received;
    pace->taken = info.tcpi_bytes_acked;
    pace->looked = now;
    return waiting ? judge(pace, unsent, terms) : PACE_UNTOLD;
}
