/* sim_disk.h - a disk in memory behind the engine's table of file calls, with faults and power cuts.
 *
 *       struct sim_disk *disk = sim_disk_new(seed);
 *       options.io = sim_disk_io(disk);
 *       depot_open("/data", &options, &depot, NULL);
 *       sim_disk_cut_after(disk, 100);               // 100 more calls, then darkness
 *       ... work until calls fail with EIO, depot_close(depot) ...
 *       sim_disk_reboot(disk, seed);                 // what the cut left; open the depot again
 *
 * What is on disk. The disk keeps two states: what a running system sees, and what a power cut is sure to leave.
 *   - Bytes and length of a file get from the first to the second by fdatasync or fsync of that file.
 *   - Entries of a folder (create, link, rename, unlink, mkdir) get there by fsync of that folder. A rename between two
 *     folders, or an exchange, is one step and on disk as soon as either folder is synced.
 * Everything else is undecided until sim_disk_reboot(): by its seed each unsynced write is kept, dropped or torn (at a
 * byte, or sector by sector, 512 bytes each), each unsynced change of length likewise and on its own, and each unsynced
 * change of an entry is kept or dropped, in order for one name. A rename or an exchange is kept or dropped as a whole.
 * This allows more than any one file system does, which is the point.
 *
 * Descriptors are numbers no system call accepts, and are never given out twice: a use after close is EBADF and
 * counted.
 *
 * Left out on purpose: symbolic links, O_APPEND and O_TMPFILE (EINVAL).
 *
 * Thread: any, but for sim_disk_new(), _reboot() and _free(), which want the disk to themselves.
 */
#ifndef CAIRN_TESTS_SIM_DISK_H
#define CAIRN_TESTS_SIM_DISK_H

#include "store/disk/io.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_disk;

enum sim_call {
    SIM_OPENAT,
    SIM_CLOSE,
    SIM_DUP,
    SIM_PREAD,
    SIM_PREAD_NOWAIT,
    SIM_PWRITE,
    SIM_FDATASYNC,
    SIM_FSYNC,
    SIM_WRITE_BACK,
    SIM_AWAIT_BACK,
    SIM_FTRUNCATE,
    SIM_ALLOCATE,
    SIM_FSTAT,
    SIM_MKDIRAT,
    SIM_UNLINKAT,
    SIM_RENAMEAT,
    SIM_LINKAT,
    SIM_EXCHANGE,
    SIM_COPY_RANGE,
    SIM_SET_WRITTEN,
    SIM_LOCK,
    SIM_LIST,
    SIM_FREE_BYTES,
    SIM_CALLS,          /* their number */
    SIM_ANY = SIM_CALLS /* every kind */
};

const char *sim_call_name(enum sim_call call);

/* An empty disk: the folder "/" and nothing else. The seed decides short transfers and what failing calls leave. */
struct sim_disk *sim_disk_new(uint64_t seed);

/* Every user must have ended. NULL is allowed. */
void sim_disk_free(struct sim_disk *disk);

/* The table to hand to the engine; it lives as long as the disk. */
const struct io *sim_disk_io(struct sim_disk *disk);

/* ---- the power ------------------------------------------------------------------------------- */

/* Cuts the power now: every call fails with EIO and changes nothing until the reboot. Held syncs fail too. */
void sim_disk_cut(struct sim_disk *disk);

/* Lets `calls` more calls pass, then cuts the power in place of the next one. */
void sim_disk_cut_after(struct sim_disk *disk, uint64_t calls);

/* Cuts the power if it is still on, decides by the seed what the cut left, and starts anew: faults, limits and
 * switches are gone, descriptors of before stay dead, locks are free. */
void sim_disk_reboot(struct sim_disk *disk, uint64_t seed);

/* ---- faults ---------------------------------------------------------------------------------- */

/* The `nth` call from now (1 is the next) of that kind (or SIM_ANY) fails with `error`, and with `forever` all
 * after it. A failing pwrite may have written a part; a failing close has closed; a failing fdatasync has, by the
 * seed, lost some of the unsynced writes: readers go on seeing them, no later sync brings them to the disk. Several
 * faults may be set at once, up to SIM_FAULTS. */
void sim_disk_fail(struct sim_disk *disk, enum sim_call call, uint64_t nth, bool forever, int error);

enum { SIM_FAULTS = 8 };

/* Ends all faults. */
void sim_disk_heal(struct sim_disk *disk);

/* How many calls have failed by sim_disk_fail(). */
uint64_t sim_disk_faults_met(struct sim_disk *disk);

/* One in `times` reads, writes and copies transfers only a part (0: none), or fails once with EINTR. */
void sim_disk_set_short(struct sim_disk *disk, uint64_t times);
void sim_disk_set_interrupts(struct sim_disk *disk, uint64_t times);

/* Syncs of files wait until released, failed by a cut, or the hold ends. */
void sim_disk_hold_syncs(struct sim_disk *disk, bool hold);

/* The number of syncs waiting now. */
unsigned sim_disk_held(struct sim_disk *disk);

/* Space left for new bytes from now on; UINT64_MAX ends the limit. What unlink and ftruncate free comes on top. */
void sim_disk_set_free(struct sim_disk *disk, uint64_t bytes);

/* O_DIRECT is EINVAL while refused; else it is accepted and wants addresses, lengths and positions in multiples of
 * 512. */
void sim_disk_refuse_direct(struct sim_disk *disk, bool refuse);

/* Opening a file for writing is EROFS while read-only. */
void sim_disk_set_read_only(struct sim_disk *disk, bool read_only);

/* What changes the bytes of a file leaves its time as it was: what decays on a disk does so. */
void sim_disk_keep_times(struct sim_disk *disk, bool keep);

/* pread_nowait fails with EAGAIN while cold. */
void sim_disk_set_cold(struct sim_disk *disk, bool cold);

/* ---- what has happened ----------------------------------------------------------------------- */

/* Calls of a kind, or of all (SIM_ANY), since the disk was made. Calls in the dark are not counted. */
uint64_t sim_disk_calls(struct sim_disk *disk, enum sim_call call);

/* Open descriptors: 0 when nobody leaks. A power cut closes all. */
size_t sim_disk_open_files(struct sim_disk *disk);

/* Uses of a descriptor that was not open, not counting the time between a cut and the reboot. */
uint64_t sim_disk_bad_uses(struct sim_disk *disk);

/* Files and folders that exist, "/" included, and unlinked ones still open. */
size_t sim_disk_nodes(struct sim_disk *disk);

#endif
