#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""F over a line that hangs, breaks off and is thin, and F in line mode. A question that is stopped, or whose answer breaks
off, has no answer: not half of one, and none that comes late; of a fetch that was stopped midway nothing is called whole.
A script's next line waits for the answer and for who is fetched; a person in line mode is told the answer when it has come.
Kills tests/mutants: model-here-in-part, model-allergies-in-part, line-answer-unsaid, line-fetch-overtaken, ui-ask-stop-unsaid.
"""
import os, re, sys, tempfile, time

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests", "ui"), os.path.join(TOP, "tests", "tools")]
import harness, ward
from lines import Line
from proxy import Proxy
from server_search import ask, resources, unlock

check = harness.Check()
LAB = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}]


def much():
    """Of one patient what takes a thin line minutes, however it is compressed."""
    for i in range(300):
        noise = "".join(chr(97 + (i * 7919 + k * k * 31 + i * k * 17) % 26) for k in range(300))
        yield {"resourceType": "Observation", "id": f"ob{i}", "status": "final", "subject": {"reference": "Patient/bob"}, "category": LAB,
               "effectiveDateTime": "2026-01-02", "code": {"text": f"Sodium {noise}"}, "valueQuantity": {"value": 140, "unit": "mmol/L"}}


def searched(w, line):
    with harness.Term([ward.WARDLINE, "--home", w.home], env=w.extra) as t:
        unlock(t)
        t.key("/brownqx")
        check("the server was not searched" in t.row(4) and any(r.strip() == "Enter, then F asks the server." for r in t.body()), f"where F is a letter: {t.text()}")
        t.key("\r")
        check("the server was not searched" in t.row(4) and t.row(5).strip() == "F asks the server.", f"what can be done is said: {t.text()}")
        for how, wrong in (("nothing came", "hang"), ("half of it came", "cut /brownqx/ 200 body hang")):
            line("reset")
            line(wrong)
            t.key("F")
            t.pump(1)
            check(t.row(2) == "Asking the server; q stops it" and not any(r.strip() for r in t.body()), f"{how}: nothing is said before all of it is here: {t.text()}")
            t.key("q")
            check(t.row(1).startswith("PATIENTS  1 kept here") and t.row(22).startswith("Stopped: the server was not searched."), f"{how}: {t.text()}")
            line("uncut")
            line("flow")
            t.settle(quiet=1, first=1)
            check(t.row(1).startswith("PATIENTS  1 kept here") and "BROWNQX" not in t.text(), f"{how}: no answer comes late: {t.text()}")
        line("reset")
        line("cut /brownqx/ 200 body")
        ask(t, "brownqx")
        check(t.row(1).startswith("PATIENTS  1 kept here") and "BROWNQX" not in t.text() and t.row(22), f"an answer that breaks off is none: {t.text()}")
        line("uncut")
        ask(t, "brownqx")
        check("BROWNQX, Bob" in t.row(4) and "ON SERVER, NOT HERE" in t.row(5), f"asked again, it is there: {t.text()}")
        fetched(t, line)
        t.kill(15)
        check(t.end() == 0, "SIGTERM ends it")


def fetched(t, line):
    """REQ: what has come of a fetch that was stopped is not called whole: not on the banner, in no section, not in another answer."""
    line("rate 4000 4000")
    t.key("\r")
    check("is being fetched; R shows who has come, S stops it" in t.row(22), t.row(22))
    for _ in range(120):  # his allergies come before what takes long
        t.key("R")
        if "BROWNQX" in t.row(4):
            t.key("\r")
            t.settle(quiet=0.5, first=1)
            if "Penicillin" in t.row(2):
                break
            t.key("q")
        t.pump(0.5)
    check("Penicillin" in t.row(2) and "fetching" in t.row(24), f"a part has come: {t.text()}")
    t.key("S")
    t.wait("stopped on request")
    check(t.row(24).startswith("NOT up to date since"), f"stopped, and said: {t.text()}")
    t.key("R")
    check("Known allergies: Penicillin bob" in t.row(2) and "more may exist" in t.row(2), f"the banner does not call them all: {t.row(2)}")
    t.key("b")
    check(any("Allergies NOT FETCHED in full, more may exist" in r for r in t.body()), t.text())
    t.key("q")
    for key, title in (("a", "Allergies"), ("m", "Medicines"), ("p", "Problems"), ("l", "Results")):
        t.key(key)
        check(t.row(3).startswith(f"{title}  NOT FETCHED") and "none recorded" not in t.text(), f"{title}: {t.text()}")
    t.key("q")
    t.key("q")
    line("rate 0 0")
    ask(t, "lee")
    check("ADAMSQX" in t.row(4) and t.row(5).strip() == "kept here", t.text())
    check("BROWNQX" in t.row(6) and t.row(7).strip() == "here in part: NOT FETCHED in full", f"another answer says it: {t.text()}")
    t.key("q")
    t.key("s")
    t.wait("new or changed", 120)
    ask(t, "lee")
    check("BROWNQX" in t.row(6) and t.row(7).strip() == "kept here", f"the rest comes with the next sync: {t.text()}")
    t.key("j")
    t.key("\r")
    check("BROWNQX" in t.row(1) and "more may exist" not in t.row(2) and "NOT FETCHED" not in t.text(), f"and he is whole: {t.text()}")


def script(w, line):
    l = Line(w)
    l.answer()
    told = l.say("/brownqx")
    check("    F asks the server." in told, f"{told}")
    told = l.say("F")
    at = next((i for i, x in enumerate(told) if x.startswith("1 on the server, asked ")), -1)
    check(at > 0 and "Asking the server; q stops it" in told[:at] and told[at - 1] == 'SERVER  who matches "brownqx"', f"the answer: {told}")
    check(at > 0 and told[at + 2].startswith("  1 BROWNQX, Bob Lee  Born 04-Apr-1970") and told[at + 3] == "      ON SERVER, NOT HERE", f"with its rows: {told}")
    check(told[-1].startswith("number Open ") and l.prompt == "Enter = back> ", f"and what can be typed, once: {told} {l.prompt}")
    check(l.say("2")[0] == "No row 2 was printed last.", "a row that is not there")
    l.p.stdin.write(b"1\nR\n1\nq\nq\n/multiqx\nF\n\nq\n/zzzz\nF\nq\n")
    status, said = l.end()
    out = l.raw.decode()
    asked = out.find("BROWNQX, Bob Lee is being fetched")
    came = out.find("PATIENTS  2 kept here (patient/ann,bob)", asked)
    check(status == 0 and 0 < asked < came, f"R is read when he has come: {status} {said} {out[asked:]}")
    check(re.search(r"^302 new or changed", out[asked:], re.M), f"what he brought is counted: {out[asked:came]}")
    check("Known allergies: Penicillin bob" in out[came:] and "NOT FETCHED" not in out[came:], f"and 1 opens him, whole: {out[came:]}")
    check(re.search(r"\n50 of 60 on the server, asked .*\n.*Page 1 of 6\n  1 MULTIQX", out) and "Page 2 of 6" in out, f"an answer of several pages: {out[came:]}")
    check("\nnone on the server either, searched " in out, f"and one of nobody: {out[came:]}")


def by_hand(w, line):
    with harness.Term([ward.WARDLINE, "--home", w.home], term="dumb", rows=100, quiet=0.3, env=w.extra) as t:
        t.wait("Passphrase:")
        t.send(ward.PASS + "\n")
        t.wait("Enter = leave>")
        t.send("/multiqx givenah\n")
        t.wait("F asks the server.")
        t.send("F\n")
        t.wait("1 on the server, asked")  # by itself
        t.send("q\n")
        t.wait("Enter = all patients>")
        line("hang")
        t.send("F\n")
        t.settle(quiet=1)
        mark = len(t.raw)
        check(t.text().rstrip().endswith("Enter = back>") and "Asking the server; q stops it" in t.text(), f"there is a prompt meanwhile: {t.text()}")
        t.send("q\n")
        t.wait("Stopped: the server was not searched.")
        line("flow")
        t.settle(quiet=1, first=1)
        check(b"on the server, asked" not in t.raw[mark:], f"no answer comes late: {t.raw[mark:]!r}")
        t.kill(15)
        check(t.end() == 0, "SIGTERM ends it")


def main():
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=0, init=False, quick=True) as w:
        w.put(*resources(), *much())
        for walk in (script, by_hand, searched):
            with Proxy(f"127.0.0.1:{w.url.split(':')[2].split('/')[0]}") as line:
                w.home = os.path.join(tmp, walk.__name__)
                w.cli("init", "--server", f"http://127.0.0.1:{line.port}/fhir", "--scope", "patient/ann")
                w.cli("sync")
                walk(w, line)
    check.finish()


if __name__ == "__main__":
    main()
