#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Screen figures of `make bench`, read off a pty: start to lock screen beside less, unlock to worklist, resident memory, bytes of a
list move. Times are medians of several runs in this process."""
import fcntl, os, pty, re, select, signal, statistics, struct, sys, tempfile, termios, time

TOP = os.path.abspath(os.environ.get("top_srcdir", "."))
sys.path.insert(0, os.path.join(TOP, "tests"))
sys.path[:0] = [os.path.join(TOP, p) for p in ("tests/tools", "tests/ui")]
import footprint, harness, ward


def spawn(cmd, env):
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(cmd[0], cmd, env)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    return pid, fd


def drain(fd, quiet=0.4, limit=20.0, until=None):
    """Bytes until quiet seconds of silence; the time of the last byte."""
    out, last, end = b"", time.monotonic(), time.monotonic() + limit
    while time.monotonic() < end:
        r, _, _ = select.select([fd], [], [], quiet)
        if not r:
            if until is None or re.search(until, out):
                break
            continue
        try:
            more = os.read(fd, 65536)
        except OSError:
            break
        if not more:
            break
        out += more
        last = time.monotonic()
    return out, last


def stop(pid, fd):
    os.kill(pid, signal.SIGTERM)
    drain(fd, 0.2, 3)
    os.close(fd)
    os.waitpid(pid, 0)


def start_ms(cmd, env, until, n=9):
    times, size = [], 0
    for _ in range(n):
        t = time.monotonic()
        pid, fd = spawn(cmd, env)
        out, last = drain(fd, until=until)
        times.append((last - t) * 1000)
        size = len(out)
        stop(pid, fd)
    return statistics.median(times), size


def say(name, figure, limit):
    print(f"{name:34} {figure:42} {limit}", flush=True)


def page(fd):
    screen = harness.Screen(80, 24)
    os.write(fd, b"\x0c")
    harness.Stream(screen).feed(drain(fd)[0])
    return screen.display


def charts(fd, label, n=12):
    """The most bytes that opening one of n charts takes. Dense, as tests/ui/budget.py has it: more rows than the cover's page
    has room for, which its headings count."""
    most = {}
    for key in [b""] + [b"j"] * (n // 2 - 1) + [b"G"] + [b"k"] * (n // 2 - 1):
        os.write(fd, key)
        drain(fd)
        os.write(fd, b"\r")
        opened, _ = drain(fd)
        shown = page(fd)
        if "Cover" in shown[2]:
            dense = any(re.search(r"\+\d+ more", line) for line in shown[3:21])
            most[dense] = max(most.get(dense, 0), len(opened))
        os.write(fd, b"q")
        drain(fd)
    for dense, what, limit in ((False, "page not filled", "1,300"), (True, "dense, page filled", "1,800")):
        say(f"chart open, {what}, {label}", f"most {most[dense]} B", f"<= {limit} B")


def session(w, env, term, label):
    pid, fd = spawn([ward.WARDLINE, "--home", w.home], {**env, "TERM": term})
    lock, _ = drain(fd, until=rb"assphrase")
    t = time.monotonic()
    os.write(fd, ward.PASS.encode() + b"\r")
    first, last = drain(fd, quiet=3.0, until=rb"Born|born")
    say(f"lock screen, {label}", f"{len(lock)} B", "<= 1,000 B")
    say(f"unlock to quiet worklist, {label}", f"{(last - t) * 1000:.0f} ms with the KDF, {len(first)} B", "")
    say(f"resident memory at the worklist, {label}", f"{footprint.now(pid):.1f} MiB", "<= 14 MiB")
    moves = []
    for _ in range(8):
        os.write(fd, b"j")
        moves.append(len(drain(fd)[0]))
    say(f"list move, {label}", f"median {statistics.median(moves):.0f} B, most {max(moves)} B", "<= 12 B")
    os.write(fd, b"k" * 8)
    drain(fd)
    os.write(fd, b"j" * 14)
    say(f"14 queued moves, {label}", f"{len(drain(fd)[0])} B", "<= 40 B")
    os.write(fd, b"\r")
    drain(fd)
    say(f"resident memory in a chart, {label}", f"{footprint.now(pid):.1f} MiB", "<= 24 MiB")
    idle, _ = drain(fd, quiet=20, limit=20)
    say(f"idle 20 s, {label}", f"{len(idle)} B", "0 B")
    os.write(fd, b"q\x1b[H")
    drain(fd)
    charts(fd, label)
    stop(pid, fd)


def has_store(pid):
    for f in os.listdir(f"/proc/{pid}/fd"):
        try:
            if os.readlink(f"/proc/{pid}/fd/{f}").endswith("store.wdb"):
                return True
        except FileNotFoundError:  # closed meanwhile
            pass
    return False


def locking(w, env):
    """From the key to a store that is closed: by then keys and pages are wiped (tests/ui/locked.py looks)."""
    env = {**env, "LD_PRELOAD": os.path.join(ward.BUILD, "tests/tools/dumpable.so")}
    times = []
    for _ in range(5):
        pid, fd = spawn([ward.WARDLINE, "--home", w.home], env)
        drain(fd, until=rb"assphrase")
        os.write(fd, ward.PASS.encode() + b"\r")
        drain(fd, quiet=3.0, until=rb"Born|born")
        os.write(fd, b"\r")
        drain(fd)
        if not has_store(pid):
            raise RuntimeError("no open store is seen")
        t = time.monotonic()
        os.write(fd, b"L")
        while has_store(pid):
            if time.monotonic() > t + 10:
                raise RuntimeError("the store stays open")
        times.append((time.monotonic() - t) * 1000)
        stop(pid, fd)
    say("lock to wiped, from a chart", f"median {statistics.median(times):.1f} ms, most {max(times):.1f} ms", "<= 50 ms")


def main():
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=120, charts=20) as w:
        env = ward.environment()
        lock, size = start_ms([ward.WARDLINE, "--home", w.home], env, rb"assphrase")
        text = os.path.join(tmp, "text")
        open(text, "w").write("line of text\n" * 500)
        less, _ = start_ms(["less", text], env, rb"line")
        say("start to lock screen / less", f"{lock / less:.2f} ({lock:.0f} / {less:.0f} ms)", "<= 40 ms")
        for term, label in (("vt100", "vt100"), ("xterm-256color", "xterm")):
            session(w, env, term, label)
        locking(w, env)
    return 0


if __name__ == "__main__":
    sys.exit(main())
