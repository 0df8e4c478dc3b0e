"""A server that asks for tokens: what every operation answers without one, and to one that may do nothing here.

Which operations that are is the file's word: those whose `security` is not empty.
"""

import hashlib
import json

from .scenarios import ALICE_HASH
from .server import Server

TOKEN = "a-token-that-may-do-nothing-here"
RIGHT = "a-token-that-may-do-everything"
SECRET = "the secret of a link key"
BODIES = {
    "applyBatch": {"operations": []},
    "updateStore": {"limits": {}},
    "getObjects": {"keys": []},
    "signLink": {"method": "GET", "key": "a"},
    "moveObject": {"key": "a", "destination": {"key": "b"}},
    "copyObject": {"key": "a", "destination": {"key": "b"}},
}
PLACE = {"store": "photos", "key": "a", "hash": ALICE_HASH, "upload": ALICE_HASH, "file": "index.html"}


def rules():
    grant = {"stores": ["elsewhere"], "prefix": "", "rights": ["read", "list", "write", "delete", "admin"]}
    return {
        "tokens": [token(TOKEN, grant), token(RIGHT, {**grant, "stores": ["*"]})],
        "link_keys": [{"name": "web", "secret": SECRET}],
    }


def token(text, grant):
    return {"name": text, "sha256": hashlib.sha256(text.encode()).hexdigest(), "grants": [grant]}


def links(checker):
    """A link is made by who may, and used by whoever has it."""
    sent = {"Authorization": f"Bearer {RIGHT}"}
    call = checker.call
    store = {"store": "photos"}
    call("createStore", 201, store, sent=sent)
    order = {"method": "PUT", "key": "a b", "expires_in": 60, "size": 5, "type": "text/plain"}
    told = call("getAccess", 200, sent=sent, why="of a token").json()
    checker.check("rights are told", (told["name"], told["open"], told["signs_links"], told["grants"][0]["stores"])
                  == (RIGHT, False, True, ["*"]), f"{told}")
    link = call("signLink", 200, store, body=order, sent=sent).json()
    path = {**store, "key": "a b"}
    call("putObject", 201, path, body=b"12345", target=link["target"], media="text/plain", valid=False)
    call("putObject", 413, path, body=b"123456", target=link["target"], media="text/plain", valid=False)
    call("putObject", 403, path, body=b"12345", target=link["target"], media="text/html", valid=False)
    call("getObject", 401, path, target=link["target"])
    link = call("signLink", 200, store, body={"method": "GET", "key": "a b"}, sent=sent).json()
    checker.check("a link gets", call("getObject", 200, path, target=link["target"]).body == b"12345", "other bytes")
    call("headObject", 200, path, target=link["target"])
    call("signLink", 400, store, body={"method": "DELETE", "key": "a"}, sent=sent, valid=False)
    call("signLink", 409, store, body={"method": "GET", "key": "a", "link_key": "none"}, sent=sent)
    call("signLink", 413, store, sent={**sent, "Content-Length": str(128 << 20)}, media="application/json", valid=False)
    call("signLink", 415, store, body=b"x", sent=sent, media="text/plain", valid=False)


def asks_for_tokens(checker, binary):
    server = Server(binary)
    server.data.mkdir()
    (server.data / "access.json").write_text(json.dumps(rules()))
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    with server:
        links(checker.at(server.address))
        call = checker.at(server.address).call
        for operation in checker.specification.operations.values():
            path = {name: value for name, value in PLACE.items() if f"{{{name}}}" in operation.path}
            body = BODIES.get(operation.name, b"x" if operation.method == "PUT" and "key" in path else None)
            status = 401 if not operation.public else 200 if 200 in operation.responses else 308
            call(operation.name, status, path, body=body, valid=False, why="without a token")
            if not operation.public:
                status = 403 if 403 in operation.responses else 200
                call(operation.name, status, path, body=body, sent=bearer, valid=False, why="with no right")
