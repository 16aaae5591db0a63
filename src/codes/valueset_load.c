/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files of codes and of FHIR resources. A file that cannot be read whole is an error, never a shorter list.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "base/tsv.h"
#include "codes/valueset_priv.h"

#define FILES 200u
#define DEEP 40 /* concepts in concepts */

/* --- files of codes --------------------------------------------------------------------------- */

static const char *const displays[] = {"display", "description", "full", NULL};
static const char *const others[] = {"synonyms", "short", NULL};
static const char *const only_code[] = {"code", NULL}, *const only_system[] = {"system", NULL};
static const char *const parents[] = {"parent", NULL}, *const statuses[] = {"status", NULL};

static int column(const struct tsv *t, const char *const *names)
{
    int i = -1;

    for (; *names && i < 0; names++)
        i = tsv_column(t, *names);
    return i;
}

static struct str cell_at(const struct str *cell, int i)
{
    return i < 0 ? STR("") : cell[i];
}

static bool is_retired(struct str status)
{
    static const char *const words[] = {"retired", "inactive", "Inactive", "deprecated", "Never Active"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_is(status, words[i]))
            return true;
    return false;
}

static struct str joined(struct arena *a, struct str one, struct str two)
{
    return !two.n ? one : !one.n ? two : str_of(arena_fmt(a, "%.*s|%.*s", STR_ARG(one), STR_ARG(two)));
}

/* What a code is called in b's language comes first, its other name becomes a synonym. */
static void rename_to(struct valueset_base *b, struct str said, struct valueset_concept *c)
{
    c->said = said.n;
    if (!said.n || str_eq(said, c->display))
        return;
    c->synonyms = joined(&b->a, c->synonyms, c->display);
    c->display = said;
}

static int own_column(const struct valueset_base *b, const struct tsv *t)
{
    char name[] = "display-" "\0\0\0\0\0\0\0";

    memcpy(name + 8, b->language, VALUESET_LANGUAGE - 1);
    return tsv_column(t, name);
}

static int load_codes(struct valueset_base *b, struct tsv *t, const char *file, struct err *e)
{
    int code = column(t, only_code), display = column(t, displays), system = column(t, only_system);
    int own = own_column(b, t);
    int parent = column(t, parents), status = column(t, statuses), synonyms = column(t, others), r = ERR_OK;
    struct str one = tsv_head(t, "system"), date = tsv_head(t, "date"), cell[TSV_COLUMNS];
    struct valueset_system *s = NULL;

    if (code < 0 || display < 0 || (system < 0 && !one.n))
        return err_set(e, ERR_INPUT, 0, t->line, file);
    while (!r && tsv_next(t, cell)) {
        struct str url = system < 0 ? one : cell[system];
        struct valueset_concept c = {.code = cell[code], .display = cell[display], .under = cell_at(cell, parent),
                                     .synonyms = cell_at(cell, synonyms), .retired = is_retired(cell_at(cell, status)),
                                     .abstract = str_is(cell_at(cell, status), "abstract")};

        if (!c.code.n || !url.n)
            return err_set(e, ERR_INPUT, 0, t->line, file);
        rename_to(b, cell_at(cell, own), &c);
        if (!s || !str_eq(s->url, url))
            s = valueset_system_make(b, url, date);
        r = s ? valueset_add(b, s, &c, e) : err_set(e, ERR_TOOBIG, 0, VALUESET_MEMORY, file);
    }
    return r;
}

/* --- resources -------------------------------------------------------------------------------- */

/* REQ: one parent is kept, so a system whose concept has two is none that can be asked: "is a" would say no where it is
 * yes. */
static int property(const struct tape *t, tape_at at, struct arena *a, struct valueset_concept *c, struct err *e)
{
    struct str name = tape_plain(t, tape_get(t, at, "code")), parent;

    if (str_is(name, "parent")) {
        parent = tape_str(t, tape_get(t, at, "valueCode"), a);
        if (c->under.n && !str_eq(c->under, parent))
            return err_set(e, ERR_UNSUPPORTED, 0, 0, "CodeSystem.concept.property.parent");
        c->under = parent;
    } else if (str_is(name, "status"))
        c->retired |= is_retired(tape_plain(t, tape_get(t, at, "valueCode")));
    else if (str_is(name, "notSelectable"))
        c->abstract |= tape_true(t, tape_get(t, at, "valueBoolean"));
    else if (str_is(name, "inactive"))
        c->retired |= tape_true(t, tape_get(t, at, "valueBoolean"));
    return ERR_OK;
}

static int take_concepts(struct valueset_base *b, struct valueset_system *s, const struct tape *t, tape_at list,
                         struct str under, unsigned depth, struct err *e)
{
    int r = depth < DEEP ? ERR_OK : err_set(e, ERR_TOOBIG, 0, DEEP, "valueset");

    for (tape_at i = tape_first(t, list); i != TAPE_NONE && !r; i = tape_next(t, list, i)) {
        tape_at more = tape_get(t, i, "property"), words = tape_get(t, i, "designation");
        struct valueset_concept c = {.code = tape_str(t, tape_get(t, i, "code"), &b->a), .under = under,
                                     .display = tape_str(t, tape_get(t, i, "display"), &b->a)};

        if (!c.code.n)
            return err_set(e, ERR_INPUT, 0, t->nodes[i].off, "CodeSystem.concept.code");
        for (tape_at k = tape_first(t, more); k != TAPE_NONE && !r; k = tape_next(t, more, k))
            r = property(t, k, &b->a, &c, e);
        if (r)
            return r;
        for (tape_at k = tape_first(t, words); k != TAPE_NONE; k = tape_next(t, words, k))
            c.synonyms = joined(&b->a, c.synonyms, tape_str(t, tape_get(t, k, "value"), &b->a));
        rename_to(b, valueset_said(b, t, words, &b->a), &c);
        r = valueset_add(b, s, &c, e);
        r = r ? r : take_concepts(b, s, t, tape_get(t, i, "concept"), c.code, depth + 1, e);
    }
    return r;
}

/* REQ: codes are once in a system (csd-1). One that is there twice and stands in two places, or is chosen in one alone,
 * is two answers to one question, of which the first would be given. */
static int agree(const struct valueset_system *s, struct err *e)
{
    VEC_EACH(const struct valueset_concept, c, &s->concepts)
    {
        const struct valueset_concept *first = valueset_concept_of(s, c->code);

        if (first != c && (!str_eq(first->under, c->under) || !str_eq(first->display, c->display) ||
                           first->abstract != c->abstract || first->retired != c->retired))
            return err_set(e, ERR_UNSUPPORTED, 0, 0, "CodeSystem.concept.code");
    }
    return ERR_OK;
}

static int take_system(struct valueset_base *b, const struct tape *t, struct err *e)
{
    struct str url = tape_str(t, tape_get(t, 0, "url"), &b->a), date = tape_plain(t, tape_get(t, 0, "date"));
    struct valueset_system *s;
    int r;

    if (!url.n)
        return err_set(e, ERR_INPUT, 0, 0, "CodeSystem.url");
    if (!tape_str_is(t, tape_get(t, 0, "content"), "complete"))
        return err_set(e, ERR_UNSUPPORTED, 0, 0, "CodeSystem.content");
    if (valueset_system_of(b, url))
        return ERR_OK;
    if (!(s = valueset_system_make(b, url, date)))
        return err_set(e, ERR_TOOBIG, 0, VALUESET_MEMORY, "valueset");
    r = take_concepts(b, s, t, tape_get(t, 0, "concept"), STR(""), 0, e);
    r = r ? r : valueset_settle(b, e);
    r = r ? r : agree(s, e);
    if (r) /* half of a system would be taken for all of it */
        valueset_system_unmake(b);
    return r;
}

int valueset_take(struct valueset_base *b, struct tape *t, struct err *e)
{
    struct str type = tape_plain(t, tape_get(t, 0, "resourceType"));
    struct valueset_set *set;
    int r = ERR_OK;

    if (str_is(type, "ValueSet")) {
        set = vec_push(&b->sets);
        if (set) {
            *set = (struct valueset_set){tape_str(t, tape_get(t, 0, "url"), &b->a),
                                         tape_str(t, tape_get(t, 0, "version"), &b->a), *t};
            return ERR_OK;
        }
        r = err_set(e, ERR_TOOBIG, 0, 0, "valueset");
    } else if (str_is(type, "CodeSystem")) {
        r = take_system(b, t, e);
    } else {
        r = err_set(e, ERR_UNSUPPORTED, 0, 0, "resourceType");
    }
    tape_fini(t);
    return r;
}

int valueset_load_resource(struct valueset_base *b, struct str bytes, struct err *e)
{
    struct tape t;
    int r;

    bytes = arena_str(&b->a, bytes);
    if (b->a.failed)
        return err_set(e, ERR_TOOBIG, 0, VALUESET_MEMORY, "valueset");
    r = tape_parse(&t, bytes, e);
    return r ? r : valueset_take(b, &t, e);
}

/* One or one a line. What a file has besides whole code systems and value sets is passed over. */
static int load_resources(struct valueset_base *b, struct str rest, bool lines, struct err *e)
{
    int64_t line = 0;
    int r = ERR_OK;

    while (rest.p && !r) {
        struct str one = str_trim(lines ? str_split(&rest, '\n') : rest);
        struct tape t;

        line++;
        if (!lines)
            rest.p = NULL;
        if (!one.n)
            continue;
        r = tape_parse(&t, one, e);
        r = r ? r : valueset_take(b, &t, e);
        if (r == ERR_UNSUPPORTED)
            r = ERR_OK;
        if (r && e && lines)
            e->num = line;
    }
    return r;
}

int valueset_load(struct valueset_base *b, const char *dir, const char *file, struct err *e)
{
    bool table = str_ends(str_of(file), ".tsv"), lines = str_ends(str_of(file), ".ndjson");
    struct str bytes;
    struct tsv t;
    int r;

    if (!table && !lines && !str_ends(str_of(file), ".json"))
        return err_set(e, ERR_UNSUPPORTED, 0, 0, file);
    r = tsv_read(dir, file, &b->a, &bytes, e);
    if (!r && table)
        r = tsv_parse(bytes, file, &t, e);
    r = r ? r : table ? load_codes(b, &t, file, e) : load_resources(b, bytes, lines, e);
    return r ? r : valueset_settle(b, e);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int valueset_load_dir(struct valueset_base *b, const char *dir, struct err *e)
{
    char own[PATH_MAX_BYTES], *name[FILES];
    struct dirent *entry;
    size_t n = 0;
    int r = ERR_OK;
    DIR *d;

    if (!dir)
        path_data("codes", own);
    d = opendir(dir ? dir : own);
    if (!d)
        return errno == ENOENT ? ERR_OK : err_set(e, ERR_NOFILE, errno, 0, dir ? dir : own);
    while (!r && (entry = readdir(d))) {
        struct str file = str_of(entry->d_name);

        if (*file.p == '.' || !(str_ends(file, ".tsv") || str_ends(file, ".json") || str_ends(file, ".ndjson")))
            continue;
        name[n] = n < FILES - 1 ? mem_dup(file.p, file.n) : NULL;
        if (name[n])
            n++;
        else
            r = err_set(e, ERR_TOOBIG, 0, FILES, dir ? dir : own);
    }
    closedir(d);
    qsort(name, n, sizeof *name, by_name);
    for (size_t i = 0; i < n; i++) {
        r = r ? r : valueset_load(b, dir ? dir : own, name[i], e);
        mem_free(name[i]);
    }
    return r;
}
