#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits through a bad line: whatever becomes of a request and of its answer, the server has each edit once, and the client
ends with what the server has.

Between client and server stands a line that does one thing to the first request that writes: loses it, loses, cuts, doubles
or delays the answer, answers with a portal's page, a proxy's error, half of a gzip stream; and a rival who writes before or
behind it. Each is done to a create, an update and a batch of three. The server's own history is the judge.

usage: push.py [--few] [BASE]     BASE: a FHIR server to write to (tests/live/run gives HAPI); without it wardline-demo
                                  --few: what only a real server can answer

Planted faults are those of tests/sync/t_push.c, which it kills too.
"""
import concurrent.futures, json, os, signal, sys, tempfile, uuid

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from badline import ask
from client import Client
from verdict import check as expect, conclude

SETTLE_MS = 1500  # the server's time-out, as the profile has it: above badline.LATE


# --- the server ------------------------------------------------------------------------------------------

def history(base, name):
    """The contents of its versions, oldest first; None for a deletion."""
    status, b = ask(f"{base}/{name}/_history?_count=50")
    return [e.get("resource") for e in reversed(b["entry"])] if status == 200 else []


# --- the cases --------------------------------------------------------------------------------------------

FAULTS = ["none", "never", "lost", "cut", "portal", "empty", "proxy", "error", "twice", "late", "gzip", "slower", "killed", "rival_behind", "rival_before"]


FEW = ["none", "lost", "twice", "killed", "rival_behind", "rival_before"]


# --- one profile, one case after the other -------------------------------------------------------------------

class Profile(Client):
    def __init__(self, tmp, base):
        super().__init__(tmp, base, sync_settle=SETTLE_MS, scope="patient/push-" + os.path.basename(tmp))
        self.patient = "push-" + os.path.basename(tmp)
        ask(f"{base}/Patient/{self.patient}", "PUT", {"resourceType": "Patient", "id": self.patient, "name": [{"family": "Push"}]})
        self.sync()

    def sync(self):
        p = self.w.cli("sync", check=False)
        return p.returncode, p.stderr.strip()

    def put(self, resource):
        self.w.cli("put", input=json.dumps(resource))
        return self.w.json("queue")[-1]

    def queue(self, made):
        names = [name for name, _ in made]
        return [o for o in self.w.json("queue") if o["resource"] in names]

def observation(patient, text, **more):
    return {"resourceType": "Observation", "status": "final", "code": {"text": text}, "subject": {"reference": "Patient/" + patient},
            "valueQuantity": {"value": 1.5, "unit": "mg"}, **more}


def text(r):
    return r and r["code"]["text"]


def edit(p, kind, tag):
    """Queues it: [(name, text that it makes)]"""
    made = []
    for n in range(3 if kind == "batch" else 1):
        mine = f"{tag} {n} mine"
        if kind == "update":
            name = "Observation/" + str(uuid.uuid4())
            ask(f"{p.base}/{name}", "PUT", observation(p.patient, f"{tag} {n} base", id=name.split("/")[1]))
            p.sync()
            was = p.get(name)
            if was is None:
                expect(f"{tag}: the base comes", False, name)
                continue
            p.put({**was, "code": {"text": mine}})
        else:
            name = p.put(observation(p.patient, mine))["resource"]
        made.append((name, mine))
    return made


def until_quiet(p, made):
    """Syncs until nothing waits; the last exit status and queue."""
    for _ in range(6):
        code, said = p.sync()
        queue = p.queue(made)
        if not [o for o in queue if o["state"] in ("queued", "inflight", "indoubt")] and code in (0, 4):
            break
    return code, said, queue


def first_sync(p, fault):
    if fault != "killed":
        return p.sync()
    p.line.hit.clear()
    c = p.w.start("sync")
    if not p.line.hit.wait(30):
        expect("killed: the request comes", False)
    c.send_signal(signal.SIGKILL)
    c.wait()
    return None, ""


def case(p, kind, fault):
    tag = f"{kind} {fault}"
    if fault == "rival_before" and kind != "update":
        return  # nobody else knows the id yet
    made = edit(p, kind, tag)
    p.line.fault, p.line.writes = None if fault == "none" else fault, 0
    p.line.rival = lambda: ask(f"{p.base}/{made[0][0]}", "PUT", observation(p.patient, tag + " rival", id=made[0][0].split("/")[1]))
    code, said = first_sync(p, fault)
    if fault != "none":
        code, said, queue = until_quiet(p, made)
    else:
        queue = p.queue(made)
    conflict = fault == "rival_before"
    states = [o["state"] for o in queue]
    expect(f"{tag}: queue", states == (["conflict"] if conflict else []), f"{states} exit {code} {said}")
    for n, (name, mine) in enumerate(made):
        versions = [text(r) for r in history(p.base, name)]
        expect(f"{tag}: {name} once", versions.count(mine) == (0 if conflict else 1), versions)
        if fault.startswith("rival") and n == 0:
            expect(f"{tag}: the rival's stands", versions[-1:] == [tag + " rival"], versions)
    if not conflict:
        code, said = p.sync()
        expect(f"{tag}: exit", code == (4 if p.w.json("queue") else 0), f"{code} {said}")
        for name, _ in made:
            status, now = ask(f"{p.base}/{name}")
            expect(f"{tag}: {name} is as the server has it", text(p.get(name)) == (text(now) if status == 200 else None), f"{p.get(name)} {now}")


def waiting(p):
    """What names a resource that was made here comes behind it, in one sync."""
    one = p.put({"resourceType": "Encounter", "status": "planned", "class": {"code": "AMB"}, "subject": {"reference": "Patient/" + p.patient}})["resource"]
    two = p.put(observation(p.patient, "waits", encounter={"reference": one}))["resource"]
    p.line.writes = 0
    code, said = p.sync()
    expect("waits: both are there", len(history(p.base, one)) == 1 and [text(r) for r in history(p.base, two)] == ["waits"], said)
    expect("waits: in two requests", p.line.writes == 2, p.line.writes)


def work(tmp, base, kind):
    p = Profile(os.path.join(tmp, kind), base)
    for fault in FAULTS:
        case(p, kind, fault)
    if kind == "create":
        waiting(p)


def main():
    words = sys.argv[1:]
    if words[:1] == ["--few"]:
        FAULTS[:] = FEW
        words = words[1:]
    base = words[0] if words else None
    with tempfile.TemporaryDirectory() as tmp:
        w = None
        if base:
            base = base.rstrip("/")
        else:
            w = ward.Ward(tmp, init=False)
            base = w.url
        try:
            kinds = ("create", "update", "batch")
            with concurrent.futures.ThreadPoolExecutor(len(kinds)) as pool:
                for f in [pool.submit(work, tmp, base, k) for k in kinds]:
                    f.result()
        finally:
            if w:
                w.stop_server()
    conclude("push")


main()
