#!/usr/bin/env python3
"""Whatever is done to a published log, the audit ends with a verdict, rejects it, and names the place."""

import functools
import os
import random
import shutil
import struct
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

# pylint: disable=wrong-import-position
import small_ledger as s  # noqa: E402
from hattama_verify import audit, ed25519, kept_state, note, policy, tiles, wire  # noqa: E402

# The same signatures are verified in thousands of audits here; an answer about the same bytes stays the same.
ed25519.is_signed = functools.lru_cache(maxsize=None)(ed25519.is_signed)


class AuditOfBytes(audit.Audit):
    """The first four steps, which alone tell whether a file is the published one."""

    def _records(self, datas):
        pass


def run_audit(folder, log_key, origin=s.ORIGIN, state=None, authority=None, believed=None, kind=audit.Audit):
    believed = believed or policy.Policy([log_key.verifier_key(name=origin)])
    done = kind(tiles.Folder(folder), believed, authority, state)
    done.run()
    return done


def steps(done):
    return {fault["step"] for fault in done.faults}


def places(done):
    """Files and records that the faults name."""
    named = {f"record {fault['sequence']}" for fault in done.faults if "sequence" in fault}
    return named | {fault["place"] for fault in done.faults}


def bundle(records):
    return b"".join(struct.pack(">H", len(record)) + record for record in records)


class PublishedLog(unittest.TestCase):
    """One story, published once for all tests of a class; each test works on a copy."""

    @classmethod
    def setUpClass(cls):
        cls.log = s.whole_story()
        cls.scratch = tempfile.TemporaryDirectory()
        cls.original = Path(cls.scratch.name, "original")
        cls.log.publish(cls.original)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def copy(self):
        folder = Path(tempfile.mkdtemp(dir=self.scratch.name), "log")
        shutil.copytree(self.original, folder)
        return folder

    def rejected(self, folder, **more):
        done = run_audit(folder, self.log.log_key, **more)
        self.assertNotEqual([], done.faults)
        self.assertEqual("rejected", done.report()["verdict"])
        for fault in done.faults:
            self.assertTrue(fault["place"] and fault["message"], fault)
        return done

    def republished(self, records, **more):
        """A copy in which the log itself signs other records."""
        folder = Path(tempfile.mkdtemp(dir=self.scratch.name), "log")
        s.publish(folder, records, self.log.log_key, **more)
        return folder


class HonestLogTest(PublishedLog):
    def test_an_honest_log_is_confirmed(self):
        done = run_audit(self.original, self.log.log_key, authority=self.log.authority.public)

        self.assertEqual([], done.faults)
        self.assertEqual(len(self.log.records), done.report()["tree_size"])
        self.assertEqual(self.log.tree.root().hex(), done.report()["root"])
        self.assertEqual([True] * 6, [one["ok"] for one in done.tallies])
        self.assertEqual(1, len(done.attestations))

    def test_earlier_partial_tiles_may_stay(self):
        folder = self.copy()
        s.publish(folder, self.log.records, self.log.log_key, tree_size=20)
        self.log.publish(folder)

        self.assertEqual([], run_audit(folder, self.log.log_key).faults)

    def test_a_full_bundle_stands_for_the_partial_one_that_was_deleted(self):
        records = self.log.records + [b"x"] * (300 - len(self.log.records))
        folder = self.republished(records)
        shutil.rmtree(folder / "tile/entries/001.p")
        (folder / "tile/entries/001").write_bytes(bundle([b"x"] * 256))

        done = run_audit(folder, self.log.log_key)

        self.assertNotIn("bundles", steps(done))


class FlippedByteTest(PublishedLog):
    def test_each_flipped_byte_of_each_file_is_found_in_its_file(self):
        folder = self.copy()
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        self.assertGreater(len(files), 2)
        for path in files:
            place, data = path.relative_to(folder).as_posix(), path.read_bytes()
            for position in range(0, len(data)):
                changed = bytearray(data)
                changed[position] ^= 1 << (position % 8)
                path.write_bytes(changed)
                done = run_audit(folder, self.log.log_key, kind=audit.Audit if position % 50 == 0 else AuditOfBytes)
                self.assertNotEqual([], done.faults, f"byte {position} of {place}")
                found = places(done)
                if place.startswith("tile/entries"):
                    self.assertTrue(any(one == place or one.startswith("record ") for one in found),
                                    (position, place, found))
                else:
                    self.assertIn(place, found, f"byte {position}")
            path.write_bytes(data)

    def test_only_signature_lines_of_unknown_keys_may_change(self):
        folder = self.copy()
        path = folder / "checkpoint"
        stranger = s.signature_line("stranger.example", b"abcd", b"e" * 64)
        path.write_bytes(path.read_bytes() + stranger)

        self.assertEqual([], run_audit(folder, self.log.log_key).faults)


class ChangedFileTest(PublishedLog):
    def entries(self):
        return f"tile/entries/000.p/{len(self.log.records)}"

    def with_records(self, records):
        folder = self.copy()
        (folder / self.entries()).write_bytes(bundle(records))
        return folder

    def test_a_dropped_record_is_found(self):
        for index in range(len(self.log.records)):
            done = self.rejected(self.with_records(self.log.records[:index] + self.log.records[index + 1:]))
            self.assertIn(self.entries(), places(done))

    def test_a_repeated_record_is_found(self):
        for index in range(len(self.log.records)):
            done = self.rejected(self.with_records(self.log.records[:index] + self.log.records[index:index + 1] * 2
                                                   + self.log.records[index + 1:]))
            self.assertIn(self.entries(), places(done))

    def test_swapped_records_are_found(self):
        for index in range(len(self.log.records) - 1):
            records = list(self.log.records)
            records[index], records[index + 1] = records[index + 1], records[index]
            done = self.rejected(self.with_records(records))
            self.assertIn(f"record {index}", places(done))
            self.assertIn(f"record {index + 1}", places(done))

    def test_files_cut_at_any_length_are_found(self):
        for place in ("checkpoint", self.entries(), self.entries().replace("entries", "0")):
            folder = self.copy()
            data = (folder / place).read_bytes()
            for size in range(0, len(data), 1 if place == "checkpoint" else 37):
                (folder / place).write_bytes(data[:size])
                done = self.rejected(folder)
                self.assertIn(place, places(done), size)

    def test_files_with_bytes_after_their_end_are_found(self):
        for place in ("checkpoint", self.entries(), self.entries().replace("entries", "0")):
            folder = self.copy()
            for more in (b"\x00", b"\n", b"\x00\x00", b"\x00\x01x", b"x" * 40):
                (folder / place).write_bytes((self.original / place).read_bytes() + more)
                self.assertIn(place, places(self.rejected(folder)))

    def test_a_pipe_in_place_of_a_file_keeps_nobody_waiting(self):
        for place in ("checkpoint", self.entries(), self.entries().replace("entries", "0")):
            folder = self.copy()
            (folder / place).unlink()
            os.mkfifo(folder / place)
            self.assertIn(place, places(self.rejected(folder)))

    def test_missing_files_are_found(self):
        for place in ("checkpoint", self.entries(), self.entries().replace("entries", "0")):
            folder = self.copy()
            (folder / place).unlink()
            self.assertIn(place, places(self.rejected(folder)))

    def test_an_old_partial_tile_that_says_something_else_is_found(self):
        for level in ("0", "entries"):
            folder = self.copy()
            s.publish(folder, self.log.records, self.log.log_key, tree_size=20)
            self.log.publish(folder)
            path = folder / f"tile/{level}/000.p/20"
            data = bytearray(path.read_bytes())
            data[40] ^= 1
            path.write_bytes(data)
            self.assertEqual({f"tile/{level}/000.p/20"}, places(self.rejected(folder)))

    def test_garbage_in_any_file_ends_with_a_verdict(self):
        rng = random.Random(7)
        for place in ("checkpoint", self.entries(), self.entries().replace("entries", "0")):
            folder = self.copy()
            for _ in range(60):
                (folder / place).write_bytes(rng.randbytes(rng.choice((0, 1, 5, 100, 4_000))))
                self.rejected(folder)

    def test_a_checkpoint_of_an_endless_log_ends_with_a_verdict(self):
        folder = self.copy()
        for size in (10 ** 9, 1 << 62, (1 << 63) - 1):
            (folder / "checkpoint").write_bytes(s.signed_checkpoint(self.log.log_key, s.ORIGIN, size, bytes(32)))
            self.assertIn("bundles", steps(self.rejected(folder)))


class LyingLogTest(PublishedLog):
    """Here the log's own key signs what it should not: the tree is whole, and what is in it is wrong."""

    def test_records_that_are_dropped_repeated_or_swapped_carry_the_wrong_sequence(self):
        records = self.log.records
        for index in range(1, len(records) - 1):
            for changed in (records[:index] + records[index + 1:], records[:index + 1] + records[index:],
                            records[:index] + [records[index + 1], records[index]] + records[index + 2:]):
                done = self.rejected(self.republished(changed))
                self.assertIn("records", steps(done))

    def free_bytes(self, index):
        """Positions in a record that nobody vouches for: its time, and in the genesis the id and the submitter."""
        data = self.log.records[index]
        spans = {number: (start, end) for number, start, end,
                 _ in wire.strict_fields(data, [(1, 0), (2, 2), (3, 2), (4, 2)])}
        free = set(range(*spans[2]))
        if index == 0:
            start = spans[3][0]
            free.update(range(start + 2, start + 18), range(start + 20, start + 25))
        return free

    def test_each_flipped_byte_of_a_record_is_found(self):
        folder = Path(self.scratch.name, "flipped")
        for index, data in enumerate(self.log.records):
            free = self.free_bytes(index)
            for position in range(0, len(data), 1 if index in (0, 8, 11, 14, 18) else 13):
                changed = bytearray(data)
                changed[position] ^= 1 << (position % 7)
                shutil.rmtree(folder, ignore_errors=True)
                s.publish(folder, self.log.records[:index] + [bytes(changed)] + self.log.records[index + 1:],
                          self.log.log_key)
                done = run_audit(folder, self.log.log_key)
                if position not in free:
                    self.assertNotEqual([], done.faults, f"byte {position} of record {index}")

    def test_a_signature_of_another_record_is_found(self):
        records = list(self.log.records)
        other = s.parse_record(records[-2]).signature
        target = s.parse_record(records[-3])
        records[-3] = self.log.record(target.submission, {"public_key": other.public_key, "signature": other.signature},
                                      target.sequence)
        done = self.rejected(self.republished(records))
        self.assertIn({"step": "signatures", "place": f"record {len(records) - 3}"},
                      [{key: fault[key] for key in ("step", "place")} for fault in done.faults])

    def test_a_record_of_another_ledger_is_found(self):
        elsewhere = s.opened_ledger("other.hattama.example/ledger")
        elsewhere.append("protocol_submitted", s.protocol("lists", "R2-2", {"A": 9, "B": 1, "none": 0}),
                         s.Offices.commission)
        here = s.opened_ledger()
        here.append_bytes(elsewhere.records[-1])
        done = run_audit(self.republished(here.records), self.log.log_key)
        self.assertEqual([("signatures", f"record {len(here.records) - 1}")],
                         [(f["step"], f["place"]) for f in done.faults])

    def test_a_signature_for_another_election_is_found(self):
        log = s.opened_ledger()
        submission = log.submission("protocol_submitted", s.protocol("lists", "R2-2", {"A": 9, "B": 1, "none": 0}))
        log.append_bytes(log.record(submission, log.signed(submission, s.Offices.commission, "e2")))
        self.assertEqual({"signatures"}, steps(run_audit(self.republished(log.records), log.log_key)))

    def test_a_protocol_that_nobody_with_the_right_signed_is_found(self):
        for key in (s.Key("operator"), s.Offices.watch, s.Offices.court, s.Offices.auditor, self.log.authority):
            log = s.opened_ledger()
            place = log.append("protocol_submitted", s.protocol("lists", "R2-2", {"A": 9, "B": 1, "none": 0}), key)
            done = run_audit(self.republished(log.records), log.log_key)
            self.assertEqual([("rights", f"record {place}")], [(f["step"], f["place"]) for f in done.faults], key.name)

    def test_a_grant_to_a_key_that_proves_nothing_is_found(self):
        for key in (bytes(32), b"\x01" + bytes(31), b"\x02" + bytes(31)):
            log = s.opened_ledger()
            place = log.append("key_granted", {"public_key": key, "holder": "h", "role": 1, "election_id": "e1",
                                               "source_ids": ["commission"]})
            done = run_audit(self.republished(log.records), log.log_key)
            self.assertEqual([("admission", f"record {place}")], [(f["step"], f["place"]) for f in done.faults])

    def test_a_record_after_the_revocation_of_its_key_is_found(self):
        log = s.opened_ledger()
        log.append("protocol_submitted", s.protocol("lists", "R2-2", {"A": 9, "B": 1, "none": 0}), s.Offices.commission)
        log.append("key_revoked", {"public_key": s.Offices.commission.public, "reason": "lost"})
        place = log.append("protocol_submitted", s.protocol("lists", "R2-1", {"A": 9, "B": 1, "none": 0}),
                           s.Offices.commission)
        done = run_audit(self.republished(log.records), log.log_key)
        self.assertEqual([("rights", f"record {place}")], [(f["step"], f["place"]) for f in done.faults])

    def test_a_batch_path_of_another_index_or_length_is_found(self):
        parsed = s.parse_record(self.log.records[11])
        self.assertEqual(3, parsed.signature.size)
        signature = {"public_key": parsed.signature.public_key, "signature": parsed.signature.signature}
        good = {"index": parsed.signature.index, "size": 3, "hashes": list(parsed.signature.hashes)}
        for change in ({"index": good["index"] + 1}, {"size": 4}, {"size": 2}, {"hashes": good["hashes"][:-1]},
                       {"hashes": good["hashes"] + [bytes(32)]}, {"hashes": good["hashes"][::-1] + [good["hashes"][0]]},
                       {"size": 0}, {"index": -1}, {"size": 1 << 40}, {"hashes": [bytes(31)]}):
            records = list(self.log.records)
            records[11] = self.log.record(parsed.submission, {**signature, "batch": {**good, **change}}, 11)
            done = self.rejected(self.republished(records))
            self.assertIn("record 11", places(done), change)

    def test_a_second_use_of_a_submission_id_is_found(self):
        log = s.opened_ledger()
        log.append("protocol_submitted", s.protocol("lists", "R2-2", {"A": 9, "B": 1, "none": 0}), s.Offices.commission)
        submission = log.submission("protocol_submitted", s.protocol("lists", "R2-1", {"A": 9, "B": 1, "none": 0}))
        earlier = s.parse_record(log.records[-1]).submission_id
        submission = submission[:2] + earlier + submission[18:]
        log.append_bytes(log.record(submission, log.signed(submission, s.Offices.commission, "e1")))
        self.assertEqual({"records"}, steps(run_audit(self.republished(log.records), log.log_key)))

    def test_a_time_that_falls_is_found(self):
        log = s.opened_ledger()
        submission = log.submission("protocol_submitted", s.protocol("lists", "R2-2", {"A": 9, "B": 1, "none": 0}))
        log.append_bytes(log.record(submission, log.signed(submission, s.Offices.commission, "e1"), seconds=1))
        self.assertEqual({"records"}, steps(run_audit(self.republished(log.records), log.log_key)))

    def test_a_false_tally_is_found_with_the_station_that_explains_it(self):
        log = s.opened_ledger()
        for unit, votes in (("R1-1", 40), ("R1-2", 30), ("R2-1", 20)):
            log.append("protocol_submitted", s.protocol("lists", unit, {"A": votes, "B": 7, "none": 1}),
                       s.Offices.commission)
        honest = s.opened_ledger()
        for unit, votes in (("R1-1", 40), ("R1-2", 30)):
            honest.append("protocol_submitted", s.protocol("lists", unit, {"A": votes, "B": 7, "none": 1}),
                          s.Offices.commission)
        view = {"source_id": "commission", "policy": 4, "basis": 1, "excluding_contested": False}
        lie = honest.statement("e1", "lists", view, len(honest.records))
        place = log.publish_tally("e1", "lists", view, key=s.Offices.commission, text=lie)

        done = run_audit(self.republished(log.records), log.log_key)

        self.assertEqual([("tallies", f"record {place}")], [(f["step"], f["place"]) for f in done.faults])
        self.assertEqual([f"station R2-1 without the protocol of record {place - 1}"], done.tallies[0]["explanations"])

    def test_two_stations_together_explain_a_tally_and_so_does_one_counted_twice(self):
        log = s.opened_ledger()
        for unit, votes in (("R1-1", 40), ("R1-2", 33), ("R2-1", 21)):
            log.append("protocol_submitted", s.protocol("lists", unit, {"A": votes, "B": 7, "none": 1}),
                       s.Offices.commission)
        honest = log.statement("e1", "lists", {"source_id": "commission", "policy": 4, "excluding_contested": False},
                               len(log.records))
        self.assertIn("option A 94 3\n", honest)
        for figures, why in (
                ({"option A 94 3": "option A 134 4", "option B 21 3": "option B 28 4",
                  "option none 3 3": "option none 4 4",
                  "line valid 118 3": "line valid 166 4", "line registered 300 3": "line registered 400 4"},
                 "station R1-1 with the protocol of record 10 counted twice"),
                ({"option A 94 3": "option A 40 1", "option B 21 3": "option B 7 1",
                  "option none 3 3": "option none 1 1",
                  "line valid 118 3": "line valid 48 1", "line registered 300 3": "line registered 100 1"},
                 "station R1-2 without the protocol of record 11, and station R2-1 without the protocol of record 12")):
            lie = honest
            for true, false in figures.items():
                self.assertIn(true, lie)
                lie = lie.replace(true, false)
            copy = s.SmallLedger()
            copy.records, copy.tree, copy.ledger = [], s.rfc6962.Tree(), s.Ledger()
            for record in log.records:
                copy.append_bytes(record)
            copy.publish_tally("e1", "lists", {}, key=s.Offices.commission, text=lie)
            done = run_audit(self.republished(copy.records), log.log_key)
            self.assertEqual([why], done.tallies[0]["explanations"])

    def test_a_tally_of_another_view_is_found_with_the_view_that_explains_it(self):
        log = s.opened_ledger()
        for source, key, votes in (("commission", s.Offices.commission, 40), ("watch", s.Offices.watch, 20)):
            for i, unit in enumerate(("R1-1", "R1-2", "R2-1")):
                log.append("protocol_submitted",
                           s.protocol("lists", unit, {"A": votes + i * i, "B": 7 * i, "none": 1}, source=source), key)
        view = {"source_id": "watch", "policy": 4, "basis": 1, "excluding_contested": False}
        text = log.statement("e1", "lists", view, len(log.records)).replace("view watch", "view commission")
        log.publish_tally("e1", "lists", {}, key=s.Offices.commission, text=text)

        done = run_audit(self.republished(log.records), log.log_key)

        self.assertEqual({"tallies"}, steps(done))
        self.assertIn("the view watch, corrected-first, all stations", done.tallies[0]["explanations"])

    def test_a_false_attestation_is_found(self):
        log = s.opened_ledger()
        place = log.attest(s.Offices.auditor, root=bytes(32))
        done = run_audit(self.republished(log.records), log.log_key)
        self.assertEqual([("attestations", f"record {place}")], [(f["step"], f["place"]) for f in done.faults])

    def test_another_authority_and_another_origin_are_found(self):
        done = run_audit(self.original, self.log.log_key, authority=s.Key("somebody").public)
        self.assertEqual([("rights", "record 0")], [(f["step"], f["place"]) for f in done.faults])
        folder = self.republished(self.log.records, origin="renamed.example/log")
        done = run_audit(folder, self.log.log_key, origin="renamed.example/log")
        self.assertIn(("records", "record 0"), [(f["step"], f["place"]) for f in done.faults])


class ConsistencyTest(PublishedLog):
    def state(self):
        return kept_state.KeptState(Path(tempfile.mkdtemp(dir=self.scratch.name), "kept"))

    def first_audit(self, size):
        state = self.state()
        done = run_audit(self.republished(self.log.records[:size]), self.log.log_key, state=state)
        self.assertEqual([], done.faults)
        return state

    def test_a_log_that_grew_is_confirmed_and_remembered(self):
        state = self.first_audit(20)
        self.assertEqual([], run_audit(self.original, self.log.log_key, state=state).faults)
        self.assertEqual((self.original / "checkpoint").read_bytes(), state.kept())

    def test_a_fork_after_any_size_is_found_and_stays_found(self):
        for size in range(8, 20, 3):
            state = self.first_audit(20)
            forked = s.opened_ledger()
            forked.records, forked.tree = [], s.rfc6962.Tree()
            for record in self.log.records[:size]:
                forked.append_bytes(record)
            while len(forked.records) < 25:
                forked.append("roll_amended", {"election_id": "e1", "reason": f"fork {len(forked.records)}",
                                               "entries": [
                    {"unit_id": "R1-1", "registered_voters": len(forked.records)}]}, seed="fork")
            done = run_audit(self.republished(forked.records), self.log.log_key, state=state)
            self.assertIn("consistency", steps(done))
            again = run_audit(self.original, self.log.log_key, state=state)
            self.assertEqual({"consistency"}, steps(again))
            state.alarm_path.unlink()
            self.assertEqual([], run_audit(self.original, self.log.log_key, state=state).faults)

    def test_a_log_rolled_back_is_found(self):
        state = self.first_audit(30)
        for size in (1, 10, 29):
            done = self.rejected(self.republished(self.log.records[:size]), state=state)
            self.assertIn("consistency", steps(done))

    def test_another_root_for_the_same_size_is_found(self):
        state = self.first_audit(20)
        records = self.log.records[:19] + [self.log.records[19] + b"\x00"]
        self.assertIn("consistency", steps(self.rejected(self.republished(records), state=state)))

    def test_a_damaged_copy_is_rejected_without_an_alarm(self):
        state, folder = self.first_audit(20), self.copy()
        path = folder / f"tile/entries/000.p/{len(self.log.records)}"
        data = bytearray(path.read_bytes())
        data[300] ^= 1
        path.write_bytes(data)
        self.assertNotIn("consistency", steps(self.rejected(folder, state=state)))
        self.assertEqual([], run_audit(self.original, self.log.log_key, state=state).faults)

    def test_a_checkpoint_kept_that_is_damaged_is_named(self):
        state = self.first_audit(20)
        state.path.write_bytes(b"rubbish")
        self.assertEqual({str(state.path)}, places(self.rejected(self.original, state=state)))


class QuorumTest(PublishedLog):
    def test_a_quorum_is_asked_for(self):
        witnesses = [s.Key(f"witness{i}.example") for i in range(3)]
        lines = [f"log {self.log.log_key.verifier_key(name=s.ORIGIN)}"]
        lines += [f"witness w{i} {key.verifier_key(note.TYPE_COSIGNATURE)}" for i, key in enumerate(witnesses)]
        text = "\n".join(lines + ["group two 2 w0 w1 w2", "quorum two", ""]).encode()
        for count in range(4):
            folder = self.republished(self.log.records, witnesses=witnesses[:count])
            done = run_audit(folder, self.log.log_key, believed=policy.parse_policy(text))
            self.assertEqual(set() if count >= 2 else {"note"}, steps(done), count)

    def test_a_cosignature_of_another_checkpoint_spoils_the_note(self):
        witness = s.Key("witness.example")
        folder = self.copy()
        path = folder / "checkpoint"
        line = s.cosignature_line(witness, s.checkpoint_text(s.ORIGIN, 1, bytes(32)))
        path.write_bytes(path.read_bytes() + line)
        text = (f"log {self.log.log_key.verifier_key(name=s.ORIGIN)}\nwitness w "
                f"{witness.verifier_key(note.TYPE_COSIGNATURE)}\n"
                "quorum none\n").encode()
        done = run_audit(folder, self.log.log_key, believed=policy.parse_policy(text))
        self.assertEqual({"note"}, steps(done))


if __name__ == "__main__":
    unittest.main()
