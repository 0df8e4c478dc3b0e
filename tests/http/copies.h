/* copies.h - backups of the site's server, and what is in them.
 *
 * Texts live as long as the test's process. Thread: one.
 */
#ifndef CAIRN_TESTS_HTTP_COPIES_H
#define CAIRN_TESTS_HTTP_COPIES_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

/* The exit statuses of `cairnd backup`, `restore` and `check`. */
enum { WHOLE = 0, FLAWS = 1, UNKNOWN = 2 };

enum { COPIES_LARGE = 300 << 10 }; /* bytes of an object that is a file of its own */

/* Starts the site's server with small segments. */
void copies_start(void);

/* A folder beside that of the server's data. */
const char *copies_beside(const char *name);

/* Makes a backup, which must have no flaw. */
void copies_make(const char *from, const char *to);

/* The same with --json, which must end with that status: its report, to be decref'd. */
json_t *copies_report(int status, const char *from, const char *to);

/* Begins one in a process of its own, which says nothing, and ends with the test; whether some of the large objects has
 * come; and waits for its end: its exit status. */
pid_t copies_begin(const char *from, const char *to);
bool copies_have_begun(const char *to);
int copies_end(pid_t backup);

/* What a report tells of a store, borrowed; fails the test when it tells nothing. */
json_t *copies_told(const json_t *report, const char *store);

/* Makes a backup, which must have no flaw: what it tells of the store main, borrowed from *ret_report. */
json_t *copies_report_main(const char *from, const char *to, json_t **ret_report);

/* A number of that. */
json_int_t copies_figure(const json_t *told, const char *name);

/* Runs a command that must be refused, with this in its sentence. */
#define copies_refused(mention, ...) copies_expect_refusal(mention, (const char *const[]){__VA_ARGS__, NULL})
void copies_expect_refusal(const char *mention, const char *const *arguments);

/* Compares every byte of a folder. */
void copies_expect_whole(const char *folder);

/* All that a listing tells of the test's store; without offsets, where each log has its own. */
char *copies_listing(void);
char *copies_listing_anywhere(void);

/* The server serves another folder from here on. */
void copies_serve(const char *folder);

#endif
