# SPDX-License-Identifier: GPL-3.0-or-later
"""A ward for tests: wardline-demo on a free loopback port and a profile that has synced from it.

    with ward.Ward(tmp, generate=20, charts=5) as w:
        w.cli("show", "p1"); w.json("list"); w.post("bundle.json"); w.stop_server()
"""
import json, os, pty, re, select, signal, subprocess, sys, time, urllib.request

from verdict import enough  # ward.enough

BUILD = os.path.abspath(os.environ.get("top_builddir", "."))
TOP = os.path.abspath(os.environ.get("top_srcdir", "."))
WARDLINE = os.path.join(BUILD, "wardline")
DEMO = os.path.join(BUILD, "wardline-demo")
PULLER = os.path.join(BUILD, "tests/sync/puller")
QUICK_KDF = os.path.join(BUILD, "tests/tools/quick_kdf.so")
PASS = "correct horse"


def data(sub):
    """A path under $WARDLINE_DATA or ../shared/data, or None (the caller says 'skipped' aloud)."""
    base = os.environ.get("WARDLINE_DATA") or os.path.join(TOP, "../shared/data")
    path = os.path.join(base, sub)
    return path if os.path.exists(path) else None


def environment(extra=None):
    env = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "WARDLINE_FAULT", "ASAN_OPTIONS", "UBSAN_OPTIONS")}
    env.update(LANG="C.UTF-8", LC_ALL="C.UTF-8", TZ="UTC0", TERM="xterm")
    env.update(extra or {})
    return env


def quick_kdf():
    """What makes unlocking cheap, for scripts that do it a hundred times. Such a profile opens in no other way."""
    order = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    return {"LD_PRELOAD": QUICK_KDF, "ASAN_OPTIONS": order.lstrip(":")} if os.path.exists(QUICK_KDF) else {}


def person(pid, family, given, birth="1958-11-06", **more):
    return {"resourceType": "Patient", "id": pid, "gender": "female", "birthDate": birth, "identifier": [{"system": "urn:ids", "value": pid}],
            "name": [{"use": "official", "family": family, "given": [given]}], **more}


class Ward:
    """quick: the commands unlock with the least work (tests/tools/quick_kdf.c). tour: a demo profile's first screen begins the tour."""

    def __init__(self, tmp, generate=0, charts=0, seed=1, today="2026-11-23", sync=True, init=True, url=None, demo=True, quick=False, tour=False, ways=None):
        self.tmp, self.server, self.url, self.tour, self.ways = tmp, None, url, tour, ways
        self.extra = quick_kdf() if quick else {}
        self.home = os.path.join(tmp, "home")
        if not url:
            self.start_server(generate, charts, seed, today)
        if init:
            self.cli("init", "--server", self.url, *(["--demo"] if demo else []))
            if sync:
                self.cli("sync")

    def start_server(self, generate=0, charts=0, seed=1, today="2026-11-23", port=0):
        out = os.path.join(self.tmp, "server.out")
        cmd = [DEMO, "--port", str(port)]
        if generate:
            cmd += ["--generate", str(generate), "--charts", str(charts), "--seed", str(seed), "--today", today]
        if self.ways:
            cmd += ["--ways", self.ways]
        with open(out, "w") as f:
            self.server = subprocess.Popen(cmd, stdout=f, stderr=subprocess.STDOUT)
        for _ in range(2400):  # 100,000 patients with 1,000 charts take a loaded machine half a minute
            m = re.search(r"wardline-demo: (http:\S+?),", open(out).read())
            if m:
                self.url = m.group(1)
                return
            if self.server.poll() is not None:
                sys.exit("wardline-demo did not start: " + open(out).read())
            time.sleep(0.05)
        sys.exit("wardline-demo does not answer")

    def quick(self, home=None):
        """Instead of init: a profile whose passphrase costs the least that is allowed, for tests that run the program
        hundreds of times."""
        self.home = home or self.home
        if not os.path.exists(PULLER):  # built without CUnit
            return self.cli("init", "--server", self.url)
        subprocess.run([PULLER, "make", self.home], check=True)
        for name, value in (("server", self.url), ("scope", "all"), ("auth", "none")):
            self.set(name, value)

    def set(self, name, value):
        """A setting of the profile, behind the program's back: a scope, a mark, a time."""
        subprocess.run([PULLER, "set", self.home, name, str(value)], check=True)

    def setting(self, name):
        return subprocess.run([PULLER, "get", self.home, name], capture_output=True, text=True).stdout

    def stop_server(self):
        if self.server:
            # A test that stopped it may have failed meanwhile. First, for behind SIGTERM it would undo the SIGSTOP by which the
            # leak checker, at the end of a build with sanitizers, holds the threads that it reads, and that would wait for ever.
            self.server.send_signal(signal.SIGCONT)
            self.server.send_signal(signal.SIGTERM)
            self.server.wait()
            self.server = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop_server()

    def cli(self, *args, env=None, check=True, passphrase=PASS, text=True, home=None, **kw):
        """Runs a command of wardline with the passphrase on a descriptor of its own."""
        if "input" not in kw:
            kw["stdin"] = subprocess.DEVNULL
        r, w = os.pipe()
        os.write(w, passphrase.encode() + b"\n")
        os.close(w)
        try:
            p = subprocess.run([WARDLINE, "--home", home or self.home, "--passphrase-fd", str(r), *args], capture_output=True, text=text,
                               pass_fds=[r], env=environment({**self.extra, **(env or {})}), **kw)
        finally:
            os.close(r)
        if args[:1] == ("init",) and "--demo" in args and not self.tour and not p.returncode:
            open(os.path.join(home or self.home, "tour.seen"), "w").close()  # its lines are tested in tests/ui/ways.py
        if check and p.returncode:
            sys.exit(f"wardline {' '.join(args)}: exit {p.returncode}: {p.stderr}")
        return p

    def on_terminal(self, args, answers, home=None):
        """Runs a command on a terminal of its own; answers: what it asks and what is typed then, in order. (exit code, what was
        on the screen)."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(WARDLINE, [WARDLINE, "--home", home or self.home, *args], environment(self.extra))
        screen, status = "", None
        try:
            for prompt, answer in [*answers, (None, None)]:
                part, end = "", time.monotonic() + 60
                while prompt is None or prompt not in part:
                    if not select.select([fd], [], [], max(0, end - time.monotonic()))[0]:
                        break
                    try:
                        got = os.read(fd, 4096).decode("utf-8", "replace")
                    except OSError:
                        got = ""
                    if not got:
                        break
                    part += got
                screen += part
                if prompt is not None:
                    os.write(fd, answer.encode() + b"\n")
        finally:
            os.close(fd)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return status, screen

    def kept(self, what):
        """What the store keeps of who looked ("rows") and of edits ("ops"): tests/tools/trail.c."""
        p = subprocess.run([os.path.join(BUILD, "tests/tools/trail"), what, self.home], input=PASS + "\n", capture_output=True, text=True, env=environment(self.extra))
        if p.returncode:
            sys.exit(f"trail {what}: {p.stderr}")
        return [json.loads(line) for line in p.stdout.splitlines()]

    def start(self, *args, env=None, passphrase=PASS, home=None, stdout=subprocess.PIPE, **kw):
        """As cli, but it goes on while the test does."""
        r, w = os.pipe()
        if passphrase is not None:
            os.write(w, passphrase.encode() + b"\n")
        os.close(w)
        try:
            return subprocess.Popen([WARDLINE, "--home", home or self.home, *(["--passphrase-fd", str(r)] if passphrase is not None else []), *args],
                                    text=True, pass_fds=[r], env=environment({**self.extra, **(env or {})}), stdin=subprocess.DEVNULL, stdout=stdout,
                                    stderr=subprocess.PIPE, **kw)
        finally:
            os.close(r)

    def json(self, *args, **kw):
        return json.loads(self.cli(*args, "--json", **kw).stdout)

    def post(self, path):
        """A transaction Bundle from a file to the server's base."""
        with open(path, "rb") as f:
            q = urllib.request.Request(self.url, f.read(), {"Content-Type": "application/fhir+json"}, method="POST")
        with urllib.request.urlopen(q) as a:
            return json.load(a)

    def put(self, *resources):
        """Each by its own id, in one transaction. A string "@5.10" is the number 5.10, its zeros kept."""
        entries = [{"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}} for r in resources]
        text = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}, ensure_ascii=False)
        path = os.path.join(self.tmp, "put.json")
        with open(path, "w", encoding="utf-8") as f:
            f.write(re.sub(r'"@(-?[0-9][0-9.eE+-]*)"', r"\1", text))
        self.post(path)

    def screens(self, env=None):
        """(name, text) of the screens of a short session, when pyte is there."""
        sys.path.insert(0, os.path.join(TOP, "tests", "ui"))
        try:
            import harness
        except SystemExit:
            return
        with harness.Term([WARDLINE, "--home", self.home], env=environment(env)) as t:
            t.settle(first=20)
            yield "lock", t.text()
            t.send(PASS + "\r")
            for _ in range(200):
                t.pump(0.3)
                if "60 " in t.text() or "(" in t.row(4):
                    break
            t.settle(quiet=2, first=3)
            yield "worklist", t.text()
            for keys, name in (("?", "help"), ("q", "worklist again"), ("/zzqq\r", "empty search"), ("/\x15\r", "list"), ("\r", "chart"), ("m", "medicines"), ("l", "results"),
                               ("\r", "detail"), ("?", "help of detail")):
                t.key(keys)
                yield name, t.text()
