"""Writes an election in the tidy layout: definition.json, mapping.json, stations.csv.gz, options.csv, protocols.csv.gz.

The same input gives the same bytes: keys keep the order of the program and gzip carries neither time nor file name.
"""

import csv
import gzip
import io
import json
from pathlib import Path


def names(**texts):
    """Names in several languages; kk_Latn becomes the tag kk-Latn."""
    return [{"language": tag.replace("_", "-"), "text": text} for tag, text in texts.items()]


def line(line_id, meaning=None, required=False, derived=False, **texts):
    """One line of the form; `meaning` is a LineMeaning without its prefix."""
    entry = {"line_id": line_id, "names": names(**texts)}
    if meaning:
        entry["meaning"] = "LINE_MEANING_" + meaning
    if required:
        entry["required"] = True
    if derived:
        entry["derived"] = True
    return entry


ALL_OPTIONS = {"aggregate": "AGGREGATE_ALL_OPTIONS"}
ROLL = {"aggregate": "AGGREGATE_ROLL"}


def of_line(line_id, coefficient=None):
    term = {"line_id": line_id}
    if coefficient is not None:
        term["coefficient"] = coefficient
    return term


def constant(number):
    return {"aggregate": "AGGREGATE_ONE", "coefficient": number}


def rule(rule_id, left, relation, right, severity, stages=(), citation="", tolerance_count=0, tolerance_ratio=None,
         **texts):
    """One rule: `relation` is one of = <= >= < >, `severity` is hard or soft."""
    relations = {"=": "EQUAL", "<=": "AT_MOST", ">=": "AT_LEAST", "<": "LESS_THAN", ">": "GREATER_THAN"}
    entry = {
        "rule_id": rule_id,
        "texts": names(**texts),
        "left": left,
        "relation": "RELATION_" + relations[relation],
        "right": right,
        "severity": "SEVERITY_" + severity.upper(),
    }
    if tolerance_count:
        entry["tolerance_count"] = tolerance_count
    if tolerance_ratio:
        entry["tolerance_ratio"] = ratio(*tolerance_ratio)
    if stages:
        entry["stages"] = ["STAGE_" + stage.upper() for stage in stages]
    if citation:
        entry["citation"] = citation
    return entry


def ratio(numerator, denominator):
    return {"numerator": numerator, "denominator": denominator}


def option(option_id, kind, party_id=None, **texts):
    entry = {"option_id": option_id, "kind": "OPTION_KIND_" + kind, "names": names(**texts)}
    if party_id:
        entry["party_id"] = party_id
    return entry


def unit(unit_id, parent_id, level_id, **texts):
    entry = {"unit_id": unit_id, "level_id": level_id, "names": names(**texts)}
    if parent_id:
        entry["parent_id"] = parent_id
    return entry


def mapping(definition, station_levels, lines, sources):
    """The mapping of a generated election: columns are named like what they hold.

    `station_levels` are the levels between the root and the stations; their units are declared in the definition.
    """
    root = definition["units"][0]
    return {
        "election": definition["election"]["election_id"],
        "stations": {
            "id": "station_id",
            "root": {"unit_id": root["unit_id"], "level": root["level_id"],
                     "names": {name["language"]: name["text"] for name in root["names"]}},
            "levels": [{"level": level, "column": level, "id_column": level} for level in station_levels],
            "station_level": definition["election"]["levels"][-1]["level_id"],
            "registered": "registered_voters",
            "names": ["name"],
            "language": "en",
        },
        "protocols": {
            "station": "station_id",
            "contest": "contest",
            "stage": "phase",
            "source": "source",
            "stages": {"preliminary": "preliminary", "final": "final"},
            "sources": {source: source for source in sources},
            "version": "version",
            "recorded_at": "recorded_at",
            "lines": {name: name for name in lines},
            "options": "*",
        },
    }


def protocol_columns(lines, options):
    return ["contest", "station_id", "phase", "source", "version", "recorded_at"] + list(lines) + list(options)


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_csv(path, columns, rows):
    """Writes rows (dictionaries; a missing or None cell stays empty). A name that ends in .gz is compressed."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        unknown = set(row) - set(columns)
        if unknown:
            raise ValueError(f"{path.name}: no column for {', '.join(sorted(unknown))}")
        writer.writerow(["" if row.get(column) is None else row[column] for column in columns])
    data = text.getvalue().encode("utf-8")
    if path.suffix == ".gz":
        compressed = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", fileobj=compressed, mtime=0) as file:
            file.write(data)
        data = compressed.getvalue()
    path.write_bytes(data)


def write_election(folder, election):
    """Writes one election: a dictionary with definition, mapping, station_columns, stations, protocol_columns,
    protocols and expected (figures that a reader may check the program by)."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "definition.json", election["definition"])
    write_json(folder / "mapping.json", election["mapping"])
    write_json(folder / "expected.json", election["expected"])
    write_csv(folder / "stations.csv.gz", election["station_columns"], election["stations"])
    write_csv(folder / "options.csv", ["contest", "option", "name"], [
        {"contest": contest["contest_id"], "option": entry["option_id"], "name": entry["names"][-1]["text"]}
        for contest in election["definition"]["contests"] for entry in contest["options"]])
    write_csv(folder / "protocols.csv.gz", election["protocol_columns"], election["protocols"])
