#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""REQ: at no prefix of the terminal's bytes does a screen show two patients. A session opens twenty charts in turn,
walks their sections and rows, and comes back by every way there is; its bytes are fed to a terminal one by one.
After each, a screen with a patient's rows shows that patient's token alone; only rows of the worklist stand side by
side, and no row ever mixes two. Kills tests/mutants: ui-no-erase, ui-rows-overwritten.
"""
import re, sys, tempfile, os

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), "tests"), os.path.join(os.environ.get("top_srcdir", "."), "tests", "ui")]
import tokens, ward
from harness import HOME, Check, Screen, Stream, Term, WARDLINE, strange

check = Check()


def session(home, term, charts):
    """Opens the charts; the bytes, and how many charts and rows were seen."""
    with Term([WARDLINE, "--home", home], term=term, quiet=0.1) as t:
        t.wait("Passphrase:")
        t.send(ward.PASS + "\r")
        t.wait("PATIENTS")
        opened = set()
        for i in range(charts):
            t.key("\r")
            if check(t.row(1).split(",")[0] in names, f"chart {i} has a banner: {t.row(1)!r}"):
                opened.add(t.row(1).split(",")[0])
            for k in ("m", "\r", "r", " ", "q") if i % 3 == 0 else ("l", "?", " ", "q", "g", "g", "j", "q") if i % 3 == 1 else ("p", " ", "\t"):
                t.key(k)
            if i != 7:
                t.key("q")  # to the cover
            if i == 7:
                t.key("L")
                t.wait("Passphrase:")
                t.send(ward.PASS + "\r")
                t.wait("PATIENTS")
                t.key("j" * 8)
            elif i % 5 == 4:  # all at once: out, down, and no Enter that opens unseen
                t.key(b"qj\r")
                check(t.row(1).startswith("PATIENTS"), "a row that was not painted yet did not open")
            elif i % 5 == 2:
                t.key("q")
                for k in (" ", "-", "G", HOME):
                    t.key(k)
                t.key("/")
                t.key(list(names)[0][:3].lower())
                t.key("\x07")
                t.key("j" * (i + 1))
            else:
                t.key("q")
                t.key("j")
        t.kill(15)
        check(t.end() == 0, "SIGTERM ends it with 0")
        return t.raw, opened


def row_faults(line):
    """The tokens of a row, and whether it mixes two: patients, or a result's name and another one's value."""
    found = {m.upper() for m in TOKEN.findall(line)}
    wrong = any(name in line and value in line for _, name, _, _ in tokens.LABS for _, other, value, _ in tokens.LABS if name != other)
    return found, len(found) > 1 or wrong


def prefixes(raw, term):
    screen = Screen(80, 24)
    stream = Stream(screen)
    rows, faults, seen, steps = {}, [], set(), 0
    screen.dirty.clear()
    for at in range(len(raw)):
        stream.feed(raw[at:at + 1])
        if not screen.dirty:
            continue
        steps += 1
        for y in screen.dirty:
            line = "".join(screen.buffer[y][x].data for x in range(80))
            found, mixed = row_faults(line)
            rows[y] = (found, bool(re.match(r"[> ][ 0-9][0-9] Z[A-Z]*,? ?[A-Z]?", line)) or not found)
            if mixed:
                faults.append((at, y, line.rstrip()))
        screen.dirty.clear()
        all_ = set().union(*(f for f, _ in rows.values()))
        seen |= all_
        if len(all_) > 1 and not all(ok for _, ok in rows.values()):
            faults.append((at, None, sorted(all_)))
        if len(faults) > 20:
            break
    check(not faults, f"{term}: two patients at {faults[:3]}")
    check(steps > 5000, f"{term}: {steps} screens looked at")
    return seen


TOKEN = None
with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
    names = {n.upper(): n for n in tokens.load(w, 24, 8)}
    TOKEN = re.compile("|".join(names), re.I)
    w.cli("init", "--server", w.url)
    w.cli("sync")
    for term, charts in (("xterm-256color", 20), ("vt100", 7)):
        raw, opened = session(w.home, term, charts)
        check(len(opened) >= charts - 4, f"{term}: {len(opened)} charts were opened")
        check(not strange(raw), f"{term}: bytes that no screen may send: {strange(raw)[:3]}")
        seen = prefixes(raw, term)
        check(len(seen) >= 24, f"{term}: {len(seen)} patients seen")
        print(f"{term}: {len(raw)} prefixes, {len(opened)} charts")
check.finish()
