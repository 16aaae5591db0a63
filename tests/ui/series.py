#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grid and the trend on a real terminal, 80x24: each value stands under the date and beside the test and unit of a
resource that holds it digit for digit; what was entered in error is nowhere; no axis holds two units; the cursor is on
the cell; a move costs few bytes; rows 1-2 stay. The numbers of an axis are our own: the test prints them.
Kills tests/mutants/series-grid-other-day.
"""
import glob, json, os, re, sys, tempfile

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), "tests", d) for d in ("", "ui")]
import ward
from harness import MARGIN, Check, Term, WARDLINE, strange

MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
DAY = re.compile(r"(?:FUTURE )?(?:\d\d-)?(?:[A-Z][a-z]{2}-)?\d{4}|no date|UNREADABLE")
SAID = re.compile(r"not shown here|NOT SHOWN|NOT FETCHED|none recorded")
CELL = re.compile(r"\S+")
BUDGET = {"a day to the side": 16, "a test down": 40, "the grid": 1500, "a trend": 1500, "growth curves": 1500}
check, worst, axis = Check(), {}, set()


def spent(what, raw):
    worst[what] = max(worst.get(what, 0), len(raw))
    check(len(raw) <= BUDGET[what], f"{what}: {len(raw)} bytes, budget {BUDGET[what]}: {raw[:120]!r}")


def day_of(lexeme):
    part = lexeme[:10].split("-")
    return "-".join(reversed([p if i != 1 else MONTHS[int(p) - 1] for i, p in enumerate(part)]))


# --- made-up charts -----------------------------------------------------------------------------

def observation(i, pid, day, value, unit, category="laboratory", name="Potassium", code="2823-3", **more):
    return {"resourceType": "Observation", "id": f"{pid}-{i}", "status": "final", "subject": {"reference": f"Patient/{pid}"},
            "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": category}]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": code}], "text": name}, "effectiveDateTime": day,
            "valueQuantity": {"value": "@" + value, "unit": unit}, **more}


def chart(pid, family):
    low, high = ({"value": v, "unit": "mmol/L"} for v in ("@3.5", "@5.10"))
    out = [{"resourceType": "Patient", "id": pid, "gender": "female", "birthDate": "1958-11-06", "name": [{"family": family, "given": ["Ann"]}],
            "identifier": [{"system": "urn:ids", "value": pid}]}]
    for k in range(14):
        more = {"referenceRange": [{"low": low, "high": high}]} if k % 2 else {}
        out.append(observation(k, pid, f"2026-{1 + k % 10:02d}-{10 + k:02d}T08:30:00Z", f"{3 + k % 4}.{k % 3}0", "mmol/L", **more))
    out.append(observation(20, pid, "2026-05-20", "19.50", "mg/dL"))
    out.append(observation(21, pid, "2026-05-21", "20.10", "mg/dL"))
    out.append(observation(22, pid, "2026-06-01", "98.76", "mmol/L") | {"status": "entered-in-error"})
    low = observation(23, pid, "2026-06-02", "0.50", "ng/mL", name="Troponin", code="10839-9")
    low["valueQuantity"]["comparator"] = "<"
    out.append(low)
    out.append(observation(24, pid, "2026-10-19T06:00:00Z", "4.04", "mmol/L"))
    return out


def child(pid, born, family):
    out = [{"resourceType": "Patient", "id": pid, "gender": "female", "birthDate": born, "name": [{"family": family, "given": [family.title()]}],
            "identifier": [{"system": "urn:ids", "value": pid}]}]
    for k, (day, kg, cm) in enumerate([("2025-02-01", "3.20", "49.0"), ("2025-08-03", "6.50", "64"), ("2026-02-01", "7.10", "71"), ("2026-11-01", "8.00", "79.5")]):
        out.append(observation(f"w{k}", pid, day, kg, "kg", "vital-signs", "Body weight", "29463-7"))
        out.append(observation(f"l{k}", pid, day, cm, "cm", "vital-signs", "Body height", "8302-2"))
    return out


def post(w, *resources):
    text = json.dumps({"resourceType": "Bundle", "type": "transaction",
                       "entry": [{"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}} for r in resources]})
    path = os.path.join(w.tmp, "more.json")
    with open(path, "w", encoding="utf-8") as f:
        f.write(re.sub(r'"@([^"]+)"', r"\1", text))
    w.post(path)


class Source:
    """What each patient's Observations say: (test and unit, day) -> the lexemes, comparator and all."""

    def __init__(self, w):
        folder = os.path.join(w.tmp, "out")
        w.cli("export", folder)
        self.of, self.struck = {}, 0
        for path in glob.glob(folder + "/Observation*"):
            for line in open(path, encoding="utf-8"):
                o = json.loads(line, parse_float=str, parse_int=str)
                self.add(o["subject"]["reference"].split("/")[-1], o)

    def add(self, pid, o):
        have, name = self.of.setdefault(pid, {}), o["code"].get("text") or o["code"]["coding"][0].get("display")
        if o["status"] == "entered-in-error":
            self.struck += 1
            return
        day = day_of(o.get("effectiveDateTime", ""))
        halves = {c["code"]["coding"][0]["code"]: c["valueQuantity"] for c in o.get("component", []) if "valueQuantity" in c}
        q = o.get("valueQuantity")
        if q:
            have.setdefault((f"{name}, {q['unit']}", day), []).append(q.get("comparator", "") + q["value"])
        elif {"8480-6", "8462-4"} <= set(halves):
            s, d = halves["8480-6"], halves["8462-4"]
            have.setdefault((f"{name}, {s['unit']}", day), []).append(f"{s['value']}/{d['value']}")


# --- reading the screen --------------------------------------------------------------------------

def plain(line):
    """Without the marker of the row and its number, and without that of the cell."""
    return re.sub(r"(?<=\s)\[(?=\S)", " ", " " * MARGIN + line[MARGIN:])


def grid(t):
    """[(test and unit, day, words of the cell)] of the page that is shown."""
    days = [(m.start(), m[0]) for m in DAY.finditer(t.row(4))]
    name, out = "", []
    for line in t.body()[1:]:
        line = plain(line)
        if SAID.search(line):
            continue
        left = line[:days[0][0] - 1].strip() if days else ""
        if left and line[MARGIN:MARGIN + 1].strip():
            long = len(line) > days[0][0] - 1 and line[days[0][0] - 2:days[0][0]].strip()  # it runs past the locked column
            name = line.strip() if long else left
            if long:
                continue
        for k, (at, day) in enumerate(days):
            end = days[k + 1][0] - 1 if k + 1 < len(days) else None
            words = line[at:end].strip()
            if words:
                out.append((name, day, words))
    return out


def all_of_grid(t):
    """Every page and every day: by the keys that a person has."""
    seen = {}
    for turns in range(60):
        t.key("k" * 60)
        for _ in range(20):
            for name, day, words in grid(t):
                seen[name, day] = words
            if re.search(r"Page (\d+) of \1$", t.row(3)):
                break
            t.key(" ")
        shown, all_ = re.search(r"dates \d+-(\d+) of (\d+)", t.row(3)).groups()
        if shown == all_:
            return seen
        if turns % 2:
            t.key("\t")
        else:
            for _ in range(3):
                t.key(">")
    raise AssertionError("the last date never came")


def values(t):
    """[(date, words)] of the list under a plot, all its pages; the rows of the plot."""
    out, plot = [], [line[MARGIN:] for line in t.body() if re.match(r"\s{2,}[\d,.-]*\s*[|+]", line)]
    for _ in range(40):
        out += [(m[1], m[2]) for m in (re.match(r"[> ][ \d]\d ((?:\d\d-)?(?:[A-Z][a-z]{2}-)?\d{4}(?: \d\d:\d\d)?)\s{2,}(\S.*)", line) for line in t.body()) if m]
        if re.search(r"Page (\d+) of \1$", t.row(3)):
            break
        t.key(" ")
    return list(dict.fromkeys(out)), plot


def check_cell(source, pid, name, day, words):
    have = source.of.get(pid, {}).get((name, day))
    if not have and words.startswith(("no result", "(text)", "cancelled", "see the row", "no value")):
        return
    value = CELL.match(words)[0]
    check(have and value in have, f"{pid}: {name} of {day} shows {words!r}; its resources hold {have}")
    more = re.search(r" \+(\d+)$", words)
    check(int(more[1]) + 1 == len(have) if more else len(have or []) == 1, f"{pid}: {name} of {day}: {words!r} of {have}")


def check_trend(t, source, pid, name):
    check(t.row(3).startswith(f"Trend, oldest left: {name}"), f"the title names the test and its unit: {t.row(3)!r}, not {name}")
    rows, plot = values(t)
    unit = name.rsplit(", ", 1)[-1]
    want = sorted(v for (n, _), vs in source.of[pid].items() if n == name for v in vs)
    got = [CELL.match(words)[0] for _, words in rows if f" {unit}" in words]
    check(sorted(got) == want, f"{pid}: the values of {name} are {sorted(got)}, the source has {want}")
    for date, words in rows:
        if f" {unit}" in words:
            have = source.of[pid].get((name, date[:11]))
            check(have and CELL.match(words)[0] in have, f"{pid}: {name}: {date} {words}: not in {have}")
    axis.update(m[1] for m in (re.match(r"\s*([\d,.-]+) \+", line) for line in plot) if m)
    marks = sum(len(re.findall(r"[*oHLAv^hla]", line.split("|" if "|" in line else "+", 1)[1])) for line in plot)
    check(not plot or 0 < marks <= 2 * len(rows), f"{pid}: {marks} marks for {len(rows)} values:\n{t.text()}")


# --- sessions ------------------------------------------------------------------------------------

def open_chart(t, number):
    t.key("/")
    t.key("\x15" + number)
    t.key("\r")
    check(number in t.row(1), f"{number} is open: {t.row(1)!r}")


def read_patient(t, source, pid):
    banner = t.row(1), t.row(2)
    cells = 0
    for section in ("l", "v"):
        t.key(section)
        spent("the grid", t.key("="))
        seen = all_of_grid(t)
        check((t.row(1), t.row(2)) == banner, "the banner stays above the grid")
        for (name, day), words in seen.items():
            check_cell(source, pid, name, day, words)
            cells += 1
        t.key("q")
    have = {k: v for k, v in source.of.get(pid, {}).items()}
    check(cells >= len(have), f"{pid}: {cells} cells for {len(have)} values by test and day")
    return cells


def the_made_one(t, source):
    pid = "made1"
    t.key("l")
    t.key("=")
    check("Potassium, mmol/L" in t.text() and "Potassium, mg/dL" in t.text(), t.text())
    check("98.76" not in t.text() and "1 value entered in error is not shown here" in t.text(), t.text())
    check("4.00 +1" in t.text() and "4.04" not in t.text(), f"two of a day:\n{t.text()}")
    for _ in range(3):
        spent("a test down", t.key("j"))
    for _ in range(3):
        spent("a test down", t.key("k"))
    for _ in range(2):
        spent("a day to the side", t.key(">"))
        y, x = t.cursor()
        check(t.row(y)[x - 2] == "[" and t.row(y).startswith(">"), f"the cursor is on the chosen cell: {t.row(y)!r} at {x}")
    t.key("\t")
    check(re.search(r"dates (5|4)-", t.row(3)), f"Tab shows the dates beside: {t.row(3)!r}")
    t.key("\x1b[Z")
    check(re.search(r"dates 1-\d+ of \d+, newest first", t.row(3)), f"the direction of time is said: {t.row(3)!r}")
    check("dates 1-" in t.row(3), f"and Shift-Tab those before: {t.row(3)!r}")
    cell = t.row(t.cursor()[0])[t.cursor()[1] - 1:].split()[0]
    t.key("\r")
    check(f"Potassium {cell} mmol/L" in t.row(4), f"Enter opens the cell's result {cell}: {t.row(4)!r}")
    at = t.cursor()
    t.key("q")
    check(t.row(3).startswith("Results: dates") and cell in t.row(t.cursor()[0])[t.cursor()[1] - 1:], f"back to the cell {at}")
    spent("a trend", t.key("T"))
    flat = " ".join(t.text().split())
    check("2 results in mg/dL are not on this axis" in flat and "1 entered in error is not plotted" in flat, t.text())
    check("98.76" not in t.text() and not re.search(r"^\s+(20|100) \+", t.text(), re.M), f"one unit, nothing struck:\n{t.text()}")
    check_trend(t, source, pid, "Potassium, mmol/L")
    t.key("\r")
    check(t.row(3).startswith("Potassium "), f"Enter on a value opens it: {t.row(3)!r}")
    t.key("T")
    t.key("q")
    check(t.row(3).startswith("Results: dates"), f"and back: {t.row(3)!r}")
    t.key("q")
    check(t.row(3).startswith("Results  as of"), t.row(3))
    check("H by range" in t.text() or "L by range" in t.text(), "a computed flag says by range")


def growth(t, source):
    """z-scores are our own numbers, and say so; each measurement stands as it was sent."""
    open_chart(t, "child1")
    banner = t.row(1), t.row(2)
    spent("growth curves", t.key("W"))
    kinds = []
    for _ in range(5):
        kinds.append(t.row(3))
        check((t.row(1), t.row(2)) == banner, "the banner stays above the curves")
        for m in re.finditer(r"^[> ] (\d\d-\w{3}-\d{4})  \S+  (\S+) (kg|cm)(?:, (\S+) (cm))?  (\S.*)$", t.text(), re.M):
            for value, unit in ((m[2], m[3]), (m[4], m[5])):
                name = {"kg": "Body weight, kg", "cm": "Body height, cm"}.get(unit)
                check(not name or value in source.of["child1"].get((name, m[1]), []), f"{m[0]!r}: {value} {unit} is not in the source")
            check(re.search(r"(above|below) the median: z = ([+-][\d.]+)|at the median: z = 0", m[6]), f"a z-score in words: {m[0]!r}")
        check(("X" in "\n".join(t.body())) == ("Head" not in t.row(3)), f"the values are on the curves:\n{t.text()}")
        t.key(">")
    check(len(set(kinds)) == 5 and t.row(3) == kinds[0], f"five kinds of curves, then the first: {kinds}")
    check("8.00 kg  2.58 SD below the median: z = -2.58 - below -2 SD" in t.text(), t.text())
    t.key("q")
    t.key("q")
    open_chart(t, "child2")
    t.key("W")
    check("need a full birth date" in t.text() and "z =" not in t.text(), t.text())
    t.key("q")


with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False, generate=6, charts=6) as w:
    post(w, *chart("made1", "GRIDLEY"))
    post(w, *chart("made2", "TRENDMAN"))
    post(w, *child("child1", "2025-02-01", "ALPINE"))
    post(w, *child("child2", "2025-02", "ZURICHER"))
    w.cli("init", "--server", w.url)
    w.cli("sync")
    source = Source(w)
    people = sorted(w.json("list"), key=lambda p: (not p["id"].startswith("made"), p["id"].startswith("child")))
    check(source.struck >= 2, "the made-up charts hold struck rows")
    cells = trends = 0
    with Term([WARDLINE, "--home", w.home], term="vt100", quiet=0.12) as t:
        t.wait("Passphrase:")
        t.send(ward.PASS + "\r")
        t.wait("synced ")
        for p in people[:5]:
            number = next(i for i in p["identifiers"])
            number = number["value"] if isinstance(number, dict) else number
            open_chart(t, number)
            cells += read_patient(t, source, p["id"])
            for section in ("l", "v"):
                t.key(section)
                t.key("=")
                for k in range(4):
                    name = next((n for n, _, _ in grid(t)[:1]), None)
                    line = plain(t.row(t.cursor()[0]))
                    row = line[:t.cursor()[1] - 2].strip() or plain(t.row(t.cursor()[0] - 1)).strip()
                    if name and not SAID.search(line) and any(n == row for n, _ in source.of.get(p["id"], {})):
                        spent("a trend", t.key("T"))
                        check_trend(t, source, p["id"], row)
                        trends += 1
                        t.key("q")
                    t.key("j")
                t.key("q")
            if p["id"] == "made1":
                the_made_one(t, source)
            t.key("q")
            t.key("q")
            check("PATIENTS" in t.text(), t.text())
        growth(t, source)
        check(not strange(t.raw), f"bytes that no screen may send: {strange(t.raw)[:3]}")
        t.kill(15)
        check(t.end() == 0, "SIGTERM ends it with 0")
check(cells > 150 and trends >= 15, f"{cells} cells and {trends} trends were read")
for what, budget in BUDGET.items():
    check(what in worst, f"{what} was measured")
    print(f"{what:20} {worst.get(what, 0):5} of {budget:5} bytes")
print(f"series: {cells} cells, {trends} trends; exempt, numbers of axes: {' '.join(sorted(axis))}")
check.finish()
