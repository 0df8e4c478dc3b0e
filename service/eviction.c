/* eviction.c - tells of connections that were cut. See eviction.h. */
#include "service/eviction.h"

#include "service/address.h"
#include "service/clock.h"
#include "service/logger.h"

enum { INTERVAL = 60 * 1000 }; /* milliseconds between two lines */

static const char *const sentences[API_EVICTIONS] = {
    [API_EVICTED_HEAD] = "does not finish the head of a request",
    [API_EVICTED_BODY] = "does not go on with its request",
    [API_EVICTED_ANSWER] = "does not take its answer",
    [API_EVICTED_IDLE] = "keeps its connection without a request",
};

/* Of who has a rate, and is below it. */
static const char *const rated_sentences[API_EVICTIONS] = {
    [API_EVICTED_BODY] = "sends its request slower than --least-rate",
    [API_EVICTED_ANSWER] = "takes its answer slower than --least-rate",
};

void evictions_init(struct evictions *evictions, struct api *api)
{
    *evictions = (struct evictions){.api = api, .lock = PTHREAD_MUTEX_INITIALIZER};
}

/* How many a line would tell of now; 0: it is too early for one. */
static size_t take_untold(struct evictions *evictions)
{
    int64_t now = clock_milliseconds();
    size_t told = 0;
    pthread_mutex_lock(&evictions->lock);
    evictions->untold++;
    if (now >= evictions->next_line) {
        told = evictions->untold;
        evictions->untold = 0;
        evictions->next_line = now + INTERVAL;
    }
    pthread_mutex_unlock(&evictions->lock);
    return told;
}

void eviction_add(struct evictions *evictions, enum api_eviction reason, bool rated, const struct sockaddr *address,
                  socklen_t length)
{
    char text[ADDRESS_TEXT_MAX];
    struct address whose = address_of_socket(address, length);
    api_count_eviction(evictions->api, reason);
    size_t count = take_untold(evictions);
    if (count == 0)
        return;
    const char *sentence = rated ? rated_sentences[reason] : NULL;
    address_format(&whose, text);
    logger_line(LOG_WARNING, "cut %zu slow connections since the last such line; this one, of %s, %s", count, text,
                sentence ? sentence : sentences[reason]);
}
