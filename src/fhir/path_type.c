/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/path_type.h"

#include <string.h>

static struct str name_of(const char *row)
{
    return (struct str){row, strcspn(row, "<")};
}

static const char *row_of(struct str name)
{
    unsigned lo = 0, hi;
    const char *const *table = path_table(&hi);

    while (lo < hi) {
        unsigned mid = lo + (hi - lo) / 2;
        int o = str_cmp(name_of(table[mid]), name);

        if (!o)
            return table[mid];
        if (o < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

struct str path_type_known(struct str name)
{
    const char *row = row_of(name);

    return row ? name_of(row) : STR("");
}

struct str path_type_base(struct str type)
{
    const char *row = row_of(type);

    if (!row)
        return STR("");
    row += strcspn(row, "<") + 1;
    return (struct str){row, strcspn(row, " ")};
}

bool path_type_is(struct str type, struct str base)
{
    for (unsigned i = 0; type.n && i < 8; i++) {
        if (str_eq(type, base))
            return true;
        type = path_type_base(type);
    }
    return false;
}

bool path_type_primitive(struct str type)
{
    return type.n && *type.p >= 'a' && *type.p <= 'z';
}

bool path_type_resource(struct str type)
{
    return path_type_is(type, STR("Resource"));
}

static void fill(struct str spec, bool choice, struct path_element *out)
{
    *out = (struct path_element){.choice = choice};
    if (spec.n && spec.p[spec.n - 1] == '*')
        out->many = true, spec.n--;
    out->types = spec;
    if (!choice && !memchr(spec.p, '|', spec.n))
        out->type = spec;
}

static bool element_of(const char *row, struct str name, struct path_element *out)
{
    struct str rest = str_of(row);

    str_split(&rest, ' ');
    while (rest.n) {
        struct str spec = str_split(&rest, ' '), key = str_split(&spec, '=');
        bool choice = str_ends(key, "[x]");

        if (choice)
            key.n -= 3;
        if (str_eq(key, name)) {
            fill(spec, choice, out);
            return true;
        }
    }
    return false;
}

bool path_type_element(struct str type, struct str name, struct path_element *out)
{
    for (unsigned i = 0; type.n && i < 8; i++) {
        const char *row = row_of(type);

        if (row && element_of(row, name, out))
            return true;
        type = path_type_base(type);
    }
    return false;
}

struct str path_type_suffix(struct str suffix)
{
    struct str known = path_type_known(suffix);
    char small[64];

    if (known.n && !path_type_resource(known))
        return known;
    if (!suffix.n || suffix.n >= sizeof small)
        return STR("");
    memcpy(small, suffix.p, suffix.n);
    small[0] = (char)(small[0] + ('a' - 'A'));
    return path_type_known((struct str){small, suffix.n});
}

bool path_type_choice(struct str type, struct str member, struct str *stem, struct str *chosen)
{
    struct path_element el;

    for (size_t i = 1; i < member.n; i++) {
        if (member.p[i] < 'A' || member.p[i] > 'Z')
            continue;
        *stem = (struct str){member.p, i};
        if (type.n && (!path_type_element(type, *stem, &el) || !el.choice))
            continue;
        *chosen = path_type_suffix((struct str){member.p + i, member.n - i});
        if (chosen->n)
            return true;
    }
    return false;
}
