#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads every #include and fails on an arrow that ARCHITECTURE's include table does not have.

The table's rows are `| room | rooms it may include | libraries |`. A header that two rooms share in a
narrower way is a row of its own: `sync/step.h`. Kills tests/mutants: an include of store/ in ui/.
"""
import os, re, sys

top = os.environ.get("top_srcdir", ".")
LIBS = {  # header -> library as the table calls it
    "sodium.h": "libsodium", "curl/curl.h": "libcurl", "jansson.h": "jansson", "sqlite3.h": "SQLite",
    "zstd.h": "zstd", "curses.h": "ncursesw", "ncurses.h": "ncursesw", "term.h": "ncursesw",
    "microhttpd.h": "microhttpd", "zlib.h": "zlib", "brotli/decode.h": "brotli", "zstd_errors.h": "zstd", "utf8proc.h": "utf8proc",
}


def table():
    rows = {}
    for line in open(os.path.join(top, "ARCHITECTURE"), encoding="utf-8"):
        cells = [c.strip() for c in line.split("|")[1:-1]]
        if len(cells) == 3 and re.fullmatch(r"[a-z/_.]+", cells[0]) and cells[0] != "room":
            rows[cells[0]] = (set(cells[1].split()), {c.strip() for c in cells[2].split(",")})
    return rows


def main():
    rows, bad, seen = table(), [], 0
    if len(rows) < 10:
        sys.exit("includes: no include table found in ARCHITECTURE")
    for root in ("src", "ui"):
        for folder, _, files in os.walk(os.path.join(top, root)):
            for f in files:
                if not f.endswith((".c", ".h")):
                    continue
                path = os.path.relpath(os.path.join(folder, f), top)
                room = "ui" if root == "ui" else path.split("/")[1] if path.count("/") > 1 else "main"
                may, libs = rows.get(path.removeprefix("src/"), rows.get(room, (set(), set())))
                for n, line in enumerate(open(os.path.join(top, path), encoding="utf-8"), 1):
                    m = re.match(r'\s*#\s*include\s+(["<])([^">]+)', line)
                    if not m:
                        continue
                    seen += 1
                    quote, name = m.groups()
                    at = f"{path}:{n}"
                    if quote == "<":
                        lib = LIBS.get(name)
                        if lib and lib not in libs:
                            bad.append(f"{at}: {lib} is not for {room}")
                        continue
                    if name == "config.h" or (room == "main" and name == "screen.h"):
                        continue
                    target = name.split("/")[0]
                    if "/" not in name:
                        bad.append(f'{at}: write "room/{name}"')
                    elif target in (room, "base") or "all" in may or target in may or name in may:
                        if name.endswith("/priv.h") and target != room:
                            bad.append(f"{at}: {name} is private to {target}")
                    else:
                        bad.append(f"{at}: {room} may not include {name}")
    for b in bad:
        print(b)
    print(f"includes: {seen} include lines, {len(bad)} against the table")
    return 1 if bad or not seen else 0


sys.exit(main())
