#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""key, backup, restore, verify and wipe as wardline(1) promises them: exit codes, one clear line each, JSON, what opens and what
does not; no secret in any file, in any message, or in what a command was started with.
Kills tests/mutants/verify-blind.patch.
"""
import glob, json, os, pty, re, resource, select, shutil, signal, subprocess, sys, tempfile, time

TOP = os.environ.get("top_srcdir", ".")
sys.path.insert(0, os.path.join(TOP, "tests"))
sys.path.insert(0, os.path.join(TOP, "tests/tools"))
import footprint
import ward
from verdict import check, conclude

FRESH, THIRD, SITE_FRESH = "fresh canary passphrase", "third canary passphrase", "site canary passphrase"
secrets = [ward.PASS, FRESH, THIRD, SITE_FRESH]
said = []


def cli(w, *args, new=None, **kw):
    """With a new secret on a descriptor of its own."""
    fds, words = [], list(args)
    if new is not None:
        r, wr = os.pipe()
        os.write(wr, new.encode() + b"\n")
        os.close(wr)
        fds = [r]
        words += ["--new-fd", str(r)]
    passphrase = kw.pop("passphrase", ward.PASS)
    r, wr = os.pipe()
    os.write(wr, passphrase.encode() + b"\n")
    os.close(wr)
    before = kw.pop("before", [])
    p = subprocess.run([ward.WARDLINE, "--home", kw.pop("home", w.home), *before, *([] if before else ["--passphrase-fd", str(r)]), *words],
                       capture_output=True, text=True, pass_fds=[r, *fds], env=ward.environment(w.extra), stdin=subprocess.DEVNULL)
    for fd in [r, *fds]:
        os.close(fd)
    said.append((args, p.stdout + p.stderr))
    return p


def ok(what, p):
    check(what, p.returncode == 0, f"exit {p.returncode}: {p.stderr}")
    return p


def refused(what, p, status, words=""):
    check(what, p.returncode == status and p.stderr.startswith("wardline: ") and p.stderr.count("\n") == 1 and words in p.stderr,
          f"exit {p.returncode}: {p.stderr!r}")


def slots(w, **kw):
    return json.loads(ok("key list --json", cli(w, "key", "list", "--json", **kw)).stdout)


def opens(w, passphrase, **kw):
    return cli(w, "status", passphrase=passphrase, **kw).returncode == 0


def lists(w):
    p = slots(w)
    check("a new profile has one passphrase", len(p) == 1 and p[0]["slot"] == 0 and p[0]["kind"] == "passphrase" and p[0]["memoryBytes"] >= 64 << 20, str(p))
    text = ok("key list needs no passphrase", cli(w, "key", "list", passphrase="")).stdout
    check("key list in words", re.match(r"0  passphrase  \d\d-\w{3}-\d{4} \d\d:\d\d\n$", text), repr(text))


def adds(w):
    refused("a wrong proof", cli(w, "key", "add", new=FRESH, passphrase="wrong"), 5, "passphrase does not open")
    refused("no new passphrase on the descriptor", cli(w, "key", "add", new=""), 2)
    refused("a new passphrase that is too short", cli(w, "key", "add", new="seven77"), 2, "at least this many characters: 8")
    refused("a descriptor that is none", cli(w, "key", "add", "--new-fd", "77"), 1)
    refused("two kinds at once", cli(w, "key", "add", "--recovery", "--keyring"), 1)
    refused("an unknown action", cli(w, "key", "frobnicate"), 1)
    check("nothing was added", len(slots(w)) == 1)
    ok("key add", cli(w, "key", "add", "--label", "night \u0428ift \x1b[31m", new=FRESH))
    text = cli(w, "key", "list").stdout
    check("a label is shown, its escape is not", "night \u0428ift" in text and "\x1b" not in text, repr(text))
    check("both open", opens(w, ward.PASS) and opens(w, FRESH) and not opens(w, "wrong"))
    refused("a label that is too long", cli(w, "key", "add", "--label", "x" * 41, new=FRESH), 2)
    p = ok("key add --recovery", cli(w, "key", "add", "--recovery", "--label", "paper"))
    code = p.stdout.strip()
    check("the code stands alone on stdout", re.fullmatch(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){8}[0-9A-HJKMNP-TV-Z]", code) and p.stdout.count("\n") == 1, repr(p.stdout))
    check("what to do with it is said beside it", "Write it down" in p.stderr, p.stderr)
    said.pop()  # the one place where it may stand
    secrets.append(code)
    check("the code opens", opens(w, code))
    check("typed otherwise, too", opens(w, code.lower().replace("-", " ").replace("0", "o").replace("1", "l")))
    check("with a slip it does not", not opens(w, code[:-1] + ("0" if code[-1] != "0" else "1")))
    return code


def terminal(w):
    status, screen = w.on_terminal(["key", "add"], [("Passphrase: ", ward.PASS), ("New passphrase: ", THIRD), ("The same again: ", "another"),
                                                     ("New passphrase: ", THIRD), ("The same again: ", THIRD)])
    check("on the terminal a new passphrase is asked twice, until both agree", status == 0 and "not the same" in screen, f"{status} {screen!r}")
    said.append(("terminal", screen))
    check("it opens", opens(w, THIRD))
    no = max(s["slot"] for s in slots(w))
    ok("key remove", cli(w, "key", "remove", str(no)))
    check("and is gone", not opens(w, THIRD) and len(slots(w)) == 3)
    status, screen = w.on_terminal(["key", "add"], [("Passphrase: ", ward.PASS), ("New passphrase: ", "\x03")])
    check("Ctrl-C ends it", status == 3 and len(slots(w)) == 3, f"{status} {screen!r}")


def lock_screen(w, code):
    """A recovery code does on the lock screen and in line mode what the passphrase does."""
    for args, prompt, answer, end in ((["--line"], "assphrase", code.lower(), "kept here"), ([], "then Enter", code, "kept here")):
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(ward.WARDLINE, [ward.WARDLINE, "--home", w.home, *args], {**ward.environment(w.extra), "TERM": "vt100", "COLUMNS": "80", "LINES": "24"})
        screen, typed = "", False
        try:
            limit = time.monotonic() + 30
            while end not in screen and time.monotonic() < limit:
                if not select.select([fd], [], [], 1)[0]:
                    continue
                try:
                    screen += os.read(fd, 4096).decode("utf-8", "replace")
                except OSError:
                    break
                if not typed and prompt in screen:
                    typed = True
                    os.write(fd, answer.encode() + b"\r")
        finally:
            os.kill(pid, signal.SIGTERM)
            os.close(fd)
            os.waitpid(pid, 0)
        check(f"the code opens {args or 'the lock screen'}", end in screen, repr(screen[-300:]))
        check("and is not shown", answer not in screen, repr(screen))


def little_memory(w, tmp):
    """Under a limit of 1 GiB init takes the smaller derivation, says so, and works."""
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    cases = [(limit, "64 MiB"), (None, "MiB of memory, 3 passes")]
    if footprint.sanitized(ward.WARDLINE):  # it maps terabytes
        print("keys: skipped: init under a limit of 1 GiB, in a sanitizers' build")
        del cases[0]
    for preexec, words in cases:
        home = os.path.join(tmp, "little" if preexec else "much")
        p = w.cli("init", "--server", w.url, home=home, check=False, preexec_fn=preexec)
        check("init names the derivation", p.returncode == 0 and words in p.stdout, f"{p.returncode} {p.stdout} {p.stderr}")
        if preexec:
            check("and why it is the smaller one", "Less than 1 GiB" in p.stderr and slots(w, home=home)[0]["memoryBytes"] == 64 << 20, p.stderr)
            p = w.cli("status", home=home, check=False, preexec_fn=preexec)
            check("the profile opens under that limit", p.returncode == 0, p.stderr)


def changes(w, code):
    refused("remove without a number", cli(w, "key", "remove"), 1)
    refused("remove what is not there", cli(w, "key", "remove", "6"), 2, "no such key slot: 6")
    refused("remove no number", cli(w, "key", "remove", "x"), 1)
    ok("key change", cli(w, "key", "change", new=THIRD, passphrase=FRESH))
    check("the old one is out, the new one in", not opens(w, FRESH) and opens(w, THIRD) and opens(w, ward.PASS))
    refused("change by a code: which slot?", cli(w, "key", "change", new=FRESH, passphrase=code), 1, "SLOT")
    ok("a forgotten passphrase, by the code", cli(w, "key", "change", "1", new=FRESH, passphrase=code))
    check("it is in", opens(w, FRESH) and not opens(w, THIRD))
    p = ok("another code in the slot", cli(w, "key", "change", "2"))
    said.pop()
    again = p.stdout.strip()
    secrets.append(again)
    check("the old code is out, the new one in", not opens(w, code) and opens(w, again))
    ok("remove the other passphrase", cli(w, "key", "remove", "1"))
    refused("the last passphrase stays", cli(w, "key", "remove", "0"), 2, "last passphrase")
    refused("also by the code", cli(w, "key", "remove", "0", passphrase=again), 2, "last passphrase")
    return again


def full(w):
    held = [s["slot"] for s in slots(w)]
    for i in range(len(held), 8):
        ok(f"slot {i}", cli(w, "key", "add", new=f"filler {i}"))
    refused("a ninth", cli(w, "key", "add", new="one too many"), 2, "in use, so many: 8")
    for s in slots(w):
        if s["slot"] not in held:
            ok("and out again", cli(w, "key", "remove", str(s["slot"])))


def escrow(w, tmp):
    key = os.path.join(tmp, "site.key")
    ok("key pair needs no profile", cli(w, "key", "pair", key, home=os.path.join(tmp, "none"), passphrase=""))
    refused("never over another", cli(w, "key", "pair", key), 2, "there already")
    check("the secret half is private", os.stat(key).st_mode & 0o77 == 0)
    secrets.append(open(key).read().split()[1])
    refused("the secret half is no public one", cli(w, "key", "add", "--escrow", key), 2)
    refused("no such file", cli(w, "key", "add", "--escrow", key + "x"), 2)
    ok("key add --escrow", cli(w, "key", "add", "--escrow", key + ".pub", "--label", "clinic"))
    got = [s for s in slots(w) if s["kind"] == "escrow"]
    check("key list tells whose it is", len(got) == 1 and got[0]["publicKey"] == open(key + ".pub").read().split()[1], str(got))
    ok("the site sets a new passphrase", cli(w, "key", "add", "--escrow-key", key, new=SITE_FRESH, passphrase=""))
    check("it opens", opens(w, SITE_FRESH))
    other = os.path.join(tmp, "other.key")
    cli(w, "key", "pair", other)
    secrets.append(open(other).read().split()[1])
    refused("another site's key", cli(w, "key", "add", "--escrow-key", other, new="x", passphrase=""), 5)
    os.chmod(key, 0o644)
    refused("a secret key that others can read", cli(w, "key", "add", "--escrow-key", key, new="x", passphrase=""), 5, "others can get at")
    os.chmod(key, 0o600)
    return key


def keyring(w):
    p = cli(w, "key", "add", "--keyring", "--hours", "1")
    if p.returncode == 2 and "not supported" in p.stderr:
        print("keys: skipped: the kernel's keyring may not be used here")
        return
    ok("key add --keyring", p)
    ok("the keyring opens", cli(w, "status", before=["--keyring"]))
    refused("one is enough", cli(w, "key", "add", "--keyring"), 2)
    refused("hours", cli(w, "key", "add", "--keyring", "--hours", "0"), 1)
    no = [s["slot"] for s in slots(w) if s["kind"] == "keyring"][0]
    ok("key remove of it", cli(w, "key", "remove", str(no)))
    refused("and it is out of the keyring", cli(w, "status", before=["--keyring"]), 5, "keyring does not hold")


def rotation(w, code):
    before = w.json("list")
    said_before = len(slots(w))
    refused("a code rotates nothing: no passphrase would come along", cli(w, "key", "rotate", passphrase=code), 2, "without a passphrase")
    p = ok("key rotate", cli(w, "key", "rotate"))
    check("what could not come along is named", "recovery code" in p.stderr and "(paper)" in p.stderr and p.stderr.count("Left behind") == 2, p.stderr)
    kinds = sorted(s["kind"] for s in slots(w))
    check("the passphrase and the site's key came along", kinds == ["escrow", "passphrase"] and said_before == 4, f"{kinds} {said_before}")
    check("the same rows", w.json("list") == before)
    check("the code opens no more", not opens(w, code) and not opens(w, SITE_FRESH))
    refused("a code cannot rotate", cli(w, "key", "rotate", passphrase=code), 5)
    check("nothing is left over", sorted(glob.glob(os.path.join(w.home, "store.wdb*"))) == [os.path.join(w.home, "store.wdb")], str(os.listdir(w.home)))


def full_disk(w, tmp):
    """What does not fit is said in one line, leaves nothing, and hurts nothing."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (120000, 120000))
    before = w.json("list")
    for args in (("key", "rotate"), ("backup", os.path.join(tmp, "full.wdb"))):
        p = w.cli(*args, check=False, preexec_fn=limit)
        check(f"{args[0]} on a full disk: exit 5", p.returncode == 5 and p.stderr.startswith("wardline: ") and p.stderr.count("\n") == 1, f"{p.returncode} {p.stderr}")
    check("nothing is left", not glob.glob(os.path.join(tmp, "full.wdb*")) and not glob.glob(os.path.join(w.home, "store.wdb.*")), str(os.listdir(w.home)))
    check("the same rows", w.json("list") == before)


def killed(w):
    """Killed at any moment of a rotation: the old store or the new one is there, whole."""
    before = w.json("list")
    for i in range(24):
        r, wr = os.pipe()
        os.write(wr, ward.PASS.encode() + b"\n")
        os.close(wr)
        p = subprocess.Popen([ward.WARDLINE, "--home", w.home, "--passphrase-fd", str(r), "key", "rotate"], pass_fds=[r], env=ward.environment(w.extra),
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(r)
        time.sleep(0.004 * i)
        p.kill()
        p.wait()
        check(f"killed after {4 * i} ms: the same rows", w.json("list") == before)
        check("nothing is left over", not [n for n in os.listdir(w.home) if ".new" in n], str(os.listdir(w.home)))
    ok("killed 24 times, it verifies", cli(w, "verify"))


def copies(w, tmp, key):
    before = w.json("list")
    to, new_home = os.path.join(tmp, "monday.wdb"), os.path.join(tmp, "restored")
    p = ok("backup", cli(w, "backup", to))
    check("backup says what opens it", "open it" in p.stderr, p.stderr)
    refused("never over another", cli(w, "backup", to), 2, "there already")
    refused("nowhere", cli(w, "backup", "/no/such/dir/x"), 5)
    refused("restore over a profile", cli(w, "restore", to), 2, "there already")
    refused("restore with a wrong passphrase", cli(w, "restore", to, home=new_home, passphrase="wrong"), 5)
    refused("restore of nothing", cli(w, "restore", to + "x", home=new_home), 2)
    refused("restore of no backup", cli(w, "restore", key, home=new_home), 5, "damaged")
    check("no profile there yet", not os.path.exists(os.path.join(new_home, "store.wdb")))
    p = ok("restore", cli(w, "restore", to, home=new_home))
    check("restore says what becomes of edits", "before anything is sent" in p.stderr, p.stderr)
    check("the same rows", json.loads(cli(w, "list", "--json", home=new_home).stdout) == before)
    site_home = os.path.join(tmp, "by-site")
    ok("restore by the site's key", cli(w, "restore", to, "--escrow-key", key, home=site_home, new=FRESH, passphrase=""))
    check("with a new passphrase", opens(w, FRESH, home=site_home) and opens(w, ward.PASS, home=site_home))
    cut = os.path.join(tmp, "cut.wdb")
    data = open(to, "rb").read()
    open(cut, "wb").write(data[:len(data) // 2 // 4096 * 4096])
    refused("restore of half a backup", cli(w, "restore", cut, home=os.path.join(tmp, "half")), 5, "damaged")
    check("leaves nothing", not glob.glob(os.path.join(tmp, "half", "store.wdb*")))


def verifies(w):
    path = os.path.join(w.home, "store.wdb")
    p = ok("verify", cli(w, "verify"))
    check("verify counts", re.fullmatch(r"Looked at: pages \d+, frames of the log \d+, rows \d+\. Findings: 0\n", p.stdout), repr(p.stdout))
    v = json.loads(ok("verify --json", cli(w, "verify", "--json")).stdout)
    check("its members", v["ok"] is True and v["findings"] == [] and v["pages"] > 10 and v["rows"] > 10, str(v))
    size = os.path.getsize(path)
    for at, place, number, words in ((200, "superblock", 0, "superblock A"), (4096 + 4000, "superblock", 1, "superblock B"), (9000, "superblock", 2, "zeros"),
                                     (16384 + 5, "page", 1, "page 1: damaged"), (16384 + 4096 * 7 + 4090, "page", 8, "page 8: damaged"),
                                     (size - 1, "page", (size - 16384) // 4096, "damaged")):
        for form in ("words", "json"):
            data = bytearray(open(path, "rb").read())
            data[at] ^= 4
            open(path, "wb").write(data)
            p = cli(w, "verify", *(["--json"] if form == "json" else []))
            check(f"a byte changed at {at}: exit 5", p.returncode == 5 and p.stderr.count("\n") == 1 and "damaged" in p.stderr, f"{p.returncode} {p.stderr}")
            if form == "words":
                check(f"a byte changed at {at} is named", words in p.stdout, p.stdout)
            else:
                v = json.loads(p.stdout)
                check(f"a byte changed at {at} is named in JSON", v["ok"] is False and {"place": place, "number": number, "what": ""} in v["findings"], str(v)[:300])
            if place != "superblock" or number == 2:
                data[at] ^= 4
                open(path, "wb").write(data)
            else:
                ok("the other copy has mended it", cli(w, "verify"))
    refused("verify with a wrong passphrase", cli(w, "verify", passphrase="wrong"), 5, "does not open")
    data = bytearray(open(path, "rb").read())
    keep = bytes(data)
    data[3] ^= 1
    data[4099] ^= 1
    open(path, "wb").write(data)
    p = cli(w, "verify")
    check("both superblocks", p.returncode == 5 and "superblock A" in p.stdout and "superblock B" in p.stdout, f"{p.returncode} {p.stdout} {p.stderr}")
    open(path, "wb").write(keep)
    ok("whole again", cli(w, "verify"))


def while_owned(w, tmp):
    """Beside a process that has the profile open: what takes no secret runs there, what does is refused."""
    r, wr = os.pipe()
    os.write(wr, ward.PASS.encode() + b"\n")
    os.close(wr)
    p = subprocess.Popen([ward.WARDLINE, "--home", w.home, "--passphrase-fd", str(r), "sync", "--watch"], pass_fds=[r], env=ward.environment(w.extra),
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(r)
    wal = os.path.join(w.home, "store.wdb-wal")
    for _ in range(400):  # not by a command: that might be the owner itself when the other one comes
        if os.path.exists(wal):
            break
        time.sleep(0.05)
    try:
        refused_now = cli(w, "key", "remove", "7")
        if p.poll() is not None or "another process" not in refused_now.stderr:
            check("somebody owns the profile", False, refused_now.stderr)
            return
        refused("key beside an owner", refused_now, 5, str(p.pid))
        refused("wipe beside an owner", cli(w, "wipe"), 5, str(p.pid))
        refused("wipe without a passphrase beside an owner", cli(w, "wipe", "--unsent", "unknown"), 5, str(p.pid))
        check("key list", len(slots(w)) >= 1)
        if not os.path.exists(os.path.join(w.home, "owner.sock")):
            print("keys: skipped: verify and backup in the owner, which answers nobody yet")
            return
        said_by = cli(w, "verify")
        check("verify runs in the owner", said_by.returncode == 0 and "Findings: 0" in said_by.stdout, f"{said_by.returncode} {said_by.stdout} {said_by.stderr}")
        os.chdir(tmp)
        ok("backup runs in the owner, to a name in this folder", cli(w, "backup", "owned.wdb"))
        check("it is there", os.path.exists(os.path.join(tmp, "owned.wdb")))
        ok("and is one", cli(w, "restore", "owned.wdb", home=os.path.join(tmp, "owned")))
        check("the owner goes on", p.poll() is None)
    finally:
        p.terminate()
        p.wait()


def canary(w, tmp):
    """No secret stands in a file, nor in anything that was said."""
    for root, _, names in os.walk(tmp):
        for n in names:
            data = open(os.path.join(root, n), "rb").read()
            for s in secrets:
                if n.endswith(".key") and s.encode() in data:
                    continue  # the site's own file
                check(f"no secret in {n}", s.encode() not in data and s.replace("-", "").encode() not in data, s)
    for args, text in said:
        for s in secrets:
            check(f"no secret said by {args}", s not in text, text)


def wipes(w, tmp, key):
    path, link = os.path.join(w.home, "store.wdb"), os.path.join(tmp, "link")
    refused("wipe with a wrong passphrase", cli(w, "wipe", passphrase="wrong"), 5)
    check("it is still there", os.path.exists(path))
    if "  put " in subprocess.run([ward.WARDLINE, "--help"], capture_output=True, text=True, env=ward.environment()).stdout:
        unsent(w, tmp, key)
    else:
        print("keys: skipped: wipe with unsent edits, as there is no `put'")
    os.link(path, link)
    p = ok("wipe", cli(w, "wipe"))
    check("wipe says so", "destroyed" in p.stderr, p.stderr)
    check("nothing of the store is left", not glob.glob(os.path.join(w.home, "store.wdb*")) and not os.path.exists(os.path.join(w.home, "log")), str(os.listdir(w.home)))
    refused("and nothing opens", cli(w, "status"), 5, "there is no profile")
    home = os.path.join(tmp, "found")
    os.mkdir(home, 0o700)
    os.rename(link, os.path.join(home, "store.wdb"))
    refused("nor does what the disk kept", cli(w, "status", home=home), 5, "damaged")
    refused("nor by the site's key", cli(w, "key", "add", "--escrow-key", key, new="x", home=home), 5)
    ok("a store that nobody can open", cli(w, "wipe", "--unsent", "unknown", home=home, passphrase=""))
    check("goes too", not os.path.exists(os.path.join(home, "store.wdb")))
    refused("wipe of nothing", cli(w, "wipe", "--unsent", "unknown", home=home), 5, "there is no profile")


def unsent(w, tmp, key):
    """Two homes made of one backup: in one the site's key takes the edits, in the other they are counted."""
    to = os.path.join(tmp, "with-edit.wdb")
    body = os.path.join(tmp, "edit.json")
    open(body, "w").write(json.dumps({"resourceType": "Observation", "status": "final", "code": {"text": "kept for the site"}, "subject": {"reference": "Patient/" + w.json("list")[0]["id"]}}))
    ok("put", cli(w, "put", body))
    ok("backup", cli(w, "backup", to))
    a, b = os.path.join(tmp, "sealed"), os.path.join(tmp, "counted")
    for home in (a, b):
        ok("restore", cli(w, "restore", to, home=home))
    p = ok("wipe with an escrow key", cli(w, "wipe", home=a))
    files = glob.glob(os.path.join(a, "unsent-*.sealed"))
    check("the edit is sealed for the site", len(files) == 1 and files[0] in p.stdout and b"kept for the site" not in open(files[0], "rb").read(), p.stdout)
    p = ok("key open", cli(w, "key", "open", files[0], "--escrow-key", key, passphrase=""))
    check("the site reads it", "kept for the site" in p.stdout and p.stdout.count("\n") == 1 and json.loads(p.stdout)["resource"]["resourceType"] == "Observation", p.stdout)
    no = [s["slot"] for s in slots(w, home=b) if s["kind"] == "escrow"][0]
    ok("without the site's key", cli(w, "key", "remove", str(no), home=b))
    refused("the count must be given", cli(w, "wipe", home=b), 2, "so many: 1")
    refused("and be right", cli(w, "wipe", "--unsent", "2", home=b), 2, "so many: 1")
    status, screen = w.on_terminal(["wipe"], [("destroyed: ", ward.PASS), ("to go on: ", "7")], home=b)
    check("on the terminal, too", status == 2 and os.path.exists(os.path.join(b, "store.wdb")), f"{status} {screen!r}")
    status, screen = w.on_terminal(["wipe"], [("destroyed: ", ward.PASS), ("to go on: ", "1")], home=b)
    check("the right count wipes", status == 0 and not os.path.exists(os.path.join(b, "store.wdb")), f"{status} {screen!r}")
    # The edit is in this home, too.
    shutil.rmtree(w.home)
    ok("the profile as it was", cli(w, "restore", os.path.join(tmp, "monday.wdb")))


with tempfile.TemporaryDirectory() as tmp:
    with ward.Ward(tmp, generate=8, charts=3, quick=True) as w:
        lists(w)
        code = adds(w)
        terminal(w)
        lock_screen(w, code)
        little_memory(w, tmp)
        code = changes(w, code)
        full(w)
        key = escrow(w, tmp)
        keyring(w)
        rotation(w, code)
        full_disk(w, tmp)
        killed(w)
        copies(w, tmp, key)
        verifies(w)
        while_owned(w, tmp)
        canary(w, tmp)
        wipes(w, tmp, key)
        canary(w, tmp)
conclude("keys")
