/* logger.h - one line on stderr per event: for people ("cairnd: warning: ...") or for machines (JSON).
 *
 * A process has one log; it is set up before the first thread and never changes afterwards.
 */
#ifndef CAIRN_LOGGER_H
#define CAIRN_LOGGER_H

#include <stdbool.h>

enum log_level { LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

/* Lines below `level` are left out. Thread: before the others start. */
void logger_open(enum log_level level, enum log_format format);

/* Writes one line, in a single write(2) so that lines never mix. Thread: any. */
void logger_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
