/* transfer.c - `cairnd transfer FROM TO`: copies stores from a folder to a pool, or the other way round. */
#include "service/command.h"
#include "service/passage.h"

const char transfer_usage[] =
    "usage: cairnd transfer FROM TO [--store NAME] [--ceph-conf FILE] [--ceph-user NAME] [--json]\n"
    "       cairnd transfer --give-up TO\n"
    "\n"
    "Copies the stores of the data folder FROM into the data folder TO, and compares every byte of TO\n"
    "with its digest then. Either may be a folder of this machine, and one of them rados:POOL or\n"
    "rados:POOL/NAMESPACE, a pool of a Ceph cluster. No server may have the folder open; of a pool a\n"
    "store is left out that a server has. FROM stays as it is. TO is made where it is missing; stores\n"
    "that it has stay, and one of the same name is left untouched.\n"
    "\n"
    "  --store NAME        this store only\n" VENUE_USAGE
    "  --give-up           end what was begun in TO without what has not come: the stores that are there\n"
    "                      stay, whole\n"
    "  --json              report for scripts: an object for the copy, then that of cairnd check\n"
    "\n"
    "How far it is stands on stderr: on a terminal as a line with share, rate and time left, elsewhere as\n"
    "a line every ten seconds. A run that is cut short, or in which a store could not be copied, is\n"
    "taken up by the same command; until then no server opens TO.\n"
    "\n"
    "Status 0: everything is copied and whole; 1: there are flaws; 2: not all could be copied, or\n"
    "checked.\n";

int command_transfer(char *const *arguments)
{
    static const struct passage passage = {
        .command = "transfer",
        .usage = transfer_usage,
        .question = "from where, to where?",
        .no_urls = "stores are transferred between folders and pools, and not from or to URLs",
        .beside = true,
    };
    return passage_run(&passage, arguments);
}
