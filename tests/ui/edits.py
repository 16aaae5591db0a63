#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the screen and line mode say of edits that the server has not got, and that no chart is shown before its audit row is
on disk; nor a list of many charts' rows before theirs are. Kills tests/mutants/audit-after-open.patch, not-sent-unsaid.patch,
audit-search-unnoted.patch, audit-tasks-unnoted.patch and growth-unsent-unsaid.patch.
"""
import json, os, re, resource, signal, subprocess, sys, tempfile

sys.path[:0] = [os.path.join(os.environ.get("top_srcdir", "."), p) for p in ("tests", "tests/ui", "tests/tools")]
import ward
from badline import Line
from harness import Check, Term, WARDLINE

check = Check()


def weight(value):
    return json.dumps({"resourceType": "Observation", "status": "final", "code": {"text": "Body weight"}, "subject": {"reference": "Patient/p1"}, "effectiveDateTime": "2026-11-20",
                       "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}],
                       "valueQuantity": {"value": value, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}})


def start(w, *args, **kw):
    return Term([WARDLINE, "--home", w.home, *args], term="vt100", env=ward.environment({**w.extra, "TERM": "vt100"}), **kw)


def unlock(t):
    t.wait("Passphrase:")
    unlock_again(t)


def says(w):
    with start(w) as t:
        unlock(t)
        check(t.row(1).startswith("3 NOT SENT  PATIENTS"), f"the list's head counts: {t.row(1)}")
        lines = {l.split(",")[0].split()[-1]: l for l in t.body() if "," in l}
        page = t.text()
        check("2 NOT SENT" in page.split("BELL")[0] and "NOT SENT" not in page.split("BELL")[1].split("DORSEY")[0], f"the patient's line counts, nobody else's: {lines}")
        t.key("/adams")
        t.send("\r")
        t.wait("Cover")
        check(re.search(r"\b2 NOT SENT\b", t.row(2)), f"so does the banner: {t.row(2)}")
        for key, title in (("v", "Vital"), ("y", "Timeline")):
            t.send(key)
            t.wait(title)
            flat = re.sub(r"\s+", " ", "\n".join(t.body()))
            check(re.search(r"81\.5 kg[^>]*?NOT SENT[^>]*?entered by command", flat) and re.search(r"82\.5 kg[^>]*?NOT SENT", flat), f"{title}: each row says so: {flat}")
            check("70.5 kg" in flat and "70.5 kg [" not in flat, f"{title}: and no other: {flat}")
        t.key("q")
        t.key("v")
        t.send("=")
        t.wait("unsent")
        page = t.text()
        check("NOT SENT: 2 values here (unsent) are not at the server yet" in re.sub(r"\s+", " ", page) and "82.5 unsent" in page, f"the grid: {page}")
        t.send("q")
        t.wait("Vital")
        while "82.5" not in t.focus():
            t.key("j")
        t.send("T")
        t.wait("Trend")
        flat = re.sub(r"\s+", " ", t.text())
        check(re.search(r"82\.5 kg - NOT SENT", flat) and not re.search(r"70\.5 kg - NOT SENT", flat), f"the trend: {t.text()}")
        t.send("q")
        t.wait("Vital")
        while "82.5" not in t.focus():
            t.key("j")
        t.key("\r")
        check("NOT SENT: edited here" in t.text() and "Last received from the server on" in t.text(), f"and the detail: {t.text()}")
        t.key("q")
        while "81.5" not in t.focus():
            t.key("k")
        t.key("\r")
        check("NOT SENT: edited here" in t.text() and "eceived from" not in t.text() and "Version" not in t.text(), f"of what was made here nothing was received: {t.text()}")


def child(w):
    """REQ: a plot's marks are alike; its rows, and what is said of it, tell what is not at the server. Kills tests/mutants/growth-unsent-unsaid."""
    with start(w) as t:
        unlock(t)
        t.key("/dorsey")
        t.send("\r")
        t.wait("Cover")
        flat = re.sub(r"\s+", " ", "\n".join(t.body()))
        check(re.search(r"9\.80 kg[^>]*?NOT SENT", flat) and "9.10 kg [" not in flat, f"the cover sheet: {t.text()}")
        check("Weight 9.80 kg 16-Nov-2026 NOT SENT" in t.row(2), f"the weight that a dose may be reckoned by: {t.row(2)}")
        t.send("W")
        t.wait("Weight for age")
        flat = re.sub(r"\s+", " ", "\n".join(t.body()))
        check("NOT SENT: 1 value here is not at the server yet" in flat, f"what is said of the plot: {t.text()}")
        check("9.80 kg [NOT SENT, entered by command]" in flat and "9.10 kg [PRELIMINARY" in flat and "7.90 kg [" not in flat and "7.90 kg" in flat, f"the row: {t.text()}")
        t.send("<")
        t.wait("Head circumference")
        check("NOT SENT" not in "\n".join(t.body()), f"and no other curves: {t.text()}")
        for _ in range(2):
            t.key("<")
        flat = re.sub(r"\s+", " ", "\n".join(t.body()))
        check(t.row(3).startswith("Weight for length") and "9.80 kg [NOT SENT, entered by command], 78.5 cm" in flat, f"of two measurements, that one: {t.text()}")
        t.send("q")
        t.wait("Cover")
        t.key("v")
        while "9.80" not in t.focus():
            t.key("j")
        t.send("T")
        t.wait("Trend")
        flat = re.sub(r"\s+", " ", "\n".join(t.body()))
        check("NOT SENT: 1 value here is not at the server yet" in flat and "9.80 kg - NOT SENT, entered by command" in flat and "7.90 kg - " not in flat, f"the trend: {t.text()}")


def measured(day, value, name, code, unit, **more):
    return {"resourceType": "Observation", "status": "final", "code": {"text": name, "coding": [{"system": "http://loinc.org", "code": code}]}, "subject": {"reference": "Patient/p3"},
            "effectiveDateTime": day, "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}],
            "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}, **more}


def line_mode(w):
    before = len(w.kept("rows"))
    r, p = os.pipe()
    os.write(p, ward.PASS.encode() + b"\n")
    os.close(p)
    run = subprocess.run([WARDLINE, "--home", w.home, "--passphrase-fd", str(r), "--line"], input="/adams\n1\nv\n", capture_output=True, text=True, pass_fds=[r],
                         env=ward.environment({**w.extra, "TERM": "dumb"}))
    os.close(r)
    flat = re.sub(r"\s+", " ", run.stdout)
    check(run.returncode == 0 and "2 NOT SENT" in flat and re.search(r"81\.5 kg.*?NOT SENT, entered by command", flat), f"line mode says so: {run.stdout}{run.stderr}")
    opened = [t["chart"] for t in w.kept("rows")[before:] if t["action"] == "open"]
    check(opened == ["p1"], f"line mode's opening is in the trail: {opened}")


def limit(t, most):
    resource.prlimit(t.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def not_noted_not_shown(w):
    """No file may grow: nobody's chart opens, and it says why; then it opens, and each opening is a row."""
    before = len(w.kept("rows"))
    with start(w) as t:
        unlock(t)
        limit(t, 1)
        raw = len(t.raw)
        for _ in range(2):
            t.key("\r")
            check("NOT OPENED" in t.text() and t.row(1).startswith("3 NOT SENT  PATIENTS"), f"the chart does not open, and says so: {t.text()}")
        check(b"Cover" not in t.raw[raw:] and b"Allerg" not in t.raw[raw:] and b"70.5" not in t.raw[raw:], f"nothing of it was sent: {t.raw[raw:]!r}")
        check(not t.screen.display[23].strip() == "", "the screen stands")
        limit(t, resource.RLIM_INFINITY)
        t.key("\r")
        t.wait("Cover")
        t.key("qj")
        t.send("\r")
        t.wait("Cover")
        t.send("[")
        t.wait("ADAMS")
    opened = [x["chart"] for x in w.kept("rows")[before:] if x["action"] == "open"]
    check(opened == ["p1", "p2", "p1"], f"each opening is a row: {opened}")


def killed(w):
    """kill -9 with the first words of a chart on the glass: its row is on disk."""
    for _ in range(3):
        before = len(w.kept("rows"))
        with start(w) as t:
            unlock(t)
            raw = len(t.raw)
            t.send("\r")
            while b"Cover" not in t.raw[raw:] and t.pump(10):
                pass
            t.kill(signal.SIGKILL)
        new = [x["action"] for x in w.kept("rows")[before:]]
        check(new == ["unlock", "open"], f"after kill -9: {new}")


def many(w):
    """A search in all charts, and the tasks of all: a row for the list, and one for each chart that it shows a row of."""
    before = len(w.kept("rows"))
    with start(w) as t:
        unlock(t)
        for keys in ("\\body weight\r", "t"):
            limit(t, 1)
            raw = len(t.raw)
            t.key(keys)
            t.settle(first=1)
            check("NOT SHOWN" in t.text() and "PATIENTS" in t.row(1), f"{keys!r} on a full disk: {t.text()}")
            check(b"70.5" not in t.raw[raw:] and b"zz" not in t.raw[raw:], f"nothing of it was sent: {t.raw[raw:]!r}")
            limit(t, resource.RLIM_INFINITY)
        t.send("\\body weight\r")
        t.wait("rows found")
        check("70.5" in t.text(), f"then it is shown: {t.text()}")
        t.key("q")
        t.send("t")
        t.wait("TASKS")
        check("zz2" in t.text(), f"and the tasks: {t.text()}")
        t.key("q")
        t.send("t")
        t.wait("TASKS")
    new = [(x["action"], x["chart"], x["reason"]) for x in w.kept("rows")[before:] if x["action"] in ("search", "tasks")]
    first, tasks = new[:3], [("tasks", "", ""), ("tasks", "p1", ""), ("tasks", "p2", "")]
    check(first[:1] == [("search", "", "body weight")] and sorted(first[1:]) == [("search", "p1", ""), ("search", "p3", "")], f"the search: {new}")
    check(new[3:] == 2 * tasks or new[3:] == 2 * (tasks[:1] + tasks[:0:-1]), f"the tasks: {new}")


def refused(w):
    before = len(w.kept("rows"))
    with start(w) as t:
        t.wait("Passphrase:")
        t.send("wrong\r")
        t.wait("does not open")
        unlock_again(t)
    new = [(x["action"], x["outcome"], x["reason"]) for x in w.kept("rows")[before:]]
    check(new == [("unlock", 1, "1"), ("unlock", 0, "")], f"a refused passphrase is told of: {new}")


def unlock_again(t):
    """Until its sync is over: the server that tells a write to come later is asked nothing else meanwhile."""
    t.send(ward.PASS + "\r")
    t.wait("PATIENTS")
    t.wait("NOT up to date")


if not os.path.exists(os.path.join(ward.BUILD, "tests/tools/trail")):
    print("skipped: built without CUnit")
    sys.exit(77)
with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, init=False, quick=True) as w:
    old = json.loads(weight(70.5))
    w.put(ward.person("p1", "Adams", "Eve"), ward.person("p2", "Bell", "Ida", birth="1970-01-01"), {**old, "id": "w1"}, {**old, "id": "w2", "effectiveDateTime": "2026-11-01"},
          ward.person("p3", "Dorsey", "Kim", birth="2025-11-20"), measured("2026-11-16", "@78.5", "Body height", "8302-2", "cm", id="h1"),
          measured("2026-08-17", "@9.10", "Body weight", "29463-7", "kg", id="k1", status="preliminary"), measured("2026-05-18", "@7.90", "Body weight", "29463-7", "kg", id="k2"))
    task = {"resourceType": "Task", "status": "requested", "intent": "order", "executionPeriod": {"end": "2026-10-01"}}
    w.put(*({**task, "id": f"t{i}", "for": {"reference": f"Patient/{p}"}, "code": {"text": f"Call zz{i}"}} for i, p in enumerate(("p1", "p1", "p2"))))
    line = Line(w.url)  # what is put stays NOT SENT
    line.hold = True
    w.cli("init", "--server", line.url)
    w.cli("sync")
    w.cli("put", input=weight(81.5))
    w.cli("put", input=json.dumps(measured("2026-11-16", "@", "Body weight", "29463-7", "kg")).replace('"@"', "9.80"))
    w.cli("put", input=w.cli("get", "Observation/w2").stdout.replace("70.5", "82.5"))
    w.cli("put", input=w.cli("get", "Observation/w2").stdout)
    says(w)
    child(w)
    line_mode(w)
    not_noted_not_shown(w)
    killed(w)
    many(w)
    refused(w)
check.finish()
