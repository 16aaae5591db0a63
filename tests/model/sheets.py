#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the banner and the sheets of a chart say of small made charts: postings, weight, estimated births.

Kills tests/mutants/model-weight-struck.
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
    expect(row.startswith("Known allergies: nuts  [CWAD]  DIRECTIVE  ") and row.endswith("  2 WARNINGS  Weight 72 kg 05-Mar-2026"), f"all at once: {row!r}")


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


if __name__ == "__main__":
    sys.exit(main([weights, postings, births]))
