"""Makes calls by operation name, holds both directions against the file, and keeps the account of what was seen."""

import json

from .exchange import exchange
from .specification import answer_findings, request_findings

OCTETS = "application/octet-stream"


class Ledger:
    """What was checked, what failed, and which (operation, status) the servers have shown."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.seen = set()

    def note(self, title, findings):
        if not findings:
            self.passed += 1
            return
        self.failed += 1
        print(f"FAILED {title}")
        for finding in findings:
            print(f"       {finding}")


class Checker:
    def __init__(self, specification, address, ledger):
        self.specification = specification
        self.address = address
        self.ledger = ledger

    def at(self, address):
        """The same file and the same account with another server."""
        return Checker(self.specification, address, self.ledger)

    def check(self, title, holds, otherwise):
        """A statement about an answer beside what the file says of it."""
        self.ledger.note(title, [] if holds else [otherwise])

    def call(self, name, expected, path=None, query=None, headers=None, body=None, *,
             media=None, sent=None, target=None, valid=True, why=None):
        """One call that should be answered with the status `expected`. `body` is bytes, or a value sent as JSON.

        valid=False is for a request that is wrong on purpose and not held against the file; `sent` for headers that
        belong to HTTP itself; `target` for a path that the file's own words cannot make; `why` tells calls apart."""
        path, query, headers = path or {}, query or {}, headers or {}
        operation = self.specification.operations[name]
        if body is not None and media is None:
            media = OCTETS if isinstance(body, bytes) else "application/json"
        findings = request_findings(operation, path, query, headers, body, media) if valid else []
        all_headers = {**headers, **(sent or {}), **({"Content-Type": media} if media else {})}
        octets = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        answer = exchange(self.address, operation.method, target or operation.target(path, query), all_headers, octets)
        self.answered(name, expected, answer, findings, why)
        return answer

    def answered(self, name, expected, answer, findings=(), why=None):
        """Holds an answer against the file, of a call that somebody else has made."""
        operation = self.specification.operations[name]
        otherwise = [] if answer.status == expected else [f"answered {answer.status}: {answer.text()[:300]}"]
        self.ledger.seen.add((name, answer.status))
        title = f"{name} {expected}" + (f" ({why})" if why else "")
        self.ledger.note(title, [*findings, *otherwise, *answer_findings(operation, answer, self.specification.problems)])
