#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A profile that follows a list: a Group, a List, the visits at a Location, or more patients than one search holds. Who joins
is fetched from the beginning, beside the others and never since their marks.

Kills scope-member-since, scope-join-apart, scope-first-rank, leave-at-once, leave-unsent, leave-unasked, leave-marks-shared,
leave-counted, leave-unsaid.
"""
import json, os, re, signal, subprocess, sys, tempfile, threading, urllib.parse

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from badline import ask
from client import Client
from verdict import check as expect, conclude

PULLER = os.path.join(ward.BUILD, "tests/sync/puller")
P0 = {"Patient", "AllergyIntolerance", "MedicationRequest", "MedicationStatement", "Condition", "Flag", "Consent", "Encounter"}


class Profile(Client):
    def __init__(self, tmp, base, scope):
        super().__init__(tmp, base, scope=scope)

    def asked(self):
        """Searches of the last sync, in order: what stands in a batch like what stands alone."""
        out = []
        for method, path, _, body in self.line.server.requests:
            if method == "POST":
                out += [e["request"]["url"] for e in json.loads(body)["entry"]]
            else:
                out.append(path.split("/fhir/", 1)[-1])
        return [urllib.parse.unquote(u) for u in out]

    def pulls(self):
        """Requests but those that count, behind a change."""
        return [r for r in self.line.server.requests if b"_summary" not in r[3]]

    def naming(self, pid):
        return [u for u in self.asked() if re.search(r"[=,]" + pid + r"(&|,|$)", u)]


def person(base, pid, n=2):
    ask(f"{base}/Patient/{pid}", "PUT", {"resourceType": "Patient", "id": pid, "name": [{"family": "Scope"}]})
    ask(f"{base}/AllergyIntolerance/{pid}-a", "PUT", {"resourceType": "AllergyIntolerance", "id": pid + "-a", "code": {"text": "x"},
                                                     "patient": {"reference": "Patient/" + pid}})
    for i in range(n):
        ask(f"{base}/Observation/{pid}-{i}", "PUT", {"resourceType": "Observation", "id": f"{pid}-{i}", "status": "final", "code": {"text": "x"},
                                                     "subject": {"reference": "Patient/" + pid}})


def group(base, gid, members):
    ask(f"{base}/Group/{gid}", "PUT", {"resourceType": "Group", "id": gid, "type": "person", "actual": True,
                                       "member": [{"entity": {"reference": "Patient/" + m}} for m in members]})


def joins(tmp, base):
    for pid in ("ann", "bob", "cyd", "dan", "eve"):
        person(base, pid)
    group(base, "g", ["ann", "bob"])
    p = Profile(tmp, base, "group/g")
    code, r = p.sync()
    expect("the members come", code == 0 and p.here("Patient/ann") and p.here("Observation/bob-1"), (code, r))
    expect("and nobody else", not p.here("Patient/cyd"))
    expect("none of their kinds is left", "AllergyIntolerance" not in p.w.json("status")["notFetched"], p.w.json("status")["notFetched"])
    code, r = p.sync()
    expect("the list is asked beside the members", code == 0 and r["pulled"] == 0 and len(p.pulls()) == 2, (code, len(p.pulls())))
    one = Profile(tmp + "-one", base, "patient/ann,bob")
    one.sync()
    expect("and costs no round trip", one.sync()[1]["wire"]["roundTrips"] == r["wire"]["roundTrips"], r["wire"])

    group(base, "g", ["ann", "bob", "cyd"])
    ask(f"{base}/Observation/ann-9", "PUT", {"resourceType": "Observation", "id": "ann-9", "status": "final", "code": {"text": "x"},
                                             "subject": {"reference": "Patient/ann"}})
    code, r = p.sync()
    expect("who joins comes whole", code == 0 and p.here("Observation/cyd-1") and p.here("AllergyIntolerance/cyd-a"), (code, r))
    first = [u for u in p.naming("cyd") if "_summary" not in u and not u.startswith("Group?")]
    expect("and from the beginning", first and not any("_lastUpdated=" in u for u in first), first)
    others = [u for u in p.naming("ann") if "_summary" not in u]
    expect("the others go on where they were", others and all("_lastUpdated=" in u for u in others) and p.here("Observation/ann-9"), others)
    p.sync()
    both = [u for u in p.naming("cyd") if u.startswith("Observation?") and "_summary" not in u and "_elements" not in u]
    expect("then all are asked together", len(both) == 1 and "ann" in both[0] and "_lastUpdated=" in both[0], both)
    return p


def broken(p):
    """The line falls while who joined is fetched: what came of it stays, and so do the others' marks."""
    group(p.base, "g", ["ann", "bob", "cyd", "dan"])

    def cut(method, path, body, status, answer):
        return b"" if b"dan" in body or "Condition" in path else None
    p.line.alter = cut
    code, r = p.sync()
    p.line.alter = None
    expect("a line that falls in the fill", code == 3, (code, r))
    allergies = p.w.cli("show", "dan", "allergies", check=False).stdout
    marks = subprocess.run([PULLER, "marks", p.w.home], capture_output=True, text=True).stdout
    code, r = p.sync()
    again = [u for u in p.naming("dan") if "_summary" not in u]
    expect("what was whole of it is asked since its own mark, the rest from the beginning",
           any(u.startswith("Patient?") and "_lastUpdated=" in u for u in again) and
           any(u.startswith("Observation?") and "_lastUpdated=" not in u for u in again), (again, marks))
    expect("and all of it is here", code == 0 and p.here("Observation/dan-1"), (code, allergies))

    group(p.base, "g", ["ann", "bob", "cyd", "dan", "eve"])
    there, go = threading.Event(), threading.Event()

    def hold(method, path, body, status, answer):
        if method == "POST" and b"eve" in body:
            there.set()
            go.wait(60)
        return None
    p.line.alter = hold
    run = p.w.start("sync")
    there.wait(60)
    run.send_signal(signal.SIGKILL)
    run.wait()
    go.set()
    p.line.alter = None
    shown = p.w.cli("show", "eve", check=False)
    expect("a kill in the fill: nothing is called not recorded", "llergies not recorded" not in shown.stdout, shown.stdout)
    code, r = p.sync()
    expect("the next sync goes on", code == 0 and p.here("Observation/eve-1") and p.here("AllergyIntolerance/eve-a"), (code, r))
    expect("and the chart is whole", "NOT FETCHED" not in p.w.cli("show", "eve", "allergies", check=False).stdout)


def leaves(tmp, base):
    """Who leaves the list stays for its time, says so, and goes then; nobody's work goes with it."""
    names = ("lia", "leo", "lux", "lev")
    for pid in names + ("stan",):
        person(base, pid)
    group(base, "gl", names + ("stan",))
    p = Profile(tmp, base, "group/gl")
    p.sync()
    marks = lambda: {r["id"]: r["flags"] for r in p.w.json("list")}
    group(base, "gl", ("leo", "lux", "lev", "stan"))
    ask(f"{base}/Observation/lia-new", "PUT", {"resourceType": "Observation", "id": "lia-new", "status": "final", "code": {"text": "x"},
                                               "subject": {"reference": "Patient/lia"}})
    p.sync()
    code, r = p.sync()
    expect("who left is here, and says so", code == 0 and p.here("Observation/lia-1") and "not in the list since" in " ".join(marks()["lia"]), (code, marks()))
    expect("and nobody else does", "not in the list" not in " ".join(marks()["leo"]), marks())
    ask(f"{base}/Observation/lia-late", "PUT", {"resourceType": "Observation", "id": "lia-late", "status": "final", "code": {"text": "x"},
                                                "subject": {"reference": "Patient/lia"}})
    ask(f"{base}/Observation/leo-0", "DELETE")
    code, r = p.sync()
    expect("nothing of it is asked, nor looked for where others' rows are counted",
           code == 0 and r["deleted"] == 1 and not p.naming("lia") and not any("lia-" in u for u in p.asked()), p.asked())
    expect("what came since is not here", not p.here("Observation/lia-late"))
    ask(f"{base}/Observation/lia-0", "DELETE")
    group(base, "gl", names + ("stan",))
    code, r = p.sync()
    again = [u for u in p.naming("lia") if u.startswith("Observation?") and "_summary" not in u and "_elements" not in u]
    expect("who comes back goes on where it was", code == 0 and again and all("_lastUpdated=" in u for u in again), (code, again))
    expect("with what came meanwhile", p.here("Observation/lia-late") and "not in the list" not in " ".join(marks()["lia"]), marks())
    code, r = p.sync()
    expect("and without what went", not p.here("Observation/lia-0") and p.here("Observation/lia-1"), r.get("deleted"))
    gone(p)


def age(p, pid, days):
    subprocess.run([PULLER, "left", p.w.home, pid, str(days)], check=True)


def gone(p):
    group(p.base, "gl", ("lev", "stan"))
    p.sync()
    for pid in ("lia", "leo", "lux"):
        age(p, pid, 6)
    p.sync()
    expect("six days are not seven", p.here("Patient/leo") and p.here("Observation/lia-1"))
    mine = json.loads(p.w.cli("get", "Observation/lia-1").stdout)
    mine["code"]["text"] = "mine"
    p.w.cli("put", input=json.dumps(mine))
    ask(f"{p.base}/Observation/lia-1", "PUT", dict(mine, code={"text": "theirs"}))
    for pid in ("lia", "leo", "lux"):
        age(p, pid, 2)
    code, r = p.sync()
    expect("eight are: it goes, to the last row", not any(p.here(f"{n}{pid}{m}") for pid in ("leo", "lux") for n, m in (("Patient/", ""), ("Observation/", "-1"), ("AllergyIntolerance/", "-a"))), r)
    expect("nobody else's rows do", p.here("Observation/lev-1") and p.here("Patient/stan"))
    waits = p.w.json("queue")
    expect("with an edit that waits for a person all of it stays",
           p.here("Patient/lia") and p.here("AllergyIntolerance/lia-a") and [q["state"] for q in waits] == ["conflict"], (code, r, waits))
    p.w.cli("resolve", waits[0]["op"], "--theirs")
    code, r = p.sync()
    expect("until it has its answer", code == 0 and not p.here("Patient/lia") and not p.here("Observation/lia-1"), (code, r))

    group(p.base, "gl", ())
    p.sync()
    for pid in ("lev", "stan"):
        age(p, pid, 8)
    code, r = p.sync()
    said = p.w.cli("sync", check=False)
    expect("a list of nobody takes nobody out", code == 4 and p.here("Patient/lev") and "list" in said.stderr, (code, said.stderr))
    code, r = p.sync("--accept-deletions")
    expect("until a person says so", code == 0 and not p.here("Patient/lev") and not p.here("Observation/stan-1"), (code, r))


def lists(tmp, base):
    for pid in ("lea", "lou", "lyn"):
        person(base, pid)
    ask(f"{base}/List/l", "PUT", {"resourceType": "List", "id": "l", "status": "current", "mode": "working",
                                  "entry": [{"item": {"reference": "Patient/lea"}}, {"item": {"reference": "Patient/lou"}, "deleted": True},
                                            {"item": {"reference": "Practitioner/none"}}]})
    p = Profile(tmp + "-list", base, "list/l")
    code, r = p.sync()
    expect("a List's items, without what is deleted there", code == 0 and p.here("Observation/lea-0") and not p.here("Patient/lou"), (code, r))
    ask(f"{base}/Location/w", "PUT", {"resourceType": "Location", "id": "w", "name": "Ward"})
    for i, (pid, status, where) in enumerate((("lea", "in-progress", "w"), ("lou", "triaged", "w"), ("lyn", "finished", "w"), ("ann", "in-progress", "x"))):
        ask(f"{base}/Location/{where}", "PUT", {"resourceType": "Location", "id": where, "name": "Ward"})
        ask(f"{base}/Encounter/e{i}", "PUT", {"resourceType": "Encounter", "id": f"e{i}", "status": status, "class": {"code": "IMP"},
                                              "subject": {"reference": "Patient/" + pid}, "location": [{"location": {"reference": "Location/" + where}}]})
    p = Profile(tmp + "-place", base, "location/w")
    code, r = p.sync()
    expect("who is at a Location now", code == 0 and p.here("Patient/lea") and p.here("Observation/lou-0"), (code, r))
    expect("and nobody who was, or is elsewhere", not p.here("Patient/lyn") and not p.here("Patient/ann"))
    p = Profile(tmp + "-none", base, "group/nowhere")
    code, r = p.sync()
    said = p.w.cli("sync", check=False).stderr
    expect("a list that is not there is said", code == 4 and "Group/nowhere" in said, (code, said))
    group(base, "empty", [])
    p = Profile(tmp + "-empty", base, "group/empty")
    code, r = p.sync()
    expect("a list of nobody is no error", code == 0 and r["lastSync"], (code, r))


def many(tmp, base):
    """More patients than a URL holds."""
    ids = [f"many-{i:03}-" + "x" * 55 for i in range(120)]
    bundle = []
    for pid in ids:
        bundle.append({"resourceType": "Patient", "id": pid, "name": [{"family": "Many"}]})
        bundle.append({"resourceType": "Condition", "id": "c" + pid[:-1], "code": {"text": "x"}, "subject": {"reference": "Patient/" + pid}})
        bundle.append({"resourceType": "Observation", "id": "o" + pid[:-1], "status": "final", "code": {"text": "x"}, "subject": {"reference": "Patient/" + pid}})
    for i in range(0, len(bundle), 60):
        ask(base, "POST", {"resourceType": "Bundle", "type": "batch",
                           "entry": [{"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}} for r in bundle[i:i + 60]]})
    p = Profile(tmp, base, "patient/" + ",".join(ids))
    code, r = p.sync()
    urls = p.asked()
    expect("all come", code == 0 and r["counts"]["Patient"] == 120 and r["counts"]["Observation"] == 120, (code, r))
    expect("by several searches", all(len(u) < 4096 for u in urls) and len([u for u in urls if u.startswith("Condition?")]) >= 3, len(urls))
    first = {}
    for i, u in enumerate(urls):
        if "_lastUpdated=" not in u:
            first.setdefault(u.split("?")[0], []).append(i)
    later = min(i for t, at in first.items() if t not in P0 and "?" in urls[at[0]] for i in at)
    expect("the first rank of all is whole before the rest of anybody", max(i for t in P0 for i in first.get(t, [0])) < later,
           {t: at for t, at in first.items()})
    code, r = p.sync()
    expect("then what changed", code == 0 and r["pulled"] == 0 and all("_lastUpdated=" in u for u in p.asked() if "_history" not in u and "_summary" not in u),
           (code, [u[:20] + u[-60:] for u in p.asked() if "_lastUpdated=" not in u]))
    for i in (1, 119):
        ask(f"{base}/Observation/o{ids[i][:-1]}", "DELETE")
    code, r = p.sync()
    expect("what is deleted goes, of every part", code == 0 and r["deleted"] == 2 and r["counts"]["Observation"] == 118, (code, r.get("deleted")))
    expect("and no more", p.sync()[1]["deleted"] == 0)


def main():
    with tempfile.TemporaryDirectory() as tmp:
        os.makedirs(os.path.join(tmp, "server"))
        w = ward.Ward(os.path.join(tmp, "server"), init=False)
        try:
            broken(joins(os.path.join(tmp, "group"), w.url))
            leaves(os.path.join(tmp, "leaves"), w.url)
            lists(os.path.join(tmp, "other"), w.url)
            many(os.path.join(tmp, "many"), w.url)
        finally:
            w.stop_server()
    conclude("scope")


main()
