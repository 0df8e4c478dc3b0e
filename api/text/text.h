/* text.h - a string that was read, where it stands: whoever reads it may change it there. Thread: any. */
#ifndef CAIRN_API_TEXT_H
#define CAIRN_API_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* `bytes[length]` is a NUL, and there may be more of them before it. */
struct text {
    char *bytes; /* borrowed */
    size_t length;
};

/* Whether it is these characters and no more. */
bool text_is(const struct text *text, const char *characters);

/* Sentences may quote what strangers sent: a line feed must not begin a second line, and no terminal obey. Each byte of
 * a control character becomes a question mark. */
void text_hide_controls(char *sentence);

#endif
