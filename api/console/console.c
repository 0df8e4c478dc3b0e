/* console.c - GET /console/…: pages for people, which show what is in the stores and what the server does.
 *
 * They are the same for everybody, and tell nothing: what they show they ask for like any other client, with the token
 * that they were given. So what they may do is kept narrow. They run no script but their own, ask no other server for
 * anything, and stand in no other page's frame; what they have asked for with their token they show from memory
 * (`blob:`).
 */
#include "api/console/files.h"
#include "api/console/gzip.h"
#include "api/http/accept.h"
#include "api/http/conditional.h"
#include "api/http/etag.h"
#include "api/request/core.h"
#include "api/request/head.h"
#include "api/request/reply.h"
#include "api/request/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "/console/"

enum { DIGEST_SIZE = 44 /* of a SHA-256 in base64 */ };

/* The style sheet stands in the page, so that the first paint waits for one answer: its digest lets it in, and no other
 * style. So does the script that begins, by the second policy, which narrows the first: of this server's scripts there
 * are none in the page but that one, and those that it loads. Objects are this server's too, and nobody could make the
 * page run one, or look like one, by some markup in it. */
static const char policy[] =
    "default-src 'self'; style-src 'sha256-%s'; script-src 'self' 'sha256-%s'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; frame-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types begin courier, script-src 'strict-dynamic' 'sha256-%s'; worker-src 'self'";

static const char *const media_types[][2] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".txt", "text/plain; charset=utf-8"},
};

/* What is sent of a file. */
struct content {
    const char *media_type;
    const void *bytes;
    size_t length;
    char *unpacked; /* owned; NULL: it is sent as it lies in the binary */
    bool coded;     /* in gzip */
};

/* ---- the file -------------------------------------------------------------------------------- */

static const char *media_type_of(const char *name)
{
    const char *suffix = strrchr(name, '.');
    for (size_t i = 0; suffix && i < sizeof media_types / sizeof *media_types; i++)
        if (strcmp(media_types[i][0], suffix) == 0)
            return media_types[i][1];
    return "application/octet-stream";
}

/* NULL: there is none of that name. */
static const struct console_file *find_file(struct slice resource)
{
    struct slice name = {resource.start + strlen(PREFIX), resource.length - strlen(PREFIX)};
    const struct console_file *file = console_files;
    while (file->name && !slice_is(name, file->name) && !(name.length == 0 && strcmp(file->name, "index.html") == 0))
        file++;
    return file->name ? file : NULL;
}

/* False when it has answered. */
static bool open_content(struct request *request, const struct console_file *file, struct content *ret_content)
{
    bool coded = file->packed && accept_takes(request_field(request, FIELD_ACCEPT_ENCODING), "gzip");
    *ret_content = (struct content){media_type_of(file->name), file->bytes, file->length, NULL, coded};
    if (coded == file->packed)
        return true;
    if (!reply_admit(request, file->plain_length))
        return false;
    ret_content->unpacked = gzip_unpack(file->bytes, file->length, file->plain_length);
    ret_content->bytes = ret_content->unpacked;
    ret_content->length = file->plain_length;
    if (!ret_content->unpacked)
        reply_error(request, STORE_NO_MEMORY);
    return ret_content->unpacked != NULL;
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* Files of a binary have no date: the fields that ask by one ask nothing (RFC 9110, sections 13.1.3 and 13.1.4). */
static enum conditional decide(const struct request *request, const struct precondition *precondition,
                               const struct store_digest *digest)
{
    struct object_info info = {.digest = *digest};
    struct fields fields = request->fields;
    fields.values[FIELD_IF_MODIFIED_SINCE] = fields.values[FIELD_IF_UNMODIFIED_SINCE] = NULL;
    return conditional_decide(&fields, precondition, &info);
}

/* Takes the content. */
static void send_content(struct request *request, enum conditional decision, struct content *content)
{
    if (decision == CONDITIONAL_SEND && content->unpacked) {
        reply_owned(request, 200, content->media_type, content->unpacked, content->length);
        return;
    }
    if (decision == CONDITIONAL_SEND)
        reply_static(request, 200, content->media_type, content->bytes, content->length);
    else if (decision == CONDITIONAL_UNCHANGED)
        reply_length(request, 304, content->length);
    else
        reply_problem(request, PROBLEM_PRECONDITION_FAILED, "If-Match is not about this version of the console.");
    free(content->unpacked);
}

static void add_policy(struct request *request)
{
    char text[sizeof policy + 3 * DIGEST_SIZE];
    snprintf(text, sizeof text, policy, console_style, console_script, console_script);
    reply_field(request, "Content-Security-Policy", text);
}

static void add_fields(struct request *request, const struct store_digest *digest, const struct content *content)
{
    char etag[ETAG_SIZE];
    etag_write(etag, digest);
    reply_field(request, "ETag", etag);
    reply_field(request, "Vary", "Accept-Encoding");
    if (content->coded)
        reply_field(request, "Content-Encoding", "gzip");
    add_policy(request);
    reply_field(request, "Referrer-Policy", "no-referrer");
    reply_field(request, "Cross-Origin-Opener-Policy", "same-origin");
}

static void answer(struct request *request, const struct precondition *precondition, struct content *content)
{
    struct store_digest digest = store_digest_of(content->bytes, content->length);
    enum conditional decision = decide(request, precondition, &digest);
    send_content(request, decision, content);
    if (decision != CONDITIONAL_FAILED)
        add_fields(request, &digest, content);
}

static void send_file(struct request *request, const struct console_file *file)
{
    struct precondition precondition = {0};
    struct content content;
    if (head_precondition(request, &precondition) && open_content(request, file, &content))
        answer(request, &precondition, &content);
    precondition_free(&precondition);
}

/* Below it the paths in the pages are relative; so is this one, as a proxy may have put the server below another. */
static void redirect(struct request *request)
{
    reply_empty(request, 308);
    reply_field(request, "Location", "console/");
}

static void begin(struct request *request)
{
    bool on = request->api->options.console, within = request->resource.length >= strlen(PREFIX);
    const struct console_file *file = on && within ? find_file(request->resource) : NULL;
    if (on && !within)
        redirect(request);
    else if (file)
        send_file(request, file);
    else
        reply_problem(request, PROBLEM_NO_RESOURCE, "There is nothing at %.*s%s.", (int)request->path.length,
                      request->path.start, on ? "" : ": this server runs without the console");
}

const struct endpoint endpoint_console = {.begin = begin, .any_query = true};
