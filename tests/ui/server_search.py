#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""F: the server is asked for the worklist's filter, by a cache that holds a part of its patients. The answer says of each
who is not here; Enter fetches one, which is then synced like the others, and nothing that was here is pulled anew; a
fetch that was stopped says NOT FETCHED and goes on with the next sync; without a link it is said at once and the filter
stays. Kills tests/mutants/ui-server-as-here, sync-demand-resets
and model-demand-none.

usage: server_search.py [BASE]    BASE: a server of others (tests/live/run gives HAPI's); without it the demo server
"""
import os, re, subprocess, sys, tempfile

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests", "ui")]
import harness, ward

check = harness.Check()


def resources():
    yield ward.person("ann", "Adamsqx", "Ann", "1980-01-02", name=[{"family": "Adamsqx", "given": ["Ann", "Lee"]}])
    yield ward.person("bob", "Brownqx", "Bob", "1970-04-04", name=[{"family": "Brownqx", "given": ["Bob", "Lee"]}])
    for i in range(60):
        yield ward.person(f"many{i:02}", "Multiqx", "Given" + "abcdefghij"[i // 10] + "abcdefghij"[i % 10], "1990-05-06")
    for who in ("ann", "bob"):
        yield {"resourceType": "AllergyIntolerance", "id": f"al-{who}", "patient": {"reference": f"Patient/{who}"},
               "clinicalStatus": {"coding": [{"code": "active"}]}, "code": {"text": f"Penicillin {who}"}}


def unlock(t):
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("kept here")
    t.wait("synced")
    t.settle(quiet=0.5, first=2)


def ask(t, words):
    t.key("/\x15" + words + "\r")
    t.key("F")
    for _ in range(40):
        if "asked" in t.row(2) or "searched" in t.row(2) or t.row(1).startswith("PATIENTS"):
            break
        t.pump(0.25)
    t.settle(first=0.5)


def searches(t):
    t.key("F")
    check("Type after / whom to look for" in t.row(22), f"without a filter: {t.row(22)}")
    ask(t, "multiqx")
    check(t.row(1) == 'SERVER  who matches "multiqx"' and re.match(r"50 of 60 on the server, asked \d\d:\d\d", t.row(2)), f"{t.row(1)} {t.row(2)}")
    check(all("ON SERVER, NOT HERE" in l for l in t.body() if re.match(r" {6}\S", l)), t.text())
    t.key("q")
    check(t.row(1).startswith("PATIENTS") and '"multiqx"' in t.row(2), f"back to the list with its filter: {t.row(1)} {t.row(2)}")
    ask(t, "multiqx givenah")
    check(t.row(2).startswith("1 on the server") and "MULTIQX, Givenah" in t.row(4), t.text())
    t.key("q")
    ask(t, "zzzz")
    check(re.match(r"none on the server either, searched \d\d:\d\d", t.row(2)), t.row(2))
    t.key("q")
    ask(t, "04-Apr-1970")
    check("BROWNQX, Bob" in t.row(4), f"by birth date: {t.text()}")
    t.key("q")
    ask(t, "many33")
    check("MULTIQX, Givendd" in t.row(4) and "ON SERVER, NOT HERE" in t.row(5), f"by number: {t.text()}")
    t.key("q")


def fetches(w, t):
    ask(t, "brownqx")
    check("ON SERVER, NOT HERE" in t.row(5), t.text())
    t.key("\r")
    for _ in range(80):
        t.pump(0.25)
        if t.row(1).startswith("PATIENTS  2"):
            break
        t.key("R")
    t.settle(quiet=1, first=2)
    check(t.row(1).startswith("PATIENTS  2 kept here") and "BROWNQX, Bob" in t.row(4), f"he has come: {t.text()}")
    t.key("\r")
    check("BROWNQX" in t.row(1) and "Penicillin bob" in t.text(), f"with his chart: {t.text()}")
    t.key("q")
    ask(t, "lee")
    check("ADAMSQX, Ann" in t.row(4) and "kept here" in t.row(5) and "NOT HERE" not in t.text(), f"who is here says so: {t.text()}")
    t.key("\r")
    check("ADAMSQX" in t.row(1), f"and opens: {t.row(1)}")
    t.key("q")


def demanded(w):
    """What the fetch of one leaves where it does not end: her chart is not called whole, and nothing of the others is lost."""
    puller = os.path.join(ward.BUILD, "tests/sync/puller")
    problems = w.cli("show", "ann", "problems").stdout
    check("NOT FETCHED" not in problems, problems)
    w.stop_server()
    if os.path.exists(puller):
        subprocess.run([puller, "set", w.home, "sync.demand", "bob"], check=True)
        check(w.cli("sync", check=False).returncode == 3, "no link")
        check(w.cli("show", "ann", "problems").stdout == problems, "a fetch of another takes nothing from her")
        check("NOT FETCHED" in w.cli("show", "bob", "problems").stdout, "what has not come whole is not called none")


def main():
    base = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=0, init=False, url=base) as w:
        w.put(*resources())
        w.cli("init", "--server", w.url, "--scope", "patient/ann")
        w.cli("sync")
        before = w.json("status")
        with harness.Term([ward.WARDLINE, "--home", w.home]) as t:
            unlock(t)
            searches(t)
            fetches(w, t)
            t.key("q")
            t.key("L")
        after = w.json("status")
        check(after["scope"] == "patient/ann,bob", after["scope"])
        again = w.json("sync")
        check(again["pulled"] == 0, f"nothing is pulled anew: {again['pulled']}")
        w.put(ward.person("bob", "Brownqx", "Bob Lee", "1970-04-05"))
        check(w.json("sync")["pulled"] == 1 and "05-Apr-1970" in w.cli("show", "bob").stdout, "he goes on being synced")
        if base:
            check.finish()
        demanded(w)
        with harness.Term([ward.WARDLINE, "--home", w.home]) as t:
            t.wait("Passphrase:")
            t.send(ward.PASS + "\r")
            t.wait("kept here")
            t.settle(quiet=1, first=3)
            t.key("/smi\r")
            t.key("F")
            t.settle(quiet=1, first=3)
            check(t.row(1).startswith("PATIENTS") and '"smi"' in t.row(2) and t.row(22), f"without a link: {t.text()}")
    check.finish()


if __name__ == "__main__":
    main()
