/* command.c - the table of commands, and finding one by its name. See command.h. */
#include "service/command.h"

#include "service/interruption.h"
#include "service/nearest.h"
#include "service/signals.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int command_help(char *const *arguments);

const struct command command_table[] = {
    {"serve", "[serve] [OPTION]...", "serve the stores of a data folder", command_serve, COMMAND_SERVES},
    {"healthcheck", "healthcheck [OPTION]...", "ask the server so configured for /healthz; status 0 or 1",
     command_healthcheck, COMMAND_SHORT},
    {"check", "check DIR ...", "compare a data folder with its digests: cairnd check --help", command_check,
     COMMAND_LONG},
    {"backup", "backup --from DIR|URL TO", "copy what is in use: cairnd backup --help", command_backup, COMMAND_LONG},
    {"restore", "restore FROM DIR ...", "make a data folder of a backup: cairnd restore --help", command_restore,
     COMMAND_LONG},
    {"transfer", "transfer FROM TO ...", "copy stores to a pool, or from one: cairnd transfer --help", command_transfer,
     COMMAND_LONG},
    {"token", "token add|list|remove ...", "edit who may do what: cairnd token --help", command_token, COMMAND_SHORT},
    {"link-key", "link-key add|list|remove ...", "edit what signs links: cairnd link-key --help", command_link_key,
     COMMAND_SHORT},
    {"options", "options [--man | --bash]", "print the options: Markdown, manual page, completion", command_options,
     COMMAND_SHORT},
    {"help", "help [COMMAND]", "tell how cairnd is used, or one command of it", command_help, COMMAND_SHORT},
    {"version", "version", "print the version", command_version, COMMAND_SHORT},
};
const size_t command_count = sizeof command_table / sizeof command_table[0];

bool command_fail(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "cairnd: %s: ", command);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return false;
}

bool command_flag_is(const char *argument, const char *name)
{
    size_t length = strlen(name);
    return strncmp(argument, name, length) == 0 && (argument[length] == '\0' || argument[length] == '=');
}

const char *command_flag_value(char *const **arguments)
{
    const char *equals = strchr(**arguments, '=');
    if (equals)
        return equals + 1;
    return (*arguments)[1] ? *++*arguments : NULL;
}

static int refuse(const char *name)
{
    struct nearest nearest = {.word = name, .length = strlen(name)};
    for (size_t i = 0; i < command_count; i++)
        nearest_try(&nearest, command_table[i].name);
    fprintf(stderr, "cairnd: unknown command '%s'", name);
    if (nearest.best)
        fprintf(stderr, ": is '%s' meant?", nearest.best);
    fputs("; `cairnd --help` lists the commands\n", stderr);
    return STATUS_USAGE;
}

/* What comes before anything else: a signal that arrives meanwhile is not to end it halfway. */
static int run(const struct command *command, char *const *arguments)
{
    if (command->lasts != COMMAND_SHORT)
        signals_hold();
    if (command->lasts == COMMAND_LONG)
        interruption_await(command->name);
    return command->run(arguments);
}

int command_run(const char *name, char *const *arguments)
{
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(command_table[i].name, name) == 0)
            return run(&command_table[i], arguments);
    return refuse(name);
}

/* `cairnd help check` is `cairnd check --help`; `cairnd help` is that of serving. */
static int command_help(char *const *arguments)
{
    static char flag[] = "--help";
    char *const asked[] = {flag, NULL};
    bool itself = !arguments[0] || arguments[0][0] == '-' || strcmp(arguments[0], "help") == 0;
    return command_run(itself ? "serve" : arguments[0], asked);
}
