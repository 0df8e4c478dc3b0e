"""The pages about the server itself, and the comparison of its routes with the paths of the file."""

import gzip
import re

from .exchange import exchange
from .scenarios import OTHER_ETAG, first_event
from .server import Server

# Methods that a route may have beyond the file. OpenAPI cannot describe the first two, which it names in words; HEAD comes
# with every GET, and the file has it where it is of use; OPTIONS is answered everywhere.
OUTSIDE = {"MOVE", "COPY", "HEAD", "OPTIONS"}
SOME = {"store": "some", "key": "some", "hash": "4da10dd61a0116b0", "upload": "4da10dd61a0116b0", "file": "index.html"}


def pages(checker):
    checker.call("getAbout", 200)
    browsers = exchange(checker.address, "GET", "/", {"Accept": "text/html"})
    checker.check("browsers get a page", "<html" in browsers.text(), f"{browsers}")
    checker.call("getHealth", 200)
    checker.call("getReadiness", 200)
    checker.call("getMetrics", 200)
    checker.check("all is open", checker.call("getAccess", 200).json()["open"], "it is not")
    served = checker.call("getOpenapi", 200).body
    with open(checker.specification.file, "rb") as file:
        checker.check("the server serves this very file", served == file.read(), "it serves another one")


def live(checker):
    call = checker.call
    path = {"store": "looked-at"}
    call("createStore", 201, path)
    for page in (call("getLive", 200).json(), call("getStoreLive", 200, path).json()):
        checker.check("rows have what the columns say", {len(row) for row in page["rows"]} <= {len(page["columns"])},
                      f"{page}")
    for target in ("/v1/live", "/v1/stores/looked-at/live"):
        told = first_event(checker.address, target)
        checker.check(f"{target} begins with the past", set(told) == {"interval", "columns", "rows"}, f"{told}")
    call("getStoreLive", 404, {"store": "absent"})


def console(checker):
    call = checker.call
    page = {"file": "index.html"}
    call("getConsole", 308)
    plain = call("getConsoleFile", 200, page)
    packed = call("getConsoleFile", 200, page, sent={"Accept-Encoding": "gzip"}, why="in gzip")
    checker.check("gzip holds the same", gzip.decompress(packed.body) == plain.body, "it holds something else")
    checker.check("the folder is the page", exchange(checker.address, "GET", "/console/").body == plain.body, "it is not")
    call("getConsoleFile", 304, page, headers={"If-None-Match": plain.headers["ETag"]})
    call("getConsoleFile", 412, page, sent={"If-Match": OTHER_ETAG})
    call("getConsoleFile", 404, {"file": "nothing.js"})


def without_console(checker, binary):
    with Server(binary, "--console", "off") as server:
        call = checker.at(server.address).call
        call("getConsole", 404)
        call("getConsoleFile", 404, {"file": "index.html"})


def refusals_from_any_path(checker):
    """What is wrong with a request before anybody looks at what it is about, for every operation alike."""
    for name, operation in checker.specification.operations.items():
        path = {part: SOME[part] for part in re.findall(r"\{(\w+)\}", operation.path)}
        checker.call(name, 400, path, sent={"host": "another"}, valid=False, why="a second Host")
        checker.call(name, 431, path, sent={"Padding": "x" * 11_000}, valid=False, why="a long head")
        checker.call(name, 417, path, sent={"Expect": "miracles"}, valid=False)


def methods(checker):
    """The server's own word on each path of the file: the Allow header that comes with 405."""
    for path in checker.specification.paths:
        target = re.sub(r"\{(\w+)\}", lambda match: SOME[match[1]], path)
        documented = checker.specification.methods(path) - OUTSIDE
        wrong = next(method for method in ("DELETE", "POST") if method not in documented)
        answer = exchange(checker.address, wrong, target)
        kind = answer.headers.get("Content-Type")
        checker.check(f"{wrong} {path} is 405", (answer.status, kind) == (405, "application/problem+json"), f"{answer}")
        allowed = {method.strip() for method in answer.headers.get("Allow", "").split(",")} - OUTSIDE
        checker.check(f"methods of {path}", allowed == documented,
                      f"the server allows {sorted(allowed)}, the file has {sorted(documented)}")
