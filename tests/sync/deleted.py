#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was deleted at the server goes here, on the server's word on that very id and on nothing else; a sync in which nothing
changed asks one thing.

usage: deleted.py [BASE]     BASE: a FHIR server to write to (tests/live/run gives HAPI); without it wardline-demo

Kills absent-unconfirmed, absent-portal, absent-no-brake, absent-unsent, absent-no-history.
"""
import json, os, subprocess, sys, tempfile

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from badline import ask
from client import Client
from verdict import check as expect, conclude


class Profile(Client):
    def __init__(self, tmp, base, names):
        super().__init__(tmp, base, scope="patient/" + names[0].split("/")[1])
        self.names = names

    def age(self):
        """As if the last counting were of the day before."""
        self.w.set("sync.counts", 1)


def fill(base, tag, n):
    names = [f"Patient/{tag}"] + [f"Observation/{tag}-{i}" for i in range(n)]
    ask(f"{base}/{names[0]}", "PUT", {"resourceType": "Patient", "id": tag, "name": [{"family": "Deleted"}]})
    for name in names[1:]:
        ask(f"{base}/{name}", "PUT", {"resourceType": "Observation", "id": name.split("/")[1], "status": "final", "code": {"text": "x"},
                                      "subject": {"reference": names[0]}})
    return names


def without(names):
    """A server whose searches do not list these: its index lags behind."""
    ids = {n.split("/")[1] for n in names}

    def alter(method, path, body, status, answer):
        changed = False
        lists = [b for b in [answer] + [e.get("resource", {}) for e in answer.get("entry", [])] if b.get("type") == "searchset"]
        for b in lists:  # what it answers about one id is the truth
            keep = [e for e in b.get("entry", []) if e.get("resource", {}).get("id") not in ids]
            changed |= len(keep) != len(b.get("entry", []))
            if "entry" in b:
                b["entry"] = keep
        if b"_summary=count" in body:
            for e, asked in zip(answer["entry"], json.loads(body)["entry"]):
                if asked["request"]["url"].startswith("Observation"):
                    e["resource"]["total"] -= len(ids)
                    changed = True
        return answer if changed else None
    return alter


def portal(line, names):
    """The same, and a portal answers for each of them: a page for one, something else for several."""
    lag = without(names)

    def alter(method, path, body, status, answer):
        if status == 404 or status == 410:
            return line.page("404 Not Found")
        if method == "POST" and b"_summary" not in body and b"_lastUpdated" not in body:
            return {"resourceType": "Parameters"}
        return lag(method, path, body, status, answer)
    return alter


def main_cases(p):
    first = p.sync()
    expect("the first sync counts nothing", first[0] == 0 and not any(b"_summary" in r[3] for r in p.line.server.requests), first)
    gone = p.names[1:4]
    for name in gone:
        ask(f"{p.base}/{name}", "DELETE")
    code, r = p.sync()
    expect("deletions are seen by the next sync", code == 0 and r["deleted"] == 3 and not any(p.here(n) for n in gone), (code, r.get("deleted")))
    expect("and nothing else goes", all(p.here(n) for n in p.names if n not in gone))
    expect("the pull goes on", p.sync()[1]["deleted"] == 0)

    p.line.alter = without(p.names[4:6])
    p.age()
    code, r = p.sync()
    expect("what an index does not show stays", code == 0 and r["deleted"] == 0 and p.here(p.names[4]) and p.here(p.names[5]), (code, r.get("deleted")))
    asked = [b for m, path, _, b in p.line.server.requests if (m == "POST" and p.names[4].encode() in b)]
    expect("though it was asked for", len(asked) == 1, len(asked))

    for hidden in (p.names[4:6], []):
        p.line.alter = portal(p.line, hidden)
        ask(f"{p.base}/{p.names[6]}", "DELETE")
        p.age()
        p.sync()
        expect("a portal's 404 deletes nothing", all(p.here(n) for n in p.names[4:7]), hidden)
    p.line.alter = None


def unsent(p):
    name = p.names[7]
    mine = json.loads(p.w.cli("get", name).stdout)
    mine["code"]["text"] = "mine"
    p.w.cli("put", input=json.dumps(mine))
    ask(f"{p.base}/{name}", "DELETE")
    p.age()
    code, r = p.sync()
    queue = p.w.json("queue")
    expect("an unsent edit of what was deleted stays, and a person is asked", code == 4 and [q["state"] for q in queue] == ["conflict"] and p.here(name),
           (code, queue))
    expect("what the portal hid goes now", r["deleted"] == 1 and not p.here(p.names[6]), r["deleted"])


def brake(p):
    gone = p.names[1:31]
    for name in gone:
        ask(f"{p.base}/{name}", "DELETE")
    for turn in range(2):
        code, r = p.sync()
        expect("thirty of forty stay", code == 4 and r["deleted"] == 0 and all(p.here(n) for n in gone[:3]), (code, r.get("deleted")))
    code, r = p.sync("--accept-deletions")
    expect("until a person says so", code == 0 and r["deleted"] == 30 and not p.here(gone[0]) and p.here(p.names[31]), (code, r.get("deleted")))


def quiet(tmp, base):
    """All of a server that has nothing new: one request."""
    w = ward.Ward(os.path.join(tmp, "quiet"), generate=3, init=False) if not base else None
    if not w:
        return print("deleted: the quiet sync is counted at wardline-demo alone: others write to this server")
    with w:
        w.cli("init", "--server", w.url)
        w.cli("sync")
        subprocess.run(["true"])
        got = w.json("sync")["wire"]
        expect("nothing new: one request, at most 3 KB", got["requests"] == 1 and got["bytesUp"] + got["bytesDown"] <= 3000, got)


def main():
    with tempfile.TemporaryDirectory() as tmp:
        for d in ("one", "two", "server", "quiet"):
            os.makedirs(os.path.join(tmp, d))
        w = None if len(sys.argv) > 1 else ward.Ward(os.path.join(tmp, "server"), init=False)
        base = w.url if w else sys.argv[1].rstrip("/")
        try:
            p = Profile(os.path.join(tmp, "one"), base, fill(base, "deleted-one", 9))
            main_cases(p)
            unsent(p)
            p = Profile(os.path.join(tmp, "two"), base, fill(base, "deleted-two", 40))
            p.sync()
            brake(p)
            quiet(tmp, None if w else base)
        finally:
            if w:
                w.stop_server()
    conclude("deleted")


main()
