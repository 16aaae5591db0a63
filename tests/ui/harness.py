# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a full-screen program on a pseudo-terminal and shows what a terminal would: the text of every row, the
cursor, the bytes of each key. pyte is the terminal. No test waits for a fixed time: a key's answer is over when the
program has read it, sleeps again with all its threads, and sends nothing; nothing is said about how long that took.
"""
import fcntl, os, re, select, signal, struct, subprocess, sys, tempfile, termios, time

try:
    import pyte
except ImportError:
    print("skipped: pyte is not installed")
    sys.exit(77)

top = os.environ.get("top_srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
build = os.environ.get("top_builddir", top)
WARDLINE = os.environ.get("WARDLINE", os.path.join(build, "wardline"))
DEMO = os.path.join(build, "wardline-demo")
PASS = "correct horse battery staple"
UP, DOWN, RIGHT, LEFT, HOME = b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1b[H"
TIOCGPTN = 0x80045430  # linux/asm-generic/ioctls.h: the number of the other side
MARGIN = 4  # the marker, the row's number, a blank: ">12 "


class Screen(pyte.Screen):
    """pyte's terminal, and the sequences of xterm that it lacks: ncurses scrolls by SU and SD, and repeats by REP."""

    def line(self, y):
        """A row as text: what display says, at a fraction of its price."""
        row = self.buffer[y]
        cells = [row[x].data for x in range(self.columns)] if row else []
        if "" in cells:  # the second half of a wide character
            cells = [c for c in cells if c]
        return "".join(cells) if row else " " * self.columns

    @property
    def display(self):
        return [self.line(y) for y in range(self.lines)]

    def scroll(self, n, step, edge):
        at = self.cursor.y
        self.cursor.y = (self.margins or pyte.screens.Margins(0, self.lines - 1))[edge]
        for _ in range(n or 1):
            step()
        self.cursor.y = at

    def scroll_up(self, n=1):
        self.scroll(n, self.index, 1)

    def scroll_down(self, n=1):
        self.scroll(n, self.reverse_index, 0)

    def repeat(self, n=1):
        self.draw(self.buffer[self.cursor.y][self.cursor.x - 1].data * (n or 1))


class Stream(pyte.ByteStream):
    csi = {**pyte.ByteStream.csi, "S": "scroll_up", "T": "scroll_down", "b": "repeat"}
    events = pyte.ByteStream.events | {"scroll_up", "scroll_down", "repeat"}


class Term:
    def __init__(self, argv, term="xterm-256color", rows=24, cols=80, env=None, quiet=0.25):
        self.raw, self.rows, self.cols, self.quiet = b"", rows, cols, quiet
        self.screen = Screen(cols, rows)
        self.stream = Stream(self.screen)
        self.status = None
        keep = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS", "FAKE_N", "LANG")}
        keep.update({"TERM": term, "LC_ALL": "C.UTF-8", "TZ": "UTC"})
        keep.update(env or {})
        self.pid, self.fd = os.forkpty()
        if not self.pid:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
            os.execvpe(argv[0], argv, keep)
        os.set_blocking(self.fd, False)
        self.tty = "/dev/pts/%d" % struct.unpack("i", fcntl.ioctl(self.fd, TIOCGPTN, b"\0" * 4))

    def pump(self, seconds):
        """Reads what comes within so many seconds; False when nothing did."""
        if self.fd < 0 or not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # the other side is gone
            data = b""
        if not data:
            os.close(self.fd)
            self.fd = -1
            return False
        self.raw += data
        self.stream.feed(data)
        return True

    def settle(self, quiet=None, first=10.0):
        """Waits for the first byte, then until it is quiet; the bytes that came."""
        before = len(self.raw)
        if self.pump(first):
            while self.pump(quiet or self.quiet):
                pass
        return self.raw[before:]

    def asleep(self):
        """None while a thread of the program runs or waits for a disk; else how often each of them went to sleep."""
        naps = {}
        try:
            for task in os.listdir(f"/proc/{self.pid}/task"):
                with open(f"/proc/{self.pid}/task/{task}/status") as f:
                    state, naps[task] = re.search(r"^State:\s+(\w).*^voluntary_ctxt_switches:\s+(\d+)", f.read(), re.M | re.S).groups()
                if state not in "SZ":
                    return None
        except (OSError, AttributeError):  # it has gone, or a thread has
            pass
        return naps

    def rest(self, quiet=0, seconds=120):
        """Until the program waits for the next key: it has read those that were sent (within 2 s), all its threads sleep, none
        was woken by another while that was looked at, and nothing comes within quiet seconds; the bytes that came. Looking
        whether something has come makes the kernel pass on what was written before (n_tty_poll), so that 0 is enough."""
        before, end, unread = len(self.raw), time.monotonic() + seconds, time.monotonic() + 2
        while self.fd >= 0:
            if time.monotonic() > end:
                raise AssertionError(f"the program does not come to rest; the screen:\n{self.text()}")
            if self.pump(quiet):
                continue
            naps = self.asleep()
            if naps is None or (self.unread() and time.monotonic() < unread):
                time.sleep(0.001)
            elif naps == self.asleep() and not self.pump(0):
                break
        return self.raw[before:]

    def suspend(self, pid):
        """SIGTSTP to the program; whether it stopped, within ten seconds. What it wrote on its way there has been read then."""
        os.kill(pid, signal.SIGTSTP)
        for _ in range(100):
            self.pump(0.1)
            with open(f"/proc/{pid}/stat") as f:
                if f.read().rsplit(")", 1)[1].split()[0] == "T":
                    while self.pump(0.1):
                        pass
                    return True
        return False

    def unread(self):
        """True while what was sent has not been read by the program. Looking passes on what the kernel still holds."""
        try:
            fd = os.open(self.tty, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:  # nobody has it open any more
            return False
        try:
            return bool(select.select([fd], [], [], 0)[0])
        finally:
            os.close(fd)

    def type(self, keys, quiet=0):
        """Sends keys in one write, of any length; waits until the program has read them and rests; the bytes that they brought."""
        self.rest()  # what it still does of itself is not taken for an answer
        before = len(self.raw)
        rest = memoryview(keys if isinstance(keys, bytes) else keys.encode())
        while rest and self.fd >= 0:
            try:
                rest = rest[os.write(self.fd, rest):]
            except BlockingIOError:
                self.pump(0.05)
            except OSError:  # it is gone: whoever looks next sees that
                break
        self.rest(quiet)
        return self.raw[before:]

    def key(self, keys, first=0):
        """Sends keys in one write; the bytes that they brought, by first seconds at the latest when none come at once."""
        raw = self.type(keys)
        if not raw and keys in ("\x1b", b"\x1b"):  # it may be the beginning of a sequence: the program waits a moment
            first = first or 0.5
        return raw if raw or not first else self.settle(first=first)

    def send(self, keys):
        os.write(self.fd, keys if isinstance(keys, bytes) else keys.encode())

    def torn(self, again, first, second, pause):
        """Sends a key in two pieces, as a slow line does; what again does comes first, and anew where this machine took so
        long between them that they were two keys (the program waits for 0.15 s)."""
        for _ in range(50):
            again()
            self.send(first)
            begun = time.monotonic()
            time.sleep(pause)
            self.send(second)
            quick = time.monotonic() - begun < 0.12
            self.rest()
            if quick:
                return
        raise AssertionError("this machine is too busy to send a key in two pieces")

    def wait(self, text, seconds=60):
        """Until text stands on the screen that answers the keys sent before."""
        end = time.monotonic() + seconds
        self.rest()
        while text not in self.text():
            if self.fd < 0 or time.monotonic() > end:
                raise AssertionError(f"{text!r} never came; the screen:\n{self.text()}")
            self.pump(0.2)
        self.rest()

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def row(self, n):
        """Row n, counted from 1 as DESIGN does."""
        return self.screen.line(n - 1).rstrip()

    def body(self):
        return [self.screen.line(y).rstrip() for y in range(3, self.rows - 3)]

    def cursor(self):
        return self.screen.cursor.y + 1, self.screen.cursor.x + 1

    def focus(self):
        """The row that the cursor is on, which is the marked one."""
        y = self.screen.cursor.y
        line = self.screen.display[y]
        assert line.startswith(">"), f"the cursor is on row {y + 1}, which has no marker: {line!r}\n{self.text()}"
        assert sum(l.startswith(">") for l in self.screen.display[3:self.rows - 3]) == 1, self.text()
        return line.rstrip()

    def past_stop(self, words):
        """On the page that stops at similar patients: chooses the one whose number is among words, as a person does."""
        self.wait("STOP:")
        time.sleep(0.6)  # keys that come before the page can be read are dropped
        for line in self.body():
            m = re.match(r"[> ] *(\d+) +\S.*  \S+$", line)
            if m and line.split()[-1] in words:
                self.send(m[1] + "\r")
                return
        raise AssertionError(f"none of {words} is on the page:\n{self.text()}")

    def words(self):
        """The focused row without its marker and number."""
        return self.focus()[MARGIN:]

    def resize(self, rows, cols):
        self.rows, self.cols = rows, cols
        self.screen.resize(rows, cols)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))
        return self.settle()

    def kill(self, signo):
        os.kill(self.pid, signo)

    def end(self, seconds=20):
        """Waits for the program's end; its exit status (or -signal)."""
        end = time.monotonic() + seconds
        while self.fd >= 0 and time.monotonic() < end:
            self.pump(0.2)
        while time.monotonic() < end + 1:
            pid, st = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(st)
                return self.status
            time.sleep(0.02)
        self.close()
        raise AssertionError("the program does not end")

    def close(self):
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.close()


# The sequences that the full screen may send, on the terminals of this test: cursor, erasing, scrolling,
# bold and reverse, modes of the start and the end. No OSC, DCS, APC, PM, no reports asked for.
ALLOWED = re.compile(
    rb"\x1b\[\d*(;\d*)?H|\x1b\[\d*[ABCDGJKLMPSTX@d]|\x1b\[\d*(;\d*)?r|\x1b\[[0147;]*m|\x1b\[\d+b|\x1b[78MDE=>]|\x1b\([B0]|\x1b\)[B0]"
    rb"|\x1b\[\?(1049|1|7|12|25)[hl]|\x1b\[\?100[06]l|\x1b\[\?12;25h|\x1b\[4l|\x1b\[8[lh]|\x1b\[2[23];0;0t|[\x08\r\n\x0e\x0f\t]")


def strange(raw):
    """Control bytes of a stream that are none of ALLOWED, with where they are."""
    rest, at = ALLOWED.sub(b"", raw), []
    for m in re.finditer(rb"[\x00-\x1f\x7f]|\xc2[\x80-\x9f]", rest):
        at.append(rest[max(0, m.start() - 20):m.end() + 20])
    return at


class Check:
    """Counts what was checked, so that a test that checked nothing cannot pass."""

    def __init__(self):
        self.n, self.bad = 0, []

    def __call__(self, ok, what):
        self.n += 1
        if not ok:
            self.bad.append(what)
            print("FAIL:", what, flush=True)
            if os.environ.get("FIRST_FAILURE_ENDS"):  # tests/mutants/run
                self.finish()
        return ok

    def finish(self):
        print(f"{self.n} checks, {len(self.bad)} failed")
        sys.exit(1 if self.bad or not self.n else 0)
