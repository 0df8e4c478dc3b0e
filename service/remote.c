/* remote.c - asking a server over HTTP, by libcurl. See remote.h.
 *
 * The library brings some thirty others. So it is not linked, but loaded by the one command that wants it.
 */
#include "service/remote.h"

#include "api/text/text.h"
#include "service/interruption.h"
#include "service/referral.h"
#include "service/version.h"
#include "store/store.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <stdarg.h>
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
    HOPS_MAX = 4,      /* servers in a row that send on to another one */
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

/* The server that had a store when it was asked for last. */
struct owner {
    char store[STORE_NAME_MAX + 1];
    char *base; /* owned, like remote.url; NULL: nobody has sent on */
};

struct remote {
    CURL *handle;
    struct curl_slist *fields;
    char *url;
    struct owner owner;
    char *location; /* where the last answer leads */
    char error[CURL_ERROR_SIZE + 512];

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

static bool take_field(struct remote *remote, const char *name, const char *value)
{
    if (strcasecmp(name, "Location") == 0) {
        free(remote->location);
        remote->location = strdup(value);
    }
    return !is_wanted(remote) || !remote->reader->field || remote->reader->field(remote->reader->arg, name, value);
}

static size_t take_line(char *bytes, size_t size, size_t count, void *arg)
{
    struct remote *remote = arg;
    size_t length = size * count;
    char *line = strndup(bytes, length), *value;
    bool good = line != NULL;
    if (good && part_line(line, &value))
        good = take_field(remote, line, value);
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

/* What is wrong, and where, if that is not the server that was given. */
static void tell(struct remote *remote, const char *base, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(struct remote *remote, const char *base, const char *format, ...)
{
    va_list arguments;
    bool elsewhere = base != remote->url;
    int length = snprintf(remote->error, sizeof remote->error, "%s%s", elsewhere ? base : "", elsewhere ? ": " : "");
    size_t begin = (size_t)length < sizeof remote->error ? (size_t)length : sizeof remote->error - 1;
    va_start(arguments, format);
    (void)vsnprintf(remote->error + begin, sizeof remote->error - begin, format, arguments);
    va_end(arguments);
    text_hide_controls(remote->error);
}

/* The `detail` of a problem document, or its status. */
static void tell_problem(struct remote *remote, const char *base, int status)
{
    json_t *problem = remote->text ? json_loads(remote->text, 0, NULL) : NULL;
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    tell(remote, base, "%d: %s", status, detail ? detail : "no reason is told");
    json_decref(problem);
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

static void forget_answer(struct remote *remote, const struct remote_reader *reader)
{
    free(remote->text);
    free(remote->location);
    remote->text = remote->location = NULL;
    remote->length = 0;
    remote->reader = reader;
    remote->begun = remote->stopped = false;
}

static int ask_at(struct remote *remote, const char *base, const char *path, const struct remote_reader *reader)
{
    char *url;
    long status = 0;
    char error[CURL_ERROR_SIZE] = "";
    forget_answer(remote, reader);
    if (asprintf(&url, "%s%s", base, path) < 0)
        return 0;
    curl.easy_setopt(remote->handle, CURLOPT_URL, url);
    curl.easy_setopt(remote->handle, CURLOPT_ERRORBUFFER, error);
    CURLcode code = curl.easy_perform(remote->handle);
    curl.easy_setopt(remote->handle, CURLOPT_ERRORBUFFER, NULL);
    free(url);
    if (code != CURLE_OK) {
        tell(remote, base, "%s", error[0] ? error : curl.easy_strerror(code));
        return 0;
    }
    curl.easy_getinfo(remote->handle, CURLINFO_RESPONSE_CODE, &status);
    remote->reached = true;
    if (!remote_is_passing(remote, (int)status))
        remote->tries = 0;
    if (status != 200)
        tell_problem(remote, base, (int)status);
    return (int)status;
}

/* ---- who has a store ------------------------------------------------------------------------- */

/* The name of the store that a path leads to; its length, 0: to none. */
static size_t store_of(const char *path, const char **ret_name)
{
    static const char stores[] = "/v1/stores/";
    *ret_name = path + strlen(stores);
    size_t length = strncmp(path, stores, strlen(stores)) == 0 ? strcspn(*ret_name, "/?") : 0;
    return length <= STORE_NAME_MAX ? length : 0;
}

static void forget_owner(struct remote *remote)
{
    free(remote->owner.base);
    remote->owner.base = NULL;
}

/* From here on it is asked first for what the path's store has. */
static void note_owner(struct remote *remote, const char *path, char *base)
{
    const char *name;
    size_t length = store_of(path, &name);
    forget_owner(remote);
    (void)snprintf(remote->owner.store, sizeof remote->owner.store, "%.*s", (int)length, name);
    remote->owner.base = base;
}

/* Where to begin to ask. */
static const char *base_of(const struct remote *remote, const char *path)
{
    const char *name;
    size_t length = store_of(path, &name);
    bool known = remote->owner.base && length > 0 && strlen(remote->owner.store) == length &&
                 memcmp(remote->owner.store, name, length) == 0;
    return known ? remote->owner.base : remote->url;
}

/* Goes by an answer that another server has the store; false: nobody is asked, and it is told why. */
static bool refer(struct remote *remote, const char *base, const char *path, unsigned hops)
{
    char *next = NULL;
    json_t *problem = remote->text ? json_loads(remote->text, 0, NULL) : NULL;
    const char *sentence = referral_read(base, path, remote->location, problem, &next);
    json_decref(problem);
    if (!sentence && hops == HOPS_MAX) {
        tell(remote, remote->url, "the servers send on from one to the other, at last from %s to %s (--advertise)",
             base, next);
        free(next);
        return false;
    }
    if (sentence)
        tell(remote, base, "%s", sentence);
    else
        note_owner(remote, path, next);
    return !sentence;
}

/* One that had the store and has no answer may have ended: the next time the server that was given is asked who has
 * it. */
static int ask(struct remote *remote, const char *path, const struct remote_reader *reader)
{
    int status = ask_at(remote, base_of(remote, path), path, reader);
    for (unsigned hops = 0; status == REFERRAL_STATUS && refer(remote, base_of(remote, path), path, hops); hops++)
        status = ask_at(remote, base_of(remote, path), path, reader);
    if (status == REFERRAL_STATUS || remote_is_passing(remote, status))
        forget_owner(remote);
    return status;
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
    tell(remote, base_of(remote, path), "what answers there is no server of cairn");
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
    forget_owner(remote);
    free(remote->text);
    free(remote->location);
    free(remote->url);
    free(remote);
}
