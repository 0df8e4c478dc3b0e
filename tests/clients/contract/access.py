"""A server that asks for tokens: what every operation answers without one, and to one that may do nothing here.

Which operations that are is the file's word: those whose `security` is not empty.
"""

import hashlib
import json

from .scenarios import ALICE_HASH
from .server import Server

TOKEN = "a-token-that-may-do-nothing-here"
BODIES = {
    "applyBatch": {"operations": []},
    "updateStore": {"limits": {}},
    "getObjects": {"keys": []},
    "moveObject": {"key": "a", "destination": {"key": "b"}},
    "copyObject": {"key": "a", "destination": {"key": "b"}},
}
PLACE = {"store": "photos", "key": "a", "hash": ALICE_HASH}


def rules():
    grant = {"stores": ["elsewhere"], "prefix": "", "rights": ["read", "list", "write", "delete", "admin"]}
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    return {"tokens": [{"name": "elsewhere", "sha256": digest, "grants": [grant]}]}


def asks_for_tokens(checker, binary):
    server = Server(binary)
    server.data.mkdir()
    (server.data / "access.json").write_text(json.dumps(rules()))
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    with server:
        call = checker.at(server.address).call
        for operation in checker.specification.operations.values():
            path = {name: value for name, value in PLACE.items() if f"{{{name}}}" in operation.path}
            body = BODIES.get(operation.name, b"x" if operation.method == "PUT" and "key" in path else None)
            status = {True: 200, False: 401}[operation.public]
            call(operation.name, status, path, body=body, valid=False, why="without a token")
            if not operation.public:
                status = 403 if 403 in operation.responses else 200
                call(operation.name, status, path, body=body, sent=bearer, valid=False, why="with no right")
