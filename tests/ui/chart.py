#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a chart's screens say and where the marker is: banner, cover, sections and the ways between them.
Kills tests/mutants/ui-below-unnamed, model-search-any.
"""
import json, os, re, sys, tempfile, time

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), p) for p in ("tests", "tests/ui", "tests/model")]
import tokens, ward
from harness import HOME, LEFT, MARGIN, Check, Term, WARDLINE
import sheets

check = Check()
HEADS = sheets.HEADS


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
        t.key("q")  # REQ: a section opened by its letter too: a key behind this one opens nobody else
        check(t.row(3).startswith("Cover") and t.focus() == row_on_cover, f"a section opened by its letter leads to the cover, where it was: {t.text()}")
        t.key("q2\r")
        check(t.row(1).startswith("PATIENTS") and "is not on the screen" in t.row(22), f"and the cover to the list, where nothing opens unseen: {t.text()}")
        t.key("\r")
        t.wait("Cover")
        for keys in ("l", "=", "q", "T", "q", "y", "q"):  # pages over a section lead back to it
            t.key(keys)
        check(t.row(3).startswith("Results"), t.row(3))
        t.key(LEFT)
        check(t.row(3).startswith("Cover"), f"Left as q: {t.row(3)}")
        t.key("q")
        check(t.row(1).startswith("PATIENTS"), f"and so to the list: {t.row(1)!r}")
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


def words(row):
    return "  ".join([row["date"], row["text"]]) + (f"  [{', '.join(row['flags'])}]" if row["flags"] else "")


def flat(lines):
    """The items of a list on the screen, each in one line."""
    out = []
    for l in lines:
        if re.match(r"[> ][ \d]\d \S", l):
            out.append(l[MARGIN:])
        elif l.strip() and out:
            out[-1] += " " + l.strip()
    return [re.sub(" +", " ", o) for o in out]


def timeline(w):
    """All dated rows, newest first, with their section; page by page the same as show says."""
    shown = w.json("show", "p")["sections"]
    titles = {l.split(" (")[0] for l in w.cli("show", "p").stdout.splitlines() if re.match(r"\w.* \((as of|NOT)", l)}
    rows = w.json("show", "p", "timeline")["sections"]["timeline"]
    dated = {r["id"] for name, of in shown.items() if name != "cover" for r in of if r["id"] and r["date"] not in ("no date", "UNREADABLE")}
    check({r["id"] for r in rows} >= dated and len(rows) > 108, f"the timeline lacks {dated - {r['id'] for r in rows}}, {len(rows)} rows")
    check(all(r["text"].split(" - ")[0] in titles for r in rows), f"each row says its section: {rows[:3]}")
    day = lambda r: time.strptime(r["date"][:11], "%d-%b-%Y")
    check(all(day(a) >= day(b) for a, b in zip(rows, rows[1:])), "newest first")
    check(w.cli("show", "p", "timeline").stdout.splitlines()[-1].strip() == words(rows[-1]), "show says the same words")
    with opened(w) as t:
        t.key("y")
        check(t.row(3).startswith(f"Timeline: {len(rows)} (") and "without a date" in t.row(3) and "Page 1 of " in t.row(3), t.row(3))
        seen = flat(t.body())
        for _ in range(60):
            if t.row(22) != "+ more below":
                break
            t.key(" ")
            seen += flat(t.body())
        want = [re.sub(" +", " ", words(r)) for r in rows]
        check(seen == want, f"page by page: {len(seen)} of {len(want)} rows; first apart: {next(((a, b) for a, b in zip(seen, want) if a != b), None)}")
        t.key("G")
        check("more below" not in t.row(22) and words(rows[-1]).startswith(t.words()[:30]), t.text())
        t.key(HOME)
        check(t.words().startswith(rows[0]["date"]) and t.cursor()[0] == 4, t.focus())
        for _ in range(130):
            t.key("j")
        focus, at = t.focus(), t.cursor()
        t.key("\r")
        check("w Words" in t.row(23), t.text())
        t.key("q")
        check(t.focus() == focus and t.cursor() == at, f"back to the row: {t.focus()!r}, not {focus!r}")
        t.resize(30, 100)
        check(t.words()[:11] == focus[MARGIN:][:11], f"another window: {t.focus()}")
        t.resize(24, 80)
        t.key("q")
        check(t.row(3).startswith("Cover"), t.row(3))
        t.key("y")
        check(t.words() == focus[MARGIN:], f"opened again, on the same row: {t.focus()!r}, not {focus!r}")
        check(t.row(1).startswith("ADAMS"), t.row(1))


def search(w):
    """Kills tests/mutants/model-search-any.patch: a row is found that has one of the words."""
    shown = w.json("show", "p")["sections"]
    has = lambda r, *ws: all(re.search(rf"(?<![a-z0-9]){x}", (r["title"] + " " + words(r)).lower()) for x in ws)
    titles = {"medicines": "Medicines", "labs": "Results", "vitals": "Vital signs", "problems": "Problems", "cover": "Cover", "encounters": "Visits", "appointments": "Appointments"}
    pool = {r["id"]: {**r, "title": t} for name, t in titles.items() for r in shown[name] if r["id"] and (name != "cover" or r["resourceType"] in ("Flag", "Consent"))}
    with opened(w) as t:
        for typed, ws in (("DRUG 1", ("drug", "1")), ("results pot 7.1", ("results", "pot", "7.1")), ("medicines warf", ("medicines", "warf")), ("otassium", ("otassium",))):
            want = {i for i, r in pool.items() if has(r, *ws)}
            t.key("/")
            check("Search this chart:" in t.row(24), t.row(24))
            t.send(typed + "\r")
            t.wait("found")
            t.settle(first=1)
            while "so far" in t.row(3):
                t.pump(0.2)
            n = int(re.search(r"(\d+) rows? found", t.row(3)).group(1))
            check(n == len(want) and f"Search: {typed}" in t.row(3), f"{typed}: {n} found, {len(want)} wanted: {t.row(3)}")
            check(bool(want) or "No row with these words." in t.text(), t.text())
            check(all(all(x in row.lower() for x in ws) for row in flat(t.body())) or not want, f"{typed}: {t.text()}")
            t.key("q")
            check(t.row(3).startswith("Cover"), f"back: {t.row(3)}")
        t.key("/")
        t.key("\r")
        check("nothing was searched" in t.row(22), t.row(22))


def search_all(w):
    """In all charts: whose each row is, how many charts were searched; Enter opens the row with its banner; back leads to what was found."""
    with Term([WARDLINE, "--home", w.home]) as t:
        unlock(t)
        t.key("\\")
        check("Search all charts:" in t.row(24), t.row(24))
        t.send("problem\r")
        t.wait("charts searched")
        while "so far" in t.row(3):
            t.pump(0.2)
        check(t.row(1) == "Search in all charts: problem" and re.search(r"^\d+ rows found; 7 of 7 charts searched", t.row(3)), t.text())
        first = flat(t.body())
        t.key("G")
        names = {r.split(" - ")[0] for r in first + flat(t.body())}
        t.key(HOME)
        check(all("Problems - " in r for r in flat(t.body())) and len(names) >= 2, f"whose they are: {t.text()}")
        t.key("jj")
        focus = t.focus()
        name = re.search(r"[A-Z]{4,}", focus).group(0)
        t.key("\r")
        check(t.row(1).startswith(name) and "w Words" in t.row(23) and "problem" in t.text().lower(), f"{name}: {t.text()}")
        t.key("q")
        check(t.row(1).startswith(name) and t.row(3).startswith("Cover"), t.text())
        t.key("q")
        check(t.focus() == focus, f"back to what was found: {t.focus()!r}, not {focus!r}")
        t.key("q")
        check(t.row(1).startswith("PATIENTS"), t.row(1))
        t.key("\\")
        t.send("problem\rq")  # typed ahead: it stops the search
        t.wait("charts searched")
        t.settle(first=1)
        check("PATIENTS" in t.row(1) or "STOPPED: " in t.row(3) or "7 of 7" in t.row(3), t.text())


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
    rows += [sheets.potassium(f"x{i}", f"2026-{1 + i % 9:02}-{1 + i % 28:02}", 4.5, flag="N") for i in range(60)]
    rows += [sheets.potassium("k0", "2026-11-20", "@7.10"), sheets.weight("w0", "2026-11-20", "@72.50"), {**sheets.flag("f0", "contact"), "code": {"text": "falls risk"}}]
    return rows


def main():
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
        tokens.load(w, 5, 2)
        w.put({"resourceType": "Patient", "id": "dead", "name": [{"family": "Quenell"}], "birthDate": "1950-01-02", "deceasedDateTime": "2026-05-01"})
        w.put({**sheets.patient("p"), "gender": "female"}, *chart())
        w.cli("init", "--server", w.url)
        w.cli("sync")
        for part in (cover, ways, below, timeline, search, search_all, banner):
            part(w)
    check.finish()


main()
