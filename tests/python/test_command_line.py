#!/usr/bin/env python3
"""The commands as a person types them, and station proofs: what verifies, what does not, and with which exit code."""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# pylint: disable=wrong-import-position
import small_ledger as s  # noqa: E402
from hattama_verify import policy, station_proof, text  # noqa: E402
from hattama_verify.command_line import CONFIRMED, REJECTED, UNUSABLE, main  # noqa: E402
from hattama_verify.faults import Fault  # noqa: E402


class Folder(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.log = s.whole_story()
        cls.scratch = tempfile.TemporaryDirectory()
        cls.folder = Path(cls.scratch.name)
        cls.log.publish(cls.folder / "copy")
        cls.key = str(cls.log.log_key.verifier_key(name=s.ORIGIN))
        (cls.folder / "log.vkey").write_text(cls.key + "\n", encoding="utf-8")
        cls.publications = [i for i, data in enumerate(cls.log.records)
                            if s.parse_record(data).event == "tally_published"]

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def run_main(self, *arguments):
        """(exit code, standard output, standard error)."""
        out, error = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(error):
            code = main([str(one) for one in arguments])
        return code, out.getvalue(), error.getvalue()

    def written(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path


class AuditCommandTest(Folder):
    def test_an_audit_is_run_as_the_document_says(self):
        done = subprocess.run(["/usr/bin/python3", "-m", "hattama_verify", "audit", self.folder / "copy", "--log-key",
                               self.key],
                              cwd=s.ROOT / "clients" / "python", capture_output=True, text=True, timeout=60,
                              check=False)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        self.assertTrue(done.stdout.startswith("confirmed: 37 records, root "), done.stdout)

    def test_the_key_may_stand_in_a_file_and_the_report_is_json(self):
        report = self.folder / "report.json"
        code, out, _ = self.run_main("audit", self.folder / "copy", "--log-key", self.folder / "log.vkey", "--report",
                                     report,
                                     "--authority", self.log.authority.public.hex())
        self.assertEqual(CONFIRMED, code, out)
        read = json.loads(report.read_text(encoding="utf-8"))
        self.assertEqual(("confirmed", 37, [], 37),
                         (read["verdict"], read["tree_size"], read["faults"], read["folded"]))

    def test_a_state_is_kept_and_a_log_rolled_back_is_rejected_until_the_alarm_is_removed(self):
        state, back = self.folder / "state", self.folder / "back"
        s.publish(back, self.log.records[:20], self.log.log_key)
        audit = ("--log-key", self.key, "--state", state)
        self.assertEqual(CONFIRMED, self.run_main("audit", self.folder / "copy", *audit)[0])
        self.assertEqual(REJECTED, self.run_main("audit", back, *audit)[0])
        code, out, _ = self.run_main("audit", self.folder / "copy", *audit)
        self.assertEqual(REJECTED, code)
        self.assertIn(str(state) + ".alarm", out)
        os.unlink(str(state) + ".alarm")
        self.assertEqual(CONFIRMED, self.run_main("audit", self.folder / "copy", *audit)[0])

    def test_what_cannot_be_used_is_exit_code_two(self):
        copy = self.folder / "copy"
        for arguments in ((), ("audit",), ("audit", copy), ("audit", copy, "--log-key", "nothing"),
                          ("verify", "nowhere", "--log-key", self.key),
                          ("audit", "nowhere", "--log-key", self.key), ("audit", copy, "--log-key", self.key + "x"),
                          ("dance",),
                          ("audit", copy, "--policy", "nowhere"),
                          ("audit", copy, "--log-key", self.key, "--authority", "zz"),
                          ("audit", copy, "--log-key", self.key, "--report", self.folder / "no" / "where")):
            code, _, error = self.run_main(*arguments)
            self.assertEqual(UNUSABLE, code, arguments)
            self.assertNotIn("Traceback", error)

    def test_a_statement_is_the_published_one(self):
        for publication in self.publications:
            body = s.parse_record(self.log.records[publication]).body
            arguments = ["statement", self.folder / "copy", "--log-key", self.key, "--election", "e1", "--contest",
                         body["contest_id"],
                         "--tree-size", body["tree_size"]]
            arguments += ["--excluding-contested"] if body["view"]["excluding_contested"] else []
            self.assertEqual((CONFIRMED, body["statement"]), self.run_main(*arguments)[:2])
        self.assertEqual(UNUSABLE,
                         self.run_main("statement", self.folder / "copy", "--log-key", self.key, "--election", "e1",
                                                 "--contest", "mayor", "--tree-size", 3)[0])


class VerifyCommandTest(Folder):
    def test_receipts_and_station_proofs_verify(self):
        for index in range(len(self.log.records)):
            path = self.written("one.tlog-proof", self.log.receipt(index))
            code, out, error = self.run_main("verify", path, "--log-key", self.key)
            self.assertEqual((CONFIRMED, ""), (code, error))
            self.assertIn(f"confirmed: record {index} of {s.ORIGIN}", out)
        path = self.written("R1-1.station-proof", self.log.station_proof(self.publications[0], "R1-1"))
        code, out, _ = self.run_main("verify", path, "--log-key", self.key)
        self.assertEqual(CONFIRMED, code)
        self.assertIn("station R1-1 counted", out)

    def test_the_proof_of_another_log_or_of_a_forged_record_is_rejected(self):
        path = self.written("one.tlog-proof", self.log.receipt(9))
        self.assertEqual(REJECTED, self.run_main("verify", path, "--log-key", s.Key("other").verifier_key())[0])
        log = s.opened_ledger()
        submission = log.submission("protocol_submitted", s.protocol("lists", "R1-1", {"A": 1, "B": 1, "none": 1}))
        index = log.append_bytes(log.record(submission, log.signed(submission, s.Offices.commission, "e2")))
        path = self.written("forged.tlog-proof", log.receipt(index))
        code, _, error = self.run_main("verify", path, "--log-key", self.key)
        self.assertEqual(REJECTED, code)
        self.assertIn("is not good", error)


class StationProofTest(Folder):
    def setUp(self):
        self.believed = policy.Policy([self.log.log_key.verifier_key(name=s.ORIGIN)])

    def refused(self, lines, why=""):
        with self.assertRaises(Fault, msg=why):
            station_proof.verify_station_proof("".join(line + "\n" for line in lines).encode(), self.believed)

    def test_every_station_in_every_state_verifies(self):
        states = set()
        for publication in self.publications:
            contest = s.parse_record(self.log.records[publication]).body["contest_id"]
            for station in ("R1-1", "R1-2") if contest == "mayor" else ("R1-1", "R1-2", "R2-1", "R2-2"):
                proved = station_proof.verify_station_proof(self.log.station_proof(publication, station), self.believed)
                self.assertIn(f"station {station} ", proved.label)
                states.add(proved.label.split(" ")[2])
        self.assertEqual({"counted", "quarantined", "annulled", "excluded", "missing"}, states)

    def test_each_figure_that_is_off_is_refused(self):
        lines = self.log.station_proof(self.publications[0], "R1-1").decode().splitlines()
        for number in range(3, len(lines)):
            words = lines[number].split(" ")
            for place in range(1, len(words)):
                if not words[place].isdecimal():
                    continue
                for value in (int(words[place]) + 1, int(words[place]) - 1, 1 << 62, 1 << 64):
                    changed = [*words[:place], str(value), *words[place + 1:]]
                    self.refused([*lines[:number], " ".join(changed), *lines[number + 1:]], (number, place, value))

    def test_lines_that_are_missing_repeated_or_swapped_are_refused(self):
        lines = self.log.station_proof(self.publications[0], "R1-1").decode().splitlines()
        for number in range(len(lines)):
            self.refused(lines[:number] + lines[number + 1:])
            self.refused(lines[:number + 1] + lines[number:])
            if number:
                self.refused([*lines[:number - 1], lines[number], lines[number - 1], *lines[number + 1:]])

    def test_the_parts_of_another_proof_are_refused(self):
        first, second = (self.log.station_proof(self.publications[0], one).decode().splitlines()
                         for one in ("R1-1", "R1-2"))
        later = self.log.station_proof(self.publications[2], "R1-1").decode().splitlines()
        for other in (second, later):
            for number in range(1, len(first)):
                if first[number] != other[number]:
                    self.refused([*first[:number], other[number], *first[number + 1:]], number)

    def test_a_label_that_says_otherwise_is_refused(self):
        lines = self.log.station_proof(self.publications[0], "R1-1").decode().splitlines()
        label = text.from_base64(lines[4].split(" ")[1], "label").decode()
        for changed in (label + " ", label.replace("counted", "missing"), label.replace("R1-1", "R1-2"), "station",
                        label[:-1]):
            self.refused([*lines[:4], f"label {text.to_base64(changed.encode())}", *lines[5:]], changed)


if __name__ == "__main__":
    unittest.main()
