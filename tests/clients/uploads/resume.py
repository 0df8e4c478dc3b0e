"""tuspy, to a server that is killed between two chunks, and through checksums: resume.py CAIRND"""

import hashlib
import io
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request

from tusclient import client
from tusclient.exceptions import TusCommunicationError
from tusclient.uploader import Uploader

CHUNK = 2 << 20
SIZE = 8 * CHUNK + 77


class Cairn:
    """A cairnd that comes back at the same port, with the same data."""

    def __init__(self, binary, folder):
        self.command = [binary, "--data", folder, "--stores", "s", "--listen"]
        self.port = 0
        self.live()

    def live(self):
        self.process = subprocess.Popen([*self.command, f"127.0.0.1:{self.port}"], stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "listening on http://" in line:
                self.port = int(line.split("http://127.0.0.1:")[1].split()[0].rstrip("/,"))
            if "cairnd: ready" in line:
                return
        raise RuntimeError("cairnd ended")

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait()
        self.process.stderr.close()

    @property
    def store(self):
        return f"http://127.0.0.1:{self.port}/v1/stores/s"


class Liar(Uploader):
    """Sends checksums of other bytes."""

    checksum_algorithm = property(lambda self: lambda chunk: hashlib.sha1(b"other bytes"))


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def __call__(self, what, holds, seen=None):
        self.passed += bool(holds)
        self.failed += not holds
        if not holds:
            print(f"FAILED tuspy: {what}: {seen}")


def fetch(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read(), answer.headers


def killed_between_chunks(cairn, check):
    data = os.urandom(SIZE)
    uploader = client.TusClient(f"{cairn.store}/uploads").uploader(
        file_stream=io.BytesIO(data), chunk_size=CHUNK, metadata={"key": "tuspy", "filetype": "application/x-noise"})
    kills = 0
    while uploader.offset < SIZE:
        uploader.upload_chunk()
        if uploader.offset < SIZE and kills < 5:
            kills += 1
            cairn.end(signal.SIGKILL)
            cairn.live()
            offset = uploader.get_offset()
            check("what was told is there after kill -9", offset == uploader.offset, (offset, uploader.offset))
    stored, headers = fetch(f"{cairn.store}/objects/tuspy")
    check("the same bytes", stored == data, len(stored))
    check("its type", headers["Content-Type"] == "application/x-noise", headers)


def with_checksums(cairn, check):
    data = os.urandom(CHUNK + 5)
    tus = client.TusClient(f"{cairn.store}/uploads")
    uploader = tus.uploader(file_stream=io.BytesIO(data), chunk_size=CHUNK, metadata={"key": "sums"}, upload_checksum=True)
    uploader.upload()
    stored, _ = fetch(f"{cairn.store}/objects/sums")
    check("chunks with a checksum each", stored == data, len(stored))

    liar = Liar(client=tus, file_stream=io.BytesIO(data), chunk_size=CHUNK, metadata={"key": "lied"}, upload_checksum=True)
    liar.set_url(liar.create_url())
    try:
        liar.upload_chunk()
        check("a chunk that is not what its checksum says", False, "was taken")
    except TusCommunicationError as error:
        check("a chunk that is not what its checksum says", error.status_code == 460, error.status_code)
    check("and nothing of it stays", liar.get_offset() == 0, liar.get_offset())


def main():
    check = Checks()
    with tempfile.TemporaryDirectory(prefix="cairn-tuspy-") as folder:
        cairn = Cairn(sys.argv[1], folder)
        try:
            killed_between_chunks(cairn, check)
            with_checksums(cairn, check)
        finally:
            cairn.end(signal.SIGTERM)
    print(f"tuspy: {check.passed} passed, {check.failed} failed")
    sys.exit(check.failed != 0)


main()
