#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""NOT SENT stands in the worklist's head and in the patient's row as soon as an edit is made at the chart, by a form, an answer to a
conflict, the sync's page or a command beside the screen, and goes when the server has it: no R is pressed. A chart that the server gave another id is followed.
Kills tests/mutants: ui-edit-unseen, store-edit-uncounted, ui-chart-old-id.
"""
import json, os, sys, tempfile, time

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), p) for p in ("tests", "tests/ui", "tests/tools")]
import ward
from badline import Line
from harness import Check, Term, WARDLINE

check = Check()
PENICILLIN = {"resourceType": "AllergyIntolerance", "id": "a1", "patient": {"reference": "Patient/p2"}, "code": {"text": "Penicillin"}}


class Held(Line):
    """Told to come back in a second, as long as it holds."""

    def later(self, seconds):
        return super().later(1)


def start(w):
    return Term([WARDLINE, "--home", w.home], term="vt100", env=ward.environment({**w.extra, "TERM": "vt100", "XDG_CONFIG_HOME": w.tmp}))


def unlock(t):
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("PATIENTS")


def opened(t, name):
    while name not in t.focus():
        t.key("j")
    t.send("\r")
    t.wait("Cover")


def says(t, n, whose, why):
    """The head counts n; the row of whose, and nobody else's, says NOT SENT."""
    rows = {l[4:].split(",")[0]: l for l in t.body() if "," in l}
    head = t.row(1).startswith(f"{n} NOT SENT  PATIENTS") if n else t.row(1).startswith("PATIENTS")
    check(head and all(("NOT SENT" in l) == (name == whose) for name, l in rows.items()), f"{why}: {t.text()}")


def synced(t, done):
    """Syncs until done: S is pressed where no sync runs, for it would stop that."""
    end = time.monotonic() + 120
    while not done() and time.monotonic() < end:
        if "NOT up to date" in t.row(24) or "synced" in t.row(24):
            t.send("S")
        t.settle(first=1)
    t.rest()


def by_form(w, line):
    with start(w) as t:
        unlock(t)
        opened(t, "ADAMS")
        t.send("N")
        t.wait("NEW ENTRY")
        while not t.words().startswith("Allergy"):
            t.key("j")
        t.key("\r")
        t.key("^what\r")
        t.key("\r")
        t.key("\x15No known allergies\r\x07")
        t.send("F")
        t.wait("READ BACK")
        while not t.row(3).endswith("Page 1 of 1") and "+ more below" in t.text():
            t.key(" ")
        t.send("y")
        t.wait("Filed: NOT SENT yet")
        check("NOT SENT" in t.row(2), f"the chart's banner says so: {t.text()}")
        t.key("q")
        says(t, 3, "ADAMS", "behind a form")
        line.hold = False
        synced(t, lambda: "NOT SENT" not in t.text())
        says(t, 0, "", "acknowledged while the list is shown")
    line.hold = True


def by_command(w, line):
    """A command beside the screen, then the page of the sync, over the chart."""
    with start(w) as t:
        unlock(t)
        w.cli("put", input=json.dumps({k: v for k, v in PENICILLIN.items() if k != "id"}))
        t.wait("1 NOT SENT  PATIENTS")
        says(t, 1, "BELL", "by a command, with the list on the screen")
        opened(t, "BELL")
        check("1 NOT SENT" in t.row(2), f"its chart says so: {t.text()}")
        t.key("Q")
        while "Penicillin" not in t.focus():
            t.key("j")
        t.key("d")
        t.key("d")
        check("Given up" in t.text(), t.text())
        t.key("q")
        check("Cover" in t.row(3) and "NOT SENT" not in t.text(), f"given up: the chart below says nothing of it: {t.text()}")
        t.key("q")
        says(t, 0, "", "given up")


def by_conflict(w, line):
    with start(w) as t:
        unlock(t)
        t.wait("1 NOT SENT  PATIENTS")
        opened(t, "BELL")
        t.key("C")
        check(t.row(3).startswith("CONFLICT"), t.text())
        before = None
        while t.cursor() != before:
            before = t.cursor()
            if "TO BE ANSWERED" in t.focus():
                t.key("t")
            t.key("j")
        t.key("s")
        t.wait("Stored: the server's stands")
        while "PATIENTS" not in t.row(1):
            t.key("q")
        says(t, 0, "", "answered for the server")


def renamed(tmp):
    """A patient made here, with a server that gives the ids: the list and the open chart go on under the new one."""
    with ward.Ward(tmp, init=False, quick=True, ways="server-ids") as w:
        line = Held(w.url)
        line.hold = True
        w.cli("init", "--server", line.url)
        w.cli("sync")
        new = {k: v for k, v in ward.person("x", "DALE", "Dot", birth="1980-01-02").items() if k != "id"}
        mine = w.cli("put", input=json.dumps(new))
        rows = [q for q in w.json("queue") if q["resource"].startswith("Patient/")]
        w.cli("put", input=json.dumps({k: v for k, v in PENICILLIN.items() if k != "id"} | {"patient": {"reference": rows[0]["resource"]}}))
        with start(w) as t:
            unlock(t)
            opened(t, "DALE")
            check("Penicillin" in t.text(), f"before: {t.text()} {mine.stdout}")
            line.hold = False
            synced(t, lambda: w.json("queue") == [])
            check("R shows it" in t.text(), f"it says that there is more: {t.text()}")
            t.key("R")
            check("DALE" in t.row(1) and "Penicillin" in t.row(2) and "NOT SENT" not in t.text(), f"the open chart follows: {t.text()}")
            t.key("q")
            check("DALE" in t.text() and "NOT SENT" not in t.text(), f"the list: {t.text()}")
            opened(t, "DALE")
            check("DALE" in t.row(1) and "Penicillin" in t.row(2), f"opened under the old name: {t.text()}")
        check(w.json("queue") == [], "all of it went")


def main():
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False, quick=True) as w:
        w.put(ward.person("p1", "ADAMS", "Ann"), ward.person("p2", "BELL", "Ben", birth="1971-02-03"), PENICILLIN)
        line = Held(w.url)
        w.cli("init", "--server", line.url)
        w.cli("sync")
        line.hold = True
        by_form(w, line)
        by_command(w, line)
        line.hold = False
        w.cli("put", input=json.dumps({**json.loads(w.cli("get", "AllergyIntolerance/a1").stdout), "code": {"text": "Latex"}}))
        w.put({**PENICILLIN, "code": {"text": "Aspirin"}})
        w.cli("sync", check=False)
        w.cli("sync", check=False)
        check(len(w.json("conflicts")) == 1, f"there is one: {w.json('queue')}")
        by_conflict(w, line)
    with tempfile.TemporaryDirectory() as tmp:
        renamed(tmp)
    return check.finish()


sys.exit(main())
