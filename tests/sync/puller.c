/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pull without a screen, for scripts that run it hundreds of times: the cheapest KDF that is allowed, one process a
 * sync, any clock.
 *
 *     puller make HOME                 an empty store, to be copied for each run
 *     puller sync HOME BASE [SCOPE]    one line of JSON; exits with the sync's status
 *     puller rows HOME                 TYPE/ID VERSION HASH, a line a row
 *     puller marks HOME                TYPE MARK OVERLAP ASOF RUN MAX COUNT NEXT, a line a kind that has a mark; of a cohort
 *                                      of members TYPE is TYPE@COHORT
 *     puller set HOME NAME VALUE       a setting
 *     puller left HOME ID DAYS         a member of the list has left it so many days ago
 *     puller mark HOME TYPE COUNT      a run of TYPE is under way, has brought nothing yet and asks for COUNT rows a page
 *     puller many HOME                 reads lines "VERB HOME2 ...", HOME2 being a copy of HOME, and does each in a process of its
 *                                      own with the key of HOME: the KDF runs once. Behind what it prints: "= STATUS"
 *     puller gets HOME                 reads lines "TYPE/ID FILE" and runs the verb `get` on each; prints those whose
 *                                      output is not FILE byte for byte, then "N equal"
 *
 * $PULLER_SKEW_MS moves the device's clock.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/path.h"
#include "cli/cli.h"
#include "crypt/crypt.h"
#include "loop/loop.h"
#include "net/net.h"
#include "store/member.h"
#include "store/priv.h"
#include "store/seal_priv.h"
#include "store/store.h"
#include "sync/run.h"

#define MANY_SECONDS 300 /* a verb of `many` that takes longer is killed: it hangs */

static struct clock system_clock;

static int64_t skewed(void *arg)
{
    return clock_wall_ms(&system_clock) + *(int64_t *)arg;
}

static int64_t boot(void *arg)
{
    (void)arg;
    return clock_boot_ms(&system_clock);
}

static int fail(const struct err *e)
{
    fprintf(stderr, "puller: %s %s %d %lld\n", err_name(e->code), e->what, e->sub, (long long)e->num);
    return err_exit(e->code);
}

static int unlock(const char *home, bool make, struct store_key **key, struct err *e)
{
    struct crypt_kdf cheap = {CRYPT_KDF_MIN_PASSES, CRYPT_KDF_MIN_MEM};
    struct secret *word = secret_new(32);
    int code;

    if (!word || secret_set(word, "correct horse", 13))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (make) {
        path_make_private(home, NULL);
        store_create(home, word, &cheap, NULL); /* or it is there */
    }
    code = store_unlock(home, word, key, e);
    secret_free(word);
    return code;
}

/* --- sync ------------------------------------------------------------------------------------- */

struct pulling {
    struct loop *loop;
    struct sync_report report;
};

static void done(void *arg, const struct sync_report *r)
{
    struct pulling *p = arg;

    p->report = *r;
    loop_stop(p->loop, 0);
}

static void print(const struct sync_report *r)
{
    struct rusage u;
    const char *comma = "";

    getrusage(RUSAGE_SELF, &u);
    printf("{\"code\":\"%s\",\"pulled\":%llu,\"requests\":%llu,\"up\":%llu,\"down\":%llu,\"rounds\":%llu,\"refused\":%u,\"rss\":%ld,"
           "\"server\":%lld,\"ms\":%lld,\"kinds\":{",
           err_name(r->code), (unsigned long long)r->pulled, (unsigned long long)r->wire.requests, (unsigned long long)r->wire.bytes_up,
           (unsigned long long)r->wire.bytes_down, (unsigned long long)r->wire.round_trips, r->refused, u.ru_maxrss,
           (long long)r->server_ms, (long long)(r->ended_ms - r->started_ms));
    for (unsigned i = 0; i < r->n; i++, comma = ",")
        printf("%s\"%s\":{\"code\":\"%s\",\"rows\":%llu,\"fresh\":%llu,\"pages\":%u,\"cuts\":%u,\"notes\":%u}", comma, r->kinds[i].type,
               err_name(r->kinds[i].code), (unsigned long long)r->kinds[i].rows, (unsigned long long)r->kinds[i].fresh,
               r->kinds[i].pages, r->kinds[i].cuts, r->kinds[i].notes);
    printf("}}\n");
}

static int pull(struct store *s, const char *base, const char *scope_text, struct err *e)
{
    int64_t skew = getenv("PULLER_SKEW_MS") ? atoll(getenv("PULLER_SKEW_MS")) : 0;
    struct clock clock = {skewed, boot, &skew};
    struct pulling p = {0};
    struct sync_observer o = {.done = done, .arg = &p};
    struct sync_scope scope;
    struct sync_run *run = NULL;
    const struct rng rng = rng_system();
    struct net *net = NULL;
    int code = sync_scope_parse(str_of(scope_text), &scope, e);

    if (code)
        return code;
    if (loop_new(&clock, &p.loop) || net_new(p.loop, &clock, &net))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    code = net_origin_set(net, NET_FHIR, base, NULL, e);
    if (!code)
        code = sync_start(p.loop, net, s, &clock, &rng, &scope, base, &o, &run, e);
    if (!code) {
        loop_run(p.loop);
        print(&p.report);
        code = p.report.code;
        *e = p.report.err;
    }
    sync_run_free(run);
    net_free(net);
    loop_free(p.loop);
    sync_scope_fini(&scope);
    return code;
}

/* --- looking ------------------------------------------------------------------------------------ */

static int row(void *arg, const struct store_row *r)
{
    uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

    (void)arg;
    for (size_t i = 0; i < r->bytes.n; i++)
        h = (h ^ (unsigned char)r->bytes.p[i]) * 0x100000001b3u;
    printf("%.*s/%.*s %.*s %016llx\n", STR_ARG(r->type), STR_ARG(r->id), STR_ARG(r->version), (unsigned long long)h);
    return ERR_OK;
}

static void marks_of(struct store *s, int64_t cohort)
{
    const struct fhir_kind *k;
    struct store_mark m;
    char name[100];
    unsigned n;

    k = kind_table(&n);
    for (unsigned i = 0; i < n; i++) {
        if (store_mark_of(s, cohort, str_of(k[i].type), &m, NULL) || (!m.mark_ms && !m.run_start_ms))
            continue;
        snprintf(name, sizeof name, cohort ? "%s@%lld" : "%s", m.type, (long long)cohort);
        printf("%s %lld %lld %lld %lld %lld %u %s\n", name, (long long)m.mark_ms, (long long)m.overlap_ms, (long long)m.asof_ms,
               (long long)m.run_start_ms, (long long)m.run_max_ms, m.count, m.next);
    }
}

static void marks(struct store *s)
{
    int64_t last = 0;
    struct vec all;

    vec_init(&all, sizeof(struct store_member), STORE_MEMBERS_MOST);
    marks_of(s, 0);
    if (!store_members(s, &all, NULL))
        VEC_EACH(const struct store_member, m, &all)
            if (m->cohort != last)
                marks_of(s, last = m->cohort);
    vec_fini(&all);
}

/* A setting, or a mark. */
static int set(struct store *s, const char *name, const char *value, const struct store_mark *m, struct err *e)
{
    struct store_tx *tx;
    int code = store_begin(s, true, &tx, e);

    if (code)
        return code;
    code = m ? store_mark_put(tx, m, e) : store_set(tx, name, str_of(value), e);
    if (!code)
        return store_commit(tx, e);
    store_rollback(tx);
    return code;
}

static const struct cli_verb *verb(const char *name)
{
    const struct cli_verb *v;
    unsigned n;

    v = cli_verbs(&n);
    for (unsigned i = 0; i < n; i++)
        if (!strcmp(v[i].name, name))
            return &v[i];
    return NULL;
}

static bool same(FILE *got, const char *path)
{
    FILE *want = fopen(path, "rb");
    int a, b;

    if (!want)
        return false;
    rewind(got);
    do {
        a = getc(got);
        b = getc(want);
    } while (a == b && a != EOF);
    fclose(want);
    return a == b;
}

static int gets_all(const char *home, struct store *s)
{
    struct cli_app app = {.passphrase_fd = -1, .clock = system_clock, .rng = rng_system(), .store = s, .home_option = home};
    char line[1024], *file;
    unsigned equal = 0, unlike = 0;

    if (model_init(&app.model, s, &app.clock, NULL))
        return 1;
    while (fgets(line, sizeof line, stdin)) {
        char *words_in[] = {line};
        struct cli_args args = {.word = words_in, .n = 1};
        struct cli_out out, words;
        struct err e = ERR_NONE;
        FILE *got = tmpfile();

        line[strcspn(line, "\n")] = '\0';
        if (!got || !(file = strchr(line, ' ')))
            return 1;
        *file++ = '\0';
        cli_out_init(&out, fileno(got));
        cli_out_init(&words, 2);
        if (!verb("get")->run(&app, &args, 0, &out, &words, &e) && !cli_flush(&out) && same(got, file))
            equal++;
        else if (++unlike < 20)
            printf("unlike %s\n", line);
        cli_out_fini(&out);
        cli_out_fini(&words);
        fclose(got);
    }
    printf("%u equal\n", equal);
    return unlike ? 1 : 0;
}

static int begin_run(struct store *s, const char *type, const char *count, struct err *e)
{
    struct store_mark m = {.run_start_ms = clock_wall_ms(&system_clock), .count = (unsigned)atoi(count)};

    snprintf(m.type, sizeof m.type, "%s", type);
    return set(s, NULL, NULL, &m, e);
}

static int get(struct store *s, const char *name, struct err *e)
{
    struct buf b;
    int code;

    buf_init(&b, 1 << 20);
    if (!(code = store_setting(s, name, &b, e)))
        printf("%.*s", (int)b.n, b.p);
    buf_fini(&b);
    return code;
}

static int left(struct store *s, const char *id, const char *days, struct err *e)
{
    struct store_member m;
    struct store_tx *tx;
    int code = store_member(s, str_of(id), &m, e);

    if (code || (code = store_begin(s, false, &tx, e)))
        return code;
    m.left_ms -= atoll(days) * 24 * 3600 * 1000;
    if (!(code = store_member_put(tx, &m, e)))
        return store_commit(tx, e);
    store_rollback(tx);
    return code;
}

/* --- verbs ---------------------------------------------------------------------------------------- */

static int act(struct store *s, int argc, char **argv, struct err *e)
{
    if (!strcmp(argv[1], "sync") && argc > 3) { /* the server's address is a setting, as init makes it */
        int code = set(s, "server", argv[3], NULL, e);

        return code ? code : pull(s, argv[3], argc > 4 ? argv[4] : "all", e);
    }
    if (!strcmp(argv[1], "rows"))
        return store_each(s, &(struct store_query){.bytes = true}, row, NULL, e);
    if (!strcmp(argv[1], "set") && argc > 4)
        return set(s, argv[3], argv[4], NULL, e);
    if (!strcmp(argv[1], "get") && argc > 3)
        return get(s, argv[3], e);
    if (!strcmp(argv[1], "mark") && argc > 4)
        return begin_run(s, argv[3], argv[4], e);
    if (!strcmp(argv[1], "left") && argc > 4)
        return left(s, argv[3], argv[4], e);
    if (!strcmp(argv[1], "marks"))
        marks(s);
    return ERR_OK;
}

static int run(struct store_key *key, int argc, char **argv)
{
    struct err e = ERR_NONE;
    struct store *s;
    int code = store_open(argv[2], key, &s, &e);

    if (code)
        return fail(&e);
    if (!strcmp(argv[1], "gets"))
        return gets_all(argv[2], s);
    code = act(s, argc, argv, &e);
    store_close(s);
    return code ? fail(&e) : 0;
}

/* The kernel wipes the secrets of a forked child: this one, of a test's store, is carried over beside them. */
static int carry(struct store_key *key, const unsigned char raw[SEAL_SUBKEYS * CRYPT_KEY])
{
    key->seal->raw = secret_new(SEAL_SUBKEYS * CRYPT_KEY);
    key->seal->process = crypt_process(); /* no store is open here or in the parent */
    return key->seal->raw ? secret_set(key->seal->raw, raw, SEAL_SUBKEYS * CRYPT_KEY) : ERR_NOMEM;
}

static int many(struct store_key *key)
{
    unsigned char raw[SEAL_SUBKEYS * CRYPT_KEY];
    char line[4096], *word[8] = {line};

    memcpy(raw, key->seal->raw->p, sizeof raw);

    while (fgets(line, sizeof line, stdin)) {
        int n = 1, status = 0;
        pid_t pid;

        line[strcspn(line, "\n")] = '\0';
        for (char *at = line; *at && n < 8; n++) {
            word[n] = at;
            at += strcspn(at, " ");
            if (*at)
                *at++ = '\0';
        }
        if (n < 3 || (pid = fork()) < 0)
            return 1;
        if (!pid) {
            alarm(MANY_SECONDS);
            status = carry(key, raw) ? 1 : run(key, n, word);
            fflush(NULL);
            _exit(status);
        }
        if (waitpid(pid, &status, 0) != pid)
            return 1;
        printf("= %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct err e = ERR_NONE;
    struct store_key *key;

    system_clock = clock_system();
    umask(077);
    if (argc < 3 || crypt_init(NULL))
        return 1;
    if (unlock(argv[2], !strcmp(argv[1], "make"), &key, &e))
        return fail(&e);
    return !strcmp(argv[1], "many") ? many(key) : run(key, argc, argv);
}
