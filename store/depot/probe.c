/* probe.c - whether the data folder is still where it was, and its disk gives bytes and takes some. */
#include "store/depot/probe.h"

#include "store/base/clock.h"
#include "store/base/error.h"
#include "store/depot/folder.h"
#include "store/disk/tenure.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRESH_MS = 100, PATIENCE_MS = 5000 };

/* Somebody who wants to know. */
struct question {
    struct pool_job job;
    struct probe *probe;
    void (*done)(void *arg);
    void *arg;
};

bool probe_init(struct probe *probe, const struct io *io, int folder, const char *path, atomic_bool *alarm,
                const struct probe_hook *hook)
{
    *probe = (struct probe){
        .io = io, .folder = folder, .alarm = alarm, .hook = *hook, .path = strdup(path), .pool = pool_new(1)};
    lock_init(&probe->lock);
    return probe->path && probe->pool;
}

void probe_free(struct probe *probe)
{
    if (probe->pool)
        pool_free(probe->pool);
    free(probe->path);
    lock_destroy(&probe->lock);
}

static int64_t milliseconds(void)
{
    return clock_now(CLOCK_MONOTONIC) / CLOCK_MILLISECOND;
}

/* ---- looking; the probe's thread ------------------------------------------------------------- */

/* For writing too, although nothing is written: after an error a kernel may have made the file system read-only. Not
 * every file system can do without the page cache. */
static int open_marker(const struct probe *probe)
{
    const struct io *io = probe->io;
    int file = io->openat(io->self, probe->folder, FOLDER_MARKER, O_RDWR | O_DIRECT, 0);
    if (file < 0 && errno == EINVAL)
        file = io->openat(io->self, probe->folder, FOLDER_MARKER, O_RDWR, 0);
    return file;
}

/* An errno. */
static int read_marker(const struct probe *probe)
{
    _Alignas(IO_BLOCK) char bytes[IO_BLOCK];
    const struct io *io = probe->io;
    int file = open_marker(probe);
    if (file < 0)
        return errno;
    ssize_t got = io->pread(io->self, file, bytes, sizeof bytes, 0);
    int error = got < 0 && errno != EINTR ? errno : 0;
    io->close(io->self, file);
    return error;
}

/* The server goes on in a folder that has been moved, but the next start will not find it. Why a path cannot be looked
 * at otherwise says nothing. */
static void find_folder(const struct probe *probe, struct store_detail *detail)
{
    struct stat opened, named;
    const struct io *io = probe->io;
    int file = io->openat(io->self, AT_FDCWD, probe->path, O_RDONLY | O_DIRECTORY, 0);
    if (file < 0 && (errno == ENOENT || errno == ENOTDIR))
        failure_detail(detail, failure_io(errno),
                       "the data folder is gone: there is no folder '%.200s' any more; if it was moved, move it back",
                       probe->path);
    if (file < 0)
        return;
    if (io->fstat(io->self, probe->folder, &opened) == 0 && io->fstat(io->self, file, &named) == 0 &&
        (opened.st_dev != named.st_dev || opened.st_ino != named.st_ino))
        failure_detail(
            detail, failure_io(ENOENT),
            "the data folder is gone: '%.200s' is another folder now, and nothing is written into either; move "
            "the one that was opened back",
            probe->path);
    io->close(io->self, file);
}

/* Makes a file of a block, and removes it; where several processes share the folder each one its own, which another one
 * removes if it ends meanwhile. An errno. */
static int write_file(const struct probe *probe)
{
    static const char bytes[IO_BLOCK];
    const struct io *io = probe->io;
    char name[sizeof TRASH_FOLDER "/.probe" + TENURE_SESSION_MAX] = "probe";
    if (io->tenure)
        (void)snprintf(name, sizeof name, "%s/%s.probe", TRASH_FOLDER, io->tenure->own->session);
    int file = io_open_anew(io, probe->folder, name, O_RDWR);
    if (file < 0)
        return errno;
    int error = io_write_all(io, file, bytes, sizeof bytes, 0);
    if (!error && io->fdatasync(io->self, file) < 0)
        error = errno;
    io->close(io->self, file);
    io->unlinkat(io->self, probe->folder, name, 0);
    return error;
}

/* Only when a write has failed, and then until one does not: as long as all is well looking costs no write. A failure
 * that comes meanwhile raises the alarm again. Why else the file cannot be made, want of space say, ends nothing. */
static void try_writing(const struct probe *probe, struct store_detail *detail)
{
    if (!atomic_exchange(probe->alarm, false))
        return;
    struct failure failure = failure_of_errno(write_file(probe));
    if (!failure.error)
        return;
    atomic_store(probe->alarm, true);
    if (failure.error == STORE_IO && !store_error_is_shortage(failure.error, failure.os_error))
        failure_detail(detail, failure, "the disk of the data folder takes no bytes: %s", strerror(failure.os_error));
}

static void look(struct probe *probe)
{
    struct store_detail detail = {0};
    int error = read_marker(probe);
    if (!error)
        find_folder(probe, &detail);
    else if (error == ENOENT)
        failure_detail(&detail, failure_io(error), "the data folder is gone: its file '%s' is not there",
                       FOLDER_MARKER);
    else if (error_of_errno(error) == STORE_FENCED)
        failure_detail(&detail, failure_of_errno(error), "%s", store_error_text(STORE_FENCED));
    else if (error == EROFS)
        failure_detail(&detail, failure_io(error),
                       "the file system of the data folder has become read-only: look at "
                       "the kernel's log for an error of the disk");
    else if (error && !store_error_is_shortage(STORE_IO, error))
        failure_detail(&detail, failure_io(error), "the disk of the data folder does not give its bytes: %s",
                       strerror(error));
    if (!detail.text[0])
        try_writing(probe, &detail);
    if (!detail.text[0])
        probe->hook.look(probe->hook.arg, &detail);
    lock_take(&probe->lock);
    probe->detail = detail;
    probe->looked = milliseconds();
    probe->began = 0;
    lock_release(&probe->lock);
}

static void answer(void *arg)
{
    struct question question = *(struct question *)arg;
    struct probe *probe = question.probe;
    free(arg);
    lock_take(&probe->lock);
    bool fresh = probe->looked && milliseconds() - probe->looked < FRESH_MS;
    if (!fresh)
        probe->began = milliseconds();
    lock_release(&probe->lock);
    if (!fresh)
        look(probe);
    question.done(question.arg);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Lock held. */
static bool is_stuck(const struct probe *probe)
{
    assert(lock_is_mine(&probe->lock));
    return probe->began && milliseconds() - probe->began >= PATIENCE_MS;
}

enum store_error probe_ask(struct probe *probe, void (*done)(void *arg), void *arg)
{
    lock_take(&probe->lock);
    bool stuck = is_stuck(probe);
    lock_release(&probe->lock);
    struct question *question = stuck ? NULL : malloc(sizeof *question);
    if (!question)
        return stuck ? STORE_AGAIN : STORE_NO_MEMORY;
    *question = (struct question){.probe = probe, .done = done, .arg = arg};
    question->job = (struct pool_job){.run = answer, .arg = question};
    pool_submit(probe->pool, &question->job);
    return STORE_OK;
}

bool probe_tell(struct probe *probe, struct store_detail *ret_detail)
{
    lock_take(&probe->lock);
    bool stuck = is_stuck(probe);
    bool well = !stuck && !probe->detail.text[0];
    if (stuck)
        failure_detail(ret_detail, failure_of(STORE_IO), "the disk of the data folder has not answered for %d seconds",
                       PATIENCE_MS / 1000);
    else if (!well && ret_detail)
        *ret_detail = probe->detail;
    lock_release(&probe->lock);
    return well;
}
