#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A profile is made where memory is short: init takes the smaller derivation where less than 1 GiB can be had, says which it
took, and ends 0; where there is not even that much it says so in words. Nothing is killed, nothing half made stays.
Planted fault: crypt-limit-unseen (the process's own limit is not looked at)."""
import os, re, resource, subprocess, sys, tempfile

WARDLINE = os.path.join(os.path.abspath(os.environ.get("top_builddir", ".")), "wardline")
PASS = "correct horse battery"
bad = 0


def check(ok, what):
    global bad
    bad += not ok
    print(("ok   " if ok else "FAIL ") + what)


def run(limit, home, *args):
    def limits():
        if limit:
            resource.setrlimit(resource.RLIMIT_AS, (limit << 20, limit << 20))

    env = {"LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"], "HOME": home}
    p = subprocess.run([WARDLINE, "--home", os.path.join(home, str(limit)), "--passphrase-fd", "0", *args], input=PASS + "\n", text=True,
                       capture_output=True, preexec_fn=limits, env=env)
    return p.returncode, p.stdout, p.stderr


def mebibytes(said):
    m = re.search(r"(\d+) MiB(?: of memory)?, 3 passes", said)
    return int(m.group(1)) if m else 0


def main():
    with tempfile.TemporaryDirectory() as tmp:
        code, out, err = run(0, tmp, "init", "--server", "http://127.0.0.1:1/fhir")
        usual = mebibytes(out)
        check(code == 0 and usual in (64, 256), f"without a limit: {code}, {out!r}")
        if usual == 64:
            print("skipped: this machine is itself short of memory")
        else:
            check(not err, f"and nothing is warned of: {err!r}")
        for limit in (1024, 512, 256):
            code, out, err = run(limit, tmp, "init", "--server", "http://127.0.0.1:1/fhir")
            check(code == 0 and mebibytes(out) == 64, f"under {limit} MiB: {code}, {out!r}, {err!r}")
            check("Less than 1 GiB" in err, "and it warns that this is less than usual")
            code, out, err = run(limit, tmp, "list")
            check(code == 0, f"and the profile opens: {code}, {err!r}")
            code, out, err = run(limit, tmp, "doctor")
            check(mebibytes(out) == 64, "and doctor says so later")
        code, out, err = run(96, tmp, "init", "--server", "http://127.0.0.1:1/fhir")
        left = os.listdir(os.path.join(tmp, "96")) if os.path.isdir(os.path.join(tmp, "96")) else []
        check(code == 70 and "memory" in err and len(err.splitlines()) == 1, f"under 96 MiB: {code}, {err!r}")
        check(not [f for f in left if f.startswith("store.wdb")], f"and half a profile does not stay: {left}")
        code, out, err = run(96, os.path.join(tmp), "list")
        check(code != 0 and err, f"nor does it open: {code}, {err!r}")
    print(f"proof little memory: {4} limits")
    return 1 if bad else 0


if "detect_leaks" in os.environ.get("ASAN_OPTIONS", "") or os.environ.get("LD_PRELOAD"):
    print("skipped: an address space limit and a sanitizer do not go together")
    sys.exit(77)
sys.exit(main())
