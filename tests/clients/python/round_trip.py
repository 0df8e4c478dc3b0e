"""Every operation of openapi.yaml through the client that openapi-generator makes for Python, against a real server.

    PYTHONPATH=…/generated python round_trip.py http://127.0.0.1:8080
"""

import base64
import hashlib
import sys
from urllib.parse import quote

import cairn_client as cairn
from cairn_client.exceptions import ApiException

MIB = 1 << 20
STORE, OTHER = "python", "python-other"
OCTETS = "application/octet-stream"

passed = failed = 0


def check(title, holds, seen=None):
    global passed, failed
    if holds:
        passed += 1
        return
    failed += 1
    print(f"FAILED python: {title}: {seen}")


def status_of(call, *arguments, **options):
    """The status of a call that may be refused."""
    try:
        return call(*arguments, **options).status_code
    except ApiException as refusal:
        return refusal.status


def base64_text(octets):
    return base64.b64encode(octets).decode()


def sent(key):
    """A key as the client must be given it: encoded whole, the dots too, since urllib3 takes bare dots out of a path.
    The client is told (safe_chars_for_path_param below) to leave the percent signs alone."""
    return quote(key, safe="").replace(".", "%2E")


class Clients:
    def __init__(self, server):
        client = cairn.ApiClient(cairn.Configuration(host=server, safe_chars_for_path_param="%"))
        self.stores = cairn.StoresApi(client)
        self.objects = cairn.ObjectsApi(client)
        self.hashes = cairn.HashesApi(client)
        self.many = cairn.ManyObjectsApi(client)
        self.server = cairn.ServerApi(client)


def stores(clients):
    made = clients.stores.create_store_with_http_info(STORE)
    check("createStore", made.status_code == 201 and made.data.created, made)
    again = clients.stores.create_store_with_http_info(STORE)
    check("createStore again", again.status_code == 200 and not again.data.created, again)
    clients.stores.create_store(OTHER)
    names = [entry.name for entry in clients.stores.list_stores().stores]
    check("listStores", STORE in names, names)
    figures = clients.stores.get_store(STORE)
    check("getStore", figures.objects == 0, figures)
    check("getStore of none", status_of(clients.stores.get_store_with_http_info, "absent") == 404)


def verification(clients):
    begun = clients.stores.verify_store_with_http_info(STORE, rate=0)
    check("verifyStore", begun.status_code == 202 and begun.data.flaws == 0, begun)
    figures = clients.stores.get_store(STORE)
    check("getStore shows it", figures.verification.started == begun.data.started, figures)


def round_trip(clients, key, value):
    title = f"{key!r}, {len(value)} bytes"
    receipt = clients.objects.put_object(STORE, sent(key), body=value, _content_type="text/x-test",
                                         _headers={"Cairn-Meta-Client": "python"})
    check(f"putObject {title}", (receipt.key, receipt.size) == (key, len(value)), receipt)
    got = clients.objects.get_object_with_http_info(STORE, sent(key))
    check(f"getObject {title}", hashlib.sha256(got.data).digest() == hashlib.sha256(value).digest(), got.status_code)
    headers = {name.lower(): text for name, text in got.headers.items()}
    attributes = (headers["content-type"], headers["cairn-meta-client"])
    check(f"attributes of {title}", attributes == ("text/x-test", "python"), headers)
    head = clients.objects.head_object_with_http_info(STORE, sent(key))
    check(f"headObject {title}", head.status_code == 200 and head.headers["Content-Length"] == str(len(value)), head)
    by_hash(clients, title, receipt.key_hash, value)
    gone = clients.objects.delete_object(STORE, sent(key))
    check(f"deleteObject {title}", gone.key == key, gone)
    check(f"{title} is gone", status_of(clients.objects.get_object_with_http_info, STORE, sent(key)) == 404)


def by_hash(clients, title, key_hash, value):
    got = clients.hashes.get_object_by_hash(STORE, key_hash)
    check(f"getObjectByHash {title}", len(got) == len(value), len(got))
    head = clients.hashes.head_object_by_hash_with_http_info(STORE, key_hash)
    check(f"headObjectByHash {title}", head.status_code == 200, head)


def hashes(clients):
    test_key = "e0614cc5ecbeed92"  # XXH3-64 of "test_key"
    made = clients.hashes.put_object_by_hash_with_http_info(STORE, test_key, body=b"x", _content_type=OCTETS)
    check("putObjectByHash", made.status_code == 201, made)
    check("found by its key", clients.objects.get_object(STORE, "test_key") == b"x")
    gone = clients.hashes.delete_object_by_hash_with_http_info(STORE, test_key)
    check("deleteObjectByHash", gone.status_code == 200, gone)


def compare_and_swap(clients):
    etag = clients.objects.put_object(STORE, "swapped", body=b"1").etag
    statuses = [status_of(clients.objects.put_object_with_http_info, STORE, "swapped", if_match=etag, body=b"2")
                for _ in range(2)]
    check("If-Match swaps once", statuses == [200, 412], statuses)


def batches(clients):
    data = base64_text(b"A")
    steps = [cairn.BatchOperation(op="put", key="a", data=data, content_type="text/plain"),
             cairn.BatchOperation(op="rename", key="a", to="b"),
             cairn.BatchOperation(op="copy", key="b", to="c"),
             cairn.BatchOperation(op="delete", key="b")]
    done = clients.many.apply_batch(STORE, cairn.Batch(operations=steps))
    check("applyBatch", len(done.results) == 4, done)
    found = clients.many.get_objects(STORE, cairn.BatchGet(keys=["c", "b"])).objects
    check("getObjects", found[0].data == data and found[1] is None, found)
    refused = [cairn.BatchOperation(op="put", key=key, data=text) for key, text in (("d", data), ("e", ""))]
    try:
        clients.many.apply_batch(STORE, cairn.Batch(operations=refused))
        check("applyBatch refused", False, "accepted")
    except ApiException as refusal:
        check("applyBatch refused", (refusal.status, refusal.data.index) == (422, 1), refusal)


def listing(clients):
    for key in ("page/1", "page/2"):
        clients.objects.put_object(STORE, key, body=b"x")
    first = clients.objects.list_objects(STORE, prefix="page/", limit=1)
    check("listObjects", first.objects[0].key == "page/1" and first.cursor is not None, first)
    following = clients.objects.list_objects(STORE, prefix="page/", cursor=first.cursor)
    check("listObjects, next page", following.objects[0].key == "page/2" and following.cursor is None, following)


def moves_and_copies(clients):
    clients.objects.put_object(STORE, "travelling", body=b"x")
    copied = clients.many.copy_object_with_http_info(STORE, transfer("copied"))
    check("copyObject", copied.status_code == 201 and copied.data.store == OTHER, copied)
    moved = clients.many.move_object_with_http_info(STORE, transfer("moved"))
    check("moveObject", moved.status_code == 201 and moved.data.key == "moved", moved)


def transfer(key):
    return cairn.Transfer(key="travelling", destination=cairn.Destination(store=OTHER, key=key), overwrite=False)


def pages(clients):
    check("getAbout", clients.server.get_about().name == "cairn")
    check("getHealth", clients.server.get_health_with_http_info().status_code == 200)
    check("getReadiness", clients.server.get_readiness_with_http_info().status_code == 200)
    check("getMetrics", "# TYPE cairn_" in clients.server.get_metrics())
    check("getOpenapi", clients.server.get_openapi().startswith("openapi: 3."))


def delete_stores(clients):
    check("deleteStore with objects", status_of(clients.stores.delete_store_with_http_info, STORE) == 409)
    for name in (STORE, OTHER):
        gone = clients.stores.delete_store_with_http_info(name, force=True)
        check(f"deleteStore {name}", gone.status_code == 204, gone)


def large():
    value = bytearray(200 * MIB)
    value[::4096] = bytes(at % 251 for at in range(len(value) // 4096))
    return bytes(value)


def awkward_keys(clients):
    for key in ("plain", "a/b c", "ü", "%", "+", "?", "#", ".", "..", "a//b", "/", "a/../b", "%2F", "\0"):
        round_trip(clients, key, f"value of {key}".encode())


def awkward_sizes(clients):
    round_trip(clients, "empty", b"")
    round_trip(clients, "large", large())


PARTS = (
    stores,
    awkward_keys,
    awkward_sizes,
    hashes,
    compare_and_swap,
    batches,
    listing,
    moves_and_copies,
    verification,
    pages,
    delete_stores,
)


def main():
    clients = Clients(sys.argv[1])
    for part in PARTS:
        try:
            part(clients)
        except ApiException as refusal:
            check(part.__name__, False, refusal)
    print(f"python: {passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
