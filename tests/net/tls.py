#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers net trusts: those whose certificate the system or the origin's CA file vouches for, for
their host name, today, with TLS 1.2 or newer. Nothing in the environment changes that. With nghttpx:
four requests side by side take one HTTP/2 connection.
"""
import http.server, os, shutil, socket, ssl, struct, subprocess, sys, tempfile, threading, warnings

build = os.environ.get("top_builddir", ".")
ASK = os.path.join(build, "tests/net/ask")
bad = 0
warnings.simplefilter("ignore", DeprecationWarning)  # the old TLS is what is tested


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


def make_cert(folder, name, san, days="30", extra=()):
    key, cert = os.path.join(folder, name + ".key"), os.path.join(folder, name + ".pem")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=" + name,
            "-addext", "subjectAltName=" + san, "-days", days, "-keyout", key, "-out", cert, *extra)
    return key, cert


def make_expired(folder, start="20200101000000Z", end="20210101000000Z"):
    key, cert = os.path.join(folder, "old.key"), os.path.join(folder, "old.pem")
    conf = os.path.join(folder, "ca.cnf")
    for f, text in (("index.txt", ""), ("serial", "01\n"),
                    ("ca.cnf", f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index.txt\nserial={folder}/serial\nnew_certs_dir={folder}\n"
                               "default_md=sha256\npolicy=p\nx509_extensions=x\n[p]\ncommonName=supplied\n"
                               "[x]\nsubjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:true\n")):
        with open(os.path.join(folder, f), "w") as out:
            out.write(text)
    csr = os.path.join(folder, "old.csr")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=old", "-keyout", key, "-out", csr)
    openssl("ca", "-batch", "-selfsign", "-config", conf, "-keyfile", key, "-in", csr, "-out", cert, "-notext",
            "-startdate", start, "-enddate", end)
    return key, cert


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass


def tls11(context):
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1


def serve(cert=None, change=None):
    server = Server(("127.0.0.1", 0), Handler)
    if cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert[1], cert[0])
        if change:
            change(context)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def serve_raw(how):
    """Accepts, reads what comes, and lets go as `how` says: a line cut during the handshake."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        while True:
            c, _ = listener.accept()
            c.recv(4096)
            if how == "reset":
                c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif how == "half":
                c.send(b"\x16\x03\x03\x40")
            c.close()

    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def ask(*args, env=None):
    return subprocess.run([ASK, *args], capture_output=True, text=True, env={**os.environ, **(env or {})}, timeout=60).stdout


def expect(what, out, code):
    global bad
    got = (out.split() + ["", ""])[1]
    if got != code:
        bad += 1
    print(f"{'ok  ' if got == code else 'FAIL'} {what}: {got}" + ("" if got == code else f", want {code}\n{out}"))


def http2(folder, cert):
    port, back = socket.create_server(("127.0.0.1", 0)), serve()
    number = port.getsockname()[1]
    port.close()
    proxy = subprocess.Popen(["nghttpx", f"-f127.0.0.1,{number}", f"-b127.0.0.1,{back}", "--conf=/dev/null", "--workers=1",
                              "--errorlog-file=/dev/null", cert[0], cert[1]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(50):
            out = ask("--ca", cert[1], f"https://127.0.0.1:{number}/fhir", "a,b,c,d")
            if "ERR_OFFLINE" not in out:
                break
        expect("HTTP/2 through nghttpx", out, "OK")
        lines = out.split("\n")
        expect("of four side by side three share a connection",
               f"x {sum('reused=1' in l for l in lines)}", "3")
        expect("TCP, TLS 1.3 and one answer", f"x {lines[4].split()[-1]}", "rounds=3")
    finally:
        proxy.terminate()
        proxy.wait()


def main():
    if not shutil.which("openssl"):
        print("skipped: no openssl command")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        good = make_cert(folder, "good", "IP:127.0.0.1,DNS:localhost")
        other = make_cert(folder, "other", "IP:127.0.0.1")
        elsewhere = make_cert(folder, "elsewhere", "DNS:fhir.clinic.example,IP:192.0.2.1")
        old = make_expired(folder)
        url = f"https://127.0.0.1:{serve(good)}/fhir"
        expect("self-signed", ask(url, "a"), "ERR_TLS")
        expect("self-signed, as its own CA file", ask("--ca", good[1], url, "a", "b"), "OK")
        expect("another CA file", ask("--ca", other[1], url, "a"), "ERR_TLS")
        for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "CURL_SSL_BACKEND"):
            expect(name + " in the environment", ask(url, "a", env={name: good[1]}), "ERR_TLS")
        expect("another host's certificate", ask("--ca", elsewhere[1], f"https://127.0.0.1:{serve(elsewhere)}/fhir", "a"), "ERR_TLS")
        expect("expired", ask("--ca", old[1], f"https://127.0.0.1:{serve(old)}/fhir", "a"), "ERR_TLS")

        def tls12(context):
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        expect("TLS 1.1", ask("--ca", good[1], f"https://127.0.0.1:{serve(good, tls11)}/fhir", "a"), "ERR_TLS")
        expect("TLS 1.2", ask("--ca", good[1], f"https://127.0.0.1:{serve(good, tls12)}/fhir", "a"), "OK")
        expect("no TLS there", ask("--ca", good[1], f"https://127.0.0.1:{serve()}/fhir", "a"), "ERR_TLS")
        # A line that breaks during the handshake is no certificate's fault.
        for how in ("close", "reset", "half"):
            expect("handshake cut: " + how, ask("--ca", good[1], f"https://127.0.0.1:{serve_raw(how)}/fhir", "a"), "ERR_OFFLINE")
        if shutil.which("nghttpx"):
            http2(folder, good)
        else:
            print("skipped: no nghttpx, HTTP/2 not tried")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
