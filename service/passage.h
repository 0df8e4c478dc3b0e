/* passage.h - a command that takes stores from one folder to another, and compares every byte with its digest then:
 * restore and transfer.
 */
#ifndef CAIRN_PASSAGE_H
#define CAIRN_PASSAGE_H

#include "service/copying.h"

struct passage {
    const char *command;
    const char *usage;    /* what its --help says */
    const char *question; /* where folders are missing */
    const char *no_urls;  /* where one of them is a URL */
    bool beside;          /* stores that are there stay */
};

/* Does what the arguments behind the command's name say, ended by NULL; the exit status. */
int passage_run(const struct passage *passage, char *const *arguments);

#endif
