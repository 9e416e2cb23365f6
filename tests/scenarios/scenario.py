"""What the end-to-end tests share: a fresh server per test class, and sums made by plain Python from the same files."""

import csv
import gzip
import json
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from programs import (BIN, DEFINITIONS, FINDINGS, FINE, REFUSED, ROOT, UNREACHABLE, USAGE, Client,  # noqa: E402,F401
                      Keys, Server, data_folder, lines, number, require_programs, same_answer, votes)


def rows_of(path):
    """The rows of a CSV file (plain or gzip) as dictionaries."""
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


class ServerCase(unittest.TestCase):
    """A test class with one server and one client, on RocksDB in a folder that goes away."""

    @classmethod
    def setUpClass(cls):
        require_programs()
        folder = tempfile.TemporaryDirectory(prefix="hattama-scenario-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.server = Server(cls.folder / "data")
        cls.addClassCleanup(lambda: cls.server.kill())
        cls.client = Client(cls.server.address)


class RealElectionCase(ServerCase):
    """A test class on one of the real elections: defined and imported once, read by all its tests."""

    # Folder in tests/data and folder in $HATTAMA_DATA.
    definition_name = None
    data_name = None

    @classmethod
    def setUpClass(cls):
        cls.data = data_folder(cls.data_name)
        super().setUpClass()
        cls.expected = json.loads((cls.data / "expected.json").read_text(encoding="utf-8"))
        mapping = json.loads((DEFINITIONS / cls.definition_name / "mapping.json").read_text(encoding="utf-8"))
        cls.election = mapping["election"]
        cls.client.define_real(cls.definition_name, cls.data)
        cls.defined_size = cls.tree_size()
        cls.report = cls.client.import_real(cls.definition_name, cls.data)

    @classmethod
    def tree_size(cls):
        return int(cls.client.json("status")["as_of"]["tree_size"])

    def tally(self, *arguments):
        return self.client.json("tally", self.election, *arguments)

    def diff(self, left, right, *arguments):
        return self.client.json("diff", self.election, "--left", left, "--right", right, *arguments)

    def sums_by(self, prefix_of, keep, figures):
        """prefix -> Counter of figures over the rows that `keep` keeps, by plain Python. Empty cells add nothing."""
        prefixes = {row["station_id"]: prefix_of(row) for row in rows_of(self.data / "stations.csv.gz")}
        sums = {}
        for row in rows_of(self.data / "protocols.csv.gz"):
            if keep(row):
                sums.setdefault(prefixes[row["station_id"]], Counter()).update(
                    {name: int(row[name]) for name in figures if row[name] != ""})
        return sums

    def assert_diff(self, diff, expected, options_effect):
        """The summary of a diff against a block of expected.json."""
        summary = diff["summary"]
        for ours, theirs in [("left_count", "left_stations"), ("right_count", "right_stations"), ("common_count", "both"),
                             ("only_left_count", "only_left"), ("only_right_count", "only_right")]:
            self.assertEqual(int(summary[ours]), expected[theirs], ours)
        self.assertEqual(int(summary["option_difference_count"]), expected["stations_with_option_difference"])
        self.assertEqual(int(summary["option_effect"]), options_effect)
        changes = {entry["id"]: int(entry["net_change"]) for entry in summary["options"]}
        left = {entry["id"]: number(entry, "left_common") for entry in summary["options"]}
        right = {entry["id"]: number(entry, "right_common") for entry in summary["options"]}
        for option, change in expected["net_right_minus_left_on_common"].items():
            self.assertEqual(changes[option], change, option)
            self.assertEqual(left[option], expected["left_totals_on_common"][option], option)
            self.assertEqual(right[option], expected["right_totals_on_common"][option], option)

    def assert_top(self, diff, expected_rows, ignored=()):
        """The first discrepancies against top20: stations, their figures and effects. Stations with equal effect may
        stand in any order there; here they are ordered by id."""
        both = [row for row in diff["discrepancies"] if row["kind"] not in
                ("DISCREPANCY_KIND_ONLY_LEFT", "DISCREPANCY_KIND_ONLY_RIGHT")]
        found = [(row["unit_id"], int(row["effect"]),
                  {pair["id"]: [number(pair, "left"), number(pair, "right")] for pair in row["figures"]
                   if pair["id"] not in ignored}) for row in both[:len(expected_rows)]]
        wanted = [(row["station_id"], row["abs_diff"], row["left_right"]) for row in expected_rows]
        self.assertEqual([row[1] for row in found], [row[1] for row in wanted])
        by_effect = sorted(wanted, key=lambda row: (-row[1], row[0]))
        # A station of the last effect may be one of several that share it.
        last = wanted[-1][1]
        self.assertEqual([row for row in found if row[1] > last], [row for row in by_effect if row[1] > last])
