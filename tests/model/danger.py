#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the danger charts' index says its must-words and none of its never-words.

danger.py                         the charts that make-danger.py makes, through tests/model/charts and a throw-away store
danger.py --seed N                the same with another seed: other names, ids, digits, in another order
danger.py --wardline PROGRAM --home HOME --passphrase FILE [--dir DIR]
                                  a profile that has pulled or imported the charts of DIR, through `list` and `show`

The generator and its rule for words (says) come from $WARDLINE_DATA/danger, or ../shared/data/danger beside the tree.
Without it the test says 'skipped' and passes. Kills tests/mutants/model-comparator-dropped,
model-do-not-give-dropped, model-other-patient-shown.
"""
import argparse, csv, glob, importlib.util, json, os, re, subprocess, sys, tempfile

top = os.environ.get("top_srcdir", ".")
build = os.environ.get("top_builddir", ".")


def generator():
    data = os.environ.get("WARDLINE_DATA") or os.path.join(top, "../shared/data")
    path = os.path.join(data, "danger/make-danger.py")
    if not os.path.exists(path):
        print("skipped: no WARDLINE_DATA")
        sys.exit(0)
    sys.dont_write_bytecode = True
    spec = importlib.util.spec_from_file_location("make_danger", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def from_store(folder, more=()):
    """{"list": {id: words}, "charts": {id: show}} by tests/model/charts."""
    with tempfile.TemporaryDirectory() as home:
        files = sorted(glob.glob(f"{folder}/*.json")) + sorted(glob.glob(f"{folder}/refused/*.json"))
        out = subprocess.run([f"{build}/tests/model/charts", *more, home, *files], stdout=subprocess.PIPE, check=True).stdout
    all_ = json.loads(out)
    return {p["id"]: " | ".join(p["cells"]) for p in all_["list"]}, all_["charts"]


def bare(id_):
    """The FHIR id: charts and rows of a file have theirs behind "file:"."""
    return id_.removeprefix("file:")


def from_program(program, home, passphrase):
    def run(*words):
        fd = os.open(passphrase, os.O_RDONLY)
        try:
            return json.loads(subprocess.run([program, "--home", home, "--passphrase-fd", str(fd), *words, "--json"],
                                             stdout=subprocess.PIPE, check=True, pass_fds=[fd]).stdout)
        finally:
            os.close(fd)
    rows = run("list")
    words = {bare(p["id"]): " | ".join([p["name"] or "", *map(str, p["identifiers"]), *p["flags"]]) for p in rows}
    return words, {bare(p["id"]): run("show", p["id"]) for p in rows}


def row_words(r):
    return "  ".join([r["date"] or "", r["text"], *r["flags"]])


def section_words(chart, section, resource):
    """The words of a row; None when it is not in the section."""
    rows = chart["sections"].get(section, [])
    if resource == "-":
        return "  ".join(map(row_words, rows))
    for r in rows:
        if f"{r['resourceType']}/{bare(r['id'])}" == resource:
            return row_words(r)
    return None


def index(folder):
    for name in ("index.tsv", "refused/index.tsv"):
        if not os.path.exists(os.path.join(folder, name)):  # a server with referential integrity has none of those
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            yield from csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)


def check_words(says, words, row):
    must = [] if row["must"] == "-" else row["must"].split("|")
    never = [] if row["never"] == "-" else row["never"].split("|")
    return [f"lacks {w!r}" for w in must if not says(words, w)] + [f"says {w!r}" for w in never if says(words, w)]


def check(says, folder, listed, charts):
    bad, n, words_seen = [], 0, 0
    mixed = {r["patient"] for r in index(folder) if "the other patient's in name only" in r["why"] or "whose result is B's" in r["why"]}
    for row in index(folder):
        section, optional = row["section"].rstrip("?"), row["section"].endswith("?")
        if row["patient"] == "-":
            found = [(p, "  ".join(row_words(r) for rows in charts[p]["sections"].values() for r in rows)) for p in mixed if p in charts]
        elif row["patient"] not in charts:
            bad.append(f"{row['patient']}: no such chart")
            continue
        elif section == "banner":
            found = [(row["patient"], "  ".join(charts[row["patient"]]["banner"]))]
        elif section == "worklist":
            found = [(row["patient"], listed[row["patient"]])]
        else:
            found = [(row["patient"], section_words(charts[row["patient"]], section, row["resource"]))]
        for patient, words in found:
            n += 1
            if words is None:
                if not optional:
                    bad.append(f"{row['resource']}: not in {section} ({row['why']})")
                continue
            words_seen += 1
            bad += [f"{patient} {row['resource']} {section}: {b} in {words!r} ({row['why']})" for b in check_words(says, words, row)]
    return bad, n, words_seen


def canaries(folder, charts):
    """No chart holds the made-up word of another."""
    bad = []
    with open(os.path.join(folder, "canaries.tsv"), encoding="utf-8") as f:
        tokens = {r["patient"]: r["token"] for r in csv.DictReader(f, delimiter="\t")}
    for p, chart in charts.items():
        # A record that was merged away names the one to be used instead, in its banner alone.
        known = {k: re.sub(r"REPLACED - write nothing here:.*?(\d{6,}|  |$)", "", " ".join(chart.get(k, []))) for k in ("banner", "rows")}
        text = json.dumps({**chart, **known}, ensure_ascii=False)
        bad += [f"{p}: shows {t!r} of {q}" for q, t in tokens.items() if q != p and t.lower() in text.lower()]
    return bad


def main():
    ap = argparse.ArgumentParser()
    for o in ("--wardline", "--home", "--passphrase", "--dir"):
        ap.add_argument(o)
    ap.add_argument("--seed", type=int, default=0)
    a = ap.parse_args()
    make = generator()
    with tempfile.TemporaryDirectory() as tmp:
        folder = a.dir or tmp
        if not a.dir:
            make.generate(tmp, seed=a.seed)
        listed, charts = from_program(a.wardline, a.home, a.passphrase) if a.wardline else from_store(folder)
        bad, n, seen = check(make.says, folder, listed, charts)
        bad += canaries(folder, charts)
    for b in bad:
        print(b)
    print(f"danger: {n} rows of the index, {seen} of them shown, {len(charts)} charts, {len(bad)} faults")
    return 1 if bad or n < 200 else 0


if __name__ == "__main__":
    sys.exit(main())
