/* command.h - what cairnd can be asked to do: each command is one function in a file of its own.
 *
 * A command gets the arguments after its name, ended by NULL, and returns the exit status. main.c has the table.
 */
#ifndef CAIRN_COMMAND_H
#define CAIRN_COMMAND_H

#include "service/config.h"

#include <stdbool.h>

enum { STATUS_OK = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

int command_serve(char *const *arguments);       /* serve.c */
int command_healthcheck(char *const *arguments); /* healthcheck.c */
int command_check(char *const *arguments);       /* check.c */
int command_options(char *const *arguments);     /* help.c */
int command_version(char *const *arguments);     /* help.c */

/* Whether the argument is --help or -h. */
bool command_is_help(const char *argument);

/* Reads the configuration for a command. False when the command is over already, because of --help, --version or
 * a mistake that stderr explains; *ret_status is then its exit status. Free the configuration in both cases. */
bool command_configure(char *const *arguments, struct config *ret_config, int *ret_status);

#endif
