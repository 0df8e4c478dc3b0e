/* page.c - reads and writes the page in one pass, on an I/O thread. See page.h. */
#include "api/object/page.h"

#include "api/object/listing.h"
#include "api/request/reply.h"
#include "api/text/utf8.h"

#include <string.h>

static bool write_item(void *arg, const struct store_list_item *item)
{
    struct listing *listing = arg;
    if (item->info) {
        jsontext_open(&listing->text, '{');
        listing_write_object(&listing->text, listing, item->info);
        jsontext_close(&listing->text, '}');
    } else if (utf8_valid(item->prefix, item->prefix_length)) {
        jsontext_string(&listing->prefixes, item->prefix, item->prefix_length);
    } else {
        jsontext_base64(&listing->prefixes_base64, item->prefix, item->prefix_length);
    }
    return true;
}

/* Thread: an I/O thread. */
static void make_page(struct request *request)
{
    struct listing *listing = request->state;
    jsontext_open(&listing->text, '{');
    jsontext_name(&listing->text, "objects");
    jsontext_open(&listing->text, '[');
    jsontext_open(&listing->prefixes, '[');
    jsontext_open(&listing->prefixes_base64, '[');
    listing_read(request, listing, write_item);
    jsontext_close(&listing->text, ']');
    jsontext_close(&listing->prefixes, ']');
    jsontext_close(&listing->prefixes_base64, ']');
}

static void answer(struct request *request)
{
    struct listing *listing = request->state;
    struct jsontext *text = &listing->text;
    if (request->error != STORE_OK) {
        reply_store_error(request, request->error, request->store_name);
        return;
    }
    jsontext_name(text, "prefixes");
    jsontext_splice(text, &listing->prefixes);
    if (listing->prefixes_base64.length > strlen("[]") || listing->prefixes_base64.failed) {
        jsontext_name(text, "prefixes_base64");
        jsontext_splice(text, &listing->prefixes_base64);
    }
    listing_write_cursor(text, listing);
    jsontext_close(text, '}');
    jsontext_free(&listing->prefixes);
    jsontext_free(&listing->prefixes_base64);
    if (reply_admit(request, text->capacity)) {
        reply_json(request, 200, text);
        *text = (struct jsontext){0}; /* the reply has it now */
    }
    jsontext_free(text);
}

void page_begin(struct request *request)
{
    request_offload(request, make_page, answer);
}
