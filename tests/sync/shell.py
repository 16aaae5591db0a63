#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell of the sync against servers that refuse: a compressed body, a sign-in, one resource, all of FHIR. What
is in the cache stays.

Not against HAPI: it takes compressed bodies, asks for no sign-in, refuses to store a broken resource and is no hotel's
sign-in page. What it does answer, tests/live/pull meets.

Kills sync-gzip-forgotten, sync-refused-forgotten and sync-device-clock.
"""
import email.utils, json, os, re, sys, tempfile, urllib.parse

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from scripted import Scripted, batch, empty, fhir, search_server

bad = []


def check(what, ok, p=None):
    if not ok:
        bad.append(what + (f": exit {p.returncode}, {p.stdout[-300:]!r} {p.stderr[-300:]!r}" if p else ""))
        ward.enough(bad[-1])


def patient(i, family, raw=None):
    return raw or json.dumps({"resourceType": "Patient", "id": i, "meta": {"versionId": "1", "lastUpdated": "2026-01-01T00:00:00Z"},
                              "name": [{"family": family}]})


def bundle(*rows):
    entries = ",".join('{"resource":' + r + "}" for r in rows)
    return ('{"resourceType":"Bundle","type":"searchset","entry":[' + entries + "]}").encode()


def profile(tmp, name, server):
    w = ward.Ward(tmp, init=False, url=server.url, quick=True)
    w.home = os.path.join(tmp, name)
    w.cli("init", "--server", server.url)
    return w


def compressed(tmp, status):
    """A server that takes no compressed body is asked again in clear, and not compressed the next time."""
    search = search_server({"Patient": bundle(patient("keeper", "Keeper"))})

    def answer(method, path, headers, body):
        if method == "POST" and headers.get("content-encoding") == "gzip":
            return fhir({"resourceType": "OperationOutcome"}, status=status)
        return search(method, path, headers, body)
    with Scripted(answer) as s:
        w = profile(tmp, "gzip" + status[:3], s)
        p = w.cli("sync", check=False)
        posts = [r[2].get("content-encoding") for r in s.requests if r[0] == "POST"]
        check(f"{status[:3]}: a compressed body, then the same in clear: {posts}", p.returncode == 0 and posts == ["gzip", None], p)
        del s.requests[:]
        p = w.cli("sync", check=False)
        posts = [r[2].get("content-encoding") for r in s.requests if r[0] == "POST"]
        check(f"{status[:3]}: remembered: {posts}", p.returncode == 0 and posts and not any(posts), p)


def signed_out(tmp):
    state = {}
    search = search_server({"Patient": bundle(patient("keeper", "Keeper"))})

    def answer(method, path, headers, body):
        kind = path.split("/fhir/", 1)[-1].split("?")[0]
        if state.get("all") or (kind == state.get("kind") and method == "GET"):
            return fhir({"resourceType": "OperationOutcome"}, status=state["status"])
        if method == "POST":
            return batch(body, lambda url: answer("GET", "/fhir/" + url, headers, b""))
        return search(method, path, headers, body)
    with Scripted(answer) as s:
        w = profile(tmp, "auth", s)
        state.update(kind="Flag", status="403 Forbidden")
        p = w.cli("sync", "--json", check=False)
        doc = json.loads(p.stdout)
        check("403 of one kind: exit 4", p.returncode == 4, p)
        check("403 of one kind: it is named, alone", [x["type"] for x in doc["errors"]] == ["Flag"], p)
        check("403 of one kind: the others came", [x["id"] for x in w.json("list")] == ["keeper"])
        state.update(all=True, status="401 Unauthorized")
        del s.requests[:]
        p = w.cli("sync", check=False)
        check("401: exit 3", p.returncode == 3, p)
        check("401: one line", p.stderr.strip().count("\n") == 0 and p.stderr.strip(), p)
        check(f"401: nobody knocks on: {len(s.requests)} requests", len(s.requests) <= 4)
        check("401: the cache stays", [x["id"] for x in w.json("list")] == ["keeper"])


def refused(tmp):
    broken = '{"resourceType":"Patient","id":"broken","meta":{"lastUpdated":"2026-01-01T00:00:00Z"},"active":tru}'
    pages = {"Patient": bundle(patient("one", "One"), broken, patient("two", "Two"))}
    search = search_server(pages)

    def answer(method, path, headers, body):  # no batch: the whole search each time
        return fhir({"resourceType": "OperationOutcome"}, status="501 Not Implemented") if method == "POST" else search(method, path, headers, body)
    with Scripted(answer) as s:
        w = profile(tmp, "refused", s)
        for n in (1, 2):  # it is not forgotten when nothing new comes
            p = w.cli("sync", check=False)
            check(f"sync {n} with a broken resource: exit 4", p.returncode == 4, p)
            check(f"sync {n}: the others are stored", sorted(x["id"] for x in w.json("list")) == ["one", "two"])
            p = w.cli("status", check=False)
            check(f"sync {n}: status names it", "Patient/broken" in p.stdout, p)
        pages["Patient"] = bundle(patient("one", "One"), patient("broken", "Mended"), patient("two", "Two"))
        p = w.cli("sync", check=False)
        check("mended: exit 0", p.returncode == 0, p)
        check("mended: it is there", "broken" in [x["id"] for x in w.json("list")])
        p = w.cli("status", check=False)
        check("mended: status is silent", "Patient/broken" not in p.stdout, p)


def portal(tmp):
    """A hotel's sign-in page answers everything with 200 and HTML."""
    pages = {"Patient": bundle(patient("keeper", "Keeper"))}
    search, html = search_server(pages), b"<html><body>Welcome! Accept our terms.</body></html>"
    state = {}

    def answer(method, path, headers, body):
        if state:
            return (f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(html)}\r\nConnection: close\r\n\r\n").encode() + html
        return search(method, path, headers, body)
    with Scripted(answer) as s:
        w = profile(tmp, "portal", s)
        state["fresh"] = True
        p = w.cli("sync", check=False)
        check("portal before the first sync: exit 3", p.returncode == 3, p)
        check("portal before the first sync: never synced", "last complete sync: never" in w.cli("status", check=False).stdout)
        state.clear()
        check("first sync", w.cli("sync", check=False).returncode == 0)
        before = w.json("status")
        state["on"] = True
        p = w.cli("sync", check=False)
        check("portal: exit 3", p.returncode == 3, p)
        check("portal: its words are nowhere", "Welcome" not in p.stdout + p.stderr, p)
        after = w.json("status")
        check("portal: nothing is deleted", after["counts"] == before["counts"] and [x["id"] for x in w.json("list")] == ["keeper"])
        check("portal: no later sync is claimed", after["lastSync"] == before["lastSync"])


def other_clock(tmp):
    """A server whose clock is years behind this machine's: what is asked for next is told by its Date alone."""
    search = search_server({})

    def answer(method, path, headers, body):
        raw = batch(body, lambda url: search("GET", "/fhir/" + url, headers, b"")) if method == "POST" else search(method, path, headers, body)
        return re.sub(rb"Date: [^\r]*", b"Date: " + email.utils.formatdate(1577880000, usegmt=True).encode(), raw)
    with Scripted(answer) as s:
        w = profile(tmp, "clock", s)
        p = w.cli("sync", check=False)
        del s.requests[:]
        p = w.cli("sync", check=False)
        since = set(re.findall(r"_lastUpdated=ge(\d{4})", urllib.parse.unquote(" ".join(r[1] + r[3].decode() for r in s.requests))))
        check(f"another clock: asked since {since}", p.returncode == 0 and since and since <= {"2019", "2020"}, p)


with tempfile.TemporaryDirectory() as tmp:
    other_clock(tmp)
    compressed(tmp, "415 Unsupported Media Type")
    compressed(tmp, "400 Bad Request")
    signed_out(tmp)
    refused(tmp)
    portal(tmp)
for b in bad:
    print("FAILED:", b)
print(f"shell: {len(bad)} failed")
sys.exit(1 if bad else 0)
