"""Every command of docs/verify.md, run as it is typed, in its order, on a small real ledger. What a reader's ledger has
otherwise (sequences, a port) is put in its place here; nothing else is changed."""

import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from scenario import BIN, FINDINGS, FINE, ROOT, Client, Server, require_programs

from programs import Keys
from signed_log import require_cryptography

DOCUMENT = ROOT / "docs" / "verify.md"
ORIGIN = "test.hattama.example/verify"
ELECTION = "kz-maslikhat-2023"
SECONDS_MAX = 120


def commands():
    """The indented lines of the document, in order."""
    return [line.strip() for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("    ")]


class VerifyDocumentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        require_programs()
        require_cryptography()
        folder = tempfile.TemporaryDirectory(prefix="hattama-verify-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.here = cls.folder / "here"
        cls.here.mkdir()
        init = subprocess.run([BIN / "hattamad", "init", "--data", cls.folder / "data", "--origin", ORIGIN, "--authority",
                               Keys.public("authority")], check=True, capture_output=True, text=True)
        (cls.here / "log.vkey").write_text(init.stdout.splitlines()[-1] + "\n", encoding="utf-8")
        shutil.copy(Keys.public("authority"), cls.here / "authority.vkey")
        shutil.copy(Keys.private("auditor"), cls.here / "auditor.key")
        # The document is read at the top of the tree.
        shutil.copytree(ROOT / "clients" / "python", cls.here / "clients" / "python",
                        ignore=shutil.ignore_patterns("__pycache__"))
        cls.serve()
        cls.fill()

    @classmethod
    def serve(cls, *arguments):
        cls.server = Server(cls.folder / "data", ORIGIN, arguments=("--checkpoint-interval", "100ms", *arguments))
        cls.addClassCleanup(cls.server.kill)
        cls.client = Client(cls.server.address)

    @classmethod
    def fill(cls):
        subprocess.run(["python3", ROOT / "deploy" / "demo" / "generate.py", "--out", cls.folder, ELECTION], check=True,
                       capture_output=True)
        election = cls.folder / ELECTION
        cls.client.define(election / "definition.json", "--mapping", election / "mapping.json", "--stations",
                          election / "stations.csv.gz")
        cls.client.as_authority().checked("grant", "--to", Keys.public("auditor"), "--role", "auditor")
        cls.client.checked("import", election, "--mapping", election / "mapping.json", allowed=(FINE, FINDINGS))
        cls.protocol = int(cls.client.json("status")["as_of"]["tree_size"]) - 1
        published = cls.client.json("publish-tally", ELECTION, "--contest", "deputy", "--policy", "final", "--title",
                                    "final results")
        cls.publication = int(published["sequence"])

    def typed(self, command):
        """What a reader of this ledger types."""
        return (command.replace("--sequence 41690", f"--sequence {self.protocol}")
                .replace("--publication 41692", f"--publication {self.publication}")
                .replace("--listen 127.0.0.1:8080", "--listen 127.0.0.1:0 --port-file port"))

    def environment(self):
        return {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "HATTAMA_SERVER": self.server.address,
                "XDG_STATE_HOME": str(self.folder / "remembered")}

    def start_witness(self, command):
        process = subprocess.Popen(["bash", "-c", "exec " + command], cwd=self.here, env=self.environment(),
                                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        port = self.here / "port"
        deadline = time.monotonic() + SECONDS_MAX
        while not port.exists():
            self.assertIsNone(process.poll(), command)
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        # What the log's operator does with what the witness gave him.
        log = (self.here / "log.vkey").read_text(encoding="utf-8").strip()
        witness = (self.here / "witness.vkey").read_text(encoding="utf-8").strip()
        (self.here / "policy.txt").write_text(
            f"log {log}\nwitness watchdog {witness} http://{port.read_text(encoding='utf-8').strip()}\n"
            "quorum watchdog\n", encoding="utf-8")
        self.assertEqual(self.server.stop(), 0, self.server.output())
        self.serve("--policy", self.here / "policy.txt")

    def test_each_command_does_what_the_document_says(self):
        shown = commands()
        self.assertGreater(len(shown), 8)
        said = {}
        for command in shown:
            with self.subTest(command=command):
                typed = self.typed(command)
                if " witness " in command:
                    self.start_witness(typed)
                    continue
                done = subprocess.run(["bash", "-c", typed], cwd=self.here, env=self.environment(),
                                      stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS_MAX)
                self.assertEqual(done.returncode, FINE, f"{typed}\n{done.stdout}{done.stderr}")
                self.assertTrue(done.stdout.strip(), typed)
                said[command] = done.stdout
        # Both audits of the same folder name the same root.
        report = json.loads((self.here / "report.json").read_text(encoding="utf-8"))
        self.assertEqual(report["verdict"], "confirmed")
        second = next(text for command, text in said.items() if "hattama_verify" in command)
        self.assertIn(report["root"], second)
        self.check_by_both()

    def check_by_both(self):
        """Each evidence file, and copies with one changed character, under both implementations: the same verdicts."""
        for name, trust in (("protocol.tlog-proof", "--log-key=log.vkey"), ("M-05.station-proof", "--log-key=log.vkey"),
                            ("witnessed.tlog-proof", "--policy=policy.txt")):
            text = (self.here / name).read_text(encoding="utf-8")
            places = [None, *range(7, len(text), len(text) // 9)]
            for place in places:
                with self.subTest(file=name, place=place):
                    changed = text
                    if place is not None:
                        # Never what a base64 text or a number would take for the same.
                        changed = text[:place] + ("7" if text[place] != "7" else "B") + text[place + 1:]
                    (self.here / "given").write_text(changed, encoding="utf-8")
                    ours = subprocess.run([BIN / "hattama", "verify", "given", trust], cwd=self.here,
                                          capture_output=True, text=True, timeout=SECONDS_MAX)
                    flag, file = trust.split("=")
                    theirs = subprocess.run(["/usr/bin/python3", "-m", "hattama_verify", "verify", self.here / "given", flag,
                                             self.here / file], cwd=self.here / "clients" / "python",
                                            capture_output=True, text=True, timeout=SECONDS_MAX)
                    expected = FINE if place is None else FINDINGS
                    self.assertEqual((ours.returncode, theirs.returncode), (expected, expected),
                                     ours.stdout + ours.stderr + theirs.stdout + theirs.stderr)


if __name__ == "__main__":
    unittest.main()
