"""A random election and a random course of events, recorded by hattamad, with what was refused on the way."""

import json
import random
import struct
import tempfile
from collections import namedtuple
from pathlib import Path

from protobuf_json import definition_json, to_json
from small_ledger import encode
from hattama_verify import messages as m, wire

# Something that the server refused when the log had `tree_size` records.
Refused = namedtuple("Refused", "tree_size event body said")

KINDS = {m.DISMISSED: "dismissed", m.FIGURES_CORRECTED: "figures-corrected", m.RESULTS_ANNULLED: "annulled",
         m.RECOUNT_ORDERED: "recount", m.RESULTS_REINSTATED: "reinstated", m.QUARANTINE_RELEASED: "released"}


def ratio(rng, largest=6):
    denominator = rng.randint(1, largest)
    return {"numerator": rng.randint(0, denominator), "denominator": denominator}


class Definition:
    """A random definition. Figures in its protocols are small, so that equal ones are common."""

    def __init__(self, rng):
        self.rng = rng
        self.levels = ["country", "region", "district", "station"][:rng.choice((3, 4))]
        if len(self.levels) == 3:
            self.levels[2] = "station"
        self.units, self.stations = [], []
        self._grow("C 1%", "", 0)
        self.lines = ["registered", "issued", "valid votes", "spoilt%"]
        self.contests = [self._contest(i) for i in range(7)]
        self.roll = [{"unit_id": unit, "registered_voters": rng.choice((0, 5, 9))} for unit in self.stations
                     if rng.random() < 0.8]
        self.header = self._header()

    def _grow(self, unit_id, parent, depth):
        self.units.append({"unit_id": unit_id, "parent_id": parent, "level_id": self.levels[depth]})
        if depth == len(self.levels) - 1:
            self.stations.append(unit_id)
            return
        for i in range(self.rng.randint(1, 3)):
            self._grow(f"{unit_id[:4]}.{len(self.units)}é", unit_id, depth + 1)

    def stations_of(self, contest):
        parents = {unit["unit_id"]: unit["parent_id"] for unit in self.units}

        def is_within(unit):
            while unit and unit != contest["unit_id"]:
                unit = parents[unit]
            return bool(unit)

        return [station for station in self.stations if is_within(station)]

    def _terms(self, with_options=True):
        rng, terms = self.rng, []
        for _ in range(rng.randint(1, 2)):
            term = {}
            if rng.random() < 0.3:
                term["coefficient"] = rng.choice((-1, 0, 1, 2))
            pick = rng.random()
            if pick < 0.5:
                term["line_id"] = rng.choice(self.lines)
            elif pick < 0.6 and with_options:
                term["option_id"] = rng.choice(("O 1", "O2", "YES"))
            else:
                term["aggregate"] = rng.randint(1, 4)
            terms.append(term)
        return terms

    def _header(self):
        rng = self.rng
        rules, severities = [f"R{i}" for i in range(6)], [rng.choice((1, 1, 2)) for _ in range(6)]

        def hidden(i):
            # Hiding has no cycle, and what is soft hides nothing hard.
            later = [rules[k] for k in range(i + 1, 6) if severities[i] == 2 or severities[k] == 1]
            return rng.sample(later, min(len(later), rng.choice((0, 0, 1, 2))))

        return {
            "election_id": "random", "names": [{"language": "en", "text": "Random election"}],
            "levels": [{"level_id": level} for level in self.levels],
            "sources": [{"source_id": "upper", "kind": 1, "level_id": self.levels[1]},
                        {"source_id": "first commission", "kind": 1}, {"source_id": "watch", "kind": 2}],
            "lines": [{"line_id": line, "required": rng.random() < 0.3} for line in self.lines],
            "bases": [{"base_id": "votes", "terms": [{"aggregate": 1}]},
                      {"base_id": "most", "terms": [{"aggregate": 2}]},
                      {"base_id": "lines", "terms": [{"line_id": "valid votes"}]},
                      {"base_id": "roll", "terms": [{"aggregate": 3}]}, {"base_id": "odd", "terms": self._terms()}],
            "turnouts": [{"turnout_id": f"turn {i}", "numerator": self._terms(), "denominator": self._terms()}
                         for i in range(3)],
            "rules": [{"rule_id": rule, "left": self._terms(), "relation": rng.randint(1, 5), "right": self._terms(),
                       "tolerance_count": rng.choice((0, 0, 1)),
                       "tolerance_ratio": {"numerator": 1, "denominator": 3} if rng.random() < 0.3 else None,
                       "severity": severities[i],
                       "stages": rng.sample((1, 2, 3), rng.choice((0, 0, 1, 2))),
                       "contest_ids": [f"contest {i}" for i in rng.sample(range(7), rng.choice((0, 0, 3)))],
                       "hides": hidden(i)} for i, rule in enumerate(rules)],
        }

    def _threshold(self):
        rng = self.rng
        return {"ratio": ratio(rng), "base_id": rng.choice(("votes", "most", "lines", "roll", "odd")),
                "inclusive": rng.random() < 0.5}

    def _contest(self, number):
        rng = self.rng
        kind = ("party_list", "plurality", "absolute_majority", "referendum")[number % 4]
        if kind == "referendum":
            options = [("YES", 3), ("NO", 4)]
        else:
            options = [("O 1", 1), ("O2", 2), ("O3", 2), ("O4", 1)][:rng.randint(1, 4)]
        if rng.random() < 0.4:
            options.insert(rng.randint(0, len(options)), ("none", 5))
        rule = {}
        if kind == "party_list":
            rule = {"seat_count": rng.randint(1, 9), "threshold": self._threshold() if rng.random() < 0.7 else None,
                    "method": rng.choice((1, 1, *range(2, 15)))}
            if rule["threshold"] is not None and rng.random() < 0.5:
                rule["method"] = 1
                rule["second_list_index"] = {"numerator": rng.randint(1, 10), "denominator": 10}
        elif kind == "absolute_majority":
            rule = {"conditions": [{"share": self._threshold(), "lead": ratio(rng) if rng.random() < 0.5 else None,
                                    "lead_inclusive": rng.random() < 0.5} for _ in range(rng.randint(1, 2))]}
        elif kind == "referendum":
            regions = {"level_id": rng.choice(self.levels[:-1]), "ratio": ratio(rng), "inclusive": rng.random() < 0.5}
            rule = {"condition": self._threshold(), "regions": regions if rng.random() < 0.8 else None}
        top = [unit["unit_id"] for unit in self.units if unit["level_id"] != "station"]
        return {"contest_id": f"contest {number}", "unit_id": self.units[0]["unit_id"] if rng.random() < 0.6
                else rng.choice(top),
                "options": [{"option_id": option, "kind": one} for option, one in options],
                "share_base_id": rng.choice(("votes", "lines", "odd")), kind: rule}


class Story:
    """Records the election on a server; `refused` and `records` tell what came of it."""

    def __init__(self, rng, server, programs, folder):
        self.rng, self.server, self.programs, self.folder = rng, server, programs, Path(folder)
        self.office = programs.Client(server.address, "office")
        self.court = programs.Client(server.address, "court")
        self.authority = self.office.as_authority()
        self.definition = Definition(rng)
        self.tree_size, self.refused = 0, []
        self.current, self.quarantined, self.appeals, self.corrections = {}, [], [], []
        self.accepted = {}

    def _file(self, value):
        with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".json", delete=False, encoding="utf-8") as file:
            json.dump(value, file)
        return file.name

    def _said(self, done):
        if done.returncode not in (0, 1, 3):
            raise AssertionError(f"{done.args}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout) if done.returncode != 3 else None

    def _note(self, done, event, body):
        """The sequence of what was admitted; what was refused is remembered."""
        answer = self._said(done)
        name = {field: kind for field, kind, _ in m.MESSAGES["Submission"].values()}[event]
        if answer is None:
            self.refused.append(Refused(self.tree_size, event, wire.decode(name, encode(name, body)),
                                        done.stderr.strip()))
            return None
        if not answer.get("replayed"):
            self.tree_size = int(answer["tree_size"])
            self.accepted[event] = self.accepted.get(event, 0) + 1
        return answer

    def define(self):
        d = self.definition
        written = self._file(definition_json(d.header, d.contests, d.units, d.roll))
        self.office.define(written)
        self.authority.checked("grant", "random", "--to", self.programs.Keys.public("court"), "--role",
                               "court-registry")
        self.authority.checked("grant", "--to", self.programs.Keys.public("auditor"), "--role", "auditor")
        self.tree_size = int(self.office.json("status")["as_of"]["tree_size"])

    def step(self):
        pick = self.rng.random()
        if pick < 0.62:
            self.protocol()
        elif pick < 0.72:
            self.appeal()
        elif pick < 0.87:
            self.decision()
        elif pick < 0.92:
            self.roll()
        elif pick < 0.96:
            self.tally()
        else:
            self.rotation()

    def protocol(self, correction=None):
        rng, d = self.rng, self.definition
        contest = rng.choice(d.contests)
        unit = rng.choice(d.stations if rng.random() < 0.85 else [one["unit_id"] for one in d.units])
        stage = rng.choice((1, 2, 2, 3))
        decision = None
        if stage == 3 and self.corrections and rng.random() < 0.9:
            sequence, contest, units = rng.choice(self.corrections)
            unit, decision = rng.choice(units if rng.random() < 0.8 else [one["unit_id"] for one in d.units]), sequence
        elif stage == 3 and rng.random() < 0.7:
            is_ordered = self.corrections and rng.random() < 0.6
            decision = rng.choice(self.corrections)[0] if is_ordered else rng.randint(0, self.tree_size)
        elif rng.random() < 0.03:
            decision = rng.randint(0, self.tree_size)
        source = rng.choice(("first commission", "first commission", "watch", "upper"))
        key = contest["contest_id"], unit, source, stage
        supersedes = self.current.get(key)
        if rng.random() < 0.05:
            supersedes = rng.choice((None, 0, self.tree_size - 1))

        def figure(largest=4):
            return None if rng.random() < 0.08 else rng.randint(0, largest)

        options = [{"option_id": option["option_id"], "count": figure()} for option in contest["options"]]
        lines = [{"line_id": line, "count": figure(9)} for line in d.lines if rng.random() < 0.9]
        if rng.random() < 0.04:
            options = options[:-1] if rng.random() < 0.5 else options + options[:1]
        if rng.random() < 0.03:
            lines.append({"line_id": rng.choice(("unknown", d.lines[0])), "count": 1})
        if rng.random() < 0.02:
            lines.append({"line_id": "valid votes", "count": rng.choice((-1, 10 ** 9))})
        rng.shuffle(lines)
        body = {"election_id": "random", "contest_id": contest["contest_id"], "unit_id": unit, "source_id": source,
                "stage": stage,
                "lines": lines, "options": options, "supersedes_sequence": supersedes, "decision_sequence": decision}
        written = self._file(to_json("ProtocolSubmitted", body))
        answer = self._note(self.office.run("--format=json", "submit", written), "protocol_submitted", body)
        if answer:
            self.current[key] = int(answer["sequence"])
            if answer["quarantined"]:
                self.quarantined.append((int(answer["sequence"]), contest["contest_id"]))

    def _stations(self, contest, count):
        rng, stations = self.rng, self.definition.stations
        chosen = [rng.choice(stations) for _ in range(count)]
        if rng.random() < 0.05:
            chosen.append(rng.choice([unit["unit_id"] for unit in self.definition.units]))
        return chosen

    def appeal(self):
        contest = self.rng.choice(self.definition.contests)
        taken = self.appeals and self.rng.random() < 0.1
        appeal = self.rng.choice(self.appeals)[0] if taken else f"A-{self.tree_size}"
        units = self._stations(contest, self.rng.randint(1, 2))
        body = {"election_id": "random", "appeal_id": appeal, "contest_id": contest["contest_id"], "unit_ids": units,
                "filed_by": "B", "grounds": "copies differ"}
        answer = self._note(self.office.run(
            "--format=json", "appeal", "random", "--contest", contest["contest_id"], "--id", appeal,
            *(f"--station={unit}" for unit in units), "--filed-by", "B", "--grounds", "copies differ"), "appeal_filed",
                            body)
        if answer:
            self.appeals.append((appeal, contest, units))

    def decision(self):
        rng = self.rng
        kind = rng.choice(list(KINDS))
        contest, appeal, units, released = rng.choice(self.definition.contests), "", [], []
        if self.appeals and rng.random() < 0.6:
            appeal, other, appealed = rng.choice(self.appeals[-6:])
            contest = other if rng.random() < 0.95 else contest
        if not appeal or rng.random() < 0.3:
            units = self._stations(contest, rng.randint(0 if rng.random() < 0.2 else 1, 2))
        if kind == m.QUARANTINE_RELEASED and rng.random() < 0.9 or rng.random() < 0.03:
            if self.quarantined and rng.random() < 0.9:
                sequence, contest_id = rng.choice(self.quarantined[-8:])
                contest = next(one for one in self.definition.contests if one["contest_id"] == contest_id)
                released = [sequence]
                appeal, units = (appeal, units) if rng.random() < 0.2 else ("", [])
            else:
                released = [rng.randint(0, self.tree_size)]
        body = {"election_id": "random", "contest_id": contest["contest_id"], "kind": kind, "appeal_id": appeal,
                "unit_ids": units,
                "body": "Court", "act_number": f"{self.tree_size}", "released_sequences": released}
        answer = self._note(self.court.run(
            "--format=json", "decide", "random", "--contest", contest["contest_id"], "--kind", KINDS[kind], "--body",
                                           "Court",
            "--act", self.tree_size, *(f"--station={unit}" for unit in units),
                                           *(["--appeal", appeal] if appeal else []),
            *(f"--release={one}" for one in released)), "decision_recorded", body)
        if answer and kind in (m.FIGURES_CORRECTED, m.RECOUNT_ORDERED):
            self.corrections.append((int(answer["sequence"]), contest, units or appealed))

    def roll(self):
        unit, count = self.rng.choice(self.definition.stations), self.rng.choice((0, 3, 8))
        done = self.office.run("--format=json", "roll", "random", "--reason", f"recount {self.tree_size}",
                               f"--entry={unit}={count}")
        self._note(done, "roll_amended", {"election_id": "random",
                                          "entries": [{"unit_id": unit, "registered_voters": count}],
                                          "reason": "recount"})

    def tally(self):
        arguments = self.view_arguments()
        answer = self._said(self.office.run("--format=json", "publish-tally", "random", *arguments))
        if answer is None:
            raise AssertionError(f"publish-tally {arguments} was refused")
        self.tree_size = int(answer["tree_size"])
        self.accepted["tally_published"] = self.accepted.get("tally_published", 0) + 1

    def rotation(self):
        """The court's registry gets a new key."""
        old, new = self.court.key, f"court-{self.tree_size}"
        keys = self.programs.Keys
        self.court.checked("rotate", keys.public(old), "--to", keys.public(new), "--reason", "yearly")
        self.court = self.programs.Client(self.server.address, new)
        self.tree_size += 1
        self.accepted["key_rotated"] = self.accepted.get("key_rotated", 0) + 1

    def view_arguments(self, at=None):
        rng = self.rng
        policies = {"preliminary": 1, "final": 2, "final-else-preliminary": 3, "corrected-first": 4}
        self.view = {"source_id": rng.choice(("first commission", "first commission", "watch", "upper")),
                     "policy": rng.choice(list(policies)), "excluding_contested": rng.random() < 0.3}
        arguments = ["--contest", rng.choice(self.definition.contests)["contest_id"], "--source",
                     self.view["source_id"],
                     "--policy", self.view["policy"]]
        if self.view["excluding_contested"]:
            arguments.append("--excluding-contested")
        self.view["policy"] = policies[self.view["policy"]]
        return arguments + (["--at", at] if at else [])

    def asked_statement(self, first):
        """(contest, view, tree_size, the server's statement) of a random view at a random version that is open."""
        at = self.rng.randint(first, self.tree_size)
        arguments = self.view_arguments(at)
        said = self.office.checked("publish-tally", "random", *arguments, "--check-only").stdout
        return arguments[1], self.view, at, said[:said.index("\n\n") + 1]

    def records(self):
        path = self.folder / "records"
        self.office.checked("export", "--out", path)
        data, records, position = path.read_bytes(), [], 0
        while position < len(data):
            size = struct.unpack(">H", data[position:position + 2])[0]
            records.append(data[position + 2:position + 2 + size])
            position += 2 + size
        return records


def seed_from(environment):
    seed = int(environment.get("HATTAMA_SEED") or random.SystemRandom().randint(1, 10 ** 9))
    print(f"HATTAMA_SEED={seed}", flush=True)
    return seed
