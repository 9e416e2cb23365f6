"""Mazhilis, 19 March 2023: the published country and turnout figures, with synthetic regions, districts and stations.

Published, and kept to the last vote: the list votes of the country, its roll and ballots received, the 69 + 29 seats,
and the turnout of each region at 22:10 to two decimals. Everything below is made up from a fixed seed.
"""

from layout import (ALL_OPTIONS, constant, line, mapping, names, of_line, option, protocol_columns, ratio, rule, unit)
from synthetic import Seeded, fill_table, share_out, share_out_capped

ELECTION = "kz-mazhilis-2023"
SEED = "kz-mazhilis-2023, first edition"

# Central Election Commission, 27 March 2023, as printed by newtimes.kz and vlast.kz. In ballot order of this program.
PARTIES = [
    ("AMANAT", 3_431_510, dict(kk="«AMANAT» партиясы", kk_Latn="«AMANAT» partıasy", ru="Партия «AMANAT»", en="Amanat")),
    ("AUYL", 693_938, dict(kk="«Ауыл» партиясы", kk_Latn="«Auyl» partıasy", ru="Партия «Ауыл»", en="Auyl")),
    ("RESPUBLICA", 547_154,
     dict(kk="«Respublica» партиясы", kk_Latn="«Respublica» partıasy", ru="Партия «Respublica»", en="Respublica")),
    ("AQJOL", 535_139, dict(kk="«Ақ жол» партиясы", kk_Latn="«Aq jol» partıasy", ru="Партия «Ак жол»", en="Aq Jol")),
    ("QHP", 432_920, dict(kk="Қазақстан Халық партиясы", kk_Latn="Qazaqstan Halyq partıasy",
                          ru="Народная партия Казахстана", en="People's Party of Kazakhstan (QHP)")),
    ("JSDP", 331_058, dict(kk="Жалпыұлттық социал-демократиялық партия", kk_Latn="Jalpyulttyq sosıal-demokratıalyq partıa",
                           ru="Общенациональная социал-демократическая партия",
                           en="National Social Democratic Party (NSDP)")),
    ("BAYTAQ", 146_431, dict(kk="«Байтақ» партиясы", kk_Latn="«Baıtaq» partıasy", ru="Партия «Байтак»", en="Baytaq")),
]
AGAINST_ALL = ("AGAINST_ALL", 248_291,
               dict(kk="Бәріне қарсы", kk_Latn="Bárine qarsy", ru="Против всех", en="Against all"))
LIST_OPTIONS = [entry[0] for entry in PARTIES] + [AGAINST_ALL[0]]
LIST_VOTES = [entry[1] for entry in PARTIES] + [AGAINST_ALL[1]]

# The same day: roll 12,035,578 and ballots received by voters 6,521,860 = 54.19 % (press, 22:10). The votes above add up
# to 6,366,441; what is missing to the ballots received was not published as such, and is taken here as invalid.
ROLL = 12_035_578
RECEIVED = 6_521_860
INVALID = RECEIVED - sum(LIST_VOTES)
# At 20:10: roll 12,035,004, received 6,509,695 = 54.09 %.
EARLIER_ROLL, EARLIER_RECEIVED = 12_035_004, 6_509_695

# Regions: id; magnitude of the roll in thousands (rounded by hand from what is publicly known of their size, then
# scaled to the published roll); turnout at 22:10 in hundredths of a percent, as published; share of stations against
# voters (rural regions have more and smaller stations); number of single-member districts (29 spread by size); names.
REGIONS = [
    ("abai", 425, 5702, 125, 1, dict(kk="Абай облысы", kk_Latn="Abaı oblysy", ru="Абайская область", en="Abai Region")),
    ("akmola", 500, 6001, 160, 1, dict(kk="Ақмола облысы", kk_Latn="Aqmola oblysy", ru="Акмолинская область", en="Akmola Region")),
    ("aktobe", 585, 5800, 105, 1, dict(kk="Ақтөбе облысы", kk_Latn="Aqtóbe oblysy", ru="Актюбинская область", en="Aktobe Region")),
    ("almaty-region", 885, 6003, 90, 2, dict(kk="Алматы облысы", kk_Latn="Almaty oblysy", ru="Алматинская область", en="Almaty Region")),
    ("atyrau", 415, 5123, 80, 1, dict(kk="Атырау облысы", kk_Latn="Atyraý oblysy", ru="Атырауская область", en="Atyrau Region")),
    ("west-kazakhstan", 460, 5920, 130, 1, dict(kk="Батыс Қазақстан облысы", kk_Latn="Batys Qazaqstan oblysy",
                                                ru="Западно-Казахстанская область", en="West Kazakhstan Region")),
    ("zhambyl", 715, 6521, 95, 2, dict(kk="Жамбыл облысы", kk_Latn="Jambyl oblysy", ru="Жамбылская область", en="Zhambyl Region")),
    ("zhetysu", 440, 5532, 115, 1, dict(kk="Жетісу облысы", kk_Latn="Jetisý oblysy", ru="Область Жетісу", en="Zhetysu Region")),
    ("karaganda", 762, 5948, 100, 2, dict(kk="Қарағанды облысы", kk_Latn="Qaraǵandy oblysy", ru="Карагандинская область",
                                          en="Karaganda Region")),
    ("kostanay", 590, 6510, 160, 1, dict(kk="Қостанай облысы", kk_Latn="Qostanaı oblysy", ru="Костанайская область",
                                         en="Kostanay Region")),
    ("kyzylorda", 490, 6721, 90, 1, dict(kk="Қызылорда облысы", kk_Latn="Qyzylorda oblysy", ru="Кызылординская область",
                                         en="Kyzylorda Region")),
    ("mangystau", 430, 5410, 70, 1, dict(kk="Маңғыстау облысы", kk_Latn="Mańǵystaý oblysy", ru="Мангистауская область",
                                         en="Mangystau Region")),
    ("pavlodar", 525, 5868, 120, 1, dict(kk="Павлодар облысы", kk_Latn="Pavlodar oblysy", ru="Павлодарская область",
                                         en="Pavlodar Region")),
    ("north-kazakhstan", 390, 6525, 190, 1, dict(kk="Солтүстік Қазақстан облысы", kk_Latn="Soltústik Qazaqstan oblysy",
                                                 ru="Северо-Казахстанская область", en="North Kazakhstan Region")),
    ("turkistan", 1130, 5301, 90, 3, dict(kk="Түркістан облысы", kk_Latn="Túrkistan oblysy", ru="Туркестанская область",
                                          en="Turkistan Region")),
    ("ulytau", 142, 5899, 110, 1, dict(kk="Ұлытау облысы", kk_Latn="Ulytaý oblysy", ru="Область Ұлытау", en="Ulytau Region")),
    ("east-kazakhstan", 510, 6415, 115, 1, dict(kk="Шығыс Қазақстан облысы", kk_Latn="Shyǵys Qazaqstan oblysy",
                                                ru="Восточно-Казахстанская область", en="East Kazakhstan Region")),
    ("astana", 752, 4291, 75, 2, dict(kk="Астана қаласы", kk_Latn="Astana qalasy", ru="город Астана", en="Astana city")),
    ("almaty-city", 1245, 2582, 75, 3, dict(kk="Алматы қаласы", kk_Latn="Almaty qalasy", ru="город Алматы", en="Almaty city")),
    ("shymkent", 640, 4546, 75, 2, dict(kk="Шымкент қаласы", kk_Latn="Shymkent qalasy", ru="город Шымкент", en="Shymkent city")),
]
STATION_COUNT = 10_223
DISTRICT_COUNT = 29
# 29 single-member districts: 23 went to Amanat and 6 to independents, so 40 + 23 = 63 of 98 seats. Which six is made up.
INDEPENDENT_DISTRICTS = (2, 6, 11, 15, 22, 27)

LINES = ["registered", "received_by_commission", "issued", "unused", "spoiled", "found_in_boxes", "valid", "invalid"]
# Candidates of a district are K1, K2, ... in ballot order: an option id is unique in its contest only.
CANDIDATE_COUNT_MAX = 7
CANDIDATES = [f"K{number}" for number in range(1, CANDIDATE_COUNT_MAX + 1)]

SOURCES = ["precinct", "cec", "monitor-a", "monitor-b", "monitor-c"]
MONITORS = [("monitor-a", 420, 6), ("monitor-b", 310, 4), ("monitor-c", 240, 3)]
MISSING_PRELIMINARY_COUNT = 131


def region_rolls():
    """Rolls of the regions: the magnitudes scaled to the published roll, then as many voters moved between Almaty city
    and Kostanay as bring the ballots received, at the published percentages, to the published sum."""
    rolls = share_out(ROLL, [region[1] for region in REGIONS])
    ids = [region[0] for region in REGIONS]
    low, high = ids.index("almaty-city"), ids.index("kostanay")
    # In ten-thousandths of a voter.
    gap = RECEIVED * 10_000 - sum(roll * region[2] for roll, region in zip(rolls, REGIONS))
    moved = gap // (REGIONS[high][2] - REGIONS[low][2])
    rolls[high] += moved
    rolls[low] -= moved
    return rolls


def region_received(rolls):
    """Ballots received by voters of each region, adding up to the published sum while received / roll rounds to the
    published percentage: each region starts at its nearest whole number and takes a part of what is left."""
    received = [(2 * roll * region[2] + 10_000) // 20_000 for roll, region in zip(rolls, REGIONS)]
    left = RECEIVED - sum(received)
    step = 1 if left > 0 else -1
    return [count + step * part for count, part in zip(received, share_out(abs(left), rolls))]


class Stations:
    """The 10,223 stations with their rolls and ballots issued."""

    def __init__(self):
        random = Seeded(SEED + ": stations")
        rolls = region_rolls()
        received = region_received(rolls)
        counts = share_out(STATION_COUNT, [roll * region[3] for roll, region in zip(rolls, REGIONS)])
        self.ids, self.region, self.district, self.roll, self.issued = [], [], [], [], []
        # Indexes of the stations of each region and district.
        self.of_region, self.of_district = [], []
        for index, (region, roll, issued, count) in enumerate(zip(REGIONS, rolls, received, counts)):
            # Small stations in villages, large ones in towns.
            weights = [random.between(15, 60) if random.between(1, 100) <= 40 else random.between(70, 150)
                       for _ in range(count)]
            station_rolls = share_out(roll, weights)
            # Turnout varies by 12 points either way around the region's.
            wishes = [size * (region[2] + random.between(-1200, 1200)) for size in station_rolls]
            station_issued = share_out_capped(issued, wishes, [size - 3 for size in station_rolls])
            first = len(self.ids)
            self.of_region.append(range(first, first + count))
            for part in range(region[4]):
                self.of_district.append(range(first + count * part // region[4], first + count * (part + 1) // region[4]))
            for number in range(count):
                self.ids.append(f"{index + 1:02d}-{number + 1:04d}")
                self.region.append(index)
            self.roll += station_rolls
            self.issued += station_issued
        for number, stations in enumerate(self.of_district):
            self.district += [number] * len(stations)

    def common_lines(self, index, spoiled):
        """The lines that do not depend on how ballots were marked. A commission gets one ballot in a hundred more than
        its roll has voters."""
        received = self.roll[index] + self.roll[index] // 100
        return {"registered": self.roll[index], "received_by_commission": received, "issued": self.issued[index],
                "unused": received - self.issued[index] - spoiled, "spoiled": spoiled}


def list_table(stations):
    """Votes of the eight options and invalid ballots of every station; the columns are the published sums."""
    random = Seeded(SEED + ": list")
    wanted = LIST_VOTES + [INVALID]
    received = [sum(stations.issued[index] for index in indexes) for indexes in stations.of_region]
    region_wishes = [[column * random.between(85, 115) for column in wanted] for _ in REGIONS]
    table = []
    for total, indexes in zip(fill_table(received, wanted, region_wishes), stations.of_region):
        wishes = [[column * random.between(70, 130) for column in total] for _ in indexes]
        table += fill_table([stations.issued[index] for index in indexes], total, wishes)
    return table


def district_candidates(random, number):
    """How the candidates of a district share the votes, and to which party each belongs; a made-up ballot."""
    count = random.between(4, CANDIDATE_COUNT_MAX)
    others = random.sample([party[0] for party in PARTIES[1:]], min(3, count - 2))
    parties = ["AMANAT"] + others + [None] * (count - 1 - len(others))
    parties = [parties[index] for index in sorted(range(count), key=lambda i: (random.next(), i))]
    winner_party = None if number in INDEPENDENT_DISTRICTS else "AMANAT"
    winner = parties.index(winner_party)
    weights = [random.between(40, 170) for _ in parties]
    weights[winner] = random.between(420, 640)
    if winner_party is None:
        weights[parties.index("AMANAT")] = random.between(280, 360)
    # The last weights: against all, invalid.
    return parties, weights + [random.between(20, 45), random.between(18, 30)]


def units():
    """The country, its regions and its districts; stations come from stations.csv.gz."""
    listed = [unit("KZ", None, "country", kk="Қазақстан", kk_Latn="Qazaqstan", ru="Казахстан", en="Kazakhstan")]
    number = 0
    for region_id, _, _, _, district_count, texts in REGIONS:
        listed.append(unit(region_id, "KZ", "region", **texts))
        for _ in range(district_count):
            number += 1
            listed.append(unit(f"district-{number:02d}", region_id, "constituency",
                               kk=f"№ {number} сайлау округі", kk_Latn=f"№ {number} saılaý okrýgi",
                               ru=f"Избирательный округ № {number}", en=f"Electoral district No {number}"))
    return listed


def rules():
    """Relations of the form. Finals that contradict themselves are kept out of sums until they are settled; figures
    phoned in at night are only marked."""
    law = "Constitutional Law on Elections, 28 September 1995 No 2464"
    # What the station protocol's lines say could not be checked against its approved form; the relations hold by the
    # meaning of the lines. Names follow the catalogue of rules in services/domain/README.md.
    relations = [
        ("H04", [of_line("valid")], "=", [ALL_OPTIONS],
         dict(en="Valid ballots equal the votes for all options, against all included.",
              ru="Действительные бюллетени равны сумме голосов, включая «против всех».")),
        ("H05", [of_line("found_in_boxes")], "=", [of_line("valid"), of_line("invalid")],
         dict(en="Ballots found in boxes equal valid and invalid ballots together.",
              ru="Бюллетени в ящиках равны сумме действительных и недействительных.")),
        ("H07", [of_line("issued")], "<=", [of_line("registered")],
         dict(en="No more ballots were issued than voters are registered.",
              ru="Выдано бюллетеней не больше, чем избирателей в списке.")),
        ("H08", [of_line("received_by_commission")], "=", [of_line("issued"), of_line("unused"), of_line("spoiled")],
         dict(en="Ballots the commission received equal issued, unused and spoiled ballots together.",
              ru="Полученные комиссией бюллетени равны сумме выданных, неиспользованных и испорченных.")),
    ]
    listed = []
    for rule_id, left, relation, right, texts in relations:
        listed.append(rule(rule_id, left, relation, right, "hard", ["final", "corrected"], law, **texts))
    for rule_id, left, relation, right, texts in relations:
        listed.append(rule(rule_id + "-preliminary", left, relation, right, "soft", ["preliminary"], law, **texts))
    listed += [
        rule("S01", [of_line("found_in_boxes")], "<=", [of_line("issued")], "soft", citation=law,
             en="No more ballots were found in boxes than were issued."),
        # A difference counts where it reaches 15 ballots and 2 %: the larger tolerance holds.
        rule("S02", [of_line("found_in_boxes")], ">=", [of_line("issued")], "soft", citation=law, tolerance_count=14,
             tolerance_ratio=(2, 100), en="Hardly any ballots issued are missing from the boxes (15 ballots and 2 %)."),
        rule("S03", [of_line("invalid", 10)], "<=", [of_line("found_in_boxes")], "soft",
             en="At most one ballot in ten is invalid."),
        rule("S05", [of_line("found_in_boxes")], ">=", [constant(1)], "soft", en="The boxes are not empty."),
        rule("S07", [of_line("issued")], "<", [of_line("registered")], "soft",
             en="Not every registered voter took part."),
    ]
    return listed


def contests(ballots):
    """The party list and 29 districts."""
    list_options = [option(party_id, "PARTY", party_id, **texts) for party_id, _, texts in PARTIES]
    list_options.append(option(AGAINST_ALL[0], "AGAINST_ALL", **AGAINST_ALL[2]))
    listed = [{
        "contest_id": "party-list",
        "names": names(kk="Партиялық тізімдер", kk_Latn="Partıalyq tizimder", ru="Партийные списки", en="Party lists"),
        "unit_id": "KZ",
        "options": list_options,
        # "Voted for parties and against all": the base of the published percentages (53.90, 10.90, 8.59, ...).
        "share_base_id": "votes",
        "party_list": {
            "seat_count": 69,
            # Article 97: the threshold is a share of the voters who took part. That is read here as ballots received by
            # voters, 6,521,860; on the votes for all options, 6,366,441, the same six lists pass (NSDP has 5.08 % of
            # the one and 5.20 % of the other), and Baytaq fails on either. "Not less than": the exact 5 % is enough.
            "threshold": {"ratio": ratio(5, 100), "base_id": "took_part", "inclusive": True},
            "method": "ALLOCATION_METHOD_LARGEST_REMAINDER_HARE",
        },
    }]
    party_names = {party_id: texts for party_id, _, texts in PARTIES}
    for number, (parties, _) in enumerate(ballots, start=1):
        options = []
        for place, party_id in enumerate(parties, start=1):
            of_whom = party_names[party_id] if party_id else dict(kk="өзін-өзі ұсынған", ru="самовыдвижение", en="independent")
            options.append(option(f"K{place}", "CANDIDATE", party_id,
                                  kk=f"{place}-кандидат ({of_whom['kk']})", ru=f"Кандидат {place} ({of_whom['ru']})",
                                  en=f"Candidate {place} ({of_whom['en']})"))
        options.append(option(AGAINST_ALL[0], "AGAINST_ALL", **AGAINST_ALL[2]))
        listed.append({
            "contest_id": f"district-{number:02d}",
            "names": names(kk=f"№ {number} сайлау округі", kk_Latn=f"№ {number} saılaý okrýgi",
                           ru=f"Избирательный округ № {number}", en=f"Electoral district No {number}"),
            "unit_id": f"district-{number:02d}",
            "options": options,
            "share_base_id": "votes",
            # Article 9: elected is who has more votes than any other.
            "plurality": {},
        })
    return listed


def definition(ballots):
    lines = [
        line("registered", "REGISTERED_VOTERS", required=True, kk="Тізімдегі сайлаушылар", ru="Избирателей в списке",
             en="Registered voters"),
        line("received_by_commission", "BALLOTS_RECEIVED", kk="Комиссия алған бюллетеньдер",
             ru="Бюллетеней получено комиссией", en="Ballots received by the commission"),
        line("issued", "BALLOTS_ISSUED", required=True, kk="Берілген бюллетеньдер", ru="Бюллетеней выдано избирателям",
             en="Ballots issued to voters"),
        line("unused", "BALLOTS_UNUSED", kk="Пайдаланылмаған бюллетеньдер", ru="Неиспользованных бюллетеней",
             en="Unused ballots"),
        line("spoiled", "BALLOTS_SPOILED", kk="Бүлінген бюллетеньдер", ru="Испорченных бюллетеней", en="Spoiled ballots"),
        line("found_in_boxes", "BALLOTS_FOUND", derived=True, kk="Жәшіктердегі бюллетеньдер", ru="Бюллетеней в ящиках",
             en="Ballots found in boxes"),
        line("valid", "BALLOTS_VALID", derived=True, kk="Жарамды бюллетеньдер", ru="Действительных бюллетеней",
             en="Valid ballots"),
        line("invalid", "BALLOTS_INVALID", kk="Жарамсыз бюллетеньдер", ru="Недействительных бюллетеней",
             en="Invalid ballots"),
    ]
    monitor_names = [dict(kk=f"{letter} бақылаушы ұйымы", ru=f"Наблюдательная организация {letter}",
                          en=f"Monitor organisation {letter}") for letter in "ABC"]
    return {
        "election": {
            "election_id": ELECTION,
            "names": names(kk="Парламент Мәжілісі депутаттарының сайлауы, 2023", kk_Latn="Májilis saılaýy, 2023",
                           ru="Выборы депутатов Мажилиса Парламента, 2023", en="Mazhilis of Kazakhstan, 2023"),
            "poll_date": "2023-03-19",
            "law_edition": "Constitutional Law of 28 September 1995 No 2464, edition of 2022",
            "levels": [
                {"level_id": "country", "names": names(kk="Ел", ru="Страна", en="Country")},
                {"level_id": "region", "names": names(kk="Облыс, республикалық маңызы бар қала",
                                                      ru="Область, город республиканского значения", en="Region or city")},
                {"level_id": "constituency", "names": names(kk="Сайлау округі", ru="Избирательный округ",
                                                            en="Single-member district")},
                {"level_id": "station", "names": names(kk="Сайлау учаскесі", ru="Избирательный участок",
                                                       en="Polling station")},
            ],
            "sources": [
                {"source_id": "precinct", "kind": "SOURCE_KIND_COMMISSION", "level_id": "station",
                 "names": names(kk="Учаскелік комиссиялар", ru="Участковые комиссии", en="Precinct commissions")},
                {"source_id": "cec", "kind": "SOURCE_KIND_COMMISSION", "level_id": "country",
                 "names": names(kk="Орталық сайлау комиссиясы", ru="Центральная избирательная комиссия",
                                en="Central Election Commission")},
            ] + [{"source_id": monitor[0], "kind": "SOURCE_KIND_MONITOR", "names": names(**texts)}
                 for monitor, texts in zip(MONITORS, monitor_names)],
            "parties": [{"party_id": party_id, "names": names(**texts)} for party_id, _, texts in PARTIES],
            "lines": lines,
            "bases": [
                {"base_id": "votes", "names": names(kk="партияларға және бәріне қарсы берілген дауыстар",
                                                    ru="голоса за партии и против всех",
                                                    en="votes for all options and against all"), "terms": [ALL_OPTIONS]},
                {"base_id": "took_part", "names": names(kk="дауыс беруге қатысқандар", ru="принявшие участие в голосовании",
                                                        en="voters who took part (ballots issued)"),
                 "terms": [of_line("issued")]},
            ],
            "turnouts": [
                {"turnout_id": "received", "names": names(kk="бюллетень алғандар / тізім", ru="получили бюллетени / список",
                                                          en="ballots issued / registered voters"),
                 "numerator": [of_line("issued")], "denominator": [of_line("registered")],
                 "citation": "the definition behind the published 54.19 % (19 March 2023, 22:10)"},
                {"turnout_id": "voted", "names": names(kk="дауыстар / тізім", ru="голоса / список",
                                                       en="votes for all options / registered voters"),
                 "numerator": [ALL_OPTIONS], "denominator": [of_line("registered")],
                 "citation": "gives 52.90 %; some reference works print it as the turnout"},
            ],
            "rules": rules(),
            "notice": (
                "Demonstration: synthetic below the published level. Published are the list votes of the country (Central "
                "Election Commission, 27 March 2023), the roll and the ballots received (press, 19 March 2023, 22:10), "
                "each region's turnout at 22:10 in per cent, and the number of seats. Rolls of regions, and everything "
                "about districts, candidates, stations, preliminary figures and monitors, are made up by a program from a "
                "fixed seed and say nothing about any real place. Invalid ballots of the country are ballots received "
                "less published votes."),
        },
        "contests": contests(ballots),
        "units": units(),
    }


def transposed(number):
    """The number with its first two neighbouring different digits exchanged, or None; a leading zero is not allowed."""
    digits = str(number)
    for index in range(len(digits) - 1):
        if digits[index] != digits[index + 1] and not (index == 0 and digits[1] == "0"):
            return int(digits[:index] + digits[index + 1] + digits[index] + digits[index + 2:])
    return None


def slip(random, kind, row, options):
    """Turns one preliminary row into one with a slip of that kind. Returns whether it did; row is changed in place."""
    values = [row[name] for name in options]
    place = random.between(0, len(options) - 2)
    first, second = options[place], options[place + 1]
    if kind == "rows_swapped":
        if abs(values[place] - values[place + 1]) < 5:
            return False
        row[first], row[second] = row[second], row[first]
    elif kind == "rows_shifted":
        # Three figures written one row too low; the lowest of the four is lost to the first row.
        run = options[:4]
        old = [row[name] for name in run]
        if len(set(old)) < 4 or min(old) < 2:
            return False
        for name, value in zip(run, [0] + old[:3]):
            row[name] = value
    elif kind == "digits_transposed":
        changed = transposed(values[place])
        if values[place] < 12 or changed is None:
            return False
        row[first] = changed
    elif kind == "transfer":
        moved = random.between(7, 25)
        if values[place] < 2 * moved or values[place] - moved in (values[place + 1], values[place + 1] + moved):
            return False
        row[first] -= moved
        row[second] += moved
    elif kind == "one_changed":
        changed = random.between(2, 9)
        if values[place] < 3 * changed or sorted(str(values[place])) == sorted(str(values[place] - changed)):
            return False
        row[first] -= changed
        row["valid"] -= changed
        row["found_in_boxes"] -= changed
    elif kind == "several_changed":
        if min(values[place], values[place + 1]) < 20:
            return False
        row[first] -= 11
        row[second] -= 4
        row["valid"] -= 15
        row["found_in_boxes"] -= 15
    return True


# How many stations of the list carry which slip.
LIST_SLIPS = [("rows_swapped", 12), ("rows_shifted", 5), ("digits_transposed", 11), ("transfer", 9), ("one_changed", 17),
              ("several_changed", 6)]
DISTRICT_SLIPS = [("rows_swapped", 6), ("digits_transposed", 4), ("one_changed", 8)]


def preliminary(random, finals, kinds, options_of):
    """Preliminary rows from final ones, with seeded slips. Returns the rows by station index, and station -> kind."""
    rows = {index: dict(row, phase="preliminary") for index, row in finals.items()}
    slips = {}
    indexes = sorted(rows)
    for kind, count in kinds:
        done = 0
        while done < count:
            index = random.pick(indexes)
            if index in slips or not slip(random, kind, rows[index], options_of(index)):
                continue
            slips[index] = kind
            done += 1
    return rows, slips


def build():
    stations = Stations()
    random = Seeded(SEED + ": protocols")

    list_rows = {}
    for index, votes in enumerate(list_table(stations)):
        row = {"contest": "party-list", "station_id": stations.ids[index], "phase": "final", "source": "precinct", "version": 1}
        row.update(stations.common_lines(index, random.between(0, 2)))
        row.update(zip(LIST_OPTIONS, votes))
        row.update(found_in_boxes=stations.issued[index], valid=sum(votes[:-1]), invalid=votes[-1])
        list_rows[index] = row

    ballots = [district_candidates(random, number) for number in range(1, DISTRICT_COUNT + 1)]
    district_rows = {}
    for index in range(STATION_COUNT):
        number = stations.district[index]
        parties, weights = ballots[number]
        votes = share_out(stations.issued[index], [weight * random.between(70, 130) for weight in weights])
        row = {"contest": f"district-{number + 1:02d}", "station_id": stations.ids[index], "phase": "final",
               "source": "precinct", "version": 1}
        row.update(stations.common_lines(index, random.between(0, 2)))
        row.update(zip(CANDIDATES[:len(parties)] + ["AGAINST_ALL"], votes))
        row.update(found_in_boxes=stations.issued[index], valid=sum(votes[:-1]), invalid=votes[-1])
        district_rows[index] = row

    list_preliminary, list_slips = preliminary(random, list_rows, LIST_SLIPS, lambda index: LIST_OPTIONS)
    district_preliminary, district_slips = preliminary(
        random, district_rows, DISTRICT_SLIPS, lambda index: CANDIDATES[:len(ballots[stations.district[index]][0])])
    missing = set(random.sample([index for index in range(STATION_COUNT)
                                 if index not in list_slips and index not in district_slips], MISSING_PRELIMINARY_COUNT))

    # One final protocol whose options do not add up to its valid ballots is quarantined, then superseded by a second one.
    broken_index = random.pick([index for index in range(STATION_COUNT)
                                if index not in missing and index not in list_slips and list_rows[index]["AUYL"] >= 30])
    broken = dict(list_rows[broken_index], AUYL=list_rows[broken_index]["AUYL"] - 20)
    list_rows[broken_index] = dict(list_rows[broken_index], version=2)

    protocols = [row for index, row in sorted(list_preliminary.items()) if index not in missing]
    protocols += [row for index, row in sorted(district_preliminary.items()) if index not in missing]
    # What the Central Election Commission said of the country, in the order it said it.
    claim = {"contest": "party-list", "station_id": "KZ", "source": "cec"}
    protocols += [
        dict(claim, phase="preliminary", version=1, recorded_at="2023-03-19T20:10:00+06:00", registered=EARLIER_ROLL,
             issued=EARLIER_RECEIVED),
        dict(claim, phase="preliminary", version=2, recorded_at="2023-03-19T22:10:00+06:00", registered=ROLL, issued=RECEIVED),
    ]
    protocols.append(broken)
    protocols += [row for _, row in sorted(list_rows.items())]
    protocols += [row for _, row in sorted(district_rows.items())]
    protocols.append(dict(claim, phase="final", version=1, recorded_at="2023-03-27T00:00:00+06:00", registered=ROLL,
                          issued=RECEIVED, **dict(zip(LIST_OPTIONS, LIST_VOTES))))

    monitor_differences = {}
    for monitor, count, differing in MONITORS:
        seen = random.sample(range(STATION_COUNT), count)
        copies = [{name: list_rows[index][name] for name in
                   ["contest", "station_id", "phase", "registered", "issued", "valid", "invalid"] + LIST_OPTIONS}
                  for index in seen]
        different = random.sample([row for row in copies if row["AMANAT"] >= 120], differing)
        for row in different:
            moved = random.between(21, 60)
            row["AMANAT"] -= moved
            row["JSDP"] += moved
        protocols += [dict(row, source=monitor, version=1) for row in copies]
        monitor_differences[monitor] = {"stations": count, "differing": [row["station_id"] for row in different]}

    station_rows = [{"station_id": stations.ids[index], "region": REGIONS[stations.region[index]][0],
                     "constituency": f"district-{stations.district[index] + 1:02d}",
                     "name": f"Polling station {stations.ids[index]}", "registered_voters": stations.roll[index]}
                    for index in range(STATION_COUNT)]
    defined = definition(ballots)
    return {
        "definition": defined,
        "mapping": mapping(defined, ["region", "constituency"], LINES, SOURCES),
        "station_columns": ["station_id", "region", "constituency", "name", "registered_voters"],
        "stations": station_rows,
        "protocol_columns": protocol_columns(LINES, LIST_OPTIONS + CANDIDATES),
        "protocols": protocols,
        "expected": {
            "votes": dict(zip(LIST_OPTIONS, LIST_VOTES)),
            "registered": ROLL,
            "issued": RECEIVED,
            "invalid": INVALID,
            "list_seats": {"AMANAT": 40, "AUYL": 8, "RESPUBLICA": 6, "AQJOL": 6, "QHP": 5, "JSDP": 4, "BAYTAQ": 0},
            "district_seats": {"AMANAT": DISTRICT_COUNT - len(INDEPENDENT_DISTRICTS), "": len(INDEPENDENT_DISTRICTS)},
            "turnout_hundredths_of_percent": dict({region[0]: region[2] for region in REGIONS}, KZ=5419),
            "missing_preliminary": [stations.ids[index] for index in sorted(missing)],
            "list_slips": {stations.ids[index]: kind for index, kind in sorted(list_slips.items())},
            "district_slips": {stations.ids[index]: kind for index, kind in sorted(district_slips.items())},
            "quarantined_then_superseded": stations.ids[broken_index],
            "monitors": monitor_differences,
        },
    }
