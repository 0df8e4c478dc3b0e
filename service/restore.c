/* restore.c - `cairnd restore FROM DIR`: makes a data folder of a backup, and compares every byte of it. */
#include "service/command.h"
#include "service/passage.h"

const char restore_usage[] =
    "usage: cairnd restore FROM DIR [--store NAME] [--ceph-conf FILE] [--ceph-user NAME] [--json]\n"
    "\n"
    "Copies the backup FROM into the folder DIR, which must be missing or empty, and compares every byte\n"
    "with its digest then, as cairnd check does. DIR can be served when this has ended with status 0. An\n"
    "access.json that is in DIR already stays; else that of the backup is taken. DIR may be rados:POOL or\n"
    "rados:POOL/NAMESPACE, a pool of a Ceph cluster.\n"
    "\n"
    "  --store NAME        restore this store only\n" VENUE_USAGE
    "  --json              report for scripts: an object for the copy, then that of cairnd check\n"
    "\n"
    "Status 0: everything is restored and whole; 1: there are flaws; 2: not all could be restored, or\n"
    "checked. A run that is cut short is taken up by the same command.\n";

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
