#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes that the screen sends, against the budgets of the table below: 80x24, ASCII, made-up patients. A line of
9600 bit/s carries 960 of them a second, and a held-down key repeats 30 times. Kills tests/mutants/ui-marker-row.
"""
import os, sys, tempfile

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), "tests"), os.path.join(os.environ.get("top_srcdir", "."), "tests", "ui")]
import tokens, ward
from harness import HOME, Check, Term, WARDLINE, strange

BUDGET = {"lock screen": 1000, "a move in a list": 12, "14 queued moves": 40, "a move at the edge": 125, "a page": 1550,
          "a chart": 1300, "a dense chart": 1800, "a dense section": 1800, "the help": 1300, "idle": 0}
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
    spent("14 queued moves", t.key("j" * 14), term)
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


def idle(t, term):
    """Nothing without a key, an event or a timer of the sync, whose next one is minutes away."""
    before = len(t.raw)
    for _ in range(30):
        t.pump(0.1)
    spent("idle", t.raw[before:], term)


with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
    tokens.load(w, 100, 2)
    tokens.load(w, 1, 40)
    w.cli("init", "--server", w.url)
    w.cli("sync")
    for term in ("xterm-256color", "vt100"):
        with Term([WARDLINE, "--home", w.home], term=term, quiet=0.1) as t:
            t.wait("Passphrase:")
            spent("lock screen", t.raw, term)
            t.send(ward.PASS + "\r")
            t.wait("PATIENTS")
            t.wait("synced ")
            lists(t, term)
            charts(t, term)
            idle(t, term)
            check(not strange(t.raw), f"{term}: bytes that no screen may send: {strange(t.raw)[:3]}")
            t.kill(15)
            check(t.end() == 0, "SIGTERM ends it with 0")
for what, budget in BUDGET.items():
    check(what in worst, f"{what} was measured")
    print(f"{what:20} {worst.get(what, (0, ''))[0]:5} of {budget:5} bytes ({worst.get(what, (0, '-'))[1]})")
check.finish()
