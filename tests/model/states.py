#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""None known, not recorded, not fetched and from a file are different things, in words.

The danger charts, once with a kind that was never pulled and once as imported from files. Kills
tests/mutants/model-unfetched-as-none, model-unavailable-as-none, model-refuted-counts.
"""
import json, os, sys, tempfile

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests/model"))
from danger import from_store, generator, row_words

bad = []


def expect(ok, what):
    if not ok:
        bad.append(what)
        if os.environ.get("FIRST_FAILURE_ENDS"):
            sys.exit("FAIL: " + what)


def words(chart, section):
    return " | ".join(map(row_words, chart["sections"][section]))


def allergies_unfetched(folder):
    _, charts = from_store(folder, ["--unfetched", "AllergyIntolerance"])
    unavailable = 0
    for p, c in charts.items():
        second, lines, rows = c["rows"][1], "\n".join(c["banner"]), words(c, "allergies")
        known = "Known allergies" in second
        expect(known or "Allergies unavailable" in second, f"{p}: banner says {second!r} of a list that was not pulled")
        expect("NOT FETCHED" in rows, f"{p}: allergies not pulled, the section says {rows!r}")
        expect(known or "Allergies unavailable - NOT FETCHED" in lines, f"{p}: banner lines {lines!r}")
        for w in ("No known allergies", "Allergies not recorded", "none recorded"):
            expect(w not in lines + second + rows, f"{p}: says {w!r} of a list that was not pulled")
        unavailable += not known
    expect(unavailable >= 5, f"only {unavailable} charts without a live allergy")
    return len(charts)


def kind_unfetched(folder, kind, section):
    _, charts = from_store(folder, ["--unfetched", kind])
    empty = 0
    for p, c in charts.items():
        rows = c["sections"][section]
        text = words(c, section)
        expect("NOT FETCHED" in text, f"{p}: {kind} not pulled, {section} says {text!r}")
        expect("none recorded" not in text, f"{p}: {kind} not pulled, {section} says none recorded")
        expect(rows[0]["resourceType"] == "" and "NOT FETCHED" in rows[0]["text"], f"{p}: {section} does not begin with it")
        expect(kind != "Flag" or "NOT FETCHED" in c["rows"][1], f"{p}: flags not pulled, the banner says {c['rows'][1]!r}")
        empty += len(rows) == 1
    return empty


def whole(folder):
    _, charts = from_store(folder)
    for p, c in charts.items():
        expect("NOT FETCHED" not in json.dumps(c), f"{p}: says NOT FETCHED of what was pulled")
        for s, rows in c["sections"].items():
            expect(rows, f"{p}: {s} has no row at all")
    for chart, state in {"al-known": "Known allergies", "al-none-known": "No known allergies", "al-not-recorded": "Allergies not recorded",
                         "al-refuted": "Allergies not recorded", "al-in-error": "Allergies not recorded", "al-mixed": "Known allergies",
                         "al-contradiction": "Known allergies", "id-twin-a": "Known allergies", "id-twin-b": "No known allergies"}.items():
        c = charts["dg-" + chart]
        expect(c["rows"][1].split("  ")[0].split(":")[0] == state, f"{chart}: banner says {c['rows'][1]!r}, not {state!r}")
        expect(any(l.split(":")[0] == state for l in c["banner"]), f"{chart}: banner lines lack {state!r}")
        expect(any(r["text"].split(":")[0] == state for r in c["sections"]["cover"]), f"{chart}: cover lacks {state!r}")
    expect(words(charts["dg-lab-flags"], "vitals") == "  none recorded", "an empty section does not say 'none recorded'")


def from_file(folder):
    listed, charts = from_store(folder, ["--file"])
    for p, c in charts.items():
        expect(p.startswith("file:"), f"{p}: no file's chart")
        expect("FROM FILE" in listed[p], f"{p}: worklist does not say FROM FILE")
        expect("FROM FILE" in c["rows"][1] and "FROM FILE, NOT ON SERVER" in c["banner"], f"{p}: banner does not say FROM FILE")
        for s, rows in c["sections"].items():
            for r in rows:
                expect(not r["id"] or s == "cover" and r["resourceType"] == "Observation" or "FROM FILE, NOT ON SERVER" in r["flags"], f"{p}: {r}")
        expect("NOT FETCHED" not in json.dumps(c), f"{p}: a file's chart waits for a server")


def banners(folder):
    """What must be known is named in the second row, and it is as wide as a screen."""
    _, charts = from_store(folder)
    seconds = {p: c["rows"][1] for p, c in charts.items()}
    for chart, words in {"al-known": ["Known allergies: Penicillin"], "al-mixed": ["Known allergies: brown capsules", ", +1 more"],
                         "flags": ["Known allergies", "DIRECTIVE: Not for resuscitation", "1 WARNING"],
                         "id-merged-old": ["REPLACED - write nothing here: FARROW-PANIMU, Kenneth 70010673", "Known allergies"]}.items():
        for w in words:
            expect(w in seconds["dg-" + chart], f"{chart}: the banner's second row lacks {w!r}: {seconds['dg-' + chart]!r}")
    for w in ("resolved", "inactive"):
        expect(w not in seconds["dg-al-mixed"], f"al-mixed: {seconds['dg-al-mixed']!r}")
    expect("(unconfirmed)" in " ".join(charts["dg-al-mixed"]["banner"]) or "(presumed)" in " ".join(charts["dg-al-mixed"]["banner"]),
           "an allergy that nobody has confirmed does not say so in the banner")
    expect("REPLACED - write nothing here" in " ".join(charts["dg-id-merged-old"]["banner"]), "a replaced record's banner")
    for p, s in seconds.items():
        expect(len(s) <= 80, f"{p}: the banner's second row is {len(s)} wide")


def main():
    make = generator()
    with tempfile.TemporaryDirectory() as folder:
        make.generate(folder)
        n = allergies_unfetched(folder)
        kind_unfetched(folder, "MedicationStatement", "medicines")
        kind_unfetched(folder, "Condition", "problems")
        expect(kind_unfetched(folder, "Observation", "vitals") > 40, "hardly any empty vitals")
        kind_unfetched(folder, "Observation", "labs")
        kind_unfetched(folder, "Composition", "notes")
        kind_unfetched(folder, "Flag", "cover")
        whole(folder)
        banners(folder)
        from_file(folder)
    for b in bad[:40]:
        print(b)
    print(f"states: {n} charts, 9 runs, {len(bad)} faults")
    return 1 if bad or n < 50 else 0


sys.exit(main())
