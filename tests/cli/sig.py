#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""`wardline sig`: without a profile. A line that is asked about has exit 2, its choices, and no dose on any line nor in JSON; one
that is not has the Dosage in words and as JSON, with the digits that were typed; a Dosage from a file is said. A table that was
cut gives no reading at all.
"""
import json, os, shutil, subprocess, sys, tempfile

TOP = os.environ.get("top_srcdir", ".")
sys.path.insert(0, os.path.join(TOP, "tests"))
import ward
from verdict import check, conclude


def run(*args, stdin=None, program=ward.WARDLINE, **env):
    return subprocess.run([program, "--home", "/nonexistent", "sig", *args], input=stdin, capture_output=True, text=True,
                          env={**ward.environment(), **env})


def lines():
    p = run("amox 500 mg po tid 7d prn fever max 4 g/24h #21 r2")
    check("a usual line", p.returncode == 0 and not p.stderr and p.stdout.splitlines() == [
        "MEDICINE amox (as typed, not looked up)",
        "DOSE 500 mg - by mouth - 3 times a day, for 7 days - as needed for fever - maximum 4 g in 24 hours",
        "QUANTITY 21 (at most: 3 a day x 7 days = 21)", "REFILLS 2"], repr(p))
    p = run("warfarin 5.0 mg qd")
    check("asked", p.returncode == 2 and "DOSE" not in p.stdout and p.stdout.count("ASKED") == 2 and "  2  4 times a day\n" in p.stdout and
          p.stderr.count("\n") == 1, repr(p))
    p = run("--json", "warfarin 5.0 mg qd")
    d = json.loads(p.stdout)
    check("asked, as JSON", p.returncode == 2 and d["request"] is None and [q["why"] for q in d["questions"]] == ["number", "two readings"] and
          d["questions"][1]["choices"] == ["daily", "4 times a day"], repr(p))
    p = run("--json", "--lang", "es", "paracetamol 0,5 g vo c/8h x 5 d r0")
    d = json.loads(p.stdout, parse_float=str)
    q = d["request"]["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]
    check("Spanish", p.returncode == 0 and q == {"value": "0.5", "unit": "g", "system": "http://unitsofmeasure.org", "code": "g"} and
          d["request"]["dispenseRequest"]["numberOfRepeatsAllowed"] == 0, repr(p))
    check("what was read in another way is said", 'READ "0,5" as 0.5\n' in run("--lang", "es", "paracetamol 0,5 g vo c/8h x 5 d r0").stdout)
    p = run("iron 1 tab po bid 7d #21 r0")
    check("a quantity that is not the sum", "NOT THE SUM" in p.stdout, repr(p))


def weights():
    p = run("gentamicin 5 mg/kg/dose iv q24h 3d")
    check("no weight", p.returncode == 2 and "DOSE" not in p.stdout, repr(p))
    p = run("--weight", "12.4@2020-01-01", "gentamicin 5 mg/kg/dose iv q24h 3d")
    check("an old weight", p.returncode == 2 and "too old" in p.stdout and "62" not in p.stdout, repr(p))
    p = run("--weight", "12.4@2025-06-01", "--within", "3650", "gentamicin 5 mg/kg/dose iv q24h 3d r0")
    check("a weight of a site that allows it", p.returncode == 0 and "DOSE 62 mg (calculated)" in p.stdout and "x 12.4 kg (01-Jun-2025) = 62 mg" in p.stdout, repr(p))
    for word in ("12.4", "12,4@2025-06-01", "-1@2025-06-01", "0@2025-06-01", "12@2025", "12@"):
        check(f"--weight {word}", run("--weight", word, "x 1 tab po daily").returncode == 1)


def files(tmp):
    path = os.path.join(tmp, "m.json")
    open(path, "w").write('{"resourceType":"MedicationRequest","dosageInstruction":[{"doseAndRate":[{"doseQuantity":{"value":5.0,"unit":"mg"}}]}]}')
    p = run("--say", path)
    check("--say", p.returncode == 0 and p.stdout == "DOSE 5.0 mg (= 5 mg)\n", repr(p))
    p = run("--json", "--say", "-", stdin='[{"text":"one now\\u001b[2J"}]')
    check("--say of standard input", p.returncode == 0 and json.loads(p.stdout)["words"].startswith("one now") and "\x1b" not in p.stdout, repr(p))
    open(path, "w").write('{"resourceType":"Patient"}')
    check("no Dosage: exit 2", run("--say", path).returncode == 2)
    check("neither: exit 1", run().returncode == 1 and run("--say", path, "x").returncode == 1)
    check("no such language: exit 2", run("--lang", "xx", "amox").returncode == 2)
    # Beside a copy of the program: a table that was cut, one without a date, none.
    program, table = os.path.join(tmp, "wardline"), os.path.join(tmp, "data", "sig")
    shutil.copy(ward.WARDLINE, program)
    shutil.copytree(os.path.join(TOP, "data", "sig"), table)
    whole = open(os.path.join(table, "en.tsv"), encoding="utf-8").read()
    for what, text in (("cut", whole[:len(whole) // 2]), ("cut at a line", whole[:whole.rindex("\n", 0, 9000) + 1]), ("undated", whole.replace("# date:", "# day:")),
                       ("empty", ""), ("of an unknown kind", whole.replace("\troute\t", "\troutes\t", 1))):
        open(os.path.join(table, "en.tsv"), "w", encoding="utf-8").write(text)
        p = run("amox 500 mg po tid", program=program)
        check(f"a table that is {what}", p.returncode == 2 and not p.stdout and p.stderr.count("\n") == 1, repr(p))
    open(os.path.join(table, "en.tsv"), "w", encoding="utf-8").write(whole)
    check("the table, whole again", run("amox 500 mg po tid", program=program).returncode == 0)


def main():
    lines()
    weights()
    with tempfile.TemporaryDirectory() as tmp:
        files(tmp)
    conclude("sig")


main()
