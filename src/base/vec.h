/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A growing array of equal elements, on the heap.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include <stddef.h>

struct vec {
    void *p;
    size_t n, cap, size, max; /* elements, elements, bytes an element, elements */
};

void vec_init(struct vec *v, size_t element_bytes, size_t max_elements);
void vec_fini(struct vec *v);
void *vec_push(struct vec *v);            /* a zeroed new last element; NULL when full or out of memory */
void *vec_at(const struct vec *v, size_t i); /* NULL outside */

#define VEC_EACH(type, it, v) \
    for (type *it = (type *)(v)->p; it && it < (type *)(v)->p + (v)->n; it++)

#endif
