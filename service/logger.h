/* logger.h - one line on stderr per event: for people ("2026-11-06T08:49:37.123Z cairnd: warning: ...") or for machines
 * (JSON). Lines that go to the journal do without the time, since it has one for each.
 *
 * A line is not waited for: where whoever reads the log has stopped, lines are lost, and told of by their number when
 * he goes on.
 *
 * A process has one log; it is set up before the first thread and never changes afterwards.
 */
#ifndef CAIRN_LOGGER_H
#define CAIRN_LOGGER_H

#include <stdbool.h>

/* LOG_AUDIT: who made, changed or destroyed something. No level leaves it out. */
enum log_level { LOG_INFO, LOG_WARNING, LOG_ERROR, LOG_AUDIT };
enum log_format { LOG_TEXT, LOG_JSON };

/* Lines below `level` are left out. Thread: before the others start. */
void logger_open(enum log_level level, enum log_format format);

/* Writes one line, in a single write(2) so that lines never mix. Waits for a tenth of a second at most. Thread: any. */
void logger_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
