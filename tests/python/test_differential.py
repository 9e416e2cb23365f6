#!/usr/bin/env python3
"""hattamad and this verifier on the same random elections: the same admissions, refusals, statements, proofs."""

import os
import random
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

# pylint: disable=wrong-import-position
import programs  # noqa: E402
from random_story import Story, seed_from  # noqa: E402
from hattama_verify import audit, policy, records, rfc6962, statement, station_proof, tally, tiles  # noqa: E402
from hattama_verify.admission import admission_faults  # noqa: E402
from hattama_verify.ledger import Ledger  # noqa: E402

ORIGIN = "test.hattama.example/ledger"
CHECKPOINT_SECONDS_MAX = 60


class DifferentialTest(unittest.TestCase):
    STEPS, STATEMENTS, ELECTIONS = 120, 120, 2

    @classmethod
    def setUpClass(cls):
        programs.require_programs()

    def test_the_server_and_this_verifier_agree_on_random_elections(self):
        seed = seed_from(os.environ)
        for number in range(self.ELECTIONS):
            with self.subTest(seed=seed, election=number), tempfile.TemporaryDirectory() as scratch:
                self.compare(random.Random(seed + number), Path(scratch))

    def compare(self, rng, scratch):
        published = scratch / "published"
        server = programs.Server(scratch / "data", ORIGIN, arguments=(
            "--log-key", str(programs.Keys.private("ledger")), "--publish", str(published)))
        try:
            story = Story(rng, server, programs, scratch)
            story.define()
            opened = story.tree_size
            for _ in range(self.STEPS):
                story.step()
            asked = [story.asked_statement(opened) for _ in range(self.STATEMENTS)]
            datas = story.records()
            self.assertEqual(len(datas), story.tree_size)
            self.wait_for_checkpoint(published, story.tree_size)
            proofs = self.station_proofs(rng, story, scratch, datas)
        finally:
            server.stop()
        believed = policy.policy_from(str(programs.Keys.public("ledger")))
        authority = policy.read_public_key(str(programs.Keys.public("authority")))
        done = audit.Audit(tiles.Folder(published), believed, authority)
        done.run()
        self.assertEqual([], done.faults)
        self.assertEqual(len(datas), len(done.tree))
        self.assertEqual([rfc6962.leaf_hash(data) for data in datas], done.tree.levels[0])
        self.assertEqual(story.accepted["tally_published"], len(done.tallies))
        for contest, view, at, said in asked:
            mine = statement.recomputed_statement(done.ledger, done.tree, "random", contest, tally.view_of(view), at)[0]
            self.assertEqual(said, mine, f"contest {contest}, view {view}, tree_size {at}")
        self.compare_refusals(datas, story.refused, done.tree)
        self.verify_station_proofs(proofs, believed, done)
        print(f"admitted {story.accepted}, refused {len(story.refused)}, statements compared {len(asked)}, "
              f"station proofs {len(proofs)}", flush=True)

    def wait_for_checkpoint(self, published, tree_size):
        deadline = time.monotonic() + CHECKPOINT_SECONDS_MAX
        while time.monotonic() < deadline:
            path = published / "checkpoint"
            if path.exists() and path.read_text(encoding="utf-8").split("\n")[1] == str(tree_size):
                return
            time.sleep(0.1)
        self.fail(f"no checkpoint of {tree_size} records within {CHECKPOINT_SECONDS_MAX} s")

    def station_proofs(self, rng, story, scratch, datas):
        """Station proofs of a few stations in each published tally: (sequence, station, file)."""
        proofs = []
        for sequence, data in enumerate(datas):
            record = records.parse_record(data)
            if record.event != "tally_published":
                continue
            contest = next(one for one in story.definition.contests if one["contest_id"] == record.body["contest_id"])
            for station in rng.sample(story.definition.stations_of(contest), 1):
                path = scratch / f"proof-{sequence}"
                story.office.checked("prove-station", station, "--publication", sequence, "--out", path,
                                     "--log-key", programs.Keys.public("ledger"))
                proofs.append((sequence, station, path))
        return proofs

    def verify_station_proofs(self, proofs, believed, done):
        for sequence, station, path in proofs:
            proved = station_proof.verify_station_proof(path.read_bytes(), believed)
            self.assertEqual(sequence, proved.publication.sequence)
            body = proved.publication.body
            mine = statement.recomputed_statement(done.ledger, done.tree, "random", body["contest_id"],
                                                  tally.view_of(body["view"]), body["tree_size"])[1]
            counted = next(one for one in mine.stations if one.unit.unit_id == station)
            self.assertEqual(statement.station_label(counted).decode(), proved.label)
            self.assertEqual(statement.station_figures(counted, mine.contest.column_count), proved.sums)

    def compare_refusals(self, datas, refused, tree):
        """What the server refused, this verifier has something against at the same place."""
        ledger, waiting = Ledger(), list(refused)
        for sequence, data in enumerate(datas + [None]):
            while waiting and waiting[0].tree_size == sequence:
                one = waiting.pop(0)
                faults = admission_faults(ledger, sequence, one.event, one.body)
                self.assertTrue(faults, f"the server refused at {sequence}: {one.said}; nothing is said here against "
                                        f"{one.body}")
            if data is not None:
                record = records.parse_record(data)
                ledger.apply(sequence, tree.levels[0][sequence], record)
        self.assertEqual([], waiting)


if __name__ == "__main__":
    unittest.main()
