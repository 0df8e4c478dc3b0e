/* fuzz_wire.c - what arrives on a connection, before libmicrohttpd reads it.
 *
 * The input's first two bytes say into what pieces it is cut and how many bytes are asked for at a time. What passes
 * must not depend on that, must be no more than has arrived but for what ends a message with a fault, and must pass
 * again as it is.
 */
#include "api/http/wire.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MORE = 64 /* bytes that may stand in place of a message with a fault */ };

struct stream {
    const uint8_t *bytes;
    size_t at, end;
};

static ssize_t read_stream(void *arg, void *buffer, size_t size)
{
    struct stream *stream = arg;
    size_t there = stream->end - stream->at, length = there < size ? there : size;
    if (length == 0) {
        errno = EAGAIN;
        return -1;
    }
    memcpy(buffer, stream->bytes + stream->at, length);
    stream->at += length;
    return (ssize_t)length;
}

/* Passes bytes that come in pieces of that size, when so many are asked for; the fault goes to *ret_fault. */
static size_t pass(const uint8_t *bytes, size_t size, size_t piece, size_t capacity, char *passed,
                   struct fault *ret_fault)
{
    struct stream stream = {.bytes = bytes};
    struct wire wire;
    size_t length = 0;
    wire_begin(&wire);
    while (stream.end < size) {
        ssize_t got;
        stream.end = size - stream.end > piece ? stream.end + piece : size;
        do {
            size_t left = size + MORE - length;
            got = wire_read(&wire, read_stream, &stream, passed + length, capacity < left ? capacity : left);
            fuzz_assert(got != 0 && (got > 0 || errno == EAGAIN));
            length += got > 0 ? (size_t)got : 0;
        } while (got == (ssize_t)capacity);
        fuzz_assert(wire.state == WIRE_FAULTY || stream.at == stream.end);
    }
    const struct fault *fault = wire_fault(&wire, wire.heads);
    *ret_fault = fault == NULL ? (struct fault){0} : *fault;
    wire_end(&wire);
    return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t piece = 1 + (size_t)data[0] * data[0], capacity = 1 + (size_t)data[1] * data[1];
    struct fault whole_fault, fault;
    char *whole = fuzz_allocate(size + MORE), *passed = fuzz_allocate(size + MORE),
         *again = fuzz_allocate(size + MORE + MORE);
    size_t whole_length = pass(data + 2, size - 2, size, 1 << 13, whole, &whole_fault);
    size_t length = pass(data + 2, size - 2, piece, capacity, passed, &fault);
    fuzz_assert(length == whole_length && memcmp(whole, passed, length) == 0);
    fuzz_assert(fault.sentence == whole_fault.sentence && fault.position == whole_fault.position);
    fuzz_assert(whole_fault.sentence || length <= size - 2);
    length = pass((const uint8_t *)whole, whole_length, piece, capacity, again, &fault);
    fuzz_assert(!fault.sentence && length == whole_length && memcmp(whole, again, length) == 0);
    free(whole);
    free(passed);
    free(again);
    return 0;
}
