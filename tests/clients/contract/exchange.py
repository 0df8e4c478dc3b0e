"""One HTTP exchange, written out as given: no library between that would tidy up a path."""

import http.client
import json
from dataclasses import dataclass, field

TIMEOUT_SECONDS = 60


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage = field(repr=False)
    body: bytes

    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)


def connect(address):
    host, port = address.rsplit(":", 1)
    return http.client.HTTPConnection(host.strip("[]"), int(port), timeout=TIMEOUT_SECONDS)


def exchange(address, method, target, headers=None, body=None):
    """Sends a request and reads its answer. `body` is bytes or None; a `Content-Length` among the headers stands as
    it is, so that a length can be announced whose bytes never come."""
    connection = connect(address)
    try:
        send(connection, method, target, dict(headers or {}), body)
        return received(connection)
    finally:
        connection.close()


def received(connection):
    """The answer to what was sent."""
    response = connection.getresponse()
    return Answer(response.status, response.headers, response.read())


def send(connection, method, target, headers, body):
    connection.putrequest(method, target, skip_accept_encoding=True)
    if body is not None and "Content-Length" not in headers:
        headers["Content-Length"] = str(len(body))
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(body)
