#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values, doses, ranges and dates, taken off the pty as a reader takes them: every number on every screen of two charts, in
every section, row in full, grid, trend and cover, on a vt100 and at 132 columns, stands digit for digit in a resource of that
patient; a date, turned back from its words, stands in one too. What wardline itself composes is EXEMPT, by pattern, and
printed with what it exempted: ages, counters, instants of a sync, axis labels. A resource's own JSON is not a column.

Kills tests/mutants/ui-date-shifted.
"""
import os, re, sys, tempfile

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests", d) for d in ("", "ui", "model")]
import digits, glass, small_ward, ward
from harness import Check, Term, WARDLINE

CLOCK = os.path.join(ward.BUILD, "tests/tools/fixed_clock.so")
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
DATE = re.compile(r"\b(?:(\d\d)-)?(?:(" + "|".join(MONTHS) + r")-)?(\d{4})(?: (\d\d:\d\d))?\b|\b(\d\d)-(" + "|".join(MONTHS) + r")\b(?: (\d\d:\d\d))?")
# name: what wardline composes, as it stands on a line.
EXEMPT = {
    "age": r"\(~?\d+[ymwd]\)|~\d+y\b",
    "the clear form of a dose": r"\(= [^)]*\)",
    "instant of a sync or a pull": r"(?:as of|synced|next|Received from the server on) \d\d-\w{3}(?:-\d{4})?(?: \d\d:\d\d)?",
    "page": r"Page \d+ (?:of |/ ?)\d+",
    "dates of a grid": r"dates \d+-\d+ of \d+",
    "counter": r"\+\d+ (?:more|bytes)|, \d+\+? abnormal\b|\+\d+\b|\b\d+ (?:active|on hold|WARNINGS?|ALERTS?|stopped|recently stopped|above|below|documents? attached)\b|\b(?:Allergies and alerts|Problems|Medicines|Results|Vital signs|Visits): \d+|; [a-z ]+: \d+|panel of \d+",
    "overdue by": r"OVERDUE \d+d",
    "row's number": r"^[> ] {0,2}\d{1,3} ",
    "axis label": r"^  *-?[\d.]+ [+|].*$|^ +\|.*$|^ *\d\d-\w{3}-\d{4}(?: \d\d:\d\d)?  +\d\d-\w{3}-\d{4}(?: \d\d:\d\d)?$",
    "version of a resource": r"Version: \d+",
    "rates, beside the server's words": r"\b1 h\b",
}
check = Check()
used = {name: set() for name in EXEMPT}


def own_numbers(resources):
    """All numbers of a patient's resources as they are written, and all dates, whole and in part."""
    text = small_ward.text_of(resources)
    dates = set()
    for y, m, d, t in re.findall(r"\b(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d:\d\d))?)?)?", text):
        dates |= {(y, "", "", ""), (y, m, "", ""), (y, m, d, ""), (y, m, d, t)}
    return set(digits.tokens(text)) | set(re.findall(r"\d+(?:\.\d+)?", text)), dates


def line_numbers(line):
    """(numbers, dates) of a line of the screen; what is exempt is noted."""
    for name, pattern in EXEMPT.items():
        for m in re.finditer(pattern, line):
            used[name].add(" ".join(m[0].split())[:24])
        line = re.sub(pattern, " ", line)
    dates = []

    def take(m):
        if m[5]:
            dates.append(("", m[6], m[5], m[7] or ""))
        elif m[2] or m[1]:
            dates.append((m[3], m[2] or "", m[1] or "", m[4] or ""))
        else:
            return m[0]
        return " "

    line = DATE.sub(take, line)
    return re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?|(?<=[A-Za-z*^_/])\d+(?:\.\d+)?", line), dates


def screen(t, where, numbers, dates):
    n = 0
    for line in [t.row(1), t.row(2), t.row(3), *t.body(), t.row(t.rows - 2)]:
        if re.match(r'^[> ] +[{}"\[\]]', line):  # the resource as it was received
            break
        found, days = line_numbers(line)
        for x in found:
            n += 1
            check(x in numbers, f"{where}: {x} of {line.strip()!r} stands in no resource of this patient")
        for y, m, d, at in days:
            n += 1
            month = f"{MONTHS.index(m) + 1:02d}" if m else ""
            check(any((not y or y == a) and month == b and d == c and (not at or at == h) for a, b, c, h in dates),
                  f"{where}: the date {d}-{m}-{y} {at} of {line.strip()!r} stands in no resource of this patient")
    return n


def chart(t, pid, find, resources):
    numbers, dates = own_numbers(resources)
    numbers |= {pid.upper().split("-")[-1]}
    t.type(b"\x07")
    t.type(find)
    t.type("\r")
    t.rest(0.2)
    n = screen(t, f"{pid}, cover", numbers, dates)
    for keys in ("b", "q"):
        t.type(keys)
    for name, title, key in glass.sections()[1:]:
        t.type(key)
        for page in range(3):
            n += screen(t, f"{pid}, {name}, page {page + 1}", numbers, dates)
            if re.search(r"(\d+) of \1$", t.row(3)):
                break
            t.type(" ")
        t.type(key)
        for row in range(3):
            before = t.row(3)
            t.type("\r")
            if t.row(3) == before:
                break
            n += screen(t, f"{pid}, {name}, a row in full", numbers, dates)
            t.type("q")
            t.type("j")
        if name in ("labs", "vitals"):
            t.type(key)
            for keys in ("=", ">", ">"):
                t.type(keys)
                n += screen(t, f"{pid}, {name}, grid", numbers, dates)
            t.type("q")
            for row in range(3):
                t.type("T")
                if t.row(3).startswith("Trend"):
                    n += screen(t, f"{pid}, {name}, trend", numbers, dates)
                    t.type("q")
                t.type("j")
    for _ in range(8):
        if t.row(1).startswith("PATIENTS"):
            break
        t.type("q")
    t.type(b"\x07")
    return n


def main():
    with tempfile.TemporaryDirectory() as tmp:
        os.environ["LD_PRELOAD"] = CLOCK
        total = 0
        with ward.Ward(tmp, init=False, quick=True) as w:
            small_ward.load(w)
            w.extra["LD_PRELOAD"] = f"{w.extra.get('LD_PRELOAD', '')} {CLOCK}".strip()
            w.cli("init", "--server", w.url)
            w.cli("sync")
            everything = small_ward.resources()
            of = lambda pid: [r for r in everything if r["id"] == pid or f'"Patient/{pid}"' in small_ward.text_of(r)]
            for term, rows, cols in (("vt100", 24, 80), ("xterm-256color", 43, 132)):
                with Term([WARDLINE, "--home", w.home], term=term, rows=rows, cols=cols, env={**ward.environment(w.extra), "TERM": term}) as t:
                    t.wait("Passphrase:")
                    t.type(ward.PASS + "\r")
                    t.wait("synced ")
                    total += chart(t, small_ward.FULL, "/oka", of(small_ward.FULL))
                    total += chart(t, small_ward.CHILD, "/ade", of(small_ward.CHILD))
                    t.kill(15)
                    check(t.end() == 0, f"SIGTERM ends it with {t.status}")
    print("EXEMPT, and what of it was met:")
    for name, met in used.items():
        print(f"  {name}: {', '.join(sorted(met)[:12]) or '-'}")
    print(f"{total} numbers and dates off the pty, each in its patient's resources")
    check(total > 400, f"{total} numbers are few")
    check.finish()


main()
