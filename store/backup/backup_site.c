/* backup_site.c - a folder that stays open: what is known of it, and noted in it. */
#include "store/backup/backup_site.h"

#include "store/backup/followed.h"
#include "store/backup/nesting.h"
#include "store/backup/pending.h"
#include "store/base/error.h"

#include <stdlib.h>

static struct places places_of(const struct backup_site *site)
{
    const struct premises *premises = &site->premises;
    return (struct places){premises->io, premises->to.stores, premises->drafts};
}

bool backup_is_there(const struct backup_site *site)
{
    const struct premises *premises = &site->premises;
    enum nesting nesting;
    bool fresh;
    return !nesting_of(premises->io, premises->to.root, premises->to_path, NULL, &nesting, &fresh) &&
           nesting == NESTING_SAME;
}

enum store_error backup_open(const char *to, const struct io *io, bool any_source, struct backup_site **ret_site,
                             bool *ret_empty, struct store_detail *ret_detail)
{
    struct backup_site *site = calloc(1, sizeof *site);
    failure_detail(ret_detail, failure_none(), "%s", "");
    if (!site)
        return STORE_NO_MEMORY;
    site->premises = (struct premises){
        .to_io = io ? io : &io_posix, .to_path = to, .any_source = any_source, .detail = ret_detail};
    struct failure failure = premises_open_to(&site->premises, ret_empty);
    if (failure.error) {
        free(site);
        return failure_tell(failure);
    }
    const struct places places = places_of(site);
    (void)followed_clear(&places);
    *ret_site = site;
    return STORE_OK;
}

void backup_close(struct backup_site *site)
{
    if (site)
        premises_close_to(&site->premises);
    free(site);
}

const struct io *backup_io(const struct backup_site *site)
{
    return site->premises.io;
}

static enum store_error tell_noted(struct backup_site *site, int error, struct store_detail *ret_detail)
{
    site->premises.detail = ret_detail;
    return failure_tell(
        error ? premises_fail(&site->premises, error, "cannot note what is copied to", site->premises.to_path)
              : failure_none());
}

enum store_error backup_expect(struct backup_site *site, const char *const *names, size_t count,
                               struct store_detail *ret_detail)
{
    const struct places places = places_of(site);
    return tell_noted(site, pending_expect(&places, names, count, false), ret_detail);
}

enum store_error backup_renew(struct backup_site *site, const char *name, struct store_detail *ret_detail)
{
    const struct places places = places_of(site);
    return tell_noted(site, pending_note(&places, name), ret_detail);
}

enum store_error backup_is_renewed(struct backup_site *site, const char *name, bool *ret_renewed,
                                   struct store_detail *ret_detail)
{
    int error = premises_is_renewed(&site->premises, name, ret_renewed);
    site->premises.detail = ret_detail;
    return failure_tell(
        error ? premises_fail(&site->premises, error, "cannot look at what is noted in", site->premises.to_path)
              : failure_none());
}

void backup_forget(struct backup_site *site, const char *name)
{
    const struct places places = places_of(site);
    pending_settle(&places, name);
}

void backup_withdraw(struct backup_site *site)
{
    premises_withdraw(&site->premises);
}
