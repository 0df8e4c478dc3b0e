"""python -m contract ROOT BINARY ADDRESS

ROOT is the repository, BINARY the server for the scenarios that start their own, ADDRESS a running server's.
"""

import sys
from pathlib import Path

from . import access, distress, scenarios, server_pages, sources, uploads
from .checker import Checker, Ledger
from .specification import Specification
from .unprovoked import excuse

ON_A_HEALTHY_SERVER = (
    scenarios.stores,
    scenarios.limits,
    scenarios.verification,
    scenarios.compaction,
    scenarios.handover,
    scenarios.objects_by_key,
    scenarios.objects_by_hash,
    scenarios.keys,
    scenarios.collisions,
    scenarios.listing,
    scenarios.feed,
    scenarios.expiry,
    scenarios.batches,
    scenarios.archives,
    uploads.round_trip,
    uploads.refusals,
    uploads.parts,
    uploads.two_clients,
    scenarios.moves_and_copies,
    server_pages.pages,
    server_pages.console,
    server_pages.live,
    server_pages.refusals_from_any_path,
    server_pages.methods,
)
ON_SERVERS_OF_THEIR_OWN = (
    access.asks_for_tokens,
    server_pages.without_console,
    distress.at_limits,
    distress.on_a_full_disk,
    distress.disk_that_refuses,
    distress.store_that_does_not_open,
    distress.damaged,
)


def run(title, ledger, scenario, *arguments):
    """A scenario that breaks off is a failure, and the others still run."""
    try:
        scenario(*arguments)
    except Exception as error:  # whatever it is: it must be counted, not end the run
        ledger.note(title, [f"broke off: {error!r}"])


def account(ledger, specification):
    """Every documented status was seen, or is listed with the reason why it cannot be."""
    for name, status in sorted(specification.documented()):
        seen, excused = (name, status) in ledger.seen, excuse(name, status)
        if not seen and not excused:
            ledger.note(f"{name} {status}", ["documented and never seen"])
        elif seen and excused:
            ledger.note(f"{name} {status}", ["seen, yet listed in unprovoked.py"])
        else:
            ledger.note(f"{name} {status}", [])


def main():
    root, binary, address = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    specification = Specification(root / "openapi.yaml")
    ledger = Ledger()
    checker = Checker(specification, address, ledger)
    for scenario in ON_A_HEALTHY_SERVER:
        run(scenario.__name__, ledger, scenario, checker)
    for scenario in ON_SERVERS_OF_THEIR_OWN:
        run(scenario.__name__, ledger, scenario, checker, binary)
    for comparison in sources.COMPARISONS:
        run(comparison.__name__, ledger, comparison, checker, root)
    account(ledger, specification)
    print(f"contract: {ledger.passed} passed, {ledger.failed} failed")
    return 1 if ledger.failed else 0


sys.exit(main())
