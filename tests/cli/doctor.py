#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""doctor names each planted fault: a dead link, a clock that is off, a gateway that takes gzip out, a damaged
superblock, a locale that is not UTF-8, a terminal without cursor addressing, memory that cannot be locked,
a swap that is not encrypted, a server that is not R4. Kills hyg-swap-unsaid.
"""
import json, os, re, resource, shutil, sys, tempfile, time

TOP = os.environ.get("top_srcdir", ".")
sys.path.insert(0, os.path.join(TOP, "tests"))
sys.path.insert(0, os.path.join(TOP, "tests/tools"))
import ward
sys.path.insert(0, os.path.join(TOP, "tests/net"))
import tls
from scripted import Scripted, fhir

CAPABLE = {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": [{"mode": "server", "interaction": [{"code": "batch"}]}],
           "description": "x" * 4000}
bad, done = [], 0


def verdicts(w, **kw):
    p = w.cli("doctor", "--json", check=False, **kw)
    try:
        return {c["id"]: (c["verdict"], c["what"], c["next"]) for c in json.loads(p.stdout)}, p.returncode
    except ValueError:
        return {}, p.returncode


def expect(what, got, check, verdict, words="", step=""):
    global done
    done += 1
    v = got.get(check, ("", "", ""))
    if v[0] != verdict or words not in v[1] or (verdict != "OK" and not v[2]) or step not in (v[2] or ""):
        bad.append(f"{what}: {check} is {v}, want {verdict} {words!r} {step!r}")
        ward.enough(bad[-1])


def server(tmp, answer):
    s = Scripted(answer)
    home = os.path.join(tmp, "h%d" % len(os.listdir(tmp)))
    w = ward.Ward(tmp, init=False, url=s.url, quick=True)
    w.home = home
    w.cli("init", "--server", s.url)
    return s, w


def certificates():
    """What the TLS check says of each server, and what to do: never of a certificate that nobody saw."""
    if not tls.shutil.which("openssl"):
        print("skipped: no openssl command, TLS servers not tried")
        return
    with tempfile.TemporaryDirectory() as folder:
        good = tls.make_cert(folder, "good", "IP:127.0.0.1,DNS:localhost")
        elsewhere = tls.make_cert(folder, "elsewhere", "DNS:fhir.clinic.example,IP:192.0.2.1")
        old = tls.make_expired(folder)
        new = os.path.join(folder, "ca")
        os.mkdir(new)
        new = tls.make_expired(new, "20990101000000Z", "20991231000000Z")
        cases = (
            ("a clinic's own CA", tls.serve(good), good[1], "OK", "verified", ""),
            ("an unknown CA", tls.serve(good), None, "FAIL", "no authority", "--ca"),
            ("expired", tls.serve(old), old[1], "FAIL", "expired", "renew"),
            ("not valid yet", tls.serve(new), new[1], "FAIL", "not valid yet", "clock"),
            ("another host's", tls.serve(elsewhere), elsewhere[1], "FAIL", "another host name", "address"),
            ("TLS 1.1", tls.serve(good, tls.tls11), good[1], "FAIL", "TLS 1.2", "switch on"),
            ("no TLS there", tls.serve(), good[1], "FAIL", "TLS 1.2", "port"),
            ("a line that breaks", tls.serve_raw("reset"), good[1], "WARN", "COULD NOT RUN", "link"),
            ("server gone", None, good[1], "WARN", "COULD NOT RUN", "link"),
        )
        for what, port, ca, verdict, words, step in cases:
            if port is None:
                with tls.socket.create_server(("127.0.0.1", 0)) as s:
                    port = s.getsockname()[1]
            w = ward.Ward(folder, init=False, url=f"https://127.0.0.1:{port}/fhir")
            w.home = os.path.join(folder, "h" + what.replace(" ", "-").replace("'", ""))
            w.cli("init", "--server", w.url, *(["--ca", ca] if ca else []))
            got = verdicts(w)[0]
            expect(what, got, "tls", verdict, words, step)
            expect(what, got, "link", "OK" if verdict == "OK" else "FAIL")


def memlock(kib=0):
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (kib << 10, kib << 10))


def swaps(tmp, w):
    """REQ: what is on a screen may reach a swap; whether that is sealed is said of the swap itself and of all below it."""
    root = os.path.join(tmp, "fake")
    st = os.stat(tmp)

    def machine(*lines, **files):
        shutil.rmtree(root, ignore_errors=True)
        for name, text in {"proc/swaps": "Filename Type Size Used Priority\n" + "".join(line + " partition 1024 0 -2\n" for line in lines), **files}.items():
            path = os.path.join(root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as f:
                f.write(text + "\n")
        return verdicts(w, env={"LD_PRELOAD": ":".join(filter(None, (w.extra.get("LD_PRELOAD"), os.path.join(ward.BUILD, "tests/tools/fake_root.so")))), "FAKE_ROOT": root})[0]

    def block(name, *below, crypt=False, kind="LVM-"):
        d = f"sys/class/block/{name}"
        out = {f"{d}/dm/uuid": ("CRYPT-LUKS2-" if crypt else kind) + "0123"} if kind else {}
        for b in below:
            out[f"{d}/slaves/{b[0]}/dm/uuid"] = ("CRYPT-LUKS2-" if b[1] else "LVM-") + "4567"
        return out

    home = os.path.join(tmp, "swapfile")
    open(home, "w").close()
    on = f"sys/dev/block/{os.major(st.st_dev)}:{os.minor(st.st_dev)}/dm/uuid"
    for what, got, verdict, words in (
            ("no swap", machine(), "OK", ""),
            ("a partition", machine("/dev/sdzz9"), "WARN", "/dev/sdzz9"),
            ("dm-crypt", machine("/dev/dm-99", **block("dm-99", crypt=True)), "OK", ""),
            ("LVM on a plain disk", machine("/dev/dm-99", **block("dm-99")), "WARN", "/dev/dm-99"),
            ("LVM on dm-crypt", machine("/dev/dm-99", **block("dm-99", ("dm-98", True))), "OK", ""),
            ("LVM on dm-crypt and on a plain disk", machine("/dev/dm-99", **block("dm-99", ("dm-98", True), ("sdzz9", False))), "WARN", "/dev/dm-99"),
            ("zram", machine("/dev/zram9", **{"sys/class/block/zram9/backing_dev": "none"}), "OK", ""),
            ("zram before a disk", machine("/dev/zram9", **{"sys/class/block/zram9/backing_dev": "/dev/sdzz9"}), "WARN", "/dev/zram9"),
            ("a file on a plain disk", machine(home), "WARN", home),
            ("a file on dm-crypt", machine(home, **{on: "CRYPT-LUKS2-89ab"}), "OK", ""),
            ("one sealed, one plain", machine("/dev/dm-99", "/dev/sdzz9", **block("dm-99", crypt=True)), "WARN", "/dev/sdzz9")):
        expect("swap: " + what, got, "swap", verdict, words)


with tempfile.TemporaryDirectory() as tmp:
    s, w = server(tmp, lambda *_: fhir(CAPABLE, gz=True))
    sound, status = verdicts(w)
    done += 1
    if len(sound) != 19:
        bad.append(f"{len(sound)} checks, want 19")
    for c in ("link", "clock", "tls", "gzip", "abilities", "store", "superblocks", "terminal", "locale", "kdf", "rules", "displays", "drugs", "checks"):
        expect("sound", sound, c, "OK")
    expect("sound", sound, "checks", "OK", "interactions.tsv 62 rows of 30-Nov-2026")
    expect("never synced", sound, "data", "WARN", "no complete sync yet", "wardline sync")
    expect("TERM=dumb", verdicts(w, env={"TERM": "dumb"})[0], "terminal", "WARN")
    expect("TERM unknown", verdicts(w, env={"TERM": "no-such-term"})[0], "terminal", "FAIL")
    expect("C locale", verdicts(w, env={"LC_ALL": "C", "LANG": "C"})[0], "locale", "WARN")
    if os.geteuid():  # root's memory is locked whatever the limit
        expect("memlock 0", verdicts(w, preexec_fn=memlock)[0], "memory", "WARN")
        expect("memlock 64 KiB", verdicts(w, preexec_fn=lambda: memlock(64))[0], "memory", "WARN", "not the store's pages")
    expect("memlock 8 MiB", verdicts(w, preexec_fn=lambda: memlock(8192))[0], "memory", "OK", "the store's pages")
    swaps(tmp, w)
    with open(os.path.join(w.home, "log"), "a") as f:
        f.write("2026-11-23T14:05:00.000Z display.stopped ok - 0 0\n" * 2)
    expect("a row of another patient", verdicts(w)[0], "displays", "WARN", "2 times", "support")
    order = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in (
        {"resourceType": "Patient", "id": "p"}, *({"resourceType": "MedicationRequest", "id": f"m{i}", "status": "active", "subject": {"reference": "Patient/p"},
         "medicationCodeableConcept": {"text": "drug"}, "dosageInstruction": [{"text": t}]} for i, t in enumerate(("5.0 mg QD", "5 mg", "10mg"))))]}
    with open(os.path.join(tmp, "orders.json"), "w") as f:
        json.dump(order, f)
    w.cli("import", f.name)
    expect("orders that break a rule", verdicts(w)[0], "rules", "OK", "2 of 3")
    shown = " ".join(r["text"] for r in w.json("show", "file:p", "medicines")["sections"]["medicines"])
    done += 1
    if "5.0 mg QD [!]" not in shown or "10mg [!]" not in shown or shown.count("[!]") != 2:
        bad.append(f"server words that break a rule: {shown}")
    store = os.path.join(w.home, "store.wdb")
    with open(store, "r+b") as f:
        f.seek(300)
        b = f.read(1)
        f.seek(300)
        f.write(bytes([b[0] ^ 1]))
    got, status = verdicts(w)
    expect("superblock A damaged", got, "superblocks", "WARN", "copy A")
    done += 1
    if status != 4:
        bad.append(f"a warning: exit {status}, want 4")
    s.close()
    time.sleep(0.1)
    expect("server gone", verdicts(w)[0], "link", "FAIL")
    w.home += "-https"
    w.cli("init", "--server", s.url.replace("http:", "https:"))
    expect("https server gone: nothing was verified", verdicts(w)[0], "tls", "WARN", "COULD NOT RUN")
    os.chmod(os.path.join(w.home, "store.wdb"), 0o666)
    got = verdicts(w)[0]
    expect("readable by all", got, "store", "FAIL")
    done += 1
    if "new profile" in got["store"][2]:
        bad.append(f"a store that may be whole is given up: {got['store']}")
    s, w = server(tmp, lambda *_: fhir(CAPABLE, gz=True, date=time.time() + 660))
    expect("clock 11 min off", verdicts(w)[0], "clock", "WARN", "6")
    s, w = server(tmp, lambda *_: fhir(CAPABLE))
    expect("gzip taken out", verdicts(w)[0], "gzip", "WARN")
    s, w = server(tmp, lambda *_: fhir({**CAPABLE, "fhirVersion": "5.0.0"}, gz=True))
    expect("not R4", verdicts(w)[0], "abilities", "FAIL")
    s, w = server(tmp, lambda *_: fhir(CAPABLE, gz=True))
    with open(os.path.join(w.home, "store.wdb"), "r+b") as f:
        f.truncate(20000)
    p = w.cli("doctor", check=False)
    done += 1
    if p.returncode != 5 or "FAIL" not in p.stdout:
        bad.append(f"store cut short: exit {p.returncode}, {p.stdout[:300]}")
def ages():
    """REQ: data of more than a day ago says how many days, wherever it is printed once, and without a link; a screen that has one keeps the instant.
    Kills tests/mutants/cli-days-unsaid.patch."""
    clock = os.path.join(ward.BUILD, "tests/tools/fixed_clock.so")
    options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
    base = 1795426200  # where that clock stands
    with tempfile.TemporaryDirectory() as tmp, ward.Ward(tmp, generate=2, charts=1) as w:
        began = time.time()
        pid = next(p["id"] for p in w.json("list") if len(w.cli("show", p["id"], "labs").stdout.splitlines()) > 9)
        for minutes, want in ((60, ""), (24 * 60 - 5, ""), (24 * 60 + 5, ", 1 day old"), (4 * 24 * 60 + 700, ", 4 days old")):
            env = {"LD_PRELOAD": clock, "FIXED_CLOCK_MINUTES": str(int((began - base) / 60) + minutes), "ASAN_OPTIONS": options.lstrip(":")}
            for what, args, line in (("status", ("status",), r"last complete sync: [^,]*"), ("labs", ("show", pid, "labs"), r"Results \(as of [^,]*"),
                                     ("timeline", ("show", pid, "timeline"), r"Timeline \(as of [^,]*")):
                global done
                done += 1
                text = w.cli(*args, env=env).stdout
                if not re.search("^" + line + want + (r"\)" if "as of" in line else "") + "$", text, re.M):
                    bad.append(f"{what} after {minutes} minutes: {text[:400]!r}, want {want!r}")
            expect(f"after {minutes} minutes", verdicts(w, env=env)[0], "data", "WARN" if want else "OK", want)
            done += 1
            if not want and "old" in verdicts(w, env=env)[0]["data"][1]:
                bad.append(f"after {minutes} minutes: data of today is called old")


certificates()
ages()
for b in bad:
    print("FAILED:", b)
print(f"doctor: {done} checks, {len(bad)} failed")
sys.exit(1 if bad else 0)
