/* mirror.h - a backup of a server that is asked over HTTP: `cairnd backup --from URL`.
 *
 * The stores are followed (follower.h) in a data folder of their own, TO/backup/server. When all of them are at a point
 * of their logs they are copied from there to TO, as any folder is, but linked: each store of TO changes in one step,
 * and nothing takes space twice.
 */
#ifndef CAIRN_MIRROR_H
#define CAIRN_MIRROR_H

#include "service/copying.h"

/* `copying` says from which URL, to where, and of which stores. `token` NULL: none is shown. */
enum check_status mirror_run(const struct copying *copying, const char *token);

#endif
