/* main.c - cairnd: finds the command and runs it. Without one, it serves. */
#include "service/command.h"
#include "service/nearest.h"

#include <stdio.h>
#include <string.h>

struct command {
    const char *name;
    int (*run)(char *const *arguments);
};

static int command_help(char *const *arguments);

static const struct command commands[] = {
    {"serve", command_serve},     {"healthcheck", command_healthcheck}, {"check", command_check},
    {"options", command_options}, {"version", command_version},         {"help", command_help},
};
enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static int refuse(const char *name)
{
    struct nearest nearest = {.word = name, .length = strlen(name)};
    for (size_t i = 0; i < COMMANDS; i++)
        nearest_try(&nearest, commands[i].name);
    fprintf(stderr, "cairnd: unknown command '%s'", name);
    if (nearest.best)
        fprintf(stderr, ": is '%s' meant?", nearest.best);
    fputs("; `cairnd --help` lists the commands\n", stderr);
    return STATUS_USAGE;
}

static int run(const char *name, char *const *arguments)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run(arguments);
    return refuse(name);
}

/* `cairnd help check` is `cairnd check --help`; `cairnd help` is that of serving. */
static int command_help(char *const *arguments)
{
    static char flag[] = "--help";
    char *const asked[] = {flag, NULL};
    bool itself = !arguments[0] || arguments[0][0] == '-' || strcmp(arguments[0], "help") == 0;
    return run(itself ? "serve" : arguments[0], asked);
}

int main(int argc, char **argv)
{
    if (argc < 2 || argv[1][0] == '-')
        return command_serve(argc ? argv + 1 : argv);
    return run(argv[1], argv + 2);
}
