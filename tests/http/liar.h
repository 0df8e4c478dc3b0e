/* liar.h - a server that is none: it answers what a test wants, so that its clients meet what no server of ours says.
 *
 *     const struct lie lies[] = {{"/stores/main", file}, {"", "HTTP/1.1 200 x\r\n…"}};
 *     pid_t liar;
 *     int port = liar_begin(lies, &liar);
 */
#ifndef CAIRN_TESTS_HTTP_LIAR_H
#define CAIRN_TESTS_HTTP_LIAR_H

#include <sys/types.h>

#define LIAR_ONCE "once "

/* The answer to requests that have a text in their head, behind LIAR_ONCE to the first of them: all of it; or the path
 * of a file, and then the answer is that of a server that sends to another one, whose address stands in the file by
 * then. */
struct lie {
    const char *asked, *answer;
};

/* A process that gives these answers, the last of them to all that is left; it ends with the test, or by liar_end().
 * The port of 127.0.0.1. */
int liar_begin(const struct lie *lies, pid_t *ret_pid);
void liar_end(pid_t pid);

#endif
