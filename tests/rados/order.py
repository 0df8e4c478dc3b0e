"""order.py PORT PREFIX SECONDS - clients of several stores, and whether all that they see fits one order.

Of each store one client writes one object, with numbers that grow, and one reads it. A read has to show no less than
what was acknowledged or read before it began, and no more than what was tried. At the end each object has to be what
was acknowledged last, or later. Prints a line: how many requests there were, how many failed, the longest time in
milliseconds between two acknowledgements of a store, and how often the order was broken.
"""

import http.client
import sys
import threading
import time

STORES = 12
PATIENCE = 60


class Store:
    def __init__(self, port, name):
        self.port = port
        self.path = f"/v1/stores/{name}"
        self.object = f"{self.path}/objects/k"
        self.lock = threading.Lock()
        self.tried = self.acknowledged = self.seen = 0
        self.requests = self.failed = self.broken = 0
        self.longest = 0.0
        self.connections = threading.local()

    def ask(self, method, path, body=None):
        """Status and content; None: it has failed, and whether it was done is not known."""
        with self.lock:
            self.requests += 1
        try:
            connection = getattr(self.connections, "it", None)
            if connection is None:
                connection = self.connections.it = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.connections.it = None
            return None, b""

    def fail(self):
        with self.lock:
            self.failed += 1
        time.sleep(0.05)

    def write_until(self, end):
        last = time.monotonic()
        while time.monotonic() < end:
            with self.lock:
                self.tried += 1
                number = self.tried
            status, _ = self.ask("PUT", self.object, str(number).encode())
            if status not in (200, 201):
                self.fail()
                continue
            now = time.monotonic()
            with self.lock:
                self.acknowledged = number
                self.longest = max(self.longest, now - last)
            last = now

    def judge(self, status, content, least):
        number = 0 if status == 404 else int(content)
        with self.lock:
            if not least <= number <= self.tried:
                self.broken += 1
            self.seen = max(self.seen, number)

    def read(self):
        with self.lock:
            least = max(self.acknowledged, self.seen)
        status, content = self.ask("GET", self.object)
        if status in (200, 404):
            self.judge(status, content, least)
        return status in (200, 404)

    def read_until(self, end):
        while time.monotonic() < end:
            if not self.read():
                self.fail()
            time.sleep(0.002)


def main():
    port, prefix, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    stores = [Store(port, f"{prefix}{number}") for number in range(STORES)]
    for store in stores:
        assert store.ask("PUT", store.path)[0] == 201, store.path
    end = time.monotonic() + seconds
    threads = [threading.Thread(target=act, args=(end,)) for store in stores for act in (store.write_until, store.read_until)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for store in stores:
        assert store.read(), f"{store.object} is not there at the end"
    print(sum(store.requests for store in stores), sum(store.failed for store in stores),
          round(1000 * max(store.longest for store in stores)), sum(store.broken for store in stores))


main()
