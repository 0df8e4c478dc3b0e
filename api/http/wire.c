/* wire.c - passes sound bytes on; a head that comes in pieces is held until it is whole. See wire.h. */
#include "api/http/wire.h"

#include "api/api.h"
#include "api/http/octet.h"
#include "api/http/origin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Stands for a head with a fault. Nobody looks what it asks for. */
static const char other_head[] = "GET / HTTP/1.1\r\nHost: cairn\r\n\r\n";

/* Bytes of a head, and of what came with it, that are held. A head that takes more is at fault. */
enum { HELD_MAX = API_CONNECTION_MEMORY, HELD_SIZE = HELD_MAX + sizeof other_head };

void wire_begin(struct wire *wire)
{
    *wire = (struct wire){.state = WIRE_HEAD};
    hygiene_begin(&wire->hygiene);
}

/* It may have had a token in it. */
static void free_held(struct wire *wire)
{
    if (wire->held)
        explicit_bzero(wire->held, HELD_SIZE);
    free(wire->held);
    wire->held = NULL;
}

void wire_end(struct wire *wire)
{
    free_held(wire);
    free(wire->origin);
}

const struct fault *wire_fault(const struct wire *wire, uint64_t message)
{
    return wire->state == WIRE_FAULTY && message == wire->heads ? &wire->fault : NULL;
}

bool wire_is_amid_head(const struct wire *wire)
{
    return wire->state == WIRE_HEAD && wire->held_end > wire->begun;
}

bool wire_is_amid_body(const struct wire *wire)
{
    return wire->state != WIRE_HEAD;
}

/* Whether a message has passed whole that is not answered yet. */
static bool owes_answer(const struct wire *wire)
{
    return wire->heads - wire_is_amid_body(wire) > wire->answered;
}

void wire_stop(struct wire *wire)
{
    wire->stopped = true;
}

bool wire_answered(struct wire *wire)
{
    wire->answered++;
    return wire->ended;
}

bool wire_has_ready(const struct wire *wire)
{
    return wire->ready_length > 0;
}

uint64_t wire_rest(const struct wire *wire)
{
    return wire->state == WIRE_BODY ? wire->left : 0;
}

/* ---- what passes ------------------------------------------------------------------------------- */

/* What follows a head that is whole. */
static void begin_body(struct wire *wire)
{
    const struct hygiene *hygiene = &wire->hygiene;
    wire->heads++;
    wire->length = wire->left = hygiene->length;
    wire->state = hygiene->chunked ? WIRE_CHUNKS : hygiene->length > 0 ? WIRE_BODY : WIRE_HEAD;
    chunks_begin(&wire->chunks, hygiene_memory_left(hygiene));
    hygiene_begin(&wire->hygiene);
}

/* From here on nothing passes but `rest`. */
static void fail(struct wire *wire, struct fault fault, const char *rest)
{
    wire->state = WIRE_FAULTY;
    wire->fault = fault;
    wire->ready = rest;
    wire->ready_length = strlen(rest);
}

static void fail_head(struct wire *wire, struct fault fault)
{
    wire->heads++;
    fail(wire, fault, other_head);
}

/* A line with the LF at its end. */
static enum hygiene_verdict pass_line(struct wire *wire, struct flow *flow, size_t length)
{
    const char *line = flow->bytes + flow->in;
    if (length < 2 || line[length - 2] != '\r') {
        hygiene_bare_line(&wire->hygiene);
        return HYGIENE_FAULT;
    }
    size_t kept = length - 2;
    enum hygiene_verdict verdict = hygiene_line(&wire->hygiene, line, &kept);
    if (verdict == HYGIENE_SKIP) {
        flow_drop(flow, length);
        return verdict;
    }
    flow_keep(flow, kept);
    flow_drop(flow, length - 2 - kept);
    flow_keep(flow, 2);
    return verdict;
}

/* The value in a whole line of a head, if that is this field; its name comes with the colon. */
static bool is_field(const char *line, size_t length, const char *name, struct slice *ret_value)
{
    size_t at = strlen(name);
    if (length < at || strncasecmp(line, name, at) != 0)
        return false;
    while (octet_is(line[at], OCTET_BLANK))
        at++;
    *ret_value = (struct slice){line + at, length - at - strlen("\r\n")};
    return true;
}

/* Keeps what the lines of a head that begins at `start` say of the page that asks: its browser shows the answer to a
 * fault only to a page that the answer names. */
static void keep_origin(struct wire *wire, const struct flow *flow, size_t start)
{
    struct slice origin;
    for (size_t at = start, length; at < flow->out && !wire->origin; at += length) {
        const char *line = flow->bytes + at, *end = memchr(line, '\n', flow->out - at);
        length = (size_t)(end - line) + 1;
        if (is_field(line, length, "Origin:", &origin) && origin.length <= ORIGIN_MAX)
            wire->origin = strndup(origin.start, origin.length);
    }
    wire->hygiene.fault.origin = wire->origin;
}

/* Puts the wish for a 100 Continue plainly into a head that begins at `start` and has it in some form: libmicrohttpd
 * looks at the first such line alone, and knows no lists. Without a body the wish means nothing (RFC 9110, section
 * 10.1.1), but libmicrohttpd 0.9.75 answers it, and then nothing else where another request follows. */
static void settle_expectation(struct flow *flow, size_t start, bool has_body)
{
    static const char plain[] = "Expect:100-continue\r\n";
    bool wanted = has_body;
    for (size_t at = start, length; at < flow->out; at += length) {
        char *line = flow->bytes + at, *end = memchr(line, '\n', flow->out - at);
        size_t whole = length = (size_t)(end - line) + 1;
        struct slice value;
        if (!is_field(line, whole, "Expect:", &value))
            continue;
        length = wanted && whole >= sizeof plain - 1 ? sizeof plain - 1 : 0;
        memcpy(line, plain, length);
        memmove(line + length, line + whole, flow->out - at - whole);
        flow->out -= whole - length;
        wanted = wanted && length == 0;
    }
}

/* The lines of a head that begins at `start`. False: more of it is to come. */
static bool pass_head(struct wire *wire, struct flow *flow, size_t start)
{
    enum hygiene_verdict verdict = HYGIENE_SKIP;
    while (verdict == HYGIENE_SKIP || verdict == HYGIENE_LINE) {
        const char *line = flow->bytes + flow->in, *end = memchr(line, '\n', flow_left(flow));
        if (end)
            verdict = pass_line(wire, flow, (size_t)(end - line) + 1);
        else if (hygiene_waits(&wire->hygiene, flow_left(flow)))
            return false;
        else
            verdict = HYGIENE_FAULT;
    }
    if (verdict == HYGIENE_END) {
        if (wire->hygiene.expects_continue && !wire->hygiene.expects_other)
            settle_expectation(flow, start, wire->hygiene.chunked || wire->hygiene.length > 0);
        begin_body(wire);
    } else {
        keep_origin(wire, flow, start);
        flow->out = start;
        fail_head(wire, wire->hygiene.fault);
    }
    return true;
}

static void pass_body(struct wire *wire, struct flow *flow)
{
    size_t length = flow_left(flow) < wire->left ? flow_left(flow) : (size_t)wire->left;
    flow_keep(flow, length);
    wire->left -= length;
    if (wire->left == 0)
        wire->state = WIRE_HEAD;
}

static void pass_chunks(struct wire *wire, struct flow *flow)
{
    chunks_pass(&wire->chunks, flow);
    if (wire->chunks.fault.sentence)
        fail(wire, wire->chunks.fault, chunks_rest(&wire->chunks));
    else if (wire->chunks.state == CHUNKS_END)
        wire->state = WIRE_HEAD;
}

/* Everything that may be read; returns how much it is. What is kept behind it are lines of a head that is not whole,
 * and what is left is the beginning of its next one; or it came after a fault. */
static size_t pass(struct wire *wire, struct flow *flow)
{
    size_t passed = 0;
    while (wire->state != WIRE_FAULTY && (flow_left(flow) > 0 || flow->out > passed)) {
        if (wire->state == WIRE_BODY)
            pass_body(wire, flow);
        else if (wire->state == WIRE_CHUNKS)
            pass_chunks(wire, flow);
        else if (!pass_head(wire, flow, passed))
            return passed;
        passed = flow->out;
    }
    return passed;
}

/* ---- heads that come in pieces ------------------------------------------------------------------ */

/* Keeps what has come of a head, `judged` bytes of whole lines and what is left in the flow. */
static void hold(struct wire *wire, const struct flow *flow, size_t judged)
{
    wire->held = malloc(HELD_SIZE);
    if (!wire->held) {
        fail_head(wire, (struct fault){.problem = PROBLEM_BUSY,
                                       .sentence = "There is no memory for the head of the request."});
        return;
    }
    memcpy(wire->held, flow->bytes + flow->out - judged, judged);
    memcpy(wire->held + judged, flow->bytes + flow->in, flow_left(flow));
    wire->begun = 0;
    wire->judged = judged;
    wire->held_end = judged + flow_left(flow);
}

/* Reads more of it. Once it is whole it is ready, and so is what came with its end. */
static ssize_t read_head(struct wire *wire, wire_source *source, void *arg, bool *drained)
{
    size_t room = HELD_MAX - wire->held_end;
    ssize_t got = source(arg, wire->held + wire->held_end, room);
    if (got <= 0)
        return got;
    *drained = (size_t)got < room;
    struct flow flow = {wire->held, wire->judged, wire->judged, wire->held_end + (size_t)got};
    size_t passed = pass(wire, &flow);
    if (wire->state == WIRE_FAULTY) { /* what replaces the faulty message comes behind those before it */
        memcpy(wire->held + passed, wire->ready, wire->ready_length);
        wire->ready_length += passed;
        wire->ready = wire->held;
        wire->begun = wire->judged = wire->held_end = 0;
        return got;
    }
    wire->begun = passed;
    wire->judged = flow.out;
    wire->held_end = flow.out + flow_left(&flow);
    memmove(wire->held + flow.out, wire->held + flow.in, flow_left(&flow));
    wire->ready = wire->held;
    wire->ready_length = passed;
    return got;
}

/* Makes room in `held`, from which everything that was ready has been read. */
static void shift_held(struct wire *wire)
{
    wire->judged -= wire->begun;
    wire->held_end -= wire->begun;
    memmove(wire->held, wire->held + wire->begun, wire->held_end);
    wire->begun = 0;
    if (wire->held_end == 0)
        free_held(wire);
}

/* ---- reading ----------------------------------------------------------------------------------- */

static size_t read_ready(struct wire *wire, char *buffer, size_t size)
{
    size_t length = wire->ready_length < size ? wire->ready_length : size;
    if (length > 0) {
        memcpy(buffer, wire->ready, length);
        wire->ready += length;
        wire->ready_length -= length;
    }
    if (wire->ready_length == 0 && wire->held)
        shift_held(wire);
    return length;
}

/* The source ends amid a body. The byte in place of what is missing is never taken for a part of it. */
static void cut_body(struct wire *wire)
{
    bool chunked = wire->state == WIRE_CHUNKS;
    struct fault fault = {.problem = PROBLEM_BAD_REQUEST,
                          .sentence = chunked ? "The chunked body ends before its last chunk."
                                              : "The body ends before the length that was announced.",
                          .in_body = true,
                          .position = chunked ? wire->chunks.data : wire->length - wire->left};
    fail(wire, fault, chunked ? chunks_rest(&wire->chunks) : "?");
}

/* Reads and judges in place. What does not pass may have a token in it, and does not stay there. */
static ssize_t read_on(struct wire *wire, wire_source *source, void *arg, char *buffer, size_t size, size_t *given,
                       bool *drained)
{
    ssize_t got = source(arg, buffer, size);
    if (got == 0 && !wire->stopped && (wire->state == WIRE_BODY || wire->state == WIRE_CHUNKS))
        cut_body(wire);
    if (got <= 0)
        return got;
    *drained = (size_t)got < size;
    struct flow flow = {buffer, 0, 0, (size_t)got};
    size_t passed = pass(wire, &flow);
    *given += passed;
    if (wire->state == WIRE_HEAD && flow.out - passed + flow_left(&flow) > 0)
        hold(wire, &flow, flow.out - passed);
    explicit_bzero(buffer + passed, (size_t)got - passed);
    return got;
}

/* Who is given fewer bytes than asked for takes it that there are no more for now, so that the buffer is filled as long
 * as there may be. */
ssize_t wire_read(struct wire *wire, wire_source *source, void *arg, void *buffer, size_t size)
{
    size_t given = 0;
    bool drained = false;
    ssize_t got = 1;
    for (;;) {
        given += read_ready(wire, (char *)buffer + given, size - given);
        if (given == size || drained || got <= 0 || wire->state == WIRE_FAULTY)
            break;
        if (wire->held)
            got = read_head(wire, source, arg, &drained);
        else
            got = read_on(wire, source, arg, (char *)buffer + given, size - given, &given, &drained);
    }
    wire->ended = got == 0 && (given > 0 || owes_answer(wire));
    if (given > 0)
        return (ssize_t)given;
    if (got > 0 || wire->ended) {
        errno = EAGAIN;
        return -1;
    }
    return got;
}
