"""order.py PORT[,PORT...] PREFIX SECONDS [STORES] - clients of stores, and whether all that they see fits one order.

Twelve objects lie in so many stores (12). Of each object one client writes it, with numbers that grow, and one reads it.
A read has to show no less than what was acknowledged or read before it began, and no more than what was tried. At the
end each object has to be what was acknowledged last, or later. In the first store some count together, too: each reads
a number, and puts one that is larger by one in its place if that is still there; no number may be put twice. With
several ports each client goes from one to the next.

Prints a line: how many requests there were, how many failed, the longest time in milliseconds between two
acknowledgements of an object, and how often the order was broken; what broke it is told on stderr.
"""

import http.client
import itertools
import random
import sys
import threading
import time

OBJECTS = 12
COUNTERS = 3
PATIENCE = 60
DONE = (200, 201)


class Client:
    """What one thread asks with."""

    requests = failed = 0
    lock = threading.Lock()

    def __init__(self, ports):
        self.ports = itertools.cycle(random.sample(ports, len(ports)))
        self.connections = {}

    def ask(self, method, path, body=None, headers={}):
        """Status, content and ETag; None: it has failed, and whether it was done is not known."""
        port = next(self.ports)
        with Client.lock:
            Client.requests += 1
        try:
            connection = self.connections.setdefault(
                port, http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE))
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.getheader("ETag")
        except (OSError, http.client.HTTPException):
            self.connections.pop(port).close()
            return None, b"", None

    @staticmethod
    def fail():
        with Client.lock:
            Client.failed += 1
        time.sleep(0.05)


class Order:
    """What is known of one object: numbers that were tried, and the least that a read may show."""

    broken = 0

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.tried = self.least = 0

    def judge(self, status, content, least):
        number = 0 if status == 404 else int(content)
        with self.lock:
            if not least <= number <= self.tried:
                self.accuse(f"{number} was read, which has to be from {least} to {self.tried}")
            self.least = max(self.least, number)
        return number

    def accuse(self, sentence):
        with Client.lock:
            Order.broken += 1
        print(f"{self.path}: {sentence}", file=sys.stderr)

    def read(self, client):
        """The number and its ETag; None: it has failed."""
        with self.lock:
            least = self.least
        status, content, etag = client.ask("GET", self.path)
        if status not in (200, 404):
            return None
        return self.judge(status, content, least), etag

    def read_until(self, end, client):
        while time.monotonic() < end:
            if self.read(client) is None:
                client.fail()
            time.sleep(0.002)


class Register(Order):
    """An object that one client writes."""

    longest = 0.0

    def write_until(self, end, client):
        last = time.monotonic()
        while time.monotonic() < end:
            with self.lock:
                self.tried += 1
                number = self.tried
            if client.ask("PUT", self.path, str(number).encode())[0] not in DONE:
                client.fail()
                continue
            now = time.monotonic()
            with self.lock:
                self.least = max(self.least, number)
                self.longest = max(self.longest, now - last)
            last = now


class Counter(Order):
    """An object that several clients count up."""

    def __init__(self, path):
        super().__init__(path)
        self.put = set()
        self.unknown = 0

    def step(self, client):
        """False: it has failed."""
        found = self.read(client)
        if found is None:
            return False
        number, etag = found[0] + 1, found[1]
        with self.lock:
            self.tried = max(self.tried, number)
        condition = {"If-Match": etag} if etag else {"If-None-Match": "*"}
        status, _, _ = client.ask("PUT", self.path, str(number).encode(), condition)
        with self.lock:
            if status in DONE and number in self.put:
                self.accuse(f"{number} was put twice")
            elif status in DONE:
                self.put.add(number)
                self.least = max(self.least, number)
            elif status != 412:
                self.unknown += 1
        return status in DONE or status == 412

    def count_until(self, end, client):
        while time.monotonic() < end:
            if not self.step(client):
                client.fail()

    def close(self, client):
        number = insist(lambda: self.read(client))[0]
        if not len(self.put) <= number <= len(self.put) + self.unknown:
            self.accuse(f"{number} is at the end, after {len(self.put)} steps and {self.unknown} that may have been")


def insist(act):
    """What it comes to, however often that fails first: a server may be about to come back."""
    for _ in range(5 * PATIENCE):
        found = act()
        if found is not None:
            return found
        time.sleep(0.2)
    raise TimeoutError("nothing is answered at the end")


def main():
    ports = [int(port) for port in sys.argv[1].split(",")]
    prefix, seconds = sys.argv[2], float(sys.argv[3])
    stores = [f"/v1/stores/{prefix}{number}" for number in range(int(sys.argv[4]) if len(sys.argv) > 4 else OBJECTS)]
    first = Client(ports)
    for store in stores:
        insist(lambda store=store: first.ask("PUT", store)[0] in DONE or None)
    registers = [Register(f"{stores[number % len(stores)]}/objects/{number}") for number in range(OBJECTS)]
    counter = Counter(f"{stores[0]}/objects/counter")
    end = time.monotonic() + seconds
    work = [act for register in registers for act in (register.write_until, register.read_until)]
    threads = [threading.Thread(target=act, args=(end, Client(ports))) for act in work + COUNTERS * [counter.count_until]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for register in registers:
        insist(lambda register=register: register.read(first))
    counter.close(first)
    print(Client.requests, Client.failed, round(1000 * max(register.longest for register in registers)), Order.broken)


main()
