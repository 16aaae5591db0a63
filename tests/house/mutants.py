#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of tests/sim: each of the sixteen planted faults is a patch that names the test that the table names, each
of the twenty-four invariants has a test that is in the tree and a violation that was planted. What there is none of yet
is said aloud. And each planted fault of tests/mutants applies, its surroundings as they were: moved to where they are only
alike it would plant another one."""
import glob, os, re, subprocess, sys

top = os.environ.get("top_srcdir", ".")
path = lambda *p: os.path.join(top, *p)
rows = lambda name: [l.rstrip("\n").split("\t") for l in open(path("tests/sim", name), encoding="utf-8") if not l.startswith("#")]
laws = set(re.findall(r'\] = "(I\d+) ', open(path("tests/sim/oracle.c")).read()))
bad, none = [], []


def test_of(patch):
    try:
        return open(path("tests/mutants", patch + ".patch")).readline().split()[-1]
    except OSError:
        return None


def to_come(row, patch):
    """One that is marked so, until it is there."""
    if patch.startswith("~") and test_of(patch[1:]) is None:
        none.append(row)
        return True
    return False


def expect(what, true):
    if not true:
        bad.append(what)


mutants, invariants = rows("mutants.tsv"), rows("invariants.tsv")
expect("mutants.tsv: M1 to M16, in order", [r[0] for r in mutants] == [f"M{i}" for i in range(1, 17)])
expect("invariants.tsv: I1 to I24, in order", [r[0] for r in invariants] == [f"I{i}" for i in range(1, 25)])
for m, what, patch, test in mutants:
    if not to_come(f"{m} {what}", patch):
        expect(f"{m}: {patch} is of {test_of(patch)}, not {test}", test_of(patch) == test)
for i, what, test, planted in invariants:
    if planted == "-":
        none.append(f"{i} {what}")
    if planted == "-" or to_come(f"{i} {what}", planted):
        continue
    expect(f"{i}: no {test}", os.path.exists(path(test if "." in test else test + ".c")))
    expect(f"{i}: {test} does not plant it", planted != "itself" or (test == "tests/sim/t_send" and i in laws))
    expect(f"{i}: {planted} is of {test_of(planted)}, not {test}", planted == "itself" or test_of(planted) == test)
expect("a law of the simulator is in no table", laws <= {r[0] for r in invariants if r[3] == "itself"})
for patch in sorted(glob.glob(path("tests/mutants/*.patch"))):
    with open(patch) as f:
        said = subprocess.run(["patch", "-d", top, "-p1", "-F0", "--dry-run", "-s", "-f"], stdin=f, capture_output=True, text=True)
    expect(f"{os.path.basename(patch)} does not apply: {said.stdout.strip()}", said.returncode == 0)
for b in bad:
    print(b)
print(f"mutants: {len(mutants)} faults, {len(invariants)} invariants; none yet: {'; '.join(none) or '-'}")
sys.exit(bool(bad))
