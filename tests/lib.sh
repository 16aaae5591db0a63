# SPDX-License-Identifier: GPL-3.0-or-later
# Shared by ./demo and ./check; sourced, never run. top is the source tree.

say() { printf '%s: %s\n' "$me" "$*" >&2; }
die() { say "$*"; exit 1; }

# How many compilers run at once.
cores=$(getconf _NPROCESSORS_ONLN)

# True when apt has lists of packages; a fresh system has none.
have_lists() { [ -n "$(apt-cache show gcc 2>/dev/null)" ]; }

# The packages of the kinds named ("build", "test") in tests/packages that are not installed. One with a ? is wanted
# only where there is one, one with =COMMAND only where there is no such command.
missing_packages() {
    for p in $(for kind; do sed -n "s/^$kind: //p" "$top/tests/packages"; done); do
        name=${p%%[?=]*} command=
        case $p in *=*) command=${p#*=} ;; esac
        [ -z "$command" ] || ! command -v "$command" >/dev/null 2>&1 || continue
        dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed && continue
        [ "$p" != "$name?" ] || ! have_lists || [ -n "$(apt-cache show "$name" 2>/dev/null)" ] || continue
        printf ' %s' "$name"
    done
}

# apt-get as root; another run that installs is waited for.
apt() {
    as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=900 "$@" >>"$log" 2>&1
}

# Installs what is missing on Debian and Ubuntu; elsewhere names it and stops.
need_packages() {
    if command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1; then
        missing=$(missing_packages "$@")
        [ -n "$missing" ] || return 0
        : >"$log"
        # A fresh system has no lists, and old lists name what is no longer there.
        if ! have_lists || ! { say "installing$missing" && apt install -y --no-install-recommends $missing; }; then
            say "fetching the lists of packages"
            apt update || say "the lists are not all fresh; see $log"
            missing=$(missing_packages "$@")
            say "installing$missing"
            apt install -y --no-install-recommends $missing || die "could not install$missing; see $log"
        fi
        return 0
    fi
    missing=
    for tool in gcc make autoconf automake autopoint msgfmt pkg-config; do
        command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
    done
    for lib in libcurl jansson sqlite3 libsodium ncursesw libmicrohttpd libzstd libutf8proc libbrotlidec zlib libpcre2-8; do
        pkg-config --exists "$lib" 2>/dev/null || missing="$missing $lib"
    done
    [ -z "$missing" ] || die "this is no Debian or Ubuntu: install these by hand, then run it again:$missing"
}

# Configures dir for the source tree, when it must: configure_tree DIR [configure options]. $configure is how dir names
# the script.
configure_tree() {
    dir=$1
    shift
    mkdir -p "$dir"
    if [ ! -x "$top/configure" ] || [ "$top/configure.ac" -nt "$top/configure" ]; then
        say "bootstrapping"
        (cd "$top" && ./bootstrap) >"$log" 2>&1 || { tail -20 "$log" >&2; die "bootstrap failed; see $log"; }
    fi
    if [ ! -f "$dir/config.status" ] || [ "$top/configure" -nt "$dir/config.status" ]; then
        say "configuring"
        (cd "$dir" && "${configure:-$top/configure}" -q "$@") >"$log" 2>&1 || { tail -20 "$log" >&2; die "configure failed; see $log"; }
    fi
}

# Makes targets (everything, when none is named) in a configured tree.
make_in() {
    dir=$1
    shift
    say "building"
    make -C "$dir" -s -j"$cores" "$@" >"$log" 2>&1 || { tail -20 "$log" >&2; die "build failed; see $log"; }
}

# Configures (when it must) and builds dir from the source tree: build_tree DIR [configure options].
build_tree() {
    configure_tree "$@"
    make_in "$1"
}

# The names of the source tree's files: what a build or a test left in it, its programs too, is not among them.
source_files() {
    (cd "$1" && find . \( -path ./build -o -path './build-[!a]*' -o -path ./.git -o -name .deps -o -name autom4te.cache -o -name __pycache__ \
        -o -path './wardline-*' -o -path ./locale \) -prune -o -type f \
        ! \( -path './[tu]*' -perm -100 ! -name '*.*' -size +40k \) ! -name '*.[oa]' ! -name '*.so' ! -name '*.log' ! -name '*.trs' ! -name '*~' \
        ! -name .dirstamp ! -path ./man/wardline-keys.7 ! -path ./config.status ! -path ./config.h ! -path ./Makefile ! -path ./stamp-h1 \
        ! -path ./po/Makefile ! -path ./wardline ! -path ./data.here -print | LC_ALL=C sort)
}

# Makes DEST a copy of the source tree FROM. A file that is the same already keeps its time, so that what was built of it
# stays; one that differs (also by a planted fault that was never taken back) is new.
copy_sources() {
    mkdir -p "$2"
    source_files "$1" >"$2/../files.$$"
    if [ -f "$2/configure.ac" ]; then
        source_files "$2" | LC_ALL=C comm -13 "$2/../files.$$" - | while read -r f; do rm -f "$2/$f"; done
        # What autoreconf makes comes last and in its order, or make would call it again.
        { grep -vE '^\./(aclocal\.m4|config\.h\.in|Makefile\.in|configure)$' "$2/../files.$$"; printf './%s\n' aclocal.m4 config.h.in Makefile.in configure; } |
            while read -r f; do
                [ ! -f "$1/$f" ] || cmp -s "$1/$f" "$2/$f" || { mkdir -p "$2/${f%/*}" && cp "$1/$f" "$2/$f"; }
            done
    else
        (cd "$1" && tar cf - -T -) <"$2/../files.$$" | tar xf - -C "$2"
    fi
    rm -f "$2/../files.$$"
}
