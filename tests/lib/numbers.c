/* numbers.c - objects whose keys are numbers, many of them at a time. */
#include "tests/lib/numbers.h"

#include "tests/lib/pages.h"
#include "tests/lib/ticket.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 1000, DIGITS = 5, TEXT = 16 };

void numbers_change(struct store *store, enum store_op_kind kind, unsigned from, unsigned to, unsigned step,
                    bool *there)
{
    static char keys[BATCH][TEXT];
    static struct store_op ops[BATCH];
    while (from < to) {
        size_t count = 0;
        struct ticket ticket;
        for (; from < to && count < BATCH; from += step, count++) {
            (void)snprintf(keys[count], TEXT, "%0*u", DIGITS, from);
            ops[count] = (struct store_op){
                .kind = kind, .key = store_key_of(keys[count], DIGITS), .payload = "v", .size = kind == STORE_PUT};
            there[from] = kind == STORE_PUT;
        }
        ticket_init(&ticket);
        ck_assert_int_eq(store_batch(store, ops, count, 0, ticket_done, &ticket, NULL), STORE_OK);
        ck_assert_int_eq(ticket_wait(&ticket), STORE_OK);
        ticket_destroy(&ticket);
    }
}

/* The first one from a number on that is there. */
static unsigned next_there(const bool *there, unsigned from, unsigned end)
{
    while (from < end && !there[from])
        from++;
    return from;
}

void numbers_expect(struct store *store, const bool *there, unsigned end)
{
    static struct page page;
    unsigned next = next_there(there, 0, end);
    page = (struct page){0};
    do {
        page.length = page.items = 0;
        page.text[0] = '\0';
        ck_assert_int_eq(page_list(store, &page, "", "", BATCH), STORE_OK);
        char *text = page.text;
        for (size_t i = 0; i < page.items; i++) {
            ck_assert_uint_eq(strtoul(text, &text, 10), next);
            next = next_there(there, next + 1, end);
        }
    } while (page.cursor_length > 0);
    ck_assert_uint_eq(next, end);
}
