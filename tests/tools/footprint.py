# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory a wardline takes: VmRSS of /proc/PID/status, in MiB. That is the strict count: every page that is mapped and
present, libraries' pages that other programs share included, and the pages of the forked monitor's parent too.

    footprint.now(pid)                       what it takes now
    with footprint.Peak(pid) as p: ...       p.mib is the most that it took meanwhile
"""
import os, re, threading, time


def field(pid, name):
    with open(f"/proc/{pid}/status") as f:
        m = re.search(name + r":\s+(\d+) kB", f.read())
    if not m: # it is gone
        raise OSError(name)
    return int(m.group(1)) / 1024


def now(pid):
    return field(pid, "VmRSS")


def sanitized(program):
    """A sanitizer keeps memory of its own: figures of such a build say nothing."""
    with open(program, "rb") as f:
        return b"__asan_init" in f.read()


class Peak:
    """Samples VmRSS each millisecond; where the kernel lets us reset its own high-water mark, VmHWM too, which misses nothing."""

    def __init__(self, pid):
        self.pid, self.mib, self.stop, self.field = pid, 0.0, False, "VmRSS"
        try:
            with open(f"/proc/{pid}/clear_refs", "w") as f:
                f.write("5")
            self.field = "VmHWM"
        except OSError:
            pass
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.stop:
            try:
                self.mib = max(self.mib, field(self.pid, self.field))
            except OSError:
                return
            time.sleep(0.001)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop = True
        self.thread.join()
