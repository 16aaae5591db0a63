/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

void turn_init(struct turn *t)
{
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->free, NULL);
    t->taken = false;
    t->edits = 0;
}

void turn_fini(struct turn *t)
{
    pthread_cond_destroy(&t->free);
    pthread_mutex_destroy(&t->mutex);
}

void turn_take(struct turn *t, bool edit)
{
    pthread_mutex_lock(&t->mutex);
    t->edits += edit;
    while (t->taken || (!edit && t->edits))
        pthread_cond_wait(&t->free, &t->mutex);
    t->edits -= edit;
    t->taken = true;
    t->who = pthread_self();
    pthread_mutex_unlock(&t->mutex);
}

bool turn_try(struct turn *t)
{
    bool got;

    pthread_mutex_lock(&t->mutex);
    got = !t->taken;
    if (got) {
        t->taken = true;
        t->who = pthread_self();
    }
    pthread_mutex_unlock(&t->mutex);
    return got;
}

void turn_leave(struct turn *t)
{
    pthread_mutex_lock(&t->mutex);
    t->taken = false;
    pthread_cond_broadcast(&t->free); /* not one: it might wake a cache fill that an edit goes before */
    pthread_mutex_unlock(&t->mutex);
}

bool turn_mine(struct turn *t)
{
    bool mine;

    pthread_mutex_lock(&t->mutex);
    mine = t->taken && pthread_equal(t->who, pthread_self());
    pthread_mutex_unlock(&t->mutex);
    return mine;
}
