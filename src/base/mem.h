/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All heap memory of wardline's own code. NULL when there is none left (or a test says so); the caller
 * returns ERR_NOMEM. mem_free zeroes nothing; patient data is freed with mem_wipe.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void mem_start(void);                       /* once, from main, first: large blocks go back to the system when freed */
void mem_trim(void);                        /* gives back what is free, after a large piece of work; milliseconds */
void *mem_alloc(size_t n);                  /* n bytes, zeroed; n = 0 gives one byte */
void *mem_resize(void *p, size_t n);        /* as realloc; the old block stays valid on NULL */
char *mem_dup(const void *p, size_t n);     /* a copy with a NUL behind it */
void mem_free(void *p);                     /* NULL is fine */
void mem_wipe(void *p, size_t n);           /* zeroes n bytes in a way no compiler removes, then frees */
void mem_zero(void *p, size_t n);           /* zeroes in a way no compiler removes */
void mem_zero_stack(void);                  /* what calls that have returned left below the caller, 512 KiB of it */

#endif
