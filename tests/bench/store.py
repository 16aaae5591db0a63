#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""make bench-store: the sealed store beside plain SQLite and SQLCipher 4, on Synthea's resources.

    store.py [--rows N] [--rounds N] [--engines plain,wardline,...]        50,000 rows, 3 rounds

Each engine runs in a process of its own, all of them in turn in each round; a figure is CPU seconds (user and
system) of one stretch of that process, a ratio is the median of the rounds' own ratios. Exits 1 and names what it
could not measure. first: from the key to the worklist's first page. p95: what one in twenty takes longer than. The resources are $WARDLINE_DATA/synthea, or ../shared/data/synthea beside the tree; SQLCipher
comes with the crate libsqlite3-sys, which cargo fetches into a cache folder ($WARDLINE_CACHE or ~/.cache/wardline) and
which is compiled there, with OpenSSL. It is never linked with wardline.
"""
import argparse, glob, os, shutil, statistics, subprocess, sys, tempfile

TOP = os.path.abspath(os.environ.get("top_srcdir", "."))
BUILD = os.path.abspath(os.environ.get("top_builddir", "."))
sys.path.insert(0, os.path.join(TOP, "tests"))
import ward

CACHE = os.environ.get("WARDLINE_CACHE") or os.path.join(os.path.expanduser("~"), ".cache", "wardline")
CRATE = "0.40.0"
FLAGS = ["-O2", "-w", "-DSQLITE_HAS_CODEC", "-DSQLITE_TEMP_STORE=2", "-DSQLITE_EXTRA_INIT=sqlcipher_extra_init", "-DSQLITE_EXTRA_SHUTDOWN=sqlcipher_extra_shutdown",
         "-DHAVE_STDINT_H=1", "-DSQLITE_THREADSAFE=1", "-DSQLITE_ENABLE_FTS5", "-DSQLCIPHER_CRYPTO_OPENSSL"]
# figure: (against plain: floor, ambitious), (SQLCipher / ours: floor, ambitious), against tuned
GOALS = {"insert": ((1.10, 0.80), (1.6, 2.3), 1.4), "point": ((1.10, 0.85), (3, 4.5), 0.9), "list": ((1.20, 1.05), None, None), "words": ((1.20, 1.05), None, None),
         "scan": ((0.90, 0.72), (2.4, 3.6), None), "bytes": ((0.27, 0.20), None, None)}
# wardline's own: (floor, aim), in seconds
ALONE = {"unlock": (1.0, 0.5), "reopen": (0.005, 0.001), "first": (0.060, 0.020), "point.p95": (None, None), "list.p95": (None, None), "words.p95": (None, None)}


class Unmeasured(Exception):
    pass


def synthea():
    folder = ward.data("synthea")
    return sorted(glob.glob(os.path.join(folder, "*", "*.json.gz"))) if folder else []


def run(*argv, **more):
    p = subprocess.run(argv, text=True, capture_output=True, **more)
    if p.returncode:
        raise Unmeasured(f"{os.path.basename(argv[0])}: {(p.stderr or p.stdout).strip().splitlines()[-1] if p.stderr or p.stdout else p.returncode}")
    return p.stdout


def cipher():
    """The program that is linked with SQLCipher; made at the first use."""
    home = os.path.join(CACHE, f"sqlcipher-{CRATE}")
    lib, program = os.path.join(home, "sqlcipher.o"), os.path.join(BUILD, "tests/bench/bench_cipher")
    if not os.path.exists(lib):
        if not shutil.which("cargo"):
            raise Unmeasured("cargo is not installed")
        os.makedirs(os.path.join(home, "src"), exist_ok=True)
        open(os.path.join(home, "src/lib.rs"), "w").close()
        with open(os.path.join(home, "Cargo.toml"), "w") as f:
            f.write('[package]\nname = "peer"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n'
                    f'libsqlite3-sys = {{ version = "={CRATE}", default-features = false, features = ["bundled-sqlcipher"] }}\n')
        run("cargo", "vendor", "-q", "vendor", cwd=home)
        run("cc", *FLAGS, "-c", source(home), "-o", lib + ".part")
        os.rename(lib + ".part", lib)
    run("cc", "-O2", "-std=c11", "-I", TOP, "-I", os.path.dirname(source(home)), os.path.join(TOP, "tests/bench/bench_cipher.c"), os.path.join(TOP, "tests/bench/peer.c"),
        lib, "-o", program, "-lcrypto", "-lpthread", "-ldl", "-lm")
    return program


def source(home):
    for path in glob.glob(os.path.join(home, "vendor/*/sqlcipher/*.c")):
        if os.path.basename(path) in ("sqlite3.c", "sqlcipher.c"):
            return path
    raise Unmeasured("the crate holds no SQLCipher")


def measure(engine, program, tmp, rows, n, cache):
    """{figure: (value, sum)} of one run."""
    path = os.path.join(tmp, engine)
    if engine == "wardline":
        os.mkdir(path, 0o700)
    argv = [program, path, rows, str(n), str(cache)] if engine == "cipher" else [program, engine, path, rows, str(n), str(cache)]
    try:
        return {f[0]: (float(f[1]), f[2]) for f in map(str.split, run(*argv).splitlines())}
    finally:
        for old in glob.glob(path + "*"):
            shutil.rmtree(old) if os.path.isdir(old) else os.unlink(old)


def ratio(rounds, figure, over, under):
    got = [r[over][figure][0] / r[under][figure][0] for r in rounds if figure in r.get(over, {}) and figure in r.get(under, {})]
    return statistics.median(got) if got else None


def shown(x):
    return "   -" if x is None else f"{x:5.2f}"


def table(rounds, n, engines, missing):
    print(f"store: {n:,} rows, {len(rounds)} rounds; CPU s (bytes: MB), the median")
    print(f"{'':8}" + "".join(f"{e:>10}" for e in engines) + "   / plain  floor  aim   / tuned  most  SQLCipher / it  floor  aim")
    for f, (plain, peer, tuned) in GOALS.items():
        values = []
        for e in engines:
            got = [r[e][f][0] for r in rounds if f in r.get(e, {})]
            values.append(f"{statistics.median(got) / (1e6 if f == 'bytes' else 1):10.3f}" if got else f"{'-':>10}")
            if not got:
                missing.append(f"{f} of {e}")
        print(f"{f:8}" + "".join(values) + f"   {shown(ratio(rounds, f, 'wardline', 'plain')):>7}  {plain[0]:5.2f}  {plain[1]:4.2f}  "
              f"{shown(ratio(rounds, f, 'wardline', 'tuned')):>7}  {shown(tuned)}  {shown(ratio(rounds, f, 'cipher', 'wardline')):>14}  "
              + (f"{peer[0]:5.2f}  {peer[1]:4.2f}" if peer else ""))
    for f, (floor, aim) in ALONE.items():
        mine, theirs = ([r[e][f][0] for r in rounds if f in r.get(e, {})] for e in ("wardline", "cipher"))
        if not mine:
            missing.append(f)
            continue
        print(f"{f:9} wardline {statistics.median(mine):.6f} s" + (f", SQLCipher {statistics.median(theirs):.6f} s" if theirs else "")
              + (f"; floor {floor}, aim {aim}" if floor else ""))
    mine = [r["wardline"]["bytes"][0] for r in rounds if "bytes" in r.get("wardline", {})]
    if mine:
        print(f"bytes a resource: {statistics.median(mine) / n:.0f}")
    for f in GOALS:
        sums = {r[e][f][1] for r in rounds for e in engines if f in r.get(e, {})}
        if len(sums) > 1 and f != "bytes":
            missing.append(f"{f}: the engines read different things")


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rows", type=int, default=50000)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--engines", default="plain,tuned,sealed,wardline,cipher")
    o = p.parse_args()
    files, missing = synthea(), []
    if not files:
        print("store: skipped: Synthea's resources are not here (data/synthea)")
        return 1
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as tmp:
        program = os.path.join(BUILD, "tests/bench/bench_store")
        rows = os.path.join(tmp, "rows")
        run(program, "rows", rows, str(o.rows), *files)
        cache = os.path.getsize(rows) // 1024 // 5
        print(f"store: {o.rows:,} rows of {os.path.getsize(rows) / o.rows:.0f} B with their columns, cache {cache} KiB, transactions of 200")
        programs = dict.fromkeys(["plain", "tuned", "sealed", "wardline"], program)
        try:
            programs["cipher"] = cipher()
        except Unmeasured as e:
            missing.append(f"SQLCipher ({e})")
        rounds = []
        for _ in range(o.rounds):
            got = {}
            for engine in [e for e in o.engines.split(",") if e in programs]:
                try:
                    got[engine] = measure(engine, programs[engine], tmp, rows, o.rows, cache)
                except Unmeasured as e:
                    missing.append(f"{engine} ({e})")
            rounds.append(got)
        table(rounds, o.rows, o.engines.split(","), missing)
    if missing:
        print("store: not measured:", "; ".join(dict.fromkeys(missing)))
    return 1 if missing else 0


sys.exit(main())
