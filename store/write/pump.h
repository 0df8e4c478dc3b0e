/* pump.h - what brings the bytes of a stream from its buffers to its file, and ends it: one job at a time per stream,
 * on an I/O thread.
 *
 * It takes all full buffers that lie one behind the other, and after a few writes others have their turn. Where a write
 * is a message it waits for all buffers to be full, unless memory is short. An aborted stream is taken apart by it if
 * it has one, because unlinking waits for the disk too.
 *
 * Thread: the lock of the stream held.
 */
#ifndef CAIRN_PUMP_H
#define CAIRN_PUMP_H

#include "store/write/stream.h"

/* Has it run, unless it is to anyhow. */
void pump_request(struct stream *stream);

/* The same if what is full should be written now. */
void pump_go_on(struct stream *stream);

/* Hands it the buffer to fill. The first one needs a place among the uploads that hold a blob file. */
void pump_push(struct stream *stream);

/* What was begun is written, and then what somebody has wished for is done. */
void pump_flush(struct stream *stream);

/* Calls the one who waits for an empty buffer, if there is one. The lock is let go meanwhile. */
void pump_wake(struct stream *stream);

#endif
