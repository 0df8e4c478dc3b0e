/* main.c - cairnd: finds the command and runs it. Without one, it serves. */
#include "service/command.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(char *const *arguments);
} commands[] = {
    {"serve", command_serve},
    {"healthcheck", command_healthcheck},
    {"check", command_check},
    {"options", command_options},
};

int main(int argc, char **argv)
{
    if (argc < 2 || argv[1][0] == '-')
        return command_serve(argc ? argv + 1 : argv);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, argv[1]) == 0)
            return commands[i].run(argv + 2);
    fprintf(stderr, "cairnd: unknown command '%s'; `cairnd --help` lists the commands\n", argv[1]);
    return STATUS_USAGE;
}
