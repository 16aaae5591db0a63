#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The full screen's memory once the KDF's is returned: at the worklist at most 14 MiB, in a chart of 5,000 resources at most 24,
be they of many kinds or all in one section, at whatever row and section of it.
"""
import os, sys, tempfile, time

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), p) for p in ("tests", "tests/ui", "tests/tools")]
import footprint, tokens, ward
from harness import HOME, Check, Term, WARDLINE

WORKLIST, CHART, RESOURCES = 14, 24, 5000  # MiB, MiB
check = Check()


def within(what, mib, most):
    print(f"{what}: {mib:.1f} MiB, most {most}", flush=True)
    check(4 < mib <= most, f"{what}: {mib:.1f} MiB, most {most}")


def charts(w):
    """Two patients with 5,000 resources each: of all kinds that tokens makes, and results alone."""
    mixed = tokens.chart(0, RESOURCES // 3 + 1)[:RESOURCES]
    labs = [r for r in tokens.chart(1, RESOURCES) if r["resourceType"] in ("Patient", "Observation")][:RESOURCES]
    for c in (mixed, labs):
        check(len(c) == RESOURCES, f"{len(c)} resources")
        w.put(*c)


def into_a_row(t):
    """To the end of the list, into a row where there is one, and back."""
    for keys in (" ", "G", "\r"):
        t.key(keys)
    if "w Words" in t.row(23):  # a section without rows has nothing behind its row: q would leave the chart
        t.key("q")
    t.key(HOME)


def visit(t, n):
    """Opens the chart of patient n, then each section, to its end and into one row."""
    t.key(f"/{tokens.token(n)}\r")
    t.wait(tokens.token(n))
    with footprint.Peak(t.pid) as peak:
        t.key("\r")
        t.wait("Cover")
        for section in "pmaleidtsxfouv":
            t.key(section)
            into_a_row(t)
        t.key("y")
        t.wait("Timeline: ")
        into_a_row(t)
        for keys in (" ", " ", "q", f"/{tokens.token(n)}\r"):
            t.key(keys)
        t.wait("rows found")
        into_a_row(t)
        t.key("q")
        t.key("q")
        t.key("q")
    t.key("/\x15\r")
    return peak.mib


def main():
    if footprint.sanitized(WARDLINE):
        print("skipped: memory is not measured under sanitizers")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=1000, charts=20, init=False) as w:
        charts(w)
        w.cli("init", "--server", w.url)
        w.cli("sync")
        with Term([WARDLINE, "--home", w.home], quiet=0.1) as t:
            t.wait("Passphrase:")
            t.send(ward.PASS + "\r")
            t.wait("PATIENTS")
            t.wait("synced ")
            time.sleep(1)  # what it took is given back a moment later
            within("worklist, once the sync is over", footprint.now(t.pid), WORKLIST)
            with footprint.Peak(t.pid) as peak:
                for keys in (" ", "G", HOME, "/an\r", "/\x15\r", "?", "q"):
                    t.key(keys)
            print(f"worklist, most while it is read, searched and helped with: {peak.mib:.1f} MiB", flush=True)
            within(f"chart of {RESOURCES} resources of all kinds", visit(t, 0), CHART)
            within(f"chart of {RESOURCES} results", visit(t, 1), CHART)
            t.kill(15)
            check(t.end() == 0, "SIGTERM ends it with 0")
    check.finish()


main()
