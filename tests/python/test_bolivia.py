#!/usr/bin/env python3
"""Bolivia 2019, batch signed, published by hattamad: both auditors confirm it, and the totals are the expected ones."""

import json
import re
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

# pylint: disable=wrong-import-position
import programs  # noqa: E402
import small_ledger  # noqa: E402,F401
from hattama_verify import audit, policy, tally, tiles  # noqa: E402
from hattama_verify.messages import FINAL_ONLY, PRELIMINARY_ONLY  # noqa: E402

ORIGIN = "test.hattama.example/ledger"
CHECKPOINT_SECONDS_MAX = 120
VERIFY_SECONDS_MAX = 300


class BoliviaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        programs.require_programs()
        cls.data = programs.data_folder("bolivia-2019-trep-computo")
        cls.expected = json.loads((cls.data / "expected.json").read_text(encoding="utf-8"))

    def test_both_auditors_confirm_the_whole_election(self):
        with tempfile.TemporaryDirectory() as scratch:
            self.audit_both(Path(scratch))

    def audit_both(self, scratch):
        published = scratch / "published"
        server = programs.Server(scratch / "data", ORIGIN, arguments=(
            "--log-key", str(programs.Keys.private("ledger")), "--publish", str(published)))
        try:
            client = programs.Client(server.address)
            client.define_real("bolivia-2019", self.data)
            client.import_real("bolivia-2019", self.data)
            for view in ("preliminary", "final"):
                client.checked("publish-tally", "bo-2019", "--policy", view)
            size = int(client.json("status")["as_of"]["tree_size"])
            self.wait_for_checkpoint(published, size)
        finally:
            server.stop()
        started = time.monotonic()
        done = audit.Audit(tiles.Folder(published), policy.policy_from(str(programs.Keys.public("ledger"))),
                           policy.read_public_key(str(programs.Keys.public("authority"))))
        done.run()
        seconds = time.monotonic() - started
        self.assertEqual([], done.faults)
        self.assertLess(seconds, VERIFY_SECONDS_MAX)
        self.assertEqual([True, True], [one["confirmed"] for one in done.tallies])
        print(f"{size} records audited in {seconds:.1f} s", flush=True)
        self.compare_totals(done)
        self.compare_with_hattama(published, scratch / "report.json", done.report())

    def wait_for_checkpoint(self, published, size):
        deadline = time.monotonic() + CHECKPOINT_SECONDS_MAX
        while time.monotonic() < deadline:
            path = published / "checkpoint"
            if path.exists() and path.read_text(encoding="utf-8").split("\n")[1] == str(size):
                return
            time.sleep(0.2)
        self.fail(f"no checkpoint of {size} records within {CHECKPOINT_SECONDS_MAX} s")

    def compare_totals(self, done):
        election = done.ledger.elections["bo-2019"]
        contest, made = election.contests["president"], {}
        for policy_of_view, stage in ((PRELIMINARY_ONLY, "preliminary"), (FINAL_ONLY, "final")):
            view = tally.View("commission", policy_of_view, False)
            made[stage] = tally.Tally(election, contest, view, len(done.tree))
            expected = self.expected["latest_per_station"][f"PRES|{stage}|commission|"]
            columns = {**contest.line_columns, **contest.option_columns}
            row = {name: made[stage].row[column] for name, column in columns.items()}
            self.assertEqual(expected["votes"], {name: row[name] for name in contest.option_columns})
            for name in ("ballots_cast", "valid", "blank", "null"):
                self.assertEqual(expected[name], row[name])
            self.assertEqual(expected["stations"], made[stage].totals.states[tally.COUNTED])
        self.compare_diff(contest, made["preliminary"], made["final"])

    def compare_diff(self, contest, left, right):
        """Where the two counts of a station differ in the votes for options."""
        expected, stations, total = self.expected["diff"]["PRES"], 0, 0
        for one, other in zip(left.stations, right.stations):
            if one.state != tally.COUNTED or other.state != tally.COUNTED:
                continue
            difference = sum(abs((a or 0) - (b or 0)) for a, b in zip(
                one.protocol.row[contest.line_count:], other.protocol.row[contest.line_count:]))
            stations += difference > 0
            total += difference
        self.assertEqual((expected["stations_with_option_difference"], expected["sum_abs_option_differences"]),
                         (stations, total))

    def compare_with_hattama(self, published, report, mine):
        done = subprocess.run([programs.BIN / "hattama", "--no-progress", "audit", published, "--log-key",
                               programs.Keys.public("ledger"), "--no-state", "--report", report], capture_output=True,
                              text=True,
                              timeout=VERIFY_SECONDS_MAX, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        theirs = json.loads(report.read_text(encoding="utf-8"))
        self.assertEqual((theirs["root"], theirs["tree_size"]), (mine["root"], mine["tree_size"]))
        self.assertEqual(*([one["recomputed_digest"] for one in made["tallies"]] for made in (theirs, mine)))


if __name__ == "__main__":
    unittest.main()
