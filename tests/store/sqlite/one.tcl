# SPDX-License-Identifier: GPL-3.0-or-later
# testfixture one.tcl SCRIPT VFS: one of SQLite's test scripts with every database opened through a VFS of adapter.c. The
# array G is how SQLite's tester.tcl takes such wishes for its own permutations.
set argv0 [lindex $argv 0]
set ::G(perm:name) sealed
set ::G(perm:prefix) ""
set ::G(isquick) 1
set ::G(perm:sqlite3_args) [list -vfs [lindex $argv 1]]
set argv {}
source $argv0
