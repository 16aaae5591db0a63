#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One process owns a profile, the others ask it: through a full screen, a command that lasts, one that is locked, killed,
stopped; with hostile peers at either end of the socket. What is said through an owner is what is said without one.

No test here says how long a thing takes, but that one which does not answer is named, and one that says nothing dropped.

Kills tests/mutants: owner-proof-unasked, owner-answers-when-locked, owner-folder-its-own, owner-reads-its-own,
owner-keeps-the-home, owner-stop-is-bad-input, owner-characters-its-own, owner-stale-is-refused.
"""
import array, contextlib, fcntl, json, os, re, signal, socket, struct, subprocess, sys, tempfile, time

TOP = os.environ.get("top_srcdir", ".")
sys.path[:0] = [os.path.join(TOP, p) for p in ("tests", "tests/tools", "tests/ui")]
import ward
from proxy import Proxy
from verdict import check, conclude

try:
    import pyte
except ImportError:
    pyte = None


def told(p):
    return f"exit {p.returncode}, {p.stdout[-300:]!r}, {p.stderr[-300:]!r}"


def until(what, ready, seconds=120):
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            check(what, False, "never came")
            return False
        time.sleep(0.02)
    return True


def writes(pid, fd):
    with open(f"/proc/{pid}/fdinfo/{fd}") as f:
        return int(re.search(r"flags:\s*(\d+)", f.read())[1], 8) & os.O_ACCMODE == os.O_RDWR


def owners(home):
    """The processes that have the store open to write; who unlocks it reads its head, and owns nothing."""
    store = os.path.join(home, "store.wdb")

    def holds(pid):
        try:
            return any(os.readlink(f"/proc/{pid}/fd/{fd}") == store and writes(pid, fd) for fd in os.listdir(f"/proc/{pid}/fd"))
        except OSError:
            return False
    found = [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and holds(pid)]
    # One may have let go before the other was looked at; who held it before and behind that held it beside the other.
    return found if len(found) < 2 else [pid for pid in found if holds(pid)]


def threads(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def settled(pid):
    """How many threads it has where nobody is served: the last asker's may take a moment to go."""
    seen = [threads(pid)] * 2

    def rests():
        seen.append(threads(pid))
        return len(seen) > 25 and len(set(seen[-26:])) == 1
    until("its threads settle", rests)
    return seen[-1]


def ended(p, seconds=120):
    try:
        out, err = p.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        p.kill()
        out, err = p.communicate()
        check("it ends", False, p.args)
    return subprocess.CompletedProcess(p.args, p.returncode, out, err)


class Screen:
    """A full screen on a terminal, unlocked."""

    def __init__(self, w):
        import harness
        self.t = harness.Term([ward.WARDLINE, "--home", w.home], env=ward.environment(w.extra))
        self.t.wait("locked")
        self.unlock()
        self.pid = self.t.pid

    def unlock(self):
        self.t.send(ward.PASS + "\r")
        self.t.wait("kept here")
        self.t.wait("next")  # the sync of the unlocking is over

    def __enter__(self):
        self.t.__enter__()
        return self

    def __exit__(self, *x):
        return self.t.__exit__(*x)


class Watch:
    """A command that lasts: it waits for its next sync."""

    def __init__(self, w):
        self.p = w.start("sync", "--watch")
        self.pid = self.p.pid
        until("the socket", lambda: os.path.exists(os.path.join(w.home, "owner.sock")) and owners(w.home) == [self.pid])
        w.cli("sync")  # behind its own

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.p.poll() is None:
            self.p.kill()
        self.p.communicate()


def steady(text):
    """Without what differs from moment to moment."""
    return re.sub(r'"(storeBytes|lastSync|wire|room)":("[^"]*"|\d+|\{[^}]*\})|store: \d+ bytes|as of \d\d-\w+ \d\d:\d\d|(last complete sync|traffic of).*|OK    (clock|store|room on the disk):.*|bytes up.*', "", text)


def everything(w, out):
    """What each verb says, by its words."""
    patients = w.json("list")
    pid = patients[0]["id"]
    said = {}
    for args in (["list"], ["list", "--json"], ["list", patients[1]["name"].split(",")[0]], ["show", pid], ["show", pid, "--json"], ["show", pid, "medicines"],
                 ["show", "no-such"], ["show", pid, "no-such-section"], ["get", f"Patient/{pid}"], ["get", "Patient/no-such"], ["get", "../x"], ["get"], ["list", "--nope"],
                 ["status"], ["status", "--json"], ["sync"], ["sync", "--json"], ["sync", "extra"], ["import", "no-such-file"], ["export", out], ["export", out]):
        p = w.cli(*args, check=False, cwd=w.tmp)
        said[" ".join(args).replace(out, "OUT")] = (p.returncode, steady(p.stdout), p.stderr.replace(out, "OUT"))
    folder = os.path.join(w.tmp, out)
    said["files"] = {f: open(os.path.join(folder, f), "rb").read() for f in sorted(os.listdir(folder))}
    return said


def the_same(what, got, want):
    for key in want:
        check(f"{what}: {key}", got[key] == want[key], f"{str(got[key])[:300]} is not {str(want[key])[:300]}")


def findings(w):
    return {f["id"]: f["verdict"] for f in w.json("doctor", check=False)}


def spanish(w):
    return w.cli("get", "Patient/no-such", check=False, env={"LANGUAGE": "es"}).stderr


def on_a_terminal(w, characters, *args):
    """What a command puts on a terminal."""
    r, x = os.pipe()
    os.write(x, ward.PASS.encode() + b"\n")
    os.close(x)
    os.set_inheritable(r, True)
    pid, fd = os.forkpty()
    if not pid:
        os.execve(ward.WARDLINE, [ward.WARDLINE, "--home", w.home, "--passphrase-fd", str(r), *args],
                  ward.environment({**w.extra, "LC_ALL": characters, "TERM": "dumb"}))
    os.close(r)
    said = b""
    while True:
        try:
            piece = os.read(fd, 65536)
        except OSError:
            break
        if not piece:
            break
        said += piece
    os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), steady(said.decode("utf-8", "surrogateescape"))


def terminals(w):
    """A terminal of few characters, one of all; and bytes that would drive it."""
    pid = w.json("list")[0]["id"]
    return [on_a_terminal(w, characters, *args) for characters in ("C", "C.UTF-8") for args in (["list"], ["get", f"Patient/{pid}"], ["show", pid, "problems"])]


def through(w):
    """(a), (b): what is said through an owner is what is said without one."""
    makers = [("a command that lasts", Watch)] + ([("a full screen", Screen)] if pyte else [])
    if not pyte:
        print("skipped: pyte is not installed; no full screen here")
    for n, (what, make) in enumerate(makers):
        want, doctor, apart = everything(w, f"alone{n}"), findings(w), spanish(w)
        glass = terminals(w)
        check("terminals differ", glass[0] != glass[3] and glass[0][1].isascii() and "DEMO" in glass[0][1], glass[0])
        with make(w) as o:
            check(f"{what} owns it", owners(w.home) == [o.pid], f"{owners(w.home)} {o.pid}")
            the_same(what, everything(w, f"through{n}"), want)
            check(f"{what}: doctor", findings(w) == doctor, str(findings(w)))
            check(f"{what} owns it still", owners(w.home) == [o.pid], owners(w.home))
            for n_of, (got, was) in enumerate(zip(terminals(w), glass)):
                check(f"{what}: what a terminal can show is the asker's ({n_of})", got == was, f"{got[0]} {got[1][:900]!r} is not {was[0]} {was[1][:900]!r}")
            files(w, what, n)
            counts(w, what, o.pid)
            check(f"{what}: errors are in the asker's language", spanish(w) == apart and "wardline" in apart, spanish(w))
            strangers(w, what, o.pid)


def files(w, what, n):
    """File names are the asker's, from where it stands; no name reaches a file of the owner's own."""
    there = os.path.join(w.tmp, f"there{n}")
    os.mkdir(there)
    name = f"f{n}.ndjson"
    with open(os.path.join(there, name), "w") as f:
        f.write('{"resourceType":"Patient","id":"n%d"}\n' % n)
    p = w.cli("import", name, check=False, cwd=there)
    check(f"{what}: import from where the asker stands", p.returncode == 0 and "1 resources read, 1 new" in p.stdout, told(p))
    check(f"{what}: it is there", w.cli("get", f"Patient/file:n{n}").stdout.strip() == '{"resourceType":"Patient","id":"n%d"}' % n)
    p = w.cli("export", "out", "--patient", f"file:n{n}", check=False, cwd=there)
    check(f"{what}: export to where the asker stands", p.returncode == 0 and os.listdir(os.path.join(there, "out")) == ["Patient.ndjson"], told(p))
    os.symlink("/proc/self/fd/0", os.path.join(there, "link"))
    for odd in ("/proc/self/fd/0", "/dev/fd/0", "link", "/dev/tty"):
        p = w.cli("import", odd, check=False, cwd=there)
        check(f"{what}: {odd} is no file of the owner's", p.returncode == 2 and p.stderr.count("\n") == 1, told(p))


def counts(w, what, pid):
    """Without the passphrase: counts, and nothing else."""
    def no_passphrase(*args):
        return ended(w.start(*args, passphrase=None, start_new_session=True))
    p = no_passphrase("status")
    check(f"{what}: status without the passphrase", p.returncode == 0 and f"open in process {pid}" in p.stdout and "Patient 1" in p.stdout and
          "http" not in p.stdout, told(p))
    got = json.loads(no_passphrase("status", "--json").stdout)
    check(f"{what}: the same as JSON", set(got) == {"locked", "pid", "counts", "queue"} and got["locked"] is False, str(got))
    for verb in (["list"], ["get", "Patient/x"], ["sync"], ["export", "x"]):
        p = no_passphrase(*verb)
        check(f"{what}: {verb} without the passphrase", p.returncode == 1 and not p.stdout, told(p))
    p = w.cli("list", passphrase="wrong", check=False)
    check(f"{what}: a wrong passphrase", p.returncode == 5 and "passphrase" in p.stderr and not p.stdout, told(p))


# --- by hand ---------------------------------------------------------------------------------------

def knock(home):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(30)
    s.connect(os.path.join(home, "owner.sock"))
    return s, s.recv(4096)


def ask(s, packet, fds=None):
    null = os.open("/dev/null", os.O_RDONLY)
    try:
        s.sendmsg([packet], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds if fds is not None else [null, null]))])
    finally:
        os.close(null)


def answers(s):
    got = []
    while True:
        try:
            m = s.recv(65536)
        except OSError as e:
            return got + [repr(e)]
        if not m:
            return got
        if m[:1] != b"k":
            got.append(m)


def strangers(w, what, pid):
    """Peers that are not wardline: nothing is told to them, and nothing of them stays."""
    before = len(os.listdir(f"/proc/{pid}/fd")), threads(pid)
    s, hello = knock(w.home)
    check(f"{what}: the greeting", hello[:9] == b"wl-own-1\x01" and len(hello) == 41, hello)
    ask(s, b"wl-ask-1" + bytes(32) + b"\x01C\0list\0")
    got = answers(s)
    check(f"{what}: a proof of zeros", len(got) == 1 and got[0][:2] == b"r\x05" and b"ERR_PASSPHRASE" in got[0], got)
    s, hello = knock(w.home)
    ask(s, b"wl-ask-1" + bytes(32) + b"\x00C\0list\0")  # says that it has none
    got = answers(s)
    check(f"{what}: no proof, no list", len(got) == 1 and b"ERR_PASSPHRASE" in got[0], got)
    for packet in (b"", b"x", b"wl-ask-1", b"wl-ask-1" + bytes(32) + b"\x01list", b"wl-ask-1" + bytes(32) + b"\xffC\0status\0", b"wl-ask-1" + bytes(32) + b"\x00C\0", b"wl-ask-1" + bytes(32) + b"\x00"):
        s, hello = knock(w.home)
        if packet:
            ask(s, packet)
            got = answers(s)
            check(f"{what}: {packet[:12]} is no request", len(got) <= 1 and all(g[:1] == b"r" and g[1] for g in got), got)
        else:
            check(f"{what}: who says nothing is dropped", answers(s) == [], "")
    many = []
    for _ in range(60):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.setblocking(False)
        try:
            s.connect(os.path.join(w.home, "owner.sock"))
        except OSError:
            pass
        many.append(s)
    check(f"{what}: sixty who say nothing keep nobody out", w.cli("list", check=False).returncode == 0)
    for s in many:
        s.close()
    until(f"{what}: nothing of them stays", lambda: len(os.listdir(f"/proc/{pid}/fd")) <= before[0] and threads(pid) <= before[1])


class Recorder:
    """Something that owns the home and listens, but is no wardline: what does an asker tell it?"""

    def __init__(self, home, answer):
        self.lock = os.open(os.path.join(home, "store.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.fcntl(self.lock, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 1, 0))  # F_OFD_SETLK
        self.path = os.path.join(home, "owner.sock")
        self.s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.s.bind(self.path)
        self.s.listen(8)
        self.answer = answer

    def one(self, p):
        """Greets p, gives what it asked, and answers."""
        self.s.settimeout(30)
        c, _ = self.s.accept()
        self.challenge = os.urandom(32)
        c.send(b"wl-own-1\x01" + self.challenge)
        packet, extra, _, _ = c.recvmsg(200000, 4096)
        for _, _, data in extra:
            for fd in array.array("i", data):
                os.close(fd)
        for a in self.answer:
            c.send(a)
        c.close()
        return packet, ended(p)

    def close(self):
        self.s.close()
        os.unlink(self.path)
        os.close(self.lock)


def overheard(w):
    """No passphrase passes the socket; what passes does not serve a second time."""
    r = Recorder(w.home, [b"r\0\0" + bytes(16) + b"\0"])
    packets = []
    for _ in range(2):
        packet, p = r.one(w.start("list", "smith"))
        check("an asker takes an answer", p.returncode == 0 and p.stdout == "", told(p))
        check("no passphrase passes", ward.PASS.encode() not in packet and b"list\0smith\0" in packet, packet)
        packets.append(packet)
    check("each proof is for its challenge", packets[0][8:40] != packets[1][8:40] and packets[0][40:] == packets[1][40:])
    for answer, status in (([b"z"], 70), ([b"r"], 70), ([b"r\x02\x00" + bytes(16) + b"ERR_NOTFOUND\0Patient/x"], 2),
                           ([b"r\x09\x00" + bytes(16) + b"ERR_OF_TOMORROW\0"], 70), ([b"olist", b"ewords", b"r\0\0" + bytes(16) + b"\0"], 0)):
        r.answer = answer
        packet, p = r.one(w.start("list"))
        check(f"an asker that hears {answer}", p.returncode == status and p.stderr.count("\n") <= 1, told(p))
    check("what the owner says is written", p.stdout == "list" and p.stderr == "words", told(p))
    r.answer = []  # it ends before it has answered: whether an export was made nobody knows
    packet, p = r.one(w.start("export", "nowhere", cwd=w.tmp))
    check("an owner that ends is told of", p.returncode == 5 and "ended before it had answered" in p.stderr, told(p))
    r.close()
    with Watch(w):
        s, hello = knock(w.home)
        ask(s, packets[0])
        got = answers(s)
        check("what was overheard serves nobody", len(got) == 1 and b"ERR_PASSPHRASE" in got[0], got)


# --- owners that come and go ----------------------------------------------------------------------

def locked(w):
    """(c) A screen that is locked owns the profile and says so."""
    if not pyte:
        return
    with Screen(w) as o:
        o.t.send("L")
        o.t.wait("locked")
        until("the store is closed", lambda: owners(w.home) == [])
        for args in (["list"], ["show", "x"], ["get", "Patient/x"], ["status"], ["sync"], ["export", "no"], ["import", "x"], ["doctor"]):
            p = w.cli(*args, check=False, cwd=w.tmp)
            check(f"locked: {args}", p.returncode == 5 and "locked" in p.stderr and p.stderr.count("\n") == 1 and not p.stdout, told(p))
        p = ended(w.start("status", passphrase=None, start_new_session=True))
        check("locked: also without the passphrase", p.returncode == 5 and "locked" in p.stderr, told(p))
        s, hello = knock(w.home)
        check("locked: the greeting says so", hello[8:9] == b"\0", hello)
        ask(s, b"wl-ask-1" + bytes(32) + b"\x00C\0status\0")
        got = answers(s)
        check("locked: not even counts", len(got) == 1 and b"ERR_LOCKED" in got[0], got)
        o.unlock()
        check("unlocked again", w.cli("list", check=False).returncode == 0)
        second = Screen.__new__(Screen)
        import harness
        with harness.Term([ward.WARDLINE, "--home", w.home], env=ward.environment(w.extra)) as t:
            t.wait("locked")
            t.send(ward.PASS + "\r")
            t.wait(f"its pid is: {o.pid}")
        os.kill(o.pid, signal.SIGKILL)
    check("killed: the next one owns it", w.cli("list", check=False).returncode == 0)


def given_up(w, slow):
    """A command of a schedule gives the home to a screen that is unlocked; its sync is the screen's then."""
    if not pyte:
        return
    slow("hang")
    cron = w.start("sync")
    until("it owns", lambda: owners(w.home) == [cron.pid])
    import harness
    with harness.Term([ward.WARDLINE, "--home", w.home], env=ward.environment(w.extra)) as t:
        t.wait("locked")
        t.send(ward.PASS + "\r")
        t.wait("kept here")
        check("the screen owns it now", owners(w.home) == [t.pid], f"{owners(w.home)} {t.pid}")
        check("the command waits", cron.poll() is None)
        slow("flow")
        p = ended(cron, 60)
        check("its sync was the screen's", p.returncode == 0 and "new or changed resources" in p.stdout, told(p))
        guest = w.start("sync", "--watch")
        time.sleep(0.5)
        slow("hang")
        other = w.start("sync")
        time.sleep(0.5)
        t.send("L")
        t.wait("locked")
        slow("flow")
        for p in (ended(other), ended(guest)):
            check("locked meanwhile", p.returncode == 5 and "locked" in p.stderr, told(p))
        until("closed", lambda: owners(w.home) == [])


def stale(w, slow):
    """REQ: a command that gave the home up, for a store that was rotated before it asked the new owner, is not told that its
    passphrase is wrong: it is asked for again, or said what happened where it cannot be. Kills
    tests/mutants/owner-rotated-not-asked.patch."""
    if not pyte:
        return
    import harness
    for words, status, says, owner in ((ward.PASS + "\n" + ward.PASS, 0, "", contextlib.nullcontext), (ward.PASS, 5, "sealed anew", lambda: Watch(w))):
        slow("hang")
        cron = w.start("sync", passphrase=words)
        until("it owns", lambda: owners(w.home) == [cron.pid])
        with harness.Term([ward.WARDLINE, "--home", w.home], env=ward.environment(w.extra)) as t:
            t.wait("locked")
            t.send(ward.PASS + "\r")
            until("the screen owns it", lambda: owners(w.home) == [t.pid])
            os.kill(cron.pid, signal.SIGSTOP)
        slow("flow")
        until("closed", lambda: owners(w.home) == [])
        w.cli("key", "rotate")
        with owner():
            os.kill(cron.pid, signal.SIGCONT)
            p = ended(cron, 60)
        check(f"{words.count(ward.PASS)} times its passphrase", p.returncode == status and says in p.stderr and "passphrase is wrong" not in p.stderr, told(p))


def silent(w):
    """(e) An owner that is stopped is named, before and while it answers."""
    with Watch(w) as o:
        os.kill(o.pid, signal.SIGSTOP)
        p = w.cli("list", check=False)
        check("a stopped owner is named", p.returncode == 5 and f"holds the store: {o.pid};" in p.stderr and not p.stdout, told(p))
        p = ended(w.start("status", passphrase=None, start_new_session=True))
        check("also without the passphrase", p.returncode == 5 and f": {o.pid};" in p.stderr, told(p))
        os.kill(o.pid, signal.SIGCONT)
        check("woken, it answers", w.cli("list", check=False).returncode == 0)
        guest = w.start("sync", "--watch")
        time.sleep(1)
        os.kill(o.pid, signal.SIGSTOP)
        p = ended(guest)
        check("stopped while it answers", p.returncode == 5 and f": {o.pid};" in p.stderr, told(p))
        os.kill(o.pid, signal.SIGCONT)


def killed(w):
    """(d), (f) Of many that wait, one and only one takes over; nobody is told of it."""
    watchers = [w.start("sync", "--watch") for _ in range(6)]
    first = None
    for _ in range(4):
        until("one owns", lambda: len(owners(w.home)) == 1 and owners(w.home)[0] != first)
        first = owners(w.home)[0]
        lists = [w.start("list") for _ in range(3)]
        os.kill(first, signal.SIGKILL)
        lists += [w.start("list") for _ in range(3)]
        for _ in range(20):
            n = owners(w.home)
            check("never two owners", len(n) <= 1, n)
            time.sleep(0.01)
        for p in lists:
            p = ended(p)
            check("a list is answered, whoever owns", p.returncode == 0 and p.stdout.count("\n") > 10, told(p))
        watchers = [p for p in watchers if p.pid != first or p.communicate() is None]
    check("two are left", len(watchers) == 2 and all(p.poll() is None for p in watchers), [p.poll() for p in watchers])
    for p in watchers:
        p.send_signal(signal.SIGINT)
    for p in watchers:
        p = ended(p)
        check("Ctrl-C ends it", p.returncode in (0, 3) and "Traceback" not in p.stderr, told(p))
    for _ in range(3):  # nobody owns it: six begin at once
        for p in [ended(p) for p in [w.start("list") for _ in range(6)]]:
            check("six at once", p.returncode == 0 and p.stdout.count("\n") > 10, told(p))
    check("nothing is left behind", sorted(f for f in os.listdir(w.home) if "sock" in f) == [], os.listdir(w.home))


def askers(w, slow):
    """An asker's end is its verb's end; one that does not read holds up nobody."""
    with Watch(w) as o:
        before = settled(o.pid)
        slow("hang")
        for how in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
            guest = w.start("sync")
            until("it is at work", lambda: threads(o.pid) > before)
            check("others are answered meanwhile", w.cli("list", check=False).returncode == 0)
            guest.send_signal(how)
            p = ended(guest)
            check(f"{how.name}: the asker ends", p.returncode == (-9 if how == signal.SIGKILL else 3), told(p))
            until(f"{how.name}: its verb ends", lambda: threads(o.pid) <= before)
        slow("flow")
        r, x = os.pipe()
        fcntl.fcntl(x, 1031, 4096)  # F_SETPIPE_SZ: a pager that shows its first page
        rows = len(w.json("list"))
        pagers = [w.start("list", "--json", stdout=x) for _ in range(6)]
        os.close(x)
        until("its page is full", lambda: struct.unpack("i", fcntl.ioctl(r, 0x541B, bytes(4)))[0] >= 1000)  # FIONREAD
        check("a pager holds up nobody", w.cli("list", check=False).returncode == 0)
        until("the owner is done with it", lambda: threads(o.pid) <= before)
        text = b""
        while True:
            piece = os.read(r, 65536)
            if not piece:
                break
            text += piece
        os.close(r)
        check("and gets it all", text.count(b'"birthDate"') == 6 * rows and [ended(p).returncode for p in pagers] == [0] * 6, text[-100:])
        guest = w.start("sync", "--watch")
        until("it waits there", lambda: threads(o.pid) >= before + 3)  # its own, and those of its loop
        with open(os.path.join(w.tmp, "many.ndjson"), "w") as f:
            f.writelines('{"resourceType":"Patient","id":"m%d"}\n' % i for i in range(12000))
        before = settled(o.pid)
        load = w.start("import", "many.ndjson", cwd=w.tmp)
        until("it imports", lambda: threads(o.pid) == before + 1)
        o.p.send_signal(signal.SIGINT)
        check("an owner goes, whoever still asks", ended(o.p).returncode == 0)
        p = ended(load, 60)
        check("what was begun there is done elsewhere", p.returncode == 0 and "12000 resources read" in p.stdout, told(p))
        until("its guest takes over", lambda: owners(w.home) == [guest.pid])
        guest.kill()
        guest.communicate()


def paused(w, *args):
    """A command that has derived its key and waits; what lets it go."""
    mark = os.path.join(w.tmp, f"pause{len(os.listdir(w.tmp))}")
    preload = " ".join(filter(None, (os.path.join(ward.BUILD, "tests/tools/pause_kdf.so"), w.extra.get("LD_PRELOAD"))))
    p = w.start(*args, env={"LD_PRELOAD": preload, "PAUSE_KDF": mark})
    until("it derives", lambda: os.path.exists(mark + ".at"))
    return p, lambda: open(mark + ".go", "w").close()


def rotated(w):
    """REQ: who typed the right passphrase just before a rotation is not told that it is wrong: the key is derived once more,
    whether the store is another's by then or nobody's."""
    want = w.cli("list").stdout
    p, go = paused(w, "list")
    w.cli("key", "rotate")
    with Watch(w):
        go()
        p = ended(p)
        check("a guest of before a rotation", p.returncode == 0 and p.stdout == want and not p.stderr, told(p))
    p, go = paused(w, "list")
    w.cli("key", "rotate")
    go()
    p = ended(p)
    check("an owner of before a rotation", p.returncode == 0 and p.stdout == want and not p.stderr, told(p))
    with Watch(w) as o:
        p = w.cli("list", passphrase="another one", check=False)
        check("a wrong one is wrong all the same", p.returncode == 5 and not p.stdout, told(p))
        check("and the owner stays", owners(w.home) == [o.pid])


def main():
    with tempfile.TemporaryDirectory() as tmp:
        with ward.Ward(tmp, generate=12, charts=3, init=False, quick=True) as w:
            port = int(re.search(r":(\d+)/", w.url)[1])
            with Proxy(f"127.0.0.1:{port}") as slow:
                w.url = f"http://127.0.0.1:{slow.port}/fhir"
                w.cli("init", "--server", w.url, "--demo")
                w.cli("sync")
                for part, args in ((through, ()), (rotated, ()), (overheard, ()), (locked, ()), (silent, ()), (killed, ()), (askers, (slow,)), (given_up, (slow,)), (stale, (slow,))):
                    if len(sys.argv) < 2 or part.__name__ in sys.argv[1:]:
                        part(w, *args)
    conclude("owner")


main()
