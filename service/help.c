/* help.c - what cairnd says about itself: --help, --version, and `cairnd options`. */
#include "service/command.h"
#include "service/option.h"
#include "service/version.h"

#include <stdio.h>
#include <string.h>

const char help_summary[] = "an HTTP object store: what it has acknowledged is on disk";

const char help_sources[] =
    "Each option is a flag (--idle-timeout 30s), a variable (CAIRN_IDLE_TIMEOUT=30s) and a key of the\n"
    "configuration file (\"idle_timeout\": \"30s\"). Flags win over variables, variables over the file.\n";

static void print_usage(void)
{
    printf("cairnd - %s\n\n", help_summary);
    for (size_t i = 0; i < command_count; i++)
        printf("%s cairnd %-24s %s\n", i ? "      " : "usage:", command_table[i].synopsis, command_table[i].meaning);
    printf("\n%s\n", help_sources);
    puts("  --config                   configuration file, one JSON object (CAIRN_CONFIG)\n"
         "  --help, --version          also -h and -V");
}

/* Prints the table of options with their defaults. */
static int print_options(void (*print)(FILE *file, const struct config *defaults))
{
    struct config defaults;
    bool good = option_defaults(&defaults);
    if (good)
        print(stdout, &defaults);
    config_free(&defaults);
    return good && fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
}

static int print_help(void)
{
    print_usage();
    return print_options(option_print_help);
}

static int print_version(void)
{
    printf("cairnd %s\n", CAIRN_VERSION);
    return fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILED;
}

bool command_is_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

/* Of a command whose arguments are all taken: true when it has to do its work, else *ret_status is its exit status. */
static bool is_wanted(const char *command, char *const *arguments, int *ret_status)
{
    if (!arguments[0])
        return true;
    if (command_is_help(arguments[0])) {
        *ret_status = print_help();
    } else {
        fprintf(stderr, "cairnd: %s does not take '%s'; `cairnd --help` tells more\n", command, arguments[0]);
        *ret_status = STATUS_USAGE;
    }
    return false;
}

int command_options(char *const *arguments)
{
    int status;
    if (arguments[0] && strcmp(arguments[0], "--man") == 0 && !arguments[1])
        return print_options(option_print_man);
    if (arguments[0] && strcmp(arguments[0], "--bash") == 0 && !arguments[1])
        return print_options(option_print_bash);
    return is_wanted("options", arguments, &status) ? print_options(option_print_markdown) : status;
}

int command_version(char *const *arguments)
{
    int status;
    return is_wanted("version", arguments, &status) ? print_version() : status;
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
        *ret_status = print_version();
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
