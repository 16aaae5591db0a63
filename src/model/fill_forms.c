/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which forms there are: files in three folders, the user's before the site's before the program's.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/tsv.h"
#include "model/fill_priv.h"

#define ENDING ".json"

void model_form_dirs(struct model_form_dirs *out)
{
    if (!path_config("forms", out->dir[MODEL_FORMS_USER]))
        out->dir[MODEL_FORMS_USER][0] = '\0';
    if (path_join(out->dir[MODEL_FORMS_SITE], SYSCONFDIR, "wardline/forms", NULL))
        out->dir[MODEL_FORMS_SITE][0] = '\0';
    path_data("forms", out->dir[MODEL_FORMS_PACKAGE]);
}

/* A name that can stand in a draft's and be typed: no path, no blank. */
static bool is_name(struct str s)
{
    if (!s.n || s.n >= MODEL_FORM_NAME || *s.p == '.')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
              (s.p[i] >= '0' && s.p[i] <= '9') || strchr("._-", s.p[i])))
            return false;
    return true;
}

static bool known(const struct vec *all, struct str name)
{
    VEC_EACH(const struct model_form_file, f, all)
        if (str_is(name, f->name))
            return true;
    return false;
}

static int add(struct model_forms *l, struct vec *all, const char *dir, const char *file, const char *language,
               enum model_forms_place place, struct err *e)
{
    struct str name = {file, strlen(file) - strlen(ENDING)}, bytes;
    struct model_form_file one = {.place = place};
    struct arena a;
    bool is;

    if (!is_name(name) || known(all, name))
        return ERR_OK;
    memcpy(one.name, name.p, name.n);
    arena_init(&a, TSV_BYTES + (1u << 20));
    is = !tsv_read(dir, file, &a, &bytes, NULL) && model_form_heading(bytes, language, &l->arena, &one.title);
    arena_fini(&a);
    if (!is) {
        l->bad++;
        return ERR_OK;
    }
    if (!one.title.n)
        one.title = text_safe(&l->arena, str_of(one.name), 0);
    if (l->arena.failed)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (all->n == MODEL_FORMS_MAX)
        return err_set(e, ERR_TOOBIG, 0, MODEL_FORMS_MAX, "forms");
    struct model_form_file *f = vec_push(all);

    if (!f)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    *f = one;
    return ERR_OK;
}

/* A folder that is not there has no forms. */
static int look(struct model_forms *l, struct vec *all, const char *dir, const char *language,
                enum model_forms_place place, struct err *e)
{
    DIR *d = dir[0] ? opendir(dir) : NULL;
    struct dirent *entry;
    int code = ERR_OK;

    if (!d)
        return !dir[0] || errno == ENOENT || errno == ENOTDIR ? ERR_OK : err_set(e, ERR_NOFILE, errno, 0, dir);
    while (!code && (entry = readdir(d)))
        if (str_ends(str_of(entry->d_name), ENDING))
            code = add(l, all, dir, entry->d_name, language, place, e);
    closedir(d);
    return code;
}

static int by_title(const void *a, const void *b)
{
    const struct model_form_file *x = a, *y = b;
    int order = strcmp(x->title.s, y->title.s);

    return order ? order : strcmp(x->name, y->name);
}

int model_forms(const struct model_form_dirs *dirs, const char *language, struct model_forms *out, struct err *e)
{
    struct vec all;
    int code = ERR_OK;

    *out = (struct model_forms){.n = 0};
    arena_init(&out->arena, 8u << 20);
    vec_init(&all, sizeof(struct model_form_file), MODEL_FORMS_MAX);
    for (int p = 0; p < MODEL_FORMS_PLACES && !code; p++)
        code = look(out, &all, dirs->dir[p], language, (enum model_forms_place)p, e);
    if (!code && all.n) {
        qsort(all.p, all.n, sizeof(struct model_form_file), by_title);
        out->v = arena_alloc(&out->arena, all.n * sizeof *out->v);
        if (out->v)
            memcpy(out->v, all.p, all.n * sizeof *out->v);
        out->n = out->v ? (unsigned)all.n : 0;
        if (!out->v)
            code = err_set(e, ERR_NOMEM, 0, 0, NULL);
    }
    vec_fini(&all);
    if (code)
        model_forms_fini(out);
    return code;
}

void model_forms_fini(struct model_forms *l)
{
    arena_fini(&l->arena);
    l->v = NULL;
    l->n = 0;
}

int model_fill_bytes(const struct model_form_dirs *dirs, const char *name, struct arena *a, struct str *bytes,
                     struct err *e)
{
    char file[MODEL_FORM_NAME + sizeof ENDING];

    if (!is_name(str_of(name)))
        return err_set(e, ERR_NOTFOUND, 0, 0, "form");
    snprintf(file, sizeof file, "%s" ENDING, name);
    for (int p = 0; p < MODEL_FORMS_PLACES; p++)
        if (dirs->dir[p][0] && !tsv_read(dirs->dir[p], file, a, bytes, NULL))
            return ERR_OK;
    return err_set(e, ERR_NOTFOUND, 0, 0, "form");
}
