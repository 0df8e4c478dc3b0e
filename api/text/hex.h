/* hex.h - bytes and hashes as hexadecimal digits, lower case when written. Thread: any. */
#ifndef CAIRN_API_HEX_H
#define CAIRN_API_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value of one digit of either case, or -1. */
int hex_digit(char digit);

/* Writes 2 * length digits, no NUL. */
void hex_encode(char *text, const uint8_t *bytes, size_t length);

/* Writes 16 digits, no NUL. */
void hex_encode_hash(char *text, uint64_t hash);

/* Exactly 16 digits of either case; false for anything else. */
bool hex_decode_hash(const char *text, size_t length, uint64_t *ret_hash);

/* The same of lower case alone: what is named by it has one name. */
bool hex_decode_id(const char *text, size_t length, uint64_t *ret_id);

/* Exactly 2 * length digits of lower case: an entity tag is compared as it was written. */
bool hex_decode_lower(const char *text, uint8_t *bytes, size_t length);

#endif
