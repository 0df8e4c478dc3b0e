/* command.c - the table of commands, and finding one by its name. See command.h. */
#include "service/command.h"

#include "service/nearest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int command_help(char *const *arguments);

const struct command command_table[] = {
    {"serve", "[serve] [OPTION]...", "serve the stores of a data folder", command_serve},
    {"healthcheck", "healthcheck [OPTION]...", "ask the server so configured for /healthz; status 0 or 1",
     command_healthcheck},
    {"check", "check DIR ...", "compare a data folder with its digests: cairnd check --help", command_check},
    {"backup", "backup --from DIR|URL TO", "copy what is in use: cairnd backup --help", command_backup},
    {"restore", "restore FROM DIR ...", "make a data folder of a backup: cairnd restore --help", command_restore},
    {"transfer", "transfer FROM TO ...", "copy stores to a pool, or from one: cairnd transfer --help",
     command_transfer},
    {"token", "token add|list|remove ...", "edit who may do what: cairnd token --help", command_token},
    {"link-key", "link-key add|list|remove ...", "edit what signs links: cairnd link-key --help", command_link_key},
    {"options", "options [--man | --bash]", "print the options: Markdown, manual page, completion", command_options},
    {"help", "help [COMMAND]", "tell how cairnd is used, or one command of it", command_help},
    {"version", "version", "print the version", command_version},
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

int command_run(const char *name, char *const *arguments)
{
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(command_table[i].name, name) == 0)
            return command_table[i].run(arguments);
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
