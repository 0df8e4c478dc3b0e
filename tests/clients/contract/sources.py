"""openapi.yaml beside the sources of the server: the table of routes and the table of problems say the same in both."""

import re

ROUTE = re.compile(r"^\s*\{METHOD_(\w+), ([^,]+), &endpoint_\w+\}", re.MULTILINE)
DEFINITION = re.compile(r'^#define (\w+)\s+"(/[^"]*)"', re.MULTILINE)
PROBLEM = re.compile(r'\{(\d{3}), TYPE "([a-z-]+)"')

# What a table of routes need not share with the file: OpenAPI cannot describe the first two methods, which the file
# says in words; HEAD comes with every GET, and the file has it where it is of use.
OUTSIDE = {"MOVE", "COPY", "HEAD"}


def routes(checker, root):
    source = (root / "api" / "route.c").read_text()
    paths = dict(DEFINITION.findall(source))
    served = {(method, paths.get(pattern, pattern.strip('"'))) for method, pattern in ROUTE.findall(source)}
    documented = {(operation.method, operation.path) for operation in checker.specification.operations.values()}
    compare(checker, "routes", within(served), within(documented))


def within(pairs):
    return {(method, path) for method, path in pairs if method not in OUTSIDE}


def problems(checker, root):
    source = (root / "api" / "problem.c").read_text()
    compare(checker, "problems", {(int(status), kind) for status, kind in PROBLEM.findall(source)},
            checker.specification.problems)


def compare(checker, what, served, documented):
    checker.check(f"api/ has {what}", bool(served), "none were recognised in the source")
    checker.check(f"every one of the {what} is in the file", served <= documented, sorted(served - documented))
    checker.check(f"the file invents no {what}", documented <= served, sorted(documented - served))


COMPARISONS = (routes, problems)
