/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>

#include "demo/generate.h"

/* --- the clinic ------------------------------------------------------------------------------- */

static const struct {
    const char *family, *given, *gender, *role, *snomed;
} doctors[GEN_DOCTORS] = {
    /* roles: SNOMED CT */
    {"Okafor", "Chidi", "male", "General practitioner", "62247001"},
    {"Lindström", "Åsa", "female", "General practitioner", "62247001"},
    {"Haddad", "Rania", "female", "Pediatrician", "82296001"},
    {"Marsh", "Eleanor", "female", "Registered nurse", "224535009"},
    {"Iyer", "Suresh", "male", "Internal medicine specialist", "56397003"},
    {"Nowak", "Zofia", "female", "Registered nurse", "224535009"},
};

static const struct {
    const char *id, *name, *code, *type; /* v3-RoleCode */
} places[] = {
    {"place-rooms", "Consulting rooms", "PC", "Primary care clinic"},
    {"place-ward-a", "Ward A", "HU", "Hospital unit"},
    {"place-ward-b", "Ward B", "HU", "Hospital unit"},
};

const char *demo_gen_doctor(unsigned n)
{
    static const char *const refs[GEN_DOCTORS] = {
        "Practitioner/dr-1", "Practitioner/dr-2", "Practitioner/dr-3",
        "Practitioner/dr-4", "Practitioner/dr-5", "Practitioner/dr-6",
    };

    return refs[n % GEN_DOCTORS];
}

void demo_gen_clinic(struct gen *g)
{
    char id[40];

    demo_gen_open_id(g, "Organization", "clinic");
    demo_gen_add(g, ",'active':true,"
                    "'type':[{'coding':[{'system':'http:"
                    "//terminology.hl7.org/CodeSystem/organization-type',"
               "'code':'prov','display':'Healthcare Provider'}]}],"
               "'name':'Northfield Clinic (made up)',"
               "'telecom':[{'system':'phone','value':'+1 555 0100'}]");
    demo_gen_close(g);
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
        demo_gen_open_id(g, "Location", places[i].id);
        demo_gen_add(g, ",'status':'active','name':'%s','mode':'instance',"
                        "'type':[{'coding':[{'system':"
                   "'http://terminology.hl7.org/CodeSystem/v3-RoleCode','code':'%s',"
                   "'display':'%s'}]}],"
                   "'managingOrganization':{'reference':'Organization/clinic'}",
                places[i].name, places[i].code, places[i].type);
        demo_gen_close(g);
    }
    for (unsigned i = 0; i < GEN_DOCTORS; i++) {
        snprintf(id, sizeof id, "dr-%u", i + 1);
        demo_gen_open_id(g, "Practitioner", id);
        demo_gen_add(g, ",'identifier':[{'system':'http://demo.wardline.example/staff',"
                        "'value':'%04u'}],'active':true,"
                   "'name':[{'family':'%s','given':['%s']%s}],'gender':'%s'",
                1001 + i, doctors[i].family, doctors[i].given, i % 2 ? "" : ",'prefix':['Dr']",
                doctors[i].gender);
        demo_gen_close(g);
        snprintf(id, sizeof id, "dr-%u-role", i + 1);
        demo_gen_open_id(g, "PractitionerRole", id);
        demo_gen_add(g, ",'active':true,'practitioner':{'reference':'%s'},"
                        "'organization':{'reference':'Organization/clinic'},"
                   "'code':[{'coding':[{'system':'http://snomed.info/sct','code':'%s',"
                   "'display':'%s'}],'text':'%s'}],"
                   "'location':[{'reference':'Location/place-rooms'}]",
                demo_gen_doctor(i), doctors[i].snomed, doctors[i].role, doctors[i].role);
        demo_gen_close(g);
    }
}

/* --- a patient -------------------------------------------------------------------------------- */

static const char *const streets[] = {"Mill Lane", "Station Road", "Church Street", "Orchard Way",
"River Close",
                                      "Hill Street", "Market Square", "Quarry Road", "Lime Avenue",
                                      "School Lane"};
static const char *const towns[] = {"Northfield", "Eastbrook", "Saltmarsh", "Upper Fen",
"Westhollow"};

static void one_name(struct gen *g, const struct gen_person *p, const char *use, unsigned family,
                     bool latin)
{
    const struct gen_culture *c = p->culture;
    struct str f = demo_gen_name(c->family, family, p->female, latin);
    struct str n = demo_gen_name(p->female ? c->woman : c->male, p->given, p->female, latin);

    demo_gen_add(g, "{'use':'%s','family':'%.*s','given':['%.*s'", use, STR_ARG(f), STR_ARG(n));
    if (p->given % 3 == 0 && !latin) { /* a second given name */
        const char *list = p->female ? c->woman : c->male;

        n = demo_gen_name(list, (p->given + 5) % demo_gen_names(list), p->female, false);
        demo_gen_add(g, ",'%.*s'", STR_ARG(n));
    }
    demo_gen_add(g, "]}");
}

static void names(struct gen *g, const struct gen_person *p)
{
    demo_gen_add(g, ",'name':[");
    one_name(g, p, "official", p->family, false);
    if (demo_gen_name(p->culture->family, p->family, false, true).n) {
        demo_gen_add(g, ",");
        one_name(g, p, "usual", p->family, true);
    }
    if (p->female && p->years > 30 && demo_gen_chance(g, 250)) {
        demo_gen_add(g, ",");
        one_name(g, p, "maiden", (p->family + 3) % demo_gen_names(p->culture->family), false);
    }
    demo_gen_add(g, "]");
}

static void contact(struct gen *g, const struct gen_person *kin)
{
    demo_gen_add(g, ",'contact':[{'relationship':[{'coding':[{'system':'http:"
                    "//terminology.hl7.org/CodeSystem/v2-0131',"
               "'code':'C','display':'Emergency Contact'}]}],'name':");
    one_name(g, kin, "usual", kin->family, false);
    demo_gen_add(g, ",'telecom':[{'system':'phone','value':'+1 555 01%02u'}]}]", demo_gen_below(g,
                    100));
}

void demo_gen_patient(struct gen *g, struct gen_person *p, unsigned number, unsigned home,
                      const struct gen_person *kin)
{
    char day[GEN_DAY], at[GEN_TIME];

    snprintf(p->id, sizeof p->id, "p%06u", number % 1000000);
    demo_gen_open_id(g, "Patient", p->id);
    demo_gen_add(g, ",'identifier':[{'use':'official',"
                    "'type':{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/v2-0203',"
               "'code':'MR','display':'Medical record number'}]},"
               "'system':'http://demo.wardline.example/mrn','value':'%07u'}"
               "%s],'active':true",
            1000003u + number * 17u,
            number % 9 ? "" : ",{'use':'old','system':'http://demo.wardline.example/paper',"
            "'value':'C-4711'}");
    names(g, p);
    demo_gen_add(g, ",'telecom':[{'system':'phone','value':'+1 555 01%02u','use':'%s'}],"
                    "'gender':'%s','birthDate':'%s'",
            (home * 7 + (unsigned)p->years) % 100, p->years > 15 ? "mobile" : "home", p->female
            ? "female" : "male",
            demo_gen_day(p->born, day));
    if (p->dead)
        demo_gen_add(g, ",'deceasedDateTime':'%s'", demo_gen_time(p->died, demo_gen_between(g, 0,
                        1439), at));
    demo_gen_add(g, ",'address':[{'use':'home','line':['%u %s'],'city':'%s','postalCode':'%05u'}]",
                    home * 37 % 180 + 1,
            streets[home % 10], towns[home / 10 % 5], 10400 + home / 10 % 5 * 11);
    if (kin && (p->years < 18 || demo_gen_chance(g, 400)))
        contact(g, kin);
    demo_gen_add(g, ",'communication':[{'language':{");
    if (p->culture->language)
        demo_gen_add(g, "'coding':[{'system':'urn:ietf:bcp:47','code':'%s'}],",
                        p->culture->language);
    demo_gen_add(g, "'text':'%s'},'preferred':true}],'generalPractitioner':[{'reference':'%s'}],"
               "'managingOrganization':{'reference':'Organization/clinic'}",
            p->culture->spoken, demo_gen_doctor(p->doctor));
    demo_gen_close(g);
}
