#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A clinic's day, as far as it is reading, at 80x24 on a monochrome vt100: the nurse without a link (A1 to A5), support over
SSH (C2, C3), results (D3 to D5). Each step says what keys it took, what bytes they brought, and how long a line of 2400
bit/s (240 bytes a second) would take for these: computed, not waited for. Keys and bytes have a limit a step, the seconds
follow from it: nothing a nurse waits for takes longer than a full screen does on that line, which is 7.5 s.
Kills tests/mutants/cli-clock-ok.
"""
import os, re, sys, tempfile

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests", d) for d in ("", "ui")]
import small_ward, ward
from harness import Check, Term, WARDLINE, strange

BYTES_A_SECOND, FULL_SCREEN = 240, 1800
CLOCK = os.path.join(ward.BUILD, "tests/tools/fixed_clock.so")
check = Check()
all_ = {"keys": 0, "bytes": 0}


def step(name, keys, count, sent, must, never=(), most=FULL_SCREEN, text=""):
    all_["keys"] += count
    all_["bytes"] += sent
    print(f"{name:46} {count:3} keys {sent:6} B {sent / BYTES_A_SECOND:6.1f} s at 2400 bit/s", flush=True)
    words = " ".join(text.split())
    for m in must:
        check(m in words, f"{name}: {m!r} must be there after {keys!r}:\n{text}")
    for n in never:
        check(n not in words, f"{name}: {n!r} must not be there:\n{text}")
    check(sent <= most, f"{name}: {sent} bytes, at most {most}")


def press(t, name, keys, must=(), never=(), most=FULL_SCREEN, wait=0.0):
    """keys: a list; what is typed together is one entry. wait: the page does not listen at once."""
    sent = 0
    for k in keys:
        sent += len(t.type(k, quiet=0.05))
        if wait:
            sent += len(t.rest(wait))
    step(name, keys, sum(1 if k[:1] == b"\x1b" else len(k) for k in keys), sent, must, never, most, t.text())


def home(t):
    t.type(b"\x07")
    for _ in range(12):
        if t.row(1).startswith("PATIENTS") and not t.row(2):
            return
        t.rest(0.6 if t.row(t.rows).endswith(":") else 0.01)
        t.type(b"q")


def nurse(w):
    """A. No link all day: the server is gone before she starts."""
    with Term([WARDLINE, "--home", w.home], term="vt100", env={**ward.environment(w.extra), "TERM": "vt100"}, quiet=0.1) as t:
        t.wait("Passphrase:")
        step("A1 cold start, no network: the lock screen", b"", 0, len(t.raw), ["wardline - locked"], ["OKAFOR"], 1000, t.text())
        before = len(t.raw)
        t.send(ward.PASS + "\r")
        t.wait("kept here")
        t.wait("ffline")
        step("A1 unlocked", ward.PASS, len(ward.PASS) + 1, len(t.raw) - before, ["OKAFOR, Anna Ngozi"], [], 2600, t.text())
        # A2: how many, how old, and that there is no link: in words, and calmly.
        step("A2 the panel", b"", 0, 0, ["9 kept here", "ffline"], ["ERROR", "FAILED"], 0, t.text())
        check(re.search(r"\d\d-Nov \d\d:\d\d", t.row(24)), f"A2: the last row says when the data are of: {t.row(24)}")
        press(t, "A3 find smi", [b"/", b"smi"], ["SMITH, John", "SMITH, Jon"], ["OKAFOR"], 1100)
        press(t, "A3 the second of three, opened", [b"\r", b"\x1b[B", b"\r"], ["STOP", "MRN-SMITH-1", "MRN-SMITH-2", "Room 2", "Dr M. Iyer"], ["Allergies"])
        t.rest(0.7)
        press(t, "A3 the right number, chosen on the stop page", [b"2", b"\r"], ["MRN-SMITH-2"], ["MRN-SMITH-1"])
        # A4: what the nurse compares with the card.
        press(t, "A4 the banner against the card", [b"b"], ["SMITH, John", "02-Mar-1948", "Male", "MRN-SMITH-2", "No known allerg"], ["29-Feb-1948", "OKAFOR"], 1300)
        press(t, "A5 the cover and its ages", [b"q"], ["as of 23-Nov"], ["OKAFOR"], 1500)
        check(re.search(r"as of \d\d-Nov \d\d:\d\d", t.text()), f"A5: an age on the pane: {t.text()}")
        t.kill(15)
        check(t.end() == 0 and not strange(t.raw), f"the end: {t.status} {strange(t.raw)[:2]}")


def support(w):
    """C. doctor, and a clock that is eleven minutes off: by the commands that one has over SSH."""
    p = w.cli("doctor", check=False)
    step("C2 doctor", "doctor", 16, len(p.stdout), ["OK"], ["OKAFOR", "Anna", "MRN-", "Potassium"], 4000, p.stdout)
    check(len(re.findall(r"\b(OK|WARN|FAIL)\b", p.stdout)) >= 8, f"C2: each check says OK, WARN or FAIL: {p.stdout}")
    check(re.findall(r"^(\w+) +clock\b", p.stdout, re.M) == ["OK"], f"C2: a clock that is right is OK: {p.stdout}")


def clock(w):
    """C3: the device's clock is eleven minutes before the server's."""
    p = w.cli("doctor", check=False, env={"FIXED_CLOCK_MINUTES": "11"})
    said = [line for line in p.stdout.splitlines() if re.search("clock", line, re.I)]
    step("C3 doctor, a clock that is wrong", "doctor", 16, len(p.stdout), ["clock"], ["OKAFOR", "MRN-"], 4000, p.stdout)
    check(any(re.search(r"\b(WARN|FAIL)\b", line) and re.search(r"\b(11 min|660|11:00)", line) for line in said), f"C3: eleven minutes off, said so: {said}")


def results(w):
    """D. Potassium 6.8 HH: its range, unit, time and what was before; the grid, sideways; the trend."""
    with Term([WARDLINE, "--home", w.home], term="vt100", env={**ward.environment(w.extra), "TERM": "vt100"}, quiet=0.1) as t:
        t.wait("Passphrase:")
        t.type(ward.PASS + "\r")
        t.wait("kept here")
        t.rest(0.3)
        t.type(b"/oka")
        t.type(b"\r")
        press(t, "D2 results of the chart", [b"l"], ["6.8 mmol/L", "HH"], ["SMITH"])
        press(t, "D3 range, unit, time, in full", [b"j", b"\r"], ["Potassium 6.8 mmol/L", "HH critically high", "3.5-5.0 mmol/L", "23-Nov-2026 08:15"], ["SMITH"])
        press(t, "D3 and what was before", [b"q"], ["Potassium 5.9 mmol/L", "Potassium 5.10 mmol/L"], ["5.1 mmol/L"])
        press(t, "D4 the cumulative grid", [b"="], ["Potassium, mmol/L", "6.8 HH", "5.10 H", "Creatinine, umol/L"], [">184", ">6.8"])
        press(t, "D4 scrolled to the right", [b">"] * 5, ["Potassium, mmol/L", "4.10"], ["6.8 HH"], 900)
        t.type(b"q")
        press(t, "D5 the trend of potassium", [b"T"], ["Trend, oldest left: Potassium, mmol/L", "6.8 mmol/L", "5.10 mmol/L", "3.90 mmol/L", "range"], ["umol/L"])
        home(t)
        t.kill(15)
        check(t.end() == 0 and not strange(t.raw), f"the end: {t.status} {strange(t.raw)[:2]}")


def main():
    with tempfile.TemporaryDirectory() as tmp:
        os.environ["LD_PRELOAD"] = CLOCK  # for the server
        with ward.Ward(tmp, init=False, quick=True) as w:
            small_ward.load(w)
            w.extra["LD_PRELOAD"] = f"{w.extra.get('LD_PRELOAD', '')} {CLOCK}".strip()
            w.cli("init", "--server", w.url, "--demo")
            w.cli("sync")
            results(w)
            support(w)
            w.stop_server()
            nurse(w)
            w.start_server(port=int(w.url.split(":")[2].split("/")[0]))
            clock(w)
    print(f"{all_['keys']} keys, {all_['bytes']} bytes, {all_['bytes'] / BYTES_A_SECOND:.0f} s at 2400 bit/s")
    check.finish()


main()
