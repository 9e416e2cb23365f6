"""Three elections of which only claims of the Central Election Commission for the whole country are entered:
the referendum of 2022, the Mazhilis of 2007, the president of 2011. No station is declared and nothing is made up."""

from layout import ALL_OPTIONS, line, mapping, names, of_line, option, protocol_columns, ratio, rule, unit

COUNTRY = unit("KZ", None, "country", kk="Қазақстан", kk_Latn="Qazaqstan", ru="Казахстан", en="Kazakhstan")
COUNTRY_LEVELS = [
    {"level_id": "country", "names": names(kk="Ел", ru="Страна", en="Country")},
    {"level_id": "region", "names": names(kk="Облыс", ru="Область", en="Region or city")},
    {"level_id": "station", "names": names(kk="Сайлау учаскесі", ru="Избирательный участок", en="Polling station")},
]
CEC = {"source_id": "cec", "kind": "SOURCE_KIND_COMMISSION",
       "names": names(kk="Орталық сайлау комиссиясы", ru="Центральная избирательная комиссия",
                      en="Central Election Commission")}
VOTES = {"base_id": "votes", "terms": [ALL_OPTIONS],
         "names": names(kk="барлық дауыстар", ru="все голоса", en="votes for all options")}


def claim(contest, phase, figures, source="cec", version=1):
    return dict(figures, contest=contest, station_id="KZ", phase=phase, source=source, version=version)


def election(definition, lines, sources, protocols, expected):
    options = [entry["option_id"] for entry in definition["contests"][0]["options"]]
    return {
        "definition": definition,
        "mapping": mapping(definition, ["region"], lines, sources),
        "station_columns": ["station_id", "region", "name", "registered_voters"],
        "stations": [],
        "protocol_columns": protocol_columns(lines, options),
        "protocols": protocols,
        "expected": expected,
    }


# The 14 regions and 3 cities there were on the day; the regions Abai, Zhetysu and Ulytau were founded three days later.
REGIONS_OF_2022 = [
    ("akmola", "Ақмола облысы", "Акмолинская область", "Akmola Region"),
    ("aktobe", "Ақтөбе облысы", "Актюбинская область", "Aktobe Region"),
    ("almaty-region", "Алматы облысы", "Алматинская область", "Almaty Region"),
    ("atyrau", "Атырау облысы", "Атырауская область", "Atyrau Region"),
    ("east-kazakhstan", "Шығыс Қазақстан облысы", "Восточно-Казахстанская область", "East Kazakhstan Region"),
    ("zhambyl", "Жамбыл облысы", "Жамбылская область", "Zhambyl Region"),
    ("west-kazakhstan", "Батыс Қазақстан облысы", "Западно-Казахстанская область", "West Kazakhstan Region"),
    ("karaganda", "Қарағанды облысы", "Карагандинская область", "Karaganda Region"),
    ("kostanay", "Қостанай облысы", "Костанайская область", "Kostanay Region"),
    ("kyzylorda", "Қызылорда облысы", "Кызылординская область", "Kyzylorda Region"),
    ("mangystau", "Маңғыстау облысы", "Мангистауская область", "Mangystau Region"),
    ("pavlodar", "Павлодар облысы", "Павлодарская область", "Pavlodar Region"),
    ("north-kazakhstan", "Солтүстік Қазақстан облысы", "Северо-Казахстанская область", "North Kazakhstan Region"),
    ("turkistan", "Түркістан облысы", "Туркестанская область", "Turkistan Region"),
    ("nur-sultan", "Нұр-Сұлтан қаласы", "город Нур-Султан", "Nur-Sultan city"),
    ("almaty-city", "Алматы қаласы", "город Алматы", "Almaty city"),
    ("shymkent", "Шымкент қаласы", "город Шымкент", "Shymkent city"),
]


def referendum_2022():
    """Amendments to the constitution, 5 June 2022. Took part = yes + no + both marked + invalid, in both versions."""
    preliminary = {"registered": 11_734_642, "took_part": 7_986_293, "both_marked": 125_859, "invalid": 206_096,
                   "YES": 6_163_863, "NO": 1_490_475}
    final = {"registered": 11_734_642, "took_part": 7_985_769, "both_marked": 125_859, "invalid": 205_924,
             "YES": 6_163_516, "NO": 1_490_470}
    # One paper printed 20,696 for 206,096: its copy contradicts itself and is marked so.
    press = dict(preliminary, invalid=20_696)
    lines = [
        line("registered", "REGISTERED_VOTERS", required=True, kk="Тізімдегі азаматтар", ru="Граждан в списке",
             en="Registered voters"),
        line("took_part", "BALLOTS_ISSUED", required=True, derived=True, kk="Қатысқандар", ru="Приняли участие", en="Took part"),
        line("both_marked", "BALLOTS_VALID_NOT_COUNTED", kk="Екі белгі қойылған", ru="Отмечены оба варианта",
             en="Both options marked (valid, not counted)"),
        line("invalid", "BALLOTS_INVALID", kk="Жарамсыз", ru="Недействительные", en="Invalid ballots"),
    ]
    line_ids = [entry["line_id"] for entry in lines]
    definition = {
        "election": {
            "election_id": "kz-referendum-2022",
            "names": names(kk="Республикалық референдум, 2022", kk_Latn="Respýblıkalyq referendým, 2022",
                           ru="Республиканский референдум, 2022", en="Referendum of Kazakhstan, 2022"),
            "poll_date": "2022-06-05",
            "law_edition": "Constitutional Law on Republican Referendum, edition of 2022",
            "levels": COUNTRY_LEVELS,
            "sources": [CEC, {"source_id": "press", "kind": "SOURCE_KIND_MONITOR",
                              "names": names(kk="Баспасөз", ru="Пресса", en="A newspaper's copy")}],
            "lines": lines,
            "bases": [{"base_id": "took_part", "terms": [of_line("took_part")],
                       "names": names(kk="қатысқандар", ru="принявшие участие", en="citizens who took part")}],
            "turnouts": [{"turnout_id": "took_part",
                          "names": names(kk="қатысқандар / тізім", ru="приняли участие / список", en="took part / registered"),
                          "numerator": [of_line("took_part")], "denominator": [of_line("registered")],
                          "citation": "published: 68.06 % preliminary, 68.05 % final"}],
            "rules": [rule("H05", [of_line("took_part")], "=",
                           [ALL_OPTIONS, of_line("both_marked"), of_line("invalid")], "hard",
                           en="Those who took part equal yes, no, both marked and invalid together.",
                           ru="Принявшие участие равны сумме «за», «против», обоих вариантов и недействительных."),
                      rule("H07", [of_line("took_part")], "<=", [of_line("registered")], "hard",
                           en="No more took part than are registered.")],
            "notice": (
                "Only figures for the whole country are entered, as the Central Election Commission published them "
                "(preliminary and final, June 2022). No figures by region were found, so whether the amendments were "
                "adopted in two thirds of the regions cannot be shown from this ledger."),
        },
        "contests": [{
            "contest_id": "amendments",
            "names": names(kk="Конституцияға өзгерістер", kk_Latn="Konstıtýsııaǵa ózgerister",
                           ru="Поправки к Конституции", en="Amendments to the Constitution"),
            "unit_id": "KZ",
            "options": [option("YES", "YES", kk="Келісемін", kk_Latn="Kelisemin", ru="Согласен", en="Yes"),
                        option("NO", "NO", kk="Келіспеймін", kk_Latn="Kelispeımin", ru="Не согласен", en="No")],
            "share_base_id": "took_part",
            "referendum": {
                # More than half of those who took part, in the country and in at least two thirds of the regions.
                "condition": {"ratio": ratio(1, 2), "base_id": "took_part"},
                "regions": {"level_id": "region", "ratio": ratio(2, 3), "inclusive": True},
            },
        }],
        "units": [COUNTRY] + [unit(region_id, "KZ", "region", kk=kk, ru=ru, en=en)
                              for region_id, kk, ru, en in REGIONS_OF_2022],
    }
    protocols = [claim("amendments", "preliminary", preliminary),
                 claim("amendments", "preliminary", press, source="press"),
                 claim("amendments", "final", final)]
    return election(definition, line_ids, ["cec", "press"], protocols, {
        "preliminary": preliminary, "final": final,
        "change": {name: final[name] - preliminary[name] for name in final}})


def mazhilis_2007():
    """98 seats by list under a threshold of 7 per cent; one party passed."""
    parties = [
        ("NUR_OTAN", 5_174_169, 5_247_720, dict(kk="«Нұр Отан»", kk_Latn="«Nur Otan»", ru="«Нур Отан»", en="Nur Otan")),
        ("AQJOL", 192_155, 183_346, dict(kk="«Ақ жол»", kk_Latn="«Aq jol»", ru="«Ак жол»", en="Ak Zhol")),
        ("NSDP", 271_525, 269_310, dict(kk="ЖСДП", kk_Latn="JSDP", ru="ОСДП", en="NSDP")),
        ("AUYL", 93_023, 89_855, dict(kk="«Ауыл»", kk_Latn="«Auyl»", ru="«Ауыл»", en="Auyl")),
        ("CPPK", 77_274, 76_799, dict(kk="ҚКХП", kk_Latn="QKHP", ru="КНПК", en="Communist People's Party")),
        ("PATRIOTS", 44_175, 46_436, dict(kk="Патриоттар партиясы", kk_Latn="Patrıottar partıasy", ru="Партия патриотов",
                                          en="Party of Patriots")),
        ("RUKHANIYAT", 24_308, 22_159, dict(kk="«Руханият»", kk_Latn="«Rýhanıat»", ru="«Руханият»", en="Rukhaniyat")),
    ]
    preliminary = {party_id: votes for party_id, votes, _, _ in parties}
    final = {party_id: votes for party_id, _, votes, _ in parties}
    definition = {
        "election": {
            "election_id": "kz-mazhilis-2007",
            "names": names(kk="Мәжіліс сайлауы, 2007", kk_Latn="Májilis saılaýy, 2007", ru="Выборы в Мажилис, 2007",
                           en="Mazhilis of Kazakhstan, 2007"),
            "poll_date": "2007-08-18",
            # Until 2009 the law had no rule that admits a second list beside a single one above the threshold.
            "law_edition": "Constitutional Law of 28 September 1995 No 2464, edition of 2007",
            "levels": COUNTRY_LEVELS,
            "sources": [CEC],
            "parties": [{"party_id": party_id, "names": names(**texts)} for party_id, _, _, texts in parties],
            "bases": [VOTES],
            "notice": (
                "Only figures for the whole country are entered. Preliminary: as published by an embassy, marked as still "
                "to be revised. Final: Nur Otan and Ak Zhol as published; the other five final figures are from memory "
                "and unverified (they add up to 5,935,625 and give the published 88.41 %)."),
        },
        "contests": [{
            "contest_id": "party-list",
            "names": names(kk="Партиялық тізімдер", kk_Latn="Partıalyq tizimder", ru="Партийные списки", en="Party lists"),
            "unit_id": "KZ",
            "options": [option(party_id, "PARTY", party_id, **texts) for party_id, _, _, texts in parties],
            "share_base_id": "votes",
            "party_list": {
                "seat_count": 98,
                # The law measures it on those who took part, a figure not found for 2007; on the votes for all lists
                # the second party has 4.54 %, so that either base admits one list.
                "threshold": {"ratio": ratio(7, 100), "base_id": "votes", "inclusive": True},
                "method": "ALLOCATION_METHOD_LARGEST_REMAINDER_HARE",
            },
        }],
        "units": [COUNTRY],
    }
    protocols = [claim("party-list", "preliminary", preliminary),
                 claim("party-list", "final", final)]
    return election(definition, [], ["cec"], protocols, {
        "preliminary": preliminary, "final": final, "seats": {"NUR_OTAN": 98},
        "change": {name: final[name] - preliminary[name] for name in final}})


def president_2011():
    """Early election of the president, 3 April 2011; an absolute majority in the first round."""
    candidates = [
        ("NAZARBAYEV", 7_850_958, dict(kk="Нұрсұлтан Назарбаев", kk_Latn="Nursultan Nazarbaev", ru="Нурсултан Назарбаев",
                                       en="Nursultan Nazarbayev")),
        ("KASYMOV", 159_036, dict(kk="Ғани Қасымов", kk_Latn="Ǵanı Qasymov", ru="Гани Касымов", en="Gani Kasymov")),
        ("AKHMETBEKOV", 111_924, dict(kk="Жамбыл Ахметбеков", kk_Latn="Jambyl Ahmetbekov", ru="Жамбыл Ахметбеков",
                                      en="Zhambyl Akhmetbekov")),
        ("YELEUSIZOV", 94_452, dict(kk="Мэлс Елеусізов", kk_Latn="Mels Eleýsizov", ru="Мэлс Елеусизов", en="Mels Yeleusizov")),
    ]
    final = {option_id: votes for option_id, votes, _ in candidates}
    definition = {
        "election": {
            "election_id": "kz-president-2011",
            "names": names(kk="Президент сайлауы, 2011", kk_Latn="Prezıdent saılaýy, 2011", ru="Выборы Президента, 2011",
                           en="President of Kazakhstan, 2011"),
            "poll_date": "2011-04-03",
            "law_edition": "Constitutional Law of 28 September 1995 No 2464, edition of 2011",
            "levels": COUNTRY_LEVELS,
            "sources": [CEC],
            "bases": [VOTES],
            "notice": (
                "Only final figures for the whole country are entered. The votes are from memory and unverified; they give "
                "the published 95.55 %. Preliminary results were published in per cent alone, so none are entered."),
        },
        "contests": [{
            "contest_id": "president",
            "names": names(kk="Президент", kk_Latn="Prezıdent", ru="Президент", en="President"),
            "unit_id": "KZ",
            "options": [option(option_id, "CANDIDATE", **texts) for option_id, _, texts in candidates],
            "share_base_id": "votes",
            # Article 9: more than half of the voters who took part. Their number was not found; the published percentages
            # are of the votes for the four candidates.
            "absolute_majority": {"conditions": [{"share": {"ratio": ratio(1, 2), "base_id": "votes"}}]},
        }],
        "units": [COUNTRY],
    }
    return election(definition, [], ["cec"], [claim("president", "final", final)], {
        "final": final, "elected": "NAZARBAYEV"})
