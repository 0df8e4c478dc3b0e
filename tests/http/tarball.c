#include "tests/http/tarball.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 512 };

static void append(struct tarball *ball, const void *bytes, size_t length)
{
    ball->bytes = realloc(ball->bytes, ball->length + length + 1);
    ck_assert_ptr_nonnull(ball->bytes);
    memcpy(ball->bytes + ball->length, bytes, length);
    ball->length += length;
}

static void pad(struct tarball *ball)
{
    static const char zeros[BLOCK];
    append(ball, zeros, -ball->length % BLOCK);
}

static void add(struct tarball *ball, char type, const char *name, const void *bytes, size_t size)
{
    char block[BLOCK] = "";
    unsigned sum = 0;
    ck_assert_uint_le(strlen(name), 100);
    memcpy(block, name, strlen(name));
    memcpy(block + 100, "0000644\0000000000\0000000000", 24);
    snprintf(block + 124, 12, "%011zo", size);
    snprintf(block + 136, 12, "%011o", 0);
    memset(block + 148, ' ', 8);
    block[156] = type;
    memcpy(block + 257, "ustar\00000", 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char)block[i];
    snprintf(block + 148, 8, "%06o", sum);
    append(ball, block, BLOCK);
    append(ball, bytes, size);
    pad(ball);
}

/* "LENGTH RECORD\n", where the length counts its own digits. */
static void append_record(struct tarball *records, const char *record)
{
    char line[8192];
    size_t length = strlen(record) + strlen(" \n"), digits = 1;
    while ((size_t)snprintf(line, sizeof line, "%zu %s\n", length + digits, record) != length + digits)
        digits++;
    append(records, line, strlen(line));
}

void tarball_add(struct tarball *ball, const char *name, const void *bytes, size_t size, ...)
{
    struct tarball records = {0};
    va_list list;
    va_start(list, size);
    for (const char *next = va_arg(list, const char *); next; next = va_arg(list, const char *))
        append_record(&records, next);
    va_end(list);
    if (records.length > 0)
        add(ball, 'x', "records", records.bytes, records.length);
    add(ball, '0', name, bytes, size);
    tarball_free(&records);
}

void tarball_end(struct tarball *ball)
{
    static const char zeros[2 * BLOCK];
    append(ball, zeros, sizeof zeros);
}

void tarball_free(struct tarball *ball)
{
    free(ball->bytes);
    *ball = (struct tarball){0};
}

bool tarball_names(const void *bytes, size_t length, const char *const *names)
{
    const char *at = bytes, *end = at + length;
    while (end - at >= BLOCK && *at != '\0') {
        size_t size = strtoul(at + 124, NULL, 8), blocks = (size + BLOCK - 1) / BLOCK + 1;
        if (at[156] == '0' && (!*names || strncmp(at, *names++, 100) != 0))
            return false;
        if (blocks * BLOCK > (size_t)(end - at))
            return false;
        at += blocks * BLOCK;
    }
    return !*names && end - at == 2 * BLOCK;
}
