/* chunks.c - a state machine that takes one byte at a time, and drops extensions and needless zeros. See chunks.h. */
#include "api/http/chunks.h"

#include "api/http/hygiene.h"
#include "api/http/octet.h"
#include "api/text/hex.h"

enum { SPARE = 16 << 10 };

/* The field whose value nobody is to find in memory. In a trailer it means nothing (RFC 9110, section 6.5.1), but
 * whoever puts it there puts a token there. */
static const char secret_name[] = "authorization";

void chunks_begin(struct chunks *chunks, size_t memory)
{
    *chunks = (struct chunks){.spare = SPARE, .memory = memory};
}

/* ---- faults ----------------------------------------------------------------------------------- */

enum verdict { KEEP, BLANK, DROP, FAULT };

static enum verdict fail(struct chunks *chunks, enum problem problem, const char *sentence)
{
    chunks->fault = (struct fault){.problem = problem, .sentence = sentence, .in_body = true, .position = chunks->data};
    return FAULT;
}

static enum verdict malformed(struct chunks *chunks)
{
    bool trailer = chunks->state >= CHUNKS_TRAILER;
    return fail(chunks, PROBLEM_BAD_REQUEST,
                trailer ? "The trailer of the chunked body is malformed."
                        : "A chunk is not framed by its size in hexadecimal digits, CR LF, the data, and CR LF.");
}

const char *chunks_rest(const struct chunks *chunks)
{
    bool last = chunks->left == 0;
    switch (chunks->state) {
    case CHUNKS_SIZE:
        return "0\r\n\r\n";
    case CHUNKS_DIGITS:
    case CHUNKS_BLANK:
    case CHUNKS_EXTENSION:
        return last ? "\r\n\r\n" : "\r\n?";
    case CHUNKS_SIZE_LF:
        return last ? "\n\r\n" : "\n?";
    case CHUNKS_DATA:
        return "?";
    case CHUNKS_DATA_CR:
        return "\r\n0\r\n\r\n";
    case CHUNKS_DATA_LF:
        return "\n0\r\n\r\n";
    case CHUNKS_TRAILER:
        return "\r\n";
    case CHUNKS_TRAILER_NAME:
        return ":\r\n\r\n";
    case CHUNKS_TRAILER_VALUE:
        return "\r\n\r\n";
    case CHUNKS_TRAILER_LF:
        return "\n\r\n";
    case CHUNKS_LAST_LF:
        return "\n";
    case CHUNKS_END:
        break;
    }
    return "";
}

/* ---- one byte at a time ------------------------------------------------------------------------ */

static enum verdict go(struct chunks *chunks, enum chunks_state state, enum verdict verdict)
{
    chunks->state = state;
    return verdict;
}

static enum verdict expect(struct chunks *chunks, char byte, char expected, enum chunks_state next)
{
    return byte == expected ? go(chunks, next, KEEP) : malformed(chunks);
}

/* Of zeros that lead the first one stays: it may be the only digit. */
static enum verdict take_digit(struct chunks *chunks, unsigned digit)
{
    bool needless = chunks->state == CHUNKS_DIGITS && chunks->left == 0 && digit == 0;
    if (chunks->left > INT64_MAX >> 4)
        return fail(chunks, PROBLEM_TOO_LARGE, "The size of a chunk is more than any body has.");
    chunks->left = chunks->left << 4 | digit;
    return go(chunks, CHUNKS_DIGITS, needless ? DROP : KEEP);
}

static enum verdict take_size(struct chunks *chunks, char byte)
{
    int digit = hex_digit(byte);
    if (digit >= 0)
        return take_digit(chunks, (unsigned)digit);
    if (chunks->state == CHUNKS_SIZE)
        return malformed(chunks);
    if (byte == '\r')
        return go(chunks, CHUNKS_SIZE_LF, KEEP);
    if (byte == ' ' || byte == '\t')
        return go(chunks, CHUNKS_BLANK, DROP);
    return byte == ';' ? go(chunks, CHUNKS_EXTENSION, DROP) : malformed(chunks);
}

/* Before the semicolon of an extension blanks are to be put up with (RFC 9112, section 7.1.1). */
static enum verdict take_blank(struct chunks *chunks, char byte)
{
    if (byte == ' ' || byte == '\t')
        return DROP;
    return byte == ';' ? go(chunks, CHUNKS_EXTENSION, DROP) : malformed(chunks);
}

static enum verdict take_extension(struct chunks *chunks, char byte)
{
    if (byte == '\r')
        return go(chunks, CHUNKS_SIZE_LF, KEEP);
    return octet_is(byte, OCTET_VALUE) ? DROP : malformed(chunks);
}

/* What the trailers take is not there for the answer's head. */
static enum verdict take_memory(struct chunks *chunks, size_t bytes, enum chunks_state next)
{
    if (bytes > chunks->memory)
        return fail(chunks, PROBLEM_HEAD_TOO_LARGE, "Head and trailer together take more than the 10 KiB for both.");
    chunks->memory -= bytes;
    return go(chunks, next, KEEP);
}

/* Compares the name of a trailer with the secret one, in capitals or not, while it comes. */
static void compare_name(struct chunks *chunks, char byte)
{
    if (chunks->state == CHUNKS_TRAILER)
        chunks->alike = 0;
    bool same = chunks->alike < sizeof secret_name && (byte | 0x20) == secret_name[chunks->alike];
    chunks->alike = same ? chunks->alike + 1 : sizeof secret_name;
}

static bool is_secret(const struct chunks *chunks)
{
    return chunks->alike == sizeof secret_name - 1;
}

static enum verdict take_trailer(struct chunks *chunks, char byte)
{
    if (chunks->state == CHUNKS_TRAILER && byte == '\r')
        return go(chunks, CHUNKS_LAST_LF, KEEP);
    if (chunks->state == CHUNKS_TRAILER_NAME && byte == ':')
        return take_memory(chunks, 1, CHUNKS_TRAILER_VALUE);
    if (!octet_is(byte, OCTET_TOKEN))
        return malformed(chunks);
    compare_name(chunks, byte);
    return take_memory(chunks, chunks->state == CHUNKS_TRAILER ? HYGIENE_FIELD + 1 : 1, CHUNKS_TRAILER_NAME);
}

static enum verdict take_trailer_value(struct chunks *chunks, char byte)
{
    if (byte == '\r')
        return go(chunks, CHUNKS_TRAILER_LF, KEEP);
    if (!octet_is(byte, OCTET_VALUE))
        return malformed(chunks);
    enum verdict verdict = take_memory(chunks, 1, CHUNKS_TRAILER_VALUE);
    return verdict == KEEP && is_secret(chunks) ? BLANK : verdict;
}

static enum verdict take(struct chunks *chunks, char byte)
{
    switch (chunks->state) {
    case CHUNKS_SIZE:
    case CHUNKS_DIGITS:
        return take_size(chunks, byte);
    case CHUNKS_BLANK:
        return take_blank(chunks, byte);
    case CHUNKS_EXTENSION:
        return take_extension(chunks, byte);
    case CHUNKS_SIZE_LF:
        return expect(chunks, byte, '\n', chunks->left > 0 ? CHUNKS_DATA : CHUNKS_TRAILER);
    case CHUNKS_DATA_CR:
        return expect(chunks, byte, '\r', CHUNKS_DATA_LF);
    case CHUNKS_DATA_LF:
        return expect(chunks, byte, '\n', CHUNKS_SIZE);
    case CHUNKS_TRAILER:
    case CHUNKS_TRAILER_NAME:
        return take_trailer(chunks, byte);
    case CHUNKS_TRAILER_VALUE:
        return take_trailer_value(chunks, byte);
    case CHUNKS_TRAILER_LF:
        return expect(chunks, byte, '\n', CHUNKS_TRAILER);
    case CHUNKS_LAST_LF:
        return expect(chunks, byte, '\n', CHUNKS_END);
    case CHUNKS_DATA:
    case CHUNKS_END:
        break;
    }
    return malformed(chunks);
}

/* ---- passing ----------------------------------------------------------------------------------- */

static void pass_data(struct chunks *chunks, struct flow *flow)
{
    size_t length = flow_left(flow) < chunks->left ? flow_left(flow) : (size_t)chunks->left;
    flow_keep(flow, length);
    chunks->left -= length;
    chunks->data += length;
    chunks->spare += length;
    if (chunks->left == 0)
        chunks->state = CHUNKS_DATA_CR;
}

static void pass_byte(struct chunks *chunks, struct flow *flow)
{
    enum verdict verdict = take(chunks, flow->bytes[flow->in]);
    if (verdict == BLANK)
        flow->bytes[flow->in] = ' ';
    if (verdict == KEEP || verdict == BLANK)
        flow_keep(flow, 1);
    else if (verdict == DROP && chunks->spare-- > 0)
        flow_drop(flow, 1);
    else if (verdict == DROP)
        fail(chunks, PROBLEM_BAD_REQUEST, "The extensions of the chunks and the zeros are far more than the data.");
}

void chunks_pass(struct chunks *chunks, struct flow *flow)
{
    while (flow_left(flow) > 0 && chunks->state != CHUNKS_END && !chunks->fault.sentence)
        if (chunks->state == CHUNKS_DATA)
            pass_data(chunks, flow);
        else
            pass_byte(chunks, flow);
}
