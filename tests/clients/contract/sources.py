"""openapi.yaml beside the sources of the server: the table of problems says the same in both. (That of routes is compared
by tests/api/test_openapi.c.)"""

import re

PROBLEM = re.compile(r'\{(\d{3}), TYPE "([a-z-]+)"')


def problems(checker, root):
    source = next((root / "api").rglob("problem.c")).read_text()
    compare(checker, "problems", {(int(status), kind) for status, kind in PROBLEM.findall(source)},
            checker.specification.problems)


def compare(checker, what, served, documented):
    checker.check(f"api/ has {what}", bool(served), "none were recognised in the source")
    checker.check(f"every one of the {what} is in the file", served <= documented, sorted(served - documented))
    checker.check(f"the file invents no {what}", documented <= served, sorted(documented - served))


COMPARISONS = (problems,)
