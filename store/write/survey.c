/* survey.c - goes by the files of uploads. See survey.h. */
#include "store/write/survey.h"

static void describe(const struct unfinished *file, struct upload_info *ret_info)
{
    *ret_info = (struct upload_info){.id = file->id,
                                     .key = file->key_length > 0 ? file->text : NULL,
                                     .key_length = file->key_length,
                                     .label = file->text + file->key_length,
                                     .label_length = file->label_length,
                                     .partial = file->partial,
                                     .done = file->slot.stage == UPLOAD_DONE,
                                     .offset = file->slot.offset,
                                     .length = file->slot.length,
                                     .expires = file->slot.expires,
                                     .record = file->slot.record,
                                     .digest = file->slot.digest,
                                     .existed = file->slot.existed};
}

void survey_describe(const struct upload *upload, struct upload_info *ret_info)
{
    describe(&upload->file, ret_info);
}

/* Whether nobody can be told of it before it is known what becomes of it: it has expired, or its commit was under way
 * when the server ended. */
static bool is_unsettled(const struct unfinished *file)
{
    return file->slot.stage == UPLOAD_COMMITTING || unfinished_has_expired(file);
}

/* Who holds it finds that out; who does so already is about to. */
static struct failure settle(struct uploads *uploads, uint64_t id, struct unfinished *file)
{
    struct upload *upload;
    struct failure failure = uploads_hold(uploads, id, &upload);
    if (failure.error)
        return failure.error == STORE_UPLOAD_HELD ? failure_none() : failure;
    unfinished_free(file);
    *file = upload->file;
    upload->file.text = NULL;
    upload_release(upload);
    return failure;
}

/* Nobody is kept from working on one by others who look at it. */
struct failure survey_look(struct uploads *uploads, uint64_t id,
                           void (*tell)(void *arg, const struct upload_info *info), void *arg)
{
    struct upload_info info;
    struct unfinished file;
    if (uploads->folder < 0)
        return failure_of(STORE_NO_UPLOAD);
    int error = unfinished_read(uploads->io, uploads->folder, uploads->salt, id, &file);
    if (error)
        return unfinished_failure(error);
    struct failure failure = is_unsettled(&file) ? settle(uploads, id, &file) : failure_none();
    if (!failure.error && unfinished_is_private(&file))
        failure = failure_of(STORE_NO_UPLOAD);
    if (!failure.error) {
        describe(&file, &info);
        tell(arg, &info);
        bool ending = !info.partial && !info.done && info.offset == info.length;
        failure.error = ending && uploads_is_held(uploads, id) ? STORE_UPLOAD_HELD : STORE_OK;
    }
    unfinished_free(&file);
    return failure;
}

struct listing {
    bool (*tell)(void *arg, const struct upload_info *info);
    void *arg;
};

/* Whether somebody can go on with it. One that is empty comes to be an object at once, or never. */
static bool can_go_on(const struct unfinished *file)
{
    bool empty = file->slot.length == 0 && !file->partial;
    return file->slot.stage != UPLOAD_DONE && !empty && !unfinished_is_private(file) && !unfinished_has_expired(file);
}

static bool list_one(void *arg, const struct unfinished *file)
{
    const struct listing *listing = arg;
    struct upload_info info;
    if (!can_go_on(file))
        return true;
    describe(file, &info);
    return listing->tell(listing->arg, &info);
}

struct failure survey_list(struct uploads *uploads, uint64_t from,
                           bool (*tell)(void *arg, const struct upload_info *info), void *arg)
{
    struct listing listing = {tell, arg};
    return failure_io(uploads_visit(uploads, UNFINISHED_BYTES, from, list_one, &listing));
}

static bool find_one(void *arg, const struct upload_info *info)
{
    (void)info;
    *(bool *)arg = true;
    return false;
}

bool survey_finds_any(struct uploads *uploads)
{
    bool there = false;
    (void)survey_list(uploads, 0, find_one, &there);
    return there;
}
