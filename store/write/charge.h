/* charge.h - the memory that an upload has taken of what is admitted.
 *
 * It is taken as bytes arrive: an upload that is only announced costs none. Who gets no more before the first buffer is
 * full is STORE_BUSY and gives all back; to let it wait could let all wait for ever, each with half of an object in
 * memory. From then on an upload gets along with that one buffer: it fills it, waits until it is written, and fills it
 * again, so it is never refused in the middle. Further buffers make it faster, where there is memory; when that runs
 * short no more are taken, and they are given back once written.
 *
 * Thread: the one that sends; once the payload goes to a file, the lock of the stream held.
 */
#ifndef CAIRN_CHARGE_H
#define CAIRN_CHARGE_H

#include "store/write/stream.h"

/* Takes up memory until the charge is so large; false: others have it. */
bool charge_to(struct stream *stream, uint64_t bytes);

/* Lets `more` bytes of the buffer to fill be touched; false: others have the memory. Lock held. */
bool charge_ring(struct stream *stream, size_t more);

/* Lets others have what is left of the charge beyond one buffer. Lock held. */
void charge_give_back(struct stream *stream);

#endif
