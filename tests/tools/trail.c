/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a store keeps of edits and of who looked, for scripts; the passphrase is the first line of standard input:
 *
 *     trail rows HOME    the audit trail, a line of JSON a row
 *     trail ops HOME     the outbox, acknowledged ones too, a line of JSON an operation
 */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "audit/audit.h"
#include "base/jsonw.h"
#include "base/limits.h"
#include "store/edit.h"

static int print_json(struct buf *b)
{
    puts(b->p);
    buf_fini(b);
    return ERR_OK;
}

static void member(struct jsonw *w, const char *name, struct str value)
{
    jsonw_key(w, name);
    jsonw_str(w, value);
}

static int trail_row(void *arg, int64_t seq, const struct audit_event *ev)
{
    struct jsonw w;
    struct buf b;

    (void)arg;
    buf_init(&b, 1 << 20);
    jsonw_init(&w, &b);
    jsonw_open(&w, '{');
    jsonw_key(&w, "seq");
    jsonw_int(&w, seq);
    jsonw_key(&w, "at");
    jsonw_int(&w, ev->at_ms);
    jsonw_key(&w, "outcome");
    jsonw_int(&w, ev->outcome);
    member(&w, "action", str_of(audit_action_name(ev->action)));
    member(&w, "session", ev->session);
    member(&w, "author", ev->author);
    member(&w, "role", ev->role);
    member(&w, "chart", ev->chart);
    member(&w, "type", ev->type);
    member(&w, "id", ev->id);
    member(&w, "version", ev->version);
    member(&w, "reason", ev->reason);
    jsonw_close(&w, '}');
    return print_json(&b);
}

static int op_row(void *arg, const struct store_op *op)
{
    struct jsonw w;
    struct buf b;

    (void)arg;
    buf_init(&b, 64 << 20);
    jsonw_init(&w, &b);
    jsonw_open(&w, '{');
    member(&w, "op", str_of(op->op));
    member(&w, "type", op->type);
    member(&w, "id", op->id);
    member(&w, "chart", op->chart);
    member(&w, "author", op->author);
    member(&w, "etag", op->base_etag);
    member(&w, "base", op->base);
    member(&w, "body", op->body);
    jsonw_key(&w, "state");
    jsonw_int(&w, op->state);
    jsonw_key(&w, "kind");
    jsonw_int(&w, op->kind);
    jsonw_key(&w, "command");
    jsonw_bool(&w, op->by_command);
    jsonw_close(&w, '}');
    return print_json(&b);
}

int main(int argc, char **argv)
{
    struct secret *passphrase;
    struct store_key *key = NULL;
    struct store *s = NULL;
    struct err e = ERR_NONE;
    int code;

    umask(077);
    if (argc < 3 || crypt_init(NULL) || !(passphrase = secret_new(LIMIT_PASSPHRASE)) || secret_read_line(passphrase, 0))
        return 1;
    if (!(code = store_unlock(argv[2], passphrase, &key, &e)) && !(code = store_open(argv[2], key, &s, &e)))
        code = !strcmp(argv[1], "rows")
                   ? audit_each(s, 0, 0, trail_row, NULL, &e)
                   : store_op_each(s, &(struct store_op_query){.all = true, .bytes = true}, op_row, NULL, &e);
    store_close(s);
    secret_free(passphrase);
    if (code)
        fprintf(stderr, "trail: %s %s\n", err_name(code), e.what);
    return code ? 1 : 0;
}
