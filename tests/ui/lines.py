# SPDX-License-Identifier: GPL-3.0-or-later
"""Line mode by pipes: a line in, an answer out, which a prompt ends."""
import os, re, select, subprocess, time

import ward
from harness import WARDLINE

# Also what a prompt says in Spanish and French.
PROMPT = re.compile(rb"(> |: |, n = \S+ |(Find|Buscar|Chercher): ?[^\n]* )\n$")


class Line:
    """wardline with pipes at both ends."""

    def __init__(self, w, fd=True, env=None, passphrase=ward.PASS, term="dumb"):
        args, keep = [WARDLINE, "--home", w.home], []
        if fd:
            r, wr = os.pipe()
            os.write(wr, passphrase.encode() + b"\n")
            os.close(wr)
            args, keep = args + ["--passphrase-fd", str(r)], [r]
        self.p = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=keep,
                                  env=ward.environment({"TERM": term, **getattr(w, "extra", {}), **(env or {})}))
        for r in keep:
            os.close(r)
        self.raw = b""

    def answer(self, seconds=60):
        """Until a prompt ends it: the lines before the prompt."""
        got, end = b"", time.monotonic() + seconds
        while not PROMPT.search(got):
            if time.monotonic() > end or not select.select([self.p.stdout], [], [], 1)[0]:
                if time.monotonic() > end:
                    raise AssertionError(f"no prompt: {got!r}")
                continue
            data = os.read(self.p.stdout.fileno(), 65536)
            if not data:
                break
            got += data
        self.raw += got
        self.prompt = got.decode().split("\n")[-2] if b"\n" in got else ""
        return got.decode().split("\n")[:-2]

    def say(self, line, **k):
        self.p.stdin.write(line.encode() + b"\n")
        self.p.stdin.flush()
        return self.answer(**k)

    def end(self):
        self.p.stdin.close()
        rest = self.p.stdout.read()
        self.raw += rest
        return self.p.wait(), self.p.stderr.read().decode()
