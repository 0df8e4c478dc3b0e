/* lines.c - writes lines until they make a portion. See lines.h. */
#include "api/object/lines.h"

#include "api/object/listing.h"
#include "api/request/reply.h"

static bool write_line(void *arg, const struct store_list_item *item)
{
    struct listing *listing = arg;
    struct jsontext *text = &listing->text;
    jsontext_open(text, '{');
    if (item->info)
        listing_write_object(text, listing, item->info);
    else
        jsontext_bytes(text, "prefix", item->prefix, item->prefix_length);
    jsontext_close(text, '}');
    jsontext_end(text);
    return text->length < listing->portions.least;
}

/* Who has asked for all of it has come to the end, and needs no line to say so. */
static void write_end(struct listing *listing)
{
    if (!listing_goes_on(listing))
        return;
    jsontext_open(&listing->text, '{');
    listing_write_cursor(&listing->text, listing);
    jsontext_close(&listing->text, '}');
    jsontext_end(&listing->text);
}

/* Thread: an I/O thread. */
static void make_portion(struct request *request)
{
    struct listing *listing = request->state;
    struct portions *portions = &listing->portions;
    portions_begin_text(portions, &listing->text);
    listing_read(request, listing, write_line);
    portions->last = !listing_goes_on(listing) || listing->left == 0;
    if (portions->last)
        write_end(listing);
    portions_end_text(request, &listing->text);
}

static void answer(struct request *request)
{
    if (request->error != STORE_OK)
        reply_store_error(request, request->error, request->store_name);
    else
        portions_reply(request, "application/x-ndjson");
}

void lines_begin(struct request *request)
{
    struct listing *listing = request->state;
    portions_begin(request, &listing->portions, make_portion, answer);
}
