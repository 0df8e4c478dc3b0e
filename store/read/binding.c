/* binding.c - runs that are merged into one. */
#include "store/read/binding.h"

#include <string.h>

struct failure binding_init(struct binding *binding, struct run *const *runs, size_t count, uint64_t salt,
                            const struct io *io, int file)
{
    static const struct place beginning;
    *binding = (struct binding){0};
    run_writer_init(&binding->writer, io, file, 0, salt);
    struct failure failure = merge_init(&binding->merge, runs, count, true);
    return failure.error ? failure : merge_seek(&binding->merge, &beginning);
}

void binding_free(struct binding *binding)
{
    merge_free(&binding->merge);
    run_writer_free(&binding->writer);
}

/* Whether the record of an entry stands in a source. */
static bool is_in_source(const struct binding *binding, const struct entry *entry)
{
    size_t low = 0;
    size_t high = binding->span_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (binding->spans[middle].to <= entry->offset)
            low = middle + 1;
        else
            high = middle;
    }
    return binding->span_count == 0 || (low < binding->span_count && binding->spans[low].from <= entry->offset);
}

/* Writes the entry that was met, if it is of use. */
static struct failure settle(struct binding *binding)
{
    bool wanted = binding->met && is_in_source(binding, &binding->last) && !(binding->ends && binding->last.tombstone);
    binding->met = false;
    return wanted ? run_writer_add(&binding->writer, &binding->last) : failure_none();
}

/* Meets an entry: the one met before is settled, unless both stand at one place; then the later one stays. */
static struct failure meet(struct binding *binding, const struct entry *entry)
{
    struct failure failure = failure_none();
    if (binding->met && place_compare(&binding->last.place, &entry->place) != 0)
        failure = settle(binding);
    if (failure.error || (binding->met && entry->offset < binding->last.offset))
        return failure;
    entry_copy(entry, &binding->last);
    if (entry->attributes_length > 0)
        memcpy(binding->attributes, entry->attributes, entry->attributes_length);
    binding->last.attributes = binding->attributes;
    binding->met = true;
    return failure;
}

struct failure binding_go(struct binding *binding, size_t entries, bool *ret_more)
{
    struct failure failure = failure_none();
    const struct entry *entry = merge_entry(&binding->merge);
    for (; entry && entries > 0 && !failure.error; entries--) {
        failure = meet(binding, entry);
        if (!failure.error)
            failure = merge_next(&binding->merge, false);
        entry = merge_entry(&binding->merge);
    }
    *ret_more = entry != NULL;
    return failure.error || entry ? failure : settle(binding);
}
