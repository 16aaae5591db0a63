#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""put and queue: what exit 0 means (it is there after kill -9 and it is synced), what is refused, what every printout
says of it, and that a pull does not overwrite it.
Kills tests/mutants/edit-without-audit.patch, audit-after-show.patch, not-sent-unsaid.patch,
edit-moves-chart.patch.
"""
import json, os, random, re, resource, shutil, signal, subprocess, sys, tempfile, time

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests"), os.path.join(TOP, "tests/tools")]
import ward
from badline import Line
from verdict import check, conclude

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def weight(pid="p1", value="72.50", **more):
    """Text, so that the number keeps its zeros."""
    text = json.dumps({"resourceType": "Observation", "status": "final", "code": {"text": "Body weight"}, "subject": {"reference": f"Patient/{pid}"},
                       "effectiveDateTime": "2026-11-20", "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}],
                       "valueQuantity": {"value": "@", "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}, **more})
    return text.replace('"@"', value)


def rows(w, pid="p1"):
    return [r for s in w.json("show", pid)["sections"].values() for r in s]


# --- what it does -------------------------------------------------------------------------------


def creates(w):
    body = weight()
    p = w.cli("put", input=body)
    op = p.stdout.strip()
    check("put prints the operation's id and nothing else", re.fullmatch(UUID + "\n", p.stdout) and p.stderr == "", repr(p.stdout + p.stderr))
    q = w.json("queue")
    check("queue has it", len(q) == 1 and {"op", "resource", "patient", "kind", "state", "since", "why"} <= set(q[0]), str(q))
    check("as it is", q[0]["op"] == op and q[0]["patient"] == "p1" and q[0]["kind"] == "create" and q[0]["state"] == "queued" and q[0]["why"] == ""
          and re.fullmatch("Observation/" + UUID, q[0]["resource"]) and re.match(r"\d{4}-\d\d-\d\dT", q[0]["since"]) and q[0]["byCommand"], str(q[0]))
    kind, rid = q[0]["resource"].split("/")
    got = w.cli("get", q[0]["resource"]).stdout
    check("get gives it as it came, with its id", got == body.replace("{", '{"id":"' + rid + '",', 1), got)
    words = w.cli("queue").stdout
    check("queue in words", op in words and "NOT SENT" in words and "entered by command" in words and "signed" not in words, words)
    check("status counts", w.json("status")["queue"] == {"queued": 1, "indoubt": 0, "conflict": 0, "attention": 0})
    mine = [r for r in rows(w) if r["id"] == rid]
    check("its row says NOT SENT, entered by command", mine and all({"NOT SENT", "entered by command"} <= set(r["flags"]) for r in mine), str(mine))
    show = w.cli("show", "p1").stdout
    line = next((l for l in show.splitlines() if "72.50" in l), "")
    check("so does the printed row, digits as they came", "NOT SENT" in line and "entered by command" in line, line)
    check("so does the chart's head", "NOT SENT: 1 change" in show.split("\n  ")[0], show[:600])
    flags = {p["id"]: p["flags"] for p in w.json("list")}
    check("and the patient's line, and nobody else's", "1 NOT SENT" in flags["p1"] and not any("NOT SENT" in f for f in flags["p2"]), str(flags))
    check("the timeline too", any("NOT SENT" in l for l in w.cli("show", "p1", "timeline").stdout.splitlines() if "72.50" in l))
    return rid, op


def updates(w, rid, op):
    name = f"Observation/{rid}"
    body = w.cli("get", name).stdout
    p = w.cli("put", "--json", input=body)
    check("the same bytes change nothing", json.loads(p.stdout) == {"op": op, "resource": name, "changed": False}, p.stdout)
    p = w.cli("put", input="\n " + body + "\n")
    check("nor with blanks around them, and it says so", p.stdout.strip() == op and "nothing changed" in p.stderr and "NOT SENT" in p.stderr, p.stdout + p.stderr)
    p = w.cli("put", input=body.replace("72.50", "73.0"))
    check("a change joins what waits", p.stdout.strip() == op and len(w.json("queue")) == 1)
    check("and is the row", w.cli("get", name).stdout == body.replace("72.50", "73.0"))
    base = w.cli("get", "Patient/p2").stdout
    p = w.cli("put", input=base)
    check("the bytes as received queue nothing", p.stdout == "" and "nothing changed" in p.stderr and len(w.json("queue")) == 1, p.stdout + p.stderr)
    path = os.path.join(w.tmp, "p2.json")
    with open(path, "w", encoding="utf-8") as f:
        f.write(base.replace("Bell", "Bellamy"))
    p = w.cli("put", path)
    check("from a file", re.fullmatch(UUID, p.stdout.strip()) is not None, p.stdout)
    last = w.kept("ops")[-1]
    check("its base is what was received, by its version", last["base"] == base and last["etag"] == json.loads(base)["meta"]["versionId"] and last["body"] == base.replace("Bell", "Bellamy"), str(last)[:300])
    check("an edited patient is found by the new name", [p["id"] for p in w.json("list", "bellamy")] == ["p2"])
    stale = json.loads(w.cli("get", "Patient/p3").stdout)
    stale["meta"]["versionId"] = "0"
    stale["gender"] = "other"
    p = w.cli("put", input=json.dumps(stale))
    last = w.kept("ops")[-1]
    check("an older version is taken, and is what it was made from", p.returncode == 0 and last["etag"] == "0" and last["base"] == "", str(last)[:200])
    made = json.dumps(ward.person("ignored", "Novak", "Iva"))
    made = json.loads(made)
    del made["id"]
    w.cli("put", input=json.dumps(made))
    novak = w.json("list", "novak")
    check("a patient that was made here has a chart", len(novak) == 1 and "1 NOT SENT" in novak[0]["flags"], str(novak))
    w.cli("put", input=weight(novak[0]["id"], "3.10"))
    check("and takes rows", any("3.10" in r["text"] for r in rows(w, novak[0]["id"])))
    place = {"resourceType": "Location", "name": "Bay 2", "status": "active"}
    check("what is of no chart is queued as that", w.cli("put", input=json.dumps(place)).returncode == 0 and w.json("queue")[-1]["patient"] == "")


def refuses(w):
    before, trail = w.kept("ops"), [r for r in w.kept("rows") if r["action"] in ("create", "update")]
    held = json.loads(w.cli("get", "Patient/p1").stdout)
    deep = "[" * 100 + "]" * 100
    for what, text, status, word in (
        ("no JSON", "{", 2, "JSON"), ("nothing", "", 2, "nothing"), ("an array", "[]", 2, "resourceType"), ("no type", "{}", 2, "resourceType"),
        ("a type that there is not", '{"resourceType":"Frobnicate"}', 2, "resourceType"), ("a Bundle", '{"resourceType":"Bundle","type":"batch"}', 2, "resourceType"),
        ("an id that is none", weight(id="a b"), 2, "id"), ("a number as id", weight(id=7), 2, "id"), ("no id but null", weight(id=None), 2, "id"),
        ("an unknown id", weight(id="nowhere"), 2, "Observation/nowhere"), ("a patient that is not here", weight("p999"), 2, "Patient/p999"),
        ("another server's patient", weight().replace("Patient/p1", "https://other.example/fhir/Patient/p1"), 2, "subject"),
        ("a patient by words alone", weight().replace('"reference": "Patient/p1"', '"display": "Adams"'), 2, "subject"),
        ("a chart it does not belong to", json.dumps({**json.loads(w.cli("get", "Observation/w1").stdout), "subject": {"reference": "Patient/p2"}}), 2, "subject"),
        ("a chart it would fall out of", json.dumps({k: v for k, v in json.loads(w.cli("get", "Observation/w1").stdout).items() if k != "subject"}), 2, "subject"),
        ("an id twice", '{"resourceType":"Observation","id":"w1","id":"w1"}', 2, "JSON"), ("too deep", weight(note=[{"text": "x"}]).replace('"x"', deep), 2, ""),
        ("too long", weight(note=[{"text": "x" * (8 << 20)}]), 2, "limit")):
        p = w.cli("put", input=text, check=False)
        check(f"put of {what}: exit {status} in one line of words", p.returncode == status and p.stdout == "" and p.stderr.count("\n") == 1 and word in p.stderr
              and p.stderr.startswith("wardline: "), f"{p.returncode} {p.stdout} {p.stderr}")
    check("put of a file that is not there", w.cli("put", "/no/such/file", check=False).returncode == 2)
    check("put of two files", w.cli("put", "a", "b", check=False).returncode == 1)
    check("the chart's own row stays", json.loads(w.cli("get", "Patient/p1").stdout) == held)
    check("what was refused left nothing behind", w.kept("ops") == before and [r for r in w.kept("rows") if r["action"] in ("create", "update")] == trail)


def from_file(w):
    """A row of a file is no server's: it cannot be changed there, and takes no new rows."""
    path = os.path.join(w.tmp, "import.ndjson")
    with open(path, "w", encoding="utf-8") as f:
        f.write(json.dumps(ward.person("f1", "Filer", "Ann")) + "\n")
    w.cli("import", path)
    check("an update of a file's patient is refused", w.cli("put", input=json.dumps(ward.person("f1", "Filer", "Anna")), check=False).returncode == 2)
    check("a row for a file's patient is refused", w.cli("put", input=weight("f1"), check=False).returncode == 2)


def exports(w):
    there = os.path.join(w.tmp, "out")
    p = w.cli("export", there)
    check("export says how many are NOT SENT", re.search(r"\d+ of them are NOT SENT", p.stderr), p.stderr)
    lines = open(os.path.join(there, "Observation.ndjson"), encoding="utf-8").read()
    check("and writes them as edited", "73.0" in lines and "72.50" not in lines)


# --- a pull beside an edit ------------------------------------------------------------------------


def pulled(w):
    mine = w.cli("get", "Observation/w1").stdout.replace("70.0", "71.5")
    w.cli("put", input=mine)
    theirs = json.loads(weight(value="69.0"))
    theirs["id"] = "w1"
    w.put(theirs, ward.person("p2", "Bolt", "Ida"))
    p = w.json("sync", check=False)
    check("the sync goes through", p["errors"] == [], str(p["errors"]))
    check("a pull does not overwrite an edit", w.cli("get", "Observation/w1").stdout == mine)
    check("nor an edited patient", "Bellamy" in w.cli("get", "Patient/p2").stdout and [p["id"] for p in w.json("list", "bolt")] == [])
    row = next(r for r in rows(w) if r["id"] == "w1")
    check("it still says NOT SENT", "NOT SENT" in row["flags"] and "71.5" in row["text"], str(row))
    check("and that the server has another one by now", "changed at the server, too" in row["flags"], str(row))
    others = [r for r in rows(w) if "NOT SENT" in r["flags"] and r["id"] != "w1"]
    check("which no other row says", others and not any("changed at the server, too" in r["flags"] for r in others), str(others))
    check("and waits", any(q["resource"] == "Observation/w1" and q["state"] == "queued" for q in w.json("queue")))
    check("a second sync fetches nothing again", w.json("sync", check=False)["pulled"] == 0)


# --- the audit trail ---------------------------------------------------------------------------------


def trail(w):
    first = len(w.kept("rows"))
    w.cli("list", passphrase="wrong", check=False)
    w.cli("list", passphrase="wrong", check=False)
    w.cli("show", "p1")
    w.cli("show", "p1", "labs", "--json")
    w.cli("get", "Observation/w1")
    w.cli("get", "Location/none", check=False)
    w.cli("show", "nobody", check=False)
    w.cli("put", input=weight(value="75"))
    w.cli("put", input=w.cli("get", "Patient/p1").stdout)
    w.cli("export", os.path.join(w.tmp, "out2"), "--patient", "p1")
    new = w.kept("rows")[first:]
    acts = [(r["action"], r["outcome"], r["chart"], r["type"], r["reason"]) for r in new if r["action"] != "unlock" or r["outcome"]]
    want = [("unlock", 1, "", "", "2"), ("show", 0, "p1", "", ""), ("show", 0, "p1", "", "labs"), ("get", 0, "p1", "Observation", ""),
            ("create", 0, "p1", "Observation", ""), ("get", 0, "p1", "Patient", ""), ("export", 0, "p1", "", "")]
    check("the trail says what was done", acts == want, str(acts))
    check("each process unlocks once", sum(r["action"] == "unlock" and not r["outcome"] for r in new) == 9, str([r["action"] for r in new]))
    check("each is a session of its own, of an author", len({r["session"] for r in new}) == 9 and {r["author"] for r in new} == {"Practitioner/dr"} and {r["role"] for r in new} == {"nurse"},
          str({(r["author"], r["role"]) for r in new}))
    show = next(r for r in new if r["action"] == "show")
    check("times are of now", abs(show["at"] - time.time() * 1000) < 600000)


# --- on disk before it is said ---------------------------------------------------------------------------


def synced(w):
    """strace: the log of the store is synced between its last write and the first byte put out."""
    if not shutil.which("strace"):
        print("skipped: no strace: what is synced before it is acknowledged was not looked at")
        return
    for what, args, text in (("put", ("put",), weight(value="76")), ("show", ("show", "p1"), None), ("get", ("get", "Observation/w1"), None), ("export", ("export", os.path.join(w.tmp, "out3")), None)):
        out = os.path.join(w.tmp, "strace.out")
        r, p = os.pipe()
        os.write(p, ward.PASS.encode() + b"\n")
        os.close(p)
        with open(os.path.join(w.tmp, "in"), "w+") as i:
            i.write(text or "")
            i.seek(0)
            q = subprocess.run(["strace", "-f", "-y", "-o", out, "-e", "trace=pwrite64,write,fsync,fdatasync", "-E", "LD_PRELOAD=" + w.extra.get("LD_PRELOAD", ""), ward.WARDLINE, "--home", w.home,
                                "--passphrase-fd", str(r), *args], stdin=i, capture_output=True, text=True, pass_fds=[r],
                               env=ward.environment({"ASAN_OPTIONS": w.extra.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}))  # leaks are looked for by ptrace, too
        os.close(r)
        seen = ""
        for line in open(out, encoding="utf-8", errors="replace"):
            if "store.wdb-wal>" in line:
                seen += "S" if "sync(" in line else "W"
            elif re.search(r"\bwrite\(1<", line) or ".ndjson>" in line:
                seen += "O"
        if q.returncode or "W" not in seen or "O" not in seen:
            check(f"strace of {what}", False, q.stderr[:300] + seen[:80])
            continue
        check(f"{what}: what is said is on disk", seen[: seen.index("O")].endswith("S"), seen[:80])


def kills(w):
    """kill -9 as soon as the operation's id is printed, or at any moment: what was printed is there, and all is whole."""
    rng = random.Random(5)
    printed = 0
    for n in range(24):
        before = {o["op"] for o in w.kept("ops")}
        r, p = os.pipe()
        os.write(p, ward.PASS.encode() + b"\n")
        os.close(p)
        run = subprocess.Popen([ward.WARDLINE, "--home", w.home, "--passphrase-fd", str(r), "put"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               pass_fds=[r], env=ward.environment(w.extra))
        os.close(r)
        run.stdin.write(weight(value=f"{80 + n}.25").encode())
        run.stdin.close()
        if n % 2:
            time.sleep(rng.random() * 0.12)
            run.send_signal(signal.SIGKILL)
            op = run.stdout.read().decode().strip()
        else:
            op = run.stdout.readline().decode().strip()
            run.send_signal(signal.SIGKILL)
        run.wait()
        run.stdout.close()
        run.stderr.close()
        ops = w.kept("ops")
        new = [o for o in ops if o["op"] not in before]
        check("what was printed is there", not op or [o["op"] for o in new] == [op], f"{op} {new}")
        check("one edit or none", len(new) <= 1)
        for o in new:
            check("its row is there, too", w.cli("get", f"Observation/{o['id']}").stdout == o["body"])
            check("and its audit row", any(t["action"] == "create" and t["id"] == o["id"] for t in w.kept("rows")))
        printed += bool(op)
    check("some were printed", printed >= 12, str(printed))


def limit(most):
    def set_it():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    return set_it


def full(w):
    """No file may grow: an edit is refused in words, a chart is not shown, and nothing is lost."""
    before = (w.kept("ops"), w.cli("get", "Patient/p1").stdout)
    p = w.cli("put", input=weight(value="99"), check=False, preexec_fn=limit(1))
    check("put on a full disk", p.returncode == 5 or p.returncode == 2, f"{p.returncode} {p.stderr}")
    check("in words", p.stdout == "" and p.stderr.startswith("wardline: ") and p.stderr.count("\n") == 1 and "disk" in p.stderr, p.stderr)
    for args in (("show", "p1"), ("get", "Patient/p1"), ("show", "p1", "--json")):
        p = w.cli(*args, check=False, preexec_fn=limit(1))
        check(f"{args}: shows nothing that it cannot note", p.returncode != 0 and p.stdout == "" and "disk" in p.stderr, f"{p.returncode} {p.stdout[:100]} {p.stderr}")
    for args in (("status",), ("queue",)):
        p = w.cli(*args, check=False, preexec_fn=limit(1))
        check(f"{args} answers", p.returncode == 0, p.stderr)
    check("nothing is lost", (w.kept("ops"), w.cli("get", "Patient/p1").stdout) == before)


with tempfile.TemporaryDirectory() as tmp:
    if not os.path.exists(os.path.join(ward.BUILD, "tests/tools/trail")):
        print("skipped: built without CUnit")
        sys.exit(77)
    with ward.Ward(tmp, init=False, quick=True) as w:
        old = json.loads(weight(value="70.0"))
        old["id"] = "w1"
        w.put(ward.person("p1", "Adams", "Eve"), ward.person("p2", "Bell", "Ida"), ward.person("p3", "Cole", "Una"), {**old, "valueQuantity": {**old["valueQuantity"], "value": "@70.0"}})
        line = Line(w.url)  # what is put stays NOT SENT
        line.hold = True
        w.cli("init", "--server", line.url, "--practitioner", "Practitioner/dr", "--role", "nurse")
        w.cli("sync")
        rid, op = creates(w)
        updates(w, rid, op)
        refuses(w)
        from_file(w)
        exports(w)
        pulled(w)
        trail(w)
        synced(w)
        kills(w)
        full(w)

conclude("put")
