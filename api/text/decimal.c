/* decimal.c - digit by digit, with overflow noticed. See decimal.h. */
#include "api/text/decimal.h"

struct decimal decimal_read(const char *text, size_t length)
{
    struct decimal decimal = {0};
    uint64_t *number = &decimal.number;
    for (; decimal.digits < length; decimal.digits++) {
        char digit = text[decimal.digits];
        if (digit < '0' || digit > '9')
            break;
        decimal.overflows |= __builtin_mul_overflow(*number, 10, number);
        decimal.overflows |= __builtin_add_overflow(*number, digit - '0', number);
    }
    if (decimal.overflows)
        *number = UINT64_MAX;
    return decimal;
}

bool decimal_parse(const char *text, size_t length, uint64_t most, uint64_t *ret_number)
{
    struct decimal decimal = decimal_read(text, length);
    if (length == 0 || decimal.digits < length || decimal.overflows || decimal.number > most)
        return false;
    *ret_number = decimal.number;
    return true;
}
