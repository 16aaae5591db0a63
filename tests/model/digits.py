#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every number that a chart shows stands digit for digit in the resource of its row.

digits.py [--all]                 danger and Synthea charts through tests/model/charts; --all: every Synthea file
digits.py --wardline PROGRAM --home HOME --passphrase FILE [--patients N]
                                  a profile, through `show --json` and `get`

Other tests import check(show, get). Kills tests/mutants/model-digits-rounded.
"""
import argparse, base64, decimal, glob, gzip, json, os, re, shutil, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests/model"))
from danger import from_store, generator

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|(?<=[A-Za-z*^_])\d+(?:\.\d+)?")
MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
# What wardline itself composes: dates, the clear form of a dose, steps, counts. The clear form is checked by value.
OWN = re.compile(rf"(?:\d\d-)?{MONTH}-\d{{4}}(?: \d\d:\d\d(?: [-+]\d\d:\d\d)?)?|\bSTEP \d+|panel of \d+ result|\d+ documents? attached|"
                 r"\[\+\d+ bytes\]|\bPanel of \d+|(?:since|until|from|ended|last|on|due|expires) \d{4}\b")
CLEAR = re.compile(r"(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)([^()\d]*)\(= (-?[\d,]+(?:\.\d+)?)[^)]*\)")


RANGE = re.compile(r"(-?\d+(?:\.\d+)?)([^()\d]*?) to (-?\d+(?:\.\d+)?)([^()\d]*)\(= (-?[\d,]+(?:\.\d+)?)[^()\d]*? to (-?[\d,]+(?:\.\d+)?)[^)]*\)")


def tokens(text):
    return NUMBER.findall(text)


def row_numbers(text):
    """The numbers of a row that must stand in its resource, and faults of its clear forms."""
    faults = []
    for m in RANGE.finditer(text):
        low, high = (decimal.Decimal(m[k].replace(",", "")) for k in (5, 6))
        if (decimal.Decimal(m[1]), decimal.Decimal(m[3])) != (low, high):
            faults.append(f"{m[0]!r} is not the same range")
    text = RANGE.sub(lambda m: f"{m[1]}{m[2]} to {m[3]}{m[4]}", text)
    faults += [f"{m[0]!r} is not the same number" for m in CLEAR.finditer(text)
              if decimal.Decimal(m[1]) != decimal.Decimal(m[3].replace(",", ""))]
    text = CLEAR.sub(lambda m: m[1] + m[2], text)
    return tokens(OWN.sub(" ", text)), faults


def check(show, get):
    """(numbers checked, of them ending in 0 behind a point, faults). get(type, id) -> the resource's bytes."""
    n = zeros = 0
    faults = []
    for section, rows in show["sections"].items():
        for r in rows:
            if not r["id"] or section == "cover":
                continue
            # How many rows happened in a visit is wardline's own count.
            numbers, wrong = row_numbers(r["text"].split(" - in it: ")[0] if section == "encounters" else r["text"])
            faults += [f"{r['resourceType']}/{r['id']}: {w}" for w in wrong]
            if not numbers:
                continue
            raw = get(r["resourceType"], r["id"])
            sources = raw.decode("utf-8")
            for kind, id_ in re.findall(r'"reference"\s*:\s*"(Medication|Observation|urn:uuid)[/:]([^"]+)"', sources):
                for k in ("Medication", "Observation") if kind == "urn:uuid" else (kind,):
                    sources += (get(k, id_) or b"").decode("utf-8")
            for data in re.findall(r'"data"\s*:\s*"([A-Za-z0-9+/=]{8,})"', sources): # a note's first words come from there
                sources += " " + base64.b64decode(data).decode("utf-8", "replace")
            have = set(tokens(sources))
            for x in numbers:
                n += 1
                zeros += "." in x and x.endswith("0")
                if x not in have:
                    faults.append(f"{r['resourceType']}/{r['id']}: shows {x} in {r['text']!r}")
    return n, zeros, faults


def synthea(all_):
    data = os.environ.get("WARDLINE_DATA") or os.path.join(os.environ.get("top_srcdir", "."), "../shared/data")
    files = sorted(glob.glob(f"{data}/synthea/*/*.json.gz"), key=os.path.getsize)
    return files if all_ else files[:32]


class Resources:
    """The resources of Bundles, each with its numbers as they are."""

    def __init__(self, paths):
        self.have, self.made = {}, {}
        for path in paths:
            with open(path, encoding="utf-8") as f:
                doc = json.load(f, parse_float=lambda s: f"@@{s}@@", parse_int=lambda s: f"@@{s}@@")
            self.have.update(((e["resource"]["resourceType"], e["resource"]["id"]), e["resource"]) for e in doc["entry"])

    def get(self, kind, id_):
        """Its bytes, or None; the id of an imported one has "file:" before it."""
        key = kind, id_.removeprefix("file:")
        if key not in self.made and key in self.have:
            self.made[key] = re.sub(r'"@@([^"@]+)@@"', r"\1", json.dumps(self.have[key], ensure_ascii=False)).encode()
        return self.made.get(key)


def raw_differs(row, have):
    """The detail's last part is the resource: the same document, its numbers as they were written."""
    as_written = dict(parse_float=lambda s: f"@@{s}@@", parse_int=lambda s: f"@@{s}@@")
    try:
        return json.loads(row["raw"], **as_written) != json.loads(have, **as_written)
    except ValueError:
        return True


def details(folder):
    have = Resources(glob.glob(f"{folder}/*.json"))
    rows = [r for c in from_store(folder, ["--details"])[1].values() for s in c["sections"].values() for r in s if r["id"]]
    bad = [f"{r['resourceType']}/{r['id']}: its detail is another document" for r in rows if raw_differs(r, have.get(r["resourceType"], r["id"]))]
    return len(rows), bad


def one_run(folder, more, total):
    have = Resources(glob.glob(f"{folder}/*.json") + glob.glob(f"{folder}/refused/*.json"))
    for show in from_store(folder, more)[1].values():
        n, zeros, faults = check(show, have.get)
        total = [total[0] + n, total[1] + zeros, total[2] + faults]
    return total


def by_store(a):
    make = generator()
    with tempfile.TemporaryDirectory() as danger, tempfile.TemporaryDirectory() as folder:
        make.generate(danger)
        total = one_run(danger, [], [0, 0, []])
        shutil.rmtree(os.path.join(danger, "refused"))
        rows, bad = details(danger)
        total[2] += bad if rows > 200 else [f"only {rows} details"]
        for path in synthea(a.all):
            with gzip.open(path) as f, open(os.path.join(folder, os.path.basename(path)[:-3]), "wb") as out:
                shutil.copyfileobj(f, out)
        return one_run(folder, ["--file"], total)


def by_program(a):
    def run(*words):
        fd = os.open(a.passphrase, os.O_RDONLY)
        try:
            return subprocess.run([a.wardline, "--home", a.home, "--passphrase-fd", str(fd), *words], stdout=subprocess.PIPE, check=True, pass_fds=[fd]).stdout
        finally:
            os.close(fd)
    total = [0, 0, []]
    for p in json.loads(run("list", "--json"))[:a.patients]:
        n, zeros, faults = check(json.loads(run("show", p["id"], "--json")), lambda t, i: run("get", f"{t}/{i}"))
        total = [total[0] + n, total[1] + zeros, total[2] + faults]
    return total


def main():
    ap = argparse.ArgumentParser()
    for o in ("--wardline", "--home", "--passphrase"):
        ap.add_argument(o)
    ap.add_argument("--patients", type=int)
    ap.add_argument("--all", action="store_true")
    a = ap.parse_args()
    n, zeros, faults = by_program(a) if a.wardline else by_store(a)
    for f in faults[:40]:
        print(f)
    print(f"digits: {n} numbers, {zeros} of them ending in 0, {len(faults)} faults")
    return 1 if faults or not n else 0


if __name__ == "__main__":
    sys.exit(main())
