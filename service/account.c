/* account.c - what has become of a backup, told. See account.h. */
#include "service/account.h"

#include "api/text/utf8.h"
#include "service/command.h"
#include "service/flaw.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- JSON ------------------------------------------------------------------------------------ */

/* A path or a sentence with one may be no text. */
static void words(struct jsontext *text, const char *name, const char *value)
{
    jsontext_field(text, name, value && utf8_valid(value, strlen(value)) ? value : NULL);
}

/* A list that was written as a text of its own, and begins anew. */
static void list(struct jsontext *text, const char *name, struct jsontext *values)
{
    jsontext_name(text, name);
    jsontext_open(text, '[');
    if (values->length > 0)
        jsontext_splice(text, values);
    jsontext_close(text, ']');
    text->failed = text->failed || values->failed;
    jsontext_free(values);
}

static void json_flaw(struct jsontext *text, const struct store_flaw *flaw, bool kept)
{
    jsontext_open(text, '{');
    flaw_json(text, flaw);
    jsontext_flag(text, "kept", kept);
    jsontext_close(text, '}');
}

static void json_store(struct account *account, const struct backup_store *store, const uint64_t *offset)
{
    struct jsontext *text = &account->text;
    jsontext_open(text, '{');
    jsontext_field(text, "name", store->name);
    jsontext_flag(text, "unchanged", store->unchanged);
    jsontext_flag(text, "replaced", store->replaced);
    jsontext_name(text, "end_offset");
    if (offset)
        jsontext_number(text, *offset);
    else
        jsontext_null(text);
    jsontext_figure(text, account->counts_objects ? "objects_copied" : "files_copied", store->files_copied);
    jsontext_figure(text, account->counts_objects ? "objects_kept" : "files_kept", store->files_kept);
    jsontext_figure(text, "bytes_copied", store->bytes_copied);
    jsontext_figure(text, "bytes_kept", store->bytes_kept);
    jsontext_figure(text, "rounds", store->rounds);
    list(text, "flaws", &account->store_flaws);
    words(text, "error", store->error ? store->why : NULL);
    jsontext_close(text, '}');
}

static void json_end(struct account *account, const char *sentence)
{
    struct jsontext *text = &account->text;
    jsontext_close(text, ']');
    list(text, "absent", &account->absent);
    list(text, "removed", &account->removed);
    jsontext_figure(text, "flaw_count", account->flaws);
    jsontext_flag(text, "complete", !sentence && account->failed == 0 && account->refused == 0);
    words(text, "error", sentence);
    jsontext_close(text, '}');
    fwrite(text->bytes, 1, text->length, stdout);
    putchar('\n');
}

/* ---- for people ------------------------------------------------------------------------------ */

static void print_amount(const struct account *account, uint64_t files, uint64_t bytes, const char *what)
{
    printf("%" PRIu64 " %s%s of %" PRIu64 " bytes %s", files, account->counts_objects ? "object" : "file",
           files == 1 ? "" : "s", bytes, what);
}

static void print_store(const struct account *account, const struct backup_store *store, const uint64_t *offset)
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
    if (store->replaced)
        printf("%s anew, the copy of the one before has gone; ", account->counts_objects ? "copied" : "made");
    print_amount(account, store->files_copied, store->bytes_copied, "copied, ");
    print_amount(account, store->files_kept, store->bytes_kept, "kept");
    if (offset)
        printf("; as of offset %" PRIu64, *offset);
    putchar('\n');
}

static void print_end(const struct account *account)
{
    printf("%zu store%s", account->stores, account->stores == 1 ? "" : "s");
    if (account->failed == 0 && account->refused == 0 && account->flaws == 0)
        puts(", all copied");
    else
        printf(", %zu of them copied; %" PRIu64 " flaw%s\n", account->stores - account->failed - account->refused,
               account->flaws, account->flaws == 1 ? "" : "s");
}

/* ---- the account ----------------------------------------------------------------------------- */

void account_begin(struct account *account, const char *command, bool json, const char *from, const char *to)
{
    *account = (struct account){.command = command, .json = json};
    jsontext_open(&account->text, '{');
    words(&account->text, "from", from);
    words(&account->text, "to", to);
    jsontext_name(&account->text, "stores");
    jsontext_open(&account->text, '[');
}

void account_flaw(struct account *account, const char *store, const char *where, const struct store_flaw *flaw,
                  bool kept)
{
    account->flaws++;
    if (account->json) {
        json_flaw(&account->store_flaws, flaw, kept);
        return;
    }
    if (!account->flawed)
        printf("store %s: %s is damaged\n", store, where);
    account->flawed = true;
    flaw_print(flaw, kept ? "the backup has it, and keeps it" : "the backup does not have it");
}

void account_store(struct account *account, const struct backup_store *store, const uint64_t *offset)
{
    account->stores++;
    bool refused = store->error == STORE_DAMAGED || store->error == STORE_GONE;
    account->refused += refused;
    account->failed += store->error != STORE_OK && !refused;
    account->flawed = false;
    if (account->json)
        json_store(account, store, store->error ? NULL : offset);
    else
        print_store(account, store, offset);
}

void account_absent(struct account *account, const char *name, enum account_absence absence)
{
    static const char *const texts[] = {
        [ACCOUNT_REMOVED] = "it is not there any more: its copy was removed",
        [ACCOUNT_GONE] = "it is not there any more: its copy stays as it was; --prune removes it",
        [ACCOUNT_SPARED] = "it is not there any more: its copy stays all the same, since not all was copied",
        [ACCOUNT_UNSURE] = ("it is not there any more: its copy stays all the same, since the server, asked for just "
                            "that, did not say so each time, or could not be told from another one: run this once "
                            "more"),
        [ACCOUNT_HIDDEN] = "the server does not show it to who asks (--token-file): its copy stays as it was",
    };
    if (account->json)
        jsontext_text(absence == ACCOUNT_REMOVED ? &account->removed : &account->absent, name);
    else
        printf("store %s: %s\n", name, texts[absence]);
}

void account_unpruned(struct account *account)
{
    if (!account->json)
        puts("nothing was pruned: copies are removed only where all is copied");
}

enum check_status account_end(struct account *account, const char *sentence)
{
    if (account->json)
        json_end(account, sentence);
    else if (!sentence)
        print_end(account);
    if (sentence && !account->json)
        command_fail(account->command, "%s", sentence);
    bool written = fflush(stdout) == 0 && !ferror(stdout) && !account->text.failed;
    jsontext_free(&account->text);
    jsontext_free(&account->store_flaws);
    if (!written)
        command_fail(account->command, "the report could not be written to the end");
    if (sentence || account->failed > 0 || !written)
        return CHECK_UNKNOWN;
    return account->flaws > 0 || account->refused > 0 ? CHECK_FLAWS : CHECK_WHOLE;
}
