#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# fuzz.sh NAME SECONDS: libFuzzer on tests/fuzz/fuzz_NAME.c, from the top of a tree that was configured with
# --enable-sanitizers CC=clang CFLAGS='-g -O1 -fsanitize=fuzzer-no-link'. What it finds new goes to a folder of its own
# beside the program; a crash is kept in the current folder. FUZZ_RUNS: so many inputs at the most, the same ones each time.
set -eu
name=$1 seconds=$2
top=${top_srcdir:-.} build=${top_builddir:-.}
make -C "$build" -s libwarddemo.a libwardui.a libwardline.a
libs="libutf8proc libsodium libcurl zlib jansson libpcre2-8 sqlite3 libzstd libmicrohttpd ncursesw"
work=$build/tests/fuzz/work-$name
# What a target links besides: its line "Sources:".
more=$(sed -n 's/^ \* Sources: //p' "$top/tests/fuzz/fuzz_$name.c" | sed "s|tests/|$top/tests/|g")
mkdir -p "$work/found"
# shellcheck disable=SC2046,SC2086
clang -g -O1 -std=c11 -pthread -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
    -I"$build" -I"$top/src" -I"$top" $(pkg-config --cflags $libs) \
    "$top/tests/fuzz/fuzz_$name.c" $more "$build/libwardui.a" "$build/libwarddemo.a" "$build/libwardline.a" $(pkg-config --libs $libs) -o "$work/fuzz_$name"
exec "$work/fuzz_$name" ${FUZZ_RUNS:+-runs=$FUZZ_RUNS -seed=1} -max_total_time="$seconds" -print_final_stats=1 "$work/found" "$top/tests/fuzz/corpus/$name"
