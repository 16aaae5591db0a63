#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the banner and the sheets of a chart say of small made charts: postings, weight, estimated births.

Kills tests/mutants/model-weight-struck, model-weight-first, model-abnormal-behind, model-abnormal-uncounted, model-must-behind-more, model-pane-age-other, model-visit-struck.
"""
import os, sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests/model"))
from finds import charts, expect, main, of, order, patient, potassium, text

LOINC = "http://loinc.org"


def coded(system, code, words):
    return {"coding": [{"system": system, "code": code}], "text": words}


def weight(id_, day, value, status="final", unit="kg", **more):
    more = {"category": [{"coding": [{"code": "vital-signs"}]}], "valueQuantity": {"value": value, "unit": unit}, **more}
    return of("Observation", id_, status=status, code=coded(LOINC, "29463-7", "Body weight"), **({"effectiveDateTime": day} if day else {}), **more)


def second(*resources, options=()):
    """The banner's second row, and its lines, of a chart with those resources."""
    _, shown = charts([patient("p"), *resources], *options)
    return shown["p"]["rows"][1], shown["p"]["banner"]


def weights():
    """Kills tests/mutants/model-weight-struck.patch: a weight that was entered in error stands in the banner."""
    row, lines = second(weight("a", "2026-03-05", 72), weight("b", "2026-03-06", 720, "entered-in-error"), weight("c", "2025-01-01", 80),
                        weight("d", "2026-03-07", 7.2, "cancelled"), weight("e", "2027-12-01", 71))
    expect(row == "Allergies not recorded  Weight 72 kg 05-Mar-2026" and "Weight 72 kg 05-Mar-2026" in lines, f"weight: {row!r}, {lines}")
    other = weight("o", "2026-03-08", 99)
    other["subject"] = {"reference": "Patient/q"}
    for want, *rows in (("72.50 kg 05-Mar-2019", weight("a", "2019-03-05", "@72.50")), ("3450 g Mar-2026", weight("a", "2026-03", 3450, unit="g")),
                        ("70 kg no date", weight("a", None, 70)), ("71 kg 05-Mar-2020", weight("a", None, 70), weight("b", "2020-03-05", 71)),
                        ("71 kg 05-Mar-2020", weight("b", "2020-03-05", 71), weight("a", "2026-03-05", 72, category=[])
                         | {"code": coded("urn:other", "29463-7", "no LOINC")}),
                        ("73 kg 06-Mar-2026", weight("b", "2026-03-05", 71), weight("a", "2026-03-06", 73, category=[{"coding": [{"code": "exam"}]}]))):
        row, _ = second(*rows)
        expect(row == "Allergies not recorded  Weight " + want, f"weight {want}: {row!r}")
    for rows in ([other], [weight("a", "2026-03-05", 72, valueQuantity={"unit": "kg"})], []):
        row, lines = second(patient("q", "Baker", birthDate="1950-02-03"), *rows)
        expect("Weight" not in row and "Weight not recorded" in lines, f"no weight: {row!r} {lines}")
    _, lines = second(options=("--unfetched", "Observation"))
    expect("Weight unavailable - NOT FETCHED" in lines, f"vital signs not pulled: {lines}")


def flag(id_, category, status="active"):
    return of("Flag", id_, status=status, code={"text": f"flag {id_}"}, category=[{"coding": [{"code": category}]}] if category else [])


def postings():
    dnr = {"resourceType": "Consent", "id": "d", "status": "active", "patient": {"reference": "Patient/p"}, "scope": {"coding": [{"code": "adr"}]},
           "category": [{"coding": [{"code": "dnr"}], "text": "Not for resuscitation"}]}
    nuts = {"resourceType": "AllergyIntolerance", "id": "n", "code": {"text": "nuts"}, "patient": {"reference": "Patient/p"},
            "clinicalStatus": {"coding": [{"code": "active"}]}}
    both = lambda *codes: [flag(f"f{i}", c) for i, c in enumerate(codes)]
    for want, rows in (("[CWAD]", [*both("safety", "contact"), nuts, dnr]), ("[W]", both(None)), ("[C]", both("behavioral")), ("[D]", both("advance-directive")),
                       ("[AD]", [nuts, dnr]), ("[A]", [nuts]), ("", []), ("", [flag("x", "safety", "inactive"), {**dnr, "status": "rejected"}])):
        row, lines = second(*rows)
        letters = [w for w in row.split("  ") if w.startswith("[")]
        expect(letters == [want] * bool(want), f"postings: {row!r}, not {want!r}")
        expect(any(l.startswith("Postings: ") for l in lines) == bool(want), f"postings in words: {lines}")
    row, _ = second(*both("safety", "contact"), nuts, dnr, weight("a", "2026-03-05", 72))
    expect(row == "Known allergies: nuts  [CWAD]  DIRECTIVE  WARNING: flag f0, flag f1  +1", f"all at once: {row!r}")


def yields():
    """Kills tests/mutants/model-weight-first.patch: the weight stands in the banner's row where an allergen's name would."""
    allergy = lambda i, words, **more: {"resourceType": "AllergyIntolerance", "id": i, "code": {"text": words}, "patient": {"reference": "Patient/p"},
                                        "clinicalStatus": {"coding": [{"code": "active"}]}, **more}
    aspirin = allergy("a", "Aspirin", criticality="high", verificationStatus={"coding": [{"code": "unconfirmed"}]})
    heavy = weight("w", "2026-09-09", "@71.7")
    for want, rows in (("Known allergies: Penicillin, Aspirin (unconfirmed)  [A]  +1", [allergy("p", "Penicillin", criticality="high"), aspirin]),
                       ("Known allergies: Aspirin (unconfirmed), nuts  [A]  Weight 71.7 kg 09-Sep-2026", [aspirin, allergy("n", "nuts")]),
                       ("Known allergies: Aspirin (unconfirmed)  [WA]  WARNING: flag f0  +1", [aspirin, flag("f0", "contact")]),
                       ("Known allergies: nuts  [WA]  WARNING: flag f0  Weight 71.7 kg 09-Sep-2026", [allergy("n", "nuts"), flag("f0", "contact")])):
        row, lines = second(*rows, heavy)
        expect(row == want and "Weight 71.7 kg 09-Sep-2026" in lines, f"{row!r}, not {want!r}; {lines}")


def births():
    temp = [{"value": "TMP-17", "use": "temp"}]
    people = [patient("a", birthDate="1984"), patient("b", birthDate="1984-02"), patient("c", birthDate="1984-02-03", identifier=temp),
              patient("d", birthDate="1984", deceasedDateTime="2026-05-01"), patient("e", deceasedDateTime="2026-05-01T00:00:00Z", birthDate="1955-01-02")]
    listed, shown = charts(people)
    for p, want in {"a": "Born ~1984 (est) ~42y", "b": "Born ~Feb-1984 (est) ~42y", "c": "Born 03-Feb-1984 (42y)", "d": "Born ~1984 (est)"}.items():
        expect(want + "  Gender" in shown[p]["rows"][0] and want in shown[p]["banner"], f"birth: {shown[p]['rows'][0]!r}, not {want!r}")
    expect(shown["c"]["rows"][0].endswith("ID No. TMP-17 TEMP") and "ID No. TMP-17 TEMP (temporary)" in shown["c"]["banner"], f"temporary number: {shown['c']}")
    expect("*** DIED 01-May-2026  Age at death 71y ***" in shown["e"]["rows"][1], f"death: {shown['e']['rows'][1]!r}")
    expect(listed["a"]["cells"][1] == "~1984 (est) ~42y", f"worklist: {listed['a']['cells']}")


def cover_of(*resources, options=()):
    shown = charts([patient("p"), *resources], *options)[1]
    return next(iter(shown.values()))["sections"]["cover"]


def full():
    """A chart with more in each pane than a page holds."""
    ago = lambda n: f"2026-{11 - n // 28:02}-{28 - n % 28:02}" if n > 8 else f"2026-11-{20 - n:02}"
    return [*[of("Condition", f"c{i}", code={"text": f"problem {i}"}, clinicalStatus={"coding": [{"code": "active"}]}) for i in range(20)],
            *[order(f"m{i}") for i in range(20)], order("no", doNotPerform=True), order("held", "on-hold"),
            *[potassium(f"l{i}", ago(i), 4.1, flag="N") for i in range(30)], *[potassium(f"k{i}", ago(i), 7.1) for i in range(8)],
            *[weight(f"w{i}", ago(i), 70 + i) for i in range(20)], *[flag(f"f{i}", "contact") for i in range(9)], flag("old", "contact", "inactive"),
            *[of("Encounter", f"e{i}", status="finished", **{"class": {"code": "AMB"}}, period={"start": ago(i)}) for i in range(20)],
            *[{"resourceType": "Appointment", "id": f"a{i}", "status": "booked" if i else "cancelled", "start": f"2027-01-{1 + i:02}T08:00:00Z",
               "description": f"clinic {i}", "participant": [{"actor": {"reference": "Patient/p"}}]} for i in range(10)]]


HEADS = ["Allergies and alerts", "Problems: ", "Medicines: ", "Results: ", "Vital signs: ", "Visits: "]


def panes():
    """Kills tests/mutants/model-must-behind-more.patch: what must be seen falls behind "+n more" when the page is small."""
    whole = cover_of(*full())
    must = [r for r in whole if r["must"]]
    heads = [r for r in whole if "age" in r]
    expect([h["text"][:len(w)] for h, w in zip(heads, HEADS)] == HEADS and len(heads) == 6, f"six panes in their order: {heads}")
    expect({r["id"] for r in must if r["id"]} == {"no", *[f"f{i}" for i in range(9)], *[f"k{i}" for i in range(5)]}, f"what must be seen: {must}")
    expect(any(r["text"] == "CRITICAL RESULTS: 3 more in the last 12 months" for r in must), f"critical results without room are said: {must}")
    expect(heads[2]["text"] == "Medicines: 20 active, 1 on hold; 1 DO NOT GIVE" and heads[3]["text"] == "Results: 38, 6+ abnormal", f"counts: {heads}")
    expect(heads[5]["text"] == "Visits: 20; appointments ahead: 9", f"counts: {heads}")
    for page in (6, 18, 24, 40, 200):
        rows = cover_of(*full(), options=("--page", str(page)))
        ids = [r["id"] for r in rows]
        expect([r["id"] or r["text"] for r in rows if r["must"] and "age" not in r] == [r["id"] or r["text"] for r in must if "age" not in r],
               f"page of {page}: what must be seen is not all there: {ids}")
        expect(page < len(must) or len(rows) <= page, f"page of {page}: {len(rows)} rows")
        for i, (head, total) in enumerate(zip((r for r in rows if "age" in r), (None, 20, 22, 38, 20, 29)), 1):
            shown = sum(1 for r in rows if r["pane"] == i and "age" not in r)
            hidden = f"  +{total - shown} more" if total and total > shown else ""
            seen = sum(1 for r in rows if r["pane"] == i and r["id"].startswith("k"))
            hidden += f", {6 - seen}+ abnormal" if i == 4 and seen < 6 else ""  # six of those of the newest days
            expect(total is None or head["text"].endswith("as of 23-Nov 14:05" + hidden), f"page of {page}, pane {i}, {shown} shown: {head['text']!r}")
    rows = cover_of(*full(), options=("--page", "36"))
    expect(all(sum(r["pane"] == p for r in rows) >= 3 for p in range(2, 7)), f"each pane has rows of its own: {rows}")
    meds = [r["id"] for r in rows if r["pane"] == 3 and r["id"]]
    expect(meds[:2] == ["no", "held"], f"not to be given first, then held: {meds}")
    visits = [r["id"] for r in whole if r["pane"] == 6 and r["id"]]
    expect(visits[:4] == ["a1", "a2", "a3", "a4"] and visits[8] == "e0", f"the next appointment first, then the last visit: {visits}")
    long = order("x", doNotPerform=True, medicationCodeableConcept={"text": "two words"}, dosageInstruction=[{"text": "word " * 60}])
    for options, want in (((), "DO NOT GIVE: two words - " + "word " * 59 + "word - active"), (("--page", "24"), "DO NOT GIVE: two words - long: Enter shows all of it")):
        rows = [r["text"] for r in cover_of(long, options=options) if r["id"] == "x"]
        expect(rows == [want], f"a row that is too long for a screen's cover, {options}: {rows}")


def alerts():
    """The first heading counts what its rows name: allergens, flags, critical results; that none are known is not one."""
    allergy = lambda i, **more: {"resourceType": "AllergyIntolerance", "id": i, "code": {"text": i}, "patient": {"reference": "Patient/p"},
                                 "clinicalStatus": {"coding": [{"code": "active"}]}, **more}
    none = allergy("none", code={"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}], "text": "No known allergy"})
    two = [allergy("nuts"), allergy("latex")]
    for want, rows in (("", []), ("", [none]), (": 2", two), (": 1", [flag("f", "contact")]), (": 3", [*two, flag("f", "contact"), flag("g", "contact", "inactive")]),
                       (": 9", [flag("f", "contact"), *[potassium(f"k{i}", "2026-11-20", 7.1) for i in range(8)]])):
        head = next(r["text"] for r in cover_of(*rows) if "age" in r)
        expect(head == "Allergies and alerts" + want, f"{head!r}, not {want!r}: {rows}")


def abnormal_first():
    """Kills tests/mutants/model-abnormal-behind.patch: on the cover normal results of a day stand before abnormal ones."""
    at = lambda day, hour: f"2026-11-{day}T{hour:02}:00:00Z"
    labs = [*[potassium(f"n{i}", at(20, i), 4.1, flag="N") for i in range(1, 20)], potassium("bad", at(20, 0), 5.9, flag="H"),
            potassium("old", at(19, 9), 6.0, flag="H"), potassium("new", at(21, 1), 4.0, flag="N")]
    rows = [r["id"] for r in cover_of(*labs) if r["pane"] == 4 and r["id"]]
    expect(rows[:4] == ["new", "bad", "n19", "n18"] and len(rows) == 16 and "old" not in rows, f"results of three days: {rows}")
    sign = lambda i, code, hour, **more: of("Observation", i, status="final", code=coded(LOINC, code, i), effectiveDateTime=at(20, hour),
                                            category=[{"coding": [{"code": "vital-signs"}]}], valueQuantity={"value": 50, "unit": "x"}, **more)
    high = {"interpretation": [{"coding": [{"code": "H"}]}]}
    rows = [r["id"] for r in cover_of(sign("breaths", "9279-1", 8), sign("weight", "29463-7", 9), sign("pulse", "8867-4", 8), sign("pressure", "85354-9", 8),
                                      sign("pressure-2", "85354-9", 7), sign("other", "1-8", 8), sign("heat", "8310-5", 6, **high)) if r["pane"] == 5 and r["id"]]
    expect(rows == ["heat", "pressure", "pulse", "breaths", "weight", "other", "pressure-2"], f"vital signs of a day: {rows}")


def abnormal_counted():
    """Kills tests/mutants/model-abnormal-uncounted.patch: '+5 more' says nothing of the abnormal ones among them."""
    at = lambda day, hour: f"2026-11-{day}T{hour:02}:00:00Z"
    high = [potassium(f"h{i}", at(20, i), 5.9, flag="H") for i in range(20)]
    normal = [potassium(f"n{i}", at(21, i), 4.1, flag="N") for i in range(3)]
    older = [potassium("old", at(19, 9), 4.0, flag="N")]
    struck = [potassium("struck", at(20, 22), 5.9, status="entered-in-error", flag="H")]
    head = lambda rows, page: next(r["text"] for r in cover_of(*rows, options=("--page", str(page))) if r["text"].startswith("Results"))
    asof = "  as of 23-Nov 14:05"
    for rows, page, want in ((normal, 6, "Results: 3" + asof + "  +3 more"), (normal, 40, "Results: 3" + asof),
                             (high[:1], 40, "Results: 1, 1 abnormal" + asof), (high, 60, "Results: 20, 20 abnormal" + asof + "  +4 more, 4 abnormal"),
                             (high, 6, "Results: 20, 20 abnormal" + asof + "  +20 more, 20 abnormal"), ([*normal, *high[:2]], 9, "Results: 5, 2 abnormal" + asof + "  +3 more, 2 abnormal"),
                             ([*high, *older], 60, "Results: 21, 20+ abnormal" + asof + "  +5 more, 4+ abnormal"), ([*high, *struck], 60, "Results: 21, 20 abnormal" + asof + "  +5 more, 4 abnormal")):
        expect(head(rows, page) == want, f"page of {page}: {head(rows, page)!r}, not {want!r}")


def ages():
    """Kills tests/mutants/model-pane-age-other.patch: a pane says how old the rows of another kind are."""
    kinds = {"AllergyIntolerance": 1, "Flag": 2, "Condition": 3, "MedicationStatement": 4, "Observation": 5, "Encounter": 6, "Appointment": 7}
    options = [w for k, n in kinds.items() for w in ("--asof", f"{k}={n}")]
    heads = [r for r in cover_of(options=options) if "age" in r]
    expect([h["age"] for h in heads] == [f"as of 23-Nov 14:0{n}" for n in (3, 2, 1, 0)] + ["as of 23-Nov 14:00", "as of 23-Nov 13:58"], f"ages: {heads}")
    for kind, at in {"Condition": 1, "MedicationRequest": 2, "DiagnosticReport": 3, "Appointment": 5, "Consent": 0}.items():
        heads = [r for r in cover_of(options=("--unfetched", kind)) if "age" in r]
        for i, h in enumerate(heads):
            expect(h["text"].endswith(f" - NOT FETCHED: {kind}") == (i == at), f"{kind} was not pulled: {h}")
    heads = [r for r in cover_of(options=("--file",)) if "age" in r]
    expect(len(heads) == 6 and all(h["age"] == "from a file" for h in heads), f"ages of a file: {heads}")


def stops():
    """On hold, in force, planned, stopped of late, past; what was stopped in the last 48 h is said above, by name."""
    at = lambda version, when: {"meta": {"versionId": version, "lastUpdated": when}}
    rows = [order("past", "stopped"), order("old", "completed"), order("now"), order("held", "on-hold"), order("draft", "draft"),
            order("late", "stopped", **at("3", "2026-11-22T08:00:00Z")), order("first", "stopped", **at("1", "2026-11-22T08:00:00Z")),
            order("long", "stopped", **at("3", "2026-11-20T08:00:00Z")),
            order("end", "stopped", dosageInstruction=[{"timing": {"repeat": {"boundsPeriod": {"end": "2026-11-23"}}}}], **at("3", "2026-11-01T08:00:00Z")),
            of("MedicationStatement", "said", status="stopped", medicationCodeableConcept={"text": "hydroxyzine"}, effectivePeriod={"end": "2026-11-22"}),
            order("never", "stopped", doNotPerform=True, **at("2", "2026-11-23T08:00:00Z"))]
    shown = charts([patient("p"), *rows])[1]["p"]["sections"]
    ids = [r["id"] for r in shown["medicines"]]
    expect(ids[:4] == ["", "held", "now", "draft"] and set(ids[4:8]) == {"late", "end", "said", "never"} and set(ids[8:]) == {"past", "old", "first", "long"},
           f"order of the medicines: {ids}")
    expect(shown["medicines"][0]["text"].startswith("4 stopped in the last 48 h: ") and "hydrOXYzine" in shown["medicines"][0]["text"], shown["medicines"][0]["text"])
    heads = [r["text"] for r in shown["cover"] if "age" in r]
    expect(heads[2] == "Medicines: 1 active, 1 on hold; 4 stopped in the last 48 h", f"on the cover: {heads[2]}")
    empty = charts([patient("p")])[1]["p"]["sections"]["medicines"]
    expect([r["text"] for r in empty] == ["none recorded"], f"no medicines: {empty}")


def tall_man():
    """Only the case of a listed name changes, and only where it is a word of its own."""
    named = {"Hydroxyzine 25 MG Oral Tablet": "hydrOXYzine 25 MG Oral Tablet", "PREDNISONE": "predniSONE", "prednisolone/neomycin": "prednisoLONE/neomycin",
             "Metformin-XR": "metFORMIN-XR", "metforminol": "metforminol", "\u00e9metformin": "\u00e9metformin", "Ibuprofen": "Ibuprofen"}
    rows = [{**order(f"m{i}"), "medicationCodeableConcept": {"text": n}} for i, n in enumerate(named)]
    shown = charts([patient("p"), *rows], "--details")[1]["p"]["sections"]["medicines"]
    for i, (sent, want) in enumerate(named.items()):
        row = next(r for r in shown if r["id"] == f"m{i}")
        expect(row["text"] == f"{want} - no dose recorded - active" and (sent in row["raw"] or not sent.isascii()), f"{sent}: {row['text']!r}")


def visits():
    """Kills tests/mutants/model-visit-struck.patch: what was entered in error happened in the visit."""
    at = lambda i: {"encounter": {"reference": f"Encounter/{i}"}}
    other = potassium("o", "2026-03-01", 4.1, **at("v"))
    other["subject"] = {"reference": "Patient/q"}
    rows = [of("Encounter", i, status="finished", **{"class": {"code": "AMB"}}, period={"start": "2026-03-01"}) for i in ("v", "w", "vv")]
    rows += [potassium("k1", "2026-03-01", 4.1, **at("v")), potassium("k2", "2026-03-02", 4.2, **at("v")), potassium("k3", "2026-03-02", 9.9, "entered-in-error", **at("v")),
             weight("w1", "2026-03-01", 70, **at("v")), potassium("k4", "2026-03-01", 4.4, **at("w")), other, potassium("none", "2026-03-01", 4.5),
             of("MedicationStatement", "s", status="active", medicationCodeableConcept={"text": "aspirin"}, context={"reference": "Encounter/v"}),
             of("DocumentReference", "d", status="current", type={"text": "Letter"}, context={"encounter": [{"reference": "Encounter/v"}]}),
             of("Procedure", "p1", status="completed", code={"text": "suture"}, **at("v"))]
    for options, bare in (("--details",), str), (("--details", "--file"), lambda i: i.removeprefix("file:")):
        shown = charts([patient("p"), patient("q", "Baker", birthDate="1950-02-03"), *rows], *options)[1]
        shown = next(c for p, c in shown.items() if bare(p) == "p")["sections"]["encounters"]
        row = {bare(r["id"]): r for r in shown}
        expect(row["v"]["text"] == "Outpatient visit - finished - in it: Medicines 1, Results 2, Vital signs 1, Documents 1, Procedures 1", f"{row['v']['text']!r}")
        expect(row["w"]["text"].endswith(" - in it: Results 1") and "in it" not in row["vv"]["text"], f"{row['w']['text']!r} {row['vv']['text']!r}")
        words = row["v"]["words"]
        listed = words[words.index("In this visit:") + 1:][:6]
        expect([l.split(": ")[0] for l in listed] == ["Medicines", "Results", "Results", "Vital signs", "Documents", "Procedures"], f"detail: {words}")
        expect("Results: 02-Mar-2026  Potassium 4.2" in listed[1] and "9.9" not in str(words), f"detail: {words}")
        expect("In this visit:" not in row["vv"]["words"], f"a visit in which nothing happened: {row['vv']['words']}")
    shown = charts([patient("p"), *rows], "--unfetched", "Observation")[1]["p"]["sections"]["encounters"]
    expect("NOT FETCHED in full" in shown[0]["text"], f"a count of what is not whole: {shown[0]}")


def sources():
    """Who says that it is an allergy; and what a relative had, at what age."""
    nuts = lambda i, **more: {"resourceType": "AllergyIntolerance", "id": i, "code": {"text": "nuts"}, "patient": {"reference": "Patient/p"},
                              "clinicalStatus": {"coding": [{"code": "active"}]}, **more}
    doctor = {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Miller", "given": ["Jane"], "prefix": ["Dr."]}]}
    relative = {"resourceType": "FamilyMemberHistory", "id": "f", "status": "completed", "patient": {"reference": "Patient/p"}, "relationship": {"text": "Father"},
                "condition": [{"code": {"text": "stroke"}, "onsetAge": {"value": 61, "unit": "a", "code": "a", "system": "http://unitsofmeasure.org"}, "contributedToDeath": True}]}
    shown = charts([patient("p"), doctor, relative, nuts("a", asserter={"reference": "Patient/p"}, recorder={"reference": "Practitioner/d"}),
                    nuts("b", asserter={"display": "Mother, by phone"}), nuts("c", recorder={"reference": "Practitioner/gone"}), nuts("d")])[1]["p"]["sections"]
    for i, want in {"a": "nuts - asserted by the patient - recorded by MILLER, Jane (Dr.) - active", "b": "nuts - asserted by Mother, by phone - active",
                    "c": "nuts - active", "d": "nuts - active"}.items():
        expect(next(r["text"] for r in shown["allergies"] if r["id"] == i) == want,
               f"{i}: {[r['text'] for r in shown['allergies']]}")
    expect(shown["family"][0]["text"] == "Father - stroke at the age of 61 years (contributed to death)", f"family: {shown['family']}")


if __name__ == "__main__":
    sys.exit(main([alerts, abnormal_first, abnormal_counted, visits, sources, stops, tall_man, weights, postings, yields, births, panes, ages]))
