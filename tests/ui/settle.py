#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store whose rows an older wardline indexed is brought up to date where it is opened: the lock screen, line mode and a
command say how far it is; who leaves meanwhile waits for no more than some rows, and the next opening goes on from there.
Kills ui-opening-unsaid; tests/store/t_schema holds what is kept.
"""
import os, re, signal, subprocess, sys, tempfile, time

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), p) for p in ("tests", "tests/ui")]
import ward
from harness import Check, Term, WARDLINE

check = Check()
PULLER = os.path.join(ward.BUILD, "tests/sync/puller")


def percents(t, raw):
    return [int(n) for n in re.findall(rb"to date: *(\d+) %", raw)]


def older(w):
    """As of another FHIR_INDEX_REV."""
    subprocess.run([PULLER, "set", w.home, "index.rev", "1"], check=True, env=ward.environment(w.extra))


def start(w, *args):
    return Term([WARDLINE, "--home", w.home, *args], term="vt100", quiet=0.05, env=ward.environment({**w.extra, "TERM": "vt100"}))


def until(t, done):
    end = time.monotonic() + 60
    while not done() and time.monotonic() < end:
        t.pump(0.02)


def screen(w, patients):
    older(w)
    with start(w) as t:
        t.wait("Passphrase:")
        t.send(ward.PASS + "\r")
        until(t, lambda: "Bringing the store up to date: " in t.text())
        check("Bringing the store up to date: " in t.text(), f"the lock screen says so: {t.text()}")
        t.kill(signal.SIGTERM)
        check(t.end() == 0, "SIGTERM ends it meanwhile")
    with start(w) as t:
        t.wait("Passphrase:")
        t.send(ward.PASS + "\r")
        until(t, lambda: "PATIENTS" in t.text())
        check(f"PATIENTS  {patients} kept here" in t.text(), f"then all are there: {t.text()}")
        t.kill(signal.SIGTERM)
        t.end()


def command(w, patients):
    older(w)
    with start(w, "list") as t:
        t.wait("Passphrase:")
        t.send(ward.PASS + "\r")
        until(t, lambda: b"up to date: " in t.raw)
        t.send(b"\x03")
        status = t.end()
        check(status not in (0, None) and b"up to date: " in t.raw, f"Ctrl-C stops it: exit {status}, {t.raw[-300:]!r}")
    older_first = percents(t, t.raw)
    with start(w, "list") as t:
        t.wait("Passphrase:")
        t.send(ward.PASS + "\r")
        status = t.end()
        later = percents(t, t.raw)
        check(status == 0 and later and later[0] >= older_first[-1] and later == sorted(later), f"the next one goes on: {older_first[-3:]}, then {later[:3]}")
        check(t.raw.count(b"\n") >= patients, f"and lists all: {t.raw[-200:]!r}")
    older(w)
    p = w.cli("list")
    check(not p.stderr and p.stdout.count("\n") >= patients, f"into a pipe it says nothing of it: {p.stderr!r}")


def line(w):
    older(w)
    r, p = os.pipe()
    os.write(p, ward.PASS.encode() + b"\n")
    os.close(p)
    run = subprocess.run([WARDLINE, "--home", w.home, "--passphrase-fd", str(r), "--line"], input="", capture_output=True, text=True, pass_fds=[r],
                         env=ward.environment({**w.extra, "TERM": "dumb"}))
    os.close(r)
    n = [int(x) for x in re.findall(r"up to date: (\d+) %", run.stdout)]
    check(run.returncode == 0 and n and n == sorted(n) and len(set(n)) <= 10, f"line mode says a tenth of them: {n}, {run.stdout[:300]}{run.stderr}")


if not os.path.exists(PULLER):
    print("skipped: built without CUnit")
    sys.exit(77)
with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=200, charts=150, quick=True) as w:
    n = len(w.json("list"))
    screen(w, n)
    command(w, n)
    line(w)
check.finish()
