#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""queue: each change in one sentence, why it waits, sent again, given up, and what is kept of it afterwards. Nothing that
may have reached the server is ever called sent, nor given up.
Kills tests/mutants/ledger-timeout-sent.patch, queue-discard-doubt.patch, queue-discard-behind.patch, queue-discard-any-role.patch,
queue-discard-unasked.patch, queue-unaudited.patch, queue-log-unnoted.patch.
"""
import json, os, re, sys, tempfile

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from badline import Line, ask
from verdict import check, conclude

SHAPE = {"op", "resource", "patient", "kind", "state", "since", "why"}
NOTHING = "nothing was sent or given up"


class Clinic:
    def __init__(self, w, base):
        self.w, self.base, self.line = w, base, Line(base)
        w.url = self.line.url
        w.quick()
        self.set("sync.settle", "300")
        for r in (ward.person("p1", "SMITH", "Jon"), ward.person("p2", "ADAMS", "Eve")):
            ask(f"{base}/Patient/{r['id']}", "PUT", r)
        ask(f"{base}/Practitioner/n1", "PUT", {"resourceType": "Practitioner", "id": "n1", "name": [{"family": "Ward", "given": ["Ann"]}]})
        ask(f"{base}/PractitionerRole/r1", "PUT", {"resourceType": "PractitionerRole", "id": "r1", "practitioner": {"reference": "Practitioner/n1"}})
        self.sync()

    def set(self, name, value):
        self.w.set(name, value)

    def sync(self):
        return self.w.cli("sync", check=False).returncode

    def put(self, r, **more):
        return self.w.cli("put", input=json.dumps({**r, **more})).stdout.strip()

    def get(self, name):
        return json.loads(self.w.cli("get", name).stdout)

    def queue(self, op=None):
        return [q for q in self.w.json("queue") if op in (None, q["op"])]

    def log(self, *words):
        return self.w.json("queue", "log", *words)

    def discard(self, op, typed=None):
        return self.w.on_terminal(["queue", "discard", op], [("Passphrase", ward.PASS), ("Type the change's id", typed or op)])

    def noted(self, reason):
        return [r for r in self.w.kept("rows") if r.get("reason") == reason]


def allergy(pid, name="Penicillin"):
    return {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/" + pid}, "code": {"text": name}, "criticality": "high",
            "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]}}


def waits(c):
    """A new patient with an allergy: who waits for whom, in words and as JSON."""
    person = {k: v for k, v in ward.person("", "NOVAK", "Ida").items() if k != "id"}
    own = c.put(person)
    pid = c.queue(own)[0]["resource"].split("/")[1]
    first = c.put(allergy(pid))
    c.line.hold = True  # the line is there, and the server takes nothing
    q = c.queue()
    check("the shape stays", len(q) == 2 and all(SHAPE <= set(x) for x in q), str(q))
    check("a sentence", re.fullmatch(r"Allergy to Penicillin of NOVAK, Ida, new, entered by command - NOT SENT since \d\d-\w+ \d\d:\d\d: waits for the patient's own record",
                                     q[1]["text"]), q[1]["text"])
    check("and one for the patient", re.fullmatch(r"The own record of NOVAK, Ida, new, entered by command - NOT SENT since .*: goes with the next sync", q[0]["text"]), q[0]["text"])
    check("as codes", [x["waits"] for x in q] == ["next", "patient"], str(q))
    words = c.w.cli("queue").stdout.splitlines()
    check("the lines are as ever, the sentence under each", len(words) == 4 and words[0].startswith(own + "  Patient/") and "NOT SENT, queued since" in words[0]
          and words[3] == "  " + q[1]["text"], "\n".join(words))
    r, said = c.discard(own)
    check("what others rest on is not given up", r == 2 and "rest on it: 1" in said and len(c.queue()) == 2, said)
    c.sync()
    check("the server asked for peace", c.queue(own)[0]["waits"] == "later" and "tried again" in c.queue(own)[0]["text"], str(c.queue()))
    check("sent again at once", c.w.cli("queue", "retry", own).returncode == 0 and c.queue(own)[0]["waits"] == "next", str(c.queue(own)))
    check("by an audit row", len(c.noted("queue: sent again")) == 1)
    c.sync()
    check("and not before the server's time", c.queue(own)[0]["state"] == "queued" and c.log() == [], str(c.queue()))
    c.set("sync.pace", "")  # which is over
    check("nothing was sent", c.log() == [] and NOTHING in c.w.cli("queue", "log").stdout, str(c.log()))
    c.line.hold = False
    c.sync()
    got = c.log()
    check("both are acknowledged, the newest first", [x["op"] for x in got] == [first, own] and {x["state"] for x in got} == {"acked"} and c.queue() == [], str(got))
    check("and say so", all(re.search(r" - sent, acknowledged by the server \d\d-\w+ \d\d:\d\d, entered ", x["text"]) for x in got), str(got))
    check("by word", [x["op"] for x in c.log("penic", "novak")] == [first] and c.log("xyzzy") == [] and len(c.log("novak")) == 2)
    check("in words", first in c.w.cli("queue", "log", "penicillin").stdout)
    check("what the log was asked for is noted", len(c.noted("penic novak")) == 1, str(c.w.kept("rows")[-8:]))
    check("whoever looks is noted", [r for r in c.w.kept("rows") if r["action"] == "search" and r.get("chart") == pid])


def doubt(c):
    """The answer is lost: nobody says that it was sent, and it cannot be given up; the server is asked, and then it is known."""
    before = len(c.log())
    op = c.put(allergy("p1", "Latex"))
    c.line.fault = "lost"
    c.line.alter = lambda method, path, body, status, json: b"" if method == "GET" and "AllergyIntolerance" in path else None
    c.sync()
    c.line.alter = None
    q = c.queue(op)
    check("in doubt", len(q) == 1 and q[0]["state"] in ("indoubt", "inflight") and "NOT SENT since" in q[0]["text"]
          and q[0]["waits"] in ("asked", "line"), str(q))
    check("and in no log of what was sent", len(c.log()) == before, str(c.log()))
    r, said = c.discard(op)
    check("not given up", r == 2 and "may have reached the server" in said and len(c.queue(op)) == 1, f"{r} {said}")
    for _ in range(3):
        c.sync()
    check("the server had it", c.queue() == [] and c.log()[0]["op"] == op and len(c.log()) == before + 1, str(c.queue()))


def given_up(c):
    was = c.w.cli("get", "Patient/p1").stdout
    op = c.put(c.get("Patient/p1"), gender="male")
    check("of a change", "The own record of SMITH, Jon, changed" in c.queue(op)[0]["text"], str(c.queue(op)))
    p = c.w.cli("queue", "discard", op, check=False, start_new_session=True)
    check("not without a terminal", p.returncode == 2 and "a person must answer" in p.stderr and c.queue(op), f"{p.returncode} {p.stderr}")
    r, said = c.discard(op, "yes")
    check("not by a yes", r == 2 and c.queue(op) and "The own record of SMITH, Jon" in said, said)
    c.set("role", "registrar")
    r, said = c.discard(op)
    check("not by a registrar", r == 2 and "registrar" in said and c.queue(op), said)
    c.set("role", "nurse")
    c.set("practitioner", "Practitioner/n1")
    r, said = c.discard(op)
    check("by its id", r == 0 and c.queue() == [], said)
    check("the row is the server's again", c.w.cli("get", "Patient/p1").stdout == was)
    check("with an audit row", [(r["type"], r["id"]) for r in c.noted("queue: given up")] == [("Patient", "p1")], str(c.noted("queue: given up")))
    got = c.log()[0]
    check("and it can still be read", got["op"] == op and got["state"] == "discarded" and re.search(r" - given up .*, NOT on the server, entered ", got["text"]), str(got))
    new = c.put(allergy("p2", "Peanut"))
    name = c.queue(new)[0]["resource"]
    check("who wrote it", ", by WARD, Ann (nurse), entered by command" in c.queue(new)[0]["text"], c.queue(new)[0]["text"])
    r, said = c.discard(new)
    check("a new one goes from the chart", r == 0 and c.w.cli("get", name, check=False).returncode == 2 and "Peanut" not in c.w.cli("show", "p2").stdout, said)
    check("not from the log", c.log("peanut")[0]["op"] == new)


def refused(c):
    """The server refuses: mended, or sent again, or given up."""
    op = c.put(allergy("p1", "Kiwi"))
    c.line.fault = "refused"
    c.sync()
    q = c.queue(op)
    check("refused", len(q) == 1 and (q[0]["state"], q[0]["why"], q[0]["waits"]) == ("attention", "refused", "mend")
          and "NOT SENT since" in q[0]["text"] and "refused by the server: the server found it wrong; waits to be mended" in q[0]["text"], str(q))
    c.w.cli("queue", "retry", op)
    check("is sent again", c.queue(op)[0]["state"] == "queued" and c.queue(op)[0]["waits"] == "again", str(c.queue(op)))
    r, said = c.discard(op)
    check("and was on the line: not given up now", r == 2 and c.queue(op), said)
    c.sync()
    check("sent", c.queue() == [] and c.log("kiwi")[0]["state"] == "acked", str(c.queue()))
    op = c.put(allergy("p1", "Mango"))
    c.line.fault = "refused"
    c.sync()
    check("what the server refused can be given up", c.queue(op)[0]["state"] == "attention" and c.discard(op)[0] == 0 and c.queue() == [], str(c.queue()))


def usage(c):
    for args, code in ((["queue", "x"], 1), (["queue", "retry"], 1), (["queue", "discard"], 1), (["queue", "discard", "a", "b"], 1), (["queue", "retry", "x"], 2)):
        p = c.w.cli(*args, check=False)
        check(f"{args}", p.returncode == code and p.stderr.count("\n") == 1, f"{p.returncode} {p.stderr}")
    r, said = c.discard("x")
    check("no such one", r == 2, said)


def main():
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False) as w:
        c = Clinic(w, w.url)
        usage(c)
        waits(c)
        doubt(c)
        given_up(c)
        refused(c)
    conclude("queue")


main()
