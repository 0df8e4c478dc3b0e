/* attempt.c - every step is carried out on paper when it is added: what it reads comes from the attempt's earlier
 * effects, else from the map. The first step that must fail decides what the whole attempt must answer. */
#include "tests/lib/attempt.h"

#include "tests/lib/model.h"
#include "tests/lib/model_limits.h"

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

static const struct value nothing = {0};

/* ---- effects on paper ------------------------------------------------------------------------ */

static struct attempt *make(struct model *model, unsigned store)
{
    struct attempt *attempt = calloc(1, sizeof *attempt);
    if (!attempt)
        abort();
    attempt->model = model;
    attempt->store = store;
    attempt->expected_step = SIZE_MAX;
    ticket_init(&attempt->ticket);
    return attempt;
}

struct attempt *attempt_new(struct model *model, unsigned store)
{
    return make(model, store);
}

void attempt_free(struct attempt *attempt)
{
    for (size_t i = 0; i < attempt->effect_count; i++) {
        const struct effect *effect = &attempt->effects[i];
        attempt->model->slots[effect->store][effect->key].attempt = NULL;
    }
    for (size_t i = 0; i < ATTEMPT_STEPS; i++)
        free(attempt->steps[i].payload);
    ticket_destroy(&attempt->ticket);
    free(attempt);
}

static struct effect *effect_on(struct attempt *attempt, unsigned store, unsigned key)
{
    for (size_t i = 0; i < attempt->effect_count; i++)
        if (attempt->effects[i].store == store && attempt->effects[i].key == key)
            return &attempt->effects[i];
    struct slot *slot = &attempt->model->slots[store][key];
    if (slot->attempt)
        model_fail(attempt->model, "a mistake in the test: two attempts at one key");
    slot->attempt = attempt;
    struct effect *effect = &attempt->effects[attempt->effect_count++];
    *effect = (struct effect){.store = store, .key = key, .old = slot->now, .new = slot->now};
    return effect;
}

static void expect_failure(struct attempt *attempt, enum store_error error)
{
    if (attempt->expected == STORE_OK) {
        attempt->expected = error;
        attempt->expected_step = attempt->step_count;
    }
}

static struct step *add_step(struct attempt *attempt, enum store_op_kind kind, unsigned key, struct store_op **ret_op)
{
    struct store_op *op = &attempt->ops[attempt->step_count];
    op->kind = kind;
    op->key = model_key(key);
    *ret_op = op;
    return &attempt->steps[attempt->step_count++];
}

static void set_attributes(struct step *step, struct store_op *op)
{
    op->attributes_length = value_attributes(&step->result, step->attributes);
    op->attributes = step->attributes;
}

void attempt_put(struct attempt *attempt, unsigned key, uint64_t size)
{
    struct store_op *op;
    struct effect *effect = effect_on(attempt, attempt->store, key);
    struct step *step = add_step(attempt, STORE_PUT, key, &op);
    step->existed = effect->new.id != 0;
    step->result = effect->new = model_new_value(attempt->model, size);
    step->payload = value_payload(&step->result);
    op->payload = step->payload;
    op->size = (size_t)size;
    set_attributes(step, op);
}

void attempt_delete(struct attempt *attempt, unsigned key)
{
    struct store_op *op;
    struct effect *effect = effect_on(attempt, attempt->store, key);
    struct step *step = add_step(attempt, STORE_DELETE, key, &op);
    step->existed = effect->new.id != 0;
    effect->new = nothing;
}

/* Rename and copy in one store. */
static void carry(struct attempt *attempt, enum store_op_kind kind, unsigned key, unsigned target, bool keep_target)
{
    struct store_op *op;
    struct effect *from = effect_on(attempt, attempt->store, key);
    struct effect *to = effect_on(attempt, attempt->store, target);
    if (from == to) {
        expect_failure(attempt, STORE_SAME);
    } else if (from->new.id == 0) {
        expect_failure(attempt, STORE_NO_OBJECT);
    } else if (keep_target && to->new.id != 0) {
        expect_failure(attempt, STORE_EXISTS);
    }
    struct step *step = add_step(attempt, kind, key, &op);
    op->target = model_key(target);
    op->keep_target = keep_target;
    step->existed = to->new.id != 0;
    step->result = to->new = from->new;
    if (kind == STORE_RENAME)
        from->new = nothing;
}

void attempt_rename(struct attempt *attempt, unsigned key, unsigned target, bool keep_target)
{
    carry(attempt, STORE_RENAME, key, target, keep_target);
}

void attempt_copy(struct attempt *attempt, unsigned key, unsigned target, bool keep_target)
{
    carry(attempt, STORE_COPY, key, target, keep_target);
}

static struct store_digest digest_of(const struct value *value)
{
    void *payload = value_payload(value);
    struct store_digest digest = store_digest_of(payload, (size_t)value->size);
    free(payload);
    return digest;
}

void attempt_condition(struct attempt *attempt, unsigned key, enum attempt_condition condition)
{
    const struct effect *effect = effect_on(attempt, attempt->store, key);
    struct step *step = &attempt->steps[attempt->step_count];
    struct store_condition *written = &attempt->ops[attempt->step_count].condition;
    bool exists = effect->new.id != 0;
    bool holds = exists;
    step->digest = digest_of(&effect->new);
    switch (condition) {
    case IF_EXISTS:
        written->exists = true;
        break;
    case IF_ABSENT:
        written->absent = true;
        holds = !exists;
        break;
    case IF_OTHER:
        step->digest.bytes[0] ^= 1;
        holds = false;
        /* fall through */
    default:
        written->match_listed = true;
        written->match = &step->digest;
        written->match_count = 1;
    }
    if (!holds)
        expect_failure(attempt, STORE_CONDITION);
}

/* ---- submitting ------------------------------------------------------------------------------ */

static void under_way(struct attempt *attempt)
{
    struct model *model = attempt->model;
    attempt->round = model->round;
    attempt->next = model->under_way;
    model->under_way = attempt;
    model->operations++;
    if (attempt->next)
        model_meet(model);
}

static void accepted(struct attempt *attempt, enum store_error error)
{
    attempt->refused = error != STORE_OK;
    attempt->ended = error;
    under_way(attempt);
}

void attempt_submit(struct attempt *attempt)
{
    struct store *store = attempt->model->stores[attempt->store];
    unsigned flags = STORE_ALLOW_EMPTY | STORE_ALLOW_NUL;
    attempt->quota = model_weigh(attempt->model, attempt);
    accepted(attempt,
             store_batch(store, attempt->ops, attempt->step_count, flags, ticket_done, &attempt->ticket, NULL));
}

void attempt_between(struct model *model, unsigned store, unsigned key, unsigned target, bool move)
{
    struct attempt *attempt = make(model, (store + 1) % MODEL_STORES);
    struct effect *to = effect_on(attempt, attempt->store, target);
    struct effect *from = effect_on(attempt, store, key);
    struct store_op *op;
    if (from->old.id == 0)
        expect_failure(attempt, STORE_NO_OBJECT);
    struct step *step = add_step(attempt, move ? STORE_RENAME : STORE_COPY, key, &op);
    op->target = model_key(target);
    step->existed = to->old.id != 0;
    step->result = to->new = from->old;
    attempt->transfer = move;
    if (move)
        from->new = nothing;
    attempt->quota = model_weigh(model, attempt);
    accepted(attempt,
             store_copy(model->stores[store], op, model->stores[attempt->store], move, ticket_done, &attempt->ticket));
}

/* ---- uploads --------------------------------------------------------------------------------- */

static void count_tapped(void *arg, const void *bytes, size_t length)
{
    struct attempt *attempt = arg;
    (void)bytes;
    attempt->tapped += length;
}

static enum store_error seal(void *arg, const void **ret_attributes, size_t *ret_length)
{
    struct attempt *attempt = arg;
    if (attempt->expected == STORE_DIGEST)
        return STORE_DIGEST;
    *ret_attributes = attempt->ops[0].attributes;
    *ret_length = attempt->ops[0].attributes_length;
    return STORE_OK;
}

static void wake(void *arg)
{
    sem_post(arg);
}

static void wait_ready(struct stream *stream)
{
    sem_t ready;
    sem_init(&ready, 0, 0);
    stream_wait(stream, wake, &ready);
    while (sem_wait(&ready) != 0) {
    }
    sem_destroy(&ready);
}

enum store_error attempt_send(struct stream *stream, const uint8_t *bytes, size_t length, size_t piece)
{
    size_t sent = 0;
    while (sent < length) {
        size_t rest = length - sent;
        size_t taken = 0;
        enum store_error error = stream_write(stream, bytes + sent, rest < piece ? rest : piece, &taken);
        if (error)
            return error;
        sent += taken;
        if (taken == 0)
            wait_ready(stream);
    }
    return STORE_OK;
}

static struct attempt *new_upload(struct model *model, unsigned store, unsigned key, uint64_t size, enum upload_end end)
{
    struct attempt *attempt = make(model, store);
    struct store_op *op;
    struct effect *effect = effect_on(attempt, store, key);
    struct step *step = add_step(attempt, STORE_PUT, key, &op);
    step->existed = effect->old.id != 0;
    step->result = effect->new = model_new_value(model, size);
    step->payload = value_payload(&step->result);
    set_attributes(step, op);
    attempt->upload = true;
    attempt->announced_more = end == UPLOAD_TOO_SHORT ? 1 : 0;
    attempt->quota = model_weigh(model, attempt);
    return attempt;
}

static void end_upload(struct attempt *attempt, struct stream *stream, enum upload_end end)
{
    if (end == UPLOAD_ABORT) {
        stream_abort(stream);
        model_meet(attempt->model);
        attempt->model->operations++;
        attempt_free(attempt);
        return;
    }
    if (end != UPLOAD_COMMIT)
        attempt->expected = end == UPLOAD_BAD_DIGEST ? STORE_DIGEST : STORE_SIZE;
    struct stream_finish finish = {.seal = seal, .arg = attempt};
    accepted(attempt, STORE_OK);
    stream_commit(stream, &finish, ticket_done, &attempt->ticket);
}

void attempt_upload(struct model *model, unsigned store, unsigned key, uint64_t size, bool announced,
                    enum upload_end end)
{
    struct attempt *attempt = new_upload(model, store, key, size, end);
    struct stream_hooks hooks = {.arg = attempt, .tap = count_tapped};
    uint64_t said = announced || end == UPLOAD_TOO_SHORT ? size + attempt->announced_more : STORE_SIZE_UNKNOWN;
    struct stream *stream;
    enum store_error error = stream_open(model->stores[store], &attempt->ops[0].key, said, &hooks, &stream);
    if (error) {
        accepted(attempt, error);
        return;
    }
    const struct step *step = &attempt->steps[0];
    error = attempt_send(stream, step->payload, (size_t)step->result.size, 1 + (size_t)(step->result.id % 5000));
    if (error) {
        stream_abort(stream);
        accepted(attempt, error);
        return;
    }
    end_upload(attempt, stream, end);
}

/* ---- uploads that go on ----------------------------------------------------------------------- */

struct attempt *attempt_resumed(struct model *model, unsigned store, unsigned key, const struct value *value,
                                int condition)
{
    struct attempt *attempt = make(model, store);
    struct store_op *op;
    struct effect *effect = effect_on(attempt, store, key);
    if (condition < ATTEMPT_CONDITIONS)
        attempt_condition(attempt, key, (enum attempt_condition)condition);
    struct step *step = add_step(attempt, STORE_PUT, key, &op);
    step->existed = effect->old.id != 0;
    step->result = effect->new = *value;
    set_attributes(step, op);
    attempt->upload = true;
    attempt->quota = model_weigh(model, attempt);
    if (attempt->quota != ATTEMPT_FITS)
        attempt->quota = ATTEMPT_MAY_FIT; /* what counts already is its own */
    return attempt;
}

void attempt_commit(struct attempt *attempt, struct stream *stream)
{
    struct stream_finish finish = {.condition = attempt->ops[0].condition, .seal = seal, .arg = attempt};
    accepted(attempt, STORE_OK);
    stream_commit(stream, &finish, ticket_done, &attempt->ticket);
}

void attempt_refused(struct attempt *attempt, enum store_error error)
{
    accepted(attempt, error);
}

/* ---- the end --------------------------------------------------------------------------------- */

static void check_receipt(const struct attempt *attempt, size_t i)
{
    const struct model *model = attempt->model;
    const struct store_receipt *receipt = &attempt->ticket.receipts[i];
    const struct step *step = &attempt->steps[i];
    const struct store_op *op = &attempt->ops[i];
    uint64_t hash = op->kind == STORE_RENAME || op->kind == STORE_COPY ? op->target.hash : op->key.hash;
    if (receipt->key_hash != hash || receipt->existed != step->existed || receipt->size != step->result.size) {
        model_fail(model, "step %zu: the receipt says hash %016llx, size %llu, existed %d; should be %016llx, %llu, %d",
                   i, (unsigned long long)receipt->key_hash, (unsigned long long)receipt->size, receipt->existed,
                   (unsigned long long)hash, (unsigned long long)step->result.size, step->existed);
    }
    if (receipt->offset < model->floor[attempt->store] || receipt->offset > attempt->ticket.end_offset) {
        model_fail(model, "step %zu: offset %llu is not between the acknowledged end %llu and the new end %llu", i,
                   (unsigned long long)receipt->offset, (unsigned long long)model->floor[attempt->store],
                   (unsigned long long)attempt->ticket.end_offset);
    }
    if (op->kind != STORE_DELETE) {
        struct store_digest digest = digest_of(&step->result);
        if (!store_digest_equal(&receipt->digest, &digest))
            model_fail(model, "step %zu: the receipt's digest is not the payload's", i);
    }
}

static void check_success(const struct attempt *attempt)
{
    if (attempt->ticket.receipt_count != attempt->step_count)
        model_fail(attempt->model, "%zu receipts for %zu steps", attempt->ticket.receipt_count, attempt->step_count);
    for (size_t i = 0; i < attempt->step_count; i++)
        check_receipt(attempt, i);
    bool upload = attempt->tapped > 0;
    if (upload && attempt->tapped != attempt->steps[0].result.size) {
        model_fail(attempt->model, "the tap of an upload of %llu bytes saw %llu",
                   (unsigned long long)attempt->steps[0].result.size, (unsigned long long)attempt->tapped);
    }
}

static void check_failure(const struct attempt *attempt)
{
    bool expected = attempt->ended == attempt->expected;
    if (expected && !attempt->refused && attempt->step_count > 1 &&
        attempt->ticket.failed_op != attempt->expected_step) {
        model_fail(attempt->model, "step %zu is blamed instead of %zu", attempt->ticket.failed_op,
                   attempt->expected_step);
    }
    if (!expected && !(attempt->model->disturbed && model_disk_error(attempt->ended))) {
        model_fail(
            attempt->model,
            "a write of %zu steps, the first of kind %d, ended with \"%s\" (errno %d, step %zu) instead of \"%s\"",
            attempt->step_count, attempt->ops[0].kind, store_error_text(attempt->ended), attempt->ticket.os_error,
            attempt->ticket.failed_op, store_error_text(attempt->expected));
    }
}

/* A batch that is refused has no step to blame. What is wrong beside that is looked at before or behind it. */
static void judge_quota(struct attempt *attempt)
{
    if (attempt->ended == STORE_QUOTA && attempt->quota > ATTEMPT_FITS_ALONE) {
        attempt->expected = STORE_QUOTA;
        attempt->expected_step = SIZE_MAX;
        attempt->model->refused++;
    }
    if (attempt->ended == STORE_OK && attempt->quota == ATTEMPT_OVERRUNS_ALONE)
        model_fail(attempt->model, "a write of %zu steps passed a limit of its store", attempt->step_count);
}

void attempt_settle(struct attempt *attempt)
{
    if (!attempt->refused)
        attempt->ended = ticket_wait(&attempt->ticket);
    judge_quota(attempt);
    if (attempt->ended == STORE_OK && attempt->expected == STORE_OK) {
        check_success(attempt);
    } else {
        check_failure(attempt);
    }
}

bool attempt_in_doubt(const struct attempt *attempt)
{
    return attempt->ended != STORE_OK && attempt->expected == STORE_OK && !attempt->refused;
}
