#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that nasty/make-nasty.py makes, through file and server: an exit code of the table and one clear line,
never a crash, and no raw control byte in what list and show print. What is in the cache stays.
Kills (with t_base) tests/mutants/unsafe-text.patch.
"""
import glob, json, os, re, subprocess, sys, tempfile, unicodedata

TOP = os.environ.get("top_srcdir", ".")
sys.path.insert(0, os.path.join(TOP, "tests"))
sys.path.insert(0, os.path.join(TOP, "tests/tools"))
import ward
from scripted import Scripted, empty, fhir, search_server

bad, done = [], 0
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def check(what, p, codes):
    global done
    done += 1
    out = p.stdout + p.stderr
    # JSON keeps what cannot drive a terminal (a soft hyphen, a private character): it is data for a program.
    never = ("Cc", "Cs") if "--json" in what else ("Cc", "Cf", "Co", "Cn", "Cs")
    wild = sorted({c for c in out if c in BIDI or c != "\n" and unicodedata.category(c) in never and c not in "\u200c\u200d"})
    if p.returncode not in codes or p.stderr.count("\n") > 1 or wild:
        bad.append(f"{what}: exit {p.returncode}, {p.stderr[:300]!r}, wild {wild[:5]!r}")


def main():
    make = ward.data("nasty/make-nasty.py")
    if not make:
        print("skipped: no WARDLINE_DATA")
        return 77
    with tempfile.TemporaryDirectory() as tmp:
        nasty = os.path.join(tmp, "nasty")
        subprocess.run([sys.executable, make, nasty, "--big", "9000000"], check=True, capture_output=True)
        files(tmp, nasty)
        server(tmp, nasty)
    for b in bad[:40]:
        print("FAILED:", b)
    print(f"nasty: {done} checks, {len(bad)} failed")
    return 1 if bad else 0


def files(tmp, nasty):
    w = ward.Ward(tmp, init=False, url="http://127.0.0.1:9/fhir", quick=True)
    w.cli("init", "--server", w.url)
    # All of text/ is valid FHIR: one call. The others one by one, for each has an answer of its own.
    p = w.cli("import", *sorted(glob.glob(nasty + "/text/*.json")), check=False)
    check("import text/*", p, (0,))
    for path in sorted(glob.glob(nasty + "/*/*")):
        name = os.path.relpath(path, nasty)
        if name.startswith(("text/", "http/", "questionnaire/")):
            continue
        if name.startswith(("dicom/", "hl7v2/")) and not name.endswith(("ok-cr.hl7", "nul.hl7", "ok-16x16.dcm")):
            continue
        check("import " + name, w.cli("import", path, check=False), (0, 2))
    for args in (("list",), ("list", "--json"), ("status",), ("doctor",)):
        check(" ".join(args), w.cli(*args, check=False), (0, 4))
    for n, patient in enumerate(w.json("list")):
        check("show " + patient["id"], w.cli("show", patient["id"], *(["--json"] if n % 2 else []), check=False), (0,))


def server(tmp, nasty):
    """Each body as the answer to a search, a score of kinds a sync; the profile must stay usable."""
    kinds = ("Patient AllergyIntolerance MedicationRequest MedicationStatement Medication Condition Flag Consent Encounter Observation DiagnosticReport "
             "Immunization ServiceRequest Task CarePlan Goal Appointment Procedure Composition List").split()
    bodies = {}
    for folder in ("text", "utf8", "json", "number", "date", "bundle", "http"):
        for path in sorted(glob.glob(f"{nasty}/{folder}/*")):
            body = open(path, "rb").read()
            if folder in ("text", "utf8", "number") and not re.search(rb'"resourceType": ?"Bundle"', body):
                body = b'{"resourceType":"Bundle","type":"searchset","entry":[{"resource":' + body + b"}]}"
            bodies[os.path.relpath(path, nasty)] = body
    current = {}
    s = Scripted(lambda *a: search_server(current)(*a))
    w = ward.Ward(tmp, init=False, url=s.url, quick=True)
    w.home = os.path.join(tmp, "served")
    w.cli("init", "--server", s.url)
    current["Patient"] = json.dumps({**empty(), "entry": [{"resource": {"resourceType": "Patient", "id": "keeper", "meta": {
        "versionId": "1", "lastUpdated": "2026-01-01T00:00:00Z"}, "name": [{"family": "Keeper"}]}}]}).encode()
    w.cli("sync", check=False)
    names = sorted(bodies)
    for at in range(0, len(names), len(kinds)):
        current.clear()
        current.update(zip(kinds, (bodies[n] for n in names[at:at + len(kinds)])))
        check("sync " + " ".join(names[at:at + len(kinds)]), w.cli("sync", check=False, timeout=600), (0, 3, 4))
    current.clear()
    check("sync after all", w.cli("sync", check=False), (0, 3, 4))
    check("list after all", w.cli("list"), (0,))
    if not any(p["id"] == "keeper" for p in w.json("list")):
        bad.append("the patient that was there before is gone")


sys.exit(main())
