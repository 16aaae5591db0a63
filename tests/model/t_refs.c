/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows of many sections: what is gone or damaged between listing and reading is said, and closes nothing.
 */
#include "config.h"

#include "tests/model/ward.h"

#include "base/limits.h"
#include "model/refs.h"
#include "model/scope.h"

#define POTASSIUM "'code':{'text':'Potassium'}," QTY("4.1", "mmol/L")

static void drop_patient(struct ward *w)
{
    struct store_tx *tx;

    CU_ASSERT_EQUAL_FATAL(store_begin(w->m.store, false, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_delete(tx, STR("Patient"), STR("p"), STORE_SERVER, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
}

static struct model_search *searched(struct ward *w, const char *chart)
{
    struct model_search *s = NULL;

    CU_ASSERT_EQUAL_FATAL(model_search_begin(&w->m, str_of(chart), STR("potassium"), &s, NULL), ERR_OK);
    while (!model_search_state(s).done)
        CU_ASSERT_EQUAL_FATAL(model_search_step(s, 10, NULL), ERR_OK);
    return s;
}

/* model-search-silent: a search passes over a damaged row in silence. */
static void damaged(void)
{
    static const char *const charts[] = {"p", ""};
    struct ward w;

    begin(&w);
    put(&w, OBS("good", "2026-03-06", "final", POTASSIUM));
    put_damaged(&w, OBS("bad", "2026-03-05", "final", POTASSIUM));
    for (size_t i = 0; i < sizeof charts / sizeof *charts; i++) {
        struct model_search *s = searched(&w, charts[i]);

        CU_ASSERT_EQUAL(model_search_found(s)->refs.n, 1);
        CU_ASSERT_EQUAL(model_search_state(s).unread, 1);
        model_search_free(s);
    }
    end(&w);
}

/* model-task-silent: a task that is due and cannot be read is not among the tasks. */
static void damaged_task(void)
{
    struct model_tasks t;
    struct ward w;

    begin(&w);
    put(&w, "{'resourceType':'Task','id':'good','status':'requested','intent':'order','for':{'reference':'Patient/p'},"
            "'description':'Wound check','restriction':{'period':{'end':'2026-11-24'}}}");
    put_damaged(&w, "{'resourceType':'Task','id':'bad','status':'requested','intent':'order','for':"
                    "{'reference':'Patient/p'},'restriction':{'period':{'end':'2026-11-25'}}}");
    CU_ASSERT_EQUAL_FATAL(model_tasks(&w.m, 0, 10, &t, NULL), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(t.n, 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(t.rows[0].what.s, "Wound check"));
    UNIT_STR(t.rows[1].what.s, "THIS ROW CANNOT BE READ: its content is damaged");
    UNIT_STR(t.rows[1].due.s, "due 25-Nov-2026");
    UNIT_STR(t.rows[1].chart, "p");
    model_tasks_fini(&t);
    end(&w);
}

/* A patient who is deleted after a search does not close the window that lists its rows. */
static void patient_gone(void)
{
    struct ward w;
    struct model_window window;
    struct model_search *s;

    begin(&w);
    put(&w, OBS("one", "2026-03-05", "final", POTASSIUM));
    put(&w, OBS("two", "2026-03-06", "final", POTASSIUM));
    s = searched(&w, "");
    drop_patient(&w);
    CU_ASSERT_EQUAL_FATAL(model_refs_window(&w.m, model_search_found(s), 0, 10, &window, NULL), ERR_OK);
    CU_ASSERT_EQUAL(window.n, 2);
    for (unsigned i = 0; i < window.n; i++) {
        UNIT_STR(window.rows[i].text.s, "This row is not here any more: a sync took it away");
        UNIT_STR(window.rows[i].chart, "p");
    }
    model_window_fini(&window);
    model_search_free(s);
    end(&w);
}

static const struct unit_test tests[] = {
    {"a damaged row is counted", damaged},
    {"a damaged task has a row", damaged_task},
    {"a patient who is gone", patient_gone},
};
UNIT_MAIN("refs", tests)
