#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A profile with so many bytes a day: edits and the first rank always go, the rest is left and said to be NOT FETCHED, and it is
passed only where a person says so: on a terminal, or by an option. Planted faults: budget-unasked (a sync goes on past it),
budget-forgotten (what went is not kept between runs), budget-edits-wait (an edit does not go either)."""
import json, os, pty, sys, tempfile, urllib.request

TOP = os.environ.get("top_srcdir", ".")
sys.path.insert(0, os.path.join(TOP, "tests"))
import ward
from verdict import check, conclude

FIRST = {"Patient", "AllergyIntolerance", "MedicationRequest", "MedicationStatement", "Condition", "Flag", "Consent", "Encounter"}


def answered(w, word):
    """`sync` at a terminal that is its own; what it showed, and how it ended."""
    r, wr = os.pipe()
    os.write(wr, ward.PASS.encode() + b"\n")
    os.close(wr)
    os.set_inheritable(r, True)
    pid, fd = pty.fork()
    if not pid:
        os.execve(ward.WARDLINE, [ward.WARDLINE, "--home", w.home, "--passphrase-fd", str(r), "sync"], ward.environment(w.extra))
    os.close(r)
    shown = b""
    try:
        while True:
            more = os.read(fd, 4096)
            if not more:
                break
            had = b"Type yes" in shown
            shown += more
            if b"Type yes" in shown and not had:
                os.write(fd, word.encode() + b"\n")
    except OSError:
        pass
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(fd)
    return shown.decode(errors="replace"), status


def main(w):
    for word in ("5", "1K/day", "5M/week", "-5M/day", ""):
        p = w.cli("init", "--server", w.url, "--budget", word, check=False)
        check(f"init --budget {word!r} is refused", p.returncode == 2 and not os.path.exists(os.path.join(w.home, "store.wdb")), p.returncode)
    w.cli("init", "--server", w.url, "--budget", "64K/day")
    p = w.cli("sync", check=False)
    check("it stops and says so", p.returncode == 4 and "NOT FETCHED" in p.stderr, f"exit {p.returncode} {p.stderr}")
    s = w.json("status")
    left = set(s["budget"]["notFetched"])
    check("counted", s["budget"]["bytesADay"] == 65536 and s["budget"]["bytesToday"] >= 65536, s["budget"])
    check("the first rank is none of it", "Observation" in left and not left & FIRST, left)
    check("and is here", len(w.json("list")) == 60 and s["counts"].get("MedicationRequest", 0) > 0, s["counts"])
    said = w.cli("status").stdout
    check("status says what and why", "NOT FETCHED: the day's 64 KiB were used: " in said and "Observation" in said, said)
    check("budget says it too", "budget: 64 KiB a day; today " in w.cli("budget").stdout)
    before = s["budget"]["bytesToday"]
    counts = s["counts"]

    p = w.cli("sync", check=False)
    s = w.json("status")
    check("nothing more of the later ranks", p.returncode == 4 and s["counts"].get("Observation") == counts.get("Observation"), s["counts"])
    check("what went is kept from run to run", before < s["budget"]["bytesToday"] < before + 32768, f"{before} {s['budget']}")
    check("and the first rank is asked alone", "no-cache" not in p.stderr and s["wire"]["requests"] < 12, s["wire"])

    doc = ward.person("x", "Budgeted", "Ada")
    del doc["id"]
    w.cli("put", input=json.dumps(doc))
    p = w.cli("sync", check=False)
    with urllib.request.urlopen(w.url + "/Patient?family=Budgeted&_summary=count") as a:
        check("an edit goes all the same", json.load(a)["total"] == 1 and p.returncode == 4, p.returncode)

    shown, status = answered(w, "no")
    check("on a terminal it asks; no is no", "Type yes" in shown and status == 4, f"{status} {shown}")
    check("no means nothing", w.json("status")["counts"].get("Observation") == counts.get("Observation"))
    shown, status = answered(w, "yes")
    s = w.json("status")
    check("yes fetches the rest", status == 0 and s["counts"]["Observation"] > counts.get("Observation", 0), f"{status} {shown}")
    check("and nothing is left then", s["budget"]["notFetched"] == [], s["budget"])
    check("for that once", w.cli("sync", check=False).returncode == 4)
    check("so does the option", w.cli("sync", "--over-budget", check=False).returncode == 0)

    w.cli("budget", "1G/day")
    p = w.cli("sync", check=False)
    check("a larger one lets it go on", p.returncode == 0, f"{p.returncode} {p.stderr}")
    w.cli("budget", "none")
    check("none takes it away", w.json("budget")["budget"]["bytesADay"] is None and "none" in w.cli("budget").stdout)
    check("and status is silent of it", "budget" not in w.cli("status").stdout)


with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=60, charts=60, init=False, quick=True) as w:
    main(w)

conclude("budget")
