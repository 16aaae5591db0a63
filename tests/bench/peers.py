#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The byte and time rows of `make bench`, wardline next to tig, mutt, htop and mc in one run, on a vt100 of 80x24: a move,
14 queued moves, a page, opening an item, idle for 20 s, key to last byte p50 and p95, resident memory. One that is not
installed is 'skipped' aloud. The list of each is full (18 rows or more) and the marker moves inside of it.

peers.py               the table
peers.py --load N [M]  wardline alone over N patients (100,000), M of them with charts (1,000), and a chart of 30,000 resources
                       (Synthea's largest, imported): unlock to worklist, a filter's keystroke, keys idle and while a sync
                       runs, that chart opened, read and searched, memory
"""
import gzip, os, shutil, statistics, subprocess, sys, tempfile, time

TOP = os.path.abspath(os.environ.get("top_srcdir", "."))
sys.path[:0] = [os.path.join(TOP, p) for p in ("tests", "tests/ui", "tests/tools")]
import footprint, tokens, ward
from harness import Term
from proxy import Proxy


def say(name, figure, limit=""):
    print(f"{name:34} {figure:42} {limit}", flush=True)


def commits(tmp):
    """A repository with a history longer than a page, for tig."""
    repo = os.path.join(tmp, "repo")
    git = lambda *a: subprocess.run(["git", "-C", repo, "-c", "user.name=A", "-c", "user.email=a@example.org", *a], check=True, capture_output=True)
    os.mkdir(repo)
    git("init", "-q")
    for n in range(60):
        git("commit", "-q", "--allow-empty", "-m", f"Result number {n} of a patient with a name of some length")
    return repo


def mailbox(tmp):
    path = os.path.join(tmp, "box")
    with open(path, "w") as f:
        for n in range(60):
            f.write(f"From a@example.org Mon Nov 23 09:{n:02d}:00 2026\nFrom: A Name <a@example.org>\nDate: Mon, 23 Nov 2026 09:{n:02d}:00 +0000\n"
                    f"Subject: Result number {n} of a patient\nMessage-ID: <{n}@example.org>\n\n" + "A line of the note.\n" * 30 + "\n")
    return path


def folder(tmp):
    path = os.path.join(tmp, "files")
    os.mkdir(path)
    for n in range(60):
        with open(os.path.join(path, f"result-{n:03d}"), "w") as f:
            f.write("line\n" * 50)
    return path


def peers(tmp):
    """name: (argv, directory, what is on its screen, a move down and up, a page, open, back). None: it has no such key."""
    empty = os.path.join(tmp, "empty")
    open(empty, "w").close()
    return {
        "tig": (["tig"], commits(tmp), "Result number", (b"j", b"k"), b" ", b"\r", b"q"),
        "mutt": (["mutt", "-n", "-F", empty, "-R", "-f", mailbox(tmp)], tmp, "Result number", (b"j", b"k"), b"z", b"\r", b"q"),
        "htop": (["htop"], tmp, "PID", (b"\x1b[B", b"\x1b[A"), None, None, None),
        "mc": (["mc", "-u", folder(tmp)], tmp, "result-0", (b"\x1bOB", b"\x1bOA"), b"\x16", b"\x1bOR", b"\x1b0"),
    }


def answer(t, keys, quiet=0.15):
    """The bytes that keys brought, until it is quiet, or for three seconds where a program paints by itself (htop)."""
    before, end = len(t.raw), time.monotonic() + 3
    t.send(keys)
    t.pump(2)
    while time.monotonic() < end and t.pump(quiet):
        pass
    return len(t.raw) - before


def times(t, moves, n=60):
    """ms from a key to the last byte that it brought."""
    out = []
    for k in range(n):
        began = last = time.monotonic()
        t.send(moves[k % 2])
        while t.pump(0.06) and time.monotonic() < began + 1:
            last = time.monotonic()
        out.append((last - began) * 1000)
    out.sort()
    return f"p50 {statistics.median(out):.1f} ms, p95 {out[int(0.95 * n) - 1]:.1f} ms"


def table_row(name, t, moves, page, opens, back):
    down, up = moves
    filled = sum(bool(line.strip()) for line in t.screen.display)
    if filled < 18:
        raise RuntimeError(f"{name}: {filled} rows are filled, which is no list to move in:\n{t.text()}")
    one = [answer(t, down) for _ in range(5)]
    answer(t, up * 5)
    many = answer(t, down * 14, quiet=2)
    answer(t, up * 14)
    speed = times(t, moves)
    turned = answer(t, page) if page else None
    opened = answer(t, opens) if opens else None
    if back:
        answer(t, back)
    before, end = len(t.raw), time.monotonic() + 20
    while time.monotonic() < end:
        t.pump(0.2)
    show = lambda n: "-" if n is None else str(n)
    say(f"{name}: move / 14 / page / open / idle", f"{statistics.median(one):.0f} / {many} / {show(turned)} / {show(opened)} / {len(t.raw) - before} B in 20 s",
        "<= 12 / 40 / 1,550 / 1,300 (1,800) / 0" if name == "wardline" else "")
    say(f"{name}: key to last byte", speed, "<= 1, <= 8 ms" if name == "wardline" else "")
    say(f"{name}: resident memory", f"{footprint.now(t.pid):.1f} MiB", "<= 14 MiB" if name == "wardline" else "")


def unlocked(home, env, term="vt100"):
    t = Term([ward.WARDLINE, "--home", home], term=term, quiet=0.15, env={**env, "TERM": term})
    t.wait("Passphrase:")
    t.send(ward.PASS + "\r")
    t.wait("kept here", 120)
    return t


def table(tmp):
    with ward.Ward(tmp, init=False) as w:
        tokens.load(w, 60, 6)
        w.cli("init", "--server", w.url)
        w.cli("sync")
        with unlocked(w.home, ward.environment()) as t:
            t.wait("synced ")
            table_row("wardline", t, (b"j", b"k"), b" ", b"\r", b"q")
    for name, (argv, where, text, *keys) in peers(tmp).items():
        if not shutil.which(argv[0]):
            print(f"skipped: {name} is not installed")
            continue
        home = os.path.join(tmp, "home-" + name)
        os.makedirs(os.path.join(home, "Mail"))  # mutt asks for it
        os.chdir(where)
        with Term(argv, term="vt100", quiet=0.15, env={"HOME": home, "LC_ALL": "C.UTF-8"}) as t:
            t.wait(text)
            table_row(name, t, *keys)
        os.chdir("/")


def spent(pid):
    """ms of CPU that its threads have had."""
    return sum(int(open(f"/proc/{pid}/task/{t}/schedstat").read().split()[0]) for t in os.listdir(f"/proc/{pid}/task")) / 1e6


def cost(t, keys, quiet=0.25, most=60):
    """ms from keys to the last byte that they brought, and of CPU, until it rests."""
    cpu, began = spent(t.pid), time.monotonic()
    last = began
    t.send(keys)
    t.pump(most)
    while True:
        last = time.monotonic()
        if not t.pump(quiet):
            return (last - began) * 1000, spent(t.pid) - cpu


def filtered(t, n):
    t.key("/")
    costs = []
    for _ in range(5):
        costs += [cost(t, letter) for letter in "mar"]
        t.key(b"\x15")
    t.key(b"\x07")
    ms, cpu = zip(*costs)
    say(f"filter keystroke, {n} patients", f"median {statistics.median(ms):.1f} ms, most {max(ms):.1f}; CPU {statistics.median(cpu):.1f}, {max(cpu):.1f}", "<= 15 ms")


def large(w, tmp):
    """Imports Synthea's largest chart; its family's name and how many resources it has. None: it is not here."""
    folder = ward.data("synthea/r4-3.3.0")
    if not folder:
        return None
    packed = max((os.path.join(folder, f) for f in os.listdir(folder)), key=os.path.getsize)
    path = os.path.join(tmp, "large.json")
    with gzip.open(packed) as f, open(path, "wb") as out:
        shutil.copyfileobj(f, out)
    before = kept(w)
    w.cli("import", path)
    os.unlink(path)
    return os.path.basename(packed).split("_")[1], kept(w) - before


def kept(w):
    return sum(w.json("status")["counts"].values())


def read_large(t, family, resources):
    what = f"chart of {resources} resources"
    t.key(f"/{family}\r")
    t.wait("1 match")
    with footprint.Peak(t.pid) as peak:
        t.key("\r", first=30)
        if "STOP" in t.row(1):
            t.key("1\r", first=30)
        t.wait("Cover", 60)
        t.key("q")
        steps = [("open", "\r"), ("results", "l"), ("their end", "G"), ("grid", "="), ("back", "q"), ("timeline", "y"), ("its end", "G"), ("back", "q")]
        for name, key in steps:
            ms, cpu = cost(t, key)
            if name != "back":
                say(f"{what}: {name}", f"{ms:.0f} ms, CPU {cpu:.0f} ms", "")
        say(f"{what}: key to last byte", times(t, (b"j", b"k")), "<= 1, <= 8 ms")
        t.key("/")
        began = time.monotonic()
        t.send("penicillin\r")
        t.wait("found", 120)
        say(f"{what}: search", f"{(time.monotonic() - began) * 1000:.0f} ms", "")
    say(f"{what}: memory, most", f"{peak.mib:.1f} MiB", "<= 24 MiB for 5,000")
    for _ in range(3):
        t.key("q")


def syncing(w, line, t, n):
    tokens.load(w, 1, 1500)  # a chart of 4,502 resources over a line that makes it last
    line("rate 60000 60000")
    t.send("S")
    t.wait("fetching")
    with footprint.Peak(t.pid) as peak:
        speed = times(t, (b"j", b"k"), 40)
    running = "fetching" in t.text()
    line("rate 0 0")
    if not running:
        raise RuntimeError("the sync had ended before the keys were measured")
    say(f"{n} patients, sync runs: key to last byte", speed, "<= 1, <= 8 ms")
    say(f"{n} patients, sync runs: memory", f"{peak.mib:.1f} MiB", "<= 64 MiB")


def load(tmp, n, charts):
    with ward.Ward(tmp, generate=n, charts=charts, init=False, quick=True) as w, Proxy(f"127.0.0.1:{w.url.split(':')[2].split('/')[0]}") as line:
        w.cli("init", "--server", f"http://127.0.0.1:{line.port}/fhir")
        began = time.monotonic()
        w.cli("sync")
        say(f"first sync of {n} patients", f"{time.monotonic() - began:.0f} s, {kept(w)} resources", "")
        chart = large(w, tmp)
        env = {**ward.environment(w.extra), "TERM": "vt100"}
        with Term([ward.WARDLINE, "--home", w.home], term="vt100", quiet=0.15, env=env) as t:
            t.wait("Passphrase:")
            began = time.monotonic()
            t.send(ward.PASS + "\r")
            while "kept here" not in t.text() and time.monotonic() < began + 120:
                t.pump(0.005)
            say(f"unlock to worklist, {n} patients", f"{(time.monotonic() - began) * 1000:.0f} ms with the least of a KDF", "<= 60 ms beyond it")
            t.wait("synced ", 300)
            say(f"{n} patients, idle: key to last byte", times(t, (b"j", b"k")), "<= 1, <= 8 ms")
            say(f"{n} patients, idle: memory", f"{footprint.now(t.pid):.1f} MiB", "<= 14 MiB")
            filtered(t, n)
            if chart:
                read_large(t, *chart)
            syncing(w, line, t, n)
            t.kill(15)
            t.end()
    if not chart:
        raise RuntimeError("the chart of 30,000 resources was not measured: data/synthea/r4-3.3.0 is not here")


def main():
    with tempfile.TemporaryDirectory() as tmp:
        if sys.argv[1:2] == ["--load"]:
            n, charts = (sys.argv[2:] + ["1000"])[:2]
            load(tmp, int(n), int(charts))
        else:
            table(tmp)


main()
