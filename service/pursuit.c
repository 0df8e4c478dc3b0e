/* pursuit.c - says why a store could not be followed. See pursuit.h. */
#include "service/pursuit.h"

#include "service/change.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool pursuit_fail_as(struct pursuit *pursuit, enum follower_end end, const char *format, ...)
{
    struct follower *follower = pursuit->follower;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(follower->error, sizeof follower->error, format, arguments);
    va_end(arguments);
    pursuit->end = end;
    return false;
}

bool pursuit_fail_store(struct pursuit *pursuit, const char *what, enum store_error error)
{
    if (error == STORE_FULL)
        return pursuit_fail_as(pursuit, FOLLOWER_OVER,
                               "no space is left on the disk of the backup: make space, and run this once more");
    return pursuit_fail(pursuit, "%s: %s", what, store_error_text(error));
}

bool pursuit_fail_answer(struct pursuit *pursuit, const char *what, int status)
{
    enum follower_end end = status == 404 ? FOLLOWER_LOST : status == 0 ? FOLLOWER_OVER : FOLLOWER_FAILED;
    return pursuit_fail_as(pursuit, end, "%s cannot be had: %s", what, remote_error(pursuit->follower->remote));
}

void pursuit_await(struct pursuit *pursuit, const json_t *change)
{
    free(pursuit->awaited);
    pursuit->awaited = change ? change_name(change) : NULL;
}
