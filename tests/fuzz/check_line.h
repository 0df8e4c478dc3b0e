/* check_line.h - the last line of a note that has one: a check of all before it.
 *
 * Thread: one.
 */
#ifndef CAIRN_TESTS_CHECK_LINE_H
#define CAIRN_TESTS_CHECK_LINE_H

#include <stddef.h>
#include <stdint.h>

/* Mutates such a note as libFuzzer does, and makes the check right in every second one, with LOG_IMAGE_SALT, which no
 * attacker knows. */
size_t check_line_mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed);

#endif
