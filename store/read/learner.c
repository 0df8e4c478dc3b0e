/* learner.c - learns from the tombstones of runs which entries lead to nothing. */
#include "store/read/learner.h"

#include "store/read/head.h"

enum { TURN = 32 }; /* blocks of tombstones, which have some hundred each */

/* What is looked at in one turn: of one run the tombstones between two blocks, in another one what is there. */
struct lesson {
    struct index *index;
    struct head tombstones;
    struct head head;
    size_t end; /* the block behind the last */
};

/* Whether a place is in front of where the turn ends. */
static bool is_in_turn(const struct lesson *lesson, const struct place *place)
{
    const struct run *run = lesson->tombstones.run;
    return lesson->end == run_blocks(run) || run_compare_block(run, lesson->end, place) > 0;
}

/* Passes over what leads to nothing, up to the first entry that counts, or the end of the turn if there is one. */
static struct failure pass_gone(struct index *index, struct head *head, const struct lesson *lesson)
{
    struct index_sight sight;
    struct failure failure = failure_none();
    while (!failure.error && !head->ended && (!lesson || is_in_turn(lesson, &head->entry.place))) {
        struct store_key key = place_key(&head->entry.place);
        if (index_see_own(index, &key, &sight))
            break;
        failure = head_gone(head);
    }
    return failure;
}

/* Looks at the block of the tombstone, from its beginning on. What is in front of the head in its block, and the entry
 * where it stands, have been looked at. */
static struct failure look_at(struct lesson *lesson)
{
    struct head *head = &lesson->head;
    size_t block = run_find_block(head->run, head->block, &lesson->tombstones.entry.place);
    if (head->bytes && block == head->block)
        return failure_none();
    struct failure failure = head_enter(head, block);
    return failure.error ? failure : pass_gone(lesson->index, head, lesson);
}

static struct failure go_through(struct lesson *lesson, size_t from)
{
    struct head *tombstones = &lesson->tombstones;
    struct failure failure = head_enter(tombstones, from);
    while (!failure.error && !tombstones->ended && tombstones->block < lesson->end && !lesson->head.ended) {
        if (tombstones->entry.tombstone)
            failure = look_at(lesson);
        if (!failure.error)
            failure = head_next(tombstones);
    }
    return failure;
}

/* Looks in a run at what the tombstones between two blocks of another one have ended. */
static void learn(struct index *index, struct run *run, struct run *tombstones, size_t from, size_t to)
{
    struct lesson lesson = {.index = index, .end = to};
    if (head_init(&lesson.tombstones, tombstones, true) && head_init(&lesson.head, run, false))
        (void)go_through(&lesson, from);
    head_free(&lesson.head);
    head_free(&lesson.tombstones);
}

uint64_t learner_go(struct index *index, struct run *const *runs, size_t count)
{
    size_t at = 0;
    while (at < count && run_has_taught(runs[at]))
        at++;
    if (at == count)
        return 0;
    size_t from = run_taught(runs[at]), left = run_blocks(runs[at]) - from;
    size_t to = from + (left < TURN ? left : TURN);
    for (size_t i = 0; i <= at; i++)
        learn(index, runs[i], runs[at], from, to);
    run_set_taught(runs[at], to);
    return run_tombstones(runs[at]) * (to - from) / run_blocks(runs[at]) + 1;
}

void learner_look_through(struct index *index, struct run *run)
{
    struct head head;
    if (!head_init(&head, run, false))
        return;
    struct failure failure = failure_none();
    for (size_t block = 0; block < run_blocks(run) && !failure.error && !head.ended; block = head.block + 1) {
        failure = head_enter(&head, block);
        if (!failure.error)
            failure = pass_gone(index, &head, NULL);
    }
    head_free(&head);
}
