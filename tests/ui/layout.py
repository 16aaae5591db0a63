#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows that wrap keep their columns; a page stays a page when the window changes; the whole banner; a cover row leads to
its section; what a sync says ends with it; a lock ends the unlocking that is under way. Kills tests/mutants: ui-late-open,
ui-old-size.
"""
import json, os, re, signal, sys, tempfile

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), "tests"), os.path.join(os.environ.get("top_srcdir", "."), "tests", "ui")]
import tokens, ward
from harness import HOME, Check, Term, WARDLINE

check = Check()
LONG = "WOLFESCHLEGELSTEINHAUSENBERGERDORFF-MONTGOMERY"


def person(pid, name, **more):
    return {"resourceType": "Patient", "id": pid, "gender": "female", "birthDate": "1958-11-06", "identifier": [{"system": "urn:ids", "value": pid}],
            "name": name, **more}


def unlock(t):
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("kept here")
    t.wait("synced ")


def find(t, words):
    t.key("/")
    t.key("\x15" + words)


def columns(t):
    heads = [t.row(3).index(h) for h in ("Born", "Sex", "Number")]
    for words in ("wolfe", "many", "no-name-id"):
        find(t, words)
        first = next(r for r in t.body() if "1958" in r)
        at = [first.index(w) for w in ("06-Nov-1958", "Female")] + [re.search("Female +", first).end()]
        check(at == heads, f"{words}: columns {at} stand under {heads}: {t.text()}")
    find(t, "many")
    rows = [r for r in t.body() if r]
    check(len(rows) > 1 and all(r.startswith(" " * 33) for r in rows[1:]), f"what wraps stands behind the names: {rows}")
    check(rows[0].startswith("> 1 MANY, Marks"), rows[0])
    find(t, "wolfe")
    check(t.row(4).startswith("> 1 " + LONG), f"a long name stands whole: {t.row(4)}")
    find(t, "oldname")
    check("(was OLDNAME)" in " ".join(t.body()), f"a former name that matches is said: {t.text()}")
    t.key("\x07")


def pages(t):
    """REQ: whatever windows came between, a list that was at its start is at its start."""
    t.key(HOME)
    t.key("j")
    was = t.cursor(), t.row(3), t.body()
    for rows, cols in ((43, 132), (15, 60), (24, 80)):
        t.resize(rows, cols)
    check((t.cursor(), t.row(3), t.body()) == was and "Page 1 of" in t.row(3), f"{t.cursor()} {t.row(3)}")
    t.key("j" * 22)
    name = t.focus()[4:30]
    for rows, cols in ((43, 132), (15, 60), (24, 80)):
        t.resize(rows, cols)
    check(t.focus()[4:30] == name and "Page 2 of" in t.row(3), f"the marker stays, on its page: {t.row(3)} {t.focus()}")
    before = t.body()
    t.key("-")
    t.key(" ")
    check([r[1:] for r in t.body()] == [r[1:] for r in before], "which is the page that paging leads to")
    t.key(HOME)


def elsewhere(t):
    """A window that changes while a chart is read is the worklist's size too, when one comes back to it."""
    t.key(HOME)
    t.resize(60, 132)
    t.key("\r")
    t.resize(24, 80)
    t.key("q")
    check(t.row(1).startswith("PATIENTS") and t.row(22) == "+ more below" and t.row(24).startswith("DEMO"), t.text())


def charts(t):
    find(t, "wolfe")
    t.key("\r")
    check("[+]" in t.row(1) and LONG not in t.row(1), f"the banner's name has no room: {t.row(1)}")
    banner = t.row(1)
    t.key("b")
    check(t.row(1) == banner and t.row(3).startswith("Who this is, in full") and LONG in " ".join(t.body()), t.text())
    check(any("Latex" in r for r in t.body()), f"and all of its facts: {t.text()}")
    t.key("?")
    check(t.row(3).startswith("Keys: The whole banner") and t.row(1) == banner, t.text())
    t.key("q")
    t.key("q")
    check(t.row(3).startswith("Cover"), t.row(3))
    while "Problems: " not in t.focus():
        t.key("j")
    t.key("\r")
    check(t.row(3).startswith("Problems"), f"a cover row leads to its section: {t.text()}")
    t.key("q")
    check(t.row(3).startswith("Cover") and "Problems: " in t.focus(), f"and the section back to it: {t.text()}")
    t.key("q")
    t.key("q")


def sync(t, w):
    """What was said of a sync goes when the sync does."""
    w.put(person("new-1", [{"family": "AARDVARK", "given": ["Alma"]}]))
    t.send("s")
    t.wait("1 new or changed")
    check("1 new patient - R shows it" in t.row(22), t.row(22))
    t.key("k")
    check("new or changed" not in t.row(22), t.row(22))
    w.server.send_signal(signal.SIGSTOP)
    t.send("s")
    t.wait("fetching")
    t.key("s")
    t.wait("NOT up to date")
    check(t.row(24).endswith(": stopped on request"), f"what failed is not cut off: {t.row(24)}")
    t.key("R")
    check(t.row(22).startswith("nothing is lost; it can be started again"), f"and what to do is said: {t.row(22)}")
    check("Stopping" not in t.text() and "new or changed" not in t.text(), f"a sync that has ended is not said to be stopping: {t.row(22)}")
    t.send("s")
    t.wait("fetching")
    t.send("L")
    t.wait("wardline - locked")
    for _ in range(20):  # locked in the middle of a sync: it may take a moment, and says so in plain words
        t.send("\x15" + ward.PASS + "\r")
        t.rest()
        if "kept here" in t.text():
            break
        check("Still closing" in t.text(), t.text())
    check("kept here" in t.text() and "its pid" not in t.text(), t.text())
    w.server.send_signal(signal.SIGCONT)


def late(w):
    """REQ: what is locked while a passphrase is tried does not open by itself afterwards."""
    t = Term(["/bin/sh", "-c", f"'{WARDLINE}' --home '{w.home}'; exit $?"])
    t.wait("Passphrase:")
    pid = int(open(f"/proc/{t.pid}/task/{t.pid}/children").read().split()[0])
    t.send(ward.PASS + "\r")
    t.wait("opening ...")
    check(t.suspend(pid), "SIGTSTP stops it")
    os.kill(pid, signal.SIGCONT)
    t.wait("Passphrase:")
    t.send("wrong\r")  # answered after the first try's end: one thread derives all keys
    t.wait("that passphrase does not open this profile")
    check(t.row(1) == "wardline - locked" and "kept here" not in t.text(), f"still locked: {t.text()}")
    t.send(ward.PASS + "\r")
    t.wait("kept here")
    os.kill(pid, signal.SIGTERM)
    check(t.end() == 0, "and ends")


with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
    tokens.load(w, 50, 1)
    coding = [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]
    w.put(person("wolfe", [{"family": LONG, "given": ["Hubert", "Blaine", "Leopold"]}]),
        person("many-1", [{"family": "MANY", "given": ["Marks"]}, {"use": "old", "family": "OLDNAME", "given": ["Marks"]}],
               deceasedDateTime="2026-05-01", active=False, meta={"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]}),
        person("no-name-id", []),
        *({"resourceType": "AllergyIntolerance", "id": f"wa{i}", "patient": {"reference": "Patient/wolfe"}, "clinicalStatus": {"coding": coding}, "code": {"text": what}}
          for i, what in enumerate(("Penicillin", "Latex", "Peanut"))))
    w.cli("init", "--server", w.url, "--demo")
    w.cli("sync")
    with Term([WARDLINE, "--home", w.home], quiet=0.15) as t:
        unlock(t)
        columns(t)
        pages(t)
        elsewhere(t)
        charts(t)
        sync(t, w)
        t.kill(15)
        check(t.end() == 0, "SIGTERM ends it with 0")
    late(w)
check.finish()
