"""Checks the generator by itself: published sums and percentages, the same bytes twice, and that every table it hands out
keeps its margins."""

import csv
import gzip
import json
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import claims
import layout
import maslikhat_2023
import mazhilis_2023
from synthetic import Seeded, fill_table, share_out, share_out_capped

HERE = Path(__file__).resolve().parent


def rounded_hundredths(part, whole):
    """part / whole in hundredths of a percent, halves up, without floating point."""
    return (20_000 * part + whole) // (2 * whole)


class SyntheticTest(unittest.TestCase):
    def test_the_stream_is_that_of_splitmix64(self):
        stream = Seeded("")
        stream._state = 1234567

        # Published test values of SplitMix64 for the seed 1234567.
        self.assertEqual([stream.next() for _ in range(3)],
                         [6457827717110365317, 3203168211198807973, 9817491932198370423])

    def test_share_out_adds_up_and_prefers_large_remainders(self):
        self.assertEqual(share_out(10, [1, 1, 1]), [4, 3, 3])
        self.assertEqual(share_out(7, [10, 0, 25]), [2, 0, 5])
        self.assertEqual(share_out(0, [3, 4]), [0, 0])
        with self.assertRaises(ValueError):
            share_out(1, [0, 0])

    def test_share_out_keeps_to_caps(self):
        self.assertEqual(share_out_capped(10, [8, 1, 1], [5, 5, 5]), [5, 3, 2])
        with self.assertRaises(ValueError):
            share_out_capped(11, [1, 1], [5, 5])

    def test_a_table_keeps_both_margins(self):
        random = Seeded("a table")
        for _ in range(50):
            row_totals = [random.between(0, 900) for _ in range(random.between(1, 12))]
            column_totals = share_out(sum(row_totals), [random.between(1, 50) for _ in range(random.between(1, 9))])
            wishes = [[random.between(1, 99) for _ in column_totals] for _ in row_totals]

            table = fill_table(row_totals, column_totals, wishes)

            self.assertEqual([sum(row) for row in table], row_totals)
            self.assertEqual([sum(column) for column in zip(*table)], column_totals)
            self.assertGreaterEqual(min(min(row) for row in table), 0)


class Mazhilis2023Test(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.election = mazhilis_2023.build()
        cls.stations = {row["station_id"]: row for row in cls.election["stations"]}
        # The last version of each final station protocol.
        cls.finals = {}
        for row in cls.election["protocols"]:
            if row["source"] == "precinct" and row["phase"] == "final":
                key = row["contest"], row["station_id"]
                if key not in cls.finals or row["version"] > cls.finals[key]["version"]:
                    cls.finals[key] = row
        cls.list_finals = [row for (contest, _), row in cls.finals.items() if contest == "party-list"]

    def test_final_sums_are_the_published_ones(self):
        published = {"AMANAT": 3_431_510, "AUYL": 693_938, "RESPUBLICA": 547_154, "AQJOL": 535_139, "QHP": 432_920,
                     "JSDP": 331_058, "BAYTAQ": 146_431, "AGAINST_ALL": 248_291, "registered": 12_035_578,
                     "issued": 6_521_860, "found_in_boxes": 6_521_860, "valid": 6_366_441, "invalid": 155_419}
        for name, count in published.items():
            self.assertEqual(sum(row[name] for row in self.list_finals), count, name)
        self.assertEqual(sum(row["registered_voters"] for row in self.stations.values()), 12_035_578)

    def test_every_station_has_one_final_in_both_contests(self):
        self.assertEqual(len(self.stations), 10_223)
        self.assertEqual(len(self.finals), 2 * 10_223)

    def test_turnout_of_every_region_rounds_to_the_published_percentage(self):
        published = {"abai": 5702, "akmola": 6001, "aktobe": 5800, "almaty-region": 6003, "atyrau": 5123,
                     "west-kazakhstan": 5920, "zhambyl": 6521, "zhetysu": 5532, "karaganda": 5948, "kostanay": 6510,
                     "kyzylorda": 6721, "mangystau": 5410, "pavlodar": 5868, "north-kazakhstan": 6525, "turkistan": 5301,
                     "ulytau": 5899, "east-kazakhstan": 6415, "astana": 4291, "almaty-city": 2582, "shymkent": 4546}
        roll, issued = Counter(), Counter()
        for row in self.list_finals:
            region = self.stations[row["station_id"]]["region"]
            roll[region] += row["registered"]
            issued[region] += row["issued"]
        self.assertEqual({region: rounded_hundredths(issued[region], roll[region]) for region in roll}, published)
        self.assertEqual(rounded_hundredths(sum(issued.values()), sum(roll.values())), 5419)

    def test_finals_break_no_rule_of_the_form(self):
        for (contest, station), row in self.finals.items():
            options = mazhilis_2023.LIST_OPTIONS if contest == "party-list" else mazhilis_2023.CANDIDATES + ["AGAINST_ALL"]
            votes = [row[name] for name in options if row.get(name) is not None]
            with self.subTest(contest=contest, station=station):
                self.assertEqual(row["valid"], sum(votes))
                self.assertEqual(row["found_in_boxes"], row["valid"] + row["invalid"])
                self.assertEqual(row["received_by_commission"], row["issued"] + row["unused"] + row["spoiled"])
                self.assertLess(row["issued"], row["registered"])
                self.assertGreaterEqual(min(votes + [row["unused"], row["invalid"]]), 0)

    def test_amanat_wins_23_districts_and_independents_6(self):
        party = {(contest["contest_id"], entry["option_id"]): entry.get("party_id", "")
                 for contest in self.election["definition"]["contests"] for entry in contest["options"]}
        sums = {}
        for (contest, _), row in self.finals.items():
            if contest != "party-list":
                sums.setdefault(contest, Counter()).update(
                    {name: row[name] for name in mazhilis_2023.CANDIDATES if row.get(name) is not None})
        winners = Counter(party[contest, max(votes, key=lambda name: votes[name])] for contest, votes in sums.items())
        self.assertEqual(len(sums), 29)
        self.assertEqual(winners, {"AMANAT": 23, "": 6})

    def test_every_district_lies_in_one_region(self):
        regions = {}
        for row in self.stations.values():
            regions.setdefault(row["constituency"], set()).add(row["region"])
        self.assertEqual(len(regions), 29)
        self.assertEqual({len(found) for found in regions.values()}, {1})

    def test_preliminary_rows_differ_from_finals_exactly_where_it_was_seeded(self):
        expected = self.election["expected"]
        differing = {"party-list": set(), "district": set()}
        seen = Counter()
        for row in self.election["protocols"]:
            if row["source"] != "precinct" or row["phase"] != "preliminary":
                continue
            final = self.finals[row["contest"], row["station_id"]]
            kind = "party-list" if row["contest"] == "party-list" else "district"
            seen[kind] += 1
            if any(row[name] != final[name] for name in row if name not in ("phase", "version")):
                differing[kind].add(row["station_id"])
        self.assertEqual(differing["party-list"], set(expected["list_slips"]))
        self.assertEqual(differing["district"], set(expected["district_slips"]))
        self.assertEqual(seen, {"party-list": 10_223 - 131, "district": 10_223 - 131})

    def test_the_quarantined_protocol_contradicts_itself_once(self):
        station = self.election["expected"]["quarantined_then_superseded"]
        versions = [row for row in self.election["protocols"] if row["contest"] == "party-list" and
                    row["station_id"] == station and row["source"] == "precinct" and row["phase"] == "final"]
        self.assertEqual([row["version"] for row in versions], [1, 2])
        off = [row["valid"] - sum(row[name] for name in mazhilis_2023.LIST_OPTIONS) for row in versions]
        self.assertEqual(off, [20, 0])

    def test_units_named_by_stations_are_declared(self):
        declared = {entry["unit_id"]: entry for entry in self.election["definition"]["units"]}
        for row in self.stations.values():
            self.assertEqual(declared[row["constituency"]]["parent_id"], row["region"])
        for region in mazhilis_2023.REGIONS:
            self.assertEqual([name["language"] for name in declared[region[0]]["names"]], ["kk", "kk-Latn", "ru", "en"])

    def test_monitors_differ_where_it_was_seeded(self):
        for monitor, seeded in self.election["expected"]["monitors"].items():
            copies = [row for row in self.election["protocols"] if row["source"] == monitor]
            differing = [row["station_id"] for row in copies
                         if any(row[name] != self.finals["party-list", row["station_id"]][name]
                                for name in mazhilis_2023.LIST_OPTIONS)]
            self.assertEqual(len(copies), seeded["stations"])
            self.assertEqual(differing, seeded["differing"])


class ClaimsTest(unittest.TestCase):
    def test_both_versions_of_the_referendum_add_up(self):
        expected = claims.referendum_2022()["expected"]
        for stage in "preliminary", "final":
            row = expected[stage]
            self.assertEqual(row["took_part"], row["YES"] + row["NO"] + row["both_marked"] + row["invalid"])
        self.assertEqual(expected["change"], {"registered": 0, "took_part": -524, "both_marked": 0, "invalid": -172,
                                              "YES": -347, "NO": -5})
        self.assertEqual(rounded_hundredths(expected["final"]["YES"], expected["final"]["took_part"]), 7718)
        self.assertEqual(rounded_hundredths(7_986_293, 11_734_642), 6806)

    def test_2007_gives_the_published_percentages(self):
        expected = claims.mazhilis_2007()["expected"]
        self.assertEqual(sum(expected["final"].values()), 5_935_625)
        self.assertEqual(rounded_hundredths(expected["final"]["NUR_OTAN"], 5_935_625), 8841)
        self.assertEqual(rounded_hundredths(expected["preliminary"]["NUR_OTAN"], sum(expected["preliminary"].values())), 8805)
        self.assertEqual(expected["change"]["NUR_OTAN"], 73_551)
        self.assertEqual(expected["change"]["AQJOL"], -8_809)

    def test_2011_gives_the_published_percentage(self):
        final = claims.president_2011()["expected"]["final"]
        self.assertEqual(rounded_hundredths(final["NAZARBAYEV"], sum(final.values())), 9555)


class Maslikhat2023Test(unittest.TestCase):
    def test_sources_sum_to_plus_67_and_minus_33(self):
        protocols = maslikhat_2023.build()["protocols"]
        sums = {}
        for row in protocols:
            sums.setdefault(row["source"], Counter()).update(A=row["A"], B=row["B"], rows=1)
        self.assertEqual(sums["monitor"], {"A": 2_150, "B": 2_083, "rows": 15})
        self.assertEqual(sums["precinct"]["A"] - sums["precinct"]["B"], -33)
        self.assertEqual((sums["territorial"]["A"], sums["territorial"]["B"]), (sums["precinct"]["A"], sums["precinct"]["B"]))

    def test_at_one_station_the_figures_changed_places(self):
        rows = [row for row in maslikhat_2023.build()["protocols"] if row["station_id"] == "M-05"]
        self.assertEqual((rows[0]["A"], rows[0]["B"]), (rows[1]["B"], rows[1]["A"]))
        self.assertNotEqual(rows[0]["A"], rows[0]["B"])


class FilesTest(unittest.TestCase):
    def test_two_runs_write_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
            for folder in first, second:
                subprocess.run([sys.executable, HERE / "generate.py", "--out", folder], check=True, capture_output=True)
            paths = sorted(path.relative_to(first) for path in Path(first).rglob("*") if path.is_file())
            self.assertEqual(len(paths), 5 * 6)
            for path in paths:
                self.assertEqual(Path(first, path).read_bytes(), Path(second, path).read_bytes(), path)

    def test_every_column_is_mapped_and_every_line_and_option_has_a_column(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, HERE / "generate.py", "--out", folder], check=True, capture_output=True)
            for election in Path(folder).iterdir():
                with self.subTest(election=election.name), gzip.open(election / "protocols.csv.gz", "rt", encoding="utf-8") as file:
                    columns = next(csv.reader(file))
                    mapped = json.loads((election / "mapping.json").read_text(encoding="utf-8"))["protocols"]
                    definition = json.loads((election / "definition.json").read_text(encoding="utf-8"))
                    options = {entry["option_id"] for contest in definition["contests"] for entry in contest["options"]}
                    lines = {entry["line_id"] for entry in definition["election"].get("lines", [])}
                    self.assertEqual(set(mapped["lines"]), lines)
                    self.assertEqual(set(columns), {mapped[name] for name in
                                                    ("station", "contest", "stage", "source", "version", "recorded_at")}
                                     | set(mapped["lines"].values()) | options)

    def test_an_unknown_election_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([sys.executable, HERE / "generate.py", "--out", folder, "kz-1900"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2)
            self.assertIn("kz-1900", done.stderr)

    def test_a_row_with_an_undeclared_column_is_refused(self):
        with tempfile.TemporaryDirectory() as folder, self.assertRaisesRegex(ValueError, "no column for b"):
            layout.write_csv(Path(folder, "x.csv"), ["a"], [{"a": 1, "b": 2}])


if __name__ == "__main__":
    unittest.main()
