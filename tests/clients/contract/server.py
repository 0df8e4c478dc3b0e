"""A cairnd of the test's own: a free port, a temporary folder, ended by its own process id."""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from .exchange import exchange

START_SECONDS = 60
STOP_SECONDS = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """Use as a context manager. SIGXFSZ is ignored, as Python does, so that a limit on files fails a write instead of
    ending the server. `options` are cairnd's flags beside --data and --listen; `data` is a data folder that
    outlives the server, for starting another one on it."""

    def __init__(self, binary, *options, data=None):
        self.folder = Path(tempfile.mkdtemp(prefix="cairn-contract-"))
        self.data = data or self.folder / "data"
        self.address = f"127.0.0.1:{free_port()}"
        where = ("--data", str(self.data), "--listen", self.address)
        self.command = [binary, *where, "--drain-delay", "0", *options]

    def __enter__(self):
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log, restore_signals=False)
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _wait_until_ready(self):
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.command} ended with {self.process.returncode}: {self.printed()}")
            try:
                if exchange(self.address, "GET", "/readyz").status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.02)
        raise RuntimeError(f"{self.command} is not ready after {START_SECONDS} s: {self.printed()}")

    def printed(self):
        return (self.folder / "log").read_text(errors="replace")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder)
