/* remote.c - asking a server over HTTP, by libcurl. See remote.h.
 *
 * The library brings some thirty others. So it is not linked, but loaded by the one command that wants it.
 */
#include "service/remote.h"

#include "api/text/text.h"
#include "service/interruption.h"
#include "service/version.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    CONNECT_PATIENCE = 10, /* seconds */
    SILENCE_MAX = 60,      /* seconds in which nothing comes */
    PROBLEM_MAX = 64 << 10,
    JSON_MAX = 256 << 20,
    TRIES_MAX = 6,
    PAUSE = 250000000, /* nanoseconds in front of the second try; in front of each that follows, twice as many */
};

/* What is called of it. */
static struct {
    void *library;
    CURL *(*easy_init)(void);
    void (*easy_cleanup)(CURL *);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_perform)(CURL *);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    const char *(*easy_strerror)(CURLcode);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free_all)(struct curl_slist *);
} curl;

struct remote {
    CURL *handle;
    struct curl_slist *fields;
    char *url;
    char error[CURL_ERROR_SIZE + 256];

    const struct remote_reader *reader;
    bool begun;
    bool stopped;   /* by the reader */
    bool reached;   /* the server has answered once */
    unsigned tries; /* without a whole answer, one behind the other */
    char *text;     /* of an answer that is none to be read: why */
    size_t length;
};

/* ---- the library ----------------------------------------------------------------------------- */

static bool find(const char *name, void *ret_function)
{
    void *found = dlsym(curl.library, name);
    memcpy(ret_function, &found, sizeof found);
    return found != NULL;
}

static bool load(void)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    for (size_t i = 0; i < sizeof names / sizeof *names && !curl.library; i++)
        curl.library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    return curl.library && find("curl_easy_init", &curl.easy_init) && find("curl_easy_cleanup", &curl.easy_cleanup) &&
           find("curl_easy_setopt", &curl.easy_setopt) && find("curl_easy_perform", &curl.easy_perform) &&
           find("curl_easy_getinfo", &curl.easy_getinfo) && find("curl_easy_strerror", &curl.easy_strerror) &&
           find("curl_slist_append", &curl.slist_append) && find("curl_slist_free_all", &curl.slist_free_all);
}

/* ---- what arrives ---------------------------------------------------------------------------- */

static bool is_wanted(struct remote *remote)
{
    long status = 0;
    curl.easy_getinfo(remote->handle, CURLINFO_RESPONSE_CODE, &status);
    return status == 200 && remote->reader;
}

/* Parts a line at its colon; false where it has none. */
static bool part_line(char *line, char **ret_value)
{
    char *colon = strchr(line, ':');
    if (!colon)
        return false;
    *colon = '\0';
    colon += 1 + strspn(colon + 1, " \t");
    colon[strcspn(colon, "\r\n")] = '\0';
    *ret_value = colon;
    return true;
}

static size_t take_line(char *bytes, size_t size, size_t count, void *arg)
{
    struct remote *remote = arg;
    size_t length = size * count;
    char *line = strndup(bytes, length), *value;
    bool good = line != NULL;
    if (good && part_line(line, &value) && is_wanted(remote) && remote->reader->field)
        good = remote->reader->field(remote->reader->arg, line, value);
    free(line);
    remote->stopped = remote->stopped || !good;
    return good ? length : 0;
}

/* Keeps what is no object: a problem, or JSON. */
static bool keep(struct remote *remote, const char *bytes, size_t length, size_t limit)
{
    if (length > limit - remote->length)
        return false;
    char *text = realloc(remote->text, remote->length + length + 1);
    if (!text)
        return false;
    memcpy(text + remote->length, bytes, length);
    remote->text = text;
    remote->length += length;
    text[remote->length] = '\0';
    return true;
}

static bool begin(struct remote *remote)
{
    remote->begun = true;
    return !remote->reader->begin || remote->reader->begin(remote->reader->arg);
}

static size_t take_bytes(char *bytes, size_t size, size_t count, void *arg)
{
    struct remote *remote = arg;
    size_t length = size * count;
    if (!is_wanted(remote))
        return keep(remote, bytes, length, remote->reader ? PROBLEM_MAX : JSON_MAX) ? length : 0;
    bool good = !interruption_came() && (remote->begun || begin(remote)) &&
                remote->reader->take(remote->reader->arg, bytes, length);
    remote->stopped = !good;
    return good ? length : 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* The `detail` of a problem document, or its status. */
static void tell_problem(struct remote *remote, int status)
{
    json_t *problem = remote->text ? json_loads(remote->text, 0, NULL) : NULL;
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    (void)snprintf(remote->error, sizeof remote->error, "%d: %s", status, detail ? detail : "no reason is told");
    json_decref(problem);
    text_hide_controls(remote->error);
}

/* By a server that starts, or by what stands in front. */
bool remote_is_passing(const struct remote *remote, int status)
{
    return (status == 0 && !remote->stopped) || status == 502 || status == 503 || status == 504;
}

/* Waits before it is asked once more, longer each time; false when it was asked often enough. */
static bool wait_for(struct remote *remote, int status)
{
    if (!remote_is_passing(remote, status) || !remote->reached || remote->tries == TRIES_MAX)
        return false;
    int64_t pause = (int64_t)PAUSE << remote->tries++;
    const struct timespec time = {.tv_sec = pause / 1000000000, .tv_nsec = pause % 1000000000};
    nanosleep(&time, NULL);
    return true;
}

static int ask(struct remote *remote, const char *path, const struct remote_reader *reader)
{
    char *url;
    long status = 0;
    char error[CURL_ERROR_SIZE] = "";
    free(remote->text);
    remote->text = NULL;
    remote->length = 0;
    remote->reader = reader;
    remote->begun = remote->stopped = false;
    if (asprintf(&url, "%s%s", remote->url, path) < 0)
        return 0;
    curl.easy_setopt(remote->handle, CURLOPT_URL, url);
    curl.easy_setopt(remote->handle, CURLOPT_ERRORBUFFER, error);
    CURLcode code = curl.easy_perform(remote->handle);
    curl.easy_setopt(remote->handle, CURLOPT_ERRORBUFFER, NULL);
    free(url);
    if (code != CURLE_OK) {
        (void)snprintf(remote->error, sizeof remote->error, "%s", error[0] ? error : curl.easy_strerror(code));
        text_hide_controls(remote->error);
        return 0;
    }
    curl.easy_getinfo(remote->handle, CURLINFO_RESPONSE_CODE, &status);
    remote->reached = true;
    if (!remote_is_passing(remote, (int)status))
        remote->tries = 0;
    if (status != 200)
        tell_problem(remote, (int)status);
    return (int)status;
}

int remote_json(struct remote *remote, const char *path, json_t **ret_answer)
{
    json_error_t error;
    int status;
    do
        status = ask(remote, path, NULL);
    while (status != 200 && wait_for(remote, status));
    if (status != 200)
        return status;
    *ret_answer = remote->text ? json_loadb(remote->text, remote->length, JSON_ALLOW_NUL, &error) : NULL;
    if (*ret_answer)
        return status;
    (void)snprintf(remote->error, sizeof remote->error, "what answers there is no server of cairn");
    return 0;
}

int remote_read(struct remote *remote, const char *path, const struct remote_reader *reader)
{
    int status = ask(remote, path, reader);
    if (status == 200 && !remote->begun && !begin(remote)) { /* it has no bytes */
        (void)snprintf(remote->error, sizeof remote->error, "it was not taken");
        return 0;
    }
    return status;
}

const char *remote_error(const struct remote *remote)
{
    return remote->error;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static void set_up(struct remote *remote)
{
    CURL *handle = remote->handle;
    curl.easy_setopt(handle, CURLOPT_HTTPHEADER, remote->fields);
    curl.easy_setopt(handle, CURLOPT_USERAGENT, "cairnd/" CAIRN_VERSION);
    curl.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl.easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
    curl.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_PATIENCE);
    curl.easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl.easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_MAX);
    curl.easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_line);
    curl.easy_setopt(handle, CURLOPT_HEADERDATA, remote);
    curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_bytes);
    curl.easy_setopt(handle, CURLOPT_WRITEDATA, remote);
}

/* Shows the token; false when memory is out. */
static bool add_token(struct remote *remote, const char *token)
{
    char *field;
    if (!token)
        return true;
    if (asprintf(&field, "Authorization: Bearer %s", token) < 0)
        return false;
    remote->fields = curl.slist_append(NULL, field);
    free(field);
    return remote->fields != NULL;
}

struct remote *remote_open(const char *url, const char *token, const char *ca_file, const char **ret_sentence)
{
    *ret_sentence = "libcurl is not installed, and without it only folders are copied";
    if (!load())
        return NULL;
    *ret_sentence = "memory is out";
    struct remote *remote = calloc(1, sizeof *remote);
    if (!remote)
        return NULL;
    remote->url = strdup(url);
    remote->handle = curl.easy_init();
    if (!remote->url || !remote->handle || !add_token(remote, token)) {
        remote_close(remote);
        return NULL;
    }
    for (size_t length = strlen(remote->url); length > 0 && remote->url[length - 1] == '/'; length--)
        remote->url[length - 1] = '\0';
    set_up(remote);
    if (ca_file)
        curl.easy_setopt(remote->handle, CURLOPT_CAINFO, ca_file);
    return remote;
}

void remote_close(struct remote *remote)
{
    if (!remote)
        return;
    if (remote->handle)
        curl.easy_cleanup(remote->handle);
    curl.slist_free_all(remote->fields);
    free(remote->text);
    free(remote->url);
    free(remote);
}
