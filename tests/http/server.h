/* server.h - a real cairnd process under test.
 *
 *     struct server *server = server_new();      // a fresh data folder, nothing runs
 *     server_start(server);                      // returns when it listens
 *     ... server->url, server->port ...
 *     server_crash(server);                      // kill -9
 *     server_start(server);                      // the same data again
 *     server_stop(server);                       // SIGTERM, and it must exit with 0
 *     server_free(server);
 *
 * Where TEST_THROUGH_TLS is set, a server with the usual listener speaks TLS there, and its port and URL are those of a
 * tunnel to it (tunnel.h): a test says what it says in clear, and goes through TLS. Where TEST_POOL is set, its data
 * lie in a pool (pool.h).
 *
 * The binary is $CAIRND, else the one of this build. A server dies with the thread that started it, and whatever goes
 * wrong fails the test with what the server wrote to stderr.
 *
 * Thread: one at a time per server.
 */
#ifndef CAIRN_TESTS_HTTP_SERVER_H
#define CAIRN_TESTS_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SERVER_ARGUMENTS_MAX = 32, SERVER_PATH_MAX = 256, SERVER_URL_MAX = 320 };

struct server {
    pid_t pid;                    /* 0 while nothing runs */
    pid_t tunnel;                 /* 0: none */
    int port;                     /* of the first TCP listener */
    char url[SERVER_URL_MAX];     /* of the first listener, without a slash at the end */
    char folder[SERVER_PATH_MAX]; /* holds all below; removed by server_free() */
    char data[SERVER_PATH_MAX];   /* the data folder; on a pool one that has at most an access file */
    char place[SERVER_PATH_MAX];  /* in the pool, as --data has it; "": the data are in the folder */
    char log[SERVER_PATH_MAX];    /* stderr of the last start */
    char cert[SERVER_PATH_MAX];   /* its certificate, "" without one, */
    char key[SERVER_PATH_MAX];    /* and the key of that */
    char *arguments[SERVER_ARGUMENTS_MAX];
    size_t argument_count;
    char *listen; /* the first listener; NULL: neither --data nor --listen is given */
};

/* A server with a new folder that listens on a free port of 127.0.0.1. */
struct server *server_new(void);

/* Another argument for the next starts; copied. */
void server_add(struct server *server, const char *argument);

/* What the first listener is instead of 127.0.0.1:0; copied. NULL: the server gets no flags but those added. */
void server_listen(struct server *server, const char *listen);

/* The URL of the listener of that number, counted from 0; fails the test when there are not as many soon. The caller
 * frees it. */
char *server_url(const struct server *server, size_t number);

/* Makes a certificate of `localhost` and its key, which the next starts name. */
void server_certify(struct server *server);

/* Forgets what server_add() added. */
void server_reset(struct server *server);

/* Starts it and returns when it listens; fails the test when it does not within CLOCK_PATIENCE (clock.h). */
void server_start(struct server *server);

/* Sends SIGTERM and waits; fails the test unless the process exits with 0 within CLOCK_PATIENCE. */
void server_stop(struct server *server);

/* The same outside of a test: whether it exited with 0; says on stderr what it did otherwise. */
bool server_retire(struct server *server);

/* Sends SIGTERM, no more. */
void server_terminate(struct server *server);

/* Waits for the end of the process: its exit code, or 128 + the signal that ended it. Fails the test after
 * `seconds`. */
int server_wait(struct server *server, double seconds);

/* Lets it do nothing any more, and waits until that is so: what is seen of it then is what a kill would end. */
void server_halt(struct server *server);

/* kill -9, and waits until it is gone. */
void server_crash(struct server *server);

/* Kills what still runs and removes the folder. NULL is allowed. */
void server_free(struct server *server);

/* Runs the binary to its end with these arguments, the last NULL: its exit code, as server_wait(). What it wrote to
 * stdout and stderr is in *ret_output, which the caller frees. It must end within CLOCK_PATIENCE. */
int server_run(const char *const *arguments, char **ret_output);

/* The path of the binary under test. */
const char *server_binary(void);

/* Bytes of resident memory now, and the most there ever were since the start or the last reset. */
uint64_t server_memory(const struct server *server);
uint64_t server_memory_peak(const struct server *server);
void server_memory_reset(const struct server *server);

/* Seconds of CPU that it has used. */
double server_cpu(const struct server *server);

/* Whether it has read all that was sent to its port, over IPv4. */
bool server_has_read_all(const struct server *server);

/* Whether its clients' kernels have taken all that it has sent, also on connections that it has closed. */
bool server_has_delivered_all(const struct server *server);

/* Whether the kernel asks the client of a TCP connection of the server whether it is still there, after a silence. */
bool server_watches_silence(const struct server *server);

/* Returns when nothing goes on in it (tests/lib/quiet.h): what it opens and closes by the way has been closed again.
 * Fails the test when something goes on and on. */
void server_await_quiet(const struct server *server);

/* Open descriptors now, also those of what goes on in the background. */
size_t server_descriptors(const struct server *server);

/* Whether it has a file in that folder of the data open. */
bool server_has_open(const struct server *server, const char *folder);

/* Under a sanitizer memory says nothing about cairn, and time little. */
bool server_sanitized(const struct server *server);

/* How many lines of the log hold the text by now. */
size_t server_logged(const struct server *server, const char *text);

/* Fails the test unless soon so many lines hold it: a line may come behind the answer that it is about. */
void server_expect_logged(const struct server *server, const char *text, size_t count);

/* The path of something in the data folder, by a format; static storage, overwritten by the next call. */
const char *server_path(const struct server *server, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Files below a folder of the data, at any depth; 0 when the folder is missing. */
size_t server_files(const struct server *server, const char *folder);

/* Blob files of a store. */
size_t server_blobs(const struct server *server, const char *store);

#endif
