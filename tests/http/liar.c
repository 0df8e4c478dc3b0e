/* liar.c - a server that answers what a test wants. See liar.h. */
#include "tests/http/liar.h"

#include <arpa/inet.h>
#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIES_MAX = 32 };

static const struct lie *lie_about(const struct lie *lies, const char *head)
{
    static bool told[LIES_MAX];
    for (size_t at = 0;; at++) {
        bool once = strncmp(lies[at].asked, LIAR_ONCE, strlen(LIAR_ONCE)) == 0;
        if (!strstr(head, lies[at].asked + (once ? strlen(LIAR_ONCE) : 0)) || (once && told[at]))
            continue;
        told[at] = true;
        return &lies[at];
    }
}

/* To the same target at the server whose address is in the file. */
static void send_on(const char *path, const char *head, char *ret_answer, size_t size)
{
    static const char body[] = "{\"type\":\"urn:problem-type:cairn:elsewhere\",\"detail\":\"It is elsewhere.\"}";
    char address[128] = "";
    FILE *file = fopen(path, "r");
    if (!file || !fgets(address, sizeof address, file))
        _exit(1);
    fclose(file);
    const char *target = strchr(head, ' ') + 1;
    snprintf(ret_answer, size, "HTTP/1.1 307 x\r\nLocation: %s%.*s\r\nConnection: close\r\n\r\n%s", address,
             (int)strcspn(target, " "), target, body);
}

static void answer(const struct lie *lies, int stream)
{
    char head[4096], sent_on[sizeof head + 512];
    ssize_t length = recv(stream, head, sizeof head - 1, 0);
    head[length > 0 ? length : 0] = '\0';
    const struct lie *lie = lie_about(lies, head);
    const char *text = lie->answer;
    if (text[0] == '/' && length > 0) {
        send_on(text, head, sent_on, sizeof sent_on);
        text = sent_on;
    }
    if (length < 0 || send(stream, text, strlen(text), MSG_NOSIGNAL) < 0)
        _exit(1);
    close(stream);
}

int liar_begin(const struct lie *lies, pid_t *ret_pid)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(listener, 8), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    *ret_pid = fork();
    ck_assert_int_ge(*ret_pid, 0);
    while (*ret_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        answer(lies, accept(listener, NULL, NULL));
    }
    close(listener);
    return ntohs(address.sin_port);
}

void liar_end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
