/* join.h - an upload made of others, its parts (tus 1.0.0: concatenation).
 *
 * The bytes of the parts are copied behind one another into a file of its own, inside the kernel: a file system that
 * can share blocks does so where they fit, and all others copy. The parts go when its object is there, and not before:
 * whoever asked for it knows only them, and comes with them again if he hears nothing. So it is known by them: its id
 * is made from theirs and its key, and who comes again is told what became of it. Until it is done it holds the parts,
 * and is its maker's alone: nobody finds it in a list, it ends with the stream that commits it, and what a crash leaves
 * of it goes at the next start. Against the limit of the store counts only one of the two.
 *
 * Thread: any. Blocking.
 */
#ifndef CAIRN_JOIN_H
#define CAIRN_JOIN_H

#include "store/write/uploads.h"

/* What upload_join() says. */
struct failure join_begin(struct uploads *uploads, const struct upload_union *united, struct store_overrun *ret_overrun,
                          struct stream **ret_stream, struct upload_info *ret_info);

#endif
