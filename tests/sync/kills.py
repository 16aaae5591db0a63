#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random edits through a line that resets, with the client killed at random points of its syncs: by the server's history each
edit that was acknowledged to its writer is there once, none is twice, and client and server end equal.

usage: kills.py [--rounds N] [--seed N] [BASE]     BASE: a FHIR server to write to (tests/live/run gives HAPI: 60 rounds, 200
                                                   edits and more); without it wardline-demo, 12 rounds

Planted faults: those of tests/sync/t_push.c that speak of doubt.
"""
import argparse, collections, json, os, random, signal, subprocess, sys, tempfile, time

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from badline import ask
from client import Client

LOSSES = ["never", "lost", "cut", "proxy", "error", "twice"]
EDITS = 4  # a round, at most; at least three


class Run(Client):
    def __init__(self, tmp, base, seed):
        self.dice, self.patient = random.Random(seed), f"kills-{seed}"
        super().__init__(tmp, base, sync_settle=1000, scope="patient/" + self.patient)
        ask(f"{base}/Patient/{self.patient}", "PUT", {"resourceType": "Patient", "id": self.patient, "name": [{"family": "Kills"}]})
        begun = time.monotonic()
        self.w.cli("sync")
        self.took = time.monotonic() - begun
        self.texts = collections.defaultdict(list)  # of each resource, what its writer was told is kept, in order
        self.edits = self.kills = 0
        self.doubted = set()

    def observation(self, text):
        return {"resourceType": "Observation", "status": "final", "code": {"text": text}, "subject": {"reference": "Patient/" + self.patient}}

    def edit(self):
        text = f"edit {self.edits}"
        known = list(self.texts)
        if known and self.dice.random() < 0.6:
            name = self.dice.choice(known)
            now = json.loads(self.w.cli("get", name).stdout)
            now["code"]["text"] = text
            self.w.cli("put", input=json.dumps(now))
        else:
            op = self.w.cli("put", input=json.dumps(self.observation(text))).stdout.split()[0]
            name = next(q["resource"] for q in self.w.json("queue") if q["op"] == op)
        self.texts[name].append(text)
        self.edits += 1

    def round(self):
        for _ in range(self.dice.randint(3, EDITS)):
            self.edit()
        self.line.fault = self.dice.choice([None] + LOSSES)
        self.line.wrote.clear()
        begun = time.monotonic()
        c = self.w.start("sync")
        try:
            if self.dice.random() < 0.6:  # while something is being sent
                while c.poll() is None and time.monotonic() < begun + 60 and not self.line.wrote.wait(0.02):
                    pass
                c.wait(self.dice.uniform(0, 0.05))
            else:
                c.wait(self.dice.uniform(0.2, 1.1) * self.took if self.dice.random() < 0.6 else 60)
        except subprocess.TimeoutExpired:
            c.send_signal(signal.SIGKILL)
            c.wait()
            self.kills += 1
        self.doubted |= {q["op"] for q in self.w.json("queue") if q["state"] in ("inflight", "indoubt")}

    def settle(self):
        self.line.fault = None
        for _ in range(8):
            p = self.w.cli("sync", check=False)
            if p.returncode == 0 and not self.w.json("queue"):
                return
            time.sleep(1)
        sys.exit(f"kills: it does not come to rest: exit {p.returncode} {p.stderr} {self.w.json('queue')}")

    def faults(self):
        for name, said in self.texts.items():
            status, b = ask(f"{self.base}/{name}/_history?_count=100")
            got = [e["resource"]["code"]["text"] for e in reversed(b["entry"])] if status == 200 else []
            if len(got) != len(set(got)):
                yield f"{name}: twice: {got}"
            if [t for t in said if t in got] != got:
                yield f"{name}: not in the order of the edits: {got} of {said}"
            if not got or got[-1] != said[-1]:
                yield f"{name}: the last edit {said[-1]!r} is not what the server has: {got}"
            mine = json.loads(self.w.cli("get", name).stdout)
            if mine["code"]["text"] != said[-1]:
                yield f"{name}: the client shows {mine['code']['text']!r}"


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--rounds", type=int, default=12)
    ap.add_argument("--seed", type=int, default=int(time.time()) % 100000)
    ap.add_argument("base", nargs="?")
    a = ap.parse_args()
    with tempfile.TemporaryDirectory() as tmp:
        w = None if a.base else ward.Ward(tmp, init=False)
        try:
            r = Run(tmp, (a.base or w.url).rstrip("/"), a.seed)
            for _ in range(a.rounds):
                r.round()
            r.settle()
            bad = list(r.faults())
        finally:
            if w:
                w.stop_server()
    for b in bad:
        print("  " + b)
    if r.kills < a.rounds // 4:
        bad.append("kills")
        print(f"  only {r.kills} of {a.rounds} syncs were killed")
    if not r.doubted:
        bad.append("doubt")
        print("  no kill left anything in doubt")
    print(f"kills: seed {a.seed}: {r.edits} edits of {len(r.texts)} resources, {r.kills} kills, {len(r.doubted)} operations in doubt, {len(bad)} faults")
    sys.exit(bool(bad))


main()
