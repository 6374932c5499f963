"""The peers: how each is started, which languages it understands, and a process that answers requests (bench/README.md)."""
from dataclasses import dataclass, field
import ctypes
import json
import os
import select
import signal
import subprocess
import time


@dataclass
class Kind:
    name: str              # in the table and after --peers
    command: list          # {build}: build folder, {python}: of the suite's environment, {bench}: this suite
    languages: list        # first of these that a workload has is used
    packages: list = field(default_factory=list)   # of PyPI
    need: str = ""         # a shell command that must succeed, else the peer is left out; what it prints is the reason
    loads: bool = True     # False: no store of its own, only answers


KINDS = [
    Kind("parley", ["{build}/bench/parley_peer"], ["parley"]),
    Kind("sqlite", ["{build}/bench/sqlite_peer"], ["sqlite", "sql"]),
    Kind("duckdb", ["{python}", "{bench}/peers/duckdb_peer.py"], ["duckdb", "sql"], ["duckdb"]),
    Kind("oxigraph", ["{python}", "{bench}/peers/oxigraph_peer.py", "disk"], ["oxigraph", "sparql"], ["pyoxigraph"]),
    Kind("oxigraph-memory", ["{python}", "{bench}/peers/oxigraph_peer.py", "memory"], ["oxigraph", "sparql"], ["pyoxigraph"]),
    Kind("kuzu", ["{python}", "{bench}/peers/kuzu_peer.py", "kuzu"], ["kuzu", "cypher"], ["kuzu", "duckdb"]),
    Kind("ladybug", ["{python}", "{bench}/peers/kuzu_peer.py", "real_ladybug"], ["ladybug", "cypher"], ["real_ladybug", "duckdb"]),
    Kind("virtuoso", ["{build}/bench/virtuoso_peer", "{work}/virtuoso"], ["virtuoso", "sparql"], [], "bash {bench}/peers/virtuoso_need.sh {work}"),
    Kind("jena", ["bash", "{bench}/peers/java/run.sh", "{work}/java", "jena"], ["jena", "sparql"], [], "bash {bench}/peers/java/need.sh {work}/java"),
    Kind("rdf4j", ["bash", "{bench}/peers/java/run.sh", "{work}/java", "rdf4j"], ["rdf4j", "sparql"], [], "bash {bench}/peers/java/need.sh {work}/java"),
    Kind("reference", ["{build}/bench/reference"], ["reference"]),
]
NOT_STORED = ("oxigraph-memory", "reference")  # what they load is gone with the process


def end_with_runner():
    """In the child: end when the runner does, also in the middle of a question (PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Gone(Exception):
    """The peer's process ended, or took too long and was ended."""


class Process:
    """A running peer. ask() sends a request and waits for its answer."""
    def __init__(self, command, log, prefix=()):
        self.child = subprocess.Popen([*prefix, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True,
                                      preexec_fn=end_with_runner)
        self.buffer = b""

    def ask(self, request, seconds):
        try:
            self.child.stdin.write(json.dumps(request).encode() + b"\n")
            self.child.stdin.flush()
        except OSError:
            raise Gone("its process has ended") from None
        end = time.monotonic() + seconds
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.child.stdout], [], [], left)[0]:
                self.kill()
                raise Gone(f"more than {seconds:.0f} s")
            data = os.read(self.child.stdout.fileno(), 1 << 20)
            if not data:
                self.kill()
                raise Gone("its process has ended")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def peak_mb(self):
        """Largest resident memory so far, of the process alone; None when unknown."""
        try:
            with open(f"/proc/{self.child.pid}/status") as status:
                return max(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
        except (OSError, ValueError):
            return None

    def kill(self):
        try:
            os.killpg(self.child.pid, 9)
        except ProcessLookupError:
            pass
        self.child.wait()

    def close(self, seconds=120):
        if self.child.poll() is None:
            try:
                self.ask({"do": "close"}, seconds)
                self.child.wait(seconds)
            except (Gone, subprocess.TimeoutExpired):
                self.kill()
