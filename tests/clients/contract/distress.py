"""Servers in a bad way: at their limits, on a full disk, shutting down, with damaged bytes.

Each function takes a Checker, for its file and its account, and the path of the binary, of which it starts its own.
"""

import tempfile
from contextlib import contextmanager
from pathlib import Path

from .exchange import connect, exchange
from .scenarios import ALICE_HASH, put_step
from .server import Server

MIB = 1 << 20
MARK = b"these very bytes will be damaged " * 8


def at_limits(checker, binary):
    """Bodies over a limit, and one upload more than may be open."""
    options = ("--object-limit", "2MiB", "--batch-bytes-limit", "1KiB", "--uploads-limit", "1")
    with Server(binary, *options) as server:
        call = checker.at(server.address).call
        path = {"store": "small"}
        call("createStore", 201, path)
        announced = {"Content-Length": str(3 * MIB)}
        call("putObject", 413, {**path, "key": "a"}, sent=announced)
        call("putObjectByHash", 413, {**path, "hash": ALICE_HASH}, sent=announced)
        call("batch", 413, path, body={"operations": [put_step("a", b"x" * 2048)]})
        for name in ("batchGet", "moveObject", "copyObject"):
            call(name, 413, path, sent={"Content-Length": str(128 * MIB)}, media="application/json", valid=False)
        with upload_under_way(server):
            call("putObject", 503, {**path, "key": "a"}, sent={"Content-Length": str(MIB)})
            call("putObjectByHash", 503, {**path, "hash": ALICE_HASH}, sent={"Content-Length": str(MIB)})


@contextmanager
def upload_under_way(server):
    """An upload that has begun and does not end."""
    connection = connect(server.address)
    connection.putrequest("PUT", "/v1/stores/small/objects/slow")
    connection.putheader("Content-Length", str(MIB))
    connection.endheaders(b"x" * (MIB // 2))
    try:
        yield
    finally:
        connection.close()


def on_a_full_disk(checker, binary):
    """A server told to leave more space than the disk has: what writes is refused, reading and deleting go on."""
    with tempfile.TemporaryDirectory(prefix="cairn-full-") as folder:
        data = Path(folder) / "data"
        with Server(binary, data=data) as server:
            call = checker.at(server.address).call
            call("createStore", 201, {"store": "small"})
            call("putObject", 201, {"store": "small", "key": "a"}, body=b"A")
        with Server(binary, "--disk-reserve", "1TiB", data=data) as server:
            full(checker.at(server.address).call)


def full(call):
    path = {"store": "small"}
    call("putObject", 507, {**path, "key": "b"}, body=b"B")
    call("putObjectByHash", 507, {**path, "hash": ALICE_HASH}, body=b"B")
    call("batch", 507, path, body={"operations": [put_step("b", b"B")]})
    call("copyObject", 507, path, body={"key": "a", "destination": {"key": "b"}})
    call("getObject", 200, {**path, "key": "a"})
    call("deleteObject", 200, {**path, "key": "a"})


def draining(checker, binary):
    """Connections that were open when the end was announced are told to come back later."""
    with Server(binary) as server:
        call = checker.at(server.address).call
        path = {"store": "small"}
        call("createStore", 201, path)
        requests = drained_requests(path)
        connections = [opened(server.address) for _ in requests]
        with upload_under_way(server):
            server.process.terminate()
            for connection, (name, values, how) in zip(connections, requests):
                call(name, 503, values, connection=connection, **how)


def drained_requests(path):
    transfer = {"body": {"key": "a", "destination": {"key": "b"}}}
    return [
        ("getReadiness", {}, {}),
        ("createStore", {"store": "late"}, {}),
        ("putObject", {**path, "key": "a"}, {"body": b"x"}),
        ("deleteObject", {**path, "key": "a"}, {}),
        ("putObjectByHash", {**path, "hash": ALICE_HASH}, {"body": b"x"}),
        ("deleteObjectByHash", {**path, "hash": ALICE_HASH}, {}),
        ("batch", path, {"body": {"operations": [put_step("a", b"x")]}}),
        ("moveObject", path, transfer),
        ("copyObject", path, transfer),
        ("deleteStore", path, {}),
    ]


def opened(address):
    """A connection that has had its first answer and stays open."""
    connection = connect(address)
    connection.request("GET", "/healthz")
    connection.getresponse().read()
    return connection


def damaged(checker, binary):
    """Bytes changed behind the server's back are noticed, and not served."""
    with Server(binary) as server:
        call = checker.at(server.address).call
        path = {"store": "small"}
        call("createStore", 201, path)
        receipt = call("putObject", 201, {**path, "key": "a"}, body=MARK).json()
        damage(server.data / "stores" / "small" / "log")
        call("getObject", 500, {**path, "key": "a"})
        call("getObjectByHash", 500, {**path, "hash": receipt["key_hash"]})
        call("batchGet", 500, path, body={"keys": ["a"]})


def damage(folder):
    """Changes one byte of the marked payload where it lies on the disk."""
    for file in folder.iterdir():
        position = file.read_bytes().find(MARK)
        if position >= 0:
            with open(file, "r+b") as opened_file:
                opened_file.seek(position)
                opened_file.write(b"T")
            return
    raise AssertionError(f"no file of {folder} holds the payload")
