#!/usr/bin/env python3
"""Makes the keys of an election's offices and has the authority grant each of them what is its own.

    offices.py ELECTION_FOLDER --keys DIR --authority KEY

Where the area has regions, precinct commissions sign through the office of their region; every other source has one
key for the whole area. The keys land where `hattama import --keys DIR` looks for them: SOURCE/UNIT.key.
"""

import argparse
import json
import subprocess
from pathlib import Path


def offices_of(definition):
    """(source, role, unit) of every office."""
    root = definition["units"][0]["unit_id"]
    regions = [unit["unit_id"] for unit in definition["units"] if unit["level_id"] == "region"]
    station_level = definition["election"]["levels"][-1]["level_id"]
    for source in definition["election"]["sources"]:
        is_commission = source["kind"] == "SOURCE_KIND_COMMISSION"
        by_region = is_commission and source.get("level_id") == station_level and regions
        for unit in regions if by_region else [root]:
            yield source["source_id"], "commission" if is_commission else "monitor", unit


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("election", type=Path, metavar="ELECTION_FOLDER")
    parser.add_argument("--keys", type=Path, required=True, metavar="DIR")
    parser.add_argument("--authority", type=Path, required=True, metavar="KEY")
    arguments = parser.parse_args()
    definition = json.loads((arguments.election / "definition.json").read_text(encoding="utf-8"))
    election_id = definition["election"]["election_id"]
    count = 0
    for source, role, unit in offices_of(definition):
        folder = arguments.keys / source
        folder.mkdir(parents=True, exist_ok=True)
        key = folder / unit
        subprocess.run(["hattama", "keygen", f"demo.hattama.example/{election_id}/{source}/{unit}", "--out", key],
                       check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["hattama", "--key", arguments.authority, "grant", election_id, "--to", f"{key}.vkey", "--role",
                        role, "--source", source, "--unit", unit], check=True, stdout=subprocess.DEVNULL)
        count += 1
    print(f"{election_id}: {count} offices hold a key and a grant")


if __name__ == "__main__":
    main()
