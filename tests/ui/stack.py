#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Screens that lie over each other, in every order that a person can bring about: one that is opened again from above
itself, one that lost its chart, a window that changes above it. Each way back ends at the list, with whole rows, one
patient's. A sync between two keys, and what is opened then. Kills ui-screen-twice, ui-wraps-of-before and
ui-line-not-deaf.
"""
import json, os, re, sys, tempfile, time

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), "tests", d) for d in ("", "ui", "tools")]
import small_ward, ward
from harness import Check, Term, WARDLINE
from lines import Line
from proxy import Proxy

check = Check()


def enter(w, cols=80, rows=24):
    t = Term([WARDLINE, "--home", w.home], cols=cols, rows=rows)
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("kept here")
    t.wait("synced ")
    return t


def opened(t, who):
    t.key("/")
    t.key(who)
    t.key("\r")
    t.wait("Cover ")


# Sections and rows of the full chart; each ends where it began.
WAYS = [("y gg y q q q", "a timeline over itself"), ("y \r gg y \r q q q q", "and from a row of it"), ("l \r gg /warf\r \r q q q q q", "a row over a row"),
        ("/warf\r \r gg /warf\r \r q q q q q q", "a search over itself"), ("l T gg l T q q q", "a trend over itself"), ("l = \r q T q q q", "a row of the grid, and its trend"),
        ("y T q gg l = gg y q q q q", "a grid below a timeline"), ("gg ? q gg q q", "help and sections"), ("b gg b q q q", "who this is, over itself"),
        ("m ? q q q", "help over a section"), ("l = T W \r gg y /warf\r \r ? q q q q q q q q q", "as deep as ways lead")]


def walk(t, keys):
    for k in keys.split(" "):
        t.key(k)
        check(t.fd >= 0, f"{keys!r}: the program ends at {k!r}")
        if t.fd < 0:
            return


def ways(w):
    for keys, what in WAYS:
        with enter(w) as t:
            opened(t, "oka")
            walk(t, keys)
            for _ in range(8):
                if t.fd < 0 or t.row(1).startswith("PATIENTS") or "Leave" in t.row(24):
                    break
                t.key("q")
            check(t.fd >= 0 and "PATIENTS" in t.row(1), f"{what}: {keys}: {t.text()}")
    with enter(w) as t:
        opened(t, "oka")
        for k in ("y", "g", "g", "y"):
            t.key(k)
        n = re.match(r"Timeline: (\d+)", t.row(3))
        check(n and int(n[1]) > 10 and re.match(r"> 1 \d\d-", t.body()[0]), f"a timeline that is opened again has its rows: {t.text()}")


def growth(w):
    with enter(w) as t:
        opened(t, "ade")
        for k in ("W", "\r", "T", "W", "\r", "T", "q", "q", "q", "q"):
            t.key(k)
        check(t.fd >= 0 and t.row(1), f"curves and trends: {t.text()}")


def all_charts(w):
    """A search in one chart that was opened from a search in all."""
    with enter(w) as t:
        t.key("\\")
        t.send("warf\r")
        t.wait("charts searched")
        t.settle(first=1)
        t.key("\r")
        check(t.row(1).startswith("OKAFOR"), t.text())
        t.key("q")
        t.key("/")
        t.send("potass\r")
        t.wait("found")
        t.settle(first=1)
        t.key("]")
        for _ in range(6):
            if t.row(1).startswith("PATIENTS"):
                break
            t.key("q")
        check(t.fd >= 0 and t.row(1).startswith("PATIENTS"), t.text())
    with enter(w) as t:  # tasks, and below them the list: one screen deeper
        t.key("t")
        t.key("\r")
        who = t.row(1)
        check(not who.startswith(("TASKS", "STOP")), t.text())
        for k in ("l", "=", "T", "W", "\r", "gg", "y", "/a\r", "\r", "?"):
            t.key(k)
        check(t.fd >= 0 and t.row(1) == who, f"the banner stands above all that is opened: {t.text()}")
        for _ in range(12):
            if t.row(1).startswith("TASKS"):
                break
            t.key("q")
        check(t.fd >= 0 and t.row(1).startswith("TASKS"), f"back at the tasks: {t.text()}")
    with enter(w) as t:
        t.key("\\")
        t.send("warf\r")
        t.wait("charts searched")
        t.settle(first=1)
        t.key("\r")
        t.key("q")
        before = t.row(1)
        t.key("]")
        check(t.row(1) == before and "no next one" in t.row(22), f"] goes on from the list alone: {t.row(1)} {t.row(22)}")


def windows(w):
    """What lies below is laid out for the window, too: a range of 150 must not read as 15."""
    for over in ("\r", "?"):
        with enter(w, cols=132) as t:
            opened(t, "oka")
            t.key("y")
            t.key(over)
            t.resize(24, 80)
            t.key("q")
            back = t.body()
            t.key("R")
            check(t.row(3).startswith("Timeline") and back == t.body(), "\n".join(["below a smaller window:"] + back + ["anew:"] + t.body()))


def fresh(w):
    """REQ: rows that a sync has brought do not stand below a banner that was read before it."""
    with enter(w) as t:
        opened(t, "ade")
        was = t.row(2)
        w.put({"resourceType": "AllergyIntolerance", "id": "late", "patient": {"reference": f"Patient/{small_ward.CHILD}"}, "recordedDate": "2026-11-20",
               "clinicalStatus": small_ward.state("allergyintolerance-clinical", "active"), "code": {"text": "Sulfonamide"}})
        t.key("S")
        t.wait("R shows it")
        check(t.row(2) == was, f"nothing changes without a key: {t.row(2)}")
        t.key("y")
        check("Sulfonamide" in t.text() and "Known allergies: Sulfonamide" in t.row(2), t.text())


def unfetched(w):
    """REQ: a search that finds nothing while a first sync still runs says that not all is here."""
    home = w.home + "-late"
    with Proxy(f"127.0.0.1:{w.url.split(':')[2].split('/')[0]}", "--rate", "4000", "4000") as line:
        w.cli("init", "--server", f"http://127.0.0.1:{line.port}/fhir", "--demo", home=home)
        with Term([WARDLINE, "--home", home]) as t:
            t.wait("Passphrase:")
            t.send(ward.PASS + "\r")
            t.wait("OKAFOR")
            line("rate 200 200")
            opened(t, "oka")
            t.key("/")
            t.send("zzz\r")
            t.wait("0 rows found")
            t.settle(first=1)
            check("fetching" in t.row(24), f"a sync still runs: {t.row(24)}")
            check("NOT FETCHED in full" in t.row(3) and "NOT FETCHED in full" in t.row(5), t.text())


def deaf(w):
    """In line mode, too, what comes at once after the stop page chooses nobody."""
    l = Line(w)
    l.answer()
    l.say("/smith")
    l.p.stdin.write(b"1\nj\nEnter\n")
    l.p.stdin.flush()
    l.answer()
    time.sleep(1)
    code, _ = l.end()
    said = l.raw.decode()
    check("STOP: these patients" in said and "ID No." not in said.split("STOP: these patients")[1], f"opened by what came at once:\n{said}")
    check(code == 0, f"ends {code}")


def main():
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
        small_ward.load(w)
        w.cli("init", "--server", w.url, "--demo")
        w.cli("sync")
        for part in (ways, growth, all_charts, windows, deaf, unfetched, fresh):
            part(w)
    check.finish()


main()
