/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two machines share the work. The frames follow the Bundle's own few levels by JSON's grammar. A span is
 * one whole value inside them, followed by its brackets and strings alone: a resource, which is held, or
 * something that nobody asked for, which is dropped as it comes. So a resource with bad JSON in it spoils
 * itself (the tape refuses it), not its page.
 *
 * Whether an object is a Bundle stands in it somewhere, not always first: the root, and what may be the
 * answer to one search of a batch, are held until their resourceType (and type) has come, then what was
 * held is read once more as a Bundle.
 */
#include "config.h"

#include "fhir/bundle.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "fhir/tape.h"

enum role { IN_BUNDLE, IN_ENTRIES, IN_ENTRY, IN_RESPONSE, IN_LINKS, IN_LINK };
enum expect {
    WANT_ROOT,
    WANT_VALUE,
    WANT_VALUE_OR_END,
    WANT_KEY,
    WANT_KEY_OR_END,
    WANT_COLON,
    WANT_COMMA_OR_END,
    WANT_NOTHING,
};
enum member { M_OTHER, M_TYPE, M_TOTAL, M_LINK, M_ENTRY, M_RESOURCE, M_RESPONSE, M_STATUS, M_ETAG,
              M_LOCATION, M_RELATION, M_URL };

static const struct member_row {
    enum role role;
    const char *name; /* quoted, as it stands in the bytes; NULL: the elements of an array */
    enum member member;
    char open;        /* the bracket that its value must begin with; 0: it is a string or number */
    enum role into;   /* its frame; the same role: no frame, a span */
} members[] = {
    {IN_BUNDLE, "\"type\"", M_TYPE, 0, IN_BUNDLE},
    {IN_BUNDLE, "\"total\"", M_TOTAL, 0, IN_BUNDLE},
    {IN_BUNDLE, "\"link\"", M_LINK, '[', IN_LINKS},
    {IN_BUNDLE, "\"entry\"", M_ENTRY, '[', IN_ENTRIES},
    {IN_ENTRIES, NULL, M_OTHER, '{', IN_ENTRY},
    {IN_ENTRY, "\"resource\"", M_RESOURCE, '{', IN_ENTRY},
    {IN_ENTRY, "\"response\"", M_RESPONSE, '{', IN_RESPONSE},
    {IN_RESPONSE, "\"status\"", M_STATUS, 0, IN_RESPONSE},
    {IN_RESPONSE, "\"etag\"", M_ETAG, 0, IN_RESPONSE},
    {IN_RESPONSE, "\"location\"", M_LOCATION, 0, IN_RESPONSE},
    {IN_LINKS, NULL, M_OTHER, '{', IN_LINK},
    {IN_LINK, "\"relation\"", M_RELATION, 0, IN_LINK},
    {IN_LINK, "\"url\"", M_URL, 0, IN_LINK},
};

#define LEVELS 2      /* the page, and an answer to one search of a batch */
#define FRAMES 10
#define HOLD_KEPT (256u << 10) /* a larger value's memory is given back behind it */
#define SHORT_BYTES 1024                  /* of a relation, a status, an etag */
#define TOKEN_BYTES (6 * LIMIT_URL_BYTES) /* each character may come as \uXXXX */

struct frame {
    enum role role;
    const struct member_row *row; /* of the member or element under way; NULL: one that nobody asked for */
    unsigned seen;                /* set of 1 << enum member */
};

struct span {
    bool on, hold, probe;   /* probe: may turn out to be a Bundle */
    bool loose;             /* over a limit: counted to its end, no longer held or checked */
    bool string, escape;
    size_t depth;           /* open brackets */
    char close[LIMIT_DEPTH]; /* the brackets that will close them */
    bool colon;             /* at depth 1: what comes is a value */
    enum { KEY_OTHER, KEY_RESOURCE_TYPE, KEY_TYPE } key;
    bool bundle, searchset;
};

struct level {
    int entry; /* index of the one under way */
    char type[64], total[64];
};

struct bundle_scan {
    struct bundle_sink sink;
    size_t bytes, max;
    int code;
    struct err err;
    enum expect expect;
    enum { LEX_NONE, LEX_STRING, LEX_ESCAPE, LEX_SCALAR } lex;
    struct frame frame[FRAMES];
    unsigned frames;             /* 0 until the root is known to be a Bundle */
    struct level level[LEVELS];
    unsigned levels;
    struct span span;
    struct buf hold;             /* the value under way, as it came */
    struct buf token;            /* the string or scalar under way, as it came, quotes included */
    struct buf url, relation, status, etag, location; /* of the link or response under way, decoded */
};

static void feed(struct bundle_scan *s, struct str in);

int bundle_new(const struct bundle_sink *sink, size_t max_bytes, struct bundle_scan **out)
{
    struct bundle_scan *s = *out = mem_alloc(sizeof *s);

    if (!s)
        return ERR_NOMEM;
    s->sink = *sink;
    s->max = max_bytes;
    buf_init(&s->hold, LIMIT_RESOURCE_BYTES);
    buf_init(&s->token, TOKEN_BYTES);
    buf_init(&s->url, LIMIT_URL_BYTES);
    buf_init(&s->relation, SHORT_BYTES);
    buf_init(&s->status, SHORT_BYTES);
    buf_init(&s->etag, SHORT_BYTES);
    buf_init(&s->location, LIMIT_URL_BYTES);
    return ERR_OK;
}

void bundle_free(struct bundle_scan *s)
{
    if (!s)
        return;
    buf_fini(&s->hold);
    buf_fini(&s->token);
    buf_fini(&s->url);
    buf_fini(&s->relation);
    buf_fini(&s->status);
    buf_fini(&s->etag);
    buf_fini(&s->location);
    mem_wipe(s, sizeof *s);
}

size_t bundle_bytes(const struct bundle_scan *s)
{
    return s->bytes;
}

size_t bundle_held(const struct bundle_scan *s)
{
    return s->span.on && s->span.hold ? s->hold.n : 0;
}

static bool fail(struct bundle_scan *s, int code, int64_t num, const char *what)
{
    if (!s->code)
        s->code = err_set(&s->err, code, 0, num, what);
    return false;
}

static bool broken(struct bundle_scan *s, const char *what)
{
    return fail(s, ERR_JSON, (int64_t)s->bytes, what);
}

/* A callback's answer; a code that it has no struct err for is passed on with the code alone. */
static bool told(struct bundle_scan *s, int code)
{
    return !code || fail(s, code, 0, NULL);
}

static struct frame *top(struct bundle_scan *s)
{
    return &s->frame[s->frames - 1];
}

static struct level *level(struct bundle_scan *s)
{
    return &s->level[s->levels - 1];
}

static int outer(const struct bundle_scan *s)
{
    return s->levels == LEVELS ? s->level[0].entry : -1;
}

/* --- a span ---------------------------------------------------------------------------------- */

/* A span begins with the byte that is read next. */
static void begin_span(struct bundle_scan *s, bool hold, bool probe)
{
    s->span = (struct span){.on = true, .hold = hold, .probe = probe};
    buf_clear(&s->hold);
}

static bool root_span(const struct bundle_scan *s)
{
    return s->frames == 0;
}

/* Over a limit: its bytes go by, but the page goes on behind it when the caller knows how to say so. */
static bool let_go(struct bundle_scan *s, int64_t limit, const char *what)
{
    struct span *v = &s->span;
    struct str head = {s->hold.p, s->hold.n < LIMIT_TEXT_CELL ? s->hold.n : LIMIT_TEXT_CELL};
    int code;

    if (!v->hold || root_span(s) || !s->sink.toobig)
        return fail(s, ERR_TOOBIG, limit, what);
    code = s->sink.toobig(s->sink.arg, outer(s), head);
    v->hold = v->probe = false;
    v->loose = true;
    buf_clear(&s->hold);
    return told(s, code);
}

static bool keep(struct bundle_scan *s, struct str bytes)
{
    size_t room = s->hold.max - s->hold.n, n = bytes.n < room ? bytes.n : room;

    if (!s->span.hold)
        return true;
    if (buf_add(&s->hold, bytes.p, n))
        return fail(s, s->hold.failed, 0, NULL);
    return n == bytes.n || let_go(s, LIMIT_RESOURCE_BYTES, "resource");
}

/* A string at depth 1 has ended; its bytes are the token. */
static void probe_string(struct bundle_scan *s)
{
    struct span *v = &s->span;
    struct str text = buf_str(&s->token);

    if (s->token.failed == ERR_NOMEM)
        fail(s, ERR_NOMEM, 0, NULL);
    else if (!v->colon)
        v->key = str_is(text, "\"resourceType\"") ? KEY_RESOURCE_TYPE
                 : str_is(text, "\"type\"")       ? KEY_TYPE
                                                  : KEY_OTHER;
    else if (v->key == KEY_RESOURCE_TYPE)
        v->bundle = str_is(text, "\"Bundle\"");
    else if (v->key == KEY_TYPE)
        v->searchset = str_is(text, "\"searchset\"");
}

static bool probe_says_bundle(const struct bundle_scan *s)
{
    return s->span.probe && s->span.bundle && (root_span(s) || s->span.searchset);
}

/* One byte of a span's string. */
static void span_string(struct bundle_scan *s, char c)
{
    struct span *v = &s->span;

    if (v->probe && v->depth == 1)
        buf_addc(&s->token, c); /* one too long fails, and is then none of the words that matter */
    if (v->escape) {
        v->escape = false;
    } else if (c == '\\') {
        v->escape = true;
    } else if (c == '"') {
        v->string = false;
        if (v->probe && v->depth == 1)
            probe_string(s);
    }
}

static bool too_deep(const struct span *v, char c)
{
    return v->depth >= LIMIT_DEPTH && !v->loose && !v->string && (c == '{' || c == '[');
}

/* One byte of a span outside strings. */
static bool span_bracket(struct bundle_scan *s, char c)
{
    struct span *v = &s->span;

    switch (c) {
    case '"':
        v->string = true;
        buf_clear(&s->token);
        return buf_addc(&s->token, c) == 0 || fail(s, s->token.failed, 0, NULL);
    case '{':
    case '[':
        if (too_deep(v, c) && !let_go(s, LIMIT_DEPTH, "depth"))
            return false;
        if (v->depth < LIMIT_DEPTH)
            v->close[v->depth] = c == '{' ? '}' : ']';
        v->depth++;
        return true;
    case '}':
    case ']':
        v->depth--;
        if (!v->loose && v->close[v->depth] != c)
            return broken(s, "bracket");
        v->on = v->depth > 0;
        return true;
    case ':':
    case ',':
        if (v->depth == 1)
            v->colon = c == ':';
        return true;
    default:
        return true;
    }
}

/* What was held is a Bundle: reads it as one. */
static bool promote(struct bundle_scan *s)
{
    struct buf held = s->hold;

    buf_init(&s->hold, LIMIT_RESOURCE_BYTES);
    s->bytes -= held.n - 1;
    s->span.on = false;
    s->frame[s->frames++] = (struct frame){.role = IN_BUNDLE};
    s->level[s->levels++] = (struct level){.entry = -1};
    s->expect = WANT_KEY_OR_END;
    feed(s, (struct str){held.p + 1, held.n - 1});
    buf_fini(&held);
    return !s->code;
}

/* A root that is no Bundle waits for the end: text behind it would make it no document at all. */
static bool end_span(struct bundle_scan *s)
{
    int code;

    s->expect = root_span(s) ? WANT_NOTHING : WANT_COMMA_OR_END;
    if (root_span(s) || !s->span.hold || !s->sink.resource)
        return true;
    code = s->sink.resource(s->sink.arg, outer(s), buf_str(&s->hold));
    if (s->hold.cap > HOLD_KEPT)
        buf_fini(&s->hold);
    return told(s, code);
}

static size_t span_feed(struct bundle_scan *s, struct str in)
{
    struct span *v = &s->span;
    size_t i = 0, from = 0;

    while (!s->code && i < in.n && v->on && !probe_says_bundle(s)) {
        if (too_deep(v, in.p[i])) { /* what came before it belongs to the head that is told */
            keep(s, (struct str){in.p + from, i - from});
            from = i;
        }
        if (s->code)
            break;
        if (v->string)
            span_string(s, in.p[i]);
        else
            span_bracket(s, in.p[i]);
        i++;
    }
    s->bytes += i;
    if (s->code || !keep(s, (struct str){in.p + from, i - from}))
        return i;
    if (!v->on)
        end_span(s);
    else if (probe_says_bundle(s))
        promote(s);
    return i;
}

/* --- the Bundle's own levels ----------------------------------------------------------------- */

static bool is_array(enum role role)
{
    return role == IN_ENTRIES || role == IN_LINKS;
}

static const struct member_row *find_row(enum role role, struct str name)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (members[i].role == role && (!members[i].name || str_is(name, members[i].name)))
            return &members[i];
    return NULL;
}

static bool open_frame(struct bundle_scan *s, enum role role)
{
    if (s->frames == FRAMES)
        return fail(s, ERR_BUG, 0, "bundle: frames");
    s->frame[s->frames++] = (struct frame){.role = role};
    s->expect = is_array(role) ? WANT_VALUE_OR_END : WANT_KEY_OR_END;
    if (role == IN_ENTRY) {
        level(s)->entry++;
    } else if (role == IN_LINK) {
        buf_clear(&s->relation);
        buf_clear(&s->url);
    } else if (role == IN_RESPONSE) {
        buf_clear(&s->status);
        buf_clear(&s->etag);
        buf_clear(&s->location);
    }
    return true;
}

/* The bytes of an opening bracket are read again by the span when it is no frame. */
static bool open_value(struct bundle_scan *s, char c, size_t *used)
{
    struct frame *f = top(s);
    const struct member_row *row = is_array(f->role) ? find_row(f->role, STR("")) : f->row;
    bool resource = row && row->member == M_RESOURCE;
    bool batch = s->levels == 1 && !strcmp(s->level[0].type, "batch-response");

    if (row && row->open && row->open != c)
        return broken(s, "Bundle");
    if (row && row->open && row->into != f->role)
        return open_frame(s, row->into);
    *used = 0;
    begin_span(s, resource, resource && batch);
    return true;
}

static bool close_frame(struct bundle_scan *s, char c)
{
    struct frame f = *top(s);
    const struct bundle_sink *k = &s->sink;
    int code = 0;

    if (c != (is_array(f.role) ? ']' : '}'))
        return broken(s, "bracket");
    if (f.role == IN_LINK && s->url.n && k->link)
        code = k->link(k->arg, outer(s), buf_str(&s->relation), buf_str(&s->url));
    else if (f.role == IN_RESPONSE && s->levels == 1 && k->response)
        code = k->response(k->arg, s->level[0].entry, buf_str(&s->status), buf_str(&s->etag),
                           buf_str(&s->location));
    else if (f.role == IN_BUNDLE)
        s->levels--;
    if (!--s->frames)
        s->span.hold = false;
    s->expect = s->frames ? WANT_COMMA_OR_END : WANT_NOTHING;
    return told(s, code);
}

/* The token as a tape of its one value: checks its grammar and its UTF-8. */
static bool token_tape(struct bundle_scan *s, struct tape *t)
{
    struct err e = ERR_NONE;
    int code = s->token.failed ? s->token.failed : tape_parse(t, buf_str(&s->token), &e);

    if (code)
        *t = (struct tape){0};
    return !code || fail(s, code, code == ERR_TOOBIG ? TOKEN_BYTES : (int64_t)s->bytes, "Bundle");
}

static bool end_key(struct bundle_scan *s)
{
    struct frame *f = top(s);
    struct str name = buf_str(&s->token);

    if (!s->token.failed && memchr(name.p, '\\', name.n))
        return broken(s, "escape in a member's name");
    f->row = s->token.failed ? NULL : find_row(f->role, name);
    if (f->row && f->seen & 1u << f->row->member)
        return broken(s, "member twice in one object");
    if (f->row)
        f->seen |= 1u << f->row->member;
    s->expect = WANT_COLON;
    return true;
}

static void copy(char *to, size_t size, struct str from)
{
    size_t n = from.n < size ? from.n : 0; /* one too long for its kind says nothing */

    memcpy(to, from.p, n);
    to[n] = '\0';
}

/* A link that is too long must not look like the last page; words that are too long count as absent. */
static bool put(struct bundle_scan *s, struct buf *to, struct str text)
{
    buf_clear(to);
    if (!buf_addstr(to, text))
        return true;
    if (to->failed == ERR_NOMEM || to == &s->url || to == &s->location)
        return fail(s, to->failed, (int64_t)to->max, "link");
    buf_clear(to);
    return true;
}

static bool tell_head(struct bundle_scan *s)
{
    const struct level *l = level(s);

    return !s->sink.head || told(s, s->sink.head(s->sink.arg, outer(s), str_of(l->type),
    str_of(l->total)));
}

static bool take_value(struct bundle_scan *s, const struct member_row *row, struct str text)
{
    switch (row->member) {
    case M_TYPE:
        copy(level(s)->type, sizeof level(s)->type, text);
        return tell_head(s);
    case M_TOTAL:
        copy(level(s)->total, sizeof level(s)->total, text);
        return tell_head(s);
    case M_STATUS:
        return put(s, &s->status, text);
    case M_ETAG:
        return put(s, &s->etag, text);
    case M_LOCATION:
        return put(s, &s->location, text);
    case M_RELATION:
        return put(s, &s->relation, text);
    case M_URL:
        return put(s, &s->url, text);
    default:
        return true;
    }
}

/* A string or scalar in a value's place has ended. */
static bool end_value(struct bundle_scan *s)
{
    const struct member_row *row = top(s)->row;
    struct arena a;
    struct tape t;
    bool ok, string;

    s->expect = WANT_COMMA_OR_END;
    if (!row || is_array(top(s)->role))
        return s->token.failed != ERR_NOMEM || fail(s, ERR_NOMEM, 0, NULL);
    if (!token_tape(s, &t))
        return false;
    arena_init(&a, TOKEN_BYTES * 2);
    string = tape_is(&t, 0, TAPE_STRING);
    if (row->open) /* an entry,
    a link or a resource that is no object: null alone may stand there */
        ok = tape_is(&t, 0, TAPE_NULL) || broken(s, "Bundle");
    else if (string == (row->member != M_TOTAL))
        ok = take_value(s, row, string ? tape_str(&t, 0, &a) : tape_lexeme(&t, 0));
    else
        ok = true; /* of the wrong type: says nothing */
    arena_fini(&a);
    tape_fini(&t);
    return ok;
}

static bool begin_token(struct bundle_scan *s, char c)
{
    buf_clear(&s->token);
    s->lex = c == '"' ? LEX_STRING : LEX_SCALAR;
    return !buf_addc(&s->token, c) || fail(s, s->token.failed, 0, NULL);
}

static bool scalar_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+'
    || c == '-' || c == '.';
}

/* One byte between tokens. */
static bool plain(struct bundle_scan *s, char c, size_t *used)
{
    enum expect want = s->expect;
    bool value = want == WANT_VALUE || want == WANT_VALUE_OR_END;

    if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
        return true;
    if (want == WANT_ROOT) {
        if (c != '{')
            return fail(s, ERR_NOTFHIR, 0, "");
        begin_span(s, true, true);
        *used = 0;
        return true;
    }
    if ((c == '}' || c == ']') && (want == WANT_COMMA_OR_END || want == WANT_KEY_OR_END
    || want == WANT_VALUE_OR_END))
        return close_frame(s, c);
    if (c == ',' && want == WANT_COMMA_OR_END) {
        s->expect = is_array(top(s)->role) ? WANT_VALUE : WANT_KEY;
        return true;
    }
    if (c == ':' && want == WANT_COLON) {
        s->expect = WANT_VALUE;
        return true;
    }
    if (c == '"' && (value || want == WANT_KEY || want == WANT_KEY_OR_END))
        return begin_token(s, c);
    if (value && (c == '{' || c == '['))
        return open_value(s, c, used);
    if (value && scalar_byte(c))
        return begin_token(s, c);
    return broken(s, want == WANT_NOTHING ? "text behind the document" : "Bundle");
}

/* One byte of the string under way. One that is too long fails its buf, and says nothing or is refused by
 * whoever wants it. */
static bool string_byte(struct bundle_scan *s, char c)
{
    if ((unsigned char)c < 0x20)
        return broken(s, "control character in a string");
    buf_addc(&s->token, c);
    if (s->lex == LEX_ESCAPE)
        s->lex = LEX_STRING;
    else if (c == '\\')
        s->lex = LEX_ESCAPE;
    else if (c == '"') {
        s->lex = LEX_NONE;
        return s->expect == WANT_KEY || s->expect == WANT_KEY_OR_END ? end_key(s) : end_value(s);
    }
    return true;
}

static size_t feed_byte(struct bundle_scan *s, char c)
{
    size_t used = 1;

    if (s->lex == LEX_STRING || s->lex == LEX_ESCAPE) {
        string_byte(s, c);
    } else if (s->lex == LEX_SCALAR && scalar_byte(c)) {
        buf_addc(&s->token, c);
    } else if (s->lex == LEX_SCALAR) {
        s->lex = LEX_NONE;
        end_value(s);
        used = 0;
    } else {
        plain(s, c, &used);
    }
    s->bytes += used;
    return used;
}

static void feed(struct bundle_scan *s, struct str in)
{
    while (in.n && !s->code) {
        size_t used = s->span.on ? span_feed(s, in) : feed_byte(s, in.p[0]);

        in.p += used;
        in.n -= used;
    }
}

int bundle_feed(struct bundle_scan *s, struct str bytes, struct err *e)
{
    size_t room = s->max ? s->max - s->bytes : bytes.n;

    feed(s, bytes.n > room ? (struct str){bytes.p, room} : bytes);
    if (bytes.n > room)
        fail(s, ERR_TOOBIG, (int64_t)s->max, "page");
    if (s->code && e)
        *e = s->err;
    return s->code;
}

int bundle_end(struct bundle_scan *s, struct err *e)
{
    if (!s->code && s->expect != WANT_NOTHING)
        fail(s, ERR_CUT, (int64_t)s->bytes, NULL);
    if (!s->code && s->span.hold && root_span(s) && s->hold.n && s->sink.resource)
        told(s, s->sink.resource(s->sink.arg, -1, buf_str(&s->hold)));
    if (s->code && e)
        *e = s->err;
    return s->code;
}
