/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Errors are a code with typed arguments, never a sentence. model/say.c alone turns one into words.
 *
 * A function that can fail returns int: ERR_OK (0) or a negative enum err_code, and fills the struct err
 * that its caller gave (which may be NULL). No patient data goes into an argument: a resource's type and
 * id, a host, a path, an option's name may; a name, a value, a server's diagnostics may not.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdint.h>

/* X(code, exit status of the command line; the table in wardline(1)) */
#define ERR_TABLE(X)                                                                                \
    X(ERR_NOMEM, 70)       /* memory is exhausted */                                                \
    X(ERR_BUG, 70)         /* a broken invariant; what = where */                                   \
    X(ERR_USAGE, 1)        /* command line; what = the offending word */                            \
    X(ERR_NOHOME, 1)       /* no --home, and HOME names no directory */                             \
    X(ERR_NOTTY, 1)        /* nowhere to ask for the passphrase; what = the option that gives it */  \
    X(ERR_HTTPS, 1)        /* http is for this machine only; what = the address */                  \
    X(ERR_TERMINAL, 1)     /* the terminal cannot show the full screen; what = its TERM */          \
    X(ERR_NOFILE, 2)       /* a file to read cannot be opened; what = its name, sub = errno */      \
    X(ERR_EMPTY, 2)        /* nothing in it; what = the file's name */                              \
    X(ERR_SECTION, 2)      /* a chart has no such section; what = the word */                       \
    X(ERR_INPUT, 2)        /* input is not what it must be; what = where, num = byte or line */     \
    X(ERR_JSON, 2)         /* not JSON (RFC 8259, UTF-8); num = byte offset */                      \
    X(ERR_PATH, 2)         /* a FHIRPath expression; sub = enum path_why, num = its character, what = its word */ \
    X(ERR_TOOBIG, 2)       /* over a limit of base/limits.h; what = which, num = the limit */       \
    X(ERR_NOTFOUND, 2)     /* no such id; what = TYPE/ID or patient id */                           \
    X(ERR_UNSUPPORTED, 2)  /* known, but not built yet or not by this server; what = which */       \
    X(ERR_SHORT, 2)        /* a new passphrase has too few characters; num = the least */          \
    X(ERR_EXISTS, 2)       /* something is there already; what = path */                            \
    X(ERR_NOSLOT, 2)       /* no such key slot; num = its number */                                 \
    X(ERR_LASTSLOT, 2)     /* the last passphrase slot, which must stay; num = its number */        \
    X(ERR_SLOTSFULL, 2)    /* all key slots are in use; num = how many there are */                 \
    X(ERR_UNSENT, 2)       /* it would destroy edits that never reached the server; num = how many */ \
    X(ERR_PERSON, 2)       /* a person at a terminal must answer it */                             \
    X(ERR_ROLE, 2)         /* the profile's role may not do it; what = the role */                 \
    X(ERR_OPEN, 2)         /* an answer is missing; num = how many */                              \
    X(ERR_STALE, 2)        /* what it was made from has changed meanwhile: nothing was written */ \
    X(ERR_CHECKS, 2)       /* a STOP of the checks has no reason yet; num = how many */ \
    X(ERR_STATE, 2)        /* what is asked does not go with its state; what = the state */ \
    X(ERR_IO, 5)           /* a file operation failed; what = path, sub = errno */                  \
    X(ERR_OFFLINE, 3)      /* no answer: DNS, connect, reset; what = host:port, sub = CURLcode */   \
    X(ERR_TIMEOUT, 3)      /* too slow to go on; what = host:port */                                \
    X(ERR_TLS, 3)          /* the server's certificate or protocol was refused; what = host:port */ \
    X(ERR_CUT, 3)          /* the body ended early; what = path, num = bytes received */            \
    X(ERR_HTTP, 3)         /* an HTTP status that is no success; sub = status, what = path */       \
    X(ERR_AUTH, 3)         /* 401 or 403; sub = status */                                           \
    X(ERR_MISMATCH, 3)     /* content is not what the record says of it; what = TYPE/ID, num = its size */ \
    X(ERR_NOTFHIR, 3)      /* the body is not FHIR JSON (a portal, a proxy); what = content type */ \
    X(ERR_ORIGIN, 3)       /* a link to another origin was refused; what = its origin */            \
    X(ERR_BUSY, 3)         /* the server asked not to be asked for a while; num = seconds */       \
    X(ERR_LOOP, 3)         /* paging never ends: a next link seen before */                         \
    X(ERR_ATTENTION, 4)    /* done, but something needs a person; num = how many */                 \
    X(ERR_NOTSENT, 4)      /* done, but changes made here are not at the server; num = how many */   \
    X(ERR_BRAKE, 4)        /* so many rows would go that a person must say so; num = how many */     \
    X(ERR_BUDGET, 4)       /* the day's bytes are used: kinds behind the first rank were left; num = how many */  \
    X(ERR_FULL, 4)         /* the disk is full: what is no edit stopped, what came whole is kept */   \
    X(ERR_FINDINGS, 4)     /* doctor found something; num = how many checks */                      \
    X(ERR_SCOPE, 4)        /* patients of the scope that the server does not have; num, what = first */ \
    X(ERR_PASSPHRASE, 5)   /* no key slot opens with that passphrase */                             \
    X(ERR_NOKEYRING, 5)    /* the kernel's keyring has no key of this profile */                    \
    X(ERR_INUSE, 5)        /* another process owns the store; num = its pid or 0 */                 \
    X(ERR_SILENT, 5)       /* the owner does not answer; num = its pid or 0 */                      \
    X(ERR_GONE, 5)         /* the owner ended before it had answered; num = its pid */              \
    X(ERR_DAMAGED, 5)      /* the store's bytes were changed or torn; what = file, num = page */    \
    X(ERR_VERSION, 5)      /* made by a newer wardline; num = its format version */                 \
    X(ERR_NOPROFILE, 5)    /* no profile in that home; what = path */                               \
    X(ERR_PERM, 5)         /* owner or mode of a file lets others in; what = path */                \
    X(ERR_LOCKED, 5)       /* the store is locked */                                                \
    X(ERR_SQL, 5)          /* SQLite refused; sub = extended result code */                         \
    X(ERR_DECODE, 3)       /* gzip, brotli or zstd body is broken; what = path */                   \
    X(ERR_CANCELLED, 3)    /* stopped on request; nothing lost */                                   \
    X(ERR_PARTIAL, 4)      /* some parts done, num others not; what = the first */                  \
    X(ERR_ROTATED, 5)      /* the store was sealed anew meanwhile, and the passphrase cannot be asked for again */

enum err_code {
    ERR_OK = 0,
    ERR_BASE_ = -1000,
#define ERR_ENUM_(code, status) code,
    ERR_TABLE(ERR_ENUM_)
#undef ERR_ENUM_
};

struct err {
    int code;       /* enum err_code */
    int sub;        /* errno, HTTP status, CURLcode or SQLite code, as the table says */
    int64_t num;    /* a count, an offset, a limit, a pid, as the table says */
    char what[200]; /* NUL-ended, printable ASCII only */
};

#define ERR_NONE ((struct err){0})

/* Fills e (which may be NULL) and returns code, so that a caller can `return err_set(...)`. what may be
 * NULL; it is cut to fit and every byte outside 0x20..0x7e becomes '?'. */
int err_set(struct err *e, int code, int sub, int64_t num, const char *what);

/* The exit status for a code: 0 for ERR_OK, else the table's. */
int err_exit(int code);

/* The code's name ("ERR_CUT"), for logs and tests. Never NULL. */
const char *err_name(int code);

/* For broken invariants only: writes "bug: where" to standard error and ends with status 70 after running
 * the function given to err_on_fatal (which restores the terminal and wipes keys). Never returns. */
_Noreturn void err_fatal(const char *where);
void err_on_fatal(void (*undo)(void));

#endif
