#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a chart's screens say and where the marker is: banner, cover, sections and the ways between them.
Kills tests/mutants/ui-below-unnamed.
"""
import json, os, re, sys, tempfile

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), p) for p in ("tests", "tests/ui", "tests/model")]
import tokens, ward
from harness import MARGIN, Check, LEFT, Term, WARDLINE
import sheets

check = Check()
HEADS = sheets.HEADS


def put(w, resources):
    path = os.path.join(w.tmp, "more.json")
    entries = [{"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}} for r in resources]
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"resourceType": "Bundle", "type": "transaction", "entry": entries}, f)
    w.post(path)


def unlock(t):
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("PATIENTS")
    t.wait("synced ")


def opened(w, rows=24, cols=80, name="adams"):
    t = Term([WARDLINE, "--home", w.home], rows=rows, cols=cols, term="vt100")
    unlock(t)
    t.key(f"/{name}")
    t.send("\r")
    t.wait("Cover")
    return t


def heads(t):
    """The headings on the page: (row on the screen, words)."""
    return [(y, l) for y, l in enumerate(t.body(), 4) if re.match(r"[> ][ \d]\d (\w)", l) and any(l[MARGIN:].startswith(h) for h in HEADS)]


def cover(w):
    for rows in (24, 43, 60):
        with opened(w, rows, 132 if rows > 24 else 80) as t:
            found = heads(t)
            body = "\n".join(t.body())
            check([l[MARGIN:MARGIN + len(h)] for (_, l), h in zip(found, HEADS)] == HEADS and len(found) == 6, f"{rows} rows: six headings: {t.text()}")
            check(t.row(3).startswith("Cover  as of ") and t.row(3).endswith("Page 1 of 1"), t.row(3))
            check(all("as of " in l for _, l in found), f"each pane's age: {found}")
            check("DO NOT GIVE: warfarin" in body and "CRITICAL RESULT: Potassium 7.10 mmol/L" in body and "falls risk" in body, f"{rows} rows: {t.text()}")
            more = [int(n) for n in re.findall(r"\+(\d+) more", body)]
            check(more and (rows > 24 or min(more) > 0), f"what is not on the page is counted: {t.text()}")
            check(rows == 24 or len([l for l in t.body() if l]) > 24, f"{rows} rows: a larger window shows more: {t.text()}")


def ways(w):
    """Enter on a heading opens its section, on a row the row; back stands where it was, and so does each section."""
    with opened(w) as t:
        while "Medicines: " not in t.focus():
            t.key("j")
        t.key("\r")
        check(t.row(3).startswith("Medicines"), t.row(3))
        t.key("jjj")
        at, row = t.cursor(), t.focus()
        t.key("q")
        check(t.row(3).startswith("Cover") and "Medicines: " in t.focus(), f"back on the cover: {t.text()}")
        t.key("j")
        row_on_cover = t.focus()
        t.key("\r")
        check("DO NOT GIVE" in t.text() and "w Words" in t.row(23), f"a row of the cover: {t.text()}")
        t.key("q")
        check(t.focus() == row_on_cover, f"back on the row: {t.focus()!r}")
        t.key("m")
        check(t.cursor() == at and t.focus() == row, f"a section keeps its marker: {t.focus()!r}, not {row!r}")
        t.key("lmp")
        t.key("m")
        check(t.cursor() == at and t.focus() == row, f"and over other sections: {t.focus()!r}, not {row!r}")
        t.key("G")
        at, row = t.cursor(), t.focus()
        t.key("\r")
        t.key("q")
        check(t.cursor() == at and t.focus() == row, f"and over a detail: {t.focus()!r}, not {row!r}")
        t.key("q")
        check(t.row(1).startswith("PATIENTS"), f"a section opened by its letter leads to the list: {t.row(1)!r}")
        t.key("\r")
        t.wait("Cover")
        t.key("m")
        check(t.cursor()[0] == 4, f"a chart opened anew begins at the top: {t.cursor()}")


def below(w):
    """Kills tests/mutants/ui-below-unnamed.patch: medicines below the page have no names."""
    with opened(w) as t:
        t.key("m")
        seen, drugs = "\n".join(t.body()), {f"drug number {i}" for i in range(24)} | {"digoxin", "warfarin"}
        hidden = {d for d in drugs if not re.search(rf"{d}\b", seen)}
        check(hidden and t.row(22).startswith("below: "), f"what lies below, by name: {t.text()}")
        told = t.row(22)[7:].split(" +")
        check(set(told[0].split(", ")) <= hidden and len(told[0].split(", ")) + int((told[1:] or ["0"])[0]) == len(hidden), f"{told}, hidden {hidden}")
        t.key("G")
        check("below" not in t.row(22), f"nothing lies below the last page: {t.row(22)}")
        t.key("l")
        check(t.row(22) == "+ more below", f"results have no names there: {t.row(22)}")


def banner(w):
    with opened(w) as t:
        check("[W]" in t.row(2) and "Weight 72.50 kg 20-Nov-2026" in t.row(2) and t.row(2).startswith("Allergies not recorded"), t.row(2))
    with opened(w, name="quenell") as t:
        check("*** DIED 01-May-2026  Age at death " in t.row(2), t.row(2))
        line = t.screen.buffer[1]
        check(all(line[x].reverse for x in range(20)), "the banner of somebody who has died has another pattern, without colour")


def chart():
    rows = sheets.full()
    drug = lambda i, name, **more: {**sheets.order(i, **more), "medicationCodeableConcept": {"text": name}}
    rows = [r for r in rows if r["resourceType"] != "MedicationRequest" and r["id"][0] not in "kf" and r["id"] != "w0"]
    rows += [drug("no", "warfarin", doNotPerform=True), drug("held", "digoxin", status="on-hold"), *[drug(f"m{i}", f"drug number {i}") for i in range(24)]]
    rows += [sheets.potassium("k0", "2026-11-20", "@7.10"), sheets.weight("w0", "2026-11-20", "@72.50"), {**sheets.flag("f0", "contact"), "code": {"text": "falls risk"}}]
    return rows


def main():
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
        tokens.load(w, 5, 2)
        text = json.dumps([{**sheets.patient("p"), "gender": "female"}, *chart()])
        put(w, [{"resourceType": "Patient", "id": "dead", "name": [{"family": "Quenell"}], "birthDate": "1950-01-02", "deceasedDateTime": "2026-05-01"}])
        path = os.path.join(w.tmp, "chart.json")
        entries = [{"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}} for r in json.loads(text)]
        with open(path, "w") as f:
            f.write(re.sub(r'"@([0-9.]+)"', r"\1", json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})))
        w.post(path)
        w.cli("init", "--server", w.url)
        w.cli("sync")
        for part in (cover, ways, below, banner):
            part(w)
    check.finish()


main()
