#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The screen of the sync: what waits stands in sentences, Enter opens its chart, nothing is given up by one key nor where the
server may have it, the lock screen and the question of leaving say NOT SENT; and what the page costs on the line.
Kills tests/mutants/sync-screen-one-key.patch, sync-screen-unnoted.patch, lock-unsent-unsaid.patch.
"""
import json, os, sys, tempfile

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), p) for p in ("tests", "tests/ui", "tests/tools")]
import ward
from badline import ask
from harness import Check, Term, WARDLINE

check = Check()
BYTES = 1100  # of the page, with two changes


def screen(w):
    with Term([WARDLINE, "--home", w.home], term="vt100") as t:
        t.wait("Passphrase:")
        t.send(ward.PASS + "\r")
        t.wait("PATIENTS")
        t.settle(quiet=2, first=3)
        cost = t.key("Q")
        body = " ".join(t.body())
        check("2 changes NOT SENT since" in t.row(1) and "QUEUE: 2 changes NOT SENT since" in body, t.text())
        check("The own record of SMITH, Jon, changed, entered by command - NOT SENT" in body and "Allergy to Penicillin of ADAMS, Eve, new" in body, t.text())
        check(all(x in body for x in ("ATTENTION", "CONFLICTS", "TRAFFIC", "LINK PLAN", "1. changes:")), t.text())
        check(len(cost) <= BYTES, f"the page takes {len(cost)} bytes of {BYTES}")
        t.key("d")
        check("Move to a change first" in t.text(), f"a heading is no change: {t.text()}")
        t.key("j")
        t.key("d")
        check("d once more does it" in t.text() and "SMITH" in t.text(), f"asked first: {t.text()}")
        t.key("j")
        t.key("d")
        check("d once more does it" in t.text() and "2 changes" in t.row(1), f"of another row it is asked anew: {t.text()}")
        t.key("\r")
        check(t.row(1).startswith("ADAMS, Eve") and "Penicillin" in t.text(), f"Enter opens the chart at the row: {t.text()}")
        for _ in range(4):
            if "SYNC" in t.row(1) or "PATIENTS" in t.row(1):
                break
            t.key("q")
        if "SYNC" not in t.row(1):
            t.key("Q")
        while "SMITH" not in t.focus():
            t.key("j" if "ADAMS" not in t.focus() else "k")
        t.key("d")
        t.key("d")
        check("Given up" in t.text() and "1 change NOT SENT since" in t.row(1), f"twice: {t.text()}")
        t.key("\x03")
        check("1 change NOT SENT since" in t.text() and "Leave wardline?" in t.text(), f"leaving says it: {t.text()}")
        t.key("n")
        t.key("L")
        t.wait("Passphrase:")
        check("1 change NOT SENT since" in t.text() and "ADAMS" not in t.text(), f"the lock screen says it: {t.text()}")
    check([r for r in w.kept("rows") if r["action"] == "search" and r.get("chart") == "p2"], "whose changes are named is noted")
    check([q["resource"].split("/")[0] for q in w.json("queue")] == ["AllergyIntolerance"] and w.json("queue", "log")[0]["state"] == "discarded", str(w.json("queue")))


def main():
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
        w.quick()
        for r in (ward.person("p1", "SMITH", "Jon"), ward.person("p2", "ADAMS", "Eve")):
            ask(f"{w.url}/Patient/{r['id']}", "PUT", r)
        w.cli("sync")
        w.stop_server()
        w.cli("put", input=json.dumps({**ward.person("p1", "SMITH", "Jon"), "gender": "male"}))
        w.cli("put", input=json.dumps({"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/p2"}, "code": {"text": "Penicillin"}}))
        screen(w)
    check.finish()


main()
