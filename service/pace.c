/* pace.c - the account of a client. See pace.h. */
#include "service/pace.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

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

/* Nothing is waited for; the next request opens an account. */
static void settle(struct pace *pace)
{
    pace->begun = pace->open = false;
}

static void open_account(struct pace *pace, int socket, uint64_t taken, int64_t most)
{
    pace->begun = false;
    pace->open = true;
    pace->account = most;
    pace->due = taken + outstanding(socket);
}

/* What has moved since the last look. Who leaves its answers lying cannot make up for it by sending. */
static void pay(struct pace *pace, const struct tcp_info *info, bool unsent, int64_t most)
{
    pace->account += (int64_t)(info->tcpi_bytes_acked - pace->taken);
    if (!unsent)
        pace->account += (int64_t)(info->tcpi_bytes_received - pace->sent);
    if (pace->account > most)
        pace->account = most;
}

enum pace_verdict pace_look(struct pace *pace, int socket, bool waits, const struct pace_terms *terms, int64_t now)
{
    struct tcp_info info;
    if (terms->rate == 0 || !ask(socket, &info)) {
        settle(pace);
        return PACE_FAIR;
    }
    int64_t most = terms->rate * terms->grace / 1000;
    bool unsent = info.tcpi_notsent_bytes > 0 || info.tcpi_unacked > 0;
    if (!pace->under_way && !unsent) {
        settle(pace);
        return PACE_FAIR;
    }
    if (!pace->open || (pace->begun && info.tcpi_bytes_acked >= pace->due)) {
        open_account(pace, socket, info.tcpi_bytes_acked, most);
    } else {
        pay(pace, &info, unsent, most);
        if (waits && (unsent || !has_unread(socket)))
            pace->account -= terms->rate * (now - pace->looked) / 1000;
    }
    pace->sent = info.tcpi_bytes_received;
    pace->taken = info.tcpi_bytes_acked;
    pace->looked = now;
    if (pace->account >= 0)
        return PACE_FAIR;
    return unsent ? PACE_SLOW_ANSWER : PACE_SLOW_BODY;
}
