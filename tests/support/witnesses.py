"""hattama witness, run as a program."""

import signal
import subprocess
import time
from pathlib import Path

from programs import BIN, READY_SECONDS_MAX, STOP_SECONDS_MAX


class Witness:
    """One witness with a key and a memory in `folder`, which outlives it. Starts when made."""

    def __init__(self, folder, name, logs, listen="127.0.0.1:0"):
        self.folder = Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.name = name
        self.logs = logs
        if not (self.folder / "key.key").exists():
            subprocess.run([BIN / "hattama", "keygen", name, "--witness", "--out", self.folder / "key"], check=True,
                           stdout=subprocess.DEVNULL)
        self.vkey = (self.folder / "key.vkey").read_text(encoding="utf-8").strip()
        self.state = self.folder / "state"
        self.start(listen)

    def command(self, listen):
        return [BIN / "hattama", "witness", "--key", self.folder / "key.key", "--state", self.state, "--listen", listen,
                "--port-file", self.folder / "port", *(word for log in self.logs for word in ("--log", log))]

    def start(self, listen="127.0.0.1:0"):
        port_file = self.folder / "port"
        port_file.unlink(missing_ok=True)
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(self.command(listen), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not port_file.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the witness is not ready:\n{self.output()}")
            time.sleep(0.01)
        self.address = port_file.read_text(encoding="utf-8").strip()
        self.url = f"http://{self.address}"

    def output(self):
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def stop(self):
        """Ends it by SIGTERM and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(STOP_SECONDS_MAX)
        return self.process.returncode

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
