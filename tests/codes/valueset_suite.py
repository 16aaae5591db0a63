#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Value sets at their real size: FHIR R4's 1,058 code systems and those of its value sets that have no filter, and ICD-10-CM's 98,000
codes with their chapters, from WARDLINE_DATA/terminology. Lists and members are what a few lines of Python make of the same files;
searches find, rank and count. Ends with 77 without the data.
"""
import gzip, json, os, subprocess, sys, tempfile, unicodedata

TOP, BUILD = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", ".")
DATA = os.path.join(os.environ.get("WARDLINE_DATA") or os.path.join(TOP, "../shared/data"), "terminology")
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
MOST = 5000
bad = []


def check(what, ok, more=""):
    if not ok:
        bad.append(f"{what} {more}")


def lines(name):
    with (gzip.open if name.endswith(".gz") else open)(os.path.join(DATA, name), "rt", encoding="utf-8") as f:
        rows = [x.rstrip("\n").split("\t") for x in f]
    return rows[0], rows[1:]


def write(tmp):
    systems, sets = {}, {}
    head, rows = lines("fhir-r4-codesystems.tsv.gz")
    with open(os.path.join(tmp, "a.tsv"), "w", encoding="utf-8") as f:
        f.write("# date: 2019-11-01\n" + "\t".join(head) + "\n")
        for r in rows:
            if r[1].strip():
                f.write("\t".join(r) + "\n")
                systems.setdefault(r[0], {}).setdefault(r[1].strip(), r[2])
    _, rows = lines("fhir-r4-valuesets.tsv.gz")
    with open(os.path.join(tmp, "b.ndjson"), "w", encoding="utf-8") as f:
        for url, _, text in rows:
            rules = json.loads(text)
            if url in sets or any(r["filters"] for r in rules):
                continue
            sets[url] = rules
            include = [{k: v for k, v in (("system", r["system"]), ("concept", [{"code": c} for c in r["codes"]]), ("valueSet", r["valueSets"])) if v}
                       for r in rules]
            f.write(json.dumps({"resourceType": "ValueSet", "url": url, "compose": {"include": include}}) + "\n")
    icd = {}
    for name, file in (("icd10cm-chapters.tsv", "c.tsv"), ("icd10cm.tsv.gz", "d.tsv")):
        head, rows = lines(name)
        with open(os.path.join(tmp, file), "w", encoding="utf-8") as f:
            f.write(f"# system: {ICD}\n" + "\t".join(head) + "\n")
            for r in rows:
                f.write("\t".join(r) + "\n")
                row = dict(zip(head, r))
                icd.setdefault(row["code"], (row.get("description") or row.get("display") or "", row.get("parent", "")))
    return systems, sets, icd


def expand(url, systems, sets, up=()):
    """The codes in order, or None where they cannot be known."""
    if url not in sets or url in up:
        return None
    out = {}
    for r in sets[url]:
        some = None
        if r["system"]:
            if not r["codes"] and r["system"] not in systems:
                return None
            some = [(r["system"], c) for c in r["codes"] or systems[r["system"]]]
        for v in r["valueSets"]:
            more = expand(v.split("|")[0], systems, sets, up + (url,))
            if more is None:
                return None
            some = more if some is None else [c for c in some if c in set(more)]
        if some is None:
            return None
        out.update(dict.fromkeys(some))
    return list(out)


def key(text):
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()
    return "".join("" if c in "'\u2019" else c if c.isalnum() or ord(c) > 0xbf else " " for c in text).split()


def main():
    if not os.path.exists(os.path.join(DATA, "icd10cm.tsv.gz")):
        print("skipped: no WARDLINE_DATA with terminology")
        return 77
    with tempfile.TemporaryDirectory() as tmp:
        systems, sets, icd = write(tmp)
        asks = [f"expand\t{u}" for u in sets]
        words = ["diab mel kid", "E11.9", "cholera", "myocard inf", "pneumon", "fract fem", "asth", "zz", "e", "type 2 diabetes mellitus without complications"]
        asks += [f"search\t{ICD}\t20\t{w}" for w in words]
        asks += [f"is-a\t{ICD}\tE11.9\tE08-E13", f"is-a\t{ICD}\tE11.9\tE11", f"is-a\t{ICD}\tE11.9\tA00", f"is-a\t{ICD}\tE11\tE11.9"]
        p = subprocess.run([os.path.join(BUILD, "tests/codes/valueset_run"), tmp], input="\n".join(asks) + "\n", capture_output=True, text=True)
    got = [x.split("\t") for x in p.stdout.splitlines()]
    if p.returncode or len(got) != len(asks):
        print(f"valueset_run ended with {p.returncode} behind {len(got)} of {len(asks)}: {p.stderr}")
        return 1
    whole = lacking = 0
    for url, (why, n, *codes) in zip(sets, got):
        want = expand(url, systems, sets)
        if want is not None and len(want) <= MOST:
            whole += 1
            check(url, why == "0" and codes == ["|".join(c) for c in want], f"{why} {n}, not {len(want)}")
        else:
            lacking += 1
            check(url, why != "0" and n == "0", f"{why} {n}: nothing says that this is all")
    keys = {c: key(d) for c, (d, _) in icd.items()}
    for w, (why, n, *hits) in zip(words, got[len(sets):]):
        typed = key(w)
        want = {c for c, k in keys.items() if len(" ".join(typed)) >= 2 and all(any(x.startswith(t) for x in k) for t in typed)} | {c for c in icd if c.lower() == w.lower()}
        check(w, why == "0" and int(n) == len(want) and len(hits) == min(20, len(want)), f"{n}, not {len(want)}")
        check(f"{w}: only what was asked", all(h.split("|")[0] in want for h in hits))
        check(f"{w}: in order", [h.split("|")[1] for h in hits] == sorted(h.split("|")[1] for h in hits))
    first = {w: hits[:1] for w, (_, _, *hits) in zip(words, got[len(sets):])}
    check("a code first", first["E11.9"] == ["E11.9|0"], first["E11.9"])
    check("a whole term first", first["cholera"] == ["A00|1"] and first[words[-1]] == ["E11.9|1"], first)
    check("is-a", [x[0] for x in got[-4:]] == ["1", "1", "0", "0"], got[-4:])
    for b in bad[:30]:
        print(b)
    print(f"valuesets: {sum(map(len, systems.values()))} codes of {len(systems)} systems, {len(icd)} of ICD-10-CM; {whole} sets listed whole, "
          f"{lacking} said to be lacking; {len(bad)} faults")
    return 1 if bad or whole < 900 else 0


sys.exit(main())
