/* decimal.h - numbers without a sign in decimal digits: one reader for fields, parameters and options. Thread: any. */
#ifndef CAIRN_API_DECIMAL_H
#define CAIRN_API_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct decimal {
    size_t digits;   /* that were read; 0: the text begins with none */
    uint64_t number; /* UINT64_MAX where it overflows */
    bool overflows;  /* it is more than 64 bits hold */
};

/* The digits that the text begins with. */
struct decimal decimal_read(const char *text, size_t length);

/* Whether the text is digits alone, at least one, and their number not more than `most`. */
bool decimal_parse(const char *text, size_t length, uint64_t most, uint64_t *ret_number);

#endif
