/* background.c - see background.h. */
#include "tests/lib/background.h"

#include "store/internal.h"
#include "tests/lib/patience.h"
#include "tests/lib/quiet.h"

/* What there is to do goes from errand to errand, some of which wait for their time. As the log grows they are asked
 * from stride to stride, and not for what comes behind the last one: that is asked for here. */
static bool has_settled(struct store *store)
{
    if (errand_is_under_way(&store->compact.errand) || errand_is_under_way(&store->summaries.errand) ||
        errand_is_under_way(&store->binder.errand))
        return false;
    bool lags = catalog_lags(&store->catalog);
    if (lags)
        (void)errand_ask(&store->summaries.errand);
    return !lags;
}

bool background_settles(struct store *store)
{
    bool settled = false;
    WAIT_UNTIL(settled = has_settled(store));
    return settled && quiet_comes();
}
