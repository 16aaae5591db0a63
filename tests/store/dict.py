#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dictionaries of row bodies hold FHIR's own words and nobody's: no name, number, address or id of the made-up
wards that tests use, nor of those that they were trained on; and they are those whose ids they have."""
import glob, json, os, re, subprocess, sys, urllib.request

TOP, BUILD = os.environ.get("top_srcdir", "."), os.environ.get("top_builddir", ".")


def whose(base):
    """Every word of five letters or more in names, addresses, identifiers and ids of the ward's people."""
    url, words = f"{base}/Patient?_count=500", set()
    while url:
        page = json.load(urllib.request.urlopen(url))
        for r in (e["resource"] for e in page.get("entry", ())):
            own = [r["id"], *(i.get("value", "") for i in r.get("identifier", []) + r.get("telecom", []))]
            for n in r.get("name", ()):
                own += [n.get("family", ""), n.get("text", ""), *n.get("given", ())]
            for a in r.get("address", ()):
                own += a.get("line", ())
            for o in own:
                words |= {w for w in re.findall(r"\w+", o) if len(w) >= 5}
        url = next((l["url"] for l in page.get("link", ()) if l["relation"] == "next"), None)
    return words


def main():
    found, words = 0, set()
    for seed in ("0", "1", "7", "42", "7000", "7003"):
        p = subprocess.Popen([os.path.join(BUILD, "wardline-demo"), "--port", "0", "--generate", "60", "--charts", "1", "--seed", seed, "--today", "2026-11-23"],
                             stdout=subprocess.PIPE, text=True)
        try:
            words |= whose(p.stdout.readline().split()[1].rstrip(","))
        finally:
            p.terminate()
            p.wait()
    dicts = sorted(glob.glob(os.path.join(TOP, "data/rows/*.dict")))
    for path in dicts:
        data = open(path, "rb").read()
        name = int(os.path.basename(path).split(".")[0])
        if data[:4] != b"\x37\xa4\x30\xec" or int.from_bytes(data[4:8], "little") != name or not 64 << 10 <= len(data) <= 112 << 10:
            print(f"dict: {path} is not dictionary {name}")
            found += 1
        hits = words & set(re.findall(r"\w+", data.decode("utf-8", "replace")))
        if hits:
            print(f"dict: {path} holds {len(hits)} words of somebody, such as {sorted(hits)[:5]}")
            found += 1
    print(f"dict: {len(dicts)} dictionaries, {len(words)} words looked for, {found} wrong")
    return 1 if found or len(words) < 200 or len(dicts) < 2 else 0


sys.exit(main())
