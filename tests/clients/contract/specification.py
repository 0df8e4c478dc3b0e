"""openapi.yaml as something that requests and answers can be held against.

References are resolved while reading, and every object schema that names its members is closed: a member, header or
status that the file does not know is a finding. That is stricter than what clients should do, and it is what makes
the file and the server unable to drift apart.
"""

import json
import re
from dataclasses import dataclass
from urllib.parse import quote

import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker

METHODS = ("get", "put", "post", "delete", "head", "patch", "options")

# A row of the table of problems in the description of the Problem schema: | status | kind | meaning |
PROBLEM_ROW = re.compile(r"^\| (\d{3}) \| `([a-z-]+)` \|", re.MULTILINE)
PROBLEM_TYPE = "urn:problem-type:cairn:"

# What `default` stands for: see "Errors" in the file.
FROM_ANY_PATH = {405, 413, 417, 421, 501}

# Headers that belong to HTTP itself, to the connection or to every answer; the file speaks of them in words, if at all.
PLAIN_HEADERS = {
    "cache-control", "connection", "content-length", "content-security-policy", "content-type",
    "cross-origin-opener-policy", "cross-origin-resource-policy", "date", "keep-alive", "referrer-policy",
    "transfer-encoding", "tus-resumable", "vary", "x-content-type-options"
}  # fmt: skip


@dataclass
class Response:
    headers: dict  # lower-case name -> {"schema": …, "required": …}
    content: dict  # media type -> schema


@dataclass
class Operation:
    name: str
    method: str
    path: str
    public: bool  # nothing is asked of the caller
    parameters: list
    request: dict  # media type -> schema
    body_required: bool
    responses: dict  # status -> Response
    default: Response

    def response(self, status):
        """What the file says of an answer; `default` stands for a few statuses only. None: it knows no such answer."""
        return self.responses.get(status, self.default if status in FROM_ANY_PATH else None)

    def target(self, path, query):
        """The request target: path values percent-encoded whole, as generated clients do it."""
        filled = re.sub(r"\{(\w+)\}", lambda match: encode(path[match[1]]), self.path)
        return filled + ("?" + "&".join(f"{name}={encode(value)}" for name, value in query.items()) if query else "")


def encode(value):
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return quote(text, safe="")


class Specification:
    def __init__(self, path):
        self.file = path
        with open(path, encoding="utf-8") as file:
            document = yaml.safe_load(file)
        self.paths = closed(resolved(document["paths"], document))
        table = document["components"]["schemas"]["Problem"]["description"]
        self.problems = {(int(status), kind) for status, kind in PROBLEM_ROW.findall(table)}
        self.operations = {operation.name: operation for operation in self._operations()}

    def _operations(self):
        for path, item in self.paths.items():
            for method in METHODS:
                if method in item:
                    yield operation_of(path, method, item)

    def methods(self, path):
        return {method.upper() for method in self.paths[path] if method in METHODS}

    def documented(self):
        """Every (operation, status) the file promises, beside what `default` stands for."""
        return {(name, status) for name, operation in self.operations.items() for status in operation.responses}


def operation_of(path, method, item):
    entry = item[method]
    body = entry.get("requestBody", {})
    responses = dict(entry["responses"])
    default = responses.pop("default")
    return Operation(
        name=entry["operationId"],
        method=method.upper(),
        path=path,
        public=entry.get("security") == [],
        parameters=item.get("parameters", []) + entry.get("parameters", []),
        request=schemas_of(body),
        body_required=body.get("required", False),
        responses={int(status): response_of(response) for status, response in responses.items()},
        default=response_of(default),
    )


def response_of(response):
    headers = {name.lower(): header for name, header in response.get("headers", {}).items()}
    return Response(headers, schemas_of(response))


def schemas_of(message):
    return {media: content["schema"] for media, content in message.get("content", {}).items()}


def resolved(node, document):
    if isinstance(node, list):
        return [resolved(item, document) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return resolved(target, document)
    return {name: resolved(value, document) for name, value in node.items() if name != "discriminator"}


def closed(node):
    if isinstance(node, list):
        return [closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {name: closed(value) for name, value in node.items()}
    if node.get("type") == "object" and "properties" in node and "additionalProperties" not in node:
        node["additionalProperties"] = False
    return node


# ---- findings ----------------------------------------------------------------------------------


def schema_findings(schema, value, where):
    validator = OAS30Validator(schema, format_checker=oas30_format_checker)
    return [f"{where}{error.json_path.removeprefix('$')}: {error.message}" for error in validator.iter_errors(value)]


def is_binary(schema):
    return schema.get("format") == "binary"


def media_schema(content, media):
    """The schema for a media type, exact before the wildcard; None when the file does not know it."""
    bare = media.split(";")[0].strip().lower()
    return content.get(bare, content.get("*/*"))


def request_findings(operation, path, query, headers, body, media):
    findings = []
    given = {"path": path, "query": query, "header": {name.lower(): value for name, value in headers.items()}}
    known = {place: set() for place in given}
    for parameter in operation.parameters:
        place = parameter["in"]
        name = parameter["name"].lower() if place == "header" else parameter["name"]
        known[place].add(name)
        if name in given[place]:
            findings += schema_findings(parameter["schema"], given[place][name], f"{place} {name}")
        elif parameter.get("required"):
            findings.append(f"{place} {name} is required and missing")
    for place, values in given.items():
        unknown = {name for name in values if name not in known[place] and not name.startswith("cairn-meta-")}
        findings += [f"{place} {name} is not in the file" for name in unknown]
    return findings + body_findings(operation, body, media)


def body_findings(operation, body, media):
    if body is None:
        return ["the request body is required and missing"] if operation.body_required else []
    schema = media_schema(operation.request, media or "application/octet-stream")
    if schema is None:
        return [f"a request body of type {media} is not in the file"]
    return schema_findings(schema, body, "request") if isinstance(body, (dict, list)) else []


def answer_findings(operation, answer, problems):
    response = operation.response(answer.status)
    if response is None:
        return [f"status {answer.status} is not in the file: {answer.text()[:300]}"]
    findings = header_findings(operation, response, answer) + content_findings(operation, response, answer)
    return findings + problem_findings(answer, problems)


def header_findings(operation, response, answer):
    findings = []
    for name, header in response.headers.items():
        value = answer.headers.get(name)
        if value is None:
            findings += [f"header {name} is promised and missing"] if header.get("required") else []
        else:
            findings += schema_findings(header["schema"], typed(header["schema"], value), f"header {name}")
    carries_meta = operation.method in ("GET", "HEAD") and answer.status in (200, 206)
    known = PLAIN_HEADERS | set(response.headers)
    for name, value in answer.headers.items():
        is_meta = carries_meta and name.lower().startswith("cairn-meta-")
        if name.lower() not in known and not is_meta:
            findings.append(f"header {name}: {value} is not in the file")
    return findings


def typed(schema, text):
    return int(text) if schema.get("type") == "integer" and text.isdigit() else text


def content_findings(operation, response, answer):
    if operation.method == "HEAD" or not response.content:
        return [f"a body the file does not know: {answer.text()[:200]}"] if answer.body else []
    media = answer.headers.get("content-type", "")
    schema = media_schema(response.content, media)
    if schema is None:
        return [f"content type {media!r} is not in the file"]
    if is_binary(schema):
        return []
    if "json" not in media or "ndjson" in media:
        return schema_findings(schema, answer.text(), "answer")
    return json_findings(schema, answer)


def json_findings(schema, answer):
    try:
        value = answer.json()
    except json.JSONDecodeError as error:
        return [f"the answer is not JSON: {error}"]
    return schema_findings(schema, value, "answer")


def problem_findings(answer, problems):
    """A problem's type and status stand together in the table, and the status is the answer's."""
    if not answer.body or answer.status < 400:
        return []
    problem = answer.json()
    kind = (problem["status"], problem["type"].removeprefix(PROBLEM_TYPE))
    findings = [] if kind in problems else [f"problem {kind} is not in the table"]
    return findings if kind[0] == answer.status else findings + [f"the problem says status {kind[0]}"]
