"""Runs hattamad and hattama as a person would: as programs, in folders that go away afterwards."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(os.environ.get("HATTAMA_BIN_DIR", ROOT / "build" / "release" / "bin"))
DATA = Path(os.environ.get("HATTAMA_DATA", ROOT.parent / "shared" / "data"))
DEFINITIONS = ROOT / "tests" / "data"

# Exit codes of hattama.
FINE, FINDINGS, USAGE, REFUSED, UNREACHABLE = 0, 1, 2, 3, 4

READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 60


def require_programs():
    for name in "hattamad", "hattama":
        if not (BIN / name).exists():
            raise unittest.SkipTest(f"{name} is not built in {BIN}")


def data_folder(name):
    """The folder of a real election; skips the test where the data is not there."""
    folder = DATA / name
    if not folder.is_dir():
        raise unittest.SkipTest(f"no data: {folder} (set HATTAMA_DATA)")
    return folder


class Keys:
    """Keys of one test run, made by hattama keygen in a folder that goes away with the process."""

    _scratch = None

    @classmethod
    def path(cls, name):
        """The path without ending of the key pair of that name, made when it is first asked for."""
        if cls._scratch is None:
            cls._scratch = tempfile.TemporaryDirectory(prefix="hattama-keys-")
        path = Path(cls._scratch.name, name)
        if not path.with_suffix(".key").exists():
            subprocess.run([BIN / "hattama", "keygen", f"test.hattama.example/{name}", "--out", path], check=True,
                           stdout=subprocess.DEVNULL)
        return path

    @classmethod
    def private(cls, name):
        return cls.path(name).with_suffix(".key")

    @classmethod
    def public(cls, name):
        return cls.path(name).with_suffix(".vkey")


class Server:
    """One hattamad, by default on a port the system picks. Starts when made; stop() or kill() ends it."""

    def __init__(self, data, origin="test.hattama.example/ledger", listen="127.0.0.1:0", arguments=()):
        self.data = Path(data)
        self._scratch = tempfile.TemporaryDirectory(prefix="hattama-port-")
        port_file = Path(self._scratch.name, "port")
        self.log = Path(self._scratch.name, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [BIN / "hattamad", "serve", "--data", str(self.data), "--listen", listen, "--port-file", str(port_file),
                 "--init-origin", origin, "--init-authority", Keys.public("authority"), *arguments],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not port_file.exists():
            if self.process.poll() is not None:
                raise RuntimeError(f"hattamad ended with {self.process.returncode} before it was ready:\n{self.output()}")
            if time.monotonic() > deadline:
                said = self.output()
                self.kill()
                raise RuntimeError(f"hattamad is not ready after {READY_SECONDS_MAX} s:\n{said}")
            time.sleep(0.01)
        self.address = port_file.read_text(encoding="utf-8").strip()
        self.log_key = self.data.with_name(self.data.name + ".log-key")
        self.signed_head = self.data.with_name(self.data.name + ".signed-head")

    @property
    def vkey(self):
        """The log's verifier key, as the server's own log says it; the line may follow the port file by a little."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline:
            if said := re.search(r"verifier_key=(\S+)", self.output()):
                return said.group(1)
            time.sleep(0.01)
        raise RuntimeError(f"hattamad names no verifier_key:\n{self.output()}")

    def output(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self):
        """Ends it by SIGTERM and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                said = self.output()
                self.kill()
                raise RuntimeError(f"hattamad did not end within {STOP_SECONDS_MAX} s of SIGTERM:\n{said}")
        return self.process.returncode

    def kill(self):
        """Ends it by SIGKILL, as a power failure of the process would."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._scratch.cleanup()


class Client:
    """hattama, speaking to one server."""

    def __init__(self, address, key="office"):
        """`key` signs what is submitted: that of an office to which `define` grants every source."""
        self.address = address
        self.key = key

    def arguments(self, *arguments):
        return [str(BIN / "hattama"), "--server", self.address, "--key", str(Keys.private(self.key)), "--no-progress",
                "--color=never", *map(str, arguments)]

    def as_authority(self):
        return Client(self.address, "authority")

    def run(self, *arguments, timeout=600):
        return subprocess.run(self.arguments(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              encoding="utf-8", timeout=timeout)

    def start(self, *arguments):
        return subprocess.Popen(self.arguments(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, encoding="utf-8")

    def checked(self, *arguments, allowed=(FINE,), timeout=600):
        done = self.run(*arguments, timeout=timeout)
        if done.returncode not in allowed:
            raise AssertionError(f"hattama {' '.join(map(str, arguments))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def json(self, *arguments, allowed=(FINE, FINDINGS)):
        """The one JSON document that a command prints."""
        return json.loads(self.checked("--format=json", *arguments, allowed=allowed).stdout)

    def define(self, definition, *arguments):
        """Defines an election and grants this client's key all of its sources."""
        defined = self.as_authority().checked("define", definition, *arguments)
        self.grant_all(json.loads(Path(definition).read_text(encoding="utf-8"))["election"])
        return defined

    def grant_all(self, election):
        """Grants the key every source of the election: as a commission those of commissions, as a monitor the others."""
        election_id = election.get("election_id") or election["electionId"]
        for role, kind in (("commission", "SOURCE_KIND_COMMISSION"), ("monitor", "SOURCE_KIND_MONITOR")):
            sources = [source.get("source_id") or source["sourceId"] for source in election["sources"]
                       if source["kind"] == kind]
            if sources:
                self.as_authority().checked("grant", election_id, "--to", Keys.public(self.key), "--role", role,
                                            *(f"--source={source}" for source in sources))

    def define_real(self, name, data):
        """Defines one of the elections of tests/data with the stations and options of its data folder."""
        folder = DEFINITIONS / name
        return self.define(folder / "definition.json", "--mapping", folder / "mapping.json", "--stations",
                           data / "stations.csv.gz", "--options", data / "options.csv")

    def import_real(self, name, data, *arguments, allowed=(FINE, FINDINGS)):
        """Imports its protocols and returns the report."""
        done = self.checked("--format=json", "import", data, "--mapping", DEFINITIONS / name / "mapping.json", *arguments,
                            allowed=allowed)
        return json.loads(done.stdout)


def votes(tally):
    """option_id -> votes of a tally; None where no protocol states them. Protobuf JSON writes 64-bit integers as texts."""
    return {option["option_id"]: number(option, "votes") for option in tally["options"]}


def lines(tally):
    return {line["id"]: number(line, "count") for line in tally["lines"]}


def number(message, field):
    """A 64-bit field of protobuf JSON, or None where it is absent."""
    value = message.get(field)
    return None if value is None else int(value)


def same_answer(value):
    """An answer without what may differ between two ledgers with the same events: root hashes, times, addresses."""
    if isinstance(value, dict):
        return {key: same_answer(item) for key, item in value.items()
                if key not in ("root_hash", "record_time", "as_of", "left_as_of", "right_as_of")}
    if isinstance(value, list):
        return [same_answer(item) for item in value]
    return value
