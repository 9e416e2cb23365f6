#!/usr/bin/env python3
"""Writes the demonstration elections into a folder, each in a folder of its own.

    generate.py --out DIR [ELECTION ...]

Without names it writes all of them. The same program writes the same bytes every time.
"""

import argparse
import sys
from pathlib import Path

import claims
import layout
import maslikhat_2023
import mazhilis_2023

ELECTIONS = {
    "kz-mazhilis-2023": mazhilis_2023.build,
    "kz-referendum-2022": claims.referendum_2022,
    "kz-mazhilis-2007": claims.mazhilis_2007,
    "kz-president-2011": claims.president_2011,
    "kz-maslikhat-2023": maslikhat_2023.build,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("elections", nargs="*", metavar="ELECTION", help=", ".join(ELECTIONS))
    arguments = parser.parse_args()
    for name in arguments.elections:
        if name not in ELECTIONS:
            parser.error(f"{name} is none of {', '.join(ELECTIONS)}")
    for name in arguments.elections or ELECTIONS:
        election = ELECTIONS[name]()
        layout.write_election(arguments.out / name, election)
        print(f"{name}: {len(election['stations'])} stations, {len(election['protocols'])} protocols")
    return 0


if __name__ == "__main__":
    sys.exit(main())
