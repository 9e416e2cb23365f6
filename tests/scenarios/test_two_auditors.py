"""Two auditors that share no line of code, on the same published logs: Bolivia 2019 signed by the keys of its
departments, and logs that lie in every way."""

import json
import re
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

from scenario import BIN, FINDINGS, FINE, ROOT, Client, RealElectionCase, Server, rows_of
from programs import DEFINITIONS, Keys, data_folder, require_programs
from test_audit import await_checkpoint

PYTHON = ROOT / "clients" / "python"
AUDIT_SECONDS_MAX = 1_200
OPTIONS = ["CC", "FPV", "MTS", "UCS", "MAS_IPSP", "21F", "PDC", "MNR", "PAN_BOL"]


def audit(program, folder, log_key, authority):
    """The exit code and the report of one auditor, offline."""
    with tempfile.TemporaryDirectory(prefix="hattama-report-") as scratch:
        report = Path(scratch, "report.json")
        arguments = ["audit", folder, "--log-key", log_key, "--authority", authority, "--report", report]
        if program == "c++":
            arguments = [BIN / "hattama", "--no-progress", *arguments, "--no-state"]
        else:
            arguments = [sys.executable, "-m", "hattama_verify", *arguments]
        done = subprocess.run([str(argument) for argument in arguments], cwd=PYTHON, capture_output=True, text=True,
                              timeout=AUDIT_SECONDS_MAX, check=False)
        if not report.exists():
            raise AssertionError(f"{program} wrote no report, exit {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.returncode, json.loads(report.read_text(encoding="utf-8"))


def tallies_of(report):
    """What both reports say of each published tally."""
    return [{key: tally[key] for key in ("sequence", "tree_size", "election", "contest", "digest", "recomputed", "ok")}
            for tally in report["tallies"]]


class LyingLogsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        require_programs()
        if not (BIN / "trial_folders").exists():
            raise unittest.SkipTest(f"trial_folders is not built in {BIN}")
        scratch = tempfile.TemporaryDirectory(prefix="hattama-trial-")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        subprocess.run([BIN / "trial_folders", cls.folder], check=True)

    def test_both_give_the_same_verdict_for_the_same_reason(self):
        expected = (self.folder / "expected.txt").read_text(encoding="utf-8").splitlines()
        self.assertGreater(len(expected), 10)
        for line in expected:
            name, *steps = line.split()
            with self.subTest(log=name):
                keys = self.folder / "log.vkey", self.folder / "authority.vkey"
                ours, ours_report = audit("c++", self.folder / name, *keys)
                theirs, theirs_report = audit("python", self.folder / name, *keys)
                self.assertEqual((ours, theirs), (FINDINGS, FINDINGS) if steps else (FINE, FINE))
                self.assertEqual(ours_report["verdict"], theirs_report["verdict"])
                if "note" not in steps:  # Of a checkpoint that is not believed nothing is said.
                    self.assertEqual(ours_report["tree_size"], theirs_report["tree_size"])
                for step in steps:
                    for program, report in ("c++", ours_report), ("python", theirs_report):
                        self.assertIn(step, {fault["step"] for fault in report["faults"]}, program)
                if not steps:
                    self.assertEqual(ours_report["root"], theirs_report["root"])
                    self.assertEqual(tallies_of(ours_report), tallies_of(theirs_report))
                    self.assertGreater(len(ours_report["tallies"]), 5)


class BoliviaTest(RealElectionCase):
    """The whole of it: 67,361 protocols under the keys of the departments and of the consulates' countries."""

    definition_name = "bolivia-2019"
    data_name = "bolivia-2019-trep-computo"

    @classmethod
    def setUpClass(cls):
        require_programs()
        cls.data = data_folder(cls.data_name)
        scratch = tempfile.TemporaryDirectory(prefix="hattama-scenario-")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        cls.published = cls.folder / "published"
        server = Server(cls.folder / "data",
                        arguments=["--log-key", Keys.private("ledger"), "--publish", cls.published])
        cls.addClassCleanup(server.kill)
        client = Client(server.address)
        cls.expected = json.loads((cls.data / "expected.json").read_text(encoding="utf-8"))
        mapping = json.loads((DEFINITIONS / cls.definition_name / "mapping.json").read_text(encoding="utf-8"))
        cls.election = mapping["election"]
        client.define_real(cls.definition_name, cls.data)
        cls.offices = cls.give_keys(client)
        cls.report = client.import_real(cls.definition_name, cls.data, "--keys", cls.offices)
        for policy in "preliminary", "final":
            client.checked("publish-tally", cls.election, "--policy", policy, "--title", f"{policy} results")
        cls.size = int(client.json("status")["as_of"]["tree_size"])
        await_checkpoint(cls.published, cls.size)
        # Whoever audits has the folder, the two public keys, and no server.
        server.stop()
        cls.audits = {program: audit(program, cls.published, Keys.public("ledger"), Keys.public("authority"))
                      for program in ("c++", "python")}

    @classmethod
    def give_keys(cls, client):
        """A folder with a key for each department of Bolivia and each country of the consulates, all granted."""
        offices = cls.folder / "offices"
        offices.mkdir()
        units = sorted({f"BO/{row['country']}" + (f"/{row['region']}" if row["country"] == "Bolivia" else "")
                        for row in rows_of(cls.data / "stations.csv.gz")})
        for unit in units:
            name = unit.replace("/", "%2F")
            holder = re.sub(r"[^A-Za-z0-9]", "-", unit)
            subprocess.run([BIN / "hattama", "keygen", f"test.hattama.example/{holder}", "--out", offices / name],
                           check=True, stdout=subprocess.DEVNULL)
            client.as_authority().checked("grant", cls.election, "--to", offices / f"{name}.vkey", "--role",
                                          "commission", "--source", "commission", "--unit", unit)
        return offices

    def test_every_row_is_recorded_under_the_key_of_its_department(self):
        self.assertEqual((self.report["imported"], self.report["refused"]), (67361, {}))
        self.assertGreater(len(list(self.offices.glob("*.key"))), 30)

    def test_both_confirm_the_same_root(self):
        for program, (code, report) in self.audits.items():
            with self.subTest(program=program):
                self.assertEqual((code, report["verdict"], report["faults"]), (FINE, "confirmed", []))
                self.assertEqual(report["tree_size"], self.size)
        self.assertEqual(self.audits["c++"][1]["root"], self.audits["python"][1]["root"])

    def test_both_recompute_the_same_digests(self):
        ours, theirs = (tallies_of(self.audits[program][1]) for program in ("c++", "python"))
        self.assertEqual(ours, theirs)
        self.assertEqual([tally["ok"] for tally in ours], [True, True])

    def statement(self, policy):
        """The canonical text, recomputed from the folder by the second implementation."""
        done = subprocess.run(
            [sys.executable, "-m", "hattama_verify", "statement", self.published, "--log-key", Keys.public("ledger"),
             "--election", self.election, "--source", "commission", "--view", policy], cwd=PYTHON, capture_output=True,
            text=True, check=True, timeout=AUDIT_SECONDS_MAX)
        return [line.split(" ") for line in done.stdout.splitlines()]

    def test_the_totals_are_the_published_ones(self):
        for stage in "preliminary", "final":
            with self.subTest(stage=stage):
                expected = self.expected["latest_per_station"][f"PRES|{stage}|commission|"]
                lines = self.statement(f"{stage}-only")
                votes = {line[1]: int(line[2]) for line in lines if line[0] == "option"}
                self.assertEqual(votes, expected["votes"])
                counted = next(int(line[1]) for line in lines if line[0] == "stations")
                self.assertEqual(counted, expected["stations"])
                self.assertEqual([line[1] for line in lines if line[0] == "outcome"], ["decided"])
                self.assertEqual([line[1] for line in lines if line[0] == "chosen"], ["MAS_IPSP"])

    def test_the_diff_is_reproduced_from_the_folder_alone(self):
        sys.path.insert(0, str(PYTHON))
        # pylint: disable=import-outside-toplevel
        from hattama_verify.audit import Audit
        from hattama_verify.messages import POLICIES
        from hattama_verify.policy import policy_from
        from hattama_verify.tally import Tally, View
        from hattama_verify.tiles import Folder
        done = Audit(Folder(str(self.published)), policy_from(str(Keys.public("ledger")), None))
        self.assertTrue(done.run())
        election = done.ledger.elections[self.election]
        contest = next(iter(election.contests.values()))
        policies = {name: number for number, name in POLICIES.items()}
        sides = [Tally(election, contest, View("commission", policies[f"{stage}-only"], False), self.size).stations
                 for stage in ("preliminary", "final")]
        option_columns = range(contest.column_count - len(OPTIONS), contest.column_count)
        net, seen = Counter(), Counter()
        for left, right in zip(*sides):
            seen["only_left"] += left.protocol is not None and right.protocol is None
            seen["only_right"] += left.protocol is None and right.protocol is not None
            if left.protocol is None or right.protocol is None:
                continue
            seen["both"] += 1
            changes = [(right.protocol.row[column] or 0) - (left.protocol.row[column] or 0)
                       for column in option_columns]
            seen["stations_with_option_difference"] += any(changes)
            seen["sum_abs_option_differences"] += sum(map(abs, changes))
            net.update(dict(zip(OPTIONS, changes)))

        expected = self.expected["diff"]["PRES"]
        for key, count in seen.items():
            self.assertEqual(count, expected[key], key)
        self.assertEqual({option: net[option] for option in OPTIONS}, expected["net_right_minus_left_on_common"])


if __name__ == "__main__":
    unittest.main()
