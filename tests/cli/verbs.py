#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line as wardline(1) promises it: exit codes, JSON shapes, exact bytes, offline answers.
Kills tests/mutants/get-reserialised.patch, tests/mutants/export-overwrites.patch, tests/mutants/import-half.patch.
"""
import json, os, re, resource, signal, subprocess, sys, tempfile, unicodedata

TOP = os.environ.get("top_srcdir", ".")
sys.path.insert(0, os.path.join(TOP, "tests"))
import ward
from verdict import check, conclude


def clean(text):
    """No control or bidi character but the line end."""
    return all(c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn") for c in text)


def usage(w):
    for args, status in (((), None), (("frobnicate",), 1), (("list", "--nope"), 1), (("show",), 1), (("get",), 1), (("get", "../x"), 2),
                         (("get", "Patient/no-such"), 2), (("show", "no-such"), 2), (("init",), 1), (("export",), 1),
                         (("init", "--server", "http://example.org/fhir"), 1), (("init", "--server", "ftp://127.0.0.1/"), 1),
                         (("init", "--server", w.url, "--auth", "device"), 2), (("init", "--server", w.url, "--scope", "group/1,2"), 1),
                         (("export", os.path.join(w.tmp, "all"), "--patient", ""), 1), (("show", ""), 2),
                         (("init", "--server", w.url, "--scope", "rubbish"), 1), (("show", "x", "no-such-section"), 2), (("import", "/no/such/file"), 2), (("sync", "extra"), 1)):
        if status is None:
            continue
        p = w.cli(*args, check=False)
        check(f"{args}: exit {status}", p.returncode == status, f"got {p.returncode}: {p.stderr}")
        check(f"{args}: one line", p.stderr.startswith("wardline: ") and p.stderr.count("\n") == 1 and clean(p.stderr), repr(p.stderr))
    check("init over a profile: exit 2", w.cli("init", "--server", w.url, check=False).returncode == 2)
    for short in ("ab", "1234567", "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"):
        """Kills tests/mutants/init-short-passphrase.patch: one of two letters, or of seven in fourteen bytes, is taken."""
        home = os.path.join(w.tmp, "short")
        p = w.cli("init", "--server", w.url, home=home, passphrase=short, check=False)
        check(f"a passphrase of {len(short)}: exit 2 and one line", p.returncode == 2 and p.stderr.count("\n") == 1 and "at least this many characters: 8" in p.stderr, f"{p.returncode} {p.stderr}")
        check("and no profile is made", not os.path.exists(os.path.join(home, "store.wdb")) and short not in p.stderr, p.stderr)
    check("eight characters are enough", w.cli("init", "--server", w.url, home=home, passphrase="\u00e912345 8", check=False).returncode == 0)
    check("wrong passphrase: exit 5", w.cli("list", passphrase="wrong", check=False).returncode == 5)
    check("no profile: exit 5", w.cli("list", home=os.path.join(w.tmp, "none"), check=False).returncode == 5)
    p = subprocess.run([ward.WARDLINE, "--help"], capture_output=True, text=True, env=ward.environment())
    check("--help knows --ca", "--ca FILE" in p.stdout, p.stdout)
    verbs = re.findall(r"^  (\w+)", p.stdout, re.M)
    page = open(os.path.join(TOP, "man/wardline.1"), encoding="utf-8").read().split(".SH COMMANDS")[1].split(".SH EXIT")[0]
    check("every verb has its place in wardline(1)", len(verbs) > 5 and all(re.search(rf'^\.BI? "?{v}\b', page, re.M) for v in verbs), str(verbs))


def shapes(w):
    patients = w.json("list")
    check("list has patients", len(patients) == 12, str(len(patients)))
    for p in patients:
        check("list's members", {"id", "name", "birthDate", "gender", "identifiers", "flags"} <= set(p), str(p))
    status = w.json("status")
    check("status", {"server", "lastSync", "counts", "queue", "wire", "storeBytes"} <= set(status), str(status))
    check("status: fetched whole", status["notFetched"] == [] and status["demo"] is True and status["unprotected"] is False, str(status))
    check("status counts", status["counts"].get("Patient") == 12, str(status["counts"]))
    check("wire", {"requests", "bytesUp", "bytesDown", "roundTrips"} == set(status["wire"]) and status["wire"]["requests"] > 0, str(status["wire"]))
    check("queue", {"queued", "indoubt", "conflict", "attention"} == set(status["queue"]))
    sync = w.json("sync")
    check("sync", {"pulled", "pushed", "errors", "counts"} <= set(sync) and sync["errors"] == [], str(sync)[:300])
    check("a second sync pulls nothing", sync["pulled"] == 0, str(sync["pulled"]))
    rows = 0
    for p in patients:
        show = w.json("show", p["id"])
        check("show", {"patient", "banner", "sections"} <= set(show) and show["patient"] == p["id"])
        for name, section in show["sections"].items():
            check(f"{name} is never empty", len(section) > 0)
            for row in section:
                rows += 1
                check("row", {"id", "resourceType", "date", "text", "flags"} <= set(row) and row["text"].strip(), str(row))
        text = w.cli("show", p["id"]).stdout
        check("show takes a section's title, too", w.cli("show", p["id"], "results").stdout == w.cli("show", p["id"], "labs").stdout != "")
        check("show into a pipe is clean", clean(text), repr([c for c in text if not clean(c)][:5]))
        check("show says DEMO", text.startswith("DEMO - NOT REAL PATIENTS\n"))
    check("there are rows", rows > 100, str(rows))
    find = patients[0]["name"].split(",")[0]
    check("list TEXT finds", any(p["id"] == patients[0]["id"] for p in w.json("list", find)))
    text = w.cli("list", "zzqq").stdout
    check("a date in another form: says which are found", "03-Feb-1984" in w.cli("list", "20/10/1978").stdout)
    check("an empty search says where it looked", "12 patients kept here (all)" in text and "server was not searched" in text, text)


def exact(w):
    out = os.path.join(w.tmp, "out")
    w.cli("export", out)
    counts = w.json("status")["counts"]
    lines = {f[:-7]: open(os.path.join(out, f), "rb").read().splitlines() for f in os.listdir(out)}
    check("export: a line a resource", {k: len(v) for k, v in lines.items()} == counts, str(counts))
    for kind, resources in lines.items():
        for line in resources[:5]:
            rid = json.loads(line)["id"]
            got = w.cli("get", f"{kind}/{rid}", text=False).stdout
            check("get equals export", got.replace(b"\n", b" ").replace(b"\r", b" ") == line, f"{kind}/{rid}")
    check("export never overwrites", w.cli("export", out, check=False).returncode == 2)


def files(w):
    path = os.path.join(w.tmp, "b.json")
    raw = b'{"resourceType":"Observation","id":"o1","status":"final","code":{"text":"pH"},"subject":{"reference":"urn:uuid:imp-1"},"valueQuantity":{"value":7.400}}'
    with open(path, "wb") as f:
        f.write(b'{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:imp-1","resource":{"resourceType":"Patient","id":"imp-1",'
                b'"name":[{"family":"Fromfile"}]}},{"resource":' + raw + b"}]}")
    before = w.json("status")["counts"]
    w.cli("import", path)
    found = w.json("list", "Fromfile")
    check("an imported patient is listed", len(found) == 1 and found[0]["id"] == "file:imp-1", str(found))
    text = w.cli("show", "file:imp-1").stdout
    check("it says FROM FILE", "FROM FILE" in text and "7.400" in text, text[:500])
    check("get gives its bytes", w.cli("get", "Observation/file:o1", text=False).stdout == raw)
    both = os.path.join(w.tmp, "both")
    w.cli("export", both)
    check("export holds the server's records alone", "imp-1" not in open(os.path.join(both, "Patient.ndjson")).read())
    one = os.path.join(w.tmp, "one")
    w.cli("export", one, "--patient", "file:imp-1")
    check("a file's chart is exported when it is named", sorted(os.listdir(one)) == ["Observation.ndjson", "Patient.ndjson"], str(os.listdir(one)))
    w.cli("import", path)
    check("a second import changes nothing", w.json("status")["counts"] == {**before, "Patient": before["Patient"] + 1, "Observation": before["Observation"] + 1})
    for name, body, status in (("cut.json", open(path, "rb").read()[:-20], 2), ("x.hl7", b"MSH|^~\\&|A|B\r", 2), ("e.json", b"", 2), ("h.json", b"<html>", 2),
                               ("n.ndjson", b'{"resourceType":"Patient","id":"n1"}\n{"resourceType":"Patient","id":"n2"', 2)):
        p = os.path.join(w.tmp, name)
        open(p, "wb").write(body)
        counts = w.json("status")["counts"]
        r = w.cli("import", p, check=False)
        check(f"import {name}: exit {status}", r.returncode == status and clean(r.stderr), f"{r.returncode} {r.stderr}")
        check(f"import {name} changes nothing", w.json("status")["counts"] == counts)
    first = os.path.join(w.tmp, "first.json")
    open(first, "wb").write(b'{"resourceType":"Patient","id":"first"}')
    for name, body, where in (("bad.json", b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"x"}},'
                                           b'{"resource":{"resourceType":"Patient"}}]}', "bad.json#2"),
                              ("odd.json", b'{"resourceType":"Bundle" "type":"collection"}', "odd.json:")):
        open(os.path.join(w.tmp, name), "wb").write(body)
        counts = w.json("status")["counts"]
        r = w.cli("import", first, os.path.join(w.tmp, name), check=False)
        check(f"import names the file and where in it: {name}", r.returncode == 2 and where in r.stderr, r.stderr)
        check("one bad file, and none is stored", w.json("status")["counts"] == counts)
    many = [b'{"resourceType":"Patient","id":"h%d","name":[{"family":"Halfway"}]}' % i for i in range(650)]
    for name, body in (("half.ndjson", b"\n".join(many) + b'\n{"resourceType":"Patient","id":'),
                       ("half.json", b'{"resourceType":"Bundle","type":"collection","entry":[{"resource":' + b'},{"resource":'.join(many) + b'},{"resource":{"resourceType":')):
        p = os.path.join(w.tmp, name)
        open(p, "wb").write(body)
        counts = w.json("status")["counts"]
        r = w.cli("import", p, check=False)
        # More rows than three transactions hold: a roll-back of the last alone would leave the others.
        check(f"import {name}: exit 2", r.returncode == 2 and clean(r.stderr), f"{r.returncode} {r.stderr}")
        check(f"import {name}: a file that is bad half way imports nothing", w.json("status")["counts"] == counts and w.json("list", "Halfway") == [])
    good = os.path.join(w.tmp, "g.ndjson")
    open(good, "wb").write(b'{"resourceType":"Patient","id":"n1"}\n{"resourceType":"Patient","id":"n2"}')
    w.cli("import", good)
    check("NDJSON without a last line end", w.cli("get", "Patient/file:n2").returncode == 0)


def full_disk(w):
    """No file of an export that broke off passes for a whole one."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (30000, 30000))
    out = os.path.join(w.tmp, "full")
    p = w.cli("export", out, check=False, preexec_fn=limit)
    check("export into a full disk: exit 5", p.returncode == 5 and "(File too large)" in p.stderr, f"{p.returncode} {p.stderr}")
    names = os.listdir(out)
    check("each file there is whole", names and all(open(os.path.join(out, n), "rb").read().count(b"\n") == w.json("status")["counts"][n[:-7]] for n in names), str(names))


def offline(w):
    patients = w.json("list")
    before = {p["id"]: w.json("show", p["id"])["sections"] for p in patients[:4]}
    w.stop_server()
    p = w.cli("sync", check=False)
    check("sync without a server: exit 3", p.returncode == 3 and p.stderr.count("\n") == 1, f"{p.returncode} {p.stderr}")
    check("sync --json without a server: exit 3", w.cli("sync", "--json", check=False).returncode == 3)
    r, wr = os.pipe()
    os.write(wr, ward.PASS.encode() + b"\n")
    os.close(wr)
    p = subprocess.Popen([ward.WARDLINE, "--home", w.home, "--passphrase-fd", str(r), "sync", "--watch"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                         pass_fds=[r], env=ward.environment(w.extra), stdin=subprocess.DEVNULL)
    os.close(r)
    line = p.stderr.readline()
    p.send_signal(signal.SIGINT)
    p.communicate()
    check("sync --watch says at once what went wrong", line.startswith("wardline: no answer from the server"), f"{p.returncode} {line}")
    check("and Ctrl-C is its end: exit 0", p.returncode == 0, str(p.returncode))
    for rid, sections in before.items():
        check("show stays as it was", w.json("show", rid)["sections"] == sections)
    said = w.cli("status").stdout
    check("a failed sync's traffic is not called the complete one's", re.search(r"^last complete sync: \d\d-\w{3}", said, re.M), said)
    check("traffic of the last sync", re.search(r"^traffic of the last sync: requests \d+, bytes up \d+, bytes down 0,", said, re.M), said)
    for args in (("list",), ("status",)):
        check(f"{args} offline", w.cli(*args).returncode == 0)


def scope(tmp, w):
    """A slip in a scope's id is said at each sync, and the others come all the same."""
    some = w.json("list")[0]["id"]
    home = os.path.join(tmp, "scoped")
    w.cli("init", "--server", w.url, "--scope", f"patient/{some},nosuch", home=home)
    p = w.cli("sync", home=home, check=False)
    check("a scope's unknown patient: exit 4, named", p.returncode == 4 and "nosuch" in p.stderr, f"{p.returncode} {p.stderr}")
    check("the known one came", [x["id"] for x in json.loads(w.cli("list", "--json", home=home).stdout)] == [some])


def unprotected(tmp):
    far = ward.Ward(tmp, init=False, url="https://fhir.example.org/" + "r4" * 300, quick=True)
    far.cli("init", "--server", far.url, home=os.path.join(tmp, "far"))
    check("a long address opens what init made", far.cli("list", home=os.path.join(tmp, "far"), check=False).returncode == 0)
    check("status says what never came", "NOT FETCHED yet: Patient, AllergyIntolerance, " in far.cli("status", home=os.path.join(tmp, "far")).stdout)
    w = ward.Ward(tmp, init=False, url="https://fhir.example.org/r4", quick=True)
    p = w.cli("init", "--server", w.url)
    check("--auth none to a far host says UNPROTECTED", "UNPROTECTED" in p.stderr + p.stdout, p.stderr)
    check("and every printout does", "UNPROTECTED" in w.cli("list").stdout)


with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
    with ward.Ward(one, generate=12, charts=4, quick=True) as w:
        usage(w)
        shapes(w)
        exact(w)
        files(w)
        scope(one, w)
        full_disk(w)
        offline(w)
    unprotected(two)
conclude("verbs")
