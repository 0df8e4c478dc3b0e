/* backup.c - `cairnd backup --from DIR TO`: copies a data folder that a server may be writing to meanwhile. */
#include "service/check.h"
#include "service/command.h"
#include "service/copying.h"

#include <stdio.h>
#include <string.h>

const char backup_usage[] =
    "usage: cairnd backup --from DIR TO [--store NAME] [--link] [--check] [--json]\n"
    "\n"
    "Copies the data folder DIR, which a server may be writing to meanwhile, into the folder TO: each\n"
    "store as it was at one point of its log. What TO has already is not copied again. TO is a data\n"
    "folder itself, at every moment; a run that is cut short is taken up by the next one. The server is\n"
    "not asked: this reads its files.\n"
    "\n"
    "  --from DIR    the data folder\n"
    "  --store NAME  copy this store only, and leave the copies of others alone\n"
    "  --link        do not copy files that never change, but link them: takes no space, and what damages\n"
    "                one damages both\n"
    "  --check       behind it, compare every byte of TO with its digest, as cairnd check does\n"
    "  --json        report for scripts, one object; with --check that of cairnd check follows\n"
    "\n"
    "Status 0: everything is copied; 1: there are flaws, which were copied as they are; 2: not all could\n"
    "be copied, or checked.\n";

#define fail(...) command_fail("backup", __VA_ARGS__)

struct order {
    struct copying copying;
    bool check;
    bool help;
};

static bool read_value(const char **value, const char *name, char *const **arguments)
{
    if (*value)
        return fail("%s is given twice", name);
    *value = command_flag_value(arguments);
    return *value || fail("%s needs a value", name);
}

static bool read_flag(struct order *order, char *const **arguments)
{
    const char *argument = **arguments;
    bool *switches[] = {&order->copying.link, &order->check, &order->copying.json};
    static const char *const names[] = {"--link", "--check", "--json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(argument, names[i]) == 0) {
            *switches[i] = true;
            return true;
        }
    if (command_flag_is(argument, "--from"))
        return read_value(&order->copying.from, "--from", arguments);
    if (command_flag_is(argument, "--store"))
        return read_value(&order->copying.store, "--store", arguments);
    return fail("'%s' is no option; `cairnd backup --help` tells more", argument);
}

static bool read_arguments(struct order *order, char *const *arguments)
{
    for (; *arguments; arguments++) {
        if (command_is_help(*arguments)) {
            order->help = true;
            return true;
        }
        if ((*arguments)[0] == '-') {
            if (!read_flag(order, &arguments))
                return false;
        } else if (order->copying.to) {
            return fail("'%s' is one folder too many; `cairnd backup --help` tells more", *arguments);
        } else {
            order->copying.to = *arguments;
        }
    }
    if (!order->copying.from)
        return fail("--from says which data folder is copied; `cairnd backup --help` tells more");
    return order->copying.to || fail("which folder is the backup? `cairnd backup --help` tells more");
}

int command_backup(char *const *arguments)
{
    struct order order = {.copying.command = "backup"};
    if (!read_arguments(&order, arguments))
        return CHECK_UNKNOWN;
    if (order.help) {
        fputs(backup_usage, stdout);
        return fflush(stdout) == 0 ? CHECK_WHOLE : CHECK_UNKNOWN;
    }
    enum check_status status = copying_run(&order.copying);
    if (status == CHECK_UNKNOWN || !order.check)
        return (int)status;
    const struct check check = {.folder = order.copying.to, .store = order.copying.store, .json = order.copying.json};
    return (int)check_run(&check);
}
