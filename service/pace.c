/* pace.c - the account of a client. See pace.h. */
#include "service/pace.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

void pace_begin(struct pace *pace)
{
    pace->known = false;
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

enum pace_verdict pace_look(struct pace *pace, int socket, bool waits, const struct pace_terms *terms, int64_t now)
{
    struct tcp_info info;
    if (terms->rate == 0 || !ask(socket, &info))
        return PACE_FAIR;
    int64_t most = terms->rate * terms->grace / 1000;
    uint64_t moved = info.tcpi_bytes_received + info.tcpi_bytes_acked;
    bool unsent = info.tcpi_notsent_bytes > 0 || info.tcpi_unacked > 0;
    if (!pace->known) {
        *pace = (struct pace){.known = true, .looked = now, .moved = moved, .account = most};
        return PACE_FAIR;
    }
    pace->account += (int64_t)(moved - pace->moved);
    if (pace->account > most)
        pace->account = most;
    if (waits && (unsent || !has_unread(socket)))
        pace->account -= terms->rate * (now - pace->looked) / 1000;
    pace->moved = moved;
    pace->looked = now;
    if (pace->account >= 0)
        return PACE_FAIR;
    return unsent ? PACE_SLOW_ANSWER : PACE_SLOW_BODY;
}
