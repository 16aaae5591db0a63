#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates are always verified, and no word in the source can change that: VERIFYPEER appears once,
with 1L, VERIFYHOST once, with 2L, and nothing else that weakens curl appears at all. Kills
tests/mutants/net-noverify.patch.
"""
import os, re, sys

top = os.environ.get("top_srcdir", ".")
WEAK = r"VERIFYSTATUS|CURLSSLOPT_|ALLOW_BEAST|NO_REVOKE|UNRESTRICTED_AUTH|CURLOPT_COOKIE|NETRC_(OPTIONAL|REQUIRED)|" \
       r"SSL_CTX_FUNCTION|CURLOPT_VERBOSE|HTTP09_ALLOWED|KEEP_SENDING|CURLOPT_SSL_ENABLE|SSLVERSION_(SSL|TLSv1\b|TLSv1_[01])|PRE_PROXY"
found, bad = {"CURLOPT_SSL_VERIFYPEER": [], "CURLOPT_SSL_VERIFYHOST": [], "CURLOPT_FOLLOWLOCATION": [], "CURLOPT_PROXY": []}, []
for root in ("src", "ui"):
    for folder, _, files in os.walk(os.path.join(top, root)):
        for f in files:
            if not f.endswith((".c", ".h")):
                continue
            path = os.path.join(folder, f)
            text = open(path, encoding="utf-8").read()
            for name in found:
                found[name] += re.findall(name + r"\s*,\s*([^)}]*)[)}]", text)
            bad += [f"{path}: {m.group(0)}" for m in re.finditer(WEAK, text)]
want = {"CURLOPT_SSL_VERIFYPEER": ["1L"], "CURLOPT_SSL_VERIFYHOST": ["2L"], "CURLOPT_FOLLOWLOCATION": ["0L"],
        "CURLOPT_PROXY": ['""']}
for name in want:
    if found[name] != want[name]:
        bad.append(f"{name} is set to {found[name]}, must be {want[name]}")
for line in bad:
    print(line)
print(f"verify: {len(bad)} faults")
sys.exit(1 if bad else 0)
