"""openapi.yaml beside the sources of the server: the table of routes and the table of problems say the same in both."""

import re

ROUTE = re.compile(r"\{METHOD_(\w+),\s*([^,]+),\s*&endpoint_\w+\}")
DEFINITION = re.compile(r"^#define (\w+)\s+(.*/.*)$", re.MULTILINE)
PIECE = re.compile(r'"([^"]*)"|(\w+)')
PROBLEM = re.compile(r'\{(\d{3}), TYPE "([a-z-]+)"')

# What a table of routes need not share with the file: OpenAPI cannot describe the first two methods, which the file
# says in words; HEAD comes with every GET, and the file has it where it is of use.
OUTSIDE = {"MOVE", "COPY", "HEAD"}


def routes(checker, root):
    source = (root / "api" / "route.c").read_text()
    named = dict(DEFINITION.findall(source))
    served = {(method, path_of(pattern, named)) for method, pattern in ROUTE.findall(source)}
    documented = {(operation.method, operation.path) for operation in checker.specification.operations.values()}
    compare(checker, "routes", within(served), within(documented))


def path_of(pattern, named):
    """A C expression of string literals and defined names, side by side, as the path it stands for."""
    return "".join(text or path_of(named[name], named) for text, name in PIECE.findall(pattern))


def within(pairs):
    return {(method, path) for method, path in pairs if method not in OUTSIDE}


def problems(checker, root):
    source = (root / "api" / "request" / "problem.c").read_text()
    compare(checker, "problems", {(int(status), kind) for status, kind in PROBLEM.findall(source)},
            checker.specification.problems)


def compare(checker, what, served, documented):
    checker.check(f"api/ has {what}", bool(served), "none were recognised in the source")
    checker.check(f"every one of the {what} is in the file", served <= documented, sorted(served - documented))
    checker.check(f"the file invents no {what}", documented <= served, sorted(documented - served))


COMPARISONS = (routes, problems)
