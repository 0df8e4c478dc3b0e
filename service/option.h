/* option.h - everything that can be set, in one table: it drives flags, variables, the file, --help and the docs.
 *
 * An option called "idle-timeout" is the flag --idle-timeout, the variable CAIRN_IDLE_TIMEOUT and the key
 * "idle_timeout" of the configuration file. Its value is text everywhere.
 */
#ifndef CAIRN_OPTION_H
#define CAIRN_OPTION_H

#include "service/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_kind {
    OPTION_PATH,      /* a string that is not empty */
    OPTION_ADDRESSES, /* a list of listen addresses */
    OPTION_NAMES,     /* a list of store names */
    OPTION_NETWORKS,  /* a list of networks */
    OPTION_ORIGINS,   /* a list of origins of pages */
    OPTION_HOSTS,     /* a list of names of hosts, without ports */
    OPTION_BASE_PATH, /* a path of URLs */
    OPTION_URL,       /* one of http or https, without a path */
    OPTION_COUNT,
    OPTION_SIZE,    /* bytes, with a suffix */
    OPTION_SECONDS, /* with a suffix */
    OPTION_CHOICE,  /* the position of a word among `choices` */
    OPTION_SWITCH,  /* the same, of false and true: the flag alone is true */
};

struct option {
    const char *name;
    enum option_kind kind;
    const char *meaning;
    size_t offset, width; /* where in struct config, and how many bytes a number has there */
    uint64_t least, most; /* of a number */
    const char *const *choices;
};

/* Binary units, for every size in the table. */
#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)

enum { OPTION_COUNT_MAX = 64, OPTION_NAME_MAX = 40, OPTION_VALUE_MAX = 512, OPTION_ALLOWED_MAX = 256 };

extern const struct option option_table[];
extern const size_t option_count;

/* The option of that name, `length` bytes of it, or NULL. */
const struct option *option_find(const char *name, size_t length);

/* The option whose name is most like `name`, which may be a flag's, a variable's without CAIRN_, or a key; NULL when
 * none is. */
const struct option *option_nearest(const char *name, size_t length);

/* The variable and the file's key of an option. */
void option_variable(const struct option *option, char variable[OPTION_NAME_MAX]);
void option_key(const struct option *option, char key[OPTION_NAME_MAX]);

/* True when several values add up instead of replacing each other. */
bool option_is_list(const struct option *option);

/* The built-in values. False when memory is out. */
bool option_defaults(struct config *ret_config);

/* Empties a list, before values of a stronger source come in, or a path. Other options stay as they are. */
void option_clear(const struct option *option, struct config *config);

/* Reads one value into the configuration; false when it is not allowed. A list takes several, separated by
 * commas, and adds them. */
bool option_set(const struct option *option, struct config *config, const char *value);

/* Which part of a value that is not allowed is at fault; NULL: there is no more to say than what is allowed. */
const char *option_fault(const struct option *option, const char *value);

/* What may stand behind the digits of a number, smallest first, up to one without a suffix. */
struct unit {
    const char *suffix;
    uint64_t factor;
};
extern const struct unit option_sizes[], option_times[];

/* Bytes, with a suffix or not, as a size is written everywhere; false when it is none. */
bool option_read_size(const char *text, uint64_t *ret_bytes);

/* The same for a time: seconds. */
bool option_read_seconds(const char *text, uint64_t *ret_seconds);

/* The value of a number, size, time or choice. */
uint64_t option_number(const struct option *option, const struct config *config);

/* What option_set() allows, for messages: "a number from 1 to 64". */
void option_allowed(const struct option *option, char allowed[OPTION_ALLOWED_MAX]);

/* The value an option has, as a user would write it. */
void option_format(const struct option *option, const struct config *config, char value[OPTION_VALUE_MAX]);

/* The table for people: as the end of --help, as Markdown for `cairnd options`, as the manual page that the commands
 * are in too; and for bash, which completes them. */
void option_print_help(FILE *file, const struct config *defaults);     /* option_help.c */
void option_print_markdown(FILE *file, const struct config *defaults); /* option_help.c */
void option_print_man(FILE *file, const struct config *defaults);      /* option_man.c */
void option_print_bash(FILE *file, const struct config *defaults);     /* option_bash.c */

#endif
