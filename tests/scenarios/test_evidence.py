"""Evidence that people keep: receipts, copies of the log, and a memory of it, against a server that is honest and one that
was put back to an old backup."""

import json
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from scenario import BIN, FINDINGS, FINE, REFUSED, USAGE, Client, Server, require_programs

from programs import Keys

ORIGIN = "test.hattama.example/evidence"


class EvidenceTest(unittest.TestCase):
    def setUp(self):
        require_programs()
        folder = tempfile.TemporaryDirectory(prefix="hattama-evidence-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        init = subprocess.run([BIN / "hattamad", "init", "--data", self.folder / "data", "--origin", ORIGIN,
                               "--authority", Keys.public("authority")], check=True, capture_output=True, text=True)
        self.log_key = self.folder / "log.vkey"
        self.log_key.write_text(init.stdout.splitlines()[-1] + "\n", encoding="utf-8")
        self.state = self.folder / "seen"
        self.serve()

    def serve(self):
        self.server = Server(self.folder / "data", ORIGIN,
                             arguments=("--checkpoint-interval", "50ms", "--publish", self.folder / "published"))
        self.addCleanup(self.server.kill)
        self.client = Client(self.server.address, "authority")

    def grant(self, name, *arguments, run=None):
        return (run or self.client.run)("grant", "--to", Keys.public(name), "--role", "auditor", *arguments)

    def grant_checkpointed(self, name):
        return self.grant(name, "--wait-for", "checkpointed", "--log-key", self.log_key, run=self.client.json)

    def size(self):
        return int(self.client.json("status")["as_of"]["tree_size"])

    def offline(self, *arguments):
        return subprocess.run([BIN / "hattama", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60)

    def test_the_receipt_of_a_submission_holds_when_the_server_is_gone(self):
        receipt = self.folder / "grant.tlog-proof"

        shown = self.grant("evidence-1", "--receipt", receipt, "--log-key", self.log_key, run=self.client.json)

        self.assertTrue(shown["checkpoint"]["verified"])
        self.assertGreater(shown["checkpoint"]["tree_size"], int(shown["sequence"]))
        self.server.stop()
        done = self.offline("--format=json", "verify", receipt, "--log-key", self.log_key)
        self.assertEqual(done.returncode, FINE, done.stdout + done.stderr)
        facts = json.loads(done.stdout)
        self.assertEqual(facts["sequence"], int(shown["sequence"]))
        self.assertIn("granted as auditor", facts["event"])
        self.assertEqual(len(facts["signer"]), 64)
        text = self.offline("verify", receipt, "--log-key", self.log_key).stdout
        self.assertIn(facts["signer"], text)
        # Again, the same submission: the first receipt.
        self.serve()
        again = self.grant("evidence-1", "--receipt", self.folder / "again", "--log-key", self.log_key,
                           run=self.client.json)
        self.assertTrue(again["replayed"])
        self.assertEqual(again["sequence"], shown["sequence"])

    def test_what_cannot_be_checked_is_not_asked_for_and_records_nothing(self):
        before = self.size()
        for arguments in (["--receipt", "r"], ["--wait-for", "checkpointed"],
                          ["--wait-for", "durable", "--receipt", "r", "--log-key", self.log_key],
                          ["--wait-for", "witnessed", "--log-key", self.log_key],
                          ["--wait-for", "later", "--log-key", self.log_key],
                          ["--receipt", "r", "--log-key", Keys.public("authority")]):
            with self.subTest(arguments=arguments):
                done = self.grant("evidence-2", *arguments)
                self.assertEqual(done.returncode, USAGE, done.stdout + done.stderr)
        self.assertEqual(self.size(), before)

    def test_a_changed_receipt_does_not_hold_and_says_why(self):
        receipt = self.folder / "r.tlog-proof"
        self.grant("evidence-1", "--receipt", receipt, "--log-key", self.log_key, run=self.client.checked)
        text = receipt.read_text(encoding="utf-8")
        index = text.index("index ")
        changes = {"first line": text.replace("@v1", "@v2", 1), "record": text.replace("extra ", "extra AAAA", 1),
                   "index": text[:index] + text[index:].replace("index 1", "index 0", 1),
                   "size": text.replace(f"{ORIGIN}\n2\n", f"{ORIGIN}\n3\n", 1), "cut": text[:-20], "empty": ""}
        for what, changed in changes.items():
            with self.subTest(what=what):
                self.assertNotEqual(changed, text)
                receipt.write_text(changed, encoding="utf-8")
                done = self.offline("verify", receipt, "--log-key", self.log_key)
                self.assertEqual(done.returncode, FINDINGS, done.stdout + done.stderr)
                self.assertIn("does not hold: ", done.stdout)
                as_json = self.offline("--format=json", "verify", receipt, "--log-key", self.log_key)
                self.assertFalse(json.loads(as_json.stdout)["verified"])
        receipt.write_text(text, encoding="utf-8")
        self.assertEqual(self.offline("verify", receipt, "--log-key", Keys.public("authority")).returncode, FINDINGS)
        self.assertEqual(self.offline("verify", receipt).returncode, USAGE)
        self.assertEqual(self.offline("verify", self.folder / "none", "--log-key", self.log_key).returncode, USAGE)
        self.assertEqual(self.offline("verify", receipt, "--log-key", self.log_key).returncode, FINE)

    def test_a_copy_grows_with_the_log_and_equals_what_the_server_publishes(self):
        copy = self.folder / "copy"
        first = self.client.json("publish", copy, "--log-key", self.log_key)
        self.assertEqual(first["new_records"], first["tree_size"])
        for i in range(3):
            self.grant_checkpointed(f"evidence-{i}")

        second = self.client.json("publish", copy, "--log-key", self.log_key, "--state", self.state)

        self.assertEqual(second["new_records"], 3)
        self.assertEqual(self.client.json("publish", copy, "--log-key", self.log_key)["new_records"], 0)
        self.assertEqual(self.server.stop(), 0, self.server.output())
        published = self.folder / "published"
        self.assertEqual((copy / "checkpoint").read_bytes(), (published / "checkpoint").read_bytes())
        for path in (f"tile/0/000.p/{second['tree_size']}", f"tile/entries/000.p/{second['tree_size']}",
                     "hattama/format.json", "hattama/descriptor-set.binpb"):
            self.assertEqual((copy / path).read_bytes(), (published / path).read_bytes(), path)

    def test_a_copy_of_another_log_is_not_written_over(self):
        copy = self.folder / "copy"
        self.client.checked("publish", copy, "--log-key", self.log_key)
        note = (copy / "checkpoint").read_bytes()
        (copy / "checkpoint").write_bytes(note.replace(ORIGIN.encode(), b"other.example/log", 1))

        done = self.client.run("publish", copy, "--log-key", self.log_key)

        self.assertEqual(done.returncode, REFUSED, done.stdout + done.stderr)
        self.assertIn("copy", done.stderr)

    def test_another_logs_key_is_refused_and_another_origin_is_misuse(self):
        stranger = self.folder / "stranger"
        self.offline("keygen", ORIGIN, "--out", stranger)
        for verb in (["status"], ["prove", "--sequence", "0"], ["receipt", "--sequence", "0", "--out", self.folder / "r"],
                     ["publish", self.folder / "c"], ["export", "--out", self.folder / "e"]):
            with self.subTest(verb=verb[0]):
                done = self.client.run(*verb, "--log-key", stranger.with_suffix(".vkey"))
                self.assertEqual(done.returncode, REFUSED, done.stdout + done.stderr)
                done = self.client.run("--origin", "other.example/log", *verb, "--log-key", self.log_key)
                self.assertEqual(done.returncode, USAGE, done.stdout + done.stderr)
        for name in "r", "c", "e":
            self.assertFalse((self.folder / name).exists(), name)

    def test_proofs_and_exports_rest_on_the_signed_checkpoint(self):
        last = int(self.grant_checkpointed("evidence-1")["sequence"])

        proven = self.client.json("prove", "--sequence", last, "--log-key", self.log_key, "--state", self.state)
        self.assertTrue(proven["verified"])
        self.assertEqual(proven["sequence"], last)
        self.client.checked("prove", "--consistency", f"1:{last + 1}", "--log-key", self.log_key)
        self.client.checked("export", "--out", self.folder / "log.raw", "--log-key", self.log_key)
        beyond = self.client.run("prove", "--sequence", "99", "--log-key", self.log_key)
        self.assertEqual(beyond.returncode, REFUSED)
        self.assertIn("event 99 is not under the checkpoint", beyond.stderr)

    def test_a_server_put_back_to_a_backup_is_stale_and_then_an_alarm(self):
        self.grant_checkpointed("evidence-1")
        self.assertEqual(self.server.stop(), 0, self.server.output())
        places = [self.folder / "data", self.folder / "data.signed-head", self.folder / "published"]
        for place in places:
            subprocess.run(["cp", "-a", place, f"{place}.backup"], check=True)
        self.serve()
        self.grant_checkpointed("evidence-2")
        self.client.checked("status", "--log-key", self.log_key, "--state", self.state)
        self.assertEqual(self.server.stop(), 0, self.server.output())
        for place in places:
            shutil.rmtree(place) if place.is_dir() else place.unlink()
            subprocess.run(["cp", "-a", f"{place}.backup", place], check=True)
        self.serve()

        stale = self.client.run("status", "--log-key", self.log_key, "--state", self.state)
        self.assertEqual(stale.returncode, REFUSED, stale.stdout + stale.stderr)
        self.assertIn("stale", stale.stderr)
        # Another history of the same length.
        self.grant_checkpointed("evidence-3")
        alarm = self.client.run("status", "--log-key", self.log_key, "--state", self.state)
        self.assertEqual(alarm.returncode, REFUSED, alarm.stdout + alarm.stderr)
        self.assertIn("two roots of size 3", alarm.stderr)
        sticky = self.client.run("receipt", "--sequence", "0", "--out", self.folder / "r", "--log-key", self.log_key,
                                 "--state", self.state)
        self.assertEqual(sticky.returncode, REFUSED)
        self.assertIn("until a person has looked at", sticky.stderr)
        self.assertFalse((self.folder / "r").exists())
        evidence = (self.folder / "seen.alarm").read_text(encoding="utf-8")
        self.assertEqual(evidence.count(f"{ORIGIN}\n3\n"), 2)


if __name__ == "__main__":
    unittest.main()
