#!/usr/bin/env python3
"""Import over gRPC by both programs, as a rate and as shares of a floor and of a limit of the same run.

Bolivia 2019 where $HATTAMA_DATA has it, else the synthetic Mazhilis of the demonstration. The limit is the disk: the same
records written to a file in the server's largest groups, each group synced. Prints one line of JSON.

    of_floor  20,000 acknowledged events a second / the rate; below 1 is inside
    of_disk   time of the import / time of the synced writes
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

from programs import DEFINITIONS, ROOT, Client, Server, data_folder, require_programs  # noqa: E402

FLOOR_PER_SECOND = 20_000
GROUP_COUNT = 1_024
RUNS = 3


def election(work):
    """(name, data folder, definition, mapping, further arguments of define)"""
    try:
        data = data_folder("bolivia-2019-trep-computo")
        folder = DEFINITIONS / "bolivia-2019"
        return "Bolivia 2019", data, folder / "definition.json", folder / "mapping.json", ["--options", data / "options.csv"]
    except Exception as missing:  # unittest.SkipTest: the data is not here.
        print(f"{missing}; the demonstration instead", file=sys.stderr)
    subprocess.run([sys.executable, ROOT / "deploy/demo/generate.py", "--out", work / "elections"], check=True,
                   stdout=subprocess.DEVNULL)
    data = work / "elections" / "kz-mazhilis-2023"
    return "Mazhilis 2023, synthetic", data, data / "definition.json", data / "mapping.json", []


def disk_seconds(log, count, work):
    """Seconds to write the bytes of a log in synced groups."""
    size = log.stat().st_size
    group = max(1, size * GROUP_COUNT // count)
    target = os.open(work / "limit", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    block = log.read_bytes()[:group]
    start = time.perf_counter()
    for _ in range(0, size, group):
        os.write(target, block)
        os.fdatasync(target)
    seconds = time.perf_counter() - start
    os.close(target)
    return seconds


def run(number, work):
    name, data, definition, mapping, further = election(work)
    server = Server(work / f"data-{number}")
    try:
        client = Client(server.address)
        client.define(definition, "--mapping", mapping, "--stations", data / "stations.csv.gz", *further)
        start = time.perf_counter()
        report = json.loads(client.checked("--format=json", "import", data, "--mapping", mapping, allowed=(0, 1)).stdout)
        whole = time.perf_counter() - start
        log = work / "log.raw"
        client.checked("export", "--out", log)
    finally:
        server.kill()
    seconds = report["milliseconds"] / 1000
    rate = report["imported"] / seconds
    return {"election": name, "events": report["imported"], "seconds": round(seconds, 3),
            "seconds_with_reading_files": round(whole, 3), "events_per_second": round(rate),
            "of_floor": round(FLOOR_PER_SECOND / rate, 3),
            "of_disk": round(seconds / disk_seconds(log, report["imported"], work), 2)}


def main():
    require_programs()
    with tempfile.TemporaryDirectory(prefix="hattama-bench-") as work:
        runs = [run(number, Path(work)) for number in range(RUNS)]
    print(json.dumps(max(runs, key=lambda result: result["of_floor"])))


if __name__ == "__main__":
    main()
