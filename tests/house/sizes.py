#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""HACKING's sizes: lines of at most 120 columns, functions of 60 lines, files of 800, screens of 300."""
import glob, os, sys

top = os.environ.get("top_srcdir", ".")
COLUMNS, FUNCTION, FILE, SCREEN = 120, 60, 800, 300


def main():
    bad, lines, functions = [], 0, 0
    for path in sorted(p for d in ("src", "src/*", "ui") for p in glob.glob(os.path.join(top, d, "*.[ch]"))):
        name, begun = os.path.relpath(path, top), None
        text = open(path, encoding="utf-8").read().splitlines()
        lines += len(text)
        most = SCREEN if os.path.basename(path).startswith("scr_") else FILE
        if len(text) > most:
            bad.append(f"{name}: {len(text)} lines, at most {most}")
        for n, line in enumerate(text, 1):
            if len(line) > COLUMNS:
                bad.append(f"{name}:{n}: {len(line)} columns, at most {COLUMNS}")
            if line == "{":
                begun = n
            elif line == "}" and begun:
                functions += 1
                if n - begun - 1 > FUNCTION:
                    bad.append(f"{name}:{begun}: a function of {n - begun - 1} lines, at most {FUNCTION}")
                begun = None
    for b in bad:
        print(b)
    print(f"sizes: {lines} lines, {functions} functions, {len(bad)} too large")
    return 1 if bad or functions < 500 else 0


sys.exit(main())
