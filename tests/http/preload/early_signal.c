/* early_signal.c - loaded in front of libc, sends a real server a SIGTERM when it asks for the first of its variables:
 * before it has opened anything. Thread: any.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *getenv(const char *name)
{
    static volatile sig_atomic_t sent;
    if (!sent && strncmp(name, "CAIRN_", 6) == 0) {
        sent = 1;
        kill(getpid(), SIGTERM);
    }
    return ((__typeof__(&getenv))dlsym(RTLD_NEXT, "getenv"))(name);
}
