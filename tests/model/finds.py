#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a nurse looks for on the worklist and in a chart, on small made charts: marks, former names, notes, counts.

Kills tests/mutants/model-other-name, model-cover-do-not-give, model-struck-out-stands, model-no-earlier.
"""
import base64, json, os, re, subprocess, sys, tempfile

build = os.environ.get("top_builddir", ".")
bad = []


def expect(ok, what):
    if not ok:
        bad.append(what)
        if os.environ.get("FIRST_FAILURE_ENDS"):
            sys.exit("FAIL: " + what)


def charts(resources, *options):
    """charts.c's answer on resources: (rows of the list by id, charts by id)."""
    with tempfile.TemporaryDirectory() as home:
        path = os.path.join(home, "bundle.json")
        with open(path, "w", encoding="utf-8") as f:
            text_ = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]})
            f.write(re.sub(r'"@([0-9.]+)"', r"\1", text_))  # a number with the digits that Python would drop
        store = os.path.join(home, "home")
        os.mkdir(store, 0o700)
        out = json.loads(subprocess.run([os.path.join(build, "tests/model/charts"), *options, store, path], stdout=subprocess.PIPE, check=True).stdout)
    return {r["id"]: r for r in out["list"]}, out["charts"]


def patient(id_, family="Adams", **more):
    return {"resourceType": "Patient", "id": id_, "name": [{"family": family, "given": ["Jo"]}], "birthDate": "1979-05-17", **more}


def of(kind, id_, **more):
    who = {"AllergyIntolerance": "patient", "Immunization": "patient"}.get(kind, "subject")
    return {"resourceType": kind, "id": id_, who: {"reference": "Patient/p"}, **more}


def text(chart, section, id_):
    return next((r["text"] for r in chart["sections"][section] if r["id"] == id_), "")


def marks():
    tag = lambda system, code: {"security": [{"system": f"http://terminology.hl7.org/CodeSystem/{system}", "code": code}]}
    listed, shown = charts([
        patient("a", "Adams", active=False), patient("b", "Baker", meta=tag("v3-ActReason", "HTEST")),
        patient("c", "Cole", meta=tag("v3-Confidentiality", "R")), patient("d", "Drew", deceasedBoolean=True),
        patient("e", "Eden", active=False, link=[{"type": "replaced-by", "other": {"reference": "Patient/f"}}]),
        patient("f", "Fox", link=[{"type": "replaces", "other": {"reference": "Patient/e"}}], birthDate="1990-13-45"),
        patient("g", "Grey", link=[{"type": "replaced-by", "other": {"reference": "Patient/elsewhere"}}]),
        patient("h", "Hart-Lee", birthDate="1950-01-02"), patient("i", "Hart-Moss", birthDate="1950-01-02")])
    want = {"a": ["INACTIVE"], "b": ["TEST PATIENT"], "c": ["RESTRICTED"], "d": ["DIED"], "e": ["REPLACED"], "f": [], "g": ["REPLACED"],
            "h": ["SIMILAR NAME"], "i": ["SIMILAR NAME"]}
    _, both = charts([patient("p"), patient("q"), patient("r", birthDate="1950-01-02"), patient("s", "Baker", birthDate="1960"), patient("t", "Baker")])
    born = "SIMILAR NAME: another patient here has a similar name and the same birth date or year; check the number"
    only = "SIMILAR NAME: another patient here has the same name; check the birth date and the number"
    for c, p, words in ((shown, "h", born), (both, "p", born), (both, "q", born), (both, "r", only), (both, "s", only), (both, "t", only)):
        expect([l for l in c[p]["banner"] if l.startswith("SIMILAR")] == [words], f"{p} is called so: {c[p]['banner']}")
    for p, m in want.items():
        expect(listed[p]["marks"] == m and listed[p]["cells"][-1] == " ".join(m), f"{p}: marks {listed[p]['marks']}, not {m}")
    expect("FOX, Jo" in shown["e"]["rows"][1], f"replaced record: {shown['e']['rows'][1]!r}")
    expect("ID elsewhere" in shown["g"]["rows"][1], f"replaced by a record that is not here: {shown['g']['rows'][1]!r}")
    expect("Replaces ID e" in shown["f"]["banner"] or "Replaces No. e" in shown["f"]["banner"], f"survivor: {shown['f']['banner']}")
    expect("Born UNREADABLE: 1990-13-45" in shown["f"]["rows"][0], f"unreadable birth date: {shown['f']['rows'][0]!r}")


def former_names():
    people = [patient("p", "Miller", name=[{"use": "official", "family": "Miller", "given": ["Jo"]}, {"use": "maiden", "family": "Smith", "given": ["Jo"]}]),
              patient("q", "Smithers", birthDate="1950-02-03")]
    listed, _ = charts(people, "--find", "smi jo")
    expect(listed["p"]["cells"][0] == "MILLER, Jo (was SMITH)", f"found by a maiden name: {listed['p']['cells'][0]!r}")
    expect(listed["q"]["cells"][0] == "SMITHERS, Jo", f"found by the name in force: {listed['q']['cells'][0]!r}")
    listed, _ = charts(people, "--find", "mill")
    expect(listed["p"]["cells"][0] == "MILLER, Jo", f"found by the name in force: {listed['p']['cells'][0]!r}")


def order(id_, status="active", **more):
    return of("MedicationRequest", id_, status=status, **{"medicationCodeableConcept": {"text": "drug"}, **more})


def potassium(id_, day, value, status="final", flag="HH", **more):
    return of("Observation", id_, status=status, code={"text": "Potassium"}, effectiveDateTime=day, valueQuantity={"value": value, "unit": "mmol/L"},
              interpretation=[{"coding": [{"code": flag}]}], category=[{"coding": [{"code": "laboratory"}]}], **more)


def cover():
    """Kills tests/mutants/model-cover-do-not-give.patch: an order not to give counts as a medicine that is given."""
    _, shown = charts([patient("p"), order("a"), order("b"), order("c", "on-hold"), order("d", doNotPerform=True), order("e", intent="plan"),
                       order("f", intent="proposal"), order("g", "stopped"), order("h", "stopped", doNotPerform=True),
                       potassium("k1", "2026-03-01", 7.1), potassium("k2", "2026-04-01", 7.2, "corrected"), potassium("k3", "2025-01-01", 7.3),
                       potassium("k4", "2026-05-01", 7.4, "entered-in-error"), potassium("k5", "2026-05-02", 5.4, flag="H"),
                       *[potassium(f"m{i}", f"2026-02-0{i}", 8.1, flag="LL") for i in range(1, 6)]])
    rows = shown["p"]["sections"]["cover"]
    where = {r["text"]: r["goes_to"] for r in rows}
    expect(where.get("Medicines: 2 active, 1 on hold; 1 DO NOT GIVE; 2 planned or proposed") == "medicines", f"medicines on the cover: {where}")
    expect(where.get("Problems: 0 active") == "problems" and where.get("Allergies not recorded") == "allergies", f"sums on the cover: {where}")
    got = [r["id"] for r in rows if r["text"].startswith("CRITICAL RESULT: ") and r["goes_to"] == "labs"]
    expect(got == ["k2", "k1", "m5", "m4", "m3"], f"critical results on the cover: {got}")
    expect("CRITICAL RESULT: Potassium 7.2 mmol/L  HH critically high" in str(rows), f"a critical result in words: {rows}")


def said_once():
    rng = {"low": {"value": 12.0, "unit": "g/dL"}, "high": {"value": 16.0, "unit": "g/dL"}}
    hb = lambda id_, text: of("Observation", id_, status="final", code={"text": "Hb"}, effectiveDateTime="2026-02-01", category=[{"coding": [{"code": "laboratory"}]}],
                              valueQuantity={"value": 13.1, "unit": "g/dL"}, referenceRange=[{**rng, "text": text}])
    _, shown = charts([patient("p"), hb("a", "12.0 - 16.0"), hb("b", "12.0\u201316.0 g/dL"), hb("c", "12.0 - 16.0 fasting"), hb("d", "12.0 - 16.5"),
                       of("Immunization", "v1", status="completed", vaccineCode={"text": "flu"}, site={"coding": [{"code": "LA"}]}),
                       of("Immunization", "v2", status="completed", vaccineCode={"text": "flu"}, site={"coding": [{"code": "X9"}]}),
                       of("Condition", "c1", code={"text": "gout"}, recordedDate="2026-02-30"),
                       of("AllergyIntolerance", "a1", code={"text": "nuts"}, clinicalStatus={"coding": [{"code": "active"}]}),
                       of("AllergyIntolerance", "a2", code={"coding": [{"system": "http://snomed.info/sct", "code": "409137002", "display": "No known drug allergy"}]},
                          clinicalStatus={"coding": [{"code": "active"}]})], "--details")
    p = shown["p"]
    for i, want in {"a": "range 12.0-16.0 g/dL", "b": "range 12.0-16.0 g/dL", "c": "range 12.0-16.0 g/dL 12.0 - 16.0 fasting", "d": "range 12.0-16.0 g/dL 12.0 - 16.5"}.items():
        expect(text(p, "labs", i) == f"Hb 13.1 g/dL - {want}", f"range {i}: {text(p, 'labs', i)!r}")
    expect(text(p, "immunizations", "v1") == "flu - left arm - given", f"site: {text(p, 'immunizations', 'v1')!r}")
    expect(text(p, "immunizations", "v2") == "flu - given", f"site without words: {text(p, 'immunizations', 'v2')!r}")
    expect("DATE UNREADABLE: 2026-02-30" in text(p, "problems", "c1"), f"date: {text(p, 'problems', 'c1')!r}")
    words = next(r["words"] for r in p["sections"]["labs"] if r["id"] == "a")
    expect("Hb 13.1 g/dL" in words and "range 12.0-16.0 g/dL" in words, f"a row's parts, a line each: {words}")
    words = next(r["words"] for r in p["sections"]["labs"] if r["id"] == "d")
    expect("range 12.0-16.0 g/dL 12.0 - 16.5" in words, f"a range is never broken over two lines: {words}")
    words = next(r["words"] for r in p["sections"]["labs"] if r["id"] == "a")
    expect("Effective: 01-Feb-2026" in words, f"detail's date: {words}")
    last = p["sections"]["allergies"][-1]
    expect(last["id"] == "a2" and last["text"].startswith("OUTRANKED by the allergies beside it: "), f"no known drug allergy: {last}")


def notes():
    """Kills tests/mutants/model-struck-out-stands.patch: what a note strikes out reads as if it stood."""
    div = lambda s: {"status": "additional", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{s}</div>'}
    b64 = lambda s: base64.b64encode(s.encode()).decode()
    doc = lambda id_, type_, data: of("DocumentReference", id_, status="current", type={"text": "Letter"}, content=[{"attachment": {"contentType": type_, "data": data}}])
    _, shown = charts([
        patient("p"),
        of("Composition", "c", status="final", type={"text": "Note"}, title="Ward round", date="2026-02-01", section=[
            {"title": "Plan", "text": div("<p>Give <b>5&#160;mg</b> &amp; wait</p><ul><li>one</li><li>two</li></ul><table><tr><td>K</td><td>7.1</td></tr><tr><td>Na</td><td>130</td></tr></table>"
                                          "<script>alert(1)</script><!-- no --><p>stop <s>10 mg</s>, 10<sup>9</sup>/L, 2&frac12; tablets, &frac12; cup</p><img src='http://x/y'/>")}]),
        doc("plain", "text/plain; charset=utf-8", b64("Seen at home.\nFever 38.5 since Monday. " + "word " * 40)), doc("html", "text/html", b64("<p>Dear colleague</p><p>a &lt; b</p>")),
        doc("bad", "text/plain", "!!!!"), doc("pdf", "application/pdf", b64("<p>no</p>")),
        of("Procedure", "n", status="completed", text=div("Only the narrative knows"))], "--details")
    rows = {r["id"]: r for s in shown["p"]["sections"].values() for r in s}
    words = lambda i: rows[i]["words"][rows[i]["words"].index("Text:") + 1:] if "Text:" in rows[i]["words"] else []
    starts = lambda i, lines: expect(words(i)[:len(lines)] == lines, f"{i}: {words(i)} and not {lines}")
    starts("c", ["Plan", "Give 5 mg & wait", "- one", "- two", "K  7.1", "Na  130", "stop [struck out: 10 mg], 10^9/L, 2 1/2 tablets, 1/2 cup", "[picture]"])
    starts("plain", ["Seen at home."])
    starts("html", ["Dear colleague", "a < b"])
    starts("bad", ["(attached text that cannot be decoded)"])
    starts("n", ["Only the narrative knows"])
    expect(words("pdf") == [], f"a PDF read as text: {words('pdf')}")
    expect('"Plan Give 5 mg & wait - one' in rows["c"]["text"], f"first words: {rows['c']['text']!r}")
    expect('"Seen at home. Fever 38.5 since Monday. word' in rows["plain"]["text"] and ' ..."' in rows["plain"]["text"], f"first words: {rows['plain']['text']!r}")
    expect('"Only the narrative knows"' in rows["n"]["text"], f"a name in the narrative alone: {rows['n']['text']!r}")


def corrections():
    """Kills tests/mutants/model-no-earlier.patch: the value that a correction replaced is gone."""
    at = lambda n: {"meta": {"versionId": str(n)}}
    other = potassium("o", "2026-03-01", 7.04, **at(1))
    other["subject"] = {"reference": "Patient/q"}
    _, shown = charts([patient("p"), patient("q", "Baker", birthDate="1950-02-03"),
                       potassium("k", "2026-03-01", 7.04, **at(1)), potassium("k", "2026-03-01", 4.07, "corrected", "N", **at(2)),
                       potassium("new", "2026-03-01", 4.1, "corrected", "N", **at(2)), potassium("f", "2026-03-01", 4.2, flag="N", **at(1)),
                       potassium("f", "2026-03-01", 4.3, flag="N", **at(2)), other, potassium("o", "2026-03-01", 4.4, "amended", "N", **at(2))])
    labs = shown["p"]["sections"]["labs"]
    row = lambda i: next(r for r in labs if r["id"] == i)
    expect(row("k")["text"].endswith("CORRECTED: an earlier value was wrong - earlier: 7.04 mmol/L (version 1)"), f"corrected: {row('k')}")
    expect("HH" not in row("k")["flags"], f"flags of the earlier value: {row('k')}")
    expect(row("new")["text"].endswith("earlier value not kept here"), f"corrected, first seen so: {row('new')}")
    expect("earlier" not in row("f")["text"], f"a final result: {row('f')}")
    expect("7.04" not in row("o")["text"] and "another patient, not shown" in row("o")["text"], f"moved from another patient: {row('o')}")


def first_rows():
    """The banner's first row is as wide as the screen, whatever stands in it: a number that runs out of it is another number."""
    long = dict(name=[{"family": "Wolfeschlegelsteinhausenbergerdorff", "given": ["Hubert", "Blaine"]}], gender="female")
    number = lambda v, **more: {"value": v, **more}
    people = [patient("a", **long, identifier=[number("12345678901234567890", use="temp"), number("2"), number("3")]),
              patient("b", **long, identifier=[number("1234567890123456789012345", use="temp"), *[number(str(i)) for i in range(12)]]),
              patient("c", **{**long, "gender": "not-said-by-anybody-here"}, identifier=[number("12345678901234567890", use="temp"), number("2")]),
              {**patient("d", **long, identifier=[number("12345678901234567890", use="temp"), number("2")]), "birthDate": "17 May 1979 or some time before"}]
    _, shown = charts(people)
    for p, c in shown.items():
        row = c["rows"][0]
        expect(len(row) <= 80, f"{p}: {len(row)} columns: {row!r}")
        expect(row.startswith("WOLF") and "Born" in row and "No. 12345678" in row, f"{p}: {row!r}")


def links():
    """What a row points to is shown only if it is of the type that belongs there: whose another one is, nobody knows."""
    seen = {"resourceType": "Specimen", "id": "s", "code": {"text": "Blood of another"}, "subject": {"reference": "Patient/q"}}
    _, shown = charts([patient("p"), patient("q", "Baker", birthDate="1950-02-03"), seen,
                       of("DiagnosticReport", "r", status="final", code={"text": "Panel"}, result=[{"reference": "Specimen/s"}])])
    expect("another" not in text(shown["p"], "labs", "r"), f"a report that points to a specimen: {text(shown['p'], 'labs', 'r')!r}")
    expect("a result that is not available here" in text(shown["p"], "labs", "r"), f"a report that points to a specimen: {text(shown['p'], 'labs', 'r')!r}")


def main(tests=None):
    tests = tests or [first_rows, links, marks, former_names, cover, said_once, notes, corrections]
    for t in tests:
        t()
    for b in bad:
        print(b)
    print(f"{os.path.basename(sys.argv[0])[:-3]}: {len(tests)} tests, {len(bad)} faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
