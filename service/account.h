/* account.h - what has become of a backup or a restoration, told on stdout: for people line by line, or as one JSON
 * object for scripts, whatever happens.
 *
 *     account_begin(&account, "backup", json, from, to);
 *     account_flaw(&account, name, "the source", &flaw, kept); // each store: its flaws, then ...
 *     account_store(&account, &told, &offset);                 // ... what has become of it
 *     account_absent(&account, name, absence);
 *     status = account_end(&account, sentence);       // why nothing could be copied, or nothing more; or NULL
 *
 * docs/backup.md has the shape of the JSON. Thread: one.
 */
#ifndef CAIRN_ACCOUNT_H
#define CAIRN_ACCOUNT_H

#include "api/text/jsontext.h"
#include "service/check.h"
#include "store/store.h"

struct account {
    const char *command; /* in front of sentences on stderr */
    bool json;
    bool counts_objects; /* of a server: what is told as files are its objects */
    struct jsontext text;
    struct jsontext store_flaws; /* of the store under way */
    struct jsontext absent;      /* names of copies of stores that are not there any more ... */
    struct jsontext removed;     /* ... and of those that went */
    size_t stores;
    size_t failed;
    size_t refused; /* since they are damaged */
    uint64_t flaws;
    bool flawed; /* the store under way */
};

/* `from` and `to` may be no text. */
void account_begin(struct account *account, const char *command, bool json, const char *from, const char *to);

/* A flaw of a store, in what `where` says; `kept`: the copy has what is lost there. */
void account_flaw(struct account *account, const char *store, const char *where, const struct store_flaw *flaw,
                  bool kept);

/* `offset` NULL: it is not known, or there is no new copy. */
void account_store(struct account *account, const struct backup_store *store, const uint64_t *offset);

enum account_absence {
    ACCOUNT_REMOVED, /* its copy was removed */
    ACCOUNT_GONE,    /* it stays; so it does ... */
    ACCOUNT_SPARED,  /* ... although it was to go: not all was copied, ... */
    ACCOUNT_UNSURE,  /* ... or the server did not say each time that it is gone, and ... */
    ACCOUNT_HIDDEN,  /* ... where the server does not say that the store is gone */
};

/* The copy of a store that is not there any more. */
void account_absent(struct account *account, const char *name, enum account_absence absence);

/* Copies were to be removed, and none was, since not all could be copied. */
void account_unpruned(struct account *account);

/* Writes the sum and frees. */
enum check_status account_end(struct account *account, const char *sentence);

#endif
