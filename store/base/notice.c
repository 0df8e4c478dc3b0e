/* notice.c - telling the operator. */
#include "store/base/notice.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SENTENCE_MAX = 1024 };

void notice_tell(const struct notice *notice, enum store_log_level level, const char *format, ...)
{
    char sentence[SENTENCE_MAX] = "";
    if (!notice->tell)
        return;
    if (notice->store)
        (void)snprintf(sentence, sizeof sentence, "store %s: ", notice->store);
    size_t begun = strlen(sentence);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sentence + begun, sizeof sentence - begun, format, arguments);
    va_end(arguments);
    notice->tell(notice->arg, level, sentence);
}
