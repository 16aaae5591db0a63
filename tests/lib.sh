# SPDX-License-Identifier: GPL-3.0-or-later
# Shared by ./demo and ./check; sourced, never run. top is the source tree.

say() { printf '%s: %s\n' "$me" "$*" >&2; }
die() { say "$*"; exit 1; }

# The packages of the kinds named ("build", "test"), from tests/packages.
packages() {
    for kind; do sed -n "s/^$kind: //p" "$top/tests/packages"; done | tr '\n' ' '
}

# Installs what is missing on Debian and Ubuntu; elsewhere names it and stops.
need_packages() {
    missing=
    if command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1; then
        for p in $(packages "$@"); do
            dpkg-query -W -f '${db:Status-Status}\n' "$p" 2>/dev/null | grep -qx installed || missing="$missing $p"
        done
        [ -n "$missing" ] || return 0
        say "installing$missing"
        as_root=
        [ "$(id -u)" = 0 ] || as_root=sudo
        if ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >"$log" 2>&1; then
            $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >>"$log" 2>&1 &&
            $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >>"$log" 2>&1 ||
                die "could not install$missing; see $log"
        fi
        return 0
    fi
    for tool in gcc make autoconf automake autopoint msgfmt pkg-config; do
        command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
    done
    for lib in libcurl jansson sqlite3 libsodium ncursesw libmicrohttpd libzstd libutf8proc zlib; do
        pkg-config --exists "$lib" 2>/dev/null || missing="$missing $lib"
    done
    [ -z "$missing" ] || die "this is no Debian or Ubuntu: install these by hand, then run it again:$missing"
}

# Configures (when it must) and builds dir from the source tree: build_tree DIR [configure options].
build_tree() {
    dir=$1
    shift
    mkdir -p "$dir"
    if [ ! -x "$top/configure" ] || [ "$top/configure.ac" -nt "$top/configure" ]; then
        say "bootstrapping"
        (cd "$top" && ./bootstrap) >"$log" 2>&1 || { tail -20 "$log" >&2; die "bootstrap failed; see $log"; }
    fi
    if [ ! -f "$dir/config.status" ] || [ "$top/configure" -nt "$dir/config.status" ]; then
        say "configuring"
        (cd "$dir" && "$top/configure" -q "$@") >"$log" 2>&1 || { tail -20 "$log" >&2; die "configure failed; see $log"; }
    fi
    say "building"
    make -C "$dir" -s -j"$(getconf _NPROCESSORS_ONLN)" >"$log" 2>&1 || { tail -20 "$log" >&2; die "build failed; see $log"; }
}
