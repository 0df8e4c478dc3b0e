"""Resumable uploads, by tus 1.0.0: their way, and each of their refusals.

Every scenario takes a Checker. distress.py has servers on which they fail.
"""

import base64
import hashlib
import time
from contextlib import contextmanager

from .exchange import TIMEOUT_SECONDS, connect, exchange, received

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = "application/offset+octet-stream"
NOBODYS = "0123456789abcdef"


def checksum(octets):
    return {"Upload-Checksum": f"sha1 {base64.b64encode(hashlib.sha1(octets).digest()).decode()}"}


def metadata(**pairs):
    encoded = ((name, base64.b64encode(value.encode()).decode()) for name, value in pairs.items())
    return {"Upload-Metadata": ",".join(f"{name} {value}" for name, value in encoded)}


def create(call, expected, store, key, length, headers=None, **how):
    """Makes an upload, of a length that is told later where it is None. Answers what its path is filled with."""
    told = {"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": length}
    answer = call("createUpload", expected, store, headers={**TUS, **told, **metadata(key=key), **(headers or {})}, **how)
    return {**store, "upload": answer.headers.get("Location", "").rpartition("/")[2]}


def append(call, expected, path, offset, octets, headers=None, **how):
    headers = {**TUS, "Upload-Offset": offset, **(headers or {})}
    return call("appendToUpload", expected, path, headers=headers, body=octets, **{"media": BYTES, **how})


def round_trip(checker):
    """Pieces become an object, with what it was announced with; and every extension."""
    call, store = checker.call, {"store": "uploads"}
    call("createStore", 201, store)
    path = create(call, 201, store, "a/b", 10, metadata(key="a/b", filetype="text/plain"))
    listed = call("listUploads", 200, store).json()["uploads"]
    checker.check("an unfinished upload is listed", [(entry["id"], entry["key"], entry["offset"], entry["length"])
                  for entry in listed] == [(path["upload"], "a/b", 0, 10)], f"{listed}")
    append(call, 204, path, 0, b"hello", checksum(b"hello"))
    head = call("getUploadOffset", 200, path, headers=TUS)
    checker.check("HEAD tells how far it is", head.headers["Upload-Offset"] == "5", f"{head.headers}")
    last = append(call, 204, path, 5, b"world")
    checker.check("the last answer is a receipt", last.headers["Cairn-Size"] == "10", f"{last.headers}")
    answer = call("getObject", 200, {**store, "key": "a/b"})
    checker.check("the object is the pieces", (answer.body, answer.headers["Content-Type"])
                  == (b"helloworld", "text/plain"), f"{answer}")
    call("getUploadOffset", 200, path, headers=TUS, why="of one that is done")
    create(call, 201, store, "c", 5, body=b"whole", media=BYTES, why="with its bytes")
    checker.check("and is there at once", call("getObject", 200, {**store, "key": "c"}).body == b"whole", "other bytes")
    later = create(call, 201, store, "d", None)
    append(call, 204, later, 0, b"12345", {"Upload-Length": 5}, why="the length told late")
    part = create(call, 201, store, "part", 5, {"Upload-Concat": "partial"})
    call("deleteUpload", 204, part, headers=TUS)


def parts(checker):
    """Several become one, in the order in which they are named."""
    call, store = checker.call, {"store": "uploads-joined"}
    call("createStore", 201, store)
    partial = {"Upload-Concat": "partial"}
    halves = [create(call, 201, store, "part", 5, partial, body=octets, media=BYTES) for octets in (b"world", b"hello")]
    unfinished = create(call, 201, store, "part", 5, partial)
    join(call, 409, store, [unfinished, halves[0]])
    join(call, 400, store, [halves[0], halves[0]], why="the same twice")
    busy = create(call, 201, store, "part", 10, partial)
    with append_under_way(checker, busy):
        join(call, 423, store, [busy])
    join(call, 404, store, [{**store, "upload": NOBODYS}])
    join(call, 400, store, [], valid=False)
    halves.reverse()
    whole = join(call, 201, store, halves)
    checker.check("parts are joined", call("getObject", 200, {**store, "key": "a"}).body == b"helloworld", "others")
    call("getUploadOffset", 200, whole, headers=TUS)
    append(call, 403, whole, 10, b"more")
    call("getUploadOffset", 404, halves[0], headers=TUS, why="it is gone")
    again = join(call, 201, store, halves, why="the same again")
    checker.check("the same parts are the same upload", again == whole, f"{again} {whole}")


def join(call, expected, store, uploads, **how):
    paths = " ".join(f"/v1/stores/{upload['store']}/uploads/{upload['upload']}" for upload in uploads)
    headers = {**TUS, **metadata(key="a"), "Upload-Concat": f"final;{paths}"}
    answer = call("createUpload", expected, store, headers=headers, **how)
    return {**store, "upload": answer.headers.get("Location", "").rpartition("/")[2]}


def refusals(checker):
    call, store = checker.call, {"store": "uploads-refused"}
    call("createStore", 201, store)
    path = create(call, 201, store, "a", 10)
    create(call, 400, store, "a", 5, {"Upload-Metadata": "key ?"}, why="no base64")
    create(call, 400, store, "a", 5, {"Upload-Concat": "whole"}, why="no kind of upload")
    create(call, 404, {"store": "absent"}, "a", 5)
    create(call, 412, store, "a", 5, {"Tus-Resumable": "0.2.2"}, valid=False)
    create(call, 415, store, "a", 5, body=b"12345", media="text/plain", valid=False)
    create(call, 460, store, "a", 5, checksum(b"other"), body=b"12345", media=BYTES)
    append(call, 400, path, -1, b"hello", valid=False)
    append(call, 400, path, 0, b"more than ten bytes", why="longer than announced")
    append(call, 409, path, 5, b"hello")
    append(call, 412, path, 0, b"hello", {"Tus-Resumable": "0.2.2"}, valid=False)
    append(call, 415, path, 0, b"hello", media="text/plain", valid=False)
    append(call, 460, path, 0, b"hello", checksum(b"jello"))
    call("putObject", 201, {**store, "key": "a"}, body=b"meanwhile")
    conditional = create(call, 201, store, "a", 5, {"If-None-Match": "*"})
    append(call, 412, conditional, 0, b"hello", why="a precondition")
    nobodys = {**store, "upload": NOBODYS}
    append(call, 404, nobodys, 0, b"hello")
    for name in ("getUploadOffset", "deleteUpload"):
        call(name, 404, nobodys, headers=TUS)
        call(name, 412, path, headers={"Tus-Resumable": "0.2.2"}, valid=False)
    page = call("listUploads", 200, store, {"limit": 1}).json()
    page = call("listUploads", 200, store, {"cursor": page["cursor"]}, why="the next page").json()
    checker.check("pages of uploads end", page["cursor"] is None, f"{page}")
    call("listUploads", 400, store, {"limit": 0}, valid=False)
    call("listUploads", 404, {"store": "absent"})


def two_clients(checker):
    """Of a client who hangs the upload is taken by who comes with the right offset, and nothing more of his counts."""
    call, store = checker.call, {"store": "uploads-held"}
    call("createStore", 201, store)
    path = create(call, 201, store, "a", 10)
    with append_under_way(checker, path) as connection:
        append(call, 409, path, 0, b"HELLO", why="while somebody brings bytes")
        append(call, 204, path, 5, b"WO")
        connection.send(b"world")
        checker.answered("appendToUpload", 423, received(connection))
    append(call, 204, path, 7, b"RLD")
    answer = call("getObject", 200, {**store, "key": "a"})
    checker.check("nothing is mixed", answer.body == b"helloWORLD", f"{answer}")


@contextmanager
def append_under_way(checker, path):
    """One that has brought half of what it announced, as others are told, and goes on when it is told to."""
    target = f"/v1/stores/{path['store']}/uploads/{path['upload']}"
    connection = connect(checker.address)
    connection.putrequest("PATCH", target)
    for name, value in {**TUS, "Upload-Offset": "0", "Content-Type": BYTES, "Content-Length": "10"}.items():
        connection.putheader(name, value)
    connection.endheaders(b"hello")
    try:
        until = time.monotonic() + TIMEOUT_SECONDS
        while exchange(checker.address, "HEAD", target, TUS).headers["Upload-Offset"] != "5":
            assert time.monotonic() < until, "it never began"
            time.sleep(0.01)
        yield connection
    finally:
        connection.close()
