"""hattama audit against a ledger that is served and published: from the folder, a web server and the server itself;
what it remembers, and what it says when the log changes behind its back."""

import base64
import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import unittest

from scenario import FINDINGS, FINE, ROOT, UNREACHABLE, USAGE, Client, Server, ServerCase
from programs import Keys

CHECKPOINT_SECONDS_MAX = 30


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


def serve_folder(folder):
    """A web server on the folder; returns it and its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"


def checkpoint_size(folder):
    try:
        return int((folder / "checkpoint").read_text(encoding="utf-8").split("\n")[1])
    except FileNotFoundError:
        return 0


def await_checkpoint(folder, tree_size):
    """Waits until the published folder covers as many events."""
    deadline = time.monotonic() + CHECKPOINT_SECONDS_MAX
    while checkpoint_size(folder) < tree_size:
        if time.monotonic() > deadline:
            raise AssertionError(f"no checkpoint of {tree_size} in {folder} after {CHECKPOINT_SECONDS_MAX} s")
        time.sleep(0.05)


class AuditTest(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.published = cls.folder / "published"
        cls.start_server()
        elections = cls.folder / "elections"
        subprocess.run([sys.executable, ROOT / "deploy" / "demo" / "generate.py", "--out", elections], check=True,
                       capture_output=True)
        small = elections / "kz-maslikhat-2023"
        cls.client.define(small / "definition.json", "--mapping", small / "mapping.json", "--stations",
                          small / "stations.csv.gz")
        cls.client.checked("import", small, "--mapping", small / "mapping.json", allowed=(FINE, FINDINGS))
        cls.client.checked("publish-tally", "kz-maslikhat-2023", "--contest", "deputy")
        await_checkpoint(cls.published, cls.size())

    @classmethod
    def size(cls):
        return int(cls.client.json("status")["as_of"]["tree_size"])

    @classmethod
    def start_server(cls):
        """The server of the class anew, with a log's key, and a folder that it publishes to."""
        cls.server.stop()
        cls.server = Server(cls.folder / "signed", arguments=[
            "--log-key", Keys.private("ledger"), "--publish", cls.published, "--checkpoint-interval", "200ms"])
        cls.client = Client(cls.server.address)

    def setUp(self):
        self.state = self.folder / f"state-{self.id()}"

    def audit(self, source, *arguments):
        return self.client.run("audit", source, "--log-key", Keys.public("ledger"), "--authority",
                               Keys.public("authority"), "--state", self.state, *arguments)

    def report_of(self, source, *arguments, code=FINE):
        """The report of an audit that remembers nothing."""
        report = self.folder / f"report-{self.id()}.json"
        done = self.client.run("audit", source, "--log-key", Keys.public("ledger"), "--authority",
                               Keys.public("authority"), "--no-state", "--report", report, *arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(report.read_text(encoding="utf-8"))

    def copy(self):
        copy = self.folder / f"copy-{self.id()}"
        shutil.copytree(self.published, copy)
        return copy

    def test_a_published_folder_is_confirmed_in_one_line(self):
        done = self.audit(self.published)
        self.assertEqual(done.returncode, FINE, done.stdout + done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 1)
        self.assertTrue(done.stdout.startswith("confirmed: "), done.stdout)

    def test_the_report_says_what_was_recomputed(self):
        report = self.report_of(self.published)
        self.assertEqual((report["verdict"], report["tree_size"], report["faults"]), ("confirmed", self.size(), []))
        self.assertEqual(report["root"], self.root_at(self.size()))
        self.assertEqual([tally["ok"] for tally in report["tallies"]], [True])
        self.assertEqual(report["counts"]["records"], {"checked": self.size(), "faults": 0})

    def root_at(self, tree_size):
        answer = self.client.json("tally", "kz-maslikhat-2023", "--contest", "deputy", "--at", str(tree_size))
        return base64.b64decode(answer["as_of"]["root_hash"]).hex()

    def test_folder_web_server_and_ledger_give_the_same_report(self):
        web, url = serve_folder(self.published)
        self.addCleanup(web.server_close)
        self.addCleanup(web.shutdown)
        reports = [self.report_of(source) for source in (self.published, url + "/", self.client.address)]
        files = [[report["counts"].pop(step)["checked"] for step in ("bundles", "tiles")] for report in reports]
        self.assertEqual(reports[1:], reports[:1] * 2)
        # Only a folder can be listed, with the files of earlier sizes; the records of a ledger have no tiles.
        self.assertGreater(files[0], files[1])
        self.assertEqual(files[1:], [[1, 1], [1, 0]])

    def test_the_number_of_threads_does_not_show(self):
        one, five = (self.report_of(self.published, "--threads", count) for count in ("1", "5"))
        self.assertEqual(one, five)

    def test_a_changed_byte_is_named(self):
        copy = self.copy()
        bundle = max((copy / "tile" / "entries").rglob("*.p/*"), key=lambda path: int(path.name))
        data = bytearray(bundle.read_bytes())
        data[len(data) // 2] ^= 1
        bundle.write_bytes(data)
        report = self.report_of(copy, code=FINDINGS)
        self.assertEqual(report["verdict"], "rejected")
        self.assertIn(str(bundle.relative_to(copy)), {fault["place"] for fault in report["faults"]})

    def test_a_damaged_copy_is_no_alarm(self):
        copy = self.copy()
        self.assertEqual(self.audit(copy).returncode, FINE)
        for tile in (copy / "tile" / "0").rglob("*"):
            if tile.is_file():
                tile.write_bytes(bytes(tile.stat().st_size))
        self.assertEqual(self.audit(copy).returncode, FINDINGS)
        self.assertEqual(self.audit(self.published).returncode, FINE)

    def test_files_of_earlier_sizes_are_held_to_the_log_too(self):
        copy = self.copy()
        earlier = min((copy / "tile" / "entries").rglob("*.p/*"), key=lambda path: int(path.name))
        earlier.write_bytes(earlier.read_bytes()[:-1] + b"?")
        report = self.report_of(copy, code=FINDINGS)
        self.assertEqual({fault["place"] for fault in report["faults"]}, {str(earlier.relative_to(copy))})

    def test_a_rollback_raises_an_alarm_that_stays(self):
        old = self.copy()
        self.client.as_authority().checked("grant", "--to", Keys.public("auditor"), "--role", "auditor")
        await_checkpoint(self.published, checkpoint_size(old) + 1)
        self.assertEqual(self.audit(self.published).returncode, FINE)

        rolled_back = self.audit(old)
        again = self.audit(self.published)
        alarm = self.state.with_name(self.state.name + ".alarm")
        self.assertEqual((rolled_back.returncode, again.returncode), (FINDINGS, FINDINGS))
        for done in rolled_back, again:
            self.assertIn("rejected", done.stdout)
            self.assertIn(str(alarm), done.stdout)
        self.assertIn("rolled back", alarm.read_text(encoding="utf-8"))

        alarm.unlink()
        self.assertEqual(self.audit(self.published).returncode, FINE)

    def test_another_authority_is_no_authority(self):
        done = self.client.run("audit", self.published, "--log-key", Keys.public("ledger"), "--authority",
                               Keys.public("somebody"), "--state", self.state)
        self.assertEqual(done.returncode, FINDINGS)
        self.assertIn("the authority's key", done.stdout)

    def test_another_log_key_is_not_believed(self):
        done = self.client.run("audit", self.published, "--log-key", Keys.public("somebody"), "--no-state")
        self.assertEqual(done.returncode, FINDINGS)
        self.assertIn("note: checkpoint", done.stdout)

    def test_what_cannot_be_reached_has_no_verdict(self):
        for source in "127.0.0.1:1", "http://127.0.0.1:1/log":
            with self.subTest(source=source):
                done = self.client.run("--timeout", "3s", "audit", source, "--log-key", Keys.public("ledger"),
                                       "--no-state")
                self.assertEqual(done.returncode, UNREACHABLE, done.stdout + done.stderr)
                self.assertNotIn("rejected", done.stdout)

    def test_a_command_line_without_sense_is_told(self):
        for source, *trust in (("nowhere", "--log-key", Keys.public("ledger")), (self.published, "--log-key", "no key"),
                               (self.published, "--policy", self.folder / "none"), (self.published,)):
            with self.subTest(source=source, trust=trust):
                done = self.client.run("audit", source, *trust, "--no-state")
                self.assertEqual(done.returncode, USAGE, done.stdout + done.stderr)

    def test_it_remembers_by_itself(self):
        home = self.folder / f"home-{self.id()}"
        environment = dict(os.environ, XDG_STATE_HOME=str(home))
        arguments = self.client.arguments("audit", self.published, "--log-key", Keys.public("ledger"))
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, FINE, done.stdout + done.stderr)
        remembered = list((home / "hattama").glob("*.checkpoint"))
        self.assertEqual(len(remembered), 1)
        self.assertEqual(remembered[0].read_bytes(), (self.published / "checkpoint").read_bytes())

    def test_an_auditor_attests_the_report(self):
        self.client.as_authority().run("grant", "--to", Keys.public("attesting"), "--role", "auditor")
        report = self.folder / "attested.json"
        done = self.audit(self.published, "--report", report)
        self.assertEqual(done.returncode, FINE)
        Client(self.client.address, "attesting").checked("attest", "--report", report)
        await_checkpoint(self.published, self.size())

        attested = self.report_of(self.published)

        self.assertEqual([(entry["verdict"], entry["root_holds"]) for entry in attested["attestations"]],
                         [("confirmed", True)])


if __name__ == "__main__":
    unittest.main()
