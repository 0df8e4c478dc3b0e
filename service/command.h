/* command.h - what cairnd can be asked to do: one table, which drives main(), --help, the manual page and bash's
 * completion; and each command, a function in a file of its own.
 *
 * A command gets the arguments after its name, ended by NULL, and returns the exit status.
 */
#ifndef CAIRN_COMMAND_H
#define CAIRN_COMMAND_H

#include "service/config.h"

#include <stdbool.h>
#include <stddef.h>

enum { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

struct command {
    const char *name;
    const char *synopsis; /* as it is written behind "cairnd " */
    const char *meaning;
    int (*run)(char *const *arguments);
    enum {
        COMMAND_SHORT, /* a signal ends it */
        COMMAND_LONG,  /* it comes to its end when it is told to: interruption.h */
        COMMAND_SERVES /* the same, and it has its own ways: signals.h */
    } lasts;
};

extern const struct command command_table[];
extern const size_t command_count;

/* Runs the command of that name; an unknown one is told on stderr. */
int command_run(const char *name, char *const *arguments);

int command_serve(char *const *arguments);       /* serve.c */
int command_healthcheck(char *const *arguments); /* healthcheck.c */
int command_check(char *const *arguments);       /* check.c */
int command_backup(char *const *arguments);      /* backup.c */
int command_restore(char *const *arguments);     /* restore.c */
int command_transfer(char *const *arguments);    /* transfer.c */
int command_token(char *const *arguments);       /* token.c */
int command_link_key(char *const *arguments);    /* link_key.c */
int command_options(char *const *arguments);     /* help.c */
int command_version(char *const *arguments);     /* help.c */

/* What --help says of single commands, and what all of cairnd says of itself before it comes to its options. */
extern const char check_usage[];    /* check.c */
extern const char backup_usage[];   /* backup.c */
extern const char restore_usage[];  /* restore.c */
extern const char transfer_usage[]; /* transfer.c */
extern const char token_usage[];    /* token.c */
extern const char link_key_usage[]; /* link_key.c */
extern const char help_summary[];   /* help.c */
extern const char help_sources[];   /* help.c */

/* Tells on stderr what is wrong, behind the name of the command. Always false. */
bool command_fail(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whether the argument is --help or -h. */
bool command_is_help(const char *argument);

/* Whether the argument is the flag of that name: --name, or --name=VALUE. */
bool command_flag_is(const char *argument, const char *name);

/* The value of the flag at *arguments, --name VALUE or --name=VALUE, or NULL; moves on to the last argument that it
 * took. */
const char *command_flag_value(char *const **arguments);

/* Reads the configuration for a command. False when the command is over already, because of --help, --version or
 * a mistake that stderr explains; *ret_status is then its exit status. Free the configuration in both cases. */
bool command_configure(char *const *arguments, struct config *ret_config, int *ret_status);

#endif
