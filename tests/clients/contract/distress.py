"""Servers in a bad way: at their limits, on a full disk, with a disk that refuses, with damaged files.

Each function takes a Checker, for its file and its account, and the path of the binary, of which it starts its own.
"""

import resource
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from .exchange import TIMEOUT_SECONDS, connect, exchange
from .scenarios import ALICE_HASH, put_step, tar_of
from .server import Server
from .uploads import TUS, append, create

MIB = 1 << 20
MARK = b"these very bytes will be damaged " * 8
STORE = {"store": "small"}
OBJECT = {**STORE, "key": "a"}
BY_HASH = {**STORE, "hash": ALICE_HASH}
BATCH = {"operations": [put_step("b", b"B")]}
TRANSFER = {"key": "a", "destination": {"key": "c"}}
TAR = {"body": tar_of({"b": b"B"}), "media": "application/x-tar"}

# Every write there is to a store that holds OBJECT.
WRITES = [
    ("putObject", OBJECT, {"body": b"x"}),
    ("putObjectByHash", BY_HASH, {"body": b"x"}),
    ("applyBatch", STORE, {"body": BATCH}),
    ("putArchive", STORE, TAR),
    ("copyObject", STORE, {"body": TRANSFER}),
    ("moveObject", STORE, {"body": TRANSFER}),
    ("deleteObject", OBJECT, {}),
]


def call_all(call, status, requests):
    for name, path, how in requests:
        call(name, status, path, **how)


def at_limits(checker, binary):
    """Bodies over a limit, and one write more than may be under way."""
    limits = ("--object-limit", "2MiB", "--batch-bytes-limit", "1KiB", "--store-ops-limit", "1", "--stores-limit", "1")
    with Server(binary, *limits) as server:
        call = checker.at(server.address).call
        call("createStore", 201, STORE)
        call("createStore", 507, {"store": "one-more"})
        call("putObject", 201, OBJECT, body=b"A")
        for name, path in (("putObject", OBJECT), ("putObjectByHash", BY_HASH)):
            call(name, 413, path, sent={"Content-Length": str(3 * MIB)}, valid=False)
        call("applyBatch", 413, STORE, body={"operations": [put_step("a", b"x" * 2048)]})
        large = {**TAR, "body": tar_of({"b": b"x" * 2048})}
        call("putArchive", 413, STORE, {"atomic": True}, **large)
        for name in ("getObjects", "moveObject", "copyObject"):
            call(name, 413, STORE, sent={"Content-Length": str(128 * MIB)}, media="application/json", valid=False)
        create(call, 413, STORE, "b", 3 * MIB)
        unknown = create(call, 201, STORE, "b", None)
        append(call, 413, unknown, 0, b"x", {"Upload-Length": 3 * MIB})
        with upload_under_way(server):
            call_all(call, 503, WRITES)
            create(call, 503, STORE, "b", 5)
            append(call, 503, unknown, 0, b"x")
            call("deleteObjectByHash", 503, BY_HASH)


@contextmanager
def upload_under_way(server):
    """An upload that has begun, as the store's figures show, and does not end."""
    connection = connect(server.address)
    connection.putrequest("PUT", "/v1/stores/small/objects/slow")
    connection.putheader("Content-Length", str(MIB))
    connection.endheaders(b"x" * (MIB // 2))
    try:
        until = time.monotonic() + TIMEOUT_SECONDS
        while exchange(server.address, "GET", "/v1/stores/small").json()["writes_in_flight"] == 0:
            assert time.monotonic() < until, "the upload never began"
            time.sleep(0.01)
        yield
    finally:
        connection.close()


def on_a_full_disk(checker, binary):
    """A server told to leave more space than the disk has: payloads are refused, reading and deleting go on."""
    with written_data(checker, binary) as data, Server(binary, "--disk-reserve", "1TiB", data=data) as server:
        call = checker.at(server.address).call
        call("putObject", 507, {**STORE, "key": "b"}, body=b"B")
        call("putObjectByHash", 507, BY_HASH, body=b"B")
        call("applyBatch", 507, STORE, body=BATCH)
        call("putArchive", 507, STORE, **TAR)
        call("copyObject", 507, STORE, body=TRANSFER)
        call("moveObject", 507, STORE, body=TRANSFER)
        create(call, 507, STORE, "b", 5)
        unfinished = {**STORE, "upload": call("listUploads", 200, STORE).json()["uploads"][0]["id"]}
        append(call, 507, unfinished, 0, b"12345")
        call("getObject", 200, OBJECT)
        call("deleteObject", 200, OBJECT)


@contextmanager
def written_data(checker, binary):
    """A data folder with one store that holds OBJECT and an upload that nothing has come of, and no server."""
    with tempfile.TemporaryDirectory(prefix="cairn-written-") as folder:
        data = Path(folder) / "data"
        with Server(binary, data=data) as server:
            call = checker.at(server.address).call
            call("createStore", 201, STORE)
            call("putObject", 201, OBJECT, body=b"A")
            create(call, 201, STORE, "b", 5)
        yield data


def disk_that_refuses(checker, binary):
    """The kernel is told to fail every write of the running server: nothing is acknowledged, reading goes on."""
    with Server(binary) as server:
        call = checker.at(server.address).call
        call("createStore", 201, STORE)
        call("putObject", 201, OBJECT, body=b"A")
        call("putObjectByHash", 201, BY_HASH, body=b"A")
        unfinished = create(call, 201, STORE, "b", 5)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        call("createStore", 500, {"store": "new"})
        call_all(call, 500, WRITES)
        call("deleteObjectByHash", 500, BY_HASH)
        create(call, 500, STORE, "b", 5)
        append(call, 500, unfinished, 0, b"12345")
        call("getObject", 200, OBJECT)


def store_that_does_not_open(checker, binary):
    """A store whose own file is not one of cairn's: it is left alone, and everything that needs it says so."""
    with written_data(checker, binary) as data:
        (data / "stores" / "small" / "settings").write_bytes(b"not what cairn wrote")
        with Server(binary, data=data) as server:
            call = checker.at(server.address).call
            for name in ("getStore", "getStoreOwner", "getStoreLive", "listObjects", "listChanges", "getArchive",
                         "listUploads", "verifyStore", "compactStore", "handOverStore", "deleteStore"):
                call(name, 500, STORE)
            call("getObjects", 500, STORE, body={"keys": ["a"]})
            call("updateStore", 500, STORE, body={})
            listed = call("listStores", 200).json()["stores"]
            checker.check("limits that cannot be read are left out", listed == [{"name": "small"}], f"{listed}")
            for name in ("getObject", "headObject"):
                call(name, 500, OBJECT)
            for name in ("getObjectByHash", "headObjectByHash"):
                call(name, 500, BY_HASH)
            call_all(call, 500, WRITES)
            create(call, 500, STORE, "b", 5)
            for name in ("getUploadOffset", "deleteUpload"):
                call(name, 500, {**STORE, "upload": ALICE_HASH}, headers=TUS)


def damaged(checker, binary):
    """Bytes changed behind the server's back are noticed, and not served."""
    with Server(binary) as server:
        call = checker.at(server.address).call
        call("createStore", 201, STORE)
        receipt = call("putObject", 201, OBJECT, body=MARK).json()
        damage(server.data / "stores" / "small" / "log")
        call("getObject", 500, OBJECT)
        call("getObjectByHash", 500, {**STORE, "hash": receipt["key_hash"]})
        call("getObjects", 500, STORE, body={"keys": ["a"]})
        ready = call("getReadiness", 200, why="damage was found").json()
        checker.check("readiness tells of the damage", "small" in ready.get("detail", ""), f"{ready}")


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
