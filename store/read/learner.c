/* learner.c - learns from tombstones which rows of entries lead to nothing. */
#include "store/read/learner.h"

#include "store/log/stretch.h"
#include "store/read/draft.h"
#include "store/read/head.h"

void learner_begin(struct learner *learner, uint64_t number)
{
    learner->number = number;
    learner->position = SEGMENT_HEADER;
}

/* Goes through two runs in step, from place to place that both have. */
static struct failure walk(struct index *index, struct head *tombstones, struct head *head)
{
    static const struct place beginning;
    struct failure failure = head_seek(tombstones, &beginning);
    while (!failure.error && !tombstones->ended && !head->ended) {
        failure = head_seek(head, &tombstones->entry.place);
        if (failure.error || head->ended)
            return failure;
        struct index_sight sight;
        struct store_key key = place_key(&head->entry.place);
        bool met = place_compare(&head->entry.place, &tombstones->entry.place) == 0;
        if (met && !index_see_own(index, &key, &sight))
            failure = head_gone(head);
        else if (met)
            failure = head_next(head);
        if (!failure.error && !head->ended)
            failure = met ? head_next(tombstones) : head_seek(tombstones, &head->entry.place);
    }
    return failure;
}

static void learn(struct learner *learner, struct run *tombstones, struct run *run)
{
    struct head places = {0}, head = {0};
    if (head_init(&places, tombstones, false) && head_init(&head, run, false))
        (void)walk(learner->index, &places, &head);
    head_free(&head);
    head_free(&places);
}

/* The tombstones of a stretch behind those that were looked at already; NULL: there are none, or they cannot be had. */
static struct run *tombstones_of(struct learner *learner, const struct stretch *stretch)
{
    struct draft draft;
    struct run *run = NULL;
    const struct segment *segment = stretch->segment;
    const struct run_source source = {.number = segment->number, .covered = stretch->records, .stamp = RUN_NO_STAMP};
    uint64_t from = segment->number == learner->number ? learner->position : SEGMENT_HEADER;
    draft_init(&draft);
    draft.tombstones = true;
    if (!segment_is_husk(segment) &&
        !draft_read(&draft, learner->index, learner->log, segment, from, stretch->records).error && draft.count > 0 &&
        draft_run(&draft, &source, learner->log->salt, &run).error)
        run = NULL;
    draft_free(&draft);
    return run;
}

bool learner_go(struct learner *learner, struct run *const *runs, size_t count)
{
    struct stretch stretch;
    index_lock_shared(learner->index);
    bool found = stretch_pin(learner->log, learner->number, learner->index->end_offset, &stretch);
    index_unlock(learner->index);
    if (!found)
        return false;
    struct run *tombstones = tombstones_of(learner, &stretch);
    for (size_t i = 0; tombstones && i < count; i++)
        learn(learner, tombstones, runs[i]);
    run_release(tombstones);
    learner->number = stretch.sealed ? stretch.next : stretch.segment->number;
    learner->position = stretch.sealed ? SEGMENT_HEADER : stretch.records;
    stretch_release(&stretch);
    return stretch.sealed;
}
