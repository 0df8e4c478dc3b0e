/* restore.c - `cairnd restore FROM DIR`: makes a data folder of a backup, and compares every byte of it. */
#include "service/command.h"
#include "service/passage.h"

const char restore_usage[] =
    "usage: cairnd restore FROM DIR [--store NAME] [--ceph-conf FILE] [--ceph-user NAME] [--json]\n"
    "       cairnd restore --give-up DIR\n"
    "\n"
    "Copies the backup FROM into the folder DIR, which must be missing or empty, and compares every byte\n"
    "with its digest then, as cairnd check does. DIR can be served when this has ended with status 0. An\n"
    "access.json that is in DIR already stays; else that of the backup is taken. DIR may be rados:POOL or\n"
    "rados:POOL/NAMESPACE, a pool of a Ceph cluster.\n"
    "\n"
    "  --store NAME        restore this store only\n" VENUE_USAGE
    "  --give-up           end what was begun in DIR without what has not come: the stores that are there\n"
    "                      stay, whole\n"
    "  --json              report for scripts: an object for the copy, then that of cairnd check\n"
    "\n"
    "Status 0: everything is restored and whole; 1: there are flaws; 2: not all could be restored, or\n"
    "checked. Until all is there DIR is neither served nor copied: a run that is cut short, or one in\n"
    "which a store could not be copied, is taken up by the same command.\n";

int command_restore(char *const *arguments)
{
    static const struct passage passage = {
        .command = "restore",
        .usage = restore_usage,
        .question = "from which backup, into which folder?",
        .no_urls = "what is restored, and where to, are folders of this machine, and no URLs",
    };
    return passage_run(&passage, arguments);
}
