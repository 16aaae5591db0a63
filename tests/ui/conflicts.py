#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The screen of conflicts: both versions stand in the chart, a person answers each element, nothing is stored before, and
the server has what was answered. Kills tests/mutants/conflict-answered-beforehand.patch.
"""
import json, os, sys, tempfile, urllib.request

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), p) for p in ("tests", "tests/ui")]
import ward
from harness import Check, Term, WARDLINE

check = Check()
NAME = "AllergyIntolerance/a1"


def allergy(**more):
    return {"resourceType": "AllergyIntolerance", "id": "a1", "patient": {"reference": "Patient/p1"}, "criticality": "low",
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]},
            "code": {"text": "Latex"}, **more}


def at_server(w):
    with urllib.request.urlopen(f"{w.url}/{NAME}") as a:
        return json.load(a)


def screen(w):
    with Term([WARDLINE, "--home", w.home], term="vt100") as t:
        t.wait("Passphrase:")
        t.send(ward.PASS + "\r")
        t.wait("PATIENTS")
        t.key("\r")
        t.wait("Cover")
        check("1 CONFLICT" in t.row(2) and "Latex" in t.row(2) and "Aspirin" in t.row(2), f"the header counts it, either allergy alerts: {t.text()}")
        t.key("a")
        body = " ".join(t.body())
        check("SERVER HAS: Aspirin" in body and "NOT SENT" in body and "Latex" in body, f"both stand in the chart: {t.text()}")
        t.key("C")
        body = " ".join(t.body())
        check(t.row(3).startswith("CONFLICT (1 in this chart): Allergies: Latex"), t.row(3))
        check("yours: Latex" in body and "server's: Aspirin" in body and "made from: Penicillin" in body and "What it is" in body, t.text())
        t.key("s")
        check("NOT STORED: 3 answers are missing" in t.text(), f"nothing is answered beforehand: {t.text()}")
        t.key("m")
        check("Move to an element" in t.text() and "<- THIS" not in t.text(), t.text())
        answers = {"made from: Penicillin": "m", "made from: low": "t", "made from: nothing": "\r"}
        before = None
        while t.cursor() != before:
            before, now = t.cursor(), t.focus()
            for words, key in answers.items():
                if words in now and "TO BE ANSWERED" in now and key != "\r":
                    t.key(key)
            if "server's: seen at school" in now and "THIS" not in now:
                t.key("\r")
            t.key("j")
        check(t.text().count("<- THIS") >= 1, t.text())
        t.key("s")
        t.wait("Stored: NOT SENT yet")
        check("CONFLICT" not in t.row(2) and "1 NOT SENT" in t.row(2), f"it is none any more: {t.text()}")
        t.key("C")
        check("No conflicts in this chart" in t.text(), t.text())
    got = json.loads(w.cli("get", NAME).stdout)
    check(got["code"]["text"] == "Latex" and got["criticality"] == "high" and got["note"][0]["text"] == "seen at school", f"as answered: {got}")
    w.cli("sync")
    got = at_server(w)
    check(got["code"]["text"] == "Latex" and got["criticality"] == "high" and got["note"][0]["text"] == "seen at school" and w.json("queue") == [], f"at the server: {got}")
    rows = [r for r in w.kept("rows") if r.get("reason") == "conflict: by field"]
    check(len(rows) == 1, f"the trail says so: {rows}")


def main():
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
        w.put(ward.person("p1", "FARROW", "Ada"), allergy(code={"text": "Penicillin"}))
        w.cli("init", "--server", w.url)
        w.cli("sync")
        w.cli("put", input=json.dumps({**json.loads(w.cli("get", NAME).stdout), "code": {"text": "Latex"}}))
        w.put(allergy(code={"text": "Aspirin"}, criticality="high", note=[{"text": "seen at school"}]))
        w.cli("sync", check=False)
        w.cli("sync", check=False)
        check(len(w.json("conflicts")) == 1, "there is one")
        screen(w)
    check.finish()


main()
