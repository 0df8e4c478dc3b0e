/* trouble.c - a store that could not be opened. */
#include "store/depot/trouble.h"

#include <string.h>

void trouble_init(struct trouble *trouble, const struct notice *notice)
{
    *trouble = (struct trouble){.notice = notice};
    pthread_mutex_init(&trouble->lock, NULL);
}

void trouble_free(struct trouble *trouble)
{
    pthread_mutex_destroy(&trouble->lock);
}

void trouble_forget(struct trouble *trouble, const char *store)
{
    pthread_mutex_lock(&trouble->lock);
    if (strcmp(trouble->store, store) == 0)
        trouble->store[0] = '\0';
    pthread_mutex_unlock(&trouble->lock);
}

void trouble_note(struct trouble *trouble, const char *store, enum store_error error, const struct store_detail *detail)
{
    if (!error || error == STORE_NO_STORE) {
        trouble_forget(trouble, store);
        return;
    }
    pthread_mutex_lock(&trouble->lock);
    memcpy(trouble->store, store, strlen(store) + 1);
    trouble->detail = *detail;
    pthread_mutex_unlock(&trouble->lock);
    notice_tell(trouble->notice, STORE_LOG_ERROR, "store %s cannot be opened: %s: %s", store, store_error_text(error),
                detail->text);
}

bool trouble_tell(struct trouble *trouble, struct store_detail *ret_detail)
{
    pthread_mutex_lock(&trouble->lock);
    bool there = trouble->store[0] != '\0';
    if (there)
        *ret_detail = trouble->detail;
    pthread_mutex_unlock(&trouble->lock);
    return there;
}
