/* flaw.c - one flaw of a store, told. See flaw.h. */
#include "service/flaw.h"

#include "api/text/utf8.h"

#include <inttypes.h>
#include <stdio.h>

/* What scripts call a flaw, and what it means for those whose data it is. */
struct meaning {
    const char *name;
    const char *live; /* an object that can be asked for is concerned */
    const char *dead;
};

static const struct meaning meanings[] = {
    [STORE_FLAW_LOG] = {"log", "an object that stood there cannot be read any more: put it again, or delete it",
                        "what stood there, a write or a delete, is lost; everything behind it is kept"},
    [STORE_FLAW_HEADER] = {"header", "nothing is lost by it: the records in the file tell where it stands",
                           "nothing is lost by it: the records in the file tell where it stands"},
    [STORE_FLAW_PAYLOAD] = {"payload", "the object is not served any more: put it again, or delete it",
                            "an older version, or one that was deleted: no object needs it"},
    [STORE_FLAW_BLOB] = {"blob", "the object's bytes are not those that were stored: put it again, or delete it",
                         "no object needs it"},
    [STORE_FLAW_MISSING] = {"missing", "the object is not served any more: put it again, or delete it",
                            "no object needs it"},
    [STORE_FLAW_KEYS] = {"keys", "",
                         "nothing is lost: they are made again from the log; listings may lack keys until a restart"},
    [STORE_FLAW_READ] = {"read", "the disk is failing: an object there cannot be read; copy the folder elsewhere",
                         "the disk is failing: copy the folder elsewhere"},
    [STORE_FLAW_FILE] = {"file", "", "what it held is lost: stop the server and bring it back from a backup"},
};

static const struct meaning *meaning_of(enum store_flaw_kind kind)
{
    static const struct meaning unknown = {"unknown", "this program does not know it", "this program does not know it"};
    return (size_t)kind < sizeof meanings / sizeof meanings[0] ? &meanings[kind] : &unknown;
}

const char *flaw_meaning(const struct store_flaw *flaw)
{
    const struct meaning *meaning = meaning_of(flaw->kind);
    return flaw->live ? meaning->live : meaning->dead;
}

void flaw_json(struct jsontext *text, const struct store_flaw *flaw)
{
    bool known = flaw->key || flaw->key_hash;
    jsontext_field(text, "kind", meaning_of(flaw->kind)->name);
    jsontext_figure(text, "offset", flaw->offset);
    jsontext_figure(text, "length", flaw->length);
    jsontext_key(text, flaw->key, flaw->key_length);
    jsontext_name(text, "key_hash");
    if (known)
        jsontext_hash(text, flaw->key_hash);
    else
        jsontext_null(text);
    jsontext_flag(text, "live", flaw->live);
    jsontext_field(text, "text", store_flaw_text(flaw->kind));
}

/* A key as JSON would quote it; of one that is no text only the hash is told. */
static void print_key(const struct store_flaw *flaw)
{
    struct jsontext quoted = {0};
    if (!flaw->key && !flaw->key_hash)
        return;
    if (flaw->key && utf8_valid(flaw->key, flaw->key_length))
        jsontext_string(&quoted, flaw->key, flaw->key_length);
    if (quoted.length > 0 && !quoted.failed)
        printf(", key %.*s", (int)quoted.length, quoted.bytes);
    printf(", key hash %016" PRIx64, flaw->key_hash);
    jsontext_free(&quoted);
}

void flaw_print(const struct store_flaw *flaw, const char *meaning)
{
    printf("  FLAW at offset %" PRIu64 ", %" PRIu64 " bytes", flaw->offset, flaw->length);
    print_key(flaw);
    printf(":\n    %s;\n    %s\n", store_flaw_text(flaw->kind), meaning);
}
