/* model_uploads.c - uploads that survive, of a model. See model_uploads.h. */
#include "tests/lib/model_uploads.h"

#include "tests/lib/attempt.h"
#include "tests/lib/model.h"
#include "tests/lib/model_limits.h"
#include "tests/lib/ticket.h"
#include "tests/lib/wall_clock.h"

#include <semaphore.h>
#include <stdlib.h>

static const int64_t second = 1000000000;

static struct store *store_of(struct model *model, const struct model_upload *upload, unsigned *ret_store)
{
    unsigned store = 0;
    while (upload < model->uploads[store].all || upload >= model->uploads[store].all + MODEL_UPLOADS)
        store++;
    if (ret_store)
        *ret_store = store;
    return model->stores[store];
}

/* ---- what may go wrong ------------------------------------------------------------------------- */

static bool is_limited(const struct model *model, unsigned store)
{
    return model->limits[store].bytes.set || model->limits[store].objects.set || model->limits_in_doubt[store];
}

static void must_be_allowed(struct model *model, unsigned store, const char *what, enum store_error error)
{
    bool disk = model->disturbed && model_disk_error(error);
    if (error && !disk && !(error == STORE_QUOTA && is_limited(model, store)))
        model_fail(model, "%s: %s", what, store_error_text(error));
}

/* ---- what is told ------------------------------------------------------------------------------ */

static void keep_info(void *arg, const struct upload_info *info)
{
    *(struct upload_info *)arg = *info;
}

static bool has_expired(int64_t expires)
{
    return expires <= (wall_clock_now() + 1) * second;
}

/* Of one that has been gone on with just now. */
static int64_t next_expiry(void)
{
    enum { HOUR = 3600 };
    return (wall_clock_now() + MODEL_UPLOAD_HOURS * HOUR) * second;
}

static void forget(struct model_upload *upload)
{
    *upload = (struct model_upload){0};
}

/* Those that are left of its parts come no nearer to anything. None is ever dropped: whose removal has failed is there
 * until it expires, however many others come. */
static void add_ghost(struct model *model, unsigned store, uint64_t id)
{
    struct model_uploads *uploads = &model->uploads[store];
    if (uploads->ghost_count == uploads->ghost_capacity) {
        uploads->ghost_capacity = uploads->ghost_capacity ? 2 * uploads->ghost_capacity : 32;
        uploads->ghosts = realloc(uploads->ghosts, uploads->ghost_capacity * sizeof *uploads->ghosts);
        if (!uploads->ghosts)
            abort();
    }
    uploads->ghosts[uploads->ghost_count++] = id;
}

void model_uploads_free(struct model *model)
{
    for (unsigned store = 0; store < MODEL_STORES; store++)
        free(model->uploads[store].ghosts);
}

static void add_ghosts(struct model *model, unsigned store, const struct model_upload *upload)
{
    for (unsigned i = 0; i < upload->piece_count; i++)
        if (upload->pieces[i].made)
            add_ghost(model, store, upload->pieces[i].id);
}

static void abandon(struct model *model, unsigned store, struct model_upload *upload)
{
    add_ghosts(model, store, upload);
    forget(upload);
}

/* Who has all bytes but no object brings the last one again, and then it may be missing. */
static uint64_t least_of(const struct model_upload *upload, const struct model_piece *piece)
{
    bool complete = piece->sure > 0 && piece->sure == piece->to - piece->from;
    return complete && !upload->joined ? piece->sure - 1 : piece->sure;
}

void model_uploads_cut(struct model *model)
{
    for (unsigned store = 0; store < MODEL_STORES; store++)
        model->uploads[store].doubtful = false;
}

/* An empty one that is no object goes at a start. */
static bool may_have_gone(const struct model_upload *upload, const struct model_piece *piece)
{
    return (!upload->joined && upload->value.size == 0) || has_expired(piece->expires);
}

/* Asks how far a piece has come; false: it is not known now, or the upload has expired, and is forgotten. */
static bool learn(struct model *model, struct model_upload *upload, struct model_piece *piece)
{
    unsigned store;
    struct upload_info info;
    enum store_error error = upload_look(store_of(model, upload, &store), piece->id, keep_info, &info);
    if (error == STORE_NO_UPLOAD && may_have_gone(upload, piece)) {
        abandon(model, store, upload);
        return false;
    }
    if (error && error != STORE_UPLOAD_HELD) { /* which is told of as well */
        must_be_allowed(model, store, "looking at an upload", error);
        return false;
    }
    if (info.offset < least_of(upload, piece) || info.length != piece->to - piece->from ||
        info.partial != upload->joined || info.done)
        model_fail(model, "an upload of %llu bytes, of which %llu were told to be on disk, has %llu of %llu%s",
                   (unsigned long long)(piece->to - piece->from), (unsigned long long)piece->told,
                   (unsigned long long)info.offset, (unsigned long long)info.length, info.done ? " and is done" : "");
    piece->told = info.offset;
    if (!model->uploads[store].doubtful || info.offset < piece->sure)
        piece->sure = info.offset;
    piece->expires = info.expires;
    return true;
}

/* ---- making them ------------------------------------------------------------------------------- */

static uint64_t pick_size(struct prng *prng)
{
    static const uint64_t sizes[] = {0, 1, 300, MODEL_INLINE, MODEL_INLINE + 1, 5000, 20000, 40000};
    return sizes[prng_below(prng, sizeof sizes / sizeof *sizes)];
}

/* Only in mind: its pieces are made one by one. */
static void plan(struct model *model, struct prng *prng, struct model_upload *upload)
{
    upload->state = UPLOAD_COMING;
    upload->key = (unsigned)prng_below(prng, MODEL_KEYS - MODEL_HASHES);
    upload->value = model_new_value(model, pick_size(prng));
    upload->value.expires = 0; /* not in the middle of it */
    upload->joined = prng_one_in(prng, 3);
    upload->piece_count = upload->joined ? 1 + (unsigned)prng_below(prng, MODEL_PIECES) : 1;
    uint64_t from = 0, size = upload->value.size;
    for (unsigned i = 0; i < upload->piece_count; i++) {
        bool last = i + 1 == upload->piece_count;
        uint64_t to = last ? size : from + prng_below(prng, size - from + 1);
        upload->pieces[i] = (struct model_piece){.from = from, .to = to};
        from = to;
    }
}

static void make(struct model *model, struct model_upload *upload, struct model_piece *piece)
{
    unsigned store;
    struct store *where = store_of(model, upload, &store);
    struct upload_order order = {.key = upload->joined ? (struct store_key){0} : model_key(upload->key),
                                 .partial = upload->joined,
                                 .length = piece->to - piece->from,
                                 .label = "label",
                                 .label_length = 5};
    struct store_overrun overrun;
    enum store_error error = upload_create(where, &order, &overrun, &piece->id);
    piece->made = error == STORE_OK;
    piece->expires = next_expiry();
    must_be_allowed(model, store, "making an upload", error);
    if (error && error != STORE_QUOTA)
        model->uploads[store].strays = true;
    if (error && !upload->joined)
        forget(upload);
}

/* ---- bringing bytes ---------------------------------------------------------------------------- */

static void post(void *arg)
{
    sem_post(arg);
}

/* Wishes something of whoever works on it, and waits for that. */
static enum store_error claim(struct store *store, uint64_t id, enum upload_wish wish, uint64_t offset)
{
    sem_t told;
    sem_init(&told, 0, 0);
    struct upload_claim asked = {.id = id, .wish = wish, .offset = offset, .ready = post, .arg = &told};
    enum store_error error = upload_claim(store, &asked);
    while (!error && sem_wait(&told) < 0)
        ;
    sem_destroy(&told);
    return error;
}

static enum store_error resume(struct model *model, const struct model_upload *upload, const struct model_piece *piece,
                               uint64_t offset, struct stream **ret_stream)
{
    struct upload_resumption asked = {
        .id = piece->id, .offset = offset, .size = STORE_SIZE_UNKNOWN, .length = STORE_SIZE_UNKNOWN};
    struct upload_info info;
    return upload_resume(store_of(model, upload, NULL), &asked, NULL, ret_stream, &info);
}

static enum store_error send(const struct model_upload *upload, const struct model_piece *piece, struct stream *stream,
                             uint64_t from, uint64_t length)
{
    uint8_t *bytes = malloc((size_t)length + 1);
    value_bytes(&upload->value, piece->from + from, bytes, (size_t)length);
    enum store_error error = attempt_send(stream, bytes, (size_t)length, 1 + (size_t)(upload->value.id % 5000));
    free(bytes);
    return error;
}

/* The client waits for the answer. */
static void rest(struct model *model, struct model_upload *upload, struct model_piece *piece, struct stream *stream,
                 uint64_t reached)
{
    static const struct stream_finish nothing;
    unsigned store;
    struct ticket ticket;
    ticket_init(&ticket);
    (void)store_of(model, upload, &store);
    stream_rest(stream, &nothing, ticket_done, &ticket);
    enum store_error error = ticket_wait(&ticket);
    must_be_allowed(model, store, "letting an upload rest", error);
    if (!error && ticket.end_offset != reached)
        model_fail(model, "an upload rests at %llu instead of %llu", (unsigned long long)ticket.end_offset,
                   (unsigned long long)reached);
    if (!error)
        piece->told = piece->sure = reached;
    ticket_destroy(&ticket);
}

/* The connection breaks. Whoever comes next finds the upload free, and all that has come on disk. */
static void leave(struct store *store, uint64_t id, struct stream *stream)
{
    stream_abort(stream);
    (void)claim(store, id, UPLOAD_SETTLED, 0);
}

/* The client's connection hangs, and he comes back by another one. */
static void hand_over(struct model *model, struct model_upload *upload, struct model_piece *piece)
{
    struct store *store = store_of(model, upload, NULL);
    bool settled = claim(store, piece->id, UPLOAD_SETTLED, 0) == STORE_OK && learn(model, upload, piece);
    if (settled && piece->made)
        (void)claim(store, piece->id, UPLOAD_LEFT, piece->told);
}

static void bring(struct model *model, struct prng *prng, struct model_upload *upload, struct model_piece *piece,
                  uint64_t length)
{
    unsigned store;
    struct stream *stream;
    uint64_t from = piece->told;
    struct store *where = store_of(model, upload, &store);
    enum store_error error = resume(model, upload, piece, from, &stream);
    must_be_allowed(model, store, "going on with an upload", error);
    if (error)
        return;
    error = send(upload, piece, stream, from, length);
    must_be_allowed(model, store, "bringing bytes of an upload", error);
    unsigned way = error ? 0 : 1 + (unsigned)prng_below(prng, 3);
    uint64_t id = piece->id;
    if (way == 1)
        rest(model, upload, piece, stream, from + length);
    if (way == 2)
        hand_over(model, upload, piece);
    if (way != 1)
        leave(where, id, stream);
}

/* ---- the end ----------------------------------------------------------------------------------- */

/* A client asks once more for what is done. */
static void ask_again(struct model *model, struct model_upload *upload)
{
    unsigned store;
    struct upload_info info = {0};
    struct store *where = store_of(model, upload, &store);
    uint64_t id = upload->joined ? upload->id : upload->pieces[0].id;
    enum store_error error = upload_look(where, id, keep_info, &info);
    bool gone = error == STORE_NO_UPLOAD && (upload->shaky || has_expired(upload->pieces[0].expires));
    if (gone || (!error && upload->shaky && !info.done)) {
        abandon(model, store, upload);
        return;
    }
    must_be_allowed(model, store, "looking at an upload that is done", error);
    if (error)
        return;
    if (!info.done || info.offset != upload->value.size || info.length != upload->value.size)
        model_fail(model, "an upload of %llu bytes that was done has %llu of %llu bytes%s",
                   (unsigned long long)upload->value.size, (unsigned long long)info.offset,
                   (unsigned long long)info.length, info.done ? "" : " and is not done");
    upload->pieces[0].expires = info.expires;
    model->uploads[store].again++;
}

static enum store_error join(struct model *model, struct model_upload *upload, const struct store_condition *condition,
                             struct stream **ret_stream, struct upload_info *ret_info)
{
    uint64_t parts[MODEL_PIECES];
    struct store_overrun overrun;
    for (unsigned i = 0; i < upload->piece_count; i++)
        parts[i] = upload->pieces[i].id;
    struct upload_union united = {.order = {.key = model_key(upload->key), .label = "label", .label_length = 5},
                                  .parts = parts,
                                  .part_count = upload->piece_count,
                                  .condition = condition};
    return upload_join(store_of(model, upload, NULL), &united, &overrun, ret_stream, ret_info);
}

/* The same parts once more: they are the same upload. */
static void join_again(struct model *model, struct model_upload *upload)
{
    unsigned store;
    struct stream *stream;
    struct upload_info info;
    (void)store_of(model, upload, &store);
    enum store_error error = join(model, upload, NULL, &stream, &info);
    if (error == STORE_NO_UPLOAD && has_expired(upload->pieces[0].expires))
        return; /* the next look shows it */
    must_be_allowed(model, store, "joining the same parts again", error);
    if (!error && (stream || !info.done || info.id != upload->id))
        model_fail(model, "the same parts are another upload");
}

/* The stream that is to commit it, with all bytes; the attempt is the caller's. */
static enum store_error begin_end(struct model *model, struct model_upload *upload, struct attempt *attempt,
                                  struct stream **ret_stream)
{
    struct upload_info info;
    if (upload->joined) {
        enum store_error error = join(model, upload, &attempt->ops[0].condition, ret_stream, &info);
        upload->id = info.id;
        if (!error && !*ret_stream)
            model_fail(model, "parts are joined already that nobody has joined");
        return error;
    }
    const struct model_piece *piece = &upload->pieces[0];
    uint64_t from = piece->told, size = upload->value.size;
    if (from > 0 && from == size && upload->value.id % 2 == 0)
        from--; /* the last byte comes once more */
    enum store_error error = resume(model, upload, piece, from, ret_stream);
    if (!error) {
        error = send(upload, piece, *ret_stream, from, size - from);
        if (error)
            leave(store_of(model, upload, NULL), piece->id, *ret_stream);
    }
    return error;
}

static void finish(struct model *model, struct prng *prng, unsigned store, struct model_upload *upload)
{
    struct stream *stream;
    if (!model_key_free(model, store, upload->key))
        return;
    int condition = prng_one_in(prng, 4) ? (int)prng_below(prng, ATTEMPT_CONDITIONS) : ATTEMPT_CONDITIONS;
    struct attempt *attempt = attempt_resumed(model, store, upload->key, &upload->value, condition);
    attempt->resumed = upload;
    upload->state = UPLOAD_ENDING;
    enum store_error error = begin_end(model, upload, attempt, &stream);
    if (error)
        attempt_refused(attempt, error);
    else
        attempt_commit(attempt, stream);
}

void model_uploads_book(struct model *model, const struct attempt *attempt)
{
    struct model_upload *upload = attempt->resumed;
    unsigned store;
    if (!upload)
        return;
    (void)store_of(model, upload, &store);
    upload->state = attempt->ended == STORE_OK ? UPLOAD_THERE : UPLOAD_COMING;
    upload->shaky = model->disturbed;
    if (attempt->ended == STORE_OK)
        model->uploads[store].finished++;
    upload->pieces[0].expires = attempt->ended == STORE_OK ? next_expiry() : upload->pieces[0].expires;
    if (attempt->ended == STORE_CONDITION && !upload->joined && upload->value.size == 0)
        abandon(model, store, upload);
}

void model_uploads_decide(struct model *model, const struct attempt *attempt, bool there)
{
    struct model_upload *upload = attempt->resumed;
    if (!upload)
        return;
    upload->state = there ? UPLOAD_THERE : UPLOAD_COMING;
    if (there)
        ask_again(model, upload);
}

/* ---- what clients do --------------------------------------------------------------------------- */

/* What is made of parts goes with them. But where nobody knew any more whether it was done, and its object has been
 * replaced, it goes as if it had never been: they are left, as after any commit that fails. */
static void delete_whole(struct model *model, unsigned store, const struct model_upload *upload)
{
    enum store_error error = upload_forget(model->stores[store], upload->id);
    must_be_allowed(model, store, "forgetting an upload", error);
    if (upload->shaky)
        add_ghosts(model, store, upload);
}

/* Of one that had expired nobody was told that it is gone for good either. */
static void delete_piece(struct model *model, unsigned store, const struct model_upload *upload,
                         const struct model_piece *piece)
{
    enum store_error error = upload_forget(model->stores[store], piece->id);
    if (error)
        add_ghost(model, store, piece->id);
    if (error != STORE_NO_UPLOAD || !may_have_gone(upload, piece))
        must_be_allowed(model, store, "forgetting an upload", error);
}

/* They are told that it is gone, or hear nothing. */
static void delete (struct model *model, unsigned store, struct model_upload *upload)
{
    struct model_upload left = *upload;
    forget(upload);
    if (left.state == UPLOAD_THERE && left.joined) {
        delete_whole(model, store, &left);
        return;
    }
    for (unsigned i = 0; i < left.piece_count; i++)
        if (left.pieces[i].made)
            delete_piece(model, store, &left, &left.pieces[i]);
}

/* One that lacks bytes; NULL: all are complete. */
static struct model_piece *incomplete(struct model_upload *upload)
{
    for (unsigned i = 0; i < upload->piece_count; i++) {
        struct model_piece *piece = &upload->pieces[i];
        if (!piece->made || piece->told < piece->to - piece->from)
            return piece;
    }
    return NULL;
}

static void go_on(struct model *model, struct prng *prng, unsigned store, struct model_upload *upload)
{
    struct model_piece *piece = incomplete(upload);
    if (piece && !piece->made) {
        make(model, upload, piece);
        return;
    }
    for (unsigned i = 0; i < upload->piece_count && upload->state == UPLOAD_COMING; i++)
        if (!learn(model, upload, &upload->pieces[i]))
            return;
    piece = incomplete(upload);
    uint64_t left = piece ? piece->to - piece->from - piece->told : 0;
    uint64_t length = left > 0 ? 1 + prng_below(prng, left) : 0;
    if (piece && (upload->joined || length < left || prng_one_in(prng, 3)))
        bring(model, prng, upload, piece, length);
    else
        finish(model, prng, store, upload);
}

void model_uploads_act(struct model *model, struct prng *prng, unsigned store)
{
    struct model_upload *upload = &model->uploads[store].all[prng_below(prng, MODEL_UPLOADS)];
    model->uploads[store].operations++;
    model->uploads[store].doubtful |= model->disturbed;
    if (upload->state == UPLOAD_ENDING)
        return;
    if (upload->state == UPLOAD_ABSENT) {
        plan(model, prng, upload);
        return;
    }
    model_meet(model); /* what it holds counts against limits, and changes now */
    if (prng_one_in(prng, upload->state == UPLOAD_THERE ? 2 : 30)) {
        delete (model, store, upload);
    } else if (upload->state == UPLOAD_COMING) {
        go_on(model, prng, store, upload);
    } else {
        if (upload->joined && !upload->shaky)
            join_again(model, upload);
        ask_again(model, upload);
    }
}

/* ---- looking ----------------------------------------------------------------------------------- */

struct census {
    const struct model *model;
    unsigned store;
    uint64_t bytes;
};

static bool is_ghost(const struct model_uploads *uploads, uint64_t id)
{
    for (size_t i = 0; i < uploads->ghost_count; i++)
        if (uploads->ghosts[i] == id)
            return true;
    return false;
}

static bool is_known(const struct model_uploads *uploads, uint64_t id)
{
    for (unsigned i = 0; i < MODEL_UPLOADS; i++)
        for (unsigned j = 0; j < uploads->all[i].piece_count; j++)
            if (uploads->all[i].pieces[j].made && uploads->all[i].pieces[j].id == id)
                return true;
    return false;
}

static bool count_one(void *arg, const struct upload_info *info)
{
    struct census *census = arg;
    const struct model_uploads *uploads = &census->model->uploads[census->store];
    bool stray = uploads->strays && info->offset == 0;
    if (!is_known(uploads, info->id) && !is_ghost(uploads, info->id) && !stray)
        model_fail(census->model, "an upload of %llu bytes is listed that nobody has, or that was removed",
                   (unsigned long long)info->offset);
    census->bytes += info->offset;
    return true;
}

/* Those that have expired go. */
static void look_at_ghosts(struct model *model, unsigned store)
{
    struct model_uploads *uploads = &model->uploads[store];
    struct upload_info info;
    for (size_t i = 0; i < uploads->ghost_count; i++)
        (void)upload_look(model->stores[store], uploads->ghosts[i], keep_info, &info);
}

static void look_at(struct model *model, struct model_upload *upload)
{
    for (unsigned i = 0; i < upload->piece_count && upload->state == UPLOAD_COMING; i++)
        if (upload->pieces[i].made)
            (void)learn(model, upload, &upload->pieces[i]);
    if (upload->state == UPLOAD_THERE)
        ask_again(model, upload);
}

bool model_uploads_verify(struct model *model, unsigned store, uint64_t *ret_bytes)
{
    struct census census = {.model = model, .store = store};
    model->uploads[store].doubtful |= model->disturbed;
    for (unsigned i = 0; i < MODEL_UPLOADS; i++)
        look_at(model, &model->uploads[store].all[i]);
    if (model->disturbed)
        return false;
    look_at_ghosts(model, store);
    enum store_error error = upload_list(model->stores[store], 0, count_one, &census);
    if (error)
        model_fail(model, "listing uploads: %s", store_error_text(error));
    *ret_bytes = census.bytes;
    return true;
}
