#!/usr/bin/env python3
"""hattamad and this verifier on the same random elections: the same admissions, refusals and statements at every version."""

import os
import random
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

# pylint: disable=wrong-import-position
import programs  # noqa: E402
import small_ledger  # noqa: E402
from random_story import Story, seed_from  # noqa: E402
from hattama_verify import audit, policy, records, statement, tally, tiles  # noqa: E402
from hattama_verify.admission import admission_faults  # noqa: E402
from hattama_verify.ledger import Ledger  # noqa: E402

ORIGIN = "test.hattama.example/ledger"


def audited(folder, log_key, origin=ORIGIN):
    done = audit.Audit(tiles.Folder(folder), policy.Policy([log_key.verifier_key(name=origin)]))
    done.run()
    return done


class DifferentialTest(unittest.TestCase):
    STEPS, STATEMENTS, ELECTIONS = 150, 150, 2

    @classmethod
    def setUpClass(cls):
        programs.require_programs()

    def test_the_server_and_this_verifier_agree_on_random_elections(self):
        seed = seed_from(os.environ)
        for number in range(self.ELECTIONS):
            with self.subTest(seed=seed, election=number), tempfile.TemporaryDirectory() as scratch:
                self.compare(random.Random(seed + number), Path(scratch))

    def compare(self, rng, scratch):
        server = programs.Server(scratch / "data", ORIGIN)
        try:
            story = Story(rng, server, programs, scratch)
            story.define()
            opened = story.tree_size
            for _ in range(self.STEPS):
                story.step()
            asked = [story.asked_statement(opened) for _ in range(self.STATEMENTS)]
            datas = story.records()
        finally:
            server.stop()
        self.assertEqual(len(datas), story.tree_size)
        log_key = small_ledger.Key("log")
        small_ledger.publish(scratch / "published", datas, log_key, ORIGIN)
        done = audited(scratch / "published", log_key)
        self.assertEqual([], done.faults)
        self.assertGreater(len(done.tallies), 0)
        for contest, view, at, said in asked:
            mine = statement.recomputed_statement(done.ledger, done.tree, "random", contest, tally.view_of(view), at)[0]
            self.assertEqual(said, mine, f"contest {contest}, view {view}, tree_size {at}")
        self.compare_refusals(datas, story.refused, done.tree)
        print(f"admitted {story.accepted}, refused {len(story.refused)}, statements compared {len(asked)}", flush=True)

    def compare_refusals(self, datas, refused, tree):
        """What the server refused, this verifier has something against at the same place."""
        ledger, waiting = Ledger(), list(refused)
        for sequence, data in enumerate(datas + [None]):
            while waiting and waiting[0].tree_size == sequence:
                one = waiting.pop(0)
                faults = admission_faults(ledger, sequence, one.event, one.body)
                self.assertTrue(faults, f"the server refused at {sequence}: {one.said}; here nothing is said against {one.body}")
            if data is not None:
                record = records.parse_record(data)
                ledger.apply(sequence, tree.levels[0][sequence], record)
        self.assertEqual([], waiting)


if __name__ == "__main__":
    unittest.main()
