/* check.c - `cairnd check DIR`: compares every byte of a data folder with its digest and changes none.
 *
 * The folder is locked, so that no server writes meanwhile, and opened read-only; its stores are opened one after
 * the other, since each takes memory for its index. Status 0: all is whole. 1: flaws were found. 2: it could not
 * be told.
 */
#include "service/check.h"

#include "service/command.h"
#include "service/interruption.h"
#include "service/option.h"
#include "service/progress.h"
#include "service/report.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char check_usage[] =
    "usage: cairnd check DIR [--store NAME] [--rate SIZE] [--ceph-conf FILE] [--ceph-user NAME] [--json]\n"
    "\n"
    "Compares every record and every large object of the data folder DIR with its digest. Nothing is\n"
    "changed. No server may have the folder open: ask a running one by POST /v1/stores/NAME/verify.\n"
    "DIR may be rados:POOL or rados:POOL/NAMESPACE, a pool of a Ceph cluster.\n"
    "\n"
    "  --store NAME        check this store only\n"
    "  --rate SIZE         read at most so many bytes a second, such as 64M; 0, the default: as fast as\n"
    "                      it goes\n" VENUE_USAGE "  --json              report for scripts\n"
    "\n"
    "How far it is stands on stderr: on a terminal as a line with share, rate and time left, elsewhere as\n"
    "a line every ten seconds.\n"
    "\n"
    "Status 0: everything is whole; 1: there are flaws; 2: the folder cannot be opened, or not all could\n"
    "be checked.\n";

/* ---- arguments ------------------------------------------------------------------------------- */

static bool refuse(const char *what, const char *argument)
{
    fprintf(stderr, "cairnd: check: '%s' %s; `cairnd check --help` tells more\n", argument, what);
    return false;
}

static bool read_option(struct check *check, char *const **arguments)
{
    const char *argument = **arguments;
    bool store = command_flag_is(argument, "--store");
    enum venue_flag flag = venue_read_flag(&check->venue, arguments);
    if (flag != VENUE_OTHER)
        return flag == VENUE_READ;
    if (!store && !command_flag_is(argument, "--rate"))
        return refuse("is no option", argument);
    const char *value = command_flag_value(arguments);
    if (!value)
        return refuse("needs a value", argument);
    if (store)
        check->store = value;
    return store || option_read_size(value, &check->rate) ||
           refuse("is not a size for --rate: digits, and perhaps K, M, G or T", value);
}

static bool read_arguments(struct check *check, char *const *arguments, bool *ret_help)
{
    for (; *arguments; arguments++) {
        const char *argument = *arguments;
        if (command_is_help(argument))
            *ret_help = true;
        else if (strcmp(argument, "--json") == 0)
            check->json = true;
        else if (argument[0] == '-') {
            if (!read_option(check, &arguments))
                return false;
        } else if (check->folder) {
            return refuse("is one folder too many", argument);
        } else {
            check->folder = argument;
        }
    }
    if (check->folder || *ret_help)
        return true;
    fputs("cairnd: check: which data folder? `cairnd check --help` tells more\n", stderr);
    return false;
}

/* ---- checking -------------------------------------------------------------------------------- */

static const char *sentence_of(enum store_error error, const struct store_detail *detail)
{
    if (error == STORE_DRAINING)
        return interruption_sentence;
    return detail->text[0] ? detail->text : store_error_text(error);
}

/* The verification of one store. */
struct look {
    struct store *store;
    struct report *report;
    struct progress progress;
};

static void flaw_found(void *arg, const struct store_flaw *flaw)
{
    struct look *look = arg;
    progress_pause(&look->progress);
    report_flaw(look->report, flaw);
    progress_resume(&look->progress);
}

static void sample(void *arg, struct progress_figures *ret_figures)
{
    const struct look *look = arg;
    struct store_verification verification;
    store_verification(look->store, &verification);
    (void)snprintf(ret_figures->name, sizeof ret_figures->name, "%s", store_name(look->store));
    ret_figures->done = verification.bytes_done;
    ret_figures->total = verification.bytes_total;
}

static void stop(void *arg)
{
    store_verify_stop(arg);
}

static void halt(void *arg)
{
    depot_halt(arg);
}

static enum store_error verify(const struct check *check, struct store *store, struct report *report,
                               struct store_verification *ret_verification)
{
    struct look look = {.store = store, .report = report};
    progress_begin(&look.progress, STDERR_FILENO, check->json, sample, &look);
    interruption_calls(stop, store);
    enum store_error error = store_verify(store, check->rate, flaw_found, &look, ret_verification);
    interruption_calls(NULL, NULL);
    progress_end(&look.progress);
    report->stopped = interruption_came();
    return error;
}

/* Opening one may take long, too. */
static enum store_error acquire(struct depot *depot, const char *name, struct store **ret_store,
                                struct store_detail *ret_detail)
{
    interruption_calls(halt, depot);
    enum store_error error = depot_acquire(depot, name, ret_store, ret_detail);
    interruption_calls(NULL, NULL);
    return error;
}

static void check_store(const struct check *check, struct depot *depot, const char *name, struct report *report)
{
    struct store_detail detail = {0};
    struct store_verification verification;
    struct store *store = NULL;
    report_store(report, name);
    enum store_error error = acquire(depot, name, &store, &detail);
    if (!error)
        error = verify(check, store, report, &verification);
    bool flaw = error != STORE_ELSEWHERE && error != STORE_DRAINING && !store_error_is_shortage(error, detail.os_error);
    if (error)
        report_not_opened(report, flaw, sentence_of(error, &detail));
    else
        report_checked(report, &verification);
    depot_release(store);
}

/* The stores to look at, as depot_names() gives them; NULL when there are none to be had: the report says why. */
static char **names_of(const struct check *check, struct depot *depot, size_t *ret_count, struct report *report)
{
    char **names;
    char sentence[512];
    enum store_error error = depot_names(depot, &names, ret_count);
    if (error) {
        (void)snprintf(sentence, sizeof sentence, "the stores of %s cannot be listed: %s", check->folder,
                       store_error_text(error));
        report_fail(report, sentence);
        return NULL;
    }
    if (!check->store)
        return names;
    for (size_t i = 0; i < *ret_count; i++)
        if (strcmp(names[i], check->store) == 0) {
            names[0] = names[i];
            *ret_count = 1;
            return names;
        }
    (void)snprintf(sentence, sizeof sentence, "there is no store '%s' in %s", check->store, check->folder);
    report_fail(report, sentence);
    free(names);
    return NULL;
}

static void check_stores(const struct check *check, struct depot *depot, struct report *report)
{
    size_t count = 0;
    char **names = names_of(check, depot, &count, report);
    for (size_t i = 0; names && i < count && !interruption_came(); i++)
        check_store(check, depot, names[i], report);
    if (names && interruption_came())
        report_fail(report, interruption_sentence);
    free(names);
}

static void tell_missing(void *arg, const char *name)
{
    struct report *report = arg;
    report_store(report, name);
    report_not_opened(report, false,
                      "the backup has no copy of it: the run that was to make the first one was cut short, or failed; "
                      "or that of before is put aside, as backup/NAME.old, and the next `cairnd backup` puts it back");
}

static void refuse_folder(struct report *report, enum store_error error, const struct store_detail *detail)
{
    static const char advice[] = ", or let it verify: POST /v1/stores/NAME/verify";
    char sentence[sizeof detail->text + sizeof advice];
    (void)snprintf(sentence, sizeof sentence, "%s%s", sentence_of(error, detail), error == STORE_LOCKED ? advice : "");
    report_fail(report, sentence);
}

static enum check_status conclude(struct report *report)
{
    if (!report_end(report)) {
        fputs("cairnd: check: the report could not be written to the end\n", stderr);
        return CHECK_UNKNOWN;
    }
    if (report->flaws > 0)
        return CHECK_FLAWS;
    return report->complete ? CHECK_WHOLE : CHECK_UNKNOWN;
}

static void check_folder(const struct check *check, const struct io *io, struct report *report)
{
    struct depot_options options = depot_options_default();
    struct store_detail detail = {0};
    struct depot *depot;
    options.io = io ? io : options.io;
    options.read_only = true;
    options.open_stores_limit = 1;
    backup_bring_back(check->folder, io);
    enum store_error error = depot_open(check->folder, &options, &depot, &detail);
    if (error) {
        refuse_folder(report, error, &detail);
        return;
    }
    check_stores(check, depot, report);
    depot_close(depot);
    if (check->store || check->copied || interruption_came())
        return;
    error = backup_missing(check->folder, io, tell_missing, report, &detail);
    if (error)
        refuse_folder(report, error, &detail);
}

enum check_status check_run(const struct check *check)
{
    struct venue venue = check->venue;
    struct report report;
    char sentence[VENUE_SENTENCE];
    report_begin(&report, check->folder, check->json);
    if (venue_open(&venue, check->folder, NULL, sentence))
        check_folder(check, venue_from(&venue), &report);
    else
        report_fail(&report, sentence);
    venue_close(&venue);
    return conclude(&report);
}

int command_check(char *const *arguments)
{
    struct check check = {.venue.command = "check"};
    bool help = false;
    if (!read_arguments(&check, arguments, &help))
        return CHECK_UNKNOWN;
    if (!help)
        return (int)check_run(&check);
    fputs(check_usage, stdout);
    return fflush(stdout) == 0 ? CHECK_WHOLE : CHECK_UNKNOWN;
}
