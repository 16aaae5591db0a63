#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grids and trends of the danger charts and of Synthea's: each number stands digit for digit in the resource of its cell;
a row and an axis hold one unit; a test's trend holds the values of its row; nothing that was entered in error has a value.

series.py [--all]   --all: every Synthea file. Kills tests/mutants/series-row-any-unit.
"""
import glob, gzip, json, os, shutil, sys, tempfile

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests/model"))
import digits
from danger import from_store, generator

# Different ways to write the same unit, as far as these charts hold them (http://unitsofmeasure.org).
SAME = {"mmHg": "mm[Hg]", "degC": "Cel", "mEq/L": "meq/L"}


def source_of(have, point):
    return json.loads(have.get("Observation", point["id"]), parse_float=str, parse_int=str)


def unit_of(o, part):
    """The unit of a part of an Observation, None for what has none."""
    at = o if part == 0 else o["component"][part - 1]
    quantities = [at.get("valueQuantity")] if "valueQuantity" in at else [c["valueQuantity"] for c in at.get("component", []) if "valueQuantity" in c]
    units = {q.get("code") if q.get("system") == "http://unitsofmeasure.org" and q.get("code") else q.get("unit") or q.get("code") for q in quantities}
    return {SAME.get(u, u) for u in units}


class Told:
    def __init__(self):
        self.values, self.rows, self.plotted, self.bad = 0, 0, 0, []

    def wrong(self, *what):
        self.bad.append(" ".join(map(str, what)))

    def row(self, have, row):
        self.rows += 1
        units = set()
        for name in ("cells", "trend"):
            for p in row[name]:
                o = source_of(have, p)
                numbers = digits.tokens(p["value"]) if p["words"] == "no" else []
                raw = set(digits.tokens(have.get("Observation", p["id"]).decode()))
                self.values += len(numbers)
                self.plotted += p["plotted"] == "yes"
                for x in numbers + (digits.tokens(p["range"]) if p["range"] else []):
                    if x.lstrip("-") not in {r.lstrip("-") for r in raw}:
                        self.wrong(row["row"], p["id"], "shows", x, "in", p["value"], p["range"])
                if o["status"] in ("entered-in-error", "cancelled") and (numbers or p["plotted"] == "yes"):
                    self.wrong(p["id"], "is", o["status"], "and has the value", p["value"])
                if p["words"] == "no":
                    units |= unit_of(o, int(p["part"]))
                if p["flag"].endswith("by range") and "/" not in p["flag"] and (o.get("interpretation") or not p["range"]):
                    self.wrong(p["id"], "has a flag by range beside the server's, or without a range:", p["flag"])
        if len(units) > 1:
            self.wrong(row["row"], "holds the units", sorted(map(str, units)))
        shown, trend = ([(p["id"], p["part"]) for p in row[k] if p["words"] == "no"] for k in ("cells", "trend"))
        if not set(shown) <= set(trend):
            self.wrong(row["row"], "has values that its trend lacks:", sorted(set(shown) - set(trend))[:3])


def run(folder, more, told):
    have = digits.Resources(glob.glob(f"{folder}/*.json") + glob.glob(f"{folder}/refused/*.json"))
    for show in from_store(folder, ["--series", *more])[1].values():
        for row in show["series"]:
            told.row(have, row)


def main():
    make, told = generator(), Told()
    with tempfile.TemporaryDirectory() as danger, tempfile.TemporaryDirectory() as folder:
        make.generate(danger)
        run(danger, [], told)
        of_danger = told.values
        for path in digits.synthea("--all" in sys.argv):
            with gzip.open(path) as f, open(os.path.join(folder, os.path.basename(path)[:-3]), "wb") as out:
                shutil.copyfileobj(f, out)
        run(folder, ["--file"], told)
    for b in told.bad[:40]:
        print("FAILED:", b)
    print(f"series: {told.rows} rows of grids, {told.values} numbers ({of_danger} of danger charts), {told.plotted} plotted, {len(told.bad)} faults")
    return 1 if told.bad or told.rows < 300 or of_danger < 60 or told.plotted < 500 else 0


if __name__ == "__main__":
    sys.exit(main())
