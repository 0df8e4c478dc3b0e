/* root_token.h - the token that the operator gives beside the access file, and the file that the first start makes of
 * one. Thread: the main one.
 */
#ifndef CAIRN_ROOT_TOKEN_H
#define CAIRN_ROOT_TOKEN_H

#include "api/access/token.h"

#include <stdbool.h>

/* The sum of the token in the variable CAIRN_ROOT_TOKEN, or in that file, less the end of its line; path NULL: there is
 * no file. The variable is wiped. *ret_given is false when there is neither. False when it is of no use; the log says
 * why. */
bool root_token_take(const char *path, struct token_sum *ret_sum, bool *ret_given);

/* An access file in which a token of that sum may do everything. The caller frees it; NULL when memory is out. */
char *root_token_file_text(const struct token_sum *sum);

#endif
