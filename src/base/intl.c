/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which language: what glibc's manual says of LANGUAGE, LC_ALL, LC_MESSAGES and LANG, but also where the locale
 * that they name was never generated, as on most small machines. There setlocale leaves the messages in "C", and in
 * "C" and "C.UTF-8" glibc (from 2.39 on; gettext from 0.22 on) does not look at LANGUAGE. But a locale's name is
 * language[_territory][.codeset], and one without files of its own territory takes its language's: "C_ES.UTF-8" is
 * C.UTF-8 under a name that is not C's. musl takes any name, and looks for the catalogue by it, not by LANGUAGE.
 */
#include "config.h"

#include "base/intl.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/path.h"

static const char *value_of(const char *name)
{
    const char *v = getenv(name);

    return v && *v ? v : NULL;
}

/* What the environment says of a category: "" when it says nothing. */
static const char *asked(const char *category)
{
    const char *v = value_of("LC_ALL");

    if (!v)
        v = value_of(category);
    if (!v)
        v = value_of("LANG");
    return v ? v : "";
}

static bool is_c(const char *locale)
{
    return !strcmp(locale, "C") || !strcmp(locale, "POSIX");
}

/* A name that leads to no catalogue, whatever LANGUAGE says. */
static bool is_deaf(const char *locale)
{
    return !locale || is_c(locale) || !strncmp(locale, "C.", 2);
}

static bool is_english(const char *language)
{
    return !strncmp(language, "en", 2) && (!language[2] || language[2] == '_');
}

static bool says_utf8(const char *locale)
{
    const char *codeset = strchr(locale, '.');

    return codeset && (!strncasecmp(codeset, ".UTF-8", 6) || !strncasecmp(codeset, ".utf8", 5));
}

/* The first language that is asked for, as "es" or "en_GB". False for none. */
static bool wanted(char out[16])
{
    const char *locale = asked("LC_MESSAGES"), *list = value_of("LANGUAGE");
    size_t n;

    if (is_c(locale)) /* by name: scripts ask for English so */
        return false;
    if (!list) {
        if (is_deaf(locale))
            return false;
        list = locale;
    }
    n = strcspn(list, ":.@");
    if (!n || n >= 16)
        return false;
    memcpy(out, list, n);
    out[n] = '\0';
    return !is_deaf(out);
}

/* A catalogue is full of formats for printf: none is taken from where a variable leads away from our directory. */
static void drop_paths(void)
{
    static const char *const names[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (value_of(names[i]) && strchr(value_of(names[i]), '/'))
            unsetenv(names[i]);
}

static void speak(void)
{
    const char *locale = setlocale(LC_MESSAGES, "");
    char language[16];

    if (!wanted(language))
        return;
    if (is_english(language)) { /* of "en:fr", gettext would take what it has a file for */
        setlocale(LC_MESSAGES, "C");
        return;
    }
    if (!is_deaf(locale))
        return;
    if (!value_of("LANGUAGE"))
        setenv("LANGUAGE", language, 1);
    if (!setlocale(LC_MESSAGES, language) && !setlocale(LC_MESSAGES, "C_ES.UTF-8"))
        setlocale(LC_MESSAGES, "C_ES.utf8");
}

void intl_start(const char *installed)
{
    char dir[PATH_MAX_BYTES];
    const char *characters;

    drop_paths();
    characters = asked("LC_CTYPE");
    /* The terminal is UTF-8 when the locale's name says so, whether or not somebody generated that locale. */
    if (!setlocale(LC_CTYPE, "") && says_utf8(characters) && !setlocale(LC_CTYPE, "C.UTF-8"))
        setlocale(LC_CTYPE, "C.utf8");
    speak();
    bindtextdomain(PACKAGE_TARNAME, path_beside("locale", dir) ? dir : installed);
    bind_textdomain_codeset(PACKAGE_TARNAME, "UTF-8");
    textdomain(PACKAGE_TARNAME);
}

const char *intl_characters(void)
{
    const char *name = setlocale(LC_CTYPE, NULL);

    return name ? name : "C";
}

void intl_thread_begin(struct intl_thread *t, const char *characters)
{
    locale_t base = strchr(characters, '/') ? (locale_t)0 : duplocale(LC_GLOBAL_LOCALE);

    t->own = base ? newlocale(LC_CTYPE_MASK, characters, base) : (locale_t)0;
    if (base && !t->own)
        freelocale(base);
    t->before = t->own ? uselocale(t->own) : (locale_t)0;
}

void intl_thread_end(struct intl_thread *t)
{
    if (!t->own)
        return;
    uselocale(t->before);
    freelocale(t->own);
}

const char *intl_context(const char *marked)
{
    const char *words = gettext(marked), *end = strchr(marked, '\004');

    return words == marked && end ? end + 1 : words;
}

const char *intl_language(void)
{
    /* TRANSLATORS: the ISO 639 code of your language, as in this file's name. */
    return _("en");
}

bool intl_heard(void)
{
    char language[16];

    return !wanted(language) || is_english(language) || !is_deaf(setlocale(LC_MESSAGES, NULL));
}
