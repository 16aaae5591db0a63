#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""No byte of patient data lies in clear in any file of a profile: while it is open, after a kill, after an
orderly end. Planted fault: seal-plain-page.

    canary.py [WRITER]          runs WRITER (default tests/store/canary_writer of the build directory, see
                                there for what it must do) and looks for the words it was given
    canary.py --scan DIR FILE   looks in all files under DIR for the words in FILE, one a line (8 bytes or
                                more): for profiles that `wardline` itself filled

Ends 0 when nothing was found, 1 when something was, 2 when the test could not run. The control build
(./configure --enable-unsealed-test-store) must end 1 with the same command: that shows that the test can see.
"""
import os, random, shutil, signal, stat, string, subprocess, sys, tempfile

PIECE = 8  # a word counts as found when any 8 bytes of its middle are: pages may cut it


def forms(piece):
    """The ways a piece of text may lie in a file."""
    yield piece
    yield piece.decode().encode("utf-16-le")
    yield piece.decode().encode("utf-16-be")
    yield piece.hex().encode()
    yield piece[::-1]
    yield piece.upper()
    yield piece.lower()


def needles(words):
    for w in words:
        b = w.encode()
        for i in range(len(b) - PIECE + 1):
            for f in forms(b[i:i + PIECE]):
                yield f, w


class Scanner:
    def __init__(self, words):
        self.by_piece = dict(needles(words))
        self.lengths = sorted({len(p) for p in self.by_piece})
        # first 4 bytes as a filter: one pass over the file for each length is enough
        self.heads = {p[:4] for p in self.by_piece}

    def scan(self, data):
        hits = []
        for head in self.heads:
            at = data.find(head)
            while at >= 0:
                for n in self.lengths:
                    word = self.by_piece.get(data[at:at + n])
                    if word:
                        hits.append((at, word))
                        break
                if len(hits) >= 1000:  # the control build's: more of them say no more
                    return hits
                at = data.find(head, at + 1)
        return hits


def files_under(folder):
    for root, _, names in os.walk(folder):
        for n in names:
            path = os.path.join(root, n)
            if stat.S_ISREG(os.lstat(path).st_mode):
                yield path


def open_files(pid, folder):
    """Regular files that a process holds open: a temporary file may have no name any more."""
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            path = f"/proc/{pid}/fd/{fd}"
            if stat.S_ISREG(os.stat(path).st_mode) and not os.readlink(path).startswith(("/usr/", "/lib")):
                yield path
    except PermissionError:
        print("canary: open files of the writer: skipped (not permitted here)")
    except FileNotFoundError:
        pass


def look(scanner, when, paths):
    found = looked = 0
    for path in paths:
        data = open(path, "rb").read().rstrip(b"\0") + bytes(8)  # the reserve is 16 MiB of nothing
        looked += len(data)
        hits = scanner.scan(data)
        found += len(hits)
        if hits:
            at, word = hits[0]
            print(f"canary: {when}: {os.path.basename(path)}: {len(hits)} hits, the first at byte {at} ({word})")
    print(f"canary: {when}: {looked} bytes, {found} hits")
    return found, looked


def expect(p, want):
    got = p.stdout.readline().strip()
    if got != want:
        print(f"canary: writer said '{got}', not '{want}'")
        sys.exit(2)


def start(writer, home, passphrase):
    p = subprocess.Popen([writer, home], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    p.stdin.write(passphrase + "\n")
    expect(p, "open")
    return p


def put(p, words):
    for w in words:
        p.stdin.write(w + "\n")
        expect(p, "ok")


def watch(writer):
    rng = random.Random(20261123)
    words = ["".join(rng.choices(string.ascii_letters, k=20)) for _ in range(60)]
    passphrase, words = words[0], words[1:]
    scanner = Scanner([passphrase] + words)
    folder = tempfile.mkdtemp(prefix="canary")
    home = os.path.join(folder, "home")
    tmp = os.path.join(folder, "tmp")
    os.mkdir(home, 0o700)
    os.mkdir(tmp, 0o700)
    os.environ["TMPDIR"] = os.environ["SQLITE_TMPDIR"] = tmp
    found = least = 0
    try:
        p = start(writer, home, passphrase)
        put(p, words[:30])
        n, size = look(scanner, "in use", [*files_under(folder), *open_files(p.pid, home)])
        found, least = found + n, size
        p.send_signal(signal.SIGKILL)
        p.wait()
        found += look(scanner, "after kill -9", files_under(folder))[0]
        p = start(writer, home, passphrase)
        put(p, words[30:])
        found += look(scanner, "in use after recovery", [*files_under(folder), *open_files(p.pid, home)])[0]
        p.stdin.close()
        if p.wait():
            return 2
        n, size = look(scanner, "after exit", files_under(folder))
        found += n
        if min(size, least) < 65536:
            print("canary: hardly a byte was written: nothing is shown")
            return 2
    finally:
        shutil.rmtree(folder)
    print(f"proof no word in any file: {len(words)} words, {len(scanner.by_piece)} pieces of them")
    return 1 if found else 0


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "--scan":
        words = [w for w in open(sys.argv[3], encoding="utf-8").read().split("\n") if len(w.encode()) >= PIECE]
        if not words:
            return 2
        found, looked = look(Scanner(words), "scan", files_under(sys.argv[2]))
        return 1 if found else 0 if looked else 2
    writer = sys.argv[1] if len(sys.argv) == 2 else os.path.join(os.environ.get("top_builddir", "."), "tests/store/canary_writer")
    if not os.access(writer, os.X_OK):
        print(f"canary: {writer} is not there")
        return 2
    return watch(writer)


if __name__ == "__main__":
    sys.exit(main())
