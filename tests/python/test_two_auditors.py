#!/usr/bin/env python3
"""hattama audit and this verifier on the same folders: the same verdict, root, digests, and the same faults."""

import json
import random
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

# pylint: disable=wrong-import-position
import programs  # noqa: E402
import small_ledger as s  # noqa: E402
from lies import LIES  # noqa: E402
from hattama_verify import audit, policy, tiles  # noqa: E402

AUDIT_SECONDS_MAX = 60


def place_of(fault):
    return f"record {fault['sequence']}" if "sequence" in fault else fault["place"]


class TwoAuditors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        programs.require_programs()
        if subprocess.run([programs.BIN / "hattama", "audit", "--help"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL,
                          check=False).returncode:
            raise unittest.SkipTest("this hattama has no audit")

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)

    def audited(self, folder, log):
        """The reports of both, hattama's first."""
        key = log.log_key.verifier_key(name=log.origin)
        report = self.scratch / "report.json"
        report.unlink(missing_ok=True)
        done = subprocess.run([programs.BIN / "hattama", "--no-progress", "audit", folder, "--log-key", str(key),
                               "--no-state",
                               "--threads", "1", "--report", report], capture_output=True, text=True,
                              timeout=AUDIT_SECONDS_MAX,
                              check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        mine = audit.Audit(tiles.Folder(folder), policy.Policy([key]))
        mine.run()
        return json.loads(report.read_text(encoding="utf-8")), mine.report()

    def compare(self, theirs, mine):
        self.assertEqual(theirs["verdict"], mine["verdict"], (theirs["faults"], mine["faults"]))
        self.assertEqual(theirs["root"], mine["root"])
        self.assertEqual(theirs["tree_size"], mine["tree_size"])
        fields = ("sequence", "tree_size", "election", "contest", "source", "policy", "stations", "ok", "digest",
                  "recomputed", "outcome")
        self.assertEqual(*([{field: one[field] for field in fields} for one in report["tallies"]]
                           for report in (theirs, mine)))
        self.assertEqual(theirs["attestations"], mine["attestations"])


class SameLogTest(TwoAuditors):
    def test_both_confirm_a_log_with_an_event_of_every_kind(self):
        log = s.whole_story()
        log.publish(self.scratch / "log")

        theirs, mine = self.audited(self.scratch / "log", log)

        self.compare(theirs, mine)
        self.assertEqual("confirmed", mine["verdict"])

    def test_both_find_the_same_fault_at_the_same_place_in_each_lie(self):
        rejected = 0
        for name, tell in LIES.items():
            with self.subTest(lie=name):
                log, folder = s.opened_ledger(), self.scratch / "lie"
                tell(log)
                shutil.rmtree(folder, ignore_errors=True)
                log.publish(folder)
                theirs, mine = self.audited(folder, log)
                self.compare(theirs, mine)
                self.assertEqual(*({(fault["step"], place_of(fault)) for fault in report["faults"]}
                                   for report in (theirs, mine)))
                rejected += mine["verdict"] == "rejected"
        print(f"{len(LIES)} logs, {rejected} rejected by both", flush=True)

    def test_both_reject_each_changed_file_in_the_same_step(self):
        log, original, folder = s.whole_story(), self.scratch / "original", self.scratch / "changed"
        log.publish(original)
        rng = random.Random(11)
        files = sorted(path.relative_to(original) for path in original.rglob("*") if path.is_file())
        for number in range(60):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(original, folder)
            path = folder / rng.choice(files)
            data = bytearray(path.read_bytes())
            place = rng.randrange(len(data))
            what = rng.choice(("flip", "cut", "insert", "empty", "random", "delete"))
            if what == "flip":
                data[place] ^= 1 << rng.randrange(8)
            elif what == "insert":
                data[place:place] = rng.randbytes(rng.randint(1, 4))
            else:
                data = {"cut": data[:place], "empty": b"", "random": rng.randbytes(len(data)), "delete": b""}[what]
            path.write_bytes(data)
            if what == "delete":
                path.unlink()
            with self.subTest(number=number, change=what, file=str(path.relative_to(folder)), place=place):
                theirs, mine = self.audited(folder, log)
                self.assertEqual(("rejected", "rejected"), (theirs["verdict"], mine["verdict"]))
                self.assertEqual(*(report["faults"][0]["step"] for report in (theirs, mine)),
                                 (theirs["faults"], mine["faults"]))


if __name__ == "__main__":
    unittest.main()
