/* backup.c - `cairnd backup --from DIR|URL TO`: copies a data folder that a server may be writing to meanwhile, or what
 * a server has. */
#include "service/check.h"
#include "service/command.h"
#include "service/copying.h"
#include "service/mirror.h"
#include "service/small_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char backup_usage[] =
    "usage: cairnd backup --from DIR|URL TO [--store NAME | --prune] [--link] [--replace]\n"
    "                     [--check] [--json] [--token-file FILE] [--ca-file FILE]\n"
    "\n"
    "Copies the data folder DIR, which a server may be writing to meanwhile, into the folder TO: each\n"
    "store as it was at one point of its log. What TO has already is not copied again. TO is a data\n"
    "folder itself, at every moment; a run that is cut short is taken up by the next one. Of DIR the\n"
    "files are read, and no server is asked; one elsewhere is by its URL, such as\n"
    "https://files.example.com. DIR and TO may be rados:POOL or rados:POOL/NAMESPACE, a pool of a Ceph\n"
    "cluster: a store of it that a server has is left out.\n"
    "\n"
    "  --from DIR          the data folder, or the URL of a server\n"
    "  --store NAME        copy this store only, and leave the copies of others alone\n"
    "  --prune             remove the copies of stores that are not there any more\n"
    "  --replace           take DIR as it is, also where it is another one than TO is the backup of, or\n"
    "                      a store is damaged, or has not all that TO has of it: else the copies stay\n"
    "  --link              do not copy files that never change, but link them: takes no space, and what\n"
    "                      damages one damages both\n"
    "  --check             behind it, compare every byte of TO with its digest, as cairnd check does, and\n"
    "                      copy anew what is damaged there\n"
    "  --json              report for scripts, one object; with --check that of cairnd check follows\n" VENUE_USAGE
    "  --token-file FILE   the token that the server is shown (CAIRN_TOKEN): it needs read and list\n"
    "  --ca-file FILE      the certificates, in PEM, that count: that of the server is signed by one of\n"
    "                      them, or is one; else those that this machine trusts\n"
    "\n"
    "Status 0: everything is copied; 1: DIR is damaged, and the copies of what is stay as they were;\n"
    "2: not all could be copied, or checked.\n";

#define fail(...) command_fail("backup", __VA_ARGS__)

struct order {
    struct copying copying;
    const char *token_file;
    bool check;
    bool help;
};

enum { TOKEN_MAX = 4096 };

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
    bool *switches[] = {&order->copying.prune, &order->copying.link, &order->copying.replace, &order->check,
                        &order->copying.json};
    static const char *const names[] = {"--prune", "--link", "--replace", "--check", "--json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(argument, names[i]) == 0) {
            *switches[i] = true;
            return true;
        }
    enum venue_flag flag = venue_read_flag(&order->copying.venue, arguments);
    if (flag != VENUE_OTHER)
        return flag == VENUE_READ;
    if (command_flag_is(argument, "--from"))
        return read_value(&order->copying.from, "--from", arguments);
    if (command_flag_is(argument, "--store"))
        return read_value(&order->copying.store, "--store", arguments);
    if (command_flag_is(argument, "--token-file"))
        return read_value(&order->token_file, "--token-file", arguments);
    if (command_flag_is(argument, "--ca-file"))
        return read_value(&order->copying.ca_file, "--ca-file", arguments);
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
    if (order->copying.prune && order->copying.store)
        return fail("--prune is about all stores, and --store about one");
    if (!order->copying.from)
        return fail("--from says which data folder is copied; `cairnd backup --help` tells more");
    if (!order->copying.to)
        return fail("which folder is the backup? `cairnd backup --help` tells more");
    if (copying_is_url(order->copying.to))
        return fail("%s is a URL: a backup is made in a folder of this machine", order->copying.to);
    if (order->copying.ca_file && strncasecmp(order->copying.from, "https://", 8) != 0)
        return fail("--ca-file is about a server that is asked by https, and %s is none", order->copying.from);
    return !order->copying.link || !copying_is_url(order->copying.from) ||
           fail("--link is about files of this machine, and %s is a server's", order->copying.from);
}

/* ---- from where ------------------------------------------------------------------------------ */

/* The token is the first line; NULL without one. *ret_token: free it. */
static bool read_token(const char *path, char **ret_token)
{
    size_t length;
    const char *variable = getenv("CAIRN_TOKEN");
    *ret_token = path ? small_file_read(path, TOKEN_MAX, &length) : variable ? strdup(variable) : NULL;
    if (path && !*ret_token)
        return fail("%s cannot be read: %s", path, strerror(errno));
    if (*ret_token)
        (*ret_token)[strcspn(*ret_token, "\r\n")] = '\0';
    return true;
}

static enum check_status copy(struct order *order)
{
    char *token;
    const char *from = order->copying.from;
    if (!copying_is_url(from))
        return copying_run(&order->copying, NULL);
    if (strncasecmp(from, "http://", 7) != 0 && strncasecmp(from, "https://", 8) != 0) {
        fail("%s: a server's URL begins with http:// or https://", from);
        return CHECK_UNKNOWN;
    }
    if (!read_token(order->token_file, &token))
        return CHECK_UNKNOWN;
    enum check_status status = mirror_run(&order->copying, token);
    free(token);
    return status;
}

/* ---- damage of the backup --------------------------------------------------------------------- */

static enum check_status check(const struct order *order)
{
    const struct check check = {.folder = order->copying.to,
                                .copied = true,
                                .store = order->copying.store,
                                .json = order->copying.json,
                                .venue = order->copying.venue};
    return check_run(&check);
}

/* What was followed of a server is linked to the backup, and damaged like it. */
static void tell_remedy(const struct order *order)
{
    if (copying_is_url(order->copying.from))
        fail("it is the backup that is damaged, and not the server: remove %s/backup/server, and run this once more "
             "with --replace",
             order->copying.to);
    else
        fail("it is the backup that is damaged, and what was damaged could not be copied anew: remove %s/stores/NAME "
             "of each store with flaws, and run this once more",
             order->copying.to);
}

/* Copies anew what is damaged in the backup, and not in its source. */
static enum check_status mend(struct order *order)
{
    order->copying.compare = true;
    fail("the backup is damaged: what its source has otherwise is copied anew");
    enum check_status status = copying_run(&order->copying, NULL);
    enum check_status checked = status == CHECK_UNKNOWN ? CHECK_UNKNOWN : check(order);
    if (status == CHECK_WHOLE && checked == CHECK_FLAWS)
        tell_remedy(order);
    return checked == CHECK_WHOLE ? status : checked;
}

/* `status` is that of the copying: where the source is damaged, the backup may be as damaged as it. */
static enum check_status check_copy(struct order *order, enum check_status status)
{
    enum check_status checked = check(order);
    if (checked != CHECK_FLAWS || status != CHECK_WHOLE)
        return checked == CHECK_WHOLE ? status : checked;
    if (!copying_is_url(order->copying.from))
        return mend(order);
    tell_remedy(order);
    return checked;
}

int command_backup(char *const *arguments)
{
    struct order order = {.copying = {.command = "backup", .venue.command = "backup"}};
    if (!read_arguments(&order, arguments))
        return CHECK_UNKNOWN;
    if (order.help) {
        fputs(backup_usage, stdout);
        return fflush(stdout) == 0 ? CHECK_WHOLE : CHECK_UNKNOWN;
    }
    enum check_status status = copy(&order);
    return (int)(status == CHECK_UNKNOWN || !order.check ? status : check_copy(&order, status));
}
