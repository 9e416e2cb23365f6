"""The audit of a published folder in the ten steps of docs/format.md, section 10."""

import sys

from hattama_verify import explain, messages as m, records as r, tally as t
from hattama_verify.faults import Fault
from hattama_verify.ledger import Ledger
from hattama_verify.note import parse_checkpoint, split_note
from hattama_verify.rfc6962 import HASH_SIZE, Tree, leaf_hash, sha256
from hattama_verify.statement import recomputed_statement
from hattama_verify.text import shown
from hattama_verify.tiles import BUNDLE_SIZE_MAX, TILE_SIZE_MAX, WIDTH, parse_tile_path, split_bundle, tile_path

# A report does not grow without bound, however much is wrong.
FAULTS_MAX = 1_000

STEPS = ("note", "consistency", "bundles", "tiles", "records", "signatures", "rights", "admission", "tallies",
         "attestations")


class Audit:
    """One audit. After run(): verdict, faults, tallies, tree and ledger."""

    def __init__(self, folder, policy, authority=None, state=None, progress=None):
        self.folder, self.policy, self.authority, self.state = folder, policy, authority, state
        self.progress = progress or (lambda done, total: None)
        self.faults, self.fault_count, self.tallies = [], 0, []
        self.checkpoint, self.note, self.kept = None, None, None
        # What the report says that it is about, also where the note is not believed.
        self.claimed = None
        self.tree, self.ledger = Tree(), Ledger()
        self.attestations = []
        # The first record that could not be folded; nothing after it has a state to be held against.
        self.fold_ended, self.folded = None, 0

    def fault(self, step, place, message, path=None):
        """`place` is a path, or "record N"; `path` that of the file in which a record is."""
        self.fault_count += 1
        if len(self.faults) < FAULTS_MAX:
            where = {"sequence": int(place[7:])} if place.startswith("record ") else {}
            self.faults.append({"step": step, "place": path or place, **where, "message": message})

    def run(self):
        """Goes through the steps, as far as one can stand on the one before. True where nothing is at fault."""
        try:
            self.note = self.folder.checkpoint()
            self.checkpoint = self.policy.open(self.note)
        except Fault as fault:
            self.fault("note", "checkpoint", str(fault))
            self.claimed = _claimed(self.note)
            return False
        self.claimed = self.checkpoint
        self._check_kept()
        records = self._bundles()
        if len(records) == self.checkpoint.tree_size:
            self._tiles()
        self._records(records)
        if self.state is not None and not self.fault_count:
            self.state.keep(self.note)
        return self.fault_count == 0

    def report(self):
        return {
            "tree_size": self.claimed.tree_size if self.claimed else None,
            "root": self.claimed.root.hex() if self.claimed else None,
            "origin": self.claimed.origin if self.claimed else None,
            "verdict": "rejected" if self.fault_count else "confirmed",
            "fault_count": self.fault_count,
            "folded": self.folded,
            "faults": sorted(self.faults, key=lambda fault: STEPS.index(fault["step"])),
            "tallies": self.tallies,
            "attestations": self.attestations,
        }

    def _check_kept(self):
        """Step 2. Where the log has grown, its records tell the root that it had, and step 4 asks them."""
        if self.state is None:
            return
        for message in self.state.alarm():
            self.fault("consistency", str(self.state.alarm_path), message)
        try:
            data = self.state.kept()
            self.kept = None if data is None else self.policy.open(data)
        except Fault as fault:
            self.fault("consistency", str(self.state.path),
                       f"the checkpoint kept from the last audit cannot be used: {fault}")
            return
        if self.kept is not None and not self._kept_is_older():
            self._raise(consistency_fault(self.kept, self.checkpoint, None))

    def _kept_is_older(self):
        """Whether only the records can tell if the log begins with the checkpoint kept."""
        return (self.kept is not None and self.kept.origin == self.checkpoint.origin
                and self.kept.tree_size < self.checkpoint.tree_size)

    def _raise(self, message):
        if message:
            self.state.raise_alarm(message, self.note)
            self.fault("consistency", "checkpoint", message)

    def _bundles(self):
        """Step 3: all records, or those before the first bundle that is not whole: what comes after it has no place."""
        size, records, start = self.checkpoint.tree_size, [], 0
        while start < size:
            index, width = start // WIDTH, min(WIDTH, size - start)
            path = tile_path("entries", index, width)
            try:
                data = self.folder.read(path, BUNDLE_SIZE_MAX)
                if data is not None:
                    records.extend(split_bundle(data, width, path))
                elif width < WIDTH:
                    records.extend(self._from_full_bundle(index, width, path))
                else:
                    raise Fault(f"{path} is missing")
            except Fault as fault:
                self.fault("bundles", path, str(fault))
                break
            start += width
        for record in records:
            self.tree.append(leaf_hash(record))
        if start < size:
            self._blame()
        return records

    def _from_full_bundle(self, index, width, path):
        """A partial bundle may be deleted once the full one is there."""
        data = self.folder.read(tile_path("entries", index), BUNDLE_SIZE_MAX)
        if data is None:
            raise Fault(f"{path} is missing")
        return split_bundle(data, WIDTH, tile_path("entries", index))[:width]

    def _tree_of_tiles(self):
        """The tree over the leaf hashes that the tiles of level 0 state; None where one is missing or not whole."""
        tree, size = Tree(), self.checkpoint.tree_size
        for first in range(0, size, WIDTH):
            width = min(WIDTH, size - first)
            tile = self._tile(0, first // WIDTH, width)
            if tile is None or len(tile) != width * HASH_SIZE:
                return None
            for offset in range(0, len(tile), HASH_SIZE):
                tree.append(tile[offset:offset + HASH_SIZE])
        return tree

    def _blame(self):
        """Names records that differ from the tiles, and which is wrong. The tree that was signed, where known."""
        stated = self._tree_of_tiles()
        are_tiles_good = stated is not None and stated.root() == self.checkpoint.root
        if stated is None:
            return None
        for sequence, (mine, said) in enumerate(zip(self.tree.levels[0], stated.levels[0])):
            if mine == said:
                continue
            first = sequence - sequence % WIDTH
            width = min(WIDTH, self.checkpoint.tree_size - first)
            message = f"its leaf hash is {mine.hex()}, that in the tile {said.hex()}"
            if are_tiles_good:
                self.fault("bundles", f"record {sequence}", f"is not the record that the checkpoint covers: {message}",
                           tile_path("entries", first // WIDTH, width))
            else:
                self.fault("tiles", f"record {sequence}", message, tile_path(0, first // WIDTH, width))
        return stated if are_tiles_good else None

    def _tile(self, level, index, width):
        """The bytes of a tile, at least of its first `width` hashes; None where it is not there or too large."""
        try:
            data = self.folder.read(tile_path(level, index, width), TILE_SIZE_MAX)
            if data is None and width < WIDTH:
                data = self.folder.read(tile_path(level, index), TILE_SIZE_MAX)
                data = None if data is None else data[:width * HASH_SIZE]
            return data
        except Fault:
            return None

    def _tiles(self):
        size, root, good = self.checkpoint.tree_size, self.tree.root(), self.tree
        if root != self.checkpoint.root:
            self.fault("tiles", "checkpoint", f"the root over {size} records is {root.hex()}, "
                       f"that of the checkpoint {self.checkpoint.root.hex()}")
            good = self._blame() or self.tree
        elif self._kept_is_older():
            # Only where the records are those that the log signed: a damaged copy is no second history.
            self._raise(consistency_fault(self.kept, self.checkpoint, self.tree))
        level = 0
        while size >> (8 * level):
            count = size >> (8 * level)
            for index in range((count + WIDTH - 1) // WIDTH):
                width = min(WIDTH, count - index * WIDTH)
                path = tile_path(level, index, width)
                data = self._tile(level, index, width)
                if data is None:
                    self.fault("tiles", path, f"{path} is missing, or larger than a tile")
                elif data != _hashes(good, level, index, width):
                    self.fault("tiles", path, _tile_difference(path, data, _hashes(good, level, index, width)))
            level += 1
        self._other_files(good)

    def _other_files(self, good):
        """Partial tiles and bundles of earlier sizes must say the same as the tree."""
        size = self.checkpoint.tree_size
        for path in self.folder.tile_files():
            place = parse_tile_path(path)
            if place is None:
                continue
            level, index, width = place
            count = size if level == "entries" else size >> (8 * level) if level < 8 else 0
            current = min(WIDTH, count - index * WIDTH)
            if current <= 0 or width >= current:
                # Either what the steps before have read, or ahead of this checkpoint, which says nothing of it.
                continue
            try:
                if level == "entries":
                    data = self.folder.read(path, BUNDLE_SIZE_MAX)
                    leaves = [leaf_hash(record) for record in split_bundle(data or b"", width, path)]
                    wrong = [i for i, leaf in enumerate(leaves) if leaf != good.levels[0][index * WIDTH + i]]
                    if wrong:
                        self.fault("bundles", path,
                                   f"record {index * WIDTH + wrong[0]} in {path} is not that of the log")
                elif self.folder.read(path, TILE_SIZE_MAX) != _hashes(good, level, index, width):
                    self.fault("tiles", path, f"{path} has not the hashes of the records")
            except Fault as fault:
                self.fault("bundles" if level == "entries" else "tiles", path, str(fault))

    def _records(self, datas):
        check = r.SignatureCheck(self.checkpoint.origin)
        last_time, ids = (-(1 << 63), 0), set()
        for sequence, data in enumerate(datas):
            if sequence % 1_000 == 0:
                self.progress(sequence, len(datas))
            place = f"record {sequence}"
            try:
                record = r.parse_record(data)
            except Fault as fault:
                self.fault("records", place, str(fault))
                self._end_fold(sequence)
                continue
            if record.sequence != sequence:
                self.fault("records", place, f"the record states the sequence {record.sequence}")
            if record.time < last_time:
                self.fault("records", place,
                           f"its time {record.time} is before {last_time}, that of a record before it")
            last_time = max(last_time, record.time)
            if record.submission_id in ids:
                self.fault("records", place,
                           f"the submission id {record.submission_id.hex()} is that of a record before it")
            ids.add(record.submission_id)
            if (record.signature is None) != (sequence == 0):
                self.fault("records", place, "it has no signature" if record.signature is None
                           else "the genesis has a signature")
            if record.signature is not None:
                fault = check.fault(record)
                if fault:
                    self.fault("signatures", place, fault)
                if sequence and self.fold_ended is None and r.is_whole(record.signature):
                    fault = self.ledger.right_fault(record)
                    if fault:
                        self.fault("rights", place,
                                   f"{r.describe(record)}: {fault} (key {record.signature.public_key.hex()})")
            if self.fold_ended is None:
                self._admit(sequence, record)
        self.progress(len(datas), len(datas))

    def _end_fold(self, sequence):
        if self.fold_ended is None:
            self.fold_ended = sequence

    def _admit(self, sequence, record):
        place = f"record {sequence}"
        faults = self.ledger.admission_faults(sequence, record)
        if faults:
            self.fault("admission", place, f"{r.describe(record)}: {'; '.join(faults[:10])}")
            self._end_fold(sequence)
            return
        self.ledger.apply(sequence, self.tree.levels[0][sequence], record)
        self.folded = sequence + 1
        if record.event == "ledger_founded":
            self._founded(record.body)
        elif record.event == "tally_published":
            self._tally(sequence, record.body)
        elif record.event == "auditor_attested":
            root = self.tree.root(record.body["tree_size"])
            self.attestations.append({
                "sequence": sequence, "auditor": record.signature.public_key.hex() if record.signature else "",
                "tree_size": record.body["tree_size"], "verdict": m.VERDICTS[record.body["verdict"]],
                "root_holds": root == record.body["root_hash"]})
            if root != record.body["root_hash"]:
                self.fault("attestations", place, f"it states the root {record.body['root_hash'].hex()} at tree_size "
                           f"{record.body['tree_size']}, where the log has {root.hex()}")

    def _founded(self, body):
        if body["origin"] != self.checkpoint.origin:
            self.fault("records", "record 0",
                       f"it founds {shown(body['origin'])}, but the checkpoint is of {shown(self.checkpoint.origin)}")
        if self.authority is not None and body["authority_public_key"] != self.authority:
            self.fault("rights", "record 0",
                       f"the authority's key is {body['authority_public_key'].hex()}, not {self.authority.hex()}")

    def _tally(self, sequence, body):
        statement, tally = recomputed_statement(self.ledger, self.tree, body["election_id"], body["contest_id"],
                                                t.view_of(body["view"]), body["tree_size"])
        recomputed = sha256(statement.encode())
        view, is_same = tally.view, recomputed == body["digest"]
        entry = {
            "sequence": sequence, "election": body["election_id"], "contest": body["contest_id"],
            "source": view.source_id, "policy": m.POLICIES[view.policy],
            "stations": "without-contested" if view.excluding_contested else "all", "tree_size": body["tree_size"],
            "ok": is_same, "digest": body["digest"].hex(), "recomputed": recomputed.hex(),
            "outcome": tally.outcome().status, "lines": [], "explanations": [],
        }
        if not is_same:
            entry["lines"] = explain.differing_lines(body["statement"], statement)
            entry["explanations"] = explain.explanations(body["statement"], tally)
            why = "; ".join(entry["explanations"][:5])
            self.fault("tallies", f"record {sequence}", "the statement differs: " + "; ".join(entry["lines"][:5])
                       + (f". Explained by {why}" if why else ""))
        self.tallies.append(entry)


def _claimed(data):
    """What a note says that is not believed, or None where it does not even say anything."""
    try:
        return None if data is None else parse_checkpoint(split_note(data)[0])
    except Fault:
        return None


def _hashes(tree, level, index, width):
    return b"".join(tree.levels[8 * level][index * WIDTH:index * WIDTH + width])


def _tile_difference(path, data, expected):
    if len(data) != len(expected):
        return f"{path} has {len(data)} bytes, not {len(expected)}"
    position = next(i for i in range(0, len(data), HASH_SIZE) if data[i:i + HASH_SIZE] != expected[i:i + HASH_SIZE])
    return f"hash {position // HASH_SIZE} of {path} is not that of the records"


def consistency_fault(kept, checkpoint, tree):
    """Why a log does not extend a checkpoint that it once signed, or None. `tree` is over its records."""
    if kept.origin != checkpoint.origin:
        return f"the checkpoint kept is of {shown(kept.origin)}, this one of {shown(checkpoint.origin)}"
    if kept.tree_size > checkpoint.tree_size:
        return (f"the log had {kept.tree_size} records at the last audit and has {checkpoint.tree_size} now: "
                "it was rolled back")
    root = checkpoint.root if kept.tree_size == checkpoint.tree_size else tree.root(kept.tree_size)
    if root != kept.root:
        return (f"the first {kept.tree_size} records have the root {root.hex()}, but the log signed {kept.root.hex()} "
                "for them: it shows two histories")
    return None


def draw_progress(done, total):
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\r{done} of {total} records", end=end, file=sys.stderr, flush=True)
