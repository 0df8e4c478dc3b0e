/* tenancy.c - taking stores, giving them back, and who has them else. See tenancy.h. */
#include "store/depot/tenancy.h"

#include "store/base/clock.h"
#include "store/depot/folder.h"
#include "store/disk/io.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
    KNOWN = 1000,            /* for so long it is not looked again who has a store */
    LEAVING = 5000,          /* for so long those who use one may hold up that it leaves */
    KEPT = 2 * TENANCY_PAUSE /* in which who has asked for one takes it; all milliseconds */
};

static int64_t in(int64_t milliseconds)
{
    return clock_now(CLOCK_MONOTONIC) + milliseconds * CLOCK_MILLISECOND;
}

static const struct tenure *tenure_of(const struct services *services)
{
    return services->options->io->tenure;
}

/* ---- elsewhere ------------------------------------------------------------------------------- */

static bool is_before(int64_t time)
{
    return time && clock_now(CLOCK_MONOTONIC) < time;
}

bool tenancy_leaves(const struct tenancy *tenancy)
{
    return is_before(tenancy->leaves_until);
}

bool tenancy_is_elsewhere(const struct tenancy *tenancy)
{
    return is_before(tenancy->known_until);
}

struct failure tenancy_tell(const struct tenancy *tenancy, const char *name, struct store_detail *detail)
{
    bool known = tenancy->owner[0];
    struct failure failure = failure_detail(detail, failure_of(STORE_ELSEWHERE), "store %s is served by %s", name,
                                            known ? tenancy->owner : "another server, which does not say where");
    if (detail)
        memcpy(detail->owner, tenancy->owner, sizeof detail->owner);
    return failure;
}

static void remember(struct tenancy *tenancy, const char *owner)
{
    (void)snprintf(tenancy->owner, sizeof tenancy->owner, "%s", owner);
    tenancy->known_until = in(KNOWN);
}

/* ---- taking ---------------------------------------------------------------------------------- */

/* Whoever goes there instead would come to the same place as before, or does not know where to go. */
static bool leads_nowhere(const struct tenure *tenure, const char *address)
{
    return !address[0] || strcmp(address, tenure->own->address) == 0;
}

/* Asks for it, as long as it is tried; false: that is over. */
static bool ask(struct tenancy *tenancy, const struct tenure *tenure, const struct tenant *tenant, const char *name)
{
    if (!tenancy->until)
        tenancy->until = in(tenure->patience);
    bool goes_on = is_before(tenancy->until);
    if (goes_on && tenant->session[0])
        (void)tenure->ask(tenure->self, tenant, name);
    return goes_on;
}

static void settle(struct tenancy *tenancy)
{
    atomic_store(&tenancy->wanted, false);
    tenancy->until = 0;
}

/* Another one has it. */
static struct failure take_later(struct tenancy *tenancy, const struct tenure *tenure, const struct tenant *tenant,
                                 const char *name, bool look, struct store_detail *detail)
{
    bool wanted = !look && (atomic_load(&tenancy->wanted) || leads_nowhere(tenure, tenant->address));
    if (wanted && ask(tenancy, tenure, tenant, name))
        return failure_of(STORE_AGAIN);
    settle(tenancy);
    remember(tenancy, tenant->address);
    return tenancy_tell(tenancy, name, detail);
}

/* What is told without looking again; STORE_OK: it has to be looked. */
static struct failure take_no_look(const struct tenancy *tenancy, const struct tenure *tenure, const char *name,
                                   bool look, struct store_detail *detail)
{
    bool wanted = !look && (atomic_load(&tenancy->wanted) || leads_nowhere(tenure, tenancy->owner));
    if (tenancy_is_elsewhere(tenancy) && !wanted)
        return tenancy_tell(tenancy, name, detail);
    return is_before(tenancy->kept_until) ? failure_of(STORE_AGAIN) : failure_none();
}

struct failure tenancy_take(struct tenancy *tenancy, const struct services *services, const char *name, bool look,
                            struct store_detail *detail)
{
    const struct tenure *tenure = tenure_of(services);
    struct tenant tenant = {0};
    if (!tenure || tenancy->had)
        return failure_none();
    struct failure told = take_no_look(tenancy, tenure, name, look, detail);
    if (told.error)
        return told;
    int error = folder_take_store(services->options->io, name, &tenant);
    if (error == EWOULDBLOCK)
        return take_later(tenancy, tenure, &tenant, name, look, detail);
    settle(tenancy);
    tenancy->had = !error;
    tenancy->known_until = tenancy->leaves_until = tenancy->kept_until = 0;
    if (error == ENOENT)
        return failure_detail(detail, failure_of(STORE_NO_STORE), "there is no store %s: create it first", name);
    return error ? failure_detail(detail, failure_io(error), "store %s cannot be taken: %s", name, strerror(error))
                 : failure_none();
}

enum store_error tenancy_check(const struct services *services)
{
    const struct tenure *tenure = tenure_of(services);
    return tenure ? failure_of_errno(tenure->check(tenure->self)).error : STORE_OK;
}

/* ---- leaving --------------------------------------------------------------------------------- */

void tenancy_leave(struct tenancy *tenancy, const struct services *services, const char *name)
{
    if (!tenancy->had)
        return;
    folder_leave_store(services->options->io, name);
    tenancy->had = false;
}

void tenancy_begin_leaving(struct tenancy *tenancy, const struct tenant *heir)
{
    (void)snprintf(tenancy->owner, sizeof tenancy->owner, "%s", heir->address);
    tenancy->leaves_until = in(LEAVING);
}

/* The one who has asked comes to take it: until then nobody here does. */
void tenancy_end_leaving(struct tenancy *tenancy)
{
    tenancy->leaves_until = 0;
    tenancy->known_until = in(KNOWN);
    tenancy->kept_until = in(KEPT);
}
