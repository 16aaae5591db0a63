#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that follows from the plaintext lies where the store says that it does not. Words, pieces of pages, and the
checksums that SQLite makes of them are looked for in every file and in every byte that the process wrote to any
descriptor (strace); data key, its sub-keys and the passphrase there too and in the image that a core of the process would
be. So are, of a whole profile, words of attachments and the keys of their files (HOME/blobs). Planted faults: seal-plain-sum (a frame's checksum stands outside the sealed part), crypt-secret-dumped (secrets lie in
plain memory).

    oracle.py [WRITER]    default tests/store/oracle_writer of the build directory

Ends 0 when nothing was found, 1 when something was, 2 when the test could not run. The control build
(./configure --enable-unsealed-test-store) must end 1.
"""
import hashlib, os, random, re, shutil, signal, string, subprocess, sys, tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import canary  # noqa: E402

MARK = b"oracle-mark-in-plain-memory"


def subkey(n, master):
    """libsodium's crypto_kdf."""
    return hashlib.blake2b(b"", digest_size=32, key=master, salt=n.to_bytes(8, "little"), person=b"wlcache1").digest()


def halves(secret):
    """A copy in memory may be cut; half of a key is a find too."""
    mid = len(secret) // 2
    return [secret[:mid], secret[mid:], secret.hex().encode(), secret.hex().upper().encode()]


def writes(trace, part=""):
    """The bytes of each write that strace -xx saw, but those of the writer's own answers (descriptor 1); to files with
    part in their names."""
    out, part = [], "".join(f"\\x{c:02x}" for c in part.encode())  # so strace writes names, too
    for line in open(trace, encoding="ascii", errors="replace"):
        m = re.match(r"(?:\d+ +)?\w*write\w*\((\d+)(<[^>]*>)?|(?:\d+ +)?send", line)
        if m and m.group(1) != "1" and part in (m.group(2) or ""):
            out += [bytes.fromhex(s.replace("\\x", "")) for s in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', line)]
    return out


def image(pid):
    """What a core of the process would hold: its memory without what is marked as not to be dumped."""
    out, keep, span = [], None, None
    for line in open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace"):
        m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line)
        if m:
            span = (int(m.group(1), 16), int(m.group(2), 16)) if "r" in m.group(3) else None
            keep = "[v" not in line
        elif line.startswith("VmFlags:") and span and keep and " dd" not in line:
            with open(f"/proc/{pid}/mem", "rb", buffering=0) as f:
                f.seek(span[0])
                out.append(f.read(span[1] - span[0]))
    return out


class Oracle:
    def __init__(self, writer):
        self.writer, self.found, self.rng = writer, 0, random.Random(20261129)
        self.folder = tempfile.mkdtemp(prefix="oracle")
        self.home = os.path.join(self.folder, "home")
        os.mkdir(self.home, 0o700)
        os.environ["TMPDIR"] = os.environ["SQLITE_TMPDIR"] = self.folder
        self.key = self.rng.randbytes(32)
        self.words = ["".join(self.rng.choices(string.ascii_letters, k=20)) for _ in range(61)]
        self.passphrase = self.words.pop()
        # as it is and as the full-text index has it; canary.py looks for all ways in which text may lie in a file
        self.pieces = {f(w.encode()[i:i + 8]): f"the word {w}" for w in self.words for i in range(0, 13, 4) for f in (bytes, bytes.lower)}
        self.secrets = {p: "a key" for k in [self.key] + [subkey(n, self.key) for n in range(1, 6)] for p in halves(k)}
        self.secrets[self.passphrase.encode()] = "the passphrase"
        self.derived = {}

    def run(self, what, *lines):
        p = subprocess.run([self.writer, what, self.home], input="".join(s + "\n" for s in lines), text=True, capture_output=True)
        if p.returncode:
            sys.stderr.write(p.stderr)
            sys.exit(2)
        return p.stdout

    def learn(self):
        """What SQLite keeps of the plaintext now."""
        for line in self.run("sums", self.key.hex()).split("\n"):
            what, _, value = line.partition(" ")
            if what in ("sum", "page") and int(value, 16):
                self.derived[bytes.fromhex(value)] = {"sum": "a checksum of SQLite's", "page": "a piece of a page"}[what]

    def hit(self, when, what):
        self.found += 1
        print(f"oracle: {when}: {what}")

    def look(self, when, pieces, secrets_only=False):
        size = 0
        known = dict(self.secrets)
        if not secrets_only:
            known.update(self.derived)
            known.update(self.pieces)
        for data in pieces:
            size += len(data)
            for needle, what in known.items():
                if needle in data:
                    self.hit(when, what)
        print(f"oracle: {when}: {size} bytes, {len(known)} things known")
        return size

    def files(self, when):
        return self.look(when, [open(p, "rb").read().rstrip(b"\0") + bytes(8) for p in canary.files_under(self.folder) if not p.endswith(".trace")])

    def start(self, trace, *command):
        strace = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", "trace=write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg", "-o", trace]
        p = subprocess.Popen((strace if trace else []) + list(command or [self.writer, "work", self.home]), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True, bufsize=1)
        p.stdin.write(self.passphrase + "\n")
        canary.expect(p, "open")
        return p

    def watched(self):
        """Under strace, to an orderly end."""
        trace = os.path.join(self.folder, "writes.trace")
        if not shutil.which("strace"):
            print("oracle: traced writes: skipped (no strace)")
            trace = None
        p = self.start(trace)
        canary.put(p, self.words[:30])
        self.learn()
        self.files("in use")
        canary.put(p, self.words[30:45])
        self.learn()
        p.stdin.close()
        if p.wait():
            sys.exit(2)
        self.learn()
        size = self.files("after exit")
        if trace:
            size = min(size, self.look("traced writes", [b"".join(writes(trace))]))
        if size < 65536 or len(self.derived) < 200:
            print(f"oracle: {size} bytes, {len(self.derived)} things learnt: nothing is shown")
            sys.exit(2)

    def core(self):
        """Its memory while it works, and what a kill leaves."""
        p = self.start(None)
        canary.put(p, self.words[45:])
        try:
            memory = image(p.pid)
        except PermissionError:
            memory = []
            print("oracle: core: skipped (not permitted here)")
        if memory:
            if not any(MARK in m for m in memory):
                print("oracle: the image has not even what it must have: nothing is shown")
                sys.exit(2)
            self.look("core", memory, secrets_only=True)
            pages = sum(any(d in m for m in memory) for d, what in self.derived.items() if "page" in what)
            print(f"oracle: core: {pages} pieces of pages of {len(self.derived)} things known, in SQLite's cache")
        self.learn()
        p.send_signal(signal.SIGKILL)
        p.wait()
        self.files("after kill -9")


    def attachments(self):
        """Those of a whole profile, as the program has it."""
        self.home = os.path.join(self.folder, "profile")
        command = [os.path.join(os.path.dirname(self.writer), "canary_writer"), self.home]
        words = ["".join(self.rng.choices(string.ascii_letters, k=20)) for _ in range(12)]
        turned = {w.encode()[::-1][i:i + 8]: f"the attached word {w}" for w in words for i in range(13)}
        trace = os.path.join(self.folder, "attached.trace") if shutil.which("strace") else None
        p = self.start(trace, *command)
        canary.put(p, words[:8])
        p.stdin.close()
        if p.wait():
            sys.exit(2)
        p = self.start(None, *command)
        canary.put(p, words[8:])  # in place of the first four
        try:
            memory = image(p.pid)
        except PermissionError:
            memory = []
        p.send_signal(signal.SIGKILL)
        p.wait()
        keys = {bytes.fromhex(line[4:]) for line in self.run("blobs", self.passphrase).split("\n") if line}
        self.pieces, self.derived = turned, {}
        self.secrets = {half: "a key of an attachment" for k in keys for half in halves(k)}
        self.secrets[self.passphrase.encode()] = "the passphrase"
        if len(keys) != 8 or (memory and not any(MARK in m for m in memory)):
            sys.exit(2)
        self.files("attachments, after kill -9")
        self.look("attachments, core", memory)
        if trace:
            size = sum(map(len, writes(trace, "/blobs/")))
            self.look("attachments, traced writes", [b"".join(writes(trace))])
            if size < 4 * 200000 + 4 * 196608:  # whole ones, and whole chunks of parts
                print(f"oracle: {size} bytes of attachments: nothing is shown")
                sys.exit(2)
        return len(keys) + len(words)


def main():
    writer = sys.argv[1] if len(sys.argv) == 2 else os.path.join(os.environ.get("top_builddir", "."), "tests/store/oracle_writer")
    if not os.access(writer, os.X_OK):
        print(f"oracle: {writer} is not there")
        return 2
    o = Oracle(os.path.abspath(writer))
    try:
        o.run("make", o.key.hex(), o.passphrase)
        o.watched()
        o.core()
        known = len(o.derived) + len(o.secrets) + len(o.words)
        known += o.attachments()
    finally:
        shutil.rmtree(o.folder)
    print(f"proof nothing in clear: {known} things looked for")
    return 1 if o.found else 0


if __name__ == "__main__":
    sys.exit(main())
