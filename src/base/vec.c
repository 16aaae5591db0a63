/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/vec.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

void vec_init(struct vec *v, size_t element_bytes, size_t max_elements)
{
    *v = (struct vec){.size = element_bytes, .max = max_elements};
}

void vec_fini(struct vec *v)
{
    mem_wipe(v->p, v->cap * v->size);
    vec_init(v, v->size, v->max);
}

void *vec_push(struct vec *v)
{
    void *e;

    if (v->n == v->max)
        return NULL;
    if (v->n == v->cap) {
        size_t cap = v->cap ? v->cap * 2 : 8;
        void *p = cap > SIZE_MAX / v->size ? NULL : mem_resize(v->p, cap * v->size);

        if (!p)
            return NULL;
        v->p = p;
        v->cap = cap;
    }
    e = (char *)v->p + v->n++ * v->size;
    memset(e, 0, v->size);
    return e;
}

void *vec_at(const struct vec *v, size_t i)
{
    return i < v->n ? (char *)v->p + i * v->size : NULL;
}
