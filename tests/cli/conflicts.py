#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two nurses change the same thing: what is merged without a word, what is asked, who may answer and how, what the server
has afterwards. Nothing of the other one's is ever lost unread.
Kills tests/mutants/resolve-silent.patch, resolve-any-role.patch, resolve-old-version.patch,
conflict-hides-theirs.patch,
conflict-allergy-one-side.patch.

usage: conflicts.py [BASE]     BASE: a FHIR server to write to (tests/live/run gives HAPI); without it wardline-demo
"""
import json, os, re, sys, tempfile, uuid

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from badline import ask
from verdict import check, conclude


class Two:
    """A profile, and somebody else at the server."""

    def __init__(self, w, base):
        self.w, self.base, self.patient = w, base, "merge-" + uuid.uuid4().hex[:8]
        w.quick()
        self.set("scope", "patient/" + self.patient)
        self.rival({"resourceType": "Patient", "id": self.patient, "name": [{"family": "Merge", "given": ["Ada"]}], "birthDate": "1970-01-01",
                    "telecom": [{"system": "phone", "value": "1"}]})

    def set(self, name, value):
        self.w.set(name, value)

    def rival(self, r):
        status, _ = ask(f"{self.base}/{r['resourceType']}/{r['id']}", "PUT", r)
        if status not in (200, 201):
            sys.exit(f"the server refuses the rival: {status}")

    def has(self, name):
        return ask(f"{self.base}/{name}")[1]

    def versions(self, name):
        """How many there were: both servers count them. (HAPI answers a history from a cache.)"""
        return int(self.has(name)["meta"]["versionId"])

    def get(self, name):
        return json.loads(self.w.cli("get", name).stdout)

    def edit(self, name, **more):
        return self.w.cli("put", input=json.dumps({**self.get(name), **more})).stdout.strip()

    def syncs(self, n=2):
        for _ in range(n):
            p = self.w.cli("sync", check=False)
        return p.returncode

    def allergy(self, **more):
        """One that is at the server and here: its name."""
        r = {"resourceType": "AllergyIntolerance", "id": str(uuid.uuid4()), "patient": {"reference": "Patient/" + self.patient}, "criticality": "low",
             "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]},
             "code": {"text": "Penicillin"}, **more}
        self.rival(r)
        self.syncs(1)
        return f"AllergyIntolerance/{r['id']}"

    def conflict(self, mine, theirs):
        """An allergy that both have changed: (its name, the operation)."""
        name = self.allergy()
        op = self.edit(name, **mine)
        self.rival({**self.has(name), **theirs})
        self.syncs(2)
        return name, op


def phones(r):
    return sorted(t["value"] for t in r["telecom"])


def merged(t):
    name = "Patient/" + t.patient
    t.syncs(1)
    t.edit(name, telecom=[{"system": "phone", "value": "1"}, {"system": "phone", "value": "2"}])
    t.rival({**t.has(name), "telecom": [{"system": "phone", "value": "1"}, {"system": "phone", "value": "3"}]})
    t.syncs(3)
    check("two numbers of two hands: both, unasked", phones(t.has(name)) == ["1", "2", "3"] and phones(t.get(name)) == ["1", "2", "3"], str(t.has(name)))
    check("and nothing waits", t.w.json("queue") == [] and t.w.json("conflicts") == [], str(t.w.json("queue")))
    check("sent once", t.versions(name) == 3, str(t.versions(name)))
    check("the trail says that nobody was asked", [r for r in t.w.kept("rows") if r["action"] == "update" and r.get("reason") == "conflict: merged"])
    t.edit(name, maritalStatus={"text": "married"})
    t.rival({**t.has(name), "birthDate": "1971-01-01"})
    t.syncs(3)
    c = t.w.json("conflicts")
    check("who the patient is: asked", len(c) == 1 and c[0]["always"] and {f["path"] for f in c[0]["fields"]} == {"maritalStatus", "birthDate"}, str(c))
    check("nothing is sent meanwhile", t.versions(name) == 4 and t.has(name)["birthDate"] == "1971-01-01", str(t.has(name)))
    status, said = t.w.on_terminal(["resolve", c[0]["op"], "--theirs"], [("Passphrase", ward.PASS), ("Type the change's id", c[0]["op"])])
    check("given up", status == 0 and t.get(name)["birthDate"] == "1971-01-01" and "maritalStatus" not in t.get(name) and t.w.json("queue") == [], said)


def asked(t):
    name, op = t.conflict({"criticality": "high"}, {"note": [{"text": "seen at school"}]})
    c = t.w.json("conflicts")
    check("an allergy is asked though the elements differ", len(c) == 1 and c[0]["op"] == op and c[0]["always"] and c[0]["fetched"], str(c))
    fields = {f["path"]: f for f in c[0]["fields"]} if c else {}
    check("field by field", fields.get("criticality", {}).get("base") == '"low"' and fields["criticality"]["mine"] == '"high"'
          and fields["criticality"]["theirs"] == '"low"' and "seen at school" in fields["note"]["theirs"] and fields["note"]["mine"] is None, str(fields))
    words = t.w.cli("conflicts").stdout
    check("in words", "Penicillin" in words and "MERGE" in words and "seen at school" in words and op in words and "yours goes in" in words, words)
    p = t.w.cli("resolve", op, "--mine", check=False, start_new_session=True)
    check("not without a terminal", p.returncode == 2 and "a person must answer" in p.stderr, f"{p.returncode} {p.stderr}")
    status, said = t.w.on_terminal(["resolve", op, "--mine"], [("Passphrase", ward.PASS), ("Type the change's id", "yes")])
    check("not by a yes", status == 2 and len(t.w.json("conflicts")) == 1, said)
    check("all three are printed first", "seen at school" in said and "made from" in said and "server's" in said and "yours" in said, said)
    t.set("role", "registrar")
    p = t.w.cli("resolve", op, "--mine", check=False)
    check("not by a registrar", p.returncode == 2 and "registrar" in p.stderr, p.stderr)
    t.set("role", "nurse")
    status, said = t.w.on_terminal(["resolve", op, "--mine"], [("Passphrase", ward.PASS), ("Type the change's id", op)])
    check("by its id", status == 0 and "NOT SENT yet" in said, said)
    check("the row shows it at once", t.get(name)["criticality"] == "high" and t.get(name)["note"][0]["text"] == "seen at school", str(t.get(name)))
    before = t.versions(name)
    t.syncs(1)
    r = t.has(name)
    check("both are at the server, once", r["criticality"] == "high" and r["note"][0]["text"] == "seen at school" and t.versions(name) == before + 1
          and t.w.json("queue") == [], str(r))


def again(t):
    """Answered, but the server changes it once more before the answer gets there."""
    name, op = t.conflict({"criticality": "high"}, {"criticality": "unable-to-assess"})
    c = t.w.json("conflicts")
    check("a clash is open", len(c) == 1 and c[0]["fields"][0]["ask"], str(c))
    status, said = t.w.on_terminal(["resolve", op, "--mine"], [("Passphrase", ward.PASS), ("Type the change's id", op)])
    check("answered", status == 0, said)
    t.rival({**t.has(name), "note": [{"text": "and a note"}]})
    t.syncs(2)
    check("is a conflict again, and nothing was overwritten", len(t.w.json("conflicts")) == 1 and t.has(name)["criticality"] == "unable-to-assess"
          and t.has(name)["note"], str(t.has(name)))
    status, said = t.w.on_terminal(["resolve", op, "--theirs"], [("Passphrase", ward.PASS), ("Type the change's id", op)])
    check("given up", status == 0 and t.get(name)["criticality"] == "unable-to-assess" and t.w.json("queue") == [], said)


def gone(t):
    name, op = t.conflict({"criticality": "high"}, {"criticality": "unable-to-assess"})
    ask(f"{t.base}/{name}", "DELETE")
    t.w.on_terminal(["resolve", op, "--mine"], [("Passphrase", ward.PASS), ("Type the change's id", op)])
    t.syncs(2)
    c = t.w.json("conflicts")
    check("an edit of what was deleted is a conflict", len(c) == 1 and c[0]["always"] and c[0]["theirs"] == "deleted", str(c))
    status, said = t.w.on_terminal(["resolve", op, "--mine"], [("Passphrase", ward.PASS), ("Type the change's id", op)])
    t.syncs(1)
    check("sent as new", status == 0 and t.has(name) and t.has(name)["criticality"] == "high" and t.w.json("queue") == [], said + str(t.w.json("queue")))


def chart(t):
    """Until it is answered both stand in the chart."""
    name, op = t.conflict({"code": {"text": "Latex"}}, {"code": {"text": "Aspirin"}})
    show = t.w.cli("show", t.patient).stdout
    head = show.split("Cover")[0]
    check("both in the chart", "Latex" in show and "Aspirin" in show, show)
    check("and in the header", re.search(r"CONFLICTS?: 1 ", head) and re.search("Known allergies:.*Aspirin.*Latex|Known allergies:.*Latex.*Aspirin", head), show)
    rows = [r for s in t.w.json("show", t.patient)["sections"].values() for r in s if "Aspirin" in r["text"]]
    check("the server's says that it is the server's", rows and any("in conflict" in " ".join(r["flags"]) for r in rows), str(rows))
    t.w.on_terminal(["resolve", op, "--theirs"], [("Passphrase", ward.PASS), ("Type the change's id", op)])


def refused(t):
    for args, code in ((["resolve"], 1), (["resolve", "x"], 1), (["resolve", "x", "--mine", "--theirs"], 1), (["resolve", "x", "--mine"], 2)):
        p = t.w.cli(*args, check=False)
        check(f"{args}", p.returncode == code and p.stderr.count("\n") == 1, f"{p.returncode} {p.stderr}")
    check("no conflicts", "no conflicts" in t.w.cli("conflicts").stdout)


def main():
    base = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, url=base, init=False) as w:
        t = Two(w, w.url)
        t.syncs(1)
        refused(t)
        merged(t)
        asked(t)
        again(t)
        gone(t)
        chart(t)
    conclude("conflicts")


main()
