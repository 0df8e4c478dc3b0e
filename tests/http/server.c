#include "tests/http/server.h"

#include "store/disk/io.h"
#include "tests/http/autopsy.h"
#include "tests/http/certificate.h"
#include "tests/http/clock.h"
#include "tests/http/pool.h"
#include "tests/http/tunnel.h"
#include "tests/lib/quiet.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LISTENING      "listening on "
#define USUAL_LISTENER "127.0.0.1:0"

static char *copy_text(const char *text)
{
    char *copy = strdup(text);
    ck_assert_ptr_nonnull(copy);
    return copy;
}

const char *server_binary(void)
{
    const char *path = getenv("CAIRND");
    return path && *path ? path : CAIRND_PATH;
}

struct server *server_new(void)
{
    struct server *server = calloc(1, sizeof *server);
    ck_assert_ptr_nonnull(server);
    const char *parent = getenv("TMPDIR");
    snprintf(server->folder, sizeof server->folder, "%s/cairn-http-XXXXXX", parent && *parent ? parent : "/tmp");
    ck_assert_msg(mkdtemp(server->folder), "mkdtemp %s: %s", server->folder, strerror(errno));
    int length = snprintf(server->data, sizeof server->data, "%s/data", server->folder);
    ck_assert_int_lt(length, (int)sizeof server->data);
    if (pool_is_used())
        pool_place(strrchr(server->folder, '/') + 1, server->place, sizeof server->place);
    length = snprintf(server->log, sizeof server->log, "%s/stderr", server->folder);
    ck_assert_int_lt(length, (int)sizeof server->log);
    server->listen = copy_text(USUAL_LISTENER);
    return server;
}

void server_add(struct server *server, const char *argument)
{
    ck_assert_uint_lt(server->argument_count, SERVER_ARGUMENTS_MAX);
    server->arguments[server->argument_count++] = copy_text(argument);
}

void server_certify(struct server *server)
{
    int length = snprintf(server->cert, sizeof server->cert, "%s/cert.pem", server->folder);
    ck_assert_int_lt(length, (int)sizeof server->cert);
    length = snprintf(server->key, sizeof server->key, "%s/key.pem", server->folder);
    ck_assert_int_lt(length, (int)sizeof server->key);
    certificate_make(server->cert, server->key, CERTIFICATE_ECDSA, "localhost", 30);
}

void server_listen(struct server *server, const char *listen)
{
    free(server->listen);
    server->listen = listen ? copy_text(listen) : NULL;
}

void server_reset(struct server *server)
{
    while (server->argument_count > 0)
        free(server->arguments[--server->argument_count]);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return copy_text("");
    char *text = NULL;
    size_t size = 0;
    if (getdelim(&text, &size, '\0', file) < 0) {
        free(text);
        text = copy_text("");
    }
    fclose(file);
    return text;
}

/* The environment of cairnd; free() it. A test that is about the delay gives the flag. */
static char **make_environment(void)
{
    static char no_delay[] = "CAIRN_DRAIN_DELAY=0";
    size_t count = 0;
    while (environ[count])
        count++;
    char **environment = calloc(count + 2, sizeof *environment);
    ck_assert_ptr_nonnull(environment);
    memcpy(environment, environ, count * sizeof *environment);
    if (!getenv("CAIRN_DRAIN_DELAY"))
        environment[count] = no_delay;
    return environment;
}

static void complain(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit(125);
}

/* In the child: becomes cairnd with its output in the file at `log`. Dies with the test, however that ends. The test
 * may have threads, of which one may have held any lock: so nothing is called that could wait for one. */
static void become(const char *const *arguments, char *const *environment, const char *log, bool with_stdout)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int file = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (file < 0 || nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0 ||
        dup2(with_stdout ? file : nothing, STDOUT_FILENO) < 0) {
        _exit(126);
    }
    execve(arguments[0], (char *const *)arguments, environment);
    complain(arguments[0]);
    complain(": it cannot be run\n");
    _exit(127);
}

static pid_t spawn(const char *const *arguments, const char *log, bool with_stdout)
{
    char **environment = make_environment();
    pid_t pid = fork();
    if (pid < 0) /* an assertion would take a lock in the child, too, which a thread of the test may have had */
        ck_abort();
    if (pid == 0)
        become(arguments, environment, log, with_stdout);
    free(environment);
    return pid;
}

/* The exit code of a child, 128 + the signal that ended it, or -1 when it had to be aborted after `seconds`. */
static int wait_for_exit(pid_t pid, double seconds)
{
    double deadline = clock_now() + seconds;
    int status;
    pid_t ended;
    while ((ended = waitpid(pid, &status, WNOHANG)) == 0 && clock_now() < deadline)
        clock_sleep(0.002);
    if (ended == 0) {
        autopsy(pid);
        kill(pid, SIGABRT);
        waitpid(pid, &status, 0);
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The URL in the line of that number that is such as `cairnd: listening on http://127.0.0.1:8080`; NULL when it is not
 * there yet. */
static char *find_url(const char *log, size_t number)
{
    const char *line = strstr(log, LISTENING);
    for (; line && number > 0; number--)
        line = strstr(line + 1, LISTENING);
    if (!line || !strchr(line, '\n'))
        return NULL;
    line += strlen(LISTENING);
    char *url = strndup(line, strcspn(line, " \"\r\n"));
    ck_assert_ptr_nonnull(url);
    return url;
}

char *server_url(const struct server *server, size_t number)
{
    char *url = NULL;
    for (double deadline = clock_now() + CLOCK_PATIENCE; !url; clock_sleep(0.002)) {
        char *log = read_file(server->log);
        url = find_url(log, number);
        ck_assert_msg(url || clock_now() < deadline, "no listener %zu in the log:\n%s", number, log);
        free(log);
    }
    return url;
}

static bool parse_listening(struct server *server, const char *log)
{
    char *url = find_url(log, 0);
    if (!url)
        return false;
    ck_assert_uint_lt(strlen(url), sizeof server->url);
    memcpy(server->url, url, strlen(url) + 1);
    const char *colon = strrchr(url, ':');
    server->port = strncmp(url, "http", 4) == 0 && colon ? atoi(colon + 1) : 0;
    free(url);
    return true;
}

static void wait_until_listening(struct server *server)
{
    double deadline = clock_now() + CLOCK_PATIENCE;
    for (;;) {
        char *log = read_file(server->log);
        bool listens = parse_listening(server, log);
        int status;
        bool ended = !listens && waitpid(server->pid, &status, WNOHANG) == server->pid;
        if (ended || (!listens && clock_now() > deadline)) {
            server->pid = ended ? 0 : server->pid;
            ck_abort_msg("cairnd %s before it listened; its log:\n%s", ended ? "ended" : "did nothing", log);
        }
        free(log);
        if (listens)
            return;
        clock_sleep(0.002);
    }
}

static void end_tunnel(struct server *server)
{
    if (server->tunnel > 0)
        tunnel_close(server->tunnel);
    server->tunnel = 0;
}

/* Whether it is to be started with TLS, behind a tunnel. */
static bool is_behind_tunnel(const struct server *server)
{
    return getenv("TEST_THROUGH_TLS") && server->listen && strcmp(server->listen, USUAL_LISTENER) == 0;
}

static void open_tunnel(struct server *server)
{
    server->tunnel = tunnel_open(server->port, &server->port);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", server->port);
}

/* The data, as --data has it: a test may have the server serve another folder. */
static const char *where(const struct server *server)
{
    return server->place[0] ? server->place : server->data;
}

static bool is_given(const struct server *server, const char *flag)
{
    bool given = false;
    for (size_t i = 0; i < server->argument_count; i++)
        given = given || strcmp(server->arguments[i], flag) == 0;
    return given;
}

static size_t append(const char **arguments, size_t count, const char *flag, const char *value)
{
    arguments[count++] = flag;
    if (value)
        arguments[count++] = value;
    return count;
}

/* On a pool what a folder says by itself: who may do what, and that everybody on this machine may do everything. */
static size_t append_access(const struct server *server, const char **arguments, size_t count)
{
    static char path[SERVER_PATH_MAX + sizeof "/" DEPOT_ACCESS];
    if (!server->place[0] || is_given(server, "--access") || is_given(server, "--open"))
        return count;
    snprintf(path, sizeof path, "%s/%s", server->data, DEPOT_ACCESS);
    return access(path, F_OK) == 0 ? append(arguments, count, "--access", path)
                                   : append(arguments, count, "--open", NULL);
}

/* All that the harness adds, behind the binary: their number. */
static size_t append_usual(const struct server *server, bool behind_tunnel, const char **arguments, size_t count)
{
    if (server->listen) {
        count = append(arguments, count, "--data", where(server));
        count = append(arguments, count, "--listen", behind_tunnel ? "tls:" USUAL_LISTENER : server->listen);
        count = append_access(server, arguments, count);
    }
    if (server->cert[0]) {
        count = append(arguments, count, "--tls-cert", server->cert);
        count = append(arguments, count, "--tls-key", server->key);
    }
    return count;
}

void server_start(struct server *server)
{
    ck_assert_int_eq(server->pid, 0);
    end_tunnel(server);
    bool behind_tunnel = is_behind_tunnel(server);
    if (behind_tunnel && !server->cert[0])
        server_certify(server);
    const char *arguments[SERVER_ARGUMENTS_MAX + 12] = {server_binary()};
    size_t count = append_usual(server, behind_tunnel, arguments, 1);
    for (size_t i = 0; i < server->argument_count; i++)
        arguments[count++] = server->arguments[i];
    arguments[count] = NULL;
    unlink(server->log);
    server->pid = spawn(arguments, server->log, false);
    wait_until_listening(server);
    if (behind_tunnel)
        open_tunnel(server);
}

void server_terminate(struct server *server)
{
    ck_assert_int_gt(server->pid, 0);
    ck_assert_int_eq(kill(server->pid, SIGTERM), 0);
}

int server_wait(struct server *server, double seconds)
{
    pid_t pid = server->pid;
    server->pid = 0;
    int code = wait_for_exit(pid, seconds);
    ck_assert_msg(code >= 0, "cairnd did not end within %.0f s; its log:\n%s", seconds, read_file(server->log));
    return code;
}

void server_stop(struct server *server)
{
    server_terminate(server);
    int code = server_wait(server, CLOCK_PATIENCE);
    ck_assert_msg(code == 0, "cairnd exited with %d; its log:\n%s", code, read_file(server->log));
}

bool server_retire(struct server *server)
{
    kill(server->pid, SIGTERM);
    int code = wait_for_exit(server->pid, CLOCK_PATIENCE);
    server->pid = 0;
    if (code != 0)
        fprintf(stderr, "cairnd ended with %d (-1: not by itself); its log:\n%s\n", code, read_file(server->log));
    return code == 0;
}

void server_halt(struct server *server)
{
    int status;
    ck_assert_int_gt(server->pid, 0);
    ck_assert_int_eq(kill(server->pid, SIGSTOP), 0);
    ck_assert_int_eq(waitpid(server->pid, &status, WUNTRACED), server->pid);
    ck_assert_msg(WIFSTOPPED(status), "cairnd had ended before it was halted; its log:\n%s", read_file(server->log));
}

void server_crash(struct server *server)
{
    ck_assert_int_gt(server->pid, 0);
    ck_assert_int_eq(kill(server->pid, SIGKILL), 0);
    int code = server_wait(server, CLOCK_PATIENCE);
    ck_assert_msg(code == 128 + SIGKILL, "cairnd had ended with %d before the kill; its log:\n%s", code,
                  read_file(server->log));
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

void server_free(struct server *server)
{
    if (!server)
        return;
    if (server->pid > 0)
        server_crash(server);
    end_tunnel(server);
    nftw(server->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    server_reset(server);
    free(server->listen);
    free(server);
}

int server_run(const char *const *arguments, char **ret_output)
{
    const char *full[SERVER_ARGUMENTS_MAX + 1] = {server_binary()};
    for (size_t i = 0; arguments[i]; i++) {
        ck_assert_uint_lt(i + 2, SERVER_ARGUMENTS_MAX + 1);
        full[i + 1] = arguments[i];
    }
    char log[] = "/tmp/cairn-http-run-XXXXXX";
    int file = mkstemp(log);
    ck_assert_int_ge(file, 0);
    close(file);
    int code = wait_for_exit(spawn(full, log, true), CLOCK_PATIENCE);
    *ret_output = read_file(log);
    unlink(log);
    ck_assert_msg(code >= 0, "cairnd %s did not end; it said:\n%s", arguments[0], *ret_output);
    return code;
}

/* A figure of /proc/PID/status in bytes. */
static uint64_t status_field(const struct server *server, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", (int)server->pid);
    FILE *file = fopen(path, "re");
    ck_assert_msg(file, "%s: %s", path, strerror(errno));
    char line[256];
    unsigned long long kib = 0;
    bool found = false;
    while (!found && fgets(line, sizeof line, file))
        found = strncmp(line, name, strlen(name)) == 0 && sscanf(line + strlen(name), ": %llu", &kib) == 1;
    fclose(file);
    ck_assert_msg(found, "%s has no %s", path, name);
    return (uint64_t)kib * 1024;
}

uint64_t server_memory(const struct server *server)
{
    return status_field(server, "VmRSS");
}

uint64_t server_memory_peak(const struct server *server)
{
    return status_field(server, "VmHWM");
}

void server_memory_reset(const struct server *server)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/clear_refs", (int)server->pid);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(write(file, "5", 1), 1);
    close(file);
}

double server_cpu(const struct server *server)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)server->pid);
    FILE *file = fopen(path, "re");
    ck_assert_msg(file, "%s: %s", path, strerror(errno));
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    fclose(file);
    unsigned long long user, system;
    const char *rest = strrchr(line, ')'); /* the name of the program may hold anything */
    ck_assert_ptr_nonnull(rest);
    ck_assert_int_eq(sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system), 2);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Whether on no TCP connection of the server bytes are on their way to it; or, from it. */
static bool nothing_is_under_way(const struct server *server, bool to_it)
{
    char line[512];
    bool nothing = true;
    FILE *file = fopen("/proc/net/tcp", "re");
    ck_assert_ptr_nonnull(file);
    while (nothing && fgets(line, sizeof line, file)) {
        unsigned local, remote, unsent, unread;
        if (sscanf(line, " %*u: %*x:%x %*x:%x %*x %x:%x", &local, &remote, &unsent, &unread) != 4)
            continue;
        bool own = (int)local == server->port, client = (int)remote == server->port;
        nothing = to_it ? !(client && unsent > 0) && !(own && unread > 0) : !(own && unsent > 0);
    }
    fclose(file);
    return nothing;
}

bool server_has_read_all(const struct server *server)
{
    return nothing_is_under_way(server, true);
}

bool server_has_delivered_all(const struct server *server)
{
    return nothing_is_under_way(server, false);
}

bool server_watches_silence(const struct server *server)
{
    enum { KEEPALIVE = 2 };
    char line[512];
    bool watches = false;
    FILE *file = fopen("/proc/net/tcp", "re");
    ck_assert_ptr_nonnull(file);
    while (!watches && fgets(line, sizeof line, file)) {
        unsigned local, timer;
        watches = sscanf(line, " %*u: %*x:%x %*x:%*x %*x %*x:%*x %x:", &local, &timer) == 2 &&
                  (int)local == server->port && timer == KEEPALIVE;
    }
    fclose(file);
    return watches;
}

void server_await_quiet(const struct server *server)
{
    ck_assert_msg(quiet_comes_to(server->pid), "something goes on and on in cairnd; its log:\n%s",
                  read_file(server->log));
}

size_t server_descriptors(const struct server *server)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)server->pid);
    DIR *folder = opendir(path);
    ck_assert_msg(folder, "%s: %s", path, strerror(errno));
    size_t count = 0;
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

bool server_has_open(const struct server *server, const char *folder)
{
    char path[64];
    char wanted[2 * SERVER_PATH_MAX];
    int length = snprintf(wanted, sizeof wanted, "%s/", server_path(server, "%s", folder));
    snprintf(path, sizeof path, "/proc/%d/fd", (int)server->pid);
    DIR *files = opendir(path);
    ck_assert_msg(files, "%s: %s", path, strerror(errno));
    bool found = false;
    for (struct dirent *entry = readdir(files); entry && !found; entry = readdir(files)) {
        char target[2 * SERVER_PATH_MAX];
        ssize_t size = readlinkat(dirfd(files), entry->d_name, target, sizeof target);
        found = size > length && memcmp(target, wanted, (size_t)length) == 0;
    }
    closedir(files);
    return found;
}

bool server_sanitized(const struct server *server)
{
    return status_field(server, "VmSize") > (uint64_t)1 << 40; /* shadow memory takes terabytes of addresses */
}

size_t server_logged(const struct server *server, const char *text)
{
    char *log = read_file(server->log);
    size_t count = 0;
    for (char *rest = log, *line; (line = strsep(&rest, "\n"));)
        count += strstr(line, text) != NULL;
    free(log);
    return count;
}

void server_expect_logged(const struct server *server, const char *text, size_t count)
{
    ck_assert_msg(clock_until(CLOCK_PATIENCE, server_logged(server, text) == count),
                  "not %zu lines of the log have \"%s\":\n%s", count, text, read_file(server->log));
}

const char *server_path(const struct server *server, const char *format, ...)
{
    static char path[2 * SERVER_PATH_MAX];
    ck_assert_msg(!server->place[0], "this looks at files: it is to be left out on a pool (left_out.c)");
    int used = snprintf(path, sizeof path, "%s/", server->data);
    va_list list;
    va_start(list, format);
    vsnprintf(path + used, sizeof path - (size_t)used, format, list);
    va_end(list);
    return path;
}

/* Closes the folder. */
static size_t count_files(const struct io *io, int folder)
{
    size_t count = 0;
    char *names = folder < 0 ? NULL : io->list(io->self, folder);
    for (const char *name = names; name && *name; name += strlen(name) + 1) {
        int inner = io->openat(io->self, folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        count += inner < 0 ? errno == ENOTDIR : count_files(io, inner);
    }
    free(names);
    if (folder >= 0)
        io->close(io->self, folder);
    return count;
}

size_t server_files(const struct server *server, const char *folder)
{
    char path[2 * SERVER_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", where(server), folder);
    struct medium *medium = pool_open(where(server));
    const struct io *io = medium ? medium_io(medium) : &io_posix;
    size_t count = count_files(io, io->openat(io->self, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
    medium_close(medium);
    return count;
}

size_t server_blobs(const struct server *server, const char *store)
{
    char folder[SERVER_PATH_MAX];
    snprintf(folder, sizeof folder, "stores/%s/blobs", store);
    return server_files(server, folder);
}
