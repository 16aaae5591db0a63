#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys, half sequences, windows of every size and a sync under way, by chance but the same for the same seed
($STORM_SEED, $STORM_STEPS): whatever comes, the program lives, the demo mark stands, the cursor is in the window, one
patient is shown, and leaving is clean. Meant for a build with --enable-sanitizers, and runs in every other.
"""
import os, random, re, sys, tempfile

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), "tests"), os.path.join(os.environ.get("top_srcdir", "."), "tests", "ui")]
import tokens, ward
from harness import Check, Term, WARDLINE, strange

check = Check()
seed, steps = int(os.environ.get("STORM_SEED", "1")), int(os.environ.get("STORM_STEPS", "250"))
chance = random.Random(seed)
KEYS = ([b"j", b"k", b" ", b"-", b"\r", b"G", b"<", b">", b"\x1b[H", b"\t", b"?", b"g", b"R", b"s", b"S", b"h", b"\x0c"] * 3 +
        [b"q", b"/", b"zeb", b"\x07", b"\x15", b"\x7f", b"m", b"l", b"p", b"a", b"c", b"r", b"w", b"%", b"7", b"1-3", b",", b"M", b"'", b"z", b":", b"gg", b"CC;m", b"GO", b"n", b"\x1b[A", b"\x1bOB", b"\x1b[6~", b"\x1b[Z",
         b"\x1b", b"\x1b[", b"\x1b[1;5", b"\xc3", b"\xc3\xa9", b"\xf0\x9f", b"\x00", b"\xff", b"\x1b]0;x\x07", b"j" * 60])


def start(home):
    t = Term([WARDLINE, "--home", home], term=chance.choice(["xterm-256color", "vt100", "linux", "screen"]), quiet=0.04)
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("kept here")
    return t


def look(t, done):
    text, big = t.text(), t.rows >= 24 and t.cols >= 80
    check(0 <= t.screen.cursor.y < t.rows, f"step {done}: the cursor is in the window")
    if not big:
        check("wardline needs 80 x 24" in text.replace("\n", " ")[:80] or t.cols < 22 or t.rows < 2, f"step {done}: too small a window says so:\n{text}")
        check(not TOKEN.search(text), f"step {done}: and shows no patient")
        return
    check("DEMO - NOT REAL PATIENTS" in t.row(t.rows), f"step {done}: the demo mark:\n{text}")
    if not text.startswith("PATIENTS") and "Keys: Patients" not in text:
        shown = {x.upper() for x in TOKEN.findall(text)}
        check(len(shown) <= 1, f"step {done}: patients {shown}:\n{text}")
    check(not strange(t.raw[-4000:].split(b"\x1b", 1)[-1].join([b"\x1b", b""])), f"step {done}: bytes {strange(t.raw[-4000:])[:3]}")


with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
    TOKEN = re.compile("|".join(tokens.load(w, 40, 6)), re.I)
    w.cli("init", "--server", w.url, "--demo")
    t, runs = start(w.home), 1  # nothing has come yet: the first sync runs while keys are typed
    for step in range(steps):
        if chance.random() < 0.06:
            t.resize(chance.choice([24, 24, 43, 10, 3, 25]), chance.choice([80, 80, 132, 60, 20, 81]))
        else:
            keys = b"".join(chance.choice(KEYS) for _ in range(chance.randint(1, 4)))
            if t.fd >= 0:
                t.send(keys)
                t.settle(first=0.3)
        if chance.random() < 0.01 and t.fd >= 0:
            t.key("qqqL")
        if t.fd < 0 or "wardline - locked" in t.text():
            if t.fd >= 0:
                t.kill(15)
            check(t.end() == 0, f"step {step}: left with {t.status}: {t.raw[-300:]!r}")
            t, runs = start(w.home), runs + 1
        look(t, step)
    t.kill(15)
    check(t.end() == 0, f"the end: {t.status}")
    print(f"seed {seed}: {steps} steps, {runs} runs")
check.finish()
