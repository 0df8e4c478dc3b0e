/* help.c - what cairnd says about itself: --help, --version, and `cairnd options`. */
#include "service/command.h"
#include "service/option.h"

#include <stdio.h>

static const char usage[] =
    "cairnd - an HTTP object store: what it has acknowledged is on disk\n"
    "\n"
    "usage: cairnd [serve] [OPTION]...     serve the stores of a data folder\n"
    "       cairnd healthcheck [OPTION]... ask the server of that configuration for /healthz; status 0 or 1\n"
    "       cairnd check DIR ...           compare a data folder with its digests: cairnd check --help\n"
    "       cairnd options                 print the table of options as Markdown\n"
    "\n"
    "Each option is a flag (--idle-timeout 30s), a variable (CAIRN_IDLE_TIMEOUT=30s) and a key of the\n"
    "configuration file (\"idle_timeout\": \"30s\"). Flags win over variables, variables over the file.\n"
    "\n"
    "  --config             configuration file, one JSON object (CAIRN_CONFIG)\n"
    "  --help, --version\n";

static int print_help(void)
{
    struct config defaults;
    bool good = option_defaults(&defaults);
    fputs(usage, stdout);
    if (good)
        option_print_help(stdout, &defaults);
    config_free(&defaults);
    return good && fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
}

int command_options(char *const *arguments)
{
    struct config defaults;
    if (arguments[0]) {
        fprintf(stderr, "cairnd: options takes no arguments, but '%s' is given\n", arguments[0]);
        return STATUS_USAGE;
    }
    bool good = option_defaults(&defaults);
    if (good)
        option_print_markdown(stdout, &defaults);
    config_free(&defaults);
    return good && fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
}

bool command_configure(char *const *arguments, struct config *ret_config, int *ret_status)
{
    switch (config_load(arguments, ret_config)) {
    case CONFIG_OK:
        return true;
    case CONFIG_HELP:
        *ret_status = print_help();
        return false;
    case CONFIG_VERSION:
        printf("cairnd %s\n", CAIRN_VERSION);
        *ret_status = STATUS_OK;
        return false;
    case CONFIG_INVALID:
        *ret_status = STATUS_USAGE;
        return false;
    case CONFIG_NO_MEMORY:
        break;
    }
    fprintf(stderr, "cairnd: out of memory\n");
    *ret_status = STATUS_FAILED;
    return false;
}
