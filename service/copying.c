/* copying.c - copying a data folder, and telling of it. See copying.h. */
#include "service/copying.h"

#include "api/text/jsontext.h"
#include "api/text/utf8.h"
#include "service/command.h"
#include "service/progress.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct run {
    const struct copying *copying;
    struct jsontext text;
    struct progress progress;
    atomic_uint_fast64_t done;
    atomic_uint_fast64_t total;
    size_t stores;
    size_t failed;
    uint64_t flaws;
};

/* ---- JSON ------------------------------------------------------------------------------------ */

static void number(struct jsontext *text, const char *name, uint64_t value)
{
    jsontext_name(text, name);
    jsontext_number(text, value);
}

static void boolean(struct jsontext *text, const char *name, bool value)
{
    jsontext_name(text, name);
    jsontext_bool(text, value);
}

/* A path or a sentence with one may be no text. */
static void words(struct jsontext *text, const char *name, const char *value)
{
    jsontext_field(text, name, value && utf8_valid(value, strlen(value)) ? value : NULL);
}

static void json_begin(struct run *run)
{
    struct jsontext *text = &run->text;
    jsontext_open(text, '{');
    words(text, "from", run->copying->url ? run->copying->url : run->copying->from);
    words(text, "to", run->copying->to);
    jsontext_name(text, "stores");
    jsontext_open(text, '[');
}

static void json_store(struct jsontext *text, const struct backup_store *store, uint64_t offset, bool told)
{
    jsontext_open(text, '{');
    jsontext_field(text, "name", store->name);
    boolean(text, "unchanged", store->unchanged);
    jsontext_name(text, "end_offset");
    if (told)
        jsontext_number(text, offset);
    else
        jsontext_null(text);
    number(text, "files_copied", store->files_copied);
    number(text, "files_kept", store->files_kept);
    number(text, "bytes_copied", store->bytes_copied);
    number(text, "bytes_kept", store->bytes_kept);
    number(text, "rounds", store->rounds);
    number(text, "flaws", store->flaws);
    words(text, "error", store->error ? store->why : NULL);
    jsontext_close(text, '}');
}

static void json_end(struct run *run, const char *sentence)
{
    struct jsontext *text = &run->text;
    jsontext_close(text, ']');
    number(text, "flaw_count", run->flaws);
    boolean(text, "complete", !sentence && run->failed == 0);
    words(text, "error", sentence);
    jsontext_close(text, '}');
    fwrite(text->bytes, 1, text->length, stdout);
    putchar('\n');
}

/* ---- for people ------------------------------------------------------------------------------ */

static void print_amount(uint64_t files, uint64_t bytes, const char *what)
{
    printf("%" PRIu64 " file%s of %" PRIu64 " bytes %s", files, files == 1 ? "" : "s", bytes, what);
}

static void print_store(const struct backup_store *store, uint64_t offset)
{
    printf("store %s: ", store->name);
    if (store->error) {
        printf("not copied: %s\n", store->why);
        return;
    }
    if (store->unchanged) {
        puts("unchanged");
        return;
    }
    print_amount(store->files_copied, store->bytes_copied, "copied, ");
    print_amount(store->files_kept, store->bytes_kept, "kept; ");
    printf("as of offset %" PRIu64 "\n", offset);
    if (store->flaws > 0)
        printf("  FLAWS: %" PRIu64 " in what was read of its log, which is copied as it is: `cairnd check` of the copy "
               "names them\n",
               store->flaws);
}

static void print_end(const struct run *run)
{
    printf("%zu store%s", run->stores, run->stores == 1 ? "" : "s");
    if (run->failed == 0 && run->flaws == 0)
        puts(", all copied");
    else
        printf(", %zu of them copied; %" PRIu64 " flaw%s\n", run->stores - run->failed, run->flaws,
               run->flaws == 1 ? "" : "s");
}

/* ---- the run --------------------------------------------------------------------------------- */

static void told(void *arg, const struct backup_store *store)
{
    struct run *run = arg;
    const struct copying *copying = run->copying;
    bool known = !store->error && (copying->offset_of || !store->unchanged);
    uint64_t offset = copying->offset_of ? copying->offset_of(copying->arg, store->name) : store->end_offset;
    run->stores++;
    run->failed += store->error != STORE_OK;
    run->flaws += store->flaws;
    progress_pause(&run->progress);
    if (run->copying->json)
        json_store(&run->text, store, offset, known);
    else
        print_store(store, offset);
    progress_resume(&run->progress);
}

static void advanced(void *arg, uint64_t done, uint64_t total)
{
    struct run *run = arg;
    atomic_store(&run->done, done);
    atomic_store(&run->total, total);
}

static void sample(void *arg, struct progress_figures *ret_figures)
{
    struct run *run = arg;
    ret_figures->done = atomic_load(&run->done);
    ret_figures->total = atomic_load(&run->total);
}

static enum check_status conclude(struct run *run, const char *sentence)
{
    if (run->copying->json)
        json_end(run, sentence);
    else if (!sentence)
        print_end(run);
    if (sentence && !run->copying->json)
        command_fail(run->copying->command, "%s", sentence);
    bool written = fflush(stdout) == 0 && !ferror(stdout) && !run->text.failed;
    jsontext_free(&run->text);
    if (!written)
        command_fail(run->copying->command, "the report could not be written to the end");
    if (sentence || run->failed > 0 || !written)
        return CHECK_UNKNOWN;
    return run->flaws > 0 ? CHECK_FLAWS : CHECK_WHOLE;
}

bool copying_is_url(const char *place)
{
    return strstr(place, "://");
}

enum check_status copying_run(const struct copying *copying)
{
    struct run run = {.copying = copying};
    struct store_detail detail = {0};
    const struct backup_options options = {.store = copying->store,
                                           .prune = copying->prune,
                                           .link = copying->link,
                                           .restore = copying->restore,
                                           .told = told,
                                           .advanced = advanced,
                                           .arg = &run};
    if (copying->json)
        json_begin(&run);
    progress_begin(&run.progress, STDERR_FILENO, copying->json, sample, &run);
    enum store_error error = backup_make(copying->from, copying->to, &options, &detail);
    progress_end(&run.progress);
    const char *sentence = detail.text[0] ? detail.text : store_error_text(error);
    return conclude(&run, error ? sentence : NULL);
}
