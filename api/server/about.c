/* about.c - GET /: what this is and where it is described. A page for browsers, JSON for everybody else. */
#include "api/http/accept.h"
#include "api/http/base_path.h"
#include "api/request/core.h"
#include "api/request/reply.h"
#include "api/request/request.h"

#include <stdio.h>
#include <string.h>

#define SENTENCE "An object store over HTTP that is durable before it answers."

/* Paths are relative, as a proxy may have put the server below one of its own. */
static const char page_format[] =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>cairn</title>\n<h1>cairn %s</h1>\n"
    "<p>" SENTENCE "</p>\n<ul>\n%s"
    "<li><a href=\"openapi.yaml\">The description of its interface</a> (OpenAPI)</li>\n"
    "<li><a href=\"v1/stores\">Its stores</a></li>\n"
    "<li><a href=\"readyz\">Whether it is ready</a></li>\n"
    "<li><a href=\"metrics\">Its metrics</a></li>\n</ul>\n</html>\n";

static const char console_line[] = "<li><a href=\"console/\">The console</a>: what is in the stores</li>\n";

/* Browsers ask for pages by name. */
static bool wants_page(const struct request *request)
{
    return accept_prefers(request_field(request, FIELD_ACCEPT), "text/html", "application/json");
}

static void reply_page(struct request *request, const struct api_options *options)
{
    char *page;
    int length = asprintf(&page, page_format, options->version, options->console ? console_line : "");
    if (length < 0)
        reply_error(request, STORE_NO_MEMORY);
    else
        reply_owned(request, 200, "text/html; charset=utf-8", page, (size_t)length);
}

static void begin(struct request *request)
{
    const char *version = request->api->options.version;
    char description[BASE_PATH_MAX + sizeof "/openapi.yaml"];
    struct jsontext json = {0};
    stpcpy(stpcpy(description, request_base_path(request)), "/openapi.yaml");
    if (wants_page(request)) {
        reply_page(request, &request->api->options);
    } else {
        jsontext_open(&json, '{');
        jsontext_field(&json, "name", "cairn");
        jsontext_field(&json, "version", version);
        jsontext_field(&json, "description", SENTENCE);
        jsontext_field(&json, "openapi", description);
        jsontext_close(&json, '}');
        reply_json(request, 200, &json);
    }
}

const struct endpoint endpoint_about = {.begin = begin, .negotiates = true};
