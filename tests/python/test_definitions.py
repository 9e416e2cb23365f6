#!/usr/bin/env python3
"""Definitions changed in one place: hattama define and this verifier refuse the same."""

import copy
import json
import os
import random
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

# pylint: disable=wrong-import-position
import programs  # noqa: E402
from protobuf_json import definition_json  # noqa: E402
from random_story import Definition, seed_from  # noqa: E402
from small_ledger import MESSAGES, SmallLedger  # noqa: E402
from hattama_verify import messages, records  # noqa: E402

TEXTS = ("", "zz", " ", "a b", " a", "a\n", "x" * 70, "x" * 300, "é", "2023-02-30", "2023-2-1", "50-50")
NUMBERS = (-1, 0, 1, 2, 1_000, 1_001, 100_000, 100_001, 999_999_999, 10 ** 9, -1_001, 1 << 62)
PARTS = {"header": "ElectionDefined", "contests": "Contest", "units": "Unit", "roll": "RollEntry"}


def places(name, message, path):
    """Every field of a message and of those in it: (name of the message, message, field, kind, label, path)."""
    for field, kind, label in MESSAGES[name].values():
        yield name, message, field, kind, label, f"{path}.{field}"
        value = message.get(field)
        if kind in MESSAGES and value is not None:
            for index, one in enumerate(value if label == "repeated" else [value]):
                yield from places(kind, one, f"{path}.{field}[{index}]")


def texts_of(value):
    """Every text in a definition, so that a changed one often names something that exists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts_of(one)


def change(rng, whole):
    """Changes one field somewhere; returns its path, or None where there was nothing to change."""
    found = []
    for part, name in PARTS.items():
        for one in [whole[part]] if part == "header" else whole[part]:
            found += places(name, one, part)
    name, message, field, kind, label, path = rng.choice(found)
    value, texts = message.get(field), list(texts_of(whole))
    if label == "repeated":
        items = list(value or [])
        if kind in MESSAGES:
            if not items:
                return None
            what = rng.randrange(4)
            if what == 0:
                items.pop(rng.randrange(len(items)))
            elif what == 1:
                items.append(copy.deepcopy(rng.choice(items)))
            else:
                items = [] if what == 2 else items[::-1]
        else:
            items.append(rng.choice(texts + ["zz", ""]) if kind == "string" else rng.randint(1, 3))
        message[field] = items
        return path
    if kind in MESSAGES:
        if value is None:
            return None
        message[field] = None
        return path
    if kind == "enum":
        message[field] = rng.randint(0, messages.ENUMS[name, field][0] if field != "meaning" else 3)
    else:
        message[field] = {"string": lambda: rng.choice(texts + list(TEXTS)), "bool": lambda: not value}.get(
            kind, lambda: rng.choice(NUMBERS))()
    if label not in ("", "optional"):
        for other, _, oneof in MESSAGES[name].values():
            if oneof == label and other != field:
                message.pop(other, None)
    return path


def faults_of(whole):
    """What this verifier has against the definition, recorded as events."""
    log, header = SmallLedger(), whole["header"]
    count = {"contest_count": len(whole["contests"]), "unit_count": len(whole["units"]),
             "roll_count": len(whole["roll"])}
    for event, body in (("election_defined", header), ("contests_listed", {"contests": whole["contests"]}),
                        ("units_listed", {"units": whole["units"]}), ("roll_amended", {"entries": whole["roll"]}),
                        ("election_opened", count)):
        log.append(event, {"election_id": header["election_id"], **body})
    faults = []
    for data in log.records[1:]:
        try:
            records.parse_record(data)
        except records.Fault as fault:
            faults.append(str(fault))
    if not faults and not getattr(log.ledger.elections.get(header["election_id"]), "opened", None):
        faults.append("it did not open")
    return faults


class DefinitionTest(unittest.TestCase):
    CHANGES = 300

    @classmethod
    def setUpClass(cls):
        programs.require_programs()

    def test_both_refuse_the_same_definitions(self):
        rng, refused, compared = random.Random(seed_from(os.environ)), 0, 0
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch, "definition.json")
            while compared < self.CHANGES:
                drawn = Definition(rng)
                whole = copy.deepcopy({"header": drawn.header, "contests": drawn.contests, "units": drawn.units,
                                       "roll": drawn.roll})
                changed = change(rng, whole)
                if changed is None:
                    continue
                compared += 1
                path.write_text(json.dumps(definition_json(*whole.values())), encoding="utf-8")
                done = subprocess.run([programs.BIN / "hattama", "define", "--check-only", path], capture_output=True,
                                      text=True,
                                      check=False)
                mine = faults_of(whole)
                refused += bool(mine)
                with self.subTest(changed=changed):
                    self.assertEqual(done.returncode != 0, bool(mine), f"{done.stderr}{mine}")
        print(f"{compared} definitions, {refused} refused by both", flush=True)


if __name__ == "__main__":
    unittest.main()
