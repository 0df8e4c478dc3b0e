/* husk.h - what compaction leaves of a segment: a file of nothing but a header.
 *
 * It keeps saying where the segment in front of it ends, and where its own records ended. Directly behind another one
 * it is of no use: the one in front comes to stand for it, too, and then it goes. That is done as it comes up, by the
 * compaction (compact.h), and what was left of it by a crash at the next start (lineup.h). So there is at most
 * one more of them than of segments with records, but for parts of the log that are missing between two.
 *
 * The order on disk: first the one in front says how far it reaches now, then the other one is unlinked. Whoever finds
 * both finds the second in the middle of the first.
 */
#ifndef CAIRN_HUSK_H
#define CAIRN_HUSK_H

#include "store/log/log.h"

/* Whether it is the name of a husk in the making, of no use after a restart. */
bool husk_is_draft(const char *name);

/* The header of the husk that will stand for a sealed segment, or of the one that a husk has. */
struct segment_header husk_header(const struct segment *segment);

/* Writes a husk to its name, in place of the segment or the husk that was there, durably; an errno. Those who have the
 * old file open keep it. Blocking. Thread: any, but one at a time. */
int husk_write(struct log *log, const struct segment_header *header, int *ret_file);

/* Whether the first of two neighbours can come to stand for both: they are husks, and nothing is missing between. */
bool husk_reaches(const struct segment *front, const struct segment *behind);

/* Unlinks the file of one that another one stands for. */
void husk_unlink(const struct log *log, uint64_t number);

#endif
