"""What the server may answer although openapi.yaml does not foretell it, each with the reason why the file cannot say it.

Schemathesis loads this as its hooks: two of its checks, with exceptions. Every other request that fits the file has to
be accepted, and every other one that does not has to be refused.
"""

import schemathesis
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

PROBLEM_TYPE = "urn:problem-type:cairn:"

# Bytes like any other.
schemathesis.serializer.alias(["application/x-tar", "application/offset+octet-stream"], "application/octet-stream")

# Refusals of what fits the file: (status, kind of problem, words of its detail, reason).
REFUSED = (
    (412, "precondition-failed", "", "a condition is there to be refused when it does not hold"),
    (412, "target-exists", "", "`overwrite: false` is such a condition"),
    (416, "range-not-satisfiable", "", "which ranges there are depends on the object"),
    (400, "digest-mismatch", "", "no schema knows which digest belongs to a body"),
    (400, "bad-header", "is malformed: it has to be", "nor which algorithms its header may name beside sha-256"),
    (422, "entry-refused", "", "what a step of a batch has beside its op is said in words: see BatchOperation"),
    (400, "bad-body", "exactly one of", "where other members stand beside a name, their number does not say it"),
    (400, "bad-body", "size and type are for uploads", "what goes with a method is said in words: see LinkRequest"),
    (400, "bad-body", "only one of expires and expires_in", "two members that exclude each other, too"),
    (400, "bad-body", "expires is in the past", "no schema knows what time it is"),
    (400, "bad-parameter", "at most 255 bytes", "lengths in a schema count characters, not bytes"),
    (400, "bad-header", "Either Upload-Length", "two fields that exclude each other"),
    (400, "bad-header", "Upload-Metadata does not fit", "what it has to hold is said in words"),
    (410, "changes-gone", "", "which changes are still known depends on the store"),
    (400, "bad-body", "it is no tar", "no schema knows what a tar is"),
    (400, "bad-body", "it ends before its end", "nor when one is whole"),
    (400, "bad-body", "1 to 1024 bytes", "lengths in a schema count characters, not bytes, nor those of base64"),
)


def may_be_refused(case, response):
    if case.method == "HEAD":  # without a body that says the kind
        return response.status_code in {status for status, *_ in REFUSED}
    if "problem" not in response.headers.get("content-type", [""])[0]:
        return False
    problem = response.json()
    seen = (problem["status"], problem["type"].removeprefix(PROBLEM_TYPE))
    return any(seen == (status, kind) and words in problem["detail"] for status, kind, words, _ in REFUSED)


def holds_null(value):
    """Generated clients send null for what they do not mean, so it counts as absent; the file keeps to what is meant,
    since `nullable` everywhere would make poor types."""
    if isinstance(value, dict):
        return any(member is None or holds_null(member) for member in value.values())
    return isinstance(value, list) and any(holds_null(item) for item in value)


def tells_its_version(response):
    """tus has its own status for who speaks another version of it, or none, and a field that says which is known."""
    return response.status_code == 412 and "tus-version" in response.headers


@schemathesis.check
def what_fits_is_accepted(context, response, case):
    return None if may_be_refused(case, response) else positive_data_acceptance(context, response, case)


@schemathesis.check
def what_does_not_fit_is_refused(context, response, case):
    allowed = holds_null(case.body) or tells_its_version(response)
    return None if allowed else negative_data_rejection(context, response, case)
