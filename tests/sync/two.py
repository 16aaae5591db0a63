#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two profiles edit the same few resources of one patient at once, both through lines that lose answers, one of them killed now
and then. By the server's history each edit that a ledger calls acknowledged is there once and none twice; none was written
over what its hand had not seen, unless a person was shown both and said so; in the end both hands have what the server has.

usage: two.py [--rounds N] [--seed N] [BASE]     BASE: a FHIR server to write to (tests/live/run gives HAPI); without it wardline-demo

Kills two-hands-blind.
"""
import argparse, json, os, random, signal, subprocess, sys, tempfile, time, uuid

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from badline import ask
from client import Client
from verdict import check, conclude

LOSSES = ["never", "lost", "cut", "proxy", "error", "twice"]
PATHS = ("code", "bodySite")  # both hold a text; what differs in one alone may be merged unasked


class Hand(Client):
    def __init__(self, tmp, base, name, patient, dice):
        super().__init__(os.path.join(tmp, name), base, sync_settle=1000, scope="patient/" + patient)
        self.name, self.patient, self.dice = name, patient, dice
        self.n = self.kills = 0
        self.wrote = {}     # text: (operation, resource, path, what stood there when it was typed)
        self.last = {}      # operation: what it holds now, {(resource, path): text}
        self.asked = set()  # operations of which a person was shown both

    def edit(self, names):
        if names and self.dice.random() < 0.8:
            self.types(self.dice.choice(names), self.dice.choice(PATHS))
        else:
            self.types(None, "code")

    def types(self, name, path):
        """name: None for a new one. Nothing is typed into what is not here yet."""
        self.n += 1
        text = f"{self.name} {self.n}"
        if name:
            now = self.get(name)
            if now is None:
                return
            was = now.get(path, {}).get("text")
            now[path] = {"text": text}
        else:
            was, now = None, {"resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/" + self.patient},
                              "code": {"text": text}}
        op = self.w.cli("put", input=json.dumps(now)).stdout.split()[0]
        name = next(q["resource"] for q in self.w.json("queue") if q["op"] == op)
        self.wrote[text] = (op, name, path, was)
        self.last.setdefault(op, {})[(name, path)] = text

    def begin(self):
        self.line.fault = self.dice.choice([None, None] + LOSSES)
        return self.w.start("sync")

    def end(self, c):
        try:
            c.wait(self.dice.uniform(0.05, 0.6) if self.dice.random() < 0.3 else 120)
        except subprocess.TimeoutExpired:
            c.send_signal(signal.SIGKILL)
            c.wait()
            self.kills += 1
        c.stderr.close()
        c.stdout.close()

    def answer(self, share):
        """A person looks at the conflicts. What was typed of the same resource since goes into the answer."""
        for c in self.w.json("conflicts"):
            if self.dice.random() >= share or not c["fetched"]:  # theirs comes with the next sync
                continue
            way, queue = self.dice.choice(["--mine", "--theirs"]), self.w.json("queue")
            of = next(q["resource"] for q in queue if q["op"] == c["op"])
            folded = [q["op"] for q in queue if q["resource"] == of]
            status, said = self.w.on_terminal(["resolve", c["op"], way], [("Passphrase", ward.PASS), ("Type the change's id", c["op"])])
            check(f"{self.name}: answered {way}", status == 0, f"{status} {said}")
            self.asked.update(folded)
            whole = {k: v for op in folded for k, v in self.last.pop(op, {}).items()}
            if way == "--mine":
                self.last[c["op"]] = whole

    def rest(self):
        self.line.fault = None
        for _ in range(10):
            p = self.w.cli("sync", check=False)
            self.answer(1)
            if p.returncode == 0 and not self.w.json("queue"):
                return True
            time.sleep(0.5)
        return check(f"{self.name}: comes to rest", False, f"{p.returncode} {p.stderr} {self.w.json('queue')}")


def history(base, name):
    """Its versions, oldest first, each read by its number: HAPI cuts _history at a count that it keeps for a minute (4 versions
    there, 2 told, after somebody had asked when there were 2)."""
    now = ask(f"{base}/{name}")[1]
    return [ask(f"{base}/{name}/_history/{v}")[1] for v in range(1, int(now["meta"]["versionId"]) + 1)]


def runs(versions, path):
    """The texts that an element had, one after the other."""
    out = []
    for v in versions:
        text = v.get(path, {}).get("text")
        if not out or out[-1] != text:
            out.append(text)
    return out


def judge(base, hands, names):
    for name in names:
        versions = history(base, name)
        for path in PATHS:
            seen = runs(versions, path)
            check(f"{name} {path}: none twice", len([t for t in seen if t]) == len({t for t in seen if t}), seen)
            for before, text in zip([None] + seen, seen):
                h = next((h for h in hands if text in h.wrote), None)
                if h and h.wrote[text][0] not in h.asked:
                    op, _, _, was = h.wrote[text]
                    while was in h.wrote and was not in seen:  # its own, which went as one with this
                        was = h.wrote[was][3]
                    check(f"{name} {path}: {text!r} over what was seen", was == before, f"{was!r} was seen, {before!r} was there: {seen}")
        server = ask(f"{base}/{name}")[1]
        for h in hands:
            mine = h.get(name)
            check(f"{name}: {h.name} has what the server has", mine and all(mine.get(p) == server.get(p) for p in PATHS), f"{mine} {server}")
    texts = [t for name in names for p in PATHS for t in runs(history(base, name), p)]
    for h in hands:
        acked = [x["op"] for x in h.w.json("queue", "log") if x["state"] == "acked"]
        check(f"{h.name}: something was acknowledged", acked)
        for op in acked:
            for (name, path), text in h.last.get(op, {}).items():
                check(f"{h.name}: {text!r} is at the server once", texts.count(text) == 1, texts)


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--rounds", type=int, default=6)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("base", nargs="?")
    a = ap.parse_args()
    dice, patient = random.Random(a.seed), "two-" + uuid.uuid4().hex[:8]
    with tempfile.TemporaryDirectory() as tmp:
        w = None if a.base else ward.Ward(tmp, init=False)
        try:
            base = (a.base or w.url).rstrip("/")
            ask(f"{base}/Patient/{patient}", "PUT", {"resourceType": "Patient", "id": patient, "name": [{"family": "Two"}]})
            hands = [Hand(tmp, base, n, patient, dice) for n in ("ann", "bob")]
            for h in hands:
                h.w.cli("sync")
            for _ in range(a.rounds):
                names = sorted({x[1] for h in hands for x in h.wrote.values()})[:4]
                for h in hands:
                    for _ in range(dice.randint(1, 3)):
                        h.edit(names)
                both = [h.begin() for h in hands]
                for h, c in zip(hands, both):
                    h.end(c)
                for h in hands:
                    h.answer(0.5)
            for h in hands + hands:  # both have it, and both type into the same place
                h.rest()
            for h in hands:
                h.types(names[0], "code")
            hands[0].w.cli("sync", check=False)
            hands[1].w.cli("sync", check=False)
            for _ in range(3):  # what one sends in its last sync the other has not fetched yet
                for h in hands:
                    h.rest()
            judge(base, hands, sorted({x[1] for h in hands for x in h.wrote.values()}))
            asked, kills = sum(len(h.asked) for h in hands), sum(h.kills for h in hands)
            check("people were asked", asked, asked)
            print(f"two: seed {a.seed}: {sum(h.n for h in hands)} edits, {asked} conflicts answered, {kills} kills")
        finally:
            if w:
                w.stop_server()
    conclude("two")


main()
