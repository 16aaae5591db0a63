/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a clinic's lists are made of: tasks and vaccines due and overdue, care teams, registers and rounds.
 */
#include "config.h"

#include <stdio.h>

#include "demo/generate.h"

/* --- of one person ------------------------------------------------------------------------------ */

static void task(struct gen *g, struct gen_person *p)
{
    static const char *const what[] = {"Call about the test result", "Renew the repeat prescription",
                                       "Book the yearly check-up", "Send the referral letter", "Home visit"};
    static const char *const open[] = {"requested", "accepted", "in-progress"};
    char day[GEN_DAY], due[GEN_DAY];
    int64_t when = g->today + demo_gen_between(g, -30, 30);
    bool over = demo_gen_chance(g, 200);

    demo_gen_open(g, p, "Task", "ta");
    demo_gen_add(g, ",'status':'%s','intent':'order','priority':'%s','description':'%s',"
                    "'for':{'reference':'Patient/%s'},'authoredOn':'%s','requester':{'reference':'%s'},"
                    "'owner':{'reference':'%s'}",
                 over ? "completed" : open[demo_gen_below(g, 3)], demo_gen_chance(g, 150) ? "urgent" : "routine",
                 what[demo_gen_below(g, 5)], p->id, demo_gen_day(demo_gen_days_ago(g, p, 31, 60), day),
                 demo_gen_doctor(p->doctor), demo_gen_doctor(demo_gen_chance(g, 500) ? p->doctor : 3));
    if (!demo_gen_chance(g, 100))
        demo_gen_add(g, ",'restriction':{'period':{'end':'%s'}}", demo_gen_day(when, due));
    demo_gen_close(g);
}

/* One vaccine: due on a day, overdue from four weeks after. */
static void forecast(struct gen *g, const char *cvx, const char *text, int64_t due, bool first)
{
    char from[GEN_DAY], late[GEN_DAY];

    demo_gen_add(g, "%s{'vaccineCode':[{'coding':[{'system':'http://hl7.org/fhir/sid/cvx','code':'%s'}],'text':'%s'}],"
                    "'forecastStatus':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/"
                    "immunization-recommendation-status','code':'%s'}]},'dateCriterion':["
                    "{'code':{'coding':[{'system':'http://loinc.org','code':'30980-7'}],'text':'Due'},'value':'%s'},"
                    "{'code':{'coding':[{'system':'http://loinc.org','code':'59778-1'}],'text':'Overdue'},"
                    "'value':'%s'}]}",
                 first ? "" : ",", cvx, text, due + 28 < g->today ? "overdue" : "due", demo_gen_day(due, from),
                 demo_gen_day(due + 28, late));
}

static void vaccines(struct gen *g, struct gen_person *p)
{
    char day[GEN_DAY];

    demo_gen_open(g, p, "ImmunizationRecommendation", "ir");
    demo_gen_add(g, ",'patient':{'reference':'Patient/%s'},'date':'%s','recommendation':[", p->id,
                 demo_gen_day(g->today - demo_gen_between(g, 1, 5), day));
    if (p->years < 18)
        forecast(g, p->years < 2 ? "03" : p->years < 9 ? "20" : "165",
                 p->years < 2 ? "MMR" : p->years < 9 ? "DTaP" : "HPV, 9-valent",
                 g->today + demo_gen_between(g, -90, 60), true);
    forecast(g, "150", "Influenza, quadrivalent", g->today + demo_gen_between(g, -60, 30), p->years >= 18);
    demo_gen_add(g, "]");
    demo_gen_close(g);
}

static void team(struct gen *g, struct gen_person *p)
{
    char day[GEN_DAY];

    demo_gen_open(g, p, "CareTeam", "ct");
    demo_gen_add(g, ",'status':'active','name':'Community team','subject':{'reference':'Patient/%s'},"
                    "'period':{'start':'%s'},"
                    "'participant':[{'member':{'reference':'%s'}},{'member':{'reference':'%s'}}]",
                 p->id, demo_gen_day(demo_gen_days_ago(g, p, 20, 300), day), demo_gen_doctor(p->doctor),
                 demo_gen_doctor(5));
    demo_gen_close(g);
}

static void enrol(struct gen *g, enum gen_register which, const struct gen_person *p)
{
    struct buf *b = &g->registers[which];

    if (g->enrolled[which] >= GEN_REGISTER_MOST)
        return;
    g->enrolled[which]++;
    buf_addf(b, "%s%s", b->n ? " " : "", p->id);
}

void demo_gen_lists(struct gen *g, struct gen_person *p)
{
    if (p->dead)
        return;
    if (demo_gen_chance(g, 300))
        task(g, p);
    if (p->years < 18 ? demo_gen_chance(g, 700) : p->years >= 65 && demo_gen_chance(g, 400))
        vaccines(g, p);
    if (demo_gen_chance(g, p->years >= 70 ? 300 : 60))
        team(g, p);
    if (demo_gen_has(p, GEN_DIABETES))
        enrol(g, GEN_REGISTER_DIABETES, p);
    if (p->years < 5)
        enrol(g, GEN_REGISTER_UNDER_FIVE, p);
    if (p->years >= 80 && demo_gen_chance(g, 700))
        enrol(g, GEN_REGISTER_HOME, p);
}

/* --- registers ---------------------------------------------------------------------------------- */

static void members(struct gen *g, enum gen_register which, const char *before, const char *after)
{
    struct str rest = buf_str(&g->registers[which]);
    bool first = true;

    while (rest.n) {
        struct str id = str_split(&rest, ' ');

        demo_gen_add(g, "%s%s'Patient/%.*s'%s", first ? "" : ",", before, STR_ARG(id), after);
        first = false;
    }
}

static void group(struct gen *g, enum gen_register which, const char *id, const char *name)
{
    if (!g->enrolled[which])
        return;
    demo_gen_open_id(g, "Group", id);
    demo_gen_add(g, ",'active':true,'type':'person','actual':true,'name':'%s','quantity':%u,'member':[", name,
                 g->enrolled[which]);
    members(g, which, "{'entity':{'reference':", "}}");
    demo_gen_add(g, "]");
    demo_gen_close(g);
}

void demo_gen_registers(struct gen *g)
{
    char day[GEN_DAY];

    group(g, GEN_REGISTER_DIABETES, "register-diabetes", "Diabetes register");
    group(g, GEN_REGISTER_UNDER_FIVE, "register-under-five", "Under five");
    if (!g->enrolled[GEN_REGISTER_HOME])
        return;
    demo_gen_open_id(g, "List", "round-home");
    demo_gen_add(g, ",'status':'current','mode':'working','title':'Home visits','date':'%s','entry':[",
                 demo_gen_day(g->today, day));
    members(g, GEN_REGISTER_HOME, "{'item':{'reference':", "}}");
    demo_gen_add(g, "]");
    demo_gen_close(g);
}
