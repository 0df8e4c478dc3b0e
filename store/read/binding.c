/* binding.c - runs that are merged into one. */
#include "store/read/binding.h"

struct failure binding_init(struct binding *binding, struct index *index, uint64_t from, struct run *const *runs,
                            size_t count, uint64_t salt, const struct io *io, int file)
{
    static const struct place beginning;
    *binding = (struct binding){.index = index, .from = from};
    run_writer_init(&binding->writer, io, file, 0, salt);
    struct failure failure = merge_init(&binding->merge, runs, count);
    return failure.error ? failure : merge_seek(&binding->merge, &beginning);
}

void binding_free(struct binding *binding)
{
    merge_free(&binding->merge);
    run_writer_free(&binding->writer);
}

static bool is_wanted(const struct binding *binding, const struct entry *entry)
{
    struct index_sight sight;
    struct store_key key = place_key(&entry->place);
    return index_see_own(binding->index, &key, &sight) &&
           (sight.offset == entry->offset || sight.offset >= binding->from);
}

struct failure binding_go(struct binding *binding, size_t entries, bool *ret_more)
{
    struct failure failure = failure_none();
    const struct entry *entry = merge_entry(&binding->merge);
    for (; entry && entries > 0 && !failure.error; entries--) {
        if (is_wanted(binding, entry))
            failure = run_writer_add(&binding->writer, entry);
        if (!failure.error)
            failure = merge_next(&binding->merge, false);
        entry = merge_entry(&binding->merge);
    }
    *ret_more = entry != NULL;
    return failure;
}
