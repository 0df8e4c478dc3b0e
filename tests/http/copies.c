/* copies.c - backups of the site's server. See copies.h. */
#include "tests/http/copies.h"

#include "tests/http/command.h"
#include "tests/http/site.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void copies_start(void)
{
    server_add(site.server, "--segment-size");
    server_add(site.server, "1M");
    site_start();
}

const char *copies_beside(const char *name)
{
    char *path;
    ck_assert_int_gt(asprintf(&path, "%s/%s", site.server->folder, name), 0);
    return command_keep(path);
}

void copies_make(const char *from, const char *to)
{
    const char *arguments[] = {"backup", "--from", from, to, NULL};
    command_run(arguments, WHOLE);
}

json_t *copies_report(int status, const char *from, const char *to)
{
    const char *arguments[] = {"backup", "--json", "--from", from, to, NULL};
    json_error_t error;
    const char *output = command_run(arguments, status);
    json_t *report = json_loads(output, 0, &error);
    ck_assert_msg(report, "no JSON: %s: %s", error.text, output);
    return report;
}

pid_t copies_begin(const char *from, const char *to)
{
    pid_t test = getpid(), pid = fork();
    if (pid < 0)
        ck_abort();
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int nowhere = open("/dev/null", O_WRONLY);
    if (getppid() == test && dup2(nowhere, STDOUT_FILENO) >= 0)
        execl(server_binary(), server_binary(), "backup", "--from", from, to, NULL);
    _exit(127);
}

int copies_end(pid_t backup)
{
    int status;
    ck_assert_int_eq(waitpid(backup, &status, 0), backup);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

bool copies_have_begun(const char *to)
{
    char *command;
    ck_assert_int_gt(asprintf(&command, "ls '%s'/backup/server/stores/main/blobs/*.blob >/dev/null 2>&1", to), 0);
    bool begun = system(command) == 0;
    free(command);
    return begun;
}

json_t *copies_told(const json_t *report, const char *store)
{
    json_t *told;
    size_t i;
    json_array_foreach (json_object_get(report, "stores"), i, told)
        if (strcmp(json_string_value(json_object_get(told, "name")), store) == 0)
            return told;
    ck_abort_msg("nothing is told of the store %s: %s", store, command_keep(json_dumps(report, 0)));
    return NULL;
}

void copies_expect_whole(const char *folder)
{
    const char *arguments[] = {"check", folder, NULL};
    command_run(arguments, WHOLE);
}

char *copies_listing(void)
{
    struct answer *answer = client_get(site.client, site_target("/objects?attributes=true"),
                                       "Accept: application/x-ndjson", NULL);
    site_expect(answer, 200);
    return command_keep(strdup((char *)answer->body));
}

char *copies_listing_anywhere(void)
{
    char *text = copies_listing();
    for (char *at = strstr(text, ",\"offset\":"); at; at = strstr(at, ",\"offset\":")) {
        size_t length = strlen(",\"offset\":");
        length += strspn(at + length, "0123456789");
        memmove(at, at + length, strlen(at + length) + 1);
    }
    return text;
}

void copies_serve(const char *folder)
{
    server_crash(site.server); /* which is quick */
    snprintf(site.server->data, sizeof site.server->data, "%s", folder);
    server_start(site.server);
    site_reconnect();
}

json_t *copies_report_main(const char *from, const char *to, json_t **ret_report)
{
    *ret_report = copies_report(WHOLE, from, to);
    return copies_told(*ret_report, "main");
}

json_int_t copies_figure(const json_t *told, const char *name)
{
    json_t *value = json_object_get(told, name);
    ck_assert_msg(json_is_integer(value), "%s is no integer", name);
    return json_integer_value(value);
}

void copies_expect_refusal(const char *mention, const char *const *arguments)
{
    const char *output = command_run(arguments, UNKNOWN);
    ck_assert_msg(strstr(output, mention), "\"%s\" is not in: %s", mention, output);
}
