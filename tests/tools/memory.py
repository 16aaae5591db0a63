# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks into the memory of a process that a test has started.

    spans(pid)             (start, end, name) of what can be read
    find(pid, needles)     [(needle's meaning, where)] for {bytes: meaning}; the place as NAME+offset
"""
import os, re


def spans(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as f:
        for line in f:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+\s*(.*)", line)
            if m and "r" in m[3] and not m[4].startswith("[v"):
                yield int(m[1], 16), int(m[2], 16), m[4] or "anonymous"


def find(pid, needles):
    # One expression for all of them; the longest first, so that a word hides no longer one.
    pattern = re.compile(b"|".join(re.escape(n) for n in sorted(needles, key=len, reverse=True)))
    hits, size = [], 0
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as f:
        for start, end, name in spans(pid):
            try:
                f.seek(start)
                data = f.read(end - start)
            except OSError:  # a guard page
                continue
            size += len(data)
            for m in pattern.finditer(data):
                hits.append((needles[m[0]], f"{os.path.basename(name)}+{m.start():#x}", data[max(0, m.start() - 24):m.end() + 24]))
    return hits, size


def threads_of(pid):
    return os.listdir(f"/proc/{pid}/task")


def children(pid):
    """The processes that pid has started, and theirs."""
    out = []
    for t in threads_of(pid):
        with open(f"/proc/{pid}/task/{t}/children") as f:
            for c in f.read().split():
                out += [int(c)] + children(int(c))
    return out
