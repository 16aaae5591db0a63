#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every source file with a translatable string stands in po/POTFILES.in, and no other."""
import os, re, sys

top = os.environ.get("top_srcdir", ".")
have = {l.strip() for l in open(os.path.join(top, "po/POTFILES.in")) if l.strip() and l[0] != "#"}
want = set()
for root in ("src", "ui"):
    for folder, _, files in os.walk(os.path.join(top, root)):
        for f in files:
            path = os.path.relpath(os.path.join(folder, f), top)
            if f.endswith(".c") and re.search(r'\b(_|N_|P_|C_|NC_)\(\s*"', open(os.path.join(top, path), encoding="utf-8").read()):
                want.add(path)
for path in sorted(want - have):
    print(f"po/POTFILES.in lacks {path}")
for path in sorted(have - want):
    print(f"po/POTFILES.in names {path}, which has no string")
sys.exit(1 if want != have else 0)
