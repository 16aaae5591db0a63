/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <string.h>

#include "base/date.h"

/* What res says of a row in fewer bytes: a short form is a BLOB, everything that has none stays the TEXT it is. One
 * value has one form, so that short ones can be compared and indexed. Of 50,000 Synthea resources the columns took
 * 164 bytes a row and take 44. */

/* --- words ------------------------------------------------------------------------------------- */

/* Part of the file format: only ever added to, at the end, up to 255. A word is one byte, its place here and 1. */
static const char *const words[] = {
    "Patient", "AllergyIntolerance", "MedicationRequest", "MedicationStatement", "Medication", "Condition", "Flag",
    "Consent", "Encounter", "Observation", "DiagnosticReport", "Immunization", "MedicationAdministration",
    "MedicationDispense", "ServiceRequest", "Task", "CarePlan", "Goal", "Appointment", "Procedure",
    "FamilyMemberHistory", "ImmunizationRecommendation", "DocumentReference", "Composition",
    "QuestionnaireResponse", "RelatedPerson", "CareTeam", "Group", "List", "Practitioner", "PractitionerRole",
    "Organization", "Location", "Claim", "ExplanationOfBenefit", "ImagingStudy", "Binary", "cover", "problems",
    "medicines", "allergies", "labs", "vitals", "immunizations", "encounters", "notes", "documents", "care plans",
    "appointments", "procedures", "family", "orders", "forms", "Account", "AppointmentResponse", "AuditEvent",
    "Basic", "BodyStructure", "ClinicalImpression", "Communication", "CommunicationRequest", "Coverage",
    "DetectedIssue", "Device", "DeviceRequest", "DeviceUseStatement", "EpisodeOfCare", "HealthcareService", "Media",
    "NutritionOrder", "OperationOutcome", "Provenance", "Questionnaire", "RequestGroup", "RiskAssessment",
    "Schedule", "Slot", "Specimen", "Substance", "SupplyDelivery", "SupplyRequest", "ValueSet",
    "VisionPrescription",
};
#define WORDS (sizeof words / sizeof *words)
_Static_assert(WORDS < 256, "a word is one byte");

void short_bind_word(sqlite3_stmt *st, int at, struct str s)
{
    for (size_t i = 0; s.n && i < WORDS; i++)
        if (words[i][0] == s.p[0] && str_is(s, words[i])) {
            unsigned char b = (unsigned char)(i + 1);

            sqlite3_bind_blob(st, at, &b, 1, SQLITE_TRANSIENT);
            return;
        }
    sql_bind(st, at, s);
}

struct str short_word(sqlite3_stmt *st, int at)
{
    struct str s = sql_column(st, at);
    size_t i;

    if (sqlite3_column_type(st, at) != SQLITE_BLOB)
        return s;
    i = s.n == 1 ? (unsigned char)s.p[0] : 0;
    return i && i <= WORDS ? str_of(words[i - 1]) : STR("");
}

/* --- ids --------------------------------------------------------------------------------------- */

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A UUID in lower case is 16 bytes. */
static bool uuid(struct str s, unsigned char out[16])
{
    size_t k = 0;

    if (s.n != 36)
        return false;
    for (size_t i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (s.p[i] != '-')
                return false;
            continue;
        }
        if (digit(s.p[i]) < 0 || digit(s.p[i + 1]) < 0)
            return false;
        out[k++] = (unsigned char)(digit(s.p[i]) << 4 | digit(s.p[i + 1]));
        i++;
    }
    return true;
}

void short_bind_id(sqlite3_stmt *st, int at, struct str s)
{
    unsigned char b[16];

    if (uuid(s, b))
        sqlite3_bind_blob(st, at, b, sizeof b, SQLITE_TRANSIENT);
    else
        sql_bind(st, at, s);
}

struct str short_id(sqlite3_stmt *st, int at, char room[SHORT_ROOM])
{
    static const char hex[] = "0123456789abcdef";
    struct str s = sql_column(st, at);
    size_t n = 0;

    if (sqlite3_column_type(st, at) != SQLITE_BLOB || s.n != 16)
        return s;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            room[n++] = '-';
        room[n++] = hex[(unsigned char)s.p[i] >> 4];
        room[n++] = hex[(unsigned char)s.p[i] & 15];
    }
    return (struct str){room, n};
}

/* --- dates -------------------------------------------------------------------------------------- */

/* How a lexeme is written, where what it says stands in sort_ms: one byte, and behind SHORT_ZONE the zone in quarters
 * of an hour. */
enum { SHORT_YEAR = 1, SHORT_MONTH, SHORT_DAY, SHORT_SECOND, SHORT_MILLI, SHORT_ZONE = 16 };

/* A list writes one for each row: snprintf was a twelfth of it. */
static char *number(char *p, int v, int digits)
{
    for (int i = digits - 1; i >= 0; i--, v /= 10)
        p[i] = (char)('0' + v % 10);
    return p + digits;
}

static char *part(char *p, char before, int v, int digits)
{
    *p = before;
    return number(p + 1, v, digits);
}

static struct str write_date(int64_t ms, unsigned how, int quarters, char room[SHORT_ROOM])
{
    int64_t local = ms + (int64_t)quarters * 15 * 60000, day_ms = 86400000;
    int64_t days = local / day_ms - (local % day_ms < 0);
    struct date d = date_of_days(days);
    int at = (int)(local - days * day_ms), way = quarters < 0 ? -quarters : quarters;
    unsigned kind = how & (SHORT_ZONE - 1);
    char *p = number(room, d.year, 4);

    if (kind > SHORT_YEAR)
        p = part(p, '-', d.month, 2);
    if (kind > SHORT_MONTH)
        p = part(p, '-', d.day, 2);
    if (kind >= SHORT_SECOND)
        p = part(part(part(p, 'T', at / 3600000, 2), ':', at / 60000 % 60, 2), ':', at / 1000 % 60, 2);
    if (kind == SHORT_MILLI)
        p = part(p, '.', at % 1000, 3);
    if (kind >= SHORT_SECOND && how & SHORT_ZONE)
        p = part(part(p, quarters < 0 ? '-' : '+', way / 4, 2), ':', way % 4 * 15, 2);
    else if (kind >= SHORT_SECOND)
        *p++ = 'Z';
    return (struct str){room, (size_t)(p - room)};
}

void short_bind_date(sqlite3_stmt *st, int at, struct str lexeme, int64_t ms)
{
    char room[SHORT_ROOM];
    unsigned char b[2] = {0};
    struct date d;
    bool zone = lexeme.n && lexeme.p[lexeme.n - 1] != 'Z';

    if (date_parse(lexeme, &d) && date_ms(&d) == ms && d.year >= 1000 && d.offset_min % 15 == 0) {
        b[0] = d.precision == DATE_YEAR    ? SHORT_YEAR
               : d.precision == DATE_MONTH ? SHORT_MONTH
               : d.precision == DATE_DAY   ? SHORT_DAY
               : lexeme.n > 19 && lexeme.p[19] == '.' ? SHORT_MILLI
                                                      : SHORT_SECOND;
        if (d.precision == DATE_MINUTE && zone) {
            b[0] |= SHORT_ZONE;
            b[1] = (unsigned char)(d.offset_min / 15);
        }
        if (str_eq(write_date(ms, b[0], (signed char)b[1], room), lexeme)) {
            sqlite3_bind_blob(st, at, b, b[0] & SHORT_ZONE ? 2 : 1, SQLITE_TRANSIENT);
            return;
        }
    }
    sql_bind(st, at, lexeme);
}

struct str short_date(sqlite3_stmt *st, int at, int64_t ms, char room[SHORT_ROOM])
{
    struct str s = sql_column(st, at);

    if (sqlite3_column_type(st, at) != SQLITE_BLOB || !s.n)
        return s;
    return write_date(ms, (unsigned char)s.p[0], s.n > 1 ? (signed char)s.p[1] : 0, room);
}
