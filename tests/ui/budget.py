#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes that the screen sends, against the budgets of the table below: 80x24, ASCII, made-up patients. A line of
9600 bit/s carries 960 of them a second, and a held-down key repeats 30 times. Kills tests/mutants/ui-marker-row.
"""
import os, sys, tempfile, time

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), "tests"), os.path.join(os.environ.get("top_srcdir", "."), "tests", "ui")]
sys.path.append(os.path.join(os.environ.get("top_srcdir", "."), "tests", "tools"))
import tokens, ward
from proxy import Proxy
from harness import HOME, Check, Term, WARDLINE, strange

BUDGET = {"lock screen": 1000, "a move in a list": 12, "14 queued moves": 40, "a move at the edge": 125, "a page": 1550,
          "a chart": 1300, "a dense chart": 1800, "a dense section": 1800, "the help": 1300, "idle for 60 s": 0,
          "a sync, 5 s of it": 60}
TERMS = ("xterm-256color", "vt100")
check, worst = Check(), {}


def spent(what, raw, term):
    n = len(raw)
    if n > worst.get(what, (-1, ""))[0]:
        worst[what] = (n, term)
    check(n <= BUDGET[what], f"{term}: {what}: {n} bytes, budget {BUDGET[what]}: {raw[:200]!r}")


def lists(t, term):
    for _ in range(6):
        spent("a move in a list", t.key("j"), term)
    for _ in range(4):
        spent("a move in a list", t.key("k"), term)
    t.focus()
    t.key(HOME)
    check(sum(bool(l.strip()) for l in t.body()) >= 18, f"{term}: the page is full: {t.text()}")
    t.send("j" * 14)
    spent("14 queued moves", t.settle(quiet=2), term)  # nothing comes late
    check("Z" in t.focus() and t.cursor()[0] == 4 + 14, f"{term}: 14 moves end 14 rows below: {t.cursor()}")
    spent("14 queued moves", t.key(b"\x1bOA" * 14), term)
    t.key("j" * 17)
    check(t.cursor()[0] == 21, f"{term}: the last row of the page: {t.cursor()}")
    for _ in range(25):
        spent("a move at the edge", t.key("j"), term)
        check(t.cursor()[0] == 21 and t.focus(), f"{term}: at the edge the marker stays")
    t.key(HOME)
    for _ in range(3):
        spent("a page", t.key(" "), term)
    t.key(HOME)


def charts(t, term):
    t.key("j")
    spent("a chart", t.key("\r"), term)
    t.key("q")
    t.key("k")
    spent("a dense chart", t.key("\r"), term)
    check(len([l for l in t.body() if l]) == 18, f"{term}: a cover with more than a page has room for: {t.text()}")
    for k in ("m", "p", "l"):
        spent("a dense section", t.key(k), term)
        for _ in range(3):
            spent("a move in a list", t.key("j"), term)
        spent("a page", t.key(" "), term)
    spent("the help", t.key("?"), term)
    t.key("q")
    t.key("q")
    t.key("q")


def idle(terms):
    """REQ: 0 bytes a minute without a key, an event or a timer of the sync, whose next one is minutes away: all at once."""
    before, end = [len(t.raw) for t in terms], time.monotonic() + 60
    while time.monotonic() < end:
        for t in terms:
            t.pump(0.25)
    for t, n in zip(terms, before):
        spent("idle for 60 s", t.raw[n:], t.name)


def syncing(w, term):
    """A first sync over a line that is so thin that it lasts: what it says while it runs, five seconds at a time."""
    home, port = w.home + "-" + term, int(w.url.split(":")[2].split("/")[0])
    with Proxy(f"127.0.0.1:{port}", "--rate", "8000", "8000") as line:
        w.cli("init", "--server", f"http://127.0.0.1:{line.port}/fhir", home=home)
        with Term([WARDLINE, "--home", home], term=term, quiet=0.1) as t:
            t.wait("Passphrase:")
            t.send(ward.PASS + "\r")
            t.wait("100 kept here")  # a list with nobody on it is filled when the first come
            t.settle(quiet=0.5)
            for _ in range(3):
                before, end = len(t.raw), time.monotonic() + 5
                while time.monotonic() < end:
                    t.pump(0.1)
                spent("a sync, 5 s of it", t.raw[before:], term)
            check("fetching" in t.text(), f"{term}: a sync ran and said so: {t.text()}")
            t.kill(15)
            check(t.end() == 0, f"{term}: SIGTERM ends it with {t.status}")


def session(w, term):
    t = Term([WARDLINE, "--home", w.home + "-of-" + term], term=term, quiet=0.1)
    t.name = term
    t.wait("Passphrase:")
    spent("lock screen", t.raw, term)
    t.send(ward.PASS + "\r")
    t.wait("PATIENTS")
    t.wait("synced ")
    lists(t, term)
    charts(t, term)
    return t


with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
    tokens.load(w, 100, 2)
    tokens.load(w, 1, 40)
    for term in TERMS:
        w.cli("init", "--server", w.url, home=w.home + "-of-" + term)
        w.cli("sync", home=w.home + "-of-" + term)
    terms = [session(w, term) for term in TERMS]
    idle(terms)
    for t in terms:
        check(not strange(t.raw), f"{t.name}: bytes that no screen may send: {strange(t.raw)[:3]}")
        t.kill(15)
        check(t.end() == 0, "SIGTERM ends it with 0")
        t.close()
    tokens.load(w, 1, 1500)  # what takes a while
    for term in TERMS:
        syncing(w, term)
for what, budget in BUDGET.items():
    check(what in worst, f"{what} was measured")
    print(f"{what:20} {worst.get(what, (0, ''))[0]:5} of {budget:5} bytes ({worst.get(what, (0, '-'))[1]})")
check.finish()
