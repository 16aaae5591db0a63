#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that a sync must get through, or own up to: large rows, a path that is no FHIR server's, kinds that are suddenly
not there, more unreadable rows than a list should hold.

Not against HAPI: it has all kinds at all times, stores nothing unreadable, and takes minutes to be given rows of megabytes.
The server here pages and links as HAPI does; the same pull against HAPI is tests/live/pull.

usage: rows.py [CASE...]
Kills sync-pause-idle and sync-unsupported-is-done.
"""
import json, os, subprocess, sys, tempfile, urllib.parse

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from scripted import Scripted, batch, empty, fhir
from verdict import check as expect, conclude

PULLER = os.path.join(ward.BUILD, "tests/sync/puller")
STUCK = 120  # seconds: far beyond any of these; only a sync that never ends gets there
NOT_THERE = fhir({"resourceType": "OperationOutcome", "issue": []}, status="404 Not Found")


def instant(i):
    return f"2026-01-{1 + i // 86400 % 28:02}T{i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02}Z"


def row(kind, i, size, **more):
    r = {"resourceType": kind, "id": f"{kind.lower()}-{i}", "meta": {"versionId": "1", "lastUpdated": instant(i)},
         "subject": {"reference": "Patient/a"}, "patient": {"reference": "Patient/a"}, "code": {"text": ""}, **more}
    r["code"]["text"] = "x" * max(0, size - len(json.dumps(r)))
    return r


class Server:
    """kinds: {TYPE: rows, or bytes of a whole answer}; what it does not name has no rows."""

    def __init__(self, kinds=None, other=None, batches=False):
        self.kinds, self.other, self.batches, self.asked = kinds or {}, other, batches, []
        self.s = Scripted(self.answer)
        self.url = self.s.url

    def search(self, url, base):
        kind, query = url.split("?")[0], urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
        self.asked.append(kind)
        rows = self.kinds.get(kind, self.other if self.other is not None else [])
        if isinstance(rows, bytes):
            return rows
        since = query.get("_lastUpdated", ["ge"])[0][2:19]
        rows = [r for r in rows if isinstance(r, str) or r["meta"]["lastUpdated"][:19] >= since]
        count, at = int(query.get("_count", [500])[0]), int(query.get("at", [0])[0])
        link = [{"relation": "self", "url": f"{base}/{url}"}]
        if at + count < len(rows):
            link.append({"relation": "next", "url": f"{base}/{url.split('&at=')[0]}&at={at + count}"})
        entry = ",".join('{"resource":%s}' % (r if isinstance(r, str) else json.dumps(r)) for r in rows[at:at + count])
        return fhir(('{"resourceType":"Bundle","type":"searchset","link":%s,"entry":[%s]}' % (json.dumps(link), entry)).encode())

    def answer(self, method, path, headers, body):
        if method == "POST" and self.batches:
            return batch(body, lambda url: self.search(url, "http://" + headers["host"] + "/fhir"))
        if method == "POST":
            return NOT_THERE if self.other else fhir({"resourceType": "Bundle", "type": "x"}, status="400 Bad Request")
        return self.search(path.split("/fhir/", 1)[-1], "http://" + headers["host"] + "/fhir")


class Profile:
    def __init__(self, tmp, name, scope="all"):
        self.home, self.scope = os.path.join(tmp, name), scope
        subprocess.run([PULLER, "make", self.home], check=True)

    def puller(self, *args, env=None):
        try:
            p = subprocess.run([PULLER, args[0], self.home, *args[1:]], capture_output=True, text=True, timeout=STUCK,
                               env={**os.environ, **(env or {})})
        except subprocess.TimeoutExpired:
            return None, {}, []
        lines = p.stdout.splitlines()
        return p.returncode, json.loads(lines[0]) if args[0] == "sync" and lines else {}, lines

    def sync(self, server, env=None):
        return self.puller("sync", server.url, self.scope, env=env)[:2]

    def rows(self, kind):
        return sum(x.startswith(kind + "/") for x in self.puller("rows")[2])


PATIENT = {"resourceType": "Patient", "id": "a", "meta": {"versionId": "1", "lastUpdated": instant(0)}}


def large(tmp):
    """150 rows of 100 KB in one page; four kinds of 199 rows of 8 KB; a row of 7 MiB with small ones in its wake."""
    cases = {
        "100 KB rows": {"Observation": [row("Observation", i, 100_000) for i in range(150)]},
        "four lanes of 8 KB rows": {k: [row(k, i, 8000) for i in range(199)] for k in ("Observation", "Procedure", "Goal", "CarePlan")},
        "small rows behind one of 7 MiB": {"Observation": [row("Observation", i, 7 << 20 if i == 3 else 300) for i in range(450)]},
    }
    for what, kinds, batches in [(w, k, b) for w, k in cases.items() for b in (False, True)]:
        what += " in a batch" if batches else ""
        p, s = Profile(tmp, what.replace(" ", "-")), Server({"Patient": [PATIENT], **kinds}, batches=batches)
        code, out = p.sync(s)
        expect(what + ": ends well", code == 0, f"exit {code} {out.get('code')}")
        for kind, rows in kinds.items():
            expect(f"{what}: every {kind}", p.rows(kind) == len(rows), f"{p.rows(kind)} of {len(rows)}")
        s.s.close()


def nothing_there(tmp):
    """A wrong base path answers 404 to all: no sync of that is complete, neither then nor later."""
    w, s = ward.Ward(tmp, init=False, url="x"), Server(other=NOT_THERE)
    w.home = os.path.join(tmp, "nothing")
    w.cli("init", "--server", s.url)
    for turn in ("first", "second"):
        before = len(s.asked)
        code = w.cli("sync", check=False, timeout=STUCK).returncode
        expect(f"404 to all, {turn} sync", code in (3, 4), f"exit {code}")
        expect(f"404 to all, {turn} sync asks", len(s.asked) > before)
        expect(f"404 to all, {turn} sync is not complete", w.json("status")["lastSync"] is None, w.json("status")["lastSync"])
    s.s.close()
    code = w.cli("sync", check=False, timeout=STUCK).returncode
    expect("server dead", code == 3, f"exit {code}")
    expect("server dead: not complete", w.json("status")["lastSync"] is None)


def lacking(tmp):
    """A kind of the first rank, or one that was here before, is never left out without a word."""
    for batches in (False, True):
        lacking_from(tmp, "lacking" + str(batches), Server({"Patient": [PATIENT], "Goal": [row("Goal", 1, 300)], "CarePlan": NOT_THERE}, batches=batches))


def lacking_from(tmp, name, s):
    p = Profile(tmp, name)
    code, out = p.sync(s)
    expect("a kind that the server never had", code == 0, f"exit {code} {out}")
    before = s.asked.count("CarePlan")
    p.sync(s)
    expect("it is not asked again for a week", s.asked.count("CarePlan") == before)
    for kind in ("AllergyIntolerance", "Goal"):
        s.kinds[kind] = NOT_THERE
        for turn in (1, 2):
            before = s.asked.count(kind)
            code, out = p.sync(s)
            expect(f"{kind} answers 404, sync {turn}", code == 4 and out["code"] == "ERR_PARTIAL", f"exit {code} {out.get('code')}")
            expect(f"{kind} answers 404, sync {turn}: asked", s.asked.count(kind) > before)
        s.kinds[kind] = []
        code, out = p.sync(s)
        expect(f"{kind} is back", code == 0, f"exit {code} {out.get('code')}")
    p, other = Profile(tmp, name + "-scoped", "patient/a"), fhir(empty("http://127.0.0.1/fhir/AllergyIntolerance?_sort=_lastUpdated&_count=500"))
    s.kinds.update(AllergyIntolerance=other)
    for turn in (1, 2):
        before = s.asked.count("AllergyIntolerance")
        code, out = p.sync(s)
        expect(f"a search without our patient, sync {turn}", code == 4 and s.asked.count("AllergyIntolerance") > before, f"exit {code}")
    s.s.close()


def unreadable(tmp):
    """1,500 rows that cannot be kept: a kind that has too many ends with an error, and rows that can be kept come."""
    for batches in (False, True):
        unreadable_from(tmp, "unreadable" + str(batches), Server({
            "Patient": [PATIENT], "Observation": ['{"resourceType":"Observation","id":"bad id %d"}' % i for i in range(1500)],
            "Goal": [row("Goal", i, 300) for i in range(20)]}, batches=batches))


def unreadable_from(tmp, name, s):
    p = Profile(tmp, name)
    for turn in (1, 2):
        code, out = p.sync(s)
        kinds = out.get("kinds", {})
        expect(f"too many unreadable rows, sync {turn}", code == 4 and kinds.get("Observation", {}).get("code") == "ERR_TOOBIG",
               f"exit {code} {out.get('code')} {kinds.get('Observation')}")
        expect(f"listed, sync {turn}", 0 < out.get("refused", 0) <= 1000, out.get("refused"))
        expect(f"the others, sync {turn}", p.rows("Goal") == 20, p.rows("Goal"))
    s.kinds["Observation"] = s.kinds["Observation"][:300]
    p = Profile(tmp, name + "-some")
    code, out = p.sync(s)
    expect("300 unreadable rows", code == 4 and out["code"] == "ERR_ATTENTION" and out["refused"] == 300, f"exit {code} {out.get('refused')}")
    code, out = p.sync(s)
    expect("the same again", out["refused"] == 300 and out["kinds"]["Observation"]["fresh"] == 0, out["refused"])
    s.s.close()


cases = [f for f in (large, nothing_there, lacking, unreadable) if len(sys.argv) == 1 or f.__name__ in sys.argv[1:]]
with tempfile.TemporaryDirectory() as tmp:
    for case in cases:
        case(tmp)
conclude("rows")
