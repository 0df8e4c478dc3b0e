/* tar_writer.c - headers of 512 bytes with octal numbers, and in front of them the records. See tar_writer.h. */
#include "api/archive/tar_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_CAPACITY = 4 << 10,
    NAME = 100,      /* bytes of the name, with which a header begins; then come mode, user and group, ... */
    OWNER_END = 124, /* ... up to the size, the time and the sum */
    TYPE = 156       /* where what the member is stands, and behind it what we leave empty */
};

/* The largest number that eleven octal digits hold. */
#define OCTAL_MOST 077777777777

char *tar_room(struct tar_text *text, size_t length)
{
    size_t needed = text->length + length, capacity = text->capacity == 0 ? FIRST_CAPACITY : text->capacity;
    while (capacity < needed)
        capacity *= 2;
    char *bytes = capacity == text->capacity ? text->bytes : realloc(text->bytes, capacity);
    if (!bytes) {
        text->failed = true;
        return NULL;
    }
    text->bytes = bytes;
    text->capacity = capacity;
    text->length = needed;
    return bytes + needed - length;
}

static void append(struct tar_text *text, const void *bytes, size_t length)
{
    char *room = tar_room(text, length);
    if (room)
        memcpy(room, bytes, length);
}

static void append_zeros(struct tar_text *text, size_t length)
{
    char *room = tar_room(text, length);
    if (room)
        memset(room, 0, length);
}

/* A record begins with its own length, the digits of that included. */
void tar_record(struct tar_text *records, const char *keyword, const void *value, size_t length)
{
    size_t rest = strlen(" =\n") + strlen(keyword) + length, digits = 1;
    for (size_t bound = 10; rest + digits >= bound; bound *= 10)
        digits++;
    char head[32];
    append(records, head, (size_t)snprintf(head, sizeof head, "%zu ", rest + digits));
    append(records, keyword, strlen(keyword));
    append(records, "=", 1);
    append(records, value, length);
    append(records, "\n", 1);
}

static void octal(char *field, size_t size, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%0*" PRIo64, (int)size - 1, number);
    memcpy(field, text, size);
}

/* The places of the fields are those of POSIX, "ustar Interchange Format". */
static void fill_header(char block[TAR_BLOCK], char type, const char *name, uint64_t size, uint64_t seconds)
{
    memset(block, 0, TAR_BLOCK);
    memcpy(block, name, strnlen(name, NAME - 1));
    octal(block + 100, 8, 0644);
    octal(block + 108, 8, 0);
    octal(block + 116, 8, 0);
    octal(block + 124, 12, size > OCTAL_MOST ? 0 : size); /* a larger one stands in the records */
    octal(block + 136, 12, seconds > OCTAL_MOST ? 0 : seconds);
    memset(block + 148, ' ', 8);
    block[156] = type;
    memcpy(block + 257, "ustar\00000", 8);
    unsigned sum = 0;
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += (unsigned char)block[i];
    octal(block + 148, 7, sum);
}

static void header(struct tar_text *out, char type, const char *name, uint64_t size, uint64_t seconds)
{
    char *block = tar_room(out, TAR_BLOCK);
    if (block)
        fill_header(block, type, name, size, seconds);
}

bool tar_is_own_header(const char block[TAR_BLOCK])
{
    char own[TAR_BLOCK];
    fill_header(own, '0', "", 0, 0);
    return memcmp(block + NAME, own + NAME, OWNER_END - NAME) == 0 &&
           memcmp(block + TYPE, own + TYPE, TAR_BLOCK - TYPE) == 0;
}

void tar_padding(struct tar_text *out, uint64_t size)
{
    append_zeros(out, (size_t)(-size % TAR_BLOCK));
}

void tar_member(struct tar_text *out, struct tar_text *records, const char *name, uint64_t size, int64_t modified)
{
    char text[48];
    int64_t whole = modified < 0 ? 0 : modified;
    int length = snprintf(text, sizeof text, "%" PRId64 ".%09" PRId64, whole / 1000000000, whole % 1000000000);
    tar_record(records, "mtime", text, (size_t)length);
    if (size > OCTAL_MOST)
        tar_record(records, "size", text, (size_t)snprintf(text, sizeof text, "%" PRIu64, size));
    header(out, 'x', "pax", records->length, (uint64_t)(whole / 1000000000));
    append(out, records->bytes, records->length);
    tar_padding(out, records->length);
    header(out, '0', name, size, (uint64_t)(whole / 1000000000));
    out->failed |= records->failed;
    records->length = 0;
}

void tar_end(struct tar_text *out)
{
    append_zeros(out, (size_t)2 * TAR_BLOCK);
}

void tar_text_free(struct tar_text *text)
{
    free(text->bytes);
    *text = (struct tar_text){0};
}
