#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every danger chart on the real screen, 80x24: each row of the index says its must-words and none of its never-words, in
the words that were painted; what is painted is what `show` says, row by row; its numbers stand digit for digit in the
row's resource; no chart holds the made-up word of another. Kills tests/mutants/ui-page-skips.
"""
import glob, os, shutil, sys, tempfile

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests", d) for d in ("", "ui", "model")]
import danger, digits, glass, ward

make = danger.generator()
with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
    folder = os.path.join(tmp, "danger")
    make.generate(folder)
    files = sorted(glob.glob(folder + "/*.json")) + sorted(glob.glob(folder + "/refused/*.json"))
    for path in files:
        w.post(path)
    w.quick()
    w.cli("sync")
    r = glass.Reading(w)
    bad, rows, seen = danger.check(make.says, folder, r.cells, r.painted)
    bad += r.bad + danger.canaries(folder, r.painted)
    have = digits.Resources(files)
    numbers = zeros = 0
    for chart in r.painted.values():
        n, z, faults = digits.check(chart, have.get)
        numbers, zeros, bad = numbers + n, zeros + z, bad + faults
for b in bad[:40]:
    print("FAILED:", b)
print(f"charts: {r.said}; {rows} rows of the index, {seen} of them painted; {numbers} numbers, {zeros} of them ending in 0; {len(bad)} faults")
sys.exit(1 if bad or rows < 300 or numbers < 150 else 0)
