/* trouble.c - a store that could not be opened. */
#include "store/depot/trouble.h"

#include <string.h>

void trouble_init(struct trouble *trouble, const struct notice *notice)
{
    *trouble = (struct trouble){.notice = notice};
    lock_init(&trouble->lock);
}

void trouble_free(struct trouble *trouble)
{
    lock_destroy(&trouble->lock);
}

void trouble_forget(struct trouble *trouble, const char *store)
{
    lock_take(&trouble->lock);
    if (strcmp(trouble->store, store) == 0)
        trouble->store[0] = '\0';
    lock_release(&trouble->lock);
}

void trouble_learn(struct trouble *trouble, const char *store, enum store_error error,
                   const struct store_detail *detail)
{
    if (error == STORE_DRAINING || store_error_is_shortage(error, detail->os_error))
        return; /* nobody has seen whether it can be */
    if (!error || error == STORE_NO_STORE) {
        trouble_forget(trouble, store);
        return;
    }
    lock_take(&trouble->lock);
    memcpy(trouble->store, store, strlen(store) + 1);
    trouble->detail = *detail;
    lock_release(&trouble->lock);
    notice_tell(trouble->notice, STORE_LOG_ERROR, "store %s cannot be opened: %s: %s", store, store_error_text(error),
                detail->text);
}

bool trouble_tell(struct trouble *trouble, struct store_detail *ret_detail)
{
    lock_take(&trouble->lock);
    bool there = trouble->store[0] != '\0';
    if (there)
        *ret_detail = trouble->detail;
    lock_release(&trouble->lock);
    return there;
}
