/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside the demo server. state.c owns resources and their versions; disk.c writes them through;
 * stamp.c splices ids and meta into the posted bytes; query.c reads query strings; match.c says
 * whether a resource answers a search; search.c and page.c make Bundles of hits; bundle.c runs
 * batches and transactions; handle.c routes; answer.c holds what they all say.
 */
#ifndef DEMO_PRIV_H
#define DEMO_PRIV_H

#include "base/arena.h"
#include "base/jsonw.h"
#include "base/limits.h"
#include "base/vec.h"
#include "demo/demo.h"
#include "fhir/tape.h"

#define DEMO_PAGE_DEFAULT 20        /* as HAPI measured */
#define DEMO_PAGE_MAX 1000          /* as HAPI measured */
#define DEMO_PAGE_BYTES (24u << 20) /* a page ends early rather than pass LIMIT_PAGE_BYTES */
#define DEMO_ANSWER_BYTES (256u << 20)
#define DEMO_TURN_BYTES (256u << 20) /* what one request may take beside its answer */
#define DEMO_PARAMS_MAX 256
#define DEMO_KEPT_MS 3600000       /* how long a search can be paged: HAPI keeps one for 60 min */
#define DEMO_KEPT_MAX 4096         /* searches that are kept, */
#define DEMO_KEPT_HITS (32u << 20) /* and the hits of all of them */
#define DEMO_RESOURCES_MAX 0x7fffffff
#define DEMO_NONE UINT32_MAX
#define DEMO_SEVERAL (UINT32_MAX - 1)

struct demo_db;

/* Never changes once it is made. */
struct demo_version {
    struct demo_version *older;
    int64_t updated_ms; /* meta.lastUpdated */
    int64_t visible_ms; /* later than that only by demo_faults.late_ms */
    uint32_t number;    /* 1, 2, ... */
    uint32_t n;         /* bytes; 0 for a deletion */
    uint32_t patient; /* the place of the patient whose chart it is in, DEMO_NONE or DEMO_SEVERAL */
    bool deleted;
    char bytes[]; /* with the stamped id and meta */
};

/* A place for TYPE/ID. It is made when the id is first named (also as somebody's patient) and never
 * goes; newest is NULL until a version is written. */
struct demo_resource {
    char *id;
    struct demo_version *newest;
    uint32_t type;
};

/* Versions of one type in the order of lastUpdated; of one instant in the order of writing. */
struct demo_log {
    int64_t ms;
    uint32_t resource, number;
};

/* A search that is being paged: a fixed list of hits; each page shows their versions of the day. */
struct demo_kept {
    char id[37];
    int64_t made_ms;
    uint32_t *hits;
    size_t n;
    bool total; /* each page says the total */
};

struct demo {
    char *base;
    struct rng ids;
    struct vec resources; /* struct demo_resource */
    uint32_t *buckets;    /* open addressing: a resource's number + 1, or 0 */
    size_t n_buckets;
    struct vec *logs; /* of struct demo_log, one for each type */
    struct vec undo;  /* uint32_t: resources written in the open transaction */
    bool open;
    struct vec kept;    /* struct demo_kept, oldest first */
    size_t kept_hits;   /* of all of them */
    struct demo_db *db; /* NULL: memory only */
    bool filling;       /* demo_fill holds one transaction of the disk around all of memory's */
    struct demo_faults faults;
    struct demo_ways ways;
    struct vec jobs;    /* struct demo_job, of export.c */
};

/* One request under way. */
struct demo_turn {
    struct demo *d;
    int64_t now;
    const struct demo_request *q;
    struct demo_response *r;
    struct arena a;
    struct str base;
    bool in_bundle; /* an entry of a batch or transaction */
    bool in_transaction;
    const char *forced_id; /* the id that a transaction gave this create beforehand, or NULL */
};

/* types.c: R4's resource types, in alphabetical order. */
uint32_t demo_type(struct str name); /* DEMO_NONE if R4 has no such type */
const char *demo_type_name(uint32_t type);
uint32_t demo_type_count(void);

/* state.c */
int demo_state_init(struct demo *d);
void demo_state_fini(struct demo *d);
struct demo_resource *demo_at(const struct demo *d, uint32_t i);
uint32_t demo_find(const struct demo *d, uint32_t type, struct str id); /* DEMO_NONE: never named */
int demo_place(struct demo *d, uint32_t type, struct str id, uint32_t *i);
/* What a reader at now sees: NULL when there is nothing yet. */
const struct demo_version *demo_visible(const struct demo_resource *r, int64_t now);
const struct demo_version *demo_version_get(const struct demo_resource *r, int64_t now,
                                            uint32_t number);
/* Adds a version (bytes empty: a deletion) to memory and disk, within demo_begin, demo_commit. */
int demo_put(struct demo *d, uint32_t i, int64_t updated_ms, uint32_t number, struct str bytes,
             bool deleted);
/* As demo_put, from disk. */
int demo_load(struct demo *d, uint32_t i, int64_t updated_ms, uint32_t number, struct str bytes,
              bool deleted);
int demo_begin(struct demo *d);
int demo_commit(struct demo *d); /* on an error everything since demo_begin is undone */
void demo_undo(struct demo *d);
/* The first entry of a type's log that is not before ms. */
size_t demo_log_from(const struct vec *log, int64_t ms);

/* disk.c */
int demo_db_open(struct demo *d, const char *path, struct err *e);
void demo_db_close(struct demo_db *db);
int demo_db_begin(struct demo_db *db);
int demo_db_commit(struct demo_db *db);
void demo_db_undo(struct demo_db *db);
int demo_db_put(struct demo_db *db, struct str type, struct str id, const struct demo_version *v);

/* stamp.c */
#define DEMO_INSTANT_MAX 40
/* "2026-11-23T04:05:06.007+00:00", as HAPI */
void demo_instant(int64_t ms, char out[DEMO_INSTANT_MAX]);
/* t's bytes with id, meta.versionId and meta.lastUpdated set; all other bytes as they were. */
int demo_stamp(const struct tape *t, struct str id, uint32_t number, int64_t ms, struct buf *out);

/* cut.c: a Bundle may hold more than one tape does. entries gets the bytes (struct str) of each
 * element of "entry", rest the Bundle without them: both are still to be parsed. ERR_JSON,
 * ERR_TOOBIG, ERR_NOMEM. */
int demo_cut(struct str bundle, struct vec *entries, struct buf *rest);

/* query.c */
struct demo_param {
    struct str name, modifier, value; /* decoded; modifier without ':' */
};
struct demo_query {
    struct demo_param *p;
    unsigned n;
};
/* ERR_INPUT, ERR_TOOBIG, ERR_NOMEM */
int demo_query_parse(struct str raw, struct arena *a, struct demo_query *out);
struct str demo_query_get(const struct demo_query *q, const char *name); /* the last one, or "" */
struct str demo_query_encode(struct str s, struct arena *a);

/* params.c: which search parameters a type has. */
struct demo_param_kind {
    const char *type, *name;
    const char *kind;  /* "token", "reference", "date", "string", "uri" */
    const char *paths; /* blank-separated */
};
const struct demo_param_kind *demo_param_find(uint32_t type, struct str name); /* NULL: none */
const struct demo_param_kind *demo_params(unsigned *n); /* by type and name */

/* match.c */
struct demo_clause; /* one parameter of a search, any of its values */
/* The values that stand at a path, arrays opened; until each answers true. */
bool demo_walk(const struct tape *t, tape_at at, struct str path,
               bool (*each)(void *arg, const struct tape *t, tape_at at), void *arg);
/* ERR_INPUT: e->what says which parameter and why. NULL in *out: it asks nothing of a resource's
 * content. */
int demo_clause_new(struct demo_turn *t, uint32_t type, const struct demo_param *p,
                    struct demo_clause **out, struct err *e);
bool demo_clause_holds(struct demo_turn *t, const struct demo_clause *c,
                       const struct demo_version *v, struct tape *tape);
/* The moments that a FHIR date can mean, from *lo to before *hi. */
bool demo_range(struct str lexeme, int64_t *lo, int64_t *hi);
/* Cuts *rest at the first sep that no backslash stands before; unescaped, in arena a. */
struct str demo_value_split(struct str *rest, char sep, struct arena *a);

/* search.c */
struct demo_search; /* what a query asks of one type */
/* ERR_INPUT: e->what says which parameter and why. */
int demo_search_parse(struct demo_turn *t, uint32_t type, const struct demo_query *q,
                      struct demo_search **out, struct err *e);
/* Appends resources' numbers (uint32_t) in the order asked for. */
int demo_search_run(struct demo_turn *t, const struct demo_search *s, struct vec *hits);

/* page.c: Bundles of hits. */
struct demo_page {
    uint32_t *hits;
    size_t n, offset, count;
    struct str self;     /* the URL that was asked for, absolute */
    struct str elements; /* decoded _elements, or "" */
    const char *kept;    /* the kept search's id, or NULL */
    bool total;          /* say it although it is not known for nothing */
};
void demo_page_write(struct demo_turn *t, const struct demo_page *p);
void demo_bundle_open(struct demo_turn *t, struct jsonw *w, const char *type); /* up to type */
void demo_link(struct jsonw *w, const char *relation, struct str url);
/* Takes the hits over. NULL: no memory. */
struct demo_kept *demo_keep(struct demo_turn *t, struct vec *hits, bool total);

/* search.c, page.c, history.c, bundle.c, metadata.c: each answers the turn. */
void demo_search(struct demo_turn *t, uint32_t type, struct str raw);
void demo_page(struct demo_turn *t, const struct demo_query *q);
void demo_history(struct demo_turn *t, uint32_t type, uint32_t resource);
void demo_bundle(struct demo_turn *t);
void demo_metadata(struct demo_turn *t);

/* export.c: each answers the turn. */
void demo_export(struct demo_turn *t, uint32_t group); /* DEMO_NONE: of the system */
void demo_export_poll(struct demo_turn *t);
bool demo_export_file(struct demo_turn *t, struct str id); /* false: it is none, or not asked for so */
void demo_export_init(struct demo *d);

/* handle.c */
/* What a condition (If-None-Exist, PUT Type?query, a conditional reference) finds: *n of them,
 * *first the oldest or DEMO_NONE. ERR_INPUT: no search that this server knows, or none at all. */
int demo_condition(struct demo_turn *t, uint32_t type, struct str raw, size_t *n, uint32_t *first);
void demo_route(struct demo_turn *t);
void demo_turn_run(struct demo *d, int64_t now, const struct demo_request *q,
                   struct demo_response *r, const struct demo_turn *outer, const char *forced_id);

/* answer.c */
void demo_answer_init(struct demo_response *r);
/* An OperationOutcome: severity error, FHIR issue code and words of the server's own. */
void demo_fail(struct demo_turn *t, int status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void demo_outcome(struct jsonw *w, const char *severity, const char *code, struct str words);
const char *demo_status_line(int status, char out[48]); /* "201 Created" */
void demo_etag(uint32_t number, char out[64]);
/* 0: any. False: none of the tags that the header names is this version's. */
bool demo_etag_is(struct str header, uint32_t number);
void demo_dated(struct demo_turn *t, int64_t ms); /* Last-Modified */
enum demo_location {
    DEMO_CREATED, /* Location and Content-Location, as HAPI */
    DEMO_THERE,   /* Content-Location alone: HAPI's answers to reads and updates */
};
/* ETag, Last-Modified and where it is; in a bundle's entry all go to etag, lastModified and
 * location. */
void demo_version_headers(struct demo_turn *t, const struct demo_resource *r,
                          const struct demo_version *v, enum demo_location where);
bool demo_prefers(const struct demo_turn *t, const char *what);

#endif
