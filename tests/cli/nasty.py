#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that nasty/make-nasty.py makes, each file three ways. File: `import` of it, on a terminal. Server: it is the
body (or, http/, the whole answer) of a search of a sync, on a terminal; the server counts what it gave away. Terminal: what
either brought into the cache is opened on the full screen, every chart, section and row in full, and by `get` what has no
chart. A clear message of one line or a harmless mark; never a crash, never a control byte on the pty; what was in the cache
stays. A file that did not go all three ways fails the test. Kills (with t_base) tests/mutants/unsafe-text.patch.

usage: nasty.py [WAY...]    file, server
"""
import glob, json, os, re, shutil, subprocess, sys, tempfile, time, unicodedata

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, "tests", d) for d in ("", "tools", "ui")]
import glass, harness, ward
from scripted import Scripted, fhir, search_server

bad, done = [], 0
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
KINDS = ("AllergyIntolerance MedicationRequest MedicationStatement Medication Condition Flag Consent Encounter Observation DiagnosticReport "
         "Immunization ServiceRequest Task CarePlan Goal Appointment Procedure Composition List").split()
PAGES, ROWS = 10, 60  # of a row in full, and of a section: behind them comes nothing that is not like them


EMPTY = re.compile(r"^> (none|not |No |.*NOT FETCHED|.*not recorded$|.*unavailable)")


def wild(out, never=("Cc", "Cf", "Co", "Cn", "Cs")):
    return sorted({c for c in out if c in BIDI or c not in "\r\n" and unicodedata.category(c) in never and c not in "\u200c\u200d"})[:5]


def check(what, code, out, codes, lines=1):
    global done
    done += 1
    # JSON keeps what cannot drive a terminal (a soft hyphen, a private character): it is data for a program.
    w = wild(out, ("Cc", "Cs")) if "--json" in what else wild(out)
    if code not in codes or lines and out.count("\n") > lines or w:
        bad.append(f"{what}: exit {code}, {out[:300]!r}, wild {w!r}")


def on_terminal(w, *args):
    """(exit code, all that a terminal would get) of a command."""
    r, wr = os.pipe()
    os.write(wr, ward.PASS.encode() + b"\n")
    os.close(wr)
    pid, fd = os.forkpty()
    if not pid:
        os.set_inheritable(r, True)
        os.execve(ward.WARDLINE, [ward.WARDLINE, "--home", w.home, "--passphrase-fd", str(r), *args], ward.environment(w.extra))
    os.close(r)
    raw = b""
    while True:
        try:
            piece = os.read(fd, 65536)
        except OSError:
            piece = b""
        if not piece:
            break
        raw += piece
    os.close(fd)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        return code, raw.decode("utf-8")
    except UnicodeDecodeError as e:
        bad.append(f"{args}: no UTF-8 on the terminal: {e}")
        return code, raw.decode("utf-8", "replace")


# --- the full screen ---------------------------------------------------------------------------------

def stored(w, tmp):
    """{TYPE/ID of the cache}."""
    out = os.path.join(tmp, "export-" + os.path.basename(w.home))
    w.cli("export", out, check=False)
    names = set()
    for path in glob.glob(out + "/*.ndjson"):
        with open(path, "rb") as f:
            names |= {os.path.basename(path)[:-7] + "/" + str(json.loads(line, strict=False)["id"]) for line in f}
    return names


def in_full(g, title, key):
    """Opens each row of the section that is shown; the resources whose raw text was painted."""
    seen, last = set(), None
    for n in range(ROWS):
        g.key("\x1b[H" + "j" * n)  # it may be there already: then nothing comes
        if (g.t.body(), g.t.cursor()) == last:
            break
        last = g.t.body(), g.t.cursor()
        g.key("\r")
        if not g.t.row(3).startswith(title + " ") and "Tab Section" in g.t.row(23):  # a row of the cover leads to its section
            g.until(lambda: g.t.row(3).startswith(title + " "), key, title)
        elif "r Raw" in g.t.row(23):
            list(line for _, line in zip(range(18 * PAGES), g.list_lines()))
            g.key("r")
            raw = " ".join(line for _, line in zip(range(18 * PAGES), g.list_lines()))
            m = re.search(r'"resourceType": "(\w+)".*?"id": "([^"]+)"', raw)
            if m:
                seen.add(f"{m[1]}/{m[2]}")
            g.until(lambda: "Tab Section" in g.t.row(23), "q", "back to the section")
    return seen


# One down, and the whole screen sent again: an answer comes where nothing moves, too, and none is taken for missing
# because it is late.
DOWN = "j\x0c"


def screens(w, what):
    """Every chart, section and row in full, on the glass; the resources that were opened, and the walker."""
    listed = w.json("list")
    for n, p in enumerate(listed):
        for more in [["--json"]] if n % 2 else [[]]:
            shown = w.cli("show", p["id"], *more, check=False)
            check(" ".join(["show", p["id"], *more]), shown.returncode, shown.stdout + shown.stderr, (0,), lines=0)
    seen, last, who = {"Patient/" + p["id"].removeprefix("file:") for p in listed}, None, None
    with glass.Glass(w.home, env=w.extra) as g:
        g.unlock()
        still, turn = 0, {}
        while still < 100:  # the lines of a name taller than the page look alike
            if (g.t.body(), g.t.cursor()) == last:
                still += 1
                g.key(DOWN)
                continue
            still, last, before = 0, (g.t.body(), g.t.cursor()), who
            g.until(lambda: g.t.row(3).startswith("Cover ") or g.t.row(1).startswith("STOP"), "\r", "a chart or a stop")
            if g.t.row(1).startswith("STOP"):  # nobody here has a number to be known by: each is opened in its turn
                page = tuple(sorted(line.lstrip("> 0123456789") for line in g.t.body()))
                turn[page] = turn.get(page, 0) % int(g.t.row(3).split()[0]) + 1
                time.sleep(0.7)
                g.key("j" * turn[page])
                g.until(lambda: g.t.row(3).startswith("Cover "), "\r", "a chart")
            who = g.t.row(1), g.t.row(2)
            if who != before or "[+]" not in who[0]:  # a name that is taller than the page takes more than one step
                g.charts += 1
                g.banner()
                for _, title, key in g.sections:
                    g.until(lambda: g.t.row(3).startswith(title + " "), key, title)
                    list(g.list_lines())
                    if title != "Cover" and not EMPTY.search("\n".join(g.t.body())):
                        seen |= in_full(g, title, key)
            g.back()
            g.key(DOWN)
        g.t.kill(15)
        code, raw = g.t.end(), g.t.raw
    if g.charts != len(listed):
        bad.append(f"{what}: {g.charts} charts were opened, of {len(listed)}")
    check(f"{what}: the screen", code, harness.ALLOWED.sub(b"", raw).decode("utf-8", "replace"), (0,), lines=0)
    bad.extend(f"{what}: bytes on the pty: {s!r}" for s in harness.strange(raw)[:3])
    return seen, g


def opened(w, tmp, what, files=()):
    """Everything in the cache has been on a terminal; how much that is."""
    have = set(files) or stored(w, tmp)  # export leaves out what came from a file
    seen, g = screens(w, what)
    for name in sorted(have - seen):
        code, out = on_terminal(w, "get", name.replace("/", "/file:", 1) if files else name)
        check(f"{what}: get {name}", code, out, (0, 2) if files else (0,), lines=0)
        if code:
            have.discard(name)
    return len(have), len(have & seen), g, seen


# --- the ways ----------------------------------------------------------------------------------------

def imports(w, nasty, names):
    """Each file by a command of its own; folders that hold nothing but valid FHIR by one. How many were taken."""
    taken = 0
    valid = [[n for n in names if n.startswith(folder)] for folder in ("text/", "dose/", "questionnaire/")]
    for group in valid + [[n] for n in names if not any(n in v for v in valid)]:
        code, out = on_terminal(w, "import", *(os.path.join(nasty, n) for n in group))
        said = re.split(r"[\r\n]+", out.strip())[-1].strip()  # behind the progress
        check("import " + " ".join(group), code, out, (0, 2) if len(group) == 1 else (0,))
        if len(said) < 20 or code and not said.startswith("wardline: "):
            bad.append(f"import {group}: no clear message: {said!r}")
        taken += 0 if code else len(group)
    return taken


def by_file(tmp, nasty, names):
    w = ward.Ward(tmp, init=False, url="http://127.0.0.1:9/fhir", quick=True)
    w.home = os.path.join(tmp, "filed")
    w.cli("init", "--server", w.url)
    taken = imports(w, nasty, names)
    for args in (("list",), ("list", "--json"), ("status",), ("doctor",)):
        p = w.cli(*args, check=False)
        check(" ".join(args), p.returncode, p.stdout + p.stderr, (0, 4), lines=0)
    have, seen, g, _ = opened(w, tmp, "files", {f"{kind}/{rid}" for kind, rid, _ in well_formed(nasty, names)})
    print(f"nasty: {len(names)} files imported on a terminal, {taken} taken, {len(names) - taken} refused in a line; {have} resources, "
          f"{seen} of them on {g.charts} charts and {g.pages} pages of the screen, the others by get", flush=True)
    return set(names)


def body_of(nasty, name):
    with open(os.path.join(nasty, name), "rb") as f:
        body = f.read()
    if not name.startswith("http/") and re.match(rb'\s*\{', body) and not re.search(rb'"resourceType": ?"Bundle"', body):
        return b'{"resourceType":"Bundle","type":"searchset","entry":[{"resource":' + body + b"}]}"
    return body


def well_formed(nasty, names):
    """(type, id, text) of each resource of the files that are JSON."""
    for name in names:
        try:
            with open(os.path.join(nasty, name), encoding="utf-8") as f:
                text = f.read()
            doc = json.loads(text)
        except (ValueError, RecursionError):
            continue
        bundle = isinstance(doc, dict) and doc.get("resourceType") == "Bundle"
        docs = [e["resource"] for e in doc.get("entry", []) if "resource" in e] if bundle else [doc]
        for r in docs:
            if isinstance(r, dict):
                yield str(r.get("resourceType")), str(r.get("id")), json.dumps(r, ensure_ascii=False) if bundle else text


class Server:
    """Answers each kind's search with a file's bytes, one kind at a time: in a batch they would hide behind one another."""

    def __init__(self):
        keeper = {"resourceType": "Patient", "id": "keeper", "meta": {"versionId": "1", "lastUpdated": "2026-01-01T00:00:00Z"}, "name": [{"family": "Keeper"}]}
        self.pages = {"Patient": json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": keeper}]}).encode()}
        self.search, self.names, self.given = search_server(self.pages), {}, set()

    def answer(self, method, path, headers, body):
        if method == "POST":
            return fhir({"resourceType": "OperationOutcome"}, status="501 Not Implemented")
        kind = path.split("/fhir/", 1)[-1].split("?")[0]
        if kind in self.names:
            self.given.add(self.names[kind])
        return self.search(method, path, headers, body)

    def merge(self, nasty, names):
        """Each kind's search answers with all well-formed resources of that kind, of all files; how many."""
        rows = {}
        for kind, _, raw in well_formed(nasty, names):
            rows.setdefault(kind, []).append(raw)
        kept = {kind: r for kind, r in rows.items() if kind in KINDS + ["Patient"]}
        keeper = self.pages["Patient"]
        self.pages.update({kind: ('{"resourceType":"Bundle","type":"searchset","entry":[' + ",".join('{"resource":%s}' % x for x in r) + "]}").encode("utf-8")
                           for kind, r in kept.items()})
        self.pages["Patient"] = self.pages["Patient"].replace(b'"entry":[', b'"entry":[' + keeper.split(b'"entry": [')[1].rsplit(b"]}", 1)[0] + b",", 1)
        return sum(map(len, kept.values()))

    def load(self, nasty, names):
        for kind in self.names:
            del self.pages[kind]
        self.names, self.given = dict(zip(KINDS, names)), set()
        self.pages.update({kind: body_of(nasty, name) for kind, name in self.names.items()})


def by_server(tmp, nasty, names):
    """Twice: each file by itself, as the answer to a search (a sync that meets no FHIR at all asks no further: what it did not
    ask for then is offered to the next one); and all that is well formed in one sync, by kind, so that it gets into the cache.
    Each begins from a profile that has synced once."""
    left = sorted(names, key=lambda name: not body_of(nasty, name).lstrip().startswith(b"{"))  # the other kind stops a sync
    given, n, server = set(), 0, Server()

    def one(what):
        w.home = os.path.join(tmp, f"served{n}")
        shutil.copytree(os.path.join(tmp, "before"), w.home)
        for args, codes in ((("sync",), (0, 3, 4)), (("status",), (0, 4))):
            code, out = on_terminal(w, *args)
            check(f"{args[0]} {what}", code, out, codes, lines=0)
        have, seen, g, names = opened(w, tmp, f"server {n}")
        if "Patient/keeper" not in names:
            bad.append(f"{what}: the patient that was there before is gone")
        return have, seen, g
    with Scripted(server.answer) as s:
        w = ward.Ward(tmp, init=False, url=s.url, quick=True)
        w.home = os.path.join(tmp, "before")
        w.cli("init", "--server", w.url)
        w.cli("sync")
        entries = server.merge(nasty, names)
        have, seen, g = one("all that is well formed")
        print(f"nasty: {entries} resources of the files served, {have} kept; {seen} of them on {g.charts} charts and {g.pages} pages of the screen, the others by get", flush=True)
        if have < 150:
            bad.append(f"only {have} resources kept")
        server = Server()
        s.answer = server.answer
        while left:
            n += 1
            server.load(nasty, left[:len(KINDS)])
            one(" ".join(left[:len(KINDS)]))
            if not server.given:
                break
            given |= server.given
            left = [name for name in left if name not in server.given]
    print(f"nasty: {len(given)} files, each the answer to a search, in {n} syncs on a terminal and as many on the full screen", flush=True)
    return given


def side_by_side():
    """Both ways at once, each in a process of its own: a terminal's test waits more than it works."""
    ways = [subprocess.Popen([sys.executable, os.path.abspath(__file__), way]) for way in ("file", "server")]
    return max(way.wait() for way in ways)


def main():
    make = ward.data("nasty/make-nasty.py")
    if not make:
        print("skipped: no WARDLINE_DATA")
        return 77
    with tempfile.TemporaryDirectory() as tmp:
        nasty = os.path.join(tmp, "nasty")
        subprocess.run([sys.executable, make, nasty, "--big", "9000000"], check=True, capture_output=True)
        names = sorted(os.path.relpath(p, nasty) for p in glob.glob(nasty + "/*/*"))
        with open(os.path.join(nasty, "index.tsv"), encoding="utf-8") as f:
            index = {line.split("\t")[0] for line in f.read().splitlines()[1:]}
        if set(names) != index or len(index) < 222:
            bad.append(f"{len(names)} files, {len(index)} in the index")
        for way in (by_file, by_server):
            if way.__name__[3:] in sys.argv[1:] or not sys.argv[1:]:
                bad.extend(f"{name} did not go {way.__name__.replace('_', ' ')}" for name in sorted(index - way(tmp, nasty, names)))
    for b in bad[:40]:
        print("FAILED:", b)
    print(f"nasty: {done} checks, {len(bad)} failed")
    return 1 if bad else 0


sys.exit(main() if sys.argv[1:] else side_by_side())
