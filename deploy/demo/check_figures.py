#!/usr/bin/env python3
"""Asks a running server for the key figures of the demonstration and compares them with the published ones.

    check_figures.py FOLDER_OF_ELECTIONS

The server is $HATTAMA_SERVER, hattama is on the PATH. Prints one line a figure; exit 1 where one is wrong.
"""

import json
import subprocess
import sys
from pathlib import Path


def ask(*arguments):
    """The JSON answer of hattama; exit code 1 (findings, differences) is an answer too."""
    done = subprocess.run(["hattama", "--format=json", "--no-progress", *arguments], capture_output=True, text=True,
                          encoding="utf-8")
    if done.returncode > 1:
        sys.exit(f"hattama {' '.join(arguments)}: exit {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def percent(ratio):
    """A share to two decimals, halves up, from exact whole numbers."""
    numerator, denominator = int(ratio["numerator"]), int(ratio["denominator"])
    hundredths = (20_000 * numerator + denominator) // (2 * denominator)
    return f"{hundredths // 100}.{hundredths % 100:02d} %"


def option(tally, option_id):
    return next(entry for entry in tally["options"] if entry["option_id"] == option_id)


def changes(diff):
    return {entry["id"]: int(entry["net_change"]) for entry in diff["summary"]["lines"] + diff["summary"]["options"]}


def figures(folder):
    """Yields (what, found, wanted)."""
    expected = {path.name: json.loads((path / "expected.json").read_text(encoding="utf-8")) for path in folder.iterdir()}

    mazhilis = expected["kz-mazhilis-2023"]
    tally = ask("tally", "kz-mazhilis-2023", "--contest", "party-list", "--policy", "final")
    for option_id, votes in mazhilis["votes"].items():
        yield f"Mazhilis 2023, votes for {option_id}", int(option(tally, option_id)["votes"]), votes
    for option_id, share in [("AMANAT", "53.90 %"), ("AUYL", "10.90 %"), ("RESPUBLICA", "8.59 %"), ("AQJOL", "8.41 %"),
                             ("QHP", "6.80 %"), ("JSDP", "5.20 %"), ("AGAINST_ALL", "3.90 %"), ("BAYTAQ", "2.30 %")]:
        yield f"Mazhilis 2023, share of {option_id}", percent(option(tally, option_id)["share"]), share
    yield "Mazhilis 2023, turnout", percent(tally["turnouts"][0]["ratio"]), "54.19 %"
    for unit, turnout in [("kyzylorda", "67.21 %"), ("almaty-city", "25.82 %")]:
        of_unit = ask("tally", "kz-mazhilis-2023", "--contest", "party-list", "--policy", "final", "--unit", unit)
        yield f"Mazhilis 2023, turnout of {unit}", percent(of_unit["turnouts"][0]["ratio"]), turnout

    seats = ask("seats", "kz-mazhilis-2023", "--policy", "final")
    found = {entry["party_id"]: (int(entry["list_seat_count"]), int(entry["district_seat_count"])) for entry in seats["parties"]}
    for party, count in mazhilis["list_seats"].items():
        if count > 0:
            yield f"Mazhilis 2023, list seats of {party}", found.get(party, (0, 0))[0], count
    yield "Mazhilis 2023, seats of AMANAT", sum(found["AMANAT"]), 63
    yield "Mazhilis 2023, seats of independents", sum(found[""]), 6
    yield "Mazhilis 2023, seats", (int(seats["seat_count"]), int(seats["undecided_seat_count"])), (98, 0)

    diff = ask("diff", "kz-mazhilis-2023", "--contest", "party-list", "--left", "preliminary", "--right", "final", "--limit", "5000")
    differing = {row["unit_id"] for row in diff["discrepancies"] if "ONLY" not in row["kind"]}
    yield "Mazhilis 2023, stations that changed after the preliminary count", differing, set(mazhilis["list_slips"])

    for election in "kz-referendum-2022", "kz-mazhilis-2007":
        diff = ask("diff", election, "--left", "preliminary/claims", "--right", "final/claims")
        yield f"{election}, changes from preliminary to final", changes(diff), expected[election]["change"]
    tally = ask("tally", "kz-referendum-2022", "--claims", "--policy", "final")
    yield "Referendum 2022, yes of those who took part", percent(option(tally, "YES")["share"]), "77.18 %"
    tally = ask("tally", "kz-mazhilis-2007", "--claims", "--policy", "final")
    lists = {entry["option_id"]: int(entry["seat_count"]) for entry in tally["outcome"]["allocation"]["lists"]}
    yield "Mazhilis 2007, seats", {name: count for name, count in lists.items() if count > 0}, {"NUR_OTAN": 98}
    tally = ask("tally", "kz-president-2011", "--claims", "--policy", "final")
    yield "President 2011, elected", tally["outcome"]["option_ids"], ["NAZARBAYEV"]

    dispute = expected["kz-maslikhat-2023"]
    for source, wanted in ("monitor", dispute["monitor"]), ("precinct", dispute["official"]):
        tally = ask("tally", "kz-maslikhat-2023", "--source", source, "--policy", "final")
        yield f"Maslikhat district, {source}", {name: int(option(tally, name)["votes"]) for name in "AB"}, wanted
    diff = ask("diff", "kz-maslikhat-2023", "--left", "monitor:final", "--right", "precinct:final")
    yield "Maslikhat district, stations that differ", {row["unit_id"] for row in diff["discrepancies"]}, set(dispute["differing"])


def main():
    wrong = 0
    for what, found, wanted in figures(Path(sys.argv[1])):
        if found == wanted:
            shown = f"{len(found)} of them" if isinstance(found, set) else found
            print(f"  right  {what}: {shown}")
        else:
            wrong += 1
            print(f"  WRONG  {what}: {found}, should be {wanted}")
    print("all figures are right" if wrong == 0 else f"{wrong} figures are wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
