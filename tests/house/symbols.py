#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the archives' symbols: every extern one starts with its room's name (base: its file's), there is
no mutable global outside the list below, what sleeps, blocks or starts a program is called only in
loop/ and demo/, and what reads a number by the locale or knows no end of its buffer nowhere. Kills tests/mutants: a sleep() in sync, a helper without its prefix.
"""
import os, re, subprocess, sys

build = os.environ.get("top_builddir", ".")
FORBIDDEN = {"sleep", "usleep", "nanosleep", "clock_nanosleep", "poll", "ppoll", "select", "pselect", "epoll_wait",
             "curl_easy_perform", "system", "popen", "curl_multi_wait", "curl_multi_poll"}
LOCALE = {"strtod", "strtof", "strtold", "atof"}  # where the locale writes 0,5 they read 0.5 as 0
UNBOUNDED = {"strcpy", "strcat", "sprintf", "vsprintf", "stpcpy", "strtok", "gets"}  # HACKING's rule 11
LEAVE = {"loop", "demo"}
MUTABLE = {"log", "fault", "err", "crypt", "seal", "tty"}  # file or room prefixes that may hold state


def rooms(archive):
    out = subprocess.run(["nm", "-A", os.path.join(build, archive)], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        m = re.match(r"[^:]+:([^:]+):\s*[0-9a-f]*\s+([A-Za-z])\s+(\S+)$", line)
        if m:
            yield m.groups()


def source_of():
    """object name -> (room, file stem), by the depth-first list of objects that make built."""
    found = {}
    for root in ("src", "ui"):
        for folder, _, files in os.walk(os.path.join(build, root)):
            for f in files:
                if f.endswith(".o"):
                    room = "ui" if root == "ui" else os.path.basename(folder)
                    stem = f[:-2].split("-")[-1]
                    found.setdefault(f, []).append((room, stem))
    return found


def main():
    where, bad, seen = source_of(), [], 0
    for archive in ("libwardline.a", "libwardui.a", "libwarddemo.a"):
        for obj, kind, name in rooms(archive):
            places = where.get(obj, [])
            if not places:
                continue
            seen += 1
            base = name.split("@")[0]
            if kind == "U" and base in FORBIDDEN and not any(r in LEAVE for r, _ in places):
                bad.append(f"{obj}: calls {base}()")
            if kind == "U" and base in LOCALE:
                bad.append(f"{obj}: calls {base}(), which reads numbers by the locale")
            if kind == "U" and base.removeprefix("__").removesuffix("_chk") in UNBOUNDED:
                bad.append(f"{obj}: calls {base}(), which knows no end of its buffer")
            if base.startswith(("__", "_")) or kind not in "TDBRCVW":
                continue
            if not any(base.startswith((room if room not in ("base", "ui") else stem) + "_") or
                       (room == "ui" and base.startswith("ui_")) or
                       (room in ("store", "crypt", "codes") and base.startswith((stem.split("_")[0] + "_"))) or
                       (room == "fhir" and base.startswith(stem.split("_")[0] + "_"))
                       for room, stem in places):
                bad.append(f"{obj}: {base} does not start with its room's name")
            if kind in "DBC" and not any(room in MUTABLE or stem in MUTABLE for room, stem in places):
                bad.append(f"{obj}: {base} is a mutable global")
    for b in sorted(set(bad)):
        print(b)
    print(f"symbols: {seen} symbols, {len(set(bad))} against the rules")
    return 1 if bad or not seen else 0


sys.exit(main())
