#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state of an operation, every reason, and everything that one can wait for, that the program can say stands in
wardline(1) under STATES, in the same words, and no other; and every reason that sync gives has words.

Kills states-unsaid."""
import os, re, sys

top = os.environ.get("top_srcdir", ".")
read = lambda name: open(os.path.join(top, name), encoding="utf-8").read()
edit, ledger, man = read("src/model/edit.c"), read("src/model/ledger.c"), read("man/wardline.1")
page = re.search(r"\.SH STATES\n(.*?)\n\.SH ", man, re.S).group(1)
page = re.sub(r"T\{\n(.*?)\nT\}", lambda m: m.group(1).replace("\n", " "), page, flags=re.S)
tables = [[row.split("|") for row in t.split("\n") if "|" in row and not row.startswith("tab(")] for t in re.findall(r"\.TS\n(.*?)\.TE", page, re.S)]


def table(name):
    body = re.search(r"\} %s\[[A-Z_]*\] = \{\n(.*?)\n\};" % name, edit + ledger, re.S).group(1)
    return dict(re.findall(r'\{"([a-z-]+)", N_\("([^"]*)"\)', body))


bad = []
states, whys, waits = table("states"), table("whys"), table("waits")
said = {r[0]: r[1] for r in tables[0][1:]}
if said != states:
    bad.append(f"states: the page has {said}, the program {states}")
told = {r[0]: r[1].split(":")[0].split(",")[0] for r in tables[1]}
if told != whys:
    bad.append(f"reasons: the page has {told}, the program {whys}")
told = {r[0]: r[1] for r in tables[2]}
if told.keys() != waits.keys() or [k for k in waits if not told[k].startswith(waits[k])]:
    bad.append(f"waits: the page has {told}, the program {waits}")
if [r for r in tables[0][1:] if len(r) < 3 or not r[2].strip()]:
    bad.append("a state without what to do")
given = set(re.findall(r'CLASS_\w+, "([a-z-]+)"\}', read("src/sync/push_rule.c"))) | set(re.findall(r'(?:not_ours|over)\(s, l, at,[^;]*?"([a-z-]+)"', read("src/sync/push.c")))
given -= {"sign-in"}  # the run ends, the operation is queued again
if given - set(whys) or not given:
    bad.append(f"sync gives reasons without words: {given - set(whys)}")
for b in bad:
    print(b)
print(f"states: {len(states)} states, {len(whys)} reasons, {len(waits)} to wait for, {len(given)} given by sync")
sys.exit(bool(bad))
