#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""UCUM beside what others made of it: every unit of WARDLINE_DATA/terminology/ucum-units.tsv (magnitudes and dimensions of LHC's library),
and, where WARDLINE_UCUM_TESTS names it, UCUM's functional tests (UcumFunctionalTests.xml of FHIR/Ucum-java). A difference fails unless
the table below explains it. Ends with 77 without the data.
"""
import csv, os, re, subprocess, sys
import xml.etree.ElementTree as ET
from decimal import Decimal

TOP, BUILD = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", ".")
DATA = os.environ.get("WARDLINE_DATA") or os.path.join(TOP, "../shared/data")
UNITS = os.path.join(DATA, "terminology/ucum-units.tsv")
BASES = ["m", "s", "g", "rad", "K", "C", "cd"]
MOLE = 6.02214076e23
CONSTANTS = re.compile(r"mol|eq|kat|U\b|\[[hkeG]\]|eV|\[m_[ep]\]|\bu\b")  # UCUM 2.2 has newer ones
EXPLAINED = {  # code: why ours is another value
    "[diop]": "the library keeps 1/m as an inverse metre", "[mesh_i]": "as [diop]", "Bd": "as [diop]",
    "[LPF]": "UCUM 2.2 has 100", "/[LPF]": "as [LPF]", "{#}/[LPF]": "as [LPF]",
}


def ask(lines):
    p = subprocess.run([os.path.join(BUILD, "tests/codes/ucum_run")], input="\n".join(lines) + "\n", capture_output=True, text=True)
    answers = [x.split("\t") for x in p.stdout.splitlines()]
    if p.returncode or len(answers) != len(lines):
        sys.exit(f"ucum_run ended with {p.returncode} behind {len(answers)} of {len(lines)}: {p.stderr}")
    return [(int(why), number) for why, number in answers]


def near(a, b, within):
    return abs(a - b) <= within * max(abs(a), abs(b))


def by_library():
    with open(UNITS, encoding="utf-8") as f:
        rows = list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    bad, same, explained = [], 0, 0
    checks = ask([f"check\t{r['code']}" for r in rows])
    plain = [r for r in rows if r["special"] != "True" and r["arbitrary"] != "True" and "osm" not in r["code"]]
    bases = [".".join(f"{b}{e}" for b, e in zip(BASES, r["dimension_exponents"].split()) if e != "0") or "1" for r in plain]
    values = [("4", "")] * len(plain)
    for moles in (0, 1, -1):  # pure numbers to the library, a kind of their own here
        more = ask([f"convert\t1\t{r['code']}\t{b}{f'.mol{moles}' * (moles != 0)}\t\t1" for r, b in zip(plain, bases)])
        values = [v if v[0] == 0 else (w, w == 0 and float(n) * MOLE ** moles) for v, (w, n) in zip(values, more)]
    for r, (why, _) in zip(rows, checks):
        if why:
            bad.append(f"{r['code']}: no code of ours ({why})")
    for r, b, (why, number) in zip(plain, bases, values):
        ok = not why and near(float(number), float(r["magnitude_in_base"]), 3e-4 if CONSTANTS.search(r["code"]) else 1e-12)
        same += ok
        explained += not ok and r["code"] in EXPLAINED
        if not ok and r["code"] not in EXPLAINED:
            bad.append(f"{r['code']} in {b}: {why} {number}, not {r['magnitude_in_base']}")
    print(f"ucum: {len(rows)} units of LHC's library are codes, {same} have its value, {explained} another one that is explained")
    return bad


def functional(path):
    root, bad = ET.parse(path).getroot(), []
    codes = root.findall("validation/case")
    for c, (why, _) in zip(codes, ask(["check\t" + c.get("unit") for c in codes])):
        if (why == 0) != (c.get("valid") == "true"):
            bad.append(f"{c.get('id')}: {c.get('unit')!r} {'refused' if why else 'taken'}, not {c.get('valid')}: {c.get('reason')}")
    cases = root.findall("conversion/case")
    for c, (why, number) in zip(cases, ask(["\t".join(["convert", c.get("value"), c.get("srcUnit"), c.get("dstUnit")]) for c in cases])):
        want = Decimal(c.get("outcome"))
        # as precise as the outcome is written
        if why or abs(Decimal(number) - want) > Decimal((0, (6,), want.as_tuple().exponent - 1)) and not near(Decimal(number), want, Decimal("1e-17")):
            bad.append(f"{c.get('id')}: {c.get('value')} {c.get('srcUnit')} in {c.get('dstUnit')}: {why} {number}, not {c.get('outcome')}")
    products = root.findall("multiplication/case")
    lines = []
    for c in products:
        v = Decimal(c.get("v1")) * Decimal(c.get("v2"))
        lines.append(f"convert\t{v}\t({c.get('u1')}).({c.get('u2')})\t{c.get('uRes')}")
    for c, (why, number) in zip(products, ask(lines)):
        if why or Decimal(number) != Decimal(c.get("vRes")):
            bad.append(f"{c.get('id')}: {why} {number}, not {c.get('vRes')}")
    names = len(root.findall("displayNameGeneration/case"))
    print(f"ucum: functional tests: {len(codes)} codes, {len(cases)} conversions, {len(products)} products, {len(bad)} fail; {names} of names not asked")
    return bad


def main():
    if not os.path.exists(UNITS):
        print("skipped: no WARDLINE_DATA with terminology/ucum-units.tsv")
        return 77
    bad = by_library()
    path = os.environ.get("WARDLINE_UCUM_TESTS")
    if path:
        bad += functional(path)
    else:
        print("skipped: UCUM's functional tests (WARDLINE_UCUM_TESTS)")
    for b in bad:
        print(b)
    return 1 if bad else 0


sys.exit(main())
