"""What is asked of a server in good health, so that each operation shows each status it is documented with.

Every function takes a Checker. distress.py has the servers that are full, busy, draining or damaged.
"""

import base64
import hashlib
import io
import json
import tarfile
import time

from .exchange import TIMEOUT_SECONDS, connect, exchange, send

OBJECT = ("putObject", "getObject", "headObject", "deleteObject")
BY_HASH = ("putObjectByHash", "getObjectByHash", "headObjectByHash", "deleteObjectByHash")
ALICE_HASH = "4da10dd61a0116b0"  # XXH3-64 of "alice"
# Two keys with one XXH3-64. Of 16 bytes it adds the first half, byte-swapped, to the second, and the product of both.
# With a half that is zero (after the secret's xor) so is the product: x may stand in the one or, swapped, in the other.
COLLIDING = ("%B9%39%42%EA%7B%73%82%67%32%55%90%0C%3F%BF%54%AE", "%B8%3B%41%EE%7E%75%85%6F%3A%52%96%09%3B%BC%56%AF")
FORM = "multipart/form-data; boundary=stone"
# Headers that are kept with an object and mean nothing to the server. A coding that HTTP clients do not undo.
KEPT = {
    "Cache-Control": "public, max-age=60",
    "Content-Disposition": 'attachment; filename="a.jpg"',
    "Content-Encoding": "x-none",
    "Content-Language": "de",
    "Expires": "Wed, 01 Dec 2094 16:00:00 GMT",
}
LINES = {"Accept": "application/x-ndjson"}
OTHER_ETAG = '"00000000000000000000000000000000"'


def base64_text(octets):
    return base64.b64encode(octets).decode()


def put_step(key, octets, **more):
    return {"op": "put", "key": key, "data": base64_text(octets), **more}


def tar_of(files, links=()):
    """A tar of files, by name, and of links that lead nowhere."""
    octets = io.BytesIO()
    with tarfile.open(fileobj=octets, mode="w") as tar:
        for name, payload in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(payload)
            tar.addfile(member, io.BytesIO(payload))
        for name in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, "nowhere"
            tar.addfile(member)
    return octets.getvalue()


# ---- stores ------------------------------------------------------------------------------------


def stores(checker):
    call = checker.call
    photos = {"store": "photos"}
    call("createStore", 201, photos)
    call("createStore", 200, photos, why="again")
    call("createStore", 400, {"store": "No Such Name"}, valid=False)
    call("createStore", 201, {"store": "quills"})
    page = call("listStores", 200).json()
    checker.check("without a limit all stores are listed", "cursor" not in page, f"{page}")
    page = call("listStores", 200, query={"limit": 1}, why="the first page").json()
    page = call("listStores", 200, query={"limit": 1, "cursor": page["cursor"]}, why="the next page").json()
    checker.check("pages of stores end", [entry["name"] for entry in page["stores"]] == ["quills"]
                  and page["cursor"] is None, f"{page}")
    call("deleteStore", 204, {"store": "quills"})
    for wrong in ({"limit": 0}, {"cursor": "what?"}):
        call("listStores", 400, query=wrong, valid=False, why=str(wrong))
    call("getStore", 200, photos)
    call("getStore", 404, {"store": "absent"})
    call("getStore", 400, {"store": "UPPER"}, valid=False)
    call("putObject", 201, {**photos, "key": "cat"}, body=b"meow")
    call("deleteStore", 409, photos)
    call("deleteStore", 400, photos, {"force": "perhaps"}, valid=False)
    seen = call("getStore", 200, photos, why="what it holds").json()["etag"]
    call("putObject", 200, {**photos, "key": "cat"}, body=b"purr")
    call("deleteStore", 412, photos, {"force": True}, headers={"If-Match": seen})
    seen = call("getStore", 200, photos, why="what it holds by now").json()["etag"]
    call("deleteStore", 204, photos, {"force": True}, headers={"If-Match": seen})
    call("deleteStore", 404, photos)
    call("deleteStore", 400, {"store": "-"}, valid=False)


def limits(checker):
    """A store that is full: nothing is added in any way, and what adds nothing goes on."""
    call = checker.call
    path = {"store": "limited"}
    call("createStore", 201, path)
    call("putObject", 201, {**path, "key": "a"}, body=b"12345")
    figures = call("updateStore", 200, path, body={"limits": {"bytes": 5, "objects": 2}}).json()
    checker.check("the change is answered", figures["limits"] == {"bytes": 5, "objects": 2}, f"{figures}")
    call("updateStore", 200, path, body={"limits": {"objects": None}}, media="application/merge-patch+json", valid=False,
         why="a media type that the file has in words")
    listed = {entry["name"]: entry["limits"] for entry in call("listStores", 200).json()["stores"]}
    checker.check("the list shows limits", listed["limited"] == {"bytes": 5, "objects": None}, f"{listed}")
    problem = call("putObject", 507, {**path, "key": "b"}, body=b"1").json()
    checker.check("the limit is named", problem["quota"] == {"of": "bytes", "limit": 5, "used": 5, "added": 1},
                  f"{problem}")
    call("putObjectByHash", 507, {**path, "hash": ALICE_HASH}, body=b"1")
    call("applyBatch", 507, path, body={"operations": [put_step("b", b"1")]})
    call("copyObject", 507, path, body={"key": "a", "destination": {"key": "b"}})
    call("moveObject", 201, path, body={"key": "a", "destination": {"key": "b"}})
    call("updateStore", 400, path, body={"limits": {"bytes": -1}}, valid=False)
    call("updateStore", 400, path, body={"limits": {"size": 1}}, valid=False, why="a typo")
    call("updateStore", 404, {"store": "absent"}, body={})
    call("updateStore", 413, path, sent={"Content-Length": str(128 << 20)}, media="application/json", valid=False)
    call("updateStore", 415, path, body=b"x", media="text/plain", valid=False)


def verification(checker):
    """One that is slowed down until the second one has been refused."""
    call = checker.call
    path = {"store": "verified"}
    call("createStore", 201, path)
    call("putObject", 201, {**path, "key": "a"}, body=b"x" * 100_000)
    call("verifyStore", 400, path, {"rate": "fast"}, valid=False)
    call("verifyStore", 400, path, body=b"{}", valid=False, why="a body")
    call("verifyStore", 404, {"store": "absent"})
    figures = call("getStore", 200, path, why="never verified").json()
    checker.check("a store that was never verified says so", figures["verification"] is None, f"{figures}")
    call("verifyStore", 202, path, {"rate": 1})
    call("verifyStore", 409, path)
    figures = call("getStore", 200, path, why="being verified").json()
    checker.check("the figures show the verification", figures["verification"]["running"], f"{figures}")
    call("deleteStore", 204, path, {"force": True})


def compaction(checker):
    call = checker.call
    path = {"store": "compacted"}
    call("createStore", 201, path)
    figures = call("getStore", 200, path, why="never compacted").json()
    checker.check("a store that was never compacted says so", figures["compaction"] is None, f"{figures}")
    for status in (201, 200):
        call("putObject", status, {**path, "key": "a"}, body=b"x" * 100_000)
    begun = call("compactStore", 202, path, {"wait": 0}).json()
    checker.check("who does not wait is told that it runs", begun["running"], f"{begun}")
    ended = call("compactStore", 200, path).json()
    checker.check("a compaction ends", ended["complete"] and not ended["running"], f"{ended}")
    figures = call("getStore", 200, path, why="compacted").json()
    checker.check("the figures show the compaction", figures["compaction"] == ended, f"{figures}")
    for wrong in ({"wait": -1}, {"wait": 61}, {"wait": "long"}):
        call("compactStore", 400, path, wrong, valid=False, why=str(wrong))
    call("compactStore", 400, path, body=b"{}", valid=False, why="a body")
    call("compactStore", 404, {"store": "absent"})


def handover(checker):
    call = checker.call
    path = {"store": "handed"}
    call("createStore", 201, path)
    here = call("handOverStore", 200, path).json()
    checker.check("a server of its own has its stores", here == {"name": "handed", "owner": None}, f"{here}")
    owner = call("getStoreOwner", 200, path).json()
    checker.check("and says so", owner == {"name": "handed", "here": True, "owner": None, "url": None}, f"{owner}")
    call("getStoreOwner", 404, {"store": "absent"})
    call("handOverStore", 400, path, body=b"{}", valid=False, why="a body")
    call("handOverStore", 404, {"store": "absent"})


# ---- objects, by key and by hash ---------------------------------------------------------------


def objects_by_key(checker):
    checker.call("createStore", 201, {"store": "by-key"})
    round_trip(checker, OBJECT, {"store": "by-key", "key": "2026/cat.jpg"})
    refusals(checker, OBJECT, {"store": "by-key", "key": "refused"}, {"key": "k" * 1025})


def objects_by_hash(checker):
    checker.call("createStore", 201, {"store": "by-hash"})
    round_trip(checker, BY_HASH, {"store": "by-hash", "hash": ALICE_HASH})
    refusals(checker, BY_HASH, {"store": "by-hash", "hash": "00000000000000aa"}, {"hash": "not-a-hash"})


def round_trip(checker, names, path):
    """Writes, reads and deletes one object through the four operations, with every condition that holds."""
    put, get, head, delete = names
    call = checker.call
    body = b"cairn " * 100
    attributes = {"Cairn-Meta-Camera": "pinhole", **KEPT}
    call(put, 201, path, headers=attributes, body=body, media="image/jpeg", valid=False)  # any type is taken
    answer = call(get, 200, path)
    checker.check(f"{get}: bytes, type and meta come back",
                  (answer.body, answer.headers["content-type"], answer.headers["cairn-meta-camera"])
                  == (body, "image/jpeg", "pinhole"), f"{answer}")
    checker.check(f"{get}: what is kept comes back",
                  all(answer.headers[name.lower()] == value for name, value in KEPT.items()), f"{answer}")
    version = answer.headers["etag"]
    call(put, 200, path, headers={"If-Match": version}, body=body)
    call(put, 412, path, headers={"If-None-Match": "*"}, body=body)
    call(put, 412, path, headers={"If-Match": OTHER_ETAG}, body=body)
    part = call(get, 206, path, headers={"Range": "bytes=0-4"})
    checker.check(f"{get}: the part says which it is",
                  part.headers["content-range"] == f"bytes 0-4/{len(body)}", f"{part}")
    call(get, 206, path, headers={"Range": "bytes=0-4, 10-14"}, why="several parts")
    call(get, 206, path, headers={"Range": "bytes=0-4", "If-Range": version}, why="If-Range holds")
    call(get, 200, path, headers={"Range": "bytes=0-4", "If-Range": OTHER_ETAG}, why="If-Range does not hold")
    call(get, 416, path, headers={"Range": "bytes=100000-"})
    call(get, 304, path, headers={"If-None-Match": version})
    written = call(head, 200, path).headers["last-modified"]
    call(get, 304, path, headers={"If-Modified-Since": written})
    call(get, 412, path, headers={"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"})
    call(get, 412, path, headers={"If-Match": OTHER_ETAG})
    call(head, 304, path, headers={"If-None-Match": version})
    call(head, 412, path, headers={"If-Match": OTHER_ETAG})
    call(delete, 412, path, headers={"If-Match": OTHER_ETAG})
    call(delete, 200, path, headers={"If-Match": version})
    call(delete, 200, path, why="nothing there")
    call(get, 404, path)
    call(head, 404, path)


def refusals(checker, names, path, malformed):
    put, get, head, delete = names
    call = checker.call
    sha256 = base64_text(hashlib.sha256(b"right").digest())
    call(put, 201, path, headers={"Content-Digest": f"sha-256=:{sha256}:"}, body=b"right")
    call(put, 200, path, headers={"Repr-Digest": f"sha-256=:{sha256}:"}, body=b"right")
    call(put, 200, path, headers={"Content-MD5": base64_text(hashlib.md5(b"right").digest())}, body=b"right")
    call(put, 400, path, headers={"Content-Digest": f"sha-256=:{sha256}:"}, body=b"wrong", why="digest")
    told = call(get, 200, path)
    checker.check(f"{get}: a digest that was told comes back",
                  told.headers["content-md5"] is not None, f"{told.headers}")
    call(put, 411, path, valid=False)
    call(put, 431, path, headers={"Cairn-Meta-Long": "x" * 5000}, body=b"x")
    for name in names:
        body = b"x" if name == put else None
        call(name, 400, {**path, **malformed}, body=body, valid=False)
        call(name, 404, {**path, "store": "absent"}, body=body, why="no store")


def keys(checker):
    """Keys that a careless server or client would bend."""
    call = checker.call
    call("createStore", 201, {"store": "keys"})
    for key in ("a/b c", "ü", "%", "+", "?", "#", "..", ".", "a//b", "/", "a/../b", "%2F", "\0", "'\"\\"):
        path = {"store": "keys", "key": key}
        receipt = call("putObject", 201, path, body=key.encode(), why=repr(key)).json()
        checker.check(f"receipt names {key!r}", receipt["key"] == key, f"{receipt}")
        checker.check(f"get {key!r}", call("getObject", 200, path).body == key.encode(), "another object's bytes")
        by_hash = call("getObjectByHash", 200, {"store": "keys", "hash": receipt["key_hash"]}, why=repr(key))
        checker.check(f"get {key!r} by hash", by_hash.body == key.encode(), "another object's bytes")
    binary_key(checker)


def binary_key(checker):
    """A key that is no UTF-8 is shown in base64, and named so in JSON."""
    target = "/v1/stores/keys/objects/%FF"
    receipt = checker.call("putObject", 201, {"store": "keys", "key": "binary"}, body=b"x", target=target).json()
    checker.check("a binary key is shown in base64", (receipt["key"], receipt.get("key_base64")) == (None, "/w=="),
                  f"{receipt}")
    found = checker.call("getObjects", 200, {"store": "keys"}, body={"objects": [{"key_base64": "/w=="}]}).json()
    checker.check("a binary key is found by its base64", found["objects"][0] is not None, f"{found}")


def collisions(checker):
    """Two keys of one hash live side by side; a request by that hash does not say which one it means."""
    call = checker.call
    path = {"store": "collisions"}
    call("createStore", 201, path)
    first, second = COLLIDING
    put_exactly(checker, 201, first)
    receipt = put_exactly(checker, 201, second).json()
    by_hash = {**path, "hash": receipt["key_hash"]}
    call("putObjectByHash", 409, by_hash, body=b"x")
    for name in ("getObjectByHash", "headObjectByHash", "deleteObjectByHash"):
        call(name, 409, by_hash)
    named = {"key_hash": receipt["key_hash"]}
    call("getObjects", 409, path, body={"objects": [named]})
    for name in ("copyObject", "moveObject"):
        call(name, 409, path, body={**named, "destination": {"key": "a"}})
    call("applyBatch", 409, path, body={"operations": [{"op": "delete", **named}]})


def put_exactly(checker, expected, escaped):
    """Puts under a key given as it stands in the path; the file cannot say that a key may be other than text."""
    target = f"/v1/stores/collisions/objects/{escaped}"
    return checker.call("putObject", expected, {"store": "collisions", "key": "binary"}, body=b"x", target=target)


def listing(checker):
    """Pages, folders, and a folder that is no UTF-8."""
    call = checker.call
    path = {"store": "listed"}
    call("createStore", 201, path)
    for key in ("a", "b/1", "b/2", "c"):
        call("putObject", 201, {**path, "key": key}, body=b"x")
    call("putObjectByHash", 201, {**path, "hash": ALICE_HASH}, body=b"x")
    call("putObject", 201, {**path, "key": "binary"}, body=b"x", target="/v1/stores/listed/objects/%FF/1")
    page = call("listObjects", 200, path).json()
    checker.check("all objects are listed", len(page["objects"]) == 6 and page["cursor"] is None, f"{page}")
    page = call("listObjects", 200, path, {"delimiter": "/"}, why="folders").json()
    checker.check("folders are prefixes", (page["prefixes"], page.get("prefixes_base64")) == (["b/"], ["/y8="]),
                  f"{page}")
    page = call("listObjects", 200, path, {"prefix": "b/", "limit": 1}, why="the first page").json()
    page = call("listObjects", 200, path, {"prefix": "b/", "cursor": page["cursor"]}, why="the next page").json()
    checker.check("a page goes on after its cursor", [entry["key"] for entry in page["objects"]] == ["b/2"], f"{page}")
    call("putObject", 200, {**path, "key": "c"}, body=b"x",
         sent={"Cache-Control": "no-store", "Cairn-Meta-Colour": "red"})
    page = call("listObjects", 200, path, {"prefix": "c", "attributes": True}, why="with attributes").json()
    told = [(entry.get("cache_control"), entry.get("meta")) for entry in page["objects"]]
    checker.check("attributes are told where asked", told == [("no-store", {"colour": "red"})], f"{page}")
    # The file has them in words: a second media type makes a page or a text of what generated clients answer.
    text = exchange(checker.address, "GET", "/v1/stores/listed/objects?delimiter=/&limit=4", LINES).text()
    told = [set(json.loads(line)) & {"key", "prefix", "prefix_base64", "cursor"} for line in text.splitlines()]
    checker.check("lines are objects, folders and at last a cursor",
                  told == [{"key"}, {"key"}, {"prefix"}, {"key"}, {"cursor"}], f"{text}")
    for wrong in ({"limit": 0}, {"cursor": "what?"}, {"delimiter": "x" * 65}):
        call("listObjects", 400, path, wrong, valid=False, why=str(wrong))
    call("listObjects", 404, {"store": "absent"})


def first_event(address, target):
    """What the first event of a stream has as its data."""
    connection = connect(address)
    send(connection, "GET", target, {"Accept": "text/event-stream"}, None)
    with connection.getresponse() as response:
        while not (line := response.readline()).startswith(b"data: "):
            assert line, "the stream has ended"
    connection.close()
    return json.loads(line.removeprefix(b"data: "))


def feed(checker):
    call = checker.call
    path = {"store": "followed"}
    call("createStore", 201, path)
    page = call("listChanges", 200, path, why="nothing has happened").json()
    checker.check("a new store has no changes", (page["changes"], page["next"], page["end"]) == ([], 0, 0), f"{page}")
    for name in ("a", "b"):
        call("putObject", 201, {**path, "key": name}, body=b"x")
    call("deleteObject", 200, {**path, "key": "a"})
    call("putObjectByHash", 201, {**path, "hash": ALICE_HASH}, body=b"x")
    page = call("listChanges", 200, path, {"limit": 1}, why="the first page").json()
    told = page["changes"]
    page = call("listChanges", 200, path, {"since": page["next"], "wait": 60}, why="the rest, at once").json()
    told = [(change["op"], change["key"]) for change in told + page["changes"]]
    checker.check("changes come in order", told == [("put", "a"), ("put", "b"), ("delete", "a"), ("put", None)],
                  f"{told}")
    since = {"since": page["next"], "log": page["log"]}
    page = call("listChanges", 200, path, {**since, "wait": 1}, why="nothing comes").json()
    checker.check("a wait ends", page["changes"] == [], f"{page}")
    page = call("listChanges", 200, path, {"prefix": "b"}, why="below a prefix").json()
    checker.check("a prefix leaves out others", [change["key"] for change in page["changes"]] == ["b"], f"{page}")
    call("listChanges", 410, path, {"since": since["since"] + 1}, why="no place of this log")
    # The file has lines and events in words, as it has those of a listing.
    text = exchange(checker.address, "GET", "/v1/stores/followed/changes", LINES).text()
    told = [set(json.loads(line)) & {"op", "next"} for line in text.splitlines()]
    checker.check("lines are changes, and at last how far they go", told == 4 * [{"op"}] + [{"next"}], f"{text}")
    told = first_event(checker.address, "/v1/stores/followed/changes?limit=3")
    checker.check("an event is a page", len(told["changes"]) == 3 and told["next"] < told["end"], f"{told}")
    for wrong in ({"since": -1}, {"since": "now"}, {"limit": 0}, {"wait": 61}, {"prefix": "x" * 1025}, {"log": "0"}):
        call("listChanges", 400, path, wrong, valid=False, why=str(wrong))
    call("listChanges", 404, {"store": "absent"})


def expiry(checker):
    """Objects that go by themselves: when is told in every way, and told back as a date."""
    call = checker.call
    path, date = {"store": "expiring"}, "Wed, 01 Dec 2094 16:00:00 GMT"
    call("createStore", 201, path)
    call("putObject", 201, {**path, "key": "a"}, headers={"Cairn-Expires": date}, body=b"x")
    call("putObjectByHash", 201, {**path, "hash": ALICE_HASH}, headers={"Cairn-Expires": "3600"}, body=b"x")
    call("applyBatch", 200, path, body={"operations": [put_step("b", b"B", cairn_expires=date)]})
    call("applyBatch", 200, path, body={"operations": [put_step("c", b"C", cairn_expires=60)]}, valid=False,
         why="a JSON number")
    told = [call(name, 200, {**path, "key": key}).headers["Cairn-Expires"] for name in ("getObject", "headObject")
            for key in ("a", "b")]
    checker.check("a date comes back as it was", told == [date] * 4, f"{told}")
    page = call("listObjects", 200, path, {"attributes": True, "prefix": "a"}).json()
    found = call("getObjects", 200, path, body={"keys": ["a"]}).json()
    checker.check("listings and batch reads tell it", page["objects"][0]["cairn_expires"]
                  == found["objects"][0]["cairn_expires"] == date, f"{page} {found}")
    call("putObject", 400, {**path, "key": "a"}, headers={"Cairn-Expires": "0"}, body=b"x", why="no time to come")
    call("applyBatch", 422, path, body={"operations": [put_step("d", b"D", cairn_expires="soon")]})
    call("putObject", 201, {**path, "key": "e"}, headers={"Cairn-Expires": "1"}, body=b"x")
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while exchange(checker.address, "GET", "/v1/stores/expiring/objects/e").status == 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    call("getObject", 404, {**path, "key": "e"}, why="it has expired")


# ---- many objects ------------------------------------------------------------------------------


def batches(checker):
    call = checker.call
    path = {"store": "batches"}
    call("createStore", 201, path)
    steps = [put_step("a", b"A", content_type="text/plain", cache_control="no-store", meta={"colour": "red"}),
             put_step("b", b"B", if_none_match="*"),
             {"op": "rename", "key": "a", "to": "c"},
             {"op": "copy", "key": "c", "to": "d", "overwrite": False},
             {"op": "delete", "key": "b"},
             {"op": "put", "key_hash": ALICE_HASH, "data": base64_text(b"alice")},
             {"op": "put", "key_base64": base64_text(b"\xff"), "data": base64_text(b"binary")}]
    result = call("applyBatch", 200, path, body={"operations": steps}).json()
    checker.check("a batch has one receipt per step", len(result["results"]) == len(steps), f"{result}")
    call("applyBatch", 200, path, body={"operations": [put_step("e", b"")], "allow_empty": True})
    call("applyBatch", 200, path, body={"operations": [put_step("n", b"\0")], "allow_null_bytes": True})
    call("applyBatch", 200, path, body=form({"f": b"F", "g/h": b"G"}), media=FORM, valid=False)
    call("applyBatch", 422, path, body=form({"i": b""}), media=FORM, valid=False, why="empty part")
    call("applyBatch", 200, path, {"allow_empty": True, "allow_null_bytes": True}, body=form({"i": b""}), media=FORM,
         valid=False)
    check_batch_get(checker, path)
    batch_refusals(checker, path)


def form(parts):
    octets = b"".join(b'--stone\r\nContent-Disposition: form-data; name="%s"; filename="f"\r\n'
                      b"Content-Type: text/plain\r\n\r\n%s\r\n" % (name.encode(), data) for name, data in parts.items())
    return octets + b"--stone--\r\n"


def check_batch_get(checker, path):
    asked = ["c", "a", "g/h", "d"]
    found = checker.call("getObjects", 200, path, body={"keys": asked}).json()["objects"]
    checker.check("batch-get keeps the order and says null", [entry and entry["key"] for entry in found]
                  == ["c", None, "g/h", "d"], f"{found}")
    by_name = [{"key": "c"}, {"key_hash": ALICE_HASH}, {"key_base64": base64_text(b"\xff")}]
    found = checker.call("getObjects", 200, path, body={"objects": by_name}, why="by key, hash and bytes").json()
    checker.check("batch-get answers bytes", [base64.b64decode(entry["data"]) for entry in found["objects"]]
                  == [b"A", b"alice", b"binary"], f"{found}")


def batch_refusals(checker, path):
    call = checker.call
    refused = {"operations": [put_step("z", b"Z"), put_step("y", b"")]}
    problem = call("applyBatch", 422, path, body=refused, why="empty").json()
    checker.check("the refused step is named", problem.get("index") == 1, f"{problem}")
    checker.call("getObject", 404, {**path, "key": "z"}, why="nothing of a refused batch is applied")
    call("applyBatch", 422, path, body={"operations": [put_step("y", b"\0")]}, why="NUL")
    call("applyBatch", 422, path, body={"operations": [{"op": "rename", "key": "absent", "to": "x"}]}, why="no source")
    call("applyBatch", 412, path, body={"operations": [put_step("c", b"C", if_none_match="*")]})
    absent = {"store": "absent"}
    for name, body in (("applyBatch", refused), ("getObjects", {"keys": ["a"]})):
        call(name, 400, path, body=b"{", media="application/json", valid=False)
        call(name, 400, path, body={"surprise": True}, valid=False, why="unknown member")
        call(name, 404, absent, body=body)
        call(name, 415, path, body=b"x", media="text/plain", valid=False)


def archives(checker):
    path, files = {"store": "archived"}, {"a": b"A", "dir/b": b"B"}
    tar = {"body": tar_of(files), "media": "application/x-tar"}
    checker.call("createStore", 201, path)
    result = checker.call("putArchive", 200, path, **tar).json()
    checker.check("all files are stored", result["objects"] == len(files), f"{result}")
    answer = checker.call("getArchive", 200, path)
    with tarfile.open(fileobj=io.BytesIO(answer.body)) as given:
        seen = {member.name: given.extractfile(member).read() for member in given}
    checker.check("the tar has what was put", seen == files, f"{seen}")
    named = checker.call("getArchive", 200, path, {"download": "all.tar"}).headers["content-disposition"]
    checker.check("the tar is named as it is asked for", 'filename="all.tar"' in named, f"{named}")
    for name, how in (("getArchive", {}), ("putArchive", tar)):
        checker.call(name, 404, {"store": "absent"}, **how)
        checker.call(name, 400, path, {"prefix": "x" * 1025}, valid=False, **how)
    checker.call("putArchive", 400, path, body=b"no tar at all" * 100, media="application/x-tar")
    checker.call("putArchive", 415, path, sent={"Content-Encoding": "br"}, **tar)
    linked = tar_of({"c": b"C"}, ["link"])
    checker.call("putArchive", 422, path, {"atomic": True}, body=linked, media="application/x-tar")
    checker.call("getObject", 404, {**path, "key": "c"})


def moves_and_copies(checker):
    call = checker.call
    here, there = {"store": "here"}, {"store": "there"}
    call("createStore", 201, here)
    call("createStore", 201, there)
    for name in ("moveObject", "copyObject"):
        call("putObject", 201, {**here, "key": "a"}, body=b"A")
        call("putObject", 201, {**here, "key": "taken"}, body=b"T")
        call(name, 201, here, body={"key": "a", "destination": {"store": "there", "key": "new"}}, why="to a store")
        call("putObject", 200 if name == "copyObject" else 201, {**here, "key": "a"}, body=b"A2")
        call(name, 200, here, body={"key": "a", "destination": {"key": "taken"}}, why="in its store")
        transfer_refusals(checker, name, here)
        for path in ({**here, "key": "a"}, {**here, "key": "taken"}, {**there, "key": "new"}):
            call("deleteObject", 200, path)


def transfer_refusals(checker, name, here):
    call = checker.call
    call("putObject", 200 if name == "copyObject" else 201, {**here, "key": "a"}, body=b"A")
    taken = {"store": "here", "key": "taken"}
    call(name, 403, here, body={"key": "a", "destination": {"store": "here", "key": "a"}})
    call(name, 412, here, body={"key": "a", "destination": taken, "overwrite": False})
    call(name, 404, here, body={"key": "absent", "destination": taken}, why="no object")
    call(name, 404, here, body={"key": "a", "destination": {"store": "absent", "key": "a"}}, why="no target store")
    call(name, 404, {"store": "absent"}, body={"key": "a", "destination": taken}, why="no store")
    call(name, 400, here, body={"key": "a"}, valid=False, why="no destination")
    call(name, 400, here, body={"key": "a", "destination": {"key": "b"}, "overwrites": False}, valid=False, why="a typo")
    call(name, 400, here, body={"key": "a", "destination": {"key": "b", "shop": "there"}}, valid=False, why="a typo")
    call(name, 415, here, body=b"x", media="text/plain", valid=False)
