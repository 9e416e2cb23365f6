"""One disputed district of a maslikhat election, 19 March 2023: 15 station protocols held by a monitor say +67, the
commission's result says -33. Both differences are from the press; the split over stations is made up."""

from layout import ALL_OPTIONS, line, mapping, names, of_line, option, protocol_columns, rule, unit
from synthetic import Seeded, share_out

ELECTION = "kz-maslikhat-2023"
SEED = "kz-maslikhat-2023, first edition"
STATION_COUNT = 15
# Of the station protocols the monitor holds (press, 2023).
MONITOR_VOTES = {"A": 2_150, "B": 2_083}
# The press gives the official difference alone: A lost by 33. With the votes of both together unchanged, that is 50 votes
# that stand with B instead of A.
MOVED = 50
OFFICIAL_VOTES = {"A": MONITOR_VOTES["A"] - MOVED, "B": MONITOR_VOTES["B"] + MOVED}
# How many votes moved at which station (index), adding up to MOVED. At station 4 the two figures changed places.
MOVED_AT = {2: 12, 4: 17, 7: 8, 9: 9, 13: 4}
LINES = ["registered", "issued", "found_in_boxes", "valid", "invalid"]


def station_votes():
    """(A, B) by station as the monitor has them."""
    random = Seeded(SEED)
    sizes = [random.between(70, 130) for _ in range(STATION_COUNT)]
    for_a = share_out(MONITOR_VOTES["A"], sizes)
    for_b = share_out(MONITOR_VOTES["B"], [size * random.between(75, 125) for size in sizes])
    # At station 4 the difference is what a change of places moves.
    wanted = for_b[4] + MOVED_AT[4]
    for_a[5] += for_a[4] - wanted
    for_a[4] = wanted
    return list(zip(for_a, for_b))


def build():
    random = Seeded(SEED + ": lines")
    stations, protocols = [], []
    for index, (for_a, for_b) in enumerate(station_votes()):
        station_id = f"M-{index + 1:02d}"
        invalid = random.between(1, 9)
        issued = for_a + for_b + invalid
        registered = issued + random.between(250, 520)
        stations.append({"station_id": station_id, "name": f"Polling station {index + 1}", "registered_voters": registered})
        common = {"contest": "deputy", "station_id": station_id, "phase": "final", "version": 1, "registered": registered,
                  "issued": issued, "found_in_boxes": issued, "valid": for_a + for_b, "invalid": invalid}
        moved = MOVED_AT.get(index, 0)
        protocols.append(dict(common, source="monitor", A=for_a, B=for_b))
        protocols.append(dict(common, source="precinct", A=for_a - moved, B=for_b + moved))
    protocols.sort(key=lambda row: row["source"])
    protocols.append({"contest": "deputy", "station_id": "DISTRICT", "phase": "final", "source": "territorial", "version": 1,
                      **OFFICIAL_VOTES})

    definition = {
        "election": {
            "election_id": ELECTION,
            "names": names(kk="Мәслихат сайлауы, бір округ, 2023", kk_Latn="Máslıhat saılaýy, bir okrýg, 2023",
                           ru="Выборы в маслихат, один округ, 2023", en="A maslikhat district, 2023"),
            "poll_date": "2023-03-19",
            "law_edition": "Constitutional Law of 28 September 1995 No 2464, edition of 2022",
            "levels": [{"level_id": "district", "names": names(kk="Сайлау округі", ru="Избирательный округ", en="District")},
                       {"level_id": "station", "names": names(kk="Сайлау учаскесі", ru="Избирательный участок",
                                                              en="Polling station")}],
            "sources": [
                {"source_id": "precinct", "kind": "SOURCE_KIND_COMMISSION", "level_id": "station",
                 "names": names(kk="Учаскелік комиссиялар", ru="Участковые комиссии", en="Precinct commissions")},
                {"source_id": "territorial", "kind": "SOURCE_KIND_COMMISSION", "level_id": "district",
                 "names": names(kk="Аумақтық комиссия", ru="Территориальная комиссия", en="Territorial commission")},
                {"source_id": "monitor", "kind": "SOURCE_KIND_MONITOR",
                 "names": names(kk="Кандидаттың бақылаушылары", ru="Наблюдатели кандидата", en="Observers of a candidate")},
            ],
            "lines": [
                line("registered", "REGISTERED_VOTERS", kk="Тізімдегі сайлаушылар", ru="Избирателей в списке",
                     en="Registered voters"),
                line("issued", "BALLOTS_ISSUED", kk="Берілген бюллетеньдер", ru="Бюллетеней выдано", en="Ballots issued"),
                line("found_in_boxes", "BALLOTS_FOUND", derived=True, kk="Жәшіктердегі бюллетеньдер",
                     ru="Бюллетеней в ящиках", en="Ballots found in boxes"),
                line("valid", "BALLOTS_VALID", derived=True, kk="Жарамды бюллетеньдер", ru="Действительных бюллетеней",
                     en="Valid ballots"),
                line("invalid", "BALLOTS_INVALID", kk="Жарамсыз бюллетеньдер", ru="Недействительных бюллетеней",
                     en="Invalid ballots"),
            ],
            "bases": [{"base_id": "votes", "terms": [ALL_OPTIONS],
                       "names": names(kk="барлық дауыстар", ru="все голоса", en="votes for all options")}],
            "turnouts": [{"turnout_id": "received", "names": names(kk="бюллетень алғандар / тізім",
                                                                   ru="получили бюллетени / список",
                                                                   en="ballots issued / registered voters"),
                          "numerator": [of_line("issued")], "denominator": [of_line("registered")]}],
            "rules": [
                rule("H04", [of_line("valid")], "=", [ALL_OPTIONS], "hard",
                     en="Valid ballots equal the votes for all options.", ru="Действительные бюллетени равны сумме голосов."),
                rule("H05", [of_line("found_in_boxes")], "=", [of_line("valid"), of_line("invalid")], "hard",
                     en="Ballots found in boxes equal valid and invalid ballots together."),
                rule("H07", [of_line("issued")], "<=", [of_line("registered")], "hard",
                     en="No more ballots were issued than voters are registered."),
            ],
            "notice": (
                "Demonstration of a dispute the press reported in 2023. Published are the sums of 15 station protocols held "
                "by observers (2,150 against 2,083) and that the official result had the first candidate lose by 33. Names "
                "are left out; the official sums are the published difference on an unchanged total; stations, their "
                "figures and which of them differ are made up."),
        },
        "contests": [{
            "contest_id": "deputy",
            "names": names(kk="Округ депутаты", kk_Latn="Okrýg depýtaty", ru="Депутат округа", en="Deputy of the district"),
            "unit_id": "DISTRICT",
            "options": [option("A", "CANDIDATE", kk="А кандидаты", ru="Кандидат А", en="Candidate A"),
                        option("B", "CANDIDATE", kk="Б кандидаты", ru="Кандидат Б", en="Candidate B")],
            "share_base_id": "votes",
            "plurality": {},
        }],
        "units": [unit("DISTRICT", None, "district", kk="Округ", ru="Округ", en="District")],
    }
    return {
        "definition": definition,
        "mapping": mapping(definition, [], LINES, ["precinct", "territorial", "monitor"]),
        "station_columns": ["station_id", "name", "registered_voters"],
        "stations": stations,
        "protocol_columns": protocol_columns(LINES, ["A", "B"]),
        "protocols": protocols,
        "expected": {"monitor": MONITOR_VOTES, "official": OFFICIAL_VOTES,
                     "differing": [f"M-{index + 1:02d}" for index in sorted(MOVED_AT)]},
    }
