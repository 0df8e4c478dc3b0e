/* gate.c - a store's gate: which writes it lets in, and how many are inside. */
#include "store/commit/gate.h"

#include "store/base/admission.h"

#include <assert.h>

void gate_init(struct gate *gate, const struct services *services, struct quota *quota, struct blobs *blobs)
{
    *gate = (struct gate){.services = services, .quota = quota, .blobs = blobs};
    lock_init(&gate->lock);
    pthread_cond_init(&gate->idle, NULL);
}

void gate_free(struct gate *gate)
{
    pthread_cond_destroy(&gate->idle);
    lock_destroy(&gate->lock);
}

/* ---- in and out ------------------------------------------------------------------------------ */

/* The last one: whoever waits sees the count only after the lock was let go, and may then free the gate. */
static void leave_last(struct gate *gate)
{
    lock_take(&gate->lock);
    bool last = atomic_fetch_sub(&gate->ops, 1) == 1;
    if (last) {
        pthread_cond_broadcast(&gate->idle);
        if (gate->vacated)
            gate->vacated(gate->vacated_arg);
        gate->vacated = NULL;
    }
    lock_release(&gate->lock);
}

/* Takes no lock as long as others stay. */
static void leave(struct gate *gate)
{
    uint_fast64_t ops = atomic_load(&gate->ops);
    while (ops > 1)
        if (atomic_compare_exchange_weak(&gate->ops, &ops, ops - 1))
            return;
    leave_last(gate);
}

bool gate_take(struct gate *gate, uint64_t taken, uint64_t bytes)
{
    uint64_t others = atomic_fetch_add(&gate->bytes, bytes) - taken;
    if (admission_fits(gate->services->options->store_bytes_limit, others, taken + bytes) &&
        admission_take(gate->services->admission, taken, bytes))
        return true;
    atomic_fetch_sub(&gate->bytes, bytes);
    return false;
}

void gate_return(struct gate *gate, uint64_t bytes)
{
    admission_return(gate->services->admission, bytes);
    atomic_fetch_sub(&gate->bytes, bytes);
}

bool gate_has(const struct gate *gate, uint64_t bytes)
{
    return admission_fits(gate->services->options->store_bytes_limit, atomic_load(&gate->bytes), bytes) &&
           admission_has(gate->services->admission, bytes);
}

bool gate_is_pressed(const struct gate *gate)
{
    return atomic_load_explicit(&gate->bytes, memory_order_relaxed) > gate->services->options->store_bytes_limit / 2 ||
           admission_is_pressed(gate->services->admission);
}

/* Counted first and looked at second, so that of two that race for the last place none slips by, and whoever shuts the
 * gate sees every write that saw it open. */
enum store_error gate_enter(struct gate *gate, uint64_t bytes)
{
    enum store_error error = STORE_OK;
    if (gate_has_failed(gate))
        return STORE_FAILED;
    uint64_t ops = atomic_fetch_add(&gate->ops, 1);
    if (!gate_lets_in(gate))
        error = STORE_DRAINING;
    else if (ops >= gate->services->options->store_ops_limit || !gate_take(gate, 0, bytes))
        error = STORE_BUSY;
    if (error)
        leave(gate);
    return error;
}

enum store_error gate_enter_begun(struct gate *gate, uint64_t bytes)
{
    if (gate_has_failed(gate))
        return STORE_FAILED;
    gate_enter_always(gate, bytes);
    if (!gate_is_shut(gate))
        return STORE_OK;
    gate_leave(gate, bytes);
    return STORE_DRAINING;
}

void gate_enter_always(struct gate *gate, uint64_t bytes)
{
    atomic_fetch_add(&gate->ops, 1);
    atomic_fetch_add(&gate->bytes, bytes);
    admission_take_always(gate->services->admission, bytes);
}

void gate_leave(struct gate *gate, uint64_t bytes)
{
    gate_return(gate, bytes);
    leave(gate);
}

void gate_complete(struct gate *gate, struct txn *txn)
{
    for (size_t i = 0; txn->failure.error && i < txn->count; i++) {
        uint64_t blob = txn->steps[i].blob;
        if (blob && txn->in_doubt)
            blobs_doubt(gate->blobs, blob);
        else if (blob)
            blobs_discard(gate->blobs, blob);
    }
    if (txn->failure.error == STORE_IO)
        atomic_store(gate->services->alarm, true);
    if (txn->share)
        quota_leave(gate->quota, txn->share);
    if (!txn->upkeep)
        gate_leave(gate, txn->charge);
    txn_complete(txn);
}

/* ---- nobody inside --------------------------------------------------------------------------- */

bool gate_is_idle(struct gate *gate)
{
    return atomic_load(&gate->ops) == 0;
}

void gate_wait_idle(struct gate *gate)
{
    lock_take(&gate->lock);
    while (!gate_is_idle(gate))
        lock_wait(&gate->lock, &gate->idle);
    lock_release(&gate->lock);
}

void gate_when_idle(struct gate *gate, void (*vacated)(void *arg), void *arg)
{
    lock_take(&gate->lock);
    bool idle = gate_is_idle(gate);
    assert(!gate->vacated);
    if (!idle) {
        gate->vacated = vacated;
        gate->vacated_arg = arg;
    }
    lock_release(&gate->lock);
    if (idle)
        vacated(arg);
}

/* ---- who may come in ------------------------------------------------------------------------- */

void gate_shut(struct gate *gate)
{
    atomic_store(&gate->shut, true);
}

void gate_open(struct gate *gate)
{
    atomic_store(&gate->shut, false);
}

bool gate_is_shut(const struct gate *gate)
{
    return atomic_load(&gate->shut);
}

bool gate_lets_in(const struct gate *gate)
{
    return !gate_is_shut(gate) && !admission_is_draining(gate->services->admission);
}

bool gate_fail(struct gate *gate)
{
    return !atomic_exchange(&gate->failed, true);
}

bool gate_has_failed(const struct gate *gate)
{
    return atomic_load(&gate->failed);
}

void gate_remove(struct gate *gate)
{
    atomic_store(&gate->removed, true);
}

bool gate_is_removed(const struct gate *gate)
{
    return atomic_load(&gate->removed);
}
