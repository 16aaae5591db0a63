#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each answer of a first sync is cut after k bytes. The sync goes on by itself, ends with the same rows as one
that was not cut, and costs at most one page more for each cut. 200 rows of one instant are among them.

usage: cuts.py [--full | --some=N] [BASE]    --full: every answer, k = 1 to its size in steps of 97; --some: N of these;
                                             without it a sample. BASE: another server than wardline-demo, already filled

Kills sync-ties-stuck and sync-cut-is-whole.
"""
import json, os, shutil, subprocess, sys, tempfile, urllib.request

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from proxy import Proxy

PULLER = os.path.join(ward.BUILD, "tests/sync/puller")
some = next((int(a[7:]) for a in sys.argv[1:] if a.startswith("--some=")), 0)
full = some or "--full" in sys.argv[1:]
base = [a for a in sys.argv[1:] if not a.startswith("--")]


def puller(*args, check=True):
    p = subprocess.run([PULLER, *args], capture_output=True, text=True)
    if check and p.returncode:
        sys.exit(f"cuts: puller {args[0]}: {p.stderr.strip()}")
    return p


def observation(i):
    return {"resourceType": "Observation", "id": f"tie-{i}", "status": "final", "subject": {"reference": "Patient/cut-1"},
            "code": {"text": f"made up {i * 7919 % 1000}"}, "valueQuantity": {"value": i, "unit": "mmol/L"}}


def fill(w):
    def put(*resources):
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}} for r in resources]}
        urllib.request.urlopen(urllib.request.Request(w.url, json.dumps(bundle).encode(), {"Content-Type": "application/fhir+json"}))
    put({"resourceType": "Patient", "id": "cut-1", "name": [{"family": "Cut"}]})
    put(*[observation(i) for i in range(200)])
    for i in range(200, 230):
        put(observation(i), {"resourceType": "Condition", "id": f"c-{i}", "subject": {"reference": "Patient/cut-1"}, "code": {"text": "x"}})


def sync(p, tmp, cuts):
    home = os.path.join(tmp, "h")
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(os.path.join(tmp, "new"), home)
    p("uncut")
    p("reset")
    for c in cuts:
        p("cut " + c)
    out = puller("sync", home, f"http://127.0.0.1:{p.port}/{path}", check=False)
    return out, p("stats"), sorted(puller("rows", home).stdout.splitlines())


with tempfile.TemporaryDirectory() as tmp:
    w = None
    if base:
        host, path = base[0].split("//", 1)[1].split("/", 1)
    else:
        w = ward.Ward(tmp, init=False)
        fill(w)
        host, path = w.url.split("//", 1)[1].split("/", 1)
    puller("make", os.path.join(tmp, "new"))
    log = os.path.join(tmp, "log")
    with Proxy(host, "--log", log, "--gzip") as p:
        out, stats, whole = sync(p, tmp, [])
        sizes = {r["n"]: r["bytes"] for r in map(json.loads, open(log)) if r.get("event", r.get("what", "response")) == "response" and "bytes" in r}
        page, uncut, runs, bad = max(sizes.values()), stats["down"], 0, []
        print(f"cuts: {len(whole)} rows, {stats['requests']} requests, {uncut} bytes, largest answer {page}")
        if out.returncode or len(whole) < 261:
            bad.append(f"uncut: status {out.returncode}, {len(whole)} rows: {out.stderr.strip()}")
        plan = [([f"{n} {k} response"], f"answer {n} cut after {k}", 1) for n in sorted(sizes) if full or sizes[n] == page or n % 8 == 1
                for k in range(1, sizes[n], 97 if full else max(97, sizes[n] // (6 if sizes[n] == page else 1)))]
        plan += [([f"* {k} body"], f"each answer cut after {k}", None) for k in range(1500, page, 97 * (4 if full else 31))]
        for cuts, what, limit in plan[::len(plan) // some] if some else plan:
            out, stats, rows = sync(p, tmp, cuts)
            runs += 1
            if out.returncode or rows != whole:
                bad.append(f"{what}: status {out.returncode}, {len(set(whole) - set(rows))} rows lost, {out.stderr.strip()}")
            elif stats["down"] > uncut + (limit or stats["cuts"]) * page:
                bad.append(f"{what}: {stats['down']} bytes, uncut {uncut}, {stats['cuts']} cuts, page {page}")
    if w:
        w.stop_server()
for b in bad[:20]:
    print("  " + b)
print(f"cuts: {runs} runs, {len(bad)} wrong")
sys.exit(1 if bad or runs < (some or 10) else 0)
