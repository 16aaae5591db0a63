#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A large first fill by $export: what comes is what plain searches bring, byte for byte; it is polled no sooner than told, goes on
after a kill from the lines that are stored, leaves the origin with nothing, and where it cannot be had plain searches do it all.
The marks are transactionTime: what was written after it comes by the pull behind it. Planted faults: export-mark-late (the mark is
later than that), export-begins-anew (a kill forgets the lines), export-foreign (a file elsewhere is passed over).

The server is wardline-demo; between, what servers do: Retry-After, cuts, files at another host, a manifest with errors.
"""
import json, os, signal, sys, tempfile, time, urllib.error, urllib.request

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from front import Front, serving
from verdict import check, conclude


class Exporting(Front):
    asks, base = [], None
    hang = None        # "Observation": its file hangs after the lines
    hang_lines = 0
    cut = None         # its file always breaks off at the same place
    edit = None        # changes the manifest
    wait = None        # Retry-After of the first poll
    kicked = 0
    on_manifest = None

    def alters(self, status, headers, data):
        if "$export-poll-status" in self.path and status == 202 and self.wait:
            headers["Retry-After"] = str(self.wait)
        if "$export-poll-status" in self.path and status == 200 and self.command == "GET":
            if Exporting.on_manifest:
                Exporting.on_manifest()
            return json.dumps(Exporting.edit(json.loads(data))).encode() if Exporting.edit else data
        return data

    def writes(self, data):
        if Exporting.cut and f".{Exporting.cut}" in self.path:
            self.wfile.write(data[:20000])
            self.close_connection = True
        elif self.hang and f".{self.hang}" in self.path:
            lines = data.split(b"\n")
            self.wfile.write(b"\n".join(lines[:self.hang_lines]) + b"\n" + lines[self.hang_lines][:50])
            self.wfile.flush()
            time.sleep(60)
        else:
            self.wfile.write(data)


def until(what, test, seconds=90):
    end = time.monotonic() + seconds
    while not test():
        if time.monotonic() > end:
            check(what, False)
            return
        time.sleep(0.05)


def paths(part, since=0):
    return [x for x in Exporting.asks[since:] if part in x[2]]


def contents(w, out):
    w.cli("export", out)
    return {n: sorted(open(os.path.join(out, n), "rb").read().splitlines()) for n in os.listdir(out)}


def fresh(w, name):
    home = os.path.join(w.tmp, name)
    w.quick(home)
    return home


def of_a_group():
    """The demo server's own: the charts of those whom a Group names, and nobody else's; refused without respond-async, as HAPI does."""
    with urllib.request.urlopen(Exporting.to + "/Group?_count=1") as a:
        group = json.load(a)["entry"][0]["resource"]
    named = {m["entity"]["reference"] for m in group["member"]}
    kick = f"{Exporting.to}/Group/{group['id']}/$export?_type=Patient,Condition"
    try:
        urllib.request.urlopen(kick)
        check("without Prefer it is refused", False)
    except urllib.error.HTTPError as e:
        check("without Prefer it is refused", e.code == 400, e.code)
    with urllib.request.urlopen(urllib.request.Request(kick, headers={"Prefer": "respond-async"})) as a:
        status, poll = a.status, a.headers["Content-Location"]
    check("kicked off", status == 202 and poll, status)
    with urllib.request.urlopen(poll) as a:
        check("not yet", a.status == 202 and a.headers["Retry-After"] == "1", a.status)
    with urllib.request.urlopen(poll) as a:
        manifest = json.load(a)
    check("its files", [o["type"] for o in manifest["output"]] == ["Condition", "Patient"], manifest)
    for o in manifest["output"]:
        with urllib.request.urlopen(urllib.request.Request(o["url"], headers={"Accept": "application/fhir+ndjson"})) as a:
            rows = [json.loads(x) for x in a.read().splitlines()]
        whose = {f"Patient/{r['id']}" if o["type"] == "Patient" else r["subject"]["reference"] for r in rows}
        check(f"{o['type']} of the group alone", rows and whose <= named and (o["type"] != "Patient" or whose == named), len(whose))


def main(w, plain):
    fresh(w, "first")
    made = []

    def written_later():
        time.sleep(1.1)
        doc = {"resourceType": "Observation", "status": "final", "code": {"text": "after the snapshot"}, "subject": {"reference": "Patient/" + plain["pid"]}}
        q = urllib.request.Request(Exporting.to + "/Observation", json.dumps(doc).encode(), {"Content-Type": "application/fhir+json"})
        with urllib.request.urlopen(q) as a:
            made.append(json.load(a)["id"])
    Exporting.on_manifest, Exporting.wait = written_later, 2
    p = w.cli("sync", check=False)
    Exporting.on_manifest = None
    polls, files = paths("$export-poll-status"), [x for x in paths("/Binary/export-") if x[1] == "GET"]
    check("one export", p.returncode == 0 and len(paths("/$export?")) == 1, f"exit {p.returncode} {p.stderr}")
    check("polled when told, and tidied up", len(polls) == 3 and polls[1][0] - polls[0][0] >= 2 and polls[2][1] == "DELETE", polls)
    check("the kinds behind the first rank", any(".Observation" in x[2] for x in files) and not any(".Patient" in x[2] for x in files), files)
    check("what was written after the snapshot is here", w.cli("get", "Observation/" + made[0], check=False).returncode == 0, made)
    got = contents(w, os.path.join(w.tmp, "out1"))
    for n, lines in plain["files"].items():
        mine = [x for x in got.get(n, []) if made[0].encode() not in x]
        check(f"{n}: byte for byte", mine == lines, f"{len(mine)} of {len(lines)}")
    check("all of it is whole", w.json("status")["notFetched"] == [], w.json("status")["notFetched"])
    n = len(Exporting.asks)
    w.cli("sync")
    check("not again", not paths("export", n))

    fresh(w, "killed")
    Exporting.hang, Exporting.hang_lines, Exporting.wait = "Observation", 450, None
    n = len(Exporting.asks)
    p = w.start("sync")
    until("its file is asked for", lambda: paths(".Observation", n))
    puller = [os.path.join(ward.BUILD, "tests/sync/puller")]
    time.sleep(3)
    p.send_signal(signal.SIGKILL)
    p.communicate()
    Exporting.hang = None
    had = w.json("status")["counts"].get("Observation", 0)
    check("lines are stored as they come", had >= 400, had)
    n = len(Exporting.asks)
    p = w.cli("sync", check=False)
    check("the same export goes on", p.returncode == 0 and not paths("/$export?", n) and len(paths("$export-poll-status", n)) >= 1, f"exit {p.returncode} {p.stderr} {paths('export', n)}")
    got = contents(w, os.path.join(w.tmp, "out2"))
    check("and comes to the same", all([x for x in got.get(k, []) if made[0].encode() not in x] == v for k, v in plain["files"].items()))

    fresh(w, "stuck")
    Exporting.cut = "Observation"
    n = len(Exporting.asks)
    p = w.cli("sync", check=False)
    Exporting.cut = None
    check("a file that always breaks off is given up", p.returncode == 0 and len(paths(".Observation", n)) == 4, f"exit {p.returncode} {p.stderr} {len(paths('.Observation', n))}")
    check("and plain searches bring it", w.json("status")["counts"].get("Observation", 0) > had)

    for name, edit in (("a file elsewhere", lambda m: {**m, "output": [{**m["output"][0], "url": "http://127.0.0.1:9/x"}] + m["output"][1:]}),
                       ("errors", lambda m: {**m, "error": [{"type": "OperationOutcome", "url": Exporting.base + "/e"}]}),
                       ("no transactionTime", lambda m: {k: v for k, v in m.items() if k != "transactionTime"})):
        fresh(w, "bad" + name.replace(" ", ""))
        Exporting.edit = edit
        n = len(Exporting.asks)
        p = w.cli("sync", check=False)
        Exporting.edit = None
        check(f"{name}: plain searches", p.returncode == 0 and not paths("/Binary/export-", n), f"exit {p.returncode} {p.stderr}")
        check(f"{name}: bring it all", w.json("status")["counts"].get("Observation", 0) > had)


with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=520, charts=30, init=False) as w:
    direct = w.url
    # what plain searches bring: a scope of all, from a server that has no export
    fresh(w, "plain")
    w.set("sync.nobulk", int(time.time() * 1000))
    w.set("sync.whose", direct + " all")
    w.cli("sync")
    plain = {"files": contents(w, os.path.join(tmp, "out0")), "pid": w.json("list")[0]["id"]}
    with serving(Exporting, direct) as w.url:
        Exporting.base = w.url
        of_a_group()
        main(w, plain)

conclude("export")
