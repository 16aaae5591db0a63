#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two terminals and a cron sync on one profile, at random work, one of them killed at random: no edit that was acknowledged
is lost or there twice, and nobody is told of a database that is busy or a profile that is in use.

    crowd.py [--full] [--seconds N] [--seed N]      20 seconds; --full: ten minutes

One terminal is a full screen that moves, opens, syncs, locks and leaves; the other types commands; cron syncs, over a line
with a delay. What a command may say is a table (MAY) and everything else is a failure. Kills tests/mutants/owner-in-use-said.patch.
"""
import json, os, random, re, signal, sys, tempfile, threading, time

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, p) for p in ("tests", "tests/tools", "tests/ui")]
import ward
from proxy import Proxy

try:
    import harness
except SystemExit:  # no pyte: the other two still meet
    harness = None

# exit status -> words that must be in what is said. Stopped: a key at the screen did. Locked: the screen is. Ended: it was
# killed before it had answered.
MAY = {0: "", -9: "", 3: "stopped on request", 5: "the store is locked|ended before it had answered"}
NEVER = re.compile(r"SQLITE|database|in use|has this profile open|code: \d|bug|damaged", re.I)


def option(name, default):
    return int(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else default


class Crowd:
    def __init__(self, w, seconds, seed):
        self.w, self.end, self.random = w, time.monotonic() + seconds, random.Random(seed)
        self.lock, self.bad, self.procs, self.killed = threading.Lock(), [], {}, set()
        self.made, self.doubt, self.count = [], [], {}
        self.can_put = "put [" in w.cli("--help").stdout

    def wrong(self, what):
        with self.lock:
            self.bad.append(what)
            print("FAILED", what, flush=True)

    def note(self, what):
        with self.lock:
            self.count[what] = self.count.get(what, 0) + 1

    def living(self):
        return time.monotonic() < self.end

    def run(self, name, *args):
        """A command to its end, whoever ends it."""
        p = self.w.start(*args, cwd=self.w.tmp)
        with self.lock:
            self.procs[name] = p.pid
        try:
            out, err = p.communicate(timeout=120)
        except Exception:
            p.kill()
            self.wrong(f"{name} {args} never ends")
            return None
        with self.lock:
            self.procs.pop(name, None)
            killed = p.pid in self.killed
        code = p.returncode
        if code not in MAY or (code == -9 and not killed) or not re.search(MAY[code], err) or NEVER.search(err) or err.count("\n") > 1:
            self.wrong(f"{name} {args}: exit {code}, {err!r}, {out[-200:]!r}")
        self.note(f"{args[0]}: {'killed' if killed else code}")
        return code, out, err

    # --- who is there -------------------------------------------------------------------------

    def commands(self, name, seed):
        rnd, n = random.Random(seed), 0
        while self.living():
            n += 1
            what = rnd.choice(("list", "show", "get", "status", "import", "import", "put", "put", "export", "doctor"))
            if what == "import":
                self.load(name, f"{name}{n}")
            elif what == "put":
                self.edit(name, f"{name}{n}")
            elif what == "export":
                self.run(name, "export", f"{name}{n}.out")
            else:
                self.run(name, *{"list": ("list", "--json"), "show": ("show", "p000001"), "get": ("get", "Patient/p000002"), "status": ("status",),
                                 "doctor": ("list",)}[what])
            time.sleep(rnd.random() * 0.2)

    def load(self, name, rid):
        """Ten resources from a file: acknowledged, they stay."""
        ids = [f"{rid}.{i}" for i in range(10)]
        with open(os.path.join(self.w.tmp, rid + ".ndjson"), "w") as f:
            f.writelines('{"resourceType":"Patient","id":"%s","name":[{"family":"Crowd"}]}\n' % i for i in ids)
        r = self.run(name, "import", rid + ".ndjson")
        if r and r[0] == 0:
            if "10 resources read, 10 new" not in r[1] and "10 resources read, " not in r[1]:
                self.wrong(f"import says {r[1]!r}")
            self.made += [f"Patient/file:{i}" for i in ids]

    def edit(self, name, rid):
        if not self.can_put:
            return
        with open(os.path.join(self.w.tmp, rid + ".json"), "w") as f:
            json.dump({"resourceType": "Observation", "status": "final", "code": {"text": rid}, "subject": {"reference": "Patient/p000001"}}, f)
        r = self.run(name, "put", rid + ".json")
        if r and r[0] == 0:
            self.made.append(("op", r[1].strip(), rid))
        elif r:
            self.doubt.append(rid)

    def cron(self, seed):
        rnd = random.Random(seed)
        while self.living():
            self.run("cron", "sync")
            time.sleep(rnd.random())

    def screen(self, seed):
        rnd = random.Random(seed)
        while self.living() and harness:
            with harness.Term([ward.WARDLINE, "--home", self.w.home], env=ward.environment(self.w.extra)) as t:
                with self.lock:
                    self.procs["screen"] = t.pid
                try:
                    self.sit_at(t, rnd)
                except (AssertionError, OSError) as e:
                    with self.lock:
                        killed = t.pid in self.killed
                    if not killed:
                        self.wrong(f"the screen: {e}")
                with self.lock:
                    self.procs.pop("screen", None)
                try:
                    os.kill(t.pid, signal.SIGKILL)
                except OSError:
                    pass
            self.note("screen: a sitting")

    def sit_at(self, t, rnd):
        t.wait("locked")
        until = min(self.end, time.monotonic() + 2 + rnd.random() * 6)
        opened = False
        while time.monotonic() < until and t.fd >= 0:
            if not opened:
                time.sleep(rnd.random())
                t.send(ward.PASS + "\r")
                for _ in range(200):
                    t.pump(0.1)
                    if "kept here" in t.text() or t.fd < 0:
                        break
                    if "Press Enter again" in t.text():  # it closes still what it had
                        t.send(ward.PASS + "\r")
                opened = t.fd >= 0
                if opened and "kept here" not in t.text():
                    raise AssertionError("it does not open:\n" + t.text())
            t.send(rnd.choice(("j", "k", "\r", "q", "s", "n", " ", "m", "\x03" if rnd.random() < 0.2 else "s", "L" if rnd.random() < 0.2 else "j")) if "Really" not in t.text() else "n")
            t.pump(0.1 + rnd.random() * 0.3)
            if NEVER.search(t.text().replace("in use", "")):
                raise AssertionError("it says:\n" + t.text())
            opened = not t.row(1).startswith("wardline - locked")
            if "Leave" in t.text() or "(y" in t.text():
                t.send("n")

    def killer(self, seed):
        rnd = random.Random(seed)
        while self.living():
            time.sleep(0.3 + rnd.random() * 2)
            with self.lock:
                if not self.procs:
                    continue
                pid = self.procs[rnd.choice(sorted(self.procs))]
                self.killed.add(pid)
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass

    # --- and then ------------------------------------------------------------------------------

    def judge(self):
        p = self.w.cli("doctor", "--json", check=False)
        verdicts = {f["id"]: f for f in json.loads(p.stdout)}
        for what in ("store", "superblocks"):
            if verdicts[what]["verdict"] != "OK":
                self.wrong(f"doctor: {verdicts[what]}")
        self.w.cli("export", "last", "--patient", "file:none", check=False)
        rows = {p["id"] for p in self.w.json("list", "Crowd")}
        for m in self.made:
            if isinstance(m, str) and m.split("/")[1] not in rows:
                self.wrong(f"{m} was acknowledged and is not there")
        if self.can_put:
            self.judge_edits()
        counts = self.w.json("status")["counts"]
        if counts["Patient"] != len(self.w.json("list")):
            self.wrong(f"{counts['Patient']} patients are counted, {len(self.w.json('list'))} listed")

    def judge_edits(self):
        """Each edit that was acknowledged is there once: on the server, or in the queue."""
        for _ in range(3):
            self.w.cli("sync", check=False)
        out = os.path.join(self.w.tmp, "last.out")
        self.w.cli("export", out)
        texts = [json.loads(l)["code"].get("text") for l in open(os.path.join(out, "Observation.ndjson"))]
        for m in self.made:
            if not isinstance(m, str) and texts.count(m[2]) != 1:
                self.wrong(f"the edit {m} was acknowledged and is there {texts.count(m[2])} times")
        for rid in self.doubt:
            if texts.count(rid) > 1:
                self.wrong(f"the edit {rid} is there {texts.count(rid)} times")


def main():
    seconds = option("--seconds", 600 if "--full" in sys.argv else 20)
    seed = option("--seed", random.SystemRandom().randrange(10**6))
    print(f"seed {seed}, {seconds} s", "" if harness else "; skipped: the full screen, pyte is not installed", flush=True)
    with tempfile.TemporaryDirectory() as tmp:
        with ward.Ward(tmp, generate=12, charts=3, init=False, quick=True) as w:
            with Proxy(f"127.0.0.1:{int(re.search(r':([0-9]+)/', w.url)[1])}", "--rtt", "100") as line:
                w.url = f"http://127.0.0.1:{line.port}/fhir"
                w.cli("init", "--server", w.url, "--demo")
                w.cli("sync")
                c = Crowd(w, seconds, seed)
                threads = [threading.Thread(target=f, args=a) for f, a in ((c.commands, ("typist", seed + 1)), (c.cron, (seed + 2,)), (c.screen, (seed + 3,)),
                                                                          (c.killer, (seed + 4,)))]
                for t in threads:
                    t.start()
                for t in threads:
                    t.join()
                c.judge()
                print(f"{len(c.killed)} killed; {len(c.made)} acknowledged; " + ", ".join(f"{k} x{n}" for k, n in sorted(c.count.items())))
                if c.bad:
                    sys.exit(f"{len(c.bad)} wrong, seed {seed}")


main()
