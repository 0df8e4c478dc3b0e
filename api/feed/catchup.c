/* catchup.c - writes lines until they make a portion. See catchup.h. */
#include "api/feed/catchup.h"

#include "api/feed/following.h"
#include "api/request/reply.h"

static void write_end(struct following *following)
{
    jsontext_open(&following->text, '{');
    following_write_place(&following->text, following);
    jsontext_close(&following->text, '}');
    jsontext_end(&following->text);
}

/* Thread: an I/O thread. */
static void make_portion(struct request *request)
{
    struct following *following = request->state;
    struct portions *portions = &following->portions;
    portions_begin_text(portions, &following->text);
    following_read(request, following, portions->least);
    following->left -= following->told < following->left ? following->told : following->left;
    portions->last = !following->query.amid && (following_has_all(following) || following->left == 0);
    if (portions->last && request->error == STORE_OK)
        write_end(following);
    portions_end_text(request, &following->text);
}

static void answer(struct request *request)
{
    struct following *following = request->state;
    if (request->error != STORE_OK)
        following_refuse(request, following);
    else
        portions_reply(request, "application/x-ndjson");
}

void catchup_begin(struct request *request)
{
    struct following *following = request->state;
    portions_begin(request, &following->portions, make_portion, answer);
}
