/* tar_reader.c - blocks, and what is between them, one state for each. See tar_reader.h. */
#include "api/archive/tar_reader.h"

#include "api/text/decimal.h"

#include <string.h>

static enum tar_step fail(struct tar *tar, const char *sentence)
{
    tar->fault = sentence;
    return TAR_FAULT;
}

/* ---- the fields of a header ------------------------------------------------------------------ */

static bool read_octal(const char *field, size_t size, uint64_t *ret_number)
{
    uint64_t number = 0;
    size_t i = 0;
    while (i < size && field[i] == ' ')
        i++;
    for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
        number = number << 3 | (unsigned)(field[i] - '0');
    *ret_number = number;
    return i == size || field[i] == ' ' || field[i] == '\0';
}

/* What octal digits do not hold is in binary, its first bit set: GNU. */
static bool read_size(const char *field, size_t size, uint64_t *ret_number)
{
    uint64_t number = (unsigned char)field[0] & 0x7f;
    if (!((unsigned char)field[0] & 0x80))
        return read_octal(field, size, ret_number);
    for (size_t i = 1; i < size; i++) {
        if (number > INT64_MAX >> 8)
            return false;
        number = number << 8 | (unsigned char)field[i];
    }
    *ret_number = number;
    return true;
}

static bool sum_fits(const char *block)
{
    uint64_t told;
    int64_t plain = 0, as_signed = 0; /* some old ones add signed characters */
    for (size_t i = 0; i < TAR_BLOCK; i++) {
        char c = i >= 148 && i < 156 ? ' ' : block[i];
        plain += (unsigned char)c;
        as_signed += (signed char)c;
    }
    return read_octal(block + 148, 8, &told) && ((int64_t)told == plain || (int64_t)told == as_signed);
}

static bool is_zero(const char *block)
{
    return block[0] == '\0' && memcmp(block, block + 1, TAR_BLOCK - 1) == 0;
}

/* The name of a header, behind its prefix where POSIX has one. */
static void read_name(struct tar *tar)
{
    const char *block = tar->block;
    size_t length = 0;
    if (memcmp(block + 257, "ustar\0", 6) == 0 && block[345] != '\0') {
        length = strnlen(block + 345, 155);
        memcpy(tar->short_name, block + 345, length);
        tar->short_name[length++] = '/';
    }
    size_t rest = strnlen(block, 100);
    memcpy(tar->short_name + length, block, rest);
    tar->path = tar->short_name;
    tar->path_length = length + rest;
}

/* ---- records --------------------------------------------------------------------------------- */

bool tar_next_item(const struct tar *tar, size_t *position, struct tar_item *ret_item)
{
    size_t left = tar->items.length - *position;
    if (left == 0)
        return false;
    const char *start = tar->items.bytes + *position;
    struct decimal digits = decimal_read(start, left);
    size_t length = digits.number <= left ? (size_t)digits.number : 0;
    if (digits.digits == 0 || length <= digits.digits + 1 || start[digits.digits] != ' ' || start[length - 1] != '\n')
        return false;
    const char *keyword = start + digits.digits + 1, *end = start + length - 1;
    const char *equals = memchr(keyword, '=', (size_t)(end - keyword));
    if (!equals)
        return false;
    *ret_item = (struct tar_item){keyword, (size_t)(equals - keyword), equals + 1, (size_t)(end - equals - 1)};
    *position += length;
    return true;
}

static bool item_is(const struct tar_item *item, const char *keyword)
{
    return item->keyword_length == strlen(keyword) && memcmp(item->keyword, keyword, item->keyword_length) == 0;
}

static bool item_begins(const struct tar_item *item, const char *keyword)
{
    return item->keyword_length >= strlen(keyword) && memcmp(item->keyword, keyword, strlen(keyword)) == 0;
}

/* What the records say of the member in place of its header. False: they are none. */
static bool apply_items(struct tar *tar)
{
    struct tar_item item;
    size_t position = 0;
    while (tar_next_item(tar, &position, &item)) {
        if (item_is(&item, "path")) {
            tar->path = item.value;
            tar->path_length = item.value_length;
        } else if (item_is(&item, "size")) {
            if (!decimal_parse(item.value, item.value_length, INT64_MAX, &tar->size))
                return false;
        } else if (tar->kind == TAR_FILE && item_begins(&item, "GNU.sparse.")) {
            tar->kind = TAR_SPARSE; /* `path` names it by a name that tar has made up: it is refused by that */
        }
    }
    return position == tar->items.length;
}

/* ---- members --------------------------------------------------------------------------------- */

static enum tar_kind kind_of(char type)
{
    switch (type) {
    case '0':
    case '\0':
    case '7':
        return TAR_FILE;
    case '1':
    case '2':
        return TAR_LINK;
    case '3':
    case '4':
    case '6':
        return TAR_DEVICE;
    case '5':
        return TAR_FOLDER;
    case 'S':
        return TAR_SPARSE;
    default:
        return TAR_UNKNOWN;
    }
}

/* As it was before folders had a type. Its name has to be known to its end. A file that says that it is one and has
 * content is no folder, whatever its name. */
static bool is_old_folder(const struct tar *tar)
{
    bool may_be = tar->type == '\0' || (tar->type == '0' && tar->size == 0);
    return may_be && tar->path_length > 0 && tar->path[tar->path_length - 1] == '/';
}

static void begin_content(struct tar *tar, enum tar_state state, uint64_t length)
{
    tar->state = state;
    tar->left = length;
    tar->padding = (size_t)(-length % TAR_BLOCK);
}

static enum tar_step begin_member(struct tar *tar)
{
    read_name(tar);
    if (tar->name.length > 0) {
        tar->path = tar->name.bytes;
        tar->path_length = strnlen(tar->name.bytes, tar->name.length);
    }
    tar->kind = kind_of(tar->type);
    if (!apply_items(tar))
        return fail(tar, "the records in front of a member are malformed");
    if (tar->kind == TAR_FILE && is_old_folder(tar))
        tar->kind = TAR_FOLDER;
    if (tar->kind == TAR_FOLDER || tar->kind == TAR_LINK || tar->kind == TAR_DEVICE)
        tar->size = 0; /* what their headers say of it has other meanings */
    tar->stale = true;
    begin_content(tar, TAR_IN_CONTENT, tar->size);
    if (tar->type == 'S' && tar->block[482] != '\0')
        tar->state = TAR_IN_MAP;
    return TAR_MEMBER;
}

/* What is in front of a member is forgotten when the next one has begun. */
static void forget(struct tar *tar)
{
    if (tar->stale)
        tar->items.length = tar->name.length = 0;
    tar->stale = false;
}

static bool is_about_next(char type)
{
    return type == 'x' || type == 'g' || type == 'L' || type == 'K';
}

static enum tar_step read_header(struct tar *tar)
{
    const char *block = tar->block;
    forget(tar);
    if (is_zero(block) && tar->items.length + tar->name.length > 0)
        return fail(tar, "where the header of a member has to be, behind its records, stand zeros: it is damaged");
    if (is_zero(block)) {
        tar->state = TAR_AT_END;
        tar->zeros = TAR_BLOCK;
        return TAR_END;
    }
    if (!sum_fits(block))
        return fail(tar, tar->position < TAR_BLOCK
                             ? "it is no tar, as it is or in gzip or zstd"
                             : "where the header of a member has to be stands something else: it is damaged");
    if (!read_size(block + 124, 12, &tar->size) || tar->size > INT64_MAX)
        return fail(tar, "a member has a size that is no number");
    tar->type = block[156];
    if (!is_about_next(tar->type))
        return begin_member(tar);
    if ((tar->type == 'x' || tar->type == 'L') && tar->size > TAR_HEADERS_MAX)
        return fail(tar, "what stands in front of a member has more than 65536 bytes");
    if (tar->type == 'x')
        tar->items.length = 0;
    if (tar->type == 'L')
        tar->name.length = 0;
    begin_content(tar, TAR_IN_RECORDS, tar->size);
    return TAR_MORE;
}

/* ---- the steps ------------------------------------------------------------------------------- */

/* Collects a block; false: it is not whole yet. */
static bool collect(struct tar *tar, const char *bytes, size_t length, size_t *ret_used)
{
    size_t wanted = TAR_BLOCK - tar->have, used = length < wanted ? length : wanted;
    memcpy(tar->block + tar->have, bytes, used);
    tar->have += used;
    *ret_used = used;
    if (tar->have < TAR_BLOCK)
        return false;
    tar->have = 0;
    return true;
}

static enum tar_step take_records(struct tar *tar, const char *bytes, size_t used)
{
    struct tar_text *text = tar->type == 'x' ? &tar->items : tar->type == 'L' ? &tar->name : NULL;
    char *room = text ? tar_room(text, used) : NULL;
    if (text && !room)
        return fail(tar, "memory is short");
    if (room)
        memcpy(room, bytes, used);
    tar->left -= used;
    if (tar->left == 0)
        tar->state = TAR_IN_PADDING;
    return TAR_MORE;
}

static enum tar_step pad(struct tar *tar, size_t length, size_t *ret_used)
{
    *ret_used = length < tar->padding ? length : tar->padding;
    tar->padding -= *ret_used;
    if (tar->padding > 0)
        return TAR_MORE;
    tar->state = TAR_AT_HEADER;
    return TAR_MORE;
}

/* Whether another archive may begin behind the zeros, so many bytes from here. */
static bool may_begin_anew(const struct tar *tar, size_t zeros)
{
    uint64_t length = tar->position + zeros - tar->begun;
    return tar->zeros == (uint64_t)2 * TAR_BLOCK || (tar->zeros > TAR_BLOCK && length % TAR_RECORD == 0);
}

static enum tar_step pass_end(struct tar *tar, const char *bytes, size_t length, size_t *ret_used)
{
    size_t zeros = 0;
    while (zeros < length && bytes[zeros] == '\0')
        zeros++;
    *ret_used = zeros;
    tar->zeros += zeros;
    if (zeros == length)
        return TAR_END;
    if (!may_begin_anew(tar, zeros))
        return fail(tar, "behind zeros, which end an archive, stands something else: it is damaged, or was added to");
    tar->state = TAR_AT_HEADER;
    tar->begun = tar->position + zeros;
    tar->stale = true;
    return TAR_MORE;
}

static size_t of_left(const struct tar *tar, size_t length)
{
    return tar->left < length ? (size_t)tar->left : length;
}

static enum tar_step step(struct tar *tar, const char *bytes, size_t length, size_t *ret_used)
{
    switch (tar->state) {
    case TAR_AT_HEADER:
        return collect(tar, bytes, length, ret_used) ? read_header(tar) : TAR_MORE;
    case TAR_IN_MAP: /* of a sparse member: blocks of places, as long as they say that another one follows */
        if (collect(tar, bytes, length, ret_used) && tar->block[504] == '\0')
            tar->state = TAR_IN_CONTENT;
        return TAR_MORE;
    case TAR_IN_RECORDS:
        *ret_used = of_left(tar, length);
        return take_records(tar, bytes, *ret_used);
    case TAR_IN_CONTENT:
        *ret_used = of_left(tar, length);
        if (tar->left > 0)
            return TAR_CONTENT;
        tar->state = TAR_IN_PADDING;
        return TAR_DONE;
    case TAR_IN_PADDING:
        return pad(tar, length, ret_used);
    case TAR_AT_END:
        break;
    }
    return pass_end(tar, bytes, length, ret_used);
}

enum tar_step tar_step(struct tar *tar, const char *bytes, size_t length, size_t *ret_used)
{
    *ret_used = 0;
    if (tar->fault)
        return TAR_FAULT;
    enum tar_step told = step(tar, bytes, length, ret_used);
    if (told != TAR_CONTENT)
        tar->position += *ret_used;
    return told;
}

bool tar_is_due(const struct tar *tar)
{
    return tar->state == TAR_IN_CONTENT && tar->left == 0 && !tar->fault;
}

bool tar_has_ended(const struct tar *tar)
{
    return tar->state == TAR_AT_END && !tar->fault;
}

void tar_took(struct tar *tar, size_t length)
{
    tar->left -= length;
    tar->position += length;
}

void tar_free(struct tar *tar)
{
    tar_text_free(&tar->name);
    tar_text_free(&tar->items);
}
