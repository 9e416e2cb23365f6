"""Kills hattamad by SIGKILL again and again while Bolivia is imported, and asks afterwards whether anything is missing.

The moments are seeded; HATTAMA_SEED replays a run. SIGKILL ends the process, not the machine: what the kernel holds is
kept, so these tests show that the program orders its writes rightly, not that the disk keeps its word.
"""

import json
import os
import random
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from programs import (DEFINITIONS, FINDINGS, FINE, UNREACHABLE, Client, Server, data_folder, require_programs,  # noqa: E402
                      same_answer)

NAME = "bolivia-2019"
ROW_COUNT = 67361
RETRY_KILL_COUNT = 20
RERUN_KILL_COUNT = 6
STEP_SECONDS_MAX = 300

QUESTIONS = [
    ("tally", "bo-2019", "--policy", "preliminary"),
    ("tally", "bo-2019", "--policy", "final"),
    ("tally", "bo-2019", "--policy", "final", "--by", "region"),
    ("diff", "bo-2019", "--left", "preliminary", "--right", "final", "--limit", "5000"),
    ("seats", "bo-2019"),
]


class CrashTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        require_programs()
        cls.data = data_folder("bolivia-2019-trep-computo")
        folder = tempfile.TemporaryDirectory(prefix="hattama-crash-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.seed = int(os.environ.get("HATTAMA_SEED", "20191020"))
        print(f"HATTAMA_SEED={cls.seed}")
        server = Server(cls.folder / "undisturbed")
        cls.addClassCleanup(server.kill)
        client = Client(server.address)
        client.define_real(NAME, cls.data)
        cls.defined_size = int(client.json("status")["as_of"]["tree_size"])
        client.import_real(NAME, cls.data)
        cls.answers = [same_answer(client.json(*question)) for question in QUESTIONS]
        cls.submissions = cls.exported_submissions(client, "undisturbed")
        server.stop()

    @classmethod
    def exported_submissions(cls, client, name):
        """What each event says, by sequence; hattama verifies every leaf and the root on the way."""
        path = cls.folder / f"{name}.jsonl"
        client.checked("--format=json", "export", "--out", path)
        submissions = []
        with open(path, encoding="utf-8") as file:
            for index, line in enumerate(file):
                entry = json.loads(line)
                assert int(entry["sequence"]) == index, f"line {index} is sequence {entry['sequence']}"
                submissions.append(json.dumps(entry["submission"], sort_keys=True))
        return submissions

    def import_arguments(self, *more):
        return ("--format=json", "import", self.data, "--mapping", DEFINITIONS / NAME / "mapping.json", *more)

    def wait_for_growth(self, client, size, process):
        """The head once it has at least `size` events, or the last one seen when the import ended."""
        deadline = time.monotonic() + STEP_SECONDS_MAX
        while time.monotonic() < deadline:
            head = client.json("status")["as_of"]
            if int(head["tree_size"]) >= size or process.poll() is not None:
                return head
        self.fail(f"no {size} events after {STEP_SECONDS_MAX} s")

    def check_nothing_lost(self, client, seen):
        """The log is an extension of what was seen before the crash: same size, same root."""
        head = client.json("status")["as_of"]
        self.assertGreaterEqual(int(head["tree_size"]), int(seen["tree_size"]))
        proof = client.json("prove", "--consistency", f"{seen['tree_size']}:{head['tree_size']}")
        self.assertEqual(proof["first"]["root_hash"], seen["root_hash"])

    def check_like_undisturbed(self, client, name):
        for question, answer in zip(QUESTIONS, self.answers):
            with self.subTest(question=question):
                self.assertEqual(same_answer(client.json(*question)), answer)
        submissions = self.exported_submissions(client, name)
        self.assertEqual(len(submissions), len(self.submissions))
        # Sequence 0 founds the ledger, under an id of its own.
        for sequence in range(1, len(submissions)):
            if submissions[sequence] != self.submissions[sequence]:
                self.fail(f"sequence {sequence} differs:\n{submissions[sequence]}\n{self.submissions[sequence]}")

    def test_one_import_survives_twenty_kills(self):
        moments = random.Random(self.seed)
        thresholds = sorted(moments.sample(range(1, ROW_COUNT - 2000), RETRY_KILL_COUNT))
        data = self.folder / "retry"
        server = Server(data)
        self.addCleanup(lambda: server.kill())
        address = server.address
        client = Client(address)
        client.define_real(NAME, self.data)
        process = client.start(*self.import_arguments("--retry", "120s"))
        self.addCleanup(process.kill)
        kills = 0
        for threshold in thresholds:
            seen = self.wait_for_growth(client, self.defined_size + threshold, process)
            if process.poll() is not None:
                break
            time.sleep(moments.random() * 0.03)
            server.kill()
            kills += 1
            server = Server(data, listen=address)
            self.check_nothing_lost(client, seen)

        out, errors = process.communicate(timeout=STEP_SECONDS_MAX)
        self.assertIn(process.returncode, (FINE, FINDINGS), errors)
        report = json.loads(out)
        # The kills came while rows were under way, else this test shows nothing.
        self.assertEqual(kills, RETRY_KILL_COUNT)
        self.assertGreater(report["reconnects"], 0)
        self.assertEqual(report["imported"] + report["already_recorded"], ROW_COUNT)
        self.assertEqual((report["refused"], report["not_answered"]), ({}, 0))
        self.check_like_undisturbed(client, "retry")

    def test_imports_that_give_up_may_be_run_again(self):
        moments = random.Random(self.seed + 1)
        thresholds = sorted(moments.sample(range(1, ROW_COUNT - 2000), RERUN_KILL_COUNT))
        data = self.folder / "rerun"
        server = Server(data)
        self.addCleanup(lambda: server.kill())
        client = Client(server.address)
        client.define_real(NAME, self.data)
        for threshold in thresholds:
            process = client.start(*self.import_arguments())
            self.addCleanup(process.kill)
            seen = self.wait_for_growth(client, self.defined_size + threshold, process)
            time.sleep(moments.random() * 0.03)
            server.kill()
            out, errors = process.communicate(timeout=STEP_SECONDS_MAX)
            self.assertEqual(process.returncode, UNREACHABLE, errors)
            # An import whose server went before it was reached has nothing to report.
            acknowledged = json.loads(out or '{"tree_size": 0, "imported": 0, "already_recorded": 0}')
            server = Server(data)
            client = Client(server.address)
            self.check_nothing_lost(client, seen)
            # What the client was told is there: rows go out in order, so the last acknowledged one implies the others.
            head = int(client.json("status")["as_of"]["tree_size"])
            self.assertGreaterEqual(head, acknowledged["tree_size"])
            self.assertGreaterEqual(head, self.defined_size + acknowledged["imported"] + acknowledged["already_recorded"])

        report = client.import_real(NAME, self.data)
        self.assertEqual(report["imported"] + report["already_recorded"], ROW_COUNT)
        self.check_like_undisturbed(client, "rerun")


if __name__ == "__main__":
    unittest.main()
