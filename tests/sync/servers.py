#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that do it otherwise: what was written with the link down reaches each of them once, and is the same in the
client afterwards. The answers are those of servers that have been seen (src/demo/ways.c says whose).

Not against HAPI or Helios: both take ids of the client's. tests/sync/push.py has the same line before those.

usage: servers.py [WAY...]
Kills push-id-refused, push-posts-blindly, push-post-forgotten, rename-namers-stay, rename-twin-stays, rename-late-edit, server-ids-unnoted.
"""
import concurrent.futures, json, os, signal, sys, tempfile

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from badline import ask
from client import Client
from verdict import check as expect, conclude

SETTLE_MS = 1500
LOSSES = ["lost", "never", "proxy", "twice", "late", "killed"]


class Profile(Client):
    def __init__(self, tmp, ways):
        os.makedirs(tmp)
        self.ways, self.server = ways, ward.Ward(tmp, init=False, ways=ways)
        super().__init__(tmp, self.server.url, sync_settle=SETTLE_MS)

    def sync(self):
        p = self.w.cli("sync", check=False)
        return p.returncode, p.stderr.strip()

    def put(self, resource):
        """(operation, TYPE/ID as it is called here)"""
        op = self.w.cli("put", input=json.dumps(resource)).stdout.split()[0]
        return op, next(q["resource"] for q in self.w.json("queue") if q["op"] == op)

    def made(self, op, type):
        """What bears the operation's mark at the server."""
        status, b = ask(f"{self.base}/{type}?identifier=urn:wardline:op%7C{op}")
        return [e["resource"] for e in b.get("entry", [])]

    def until_quiet(self):
        for _ in range(8):
            code, said = self.sync()
            if not [o for o in self.w.json("queue") if o["state"] in ("queued", "inflight", "indoubt")]:
                break
        return code, said


def patient(family):
    return {"resourceType": "Patient", "name": [{"family": family, "given": ["Ada"]}], "birthDate": "1990-01-02"}


def of(type, patient, text):
    return {"resourceType": type, "status": "final", "code": {"text": text}, "subject": {"reference": patient}, "valueQuantity": {"value": 1.50, "unit": "mg"}}


def killed(p):
    p.line.hit.clear()
    c = p.w.start("sync")
    expect("the request comes", p.line.hit.wait(60))
    c.send_signal(signal.SIGKILL)
    c.wait()


def case(p, fault):
    """A new patient, what was measured, and a correction of it, all before the first sync."""
    tag = f"{p.ways}, {fault}"
    a, name = p.put(patient("Server" + fault.capitalize()))
    b, seen = p.put(of("Observation", name, tag + " first"))
    p.line.fault, p.line.writes = None if fault == "none" else fault, 0
    if fault == "killed":
        killed(p)
    else:
        p.sync()
    c, _ = p.put({**of("Observation", name, tag + " second"), "note": [{"text": "by the old name"}]})  # who still knows it so
    code, said = p.until_quiet()
    p.sync()  # brings the server's bytes of what was acknowledged last
    expect(f"{tag}: nothing is left", code == 0 and not p.w.json("queue"), f"{code} {said} {p.w.json('queue')}")
    made = p.made(a, "Patient")
    expect(f"{tag}: the patient is there once", len(made) == 1, made)
    if not made:
        return
    now = "Patient/" + made[0]["id"]
    expect(f"{tag}: under the server's id", now != name, now)
    for op, text in ((b, "first"), (c, "second")):
        rows = p.made(op, "Observation")
        expect(f"{tag}: {text} is there once", len(rows) == 1 and rows[0]["code"]["text"] == f"{tag} {text}", rows)
        expect(f"{tag}: {text} names the patient", rows and rows[0]["subject"]["reference"] == now, rows)
        if rows:
            mine = p.w.cli("get", "Observation/" + rows[0]["id"], check=False).stdout
            expect(f"{tag}: {text} is the server's here", mine and json.loads(mine) == rows[0], mine)
    same = [r["id"] for r in p.w.json("list") if "server" + fault in r["name"].lower()]
    expect(f"{tag}: one patient here", same == [made[0]["id"]], same)
    shown = p.w.json("show", made[0]["id"]) if same else None
    expect(f"{tag}: and one chart", shown and json.dumps(shown).count(tag) == 2, shown)
    expect(f"{tag}: the old name leads to it", p.w.cli("get", name, check=False).stdout == p.w.cli("get", now, check=False).stdout)


def ids(tmp, ways):
    p = Profile(tmp, ways)
    try:
        for fault in ["none"] + (LOSSES if ways == "server-ids" else LOSSES[:1]):
            case(p, fault)
        expect(f"{ways}: it is noted", "\nids no shown" in p.w.setting("sync.server"), p.w.setting("sync.server"))
        code = p.w.cli("verify", check=False)
        expect(f"{ways}: the store is whole", code.returncode == 0, code.stdout + code.stderr)
    finally:
        p.server.stop_server()


WAYS = {"server-ids": ids, "server-ids-400": ids, "server-ids,no-location": ids}


def main():
    some = sys.argv[1:] or list(WAYS)
    with tempfile.TemporaryDirectory() as tmp, concurrent.futures.ThreadPoolExecutor(2) as pool:
        for f in [pool.submit(WAYS[way], os.path.join(tmp, way.replace(",", "-")), way) for way in some]:
            f.result()
    conclude("servers")


main()
