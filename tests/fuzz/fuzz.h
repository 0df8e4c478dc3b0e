/* fuzz.h - what every fuzz target is made with.
 *
 * A target is one file, fuzz_NAME.c, that defines LLVMFuzzerTestOneInput(): it hands the bytes to a parser and then
 * asserts what must hold of every outcome. Its seeds are the files in corpus/NAME/. The preset `fuzz` links it with
 * libFuzzer; every other build links it with replay.c, which runs the corpus once through it as a test.
 *
 * Thread: one.
 */
#ifndef CAIRN_TESTS_FUZZ_H
#define CAIRN_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The target. Returns 0; a finding ends the program. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A target's own way to mutate, if it has one, and libFuzzer's, which that begins with: there is none in a replay,
 * which does not mutate. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));

/* Ends the program with a sentence when the condition does not hold. */
#define fuzz_assert(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))

_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/* `size` bytes, or the program ends. */
void *fuzz_allocate(size_t size);

/* The bytes in an allocation of their exact size, so that a sanitizer sees every step beyond them. free() it. */
void *fuzz_copy(const void *bytes, size_t size);

/* The same as a text that a NUL ends: the first one among the bytes or the one put behind them. */
char *fuzz_text(const void *bytes, size_t size);

#endif
