/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names of medicines that are taken for each other, in the letters that tell them apart (REQ CS-18). Which names
 * and which letters: FDA and ISMP Lists of Look-Alike Drug Names with Recommended Tall Man Letters, ISMP 2023, as read
 * on 2026-11-29. Only the case of letters is changed, and only on the screen: what was sent stays as it was.
 */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "codes/drugs.h"

static const char *const names[] = {
    "acetaZOLAMIDE", "acetoHEXAMIDE", "ALPRAZolam", "aMILoride", "amLODIPine", "ARIPiprazole", "azaCITIDine",
    "azaTHIOprine", "buPROPion", "busPIRone", "carBAMazepine", "CARBOplatin", "ceFAZolin", "cefoTEtan", "cefOXitin",
    "cefTAZidime", "cefTRIAXone", "CeleBREX", "CeleXA", "chlordiazePOXIDE", "chlorproMAZINE", "chlorproPAMIDE",
    "CISplatin", "clomiPHENE", "clomiPRAMINE", "clonazePAM", "cloNIDine", "cloZAPine", "cycloSERINE", "cycloSPORINE",
    "DACTINomycin", "DAPTOmycin", "DAUNOrubicin", "dilTIAZem", "dimenhyDRINATE", "diphenhydrAMINE",
    "DOBUTamine", "DOCEtaxel", "DOPamine", "DOXOrubicin", "DULoxetine", "ePHEDrine", "EPINEPHrine", "epiRUBicin",
    "fentaNYL", "flavoxATE", "FLUoxetine", "fluPHENAZine", "fluvoxaMINE", "glipiZIDE", "glyBURIDE", "guaiFENesin",
    "guanFACINE", "HumaLOG", "HumuLIN", "hydrALAZINE", "HYDROcodone", "HYDROmorphone", "hydrOXYzine", "IDArubicin",
    "inFLIXimab", "KlonoPIN", "LaMICtal", "LamISIL", "lamiVUDine", "lamoTRIgine", "levETIRAcetam", "levOCARNitine",
    "levoFLOXacin", "LORazepam", "medroxyPROGESTERone", "metFORMIN", "methazolAMIDE", "methIMAzole",
    "methylPREDNISolone", "methylTESTOSTERone", "metOLazone", "metroNIDAZOLE", "miFEPRIStone",
    "miSOPROStol", "mitoXANTRONE", "NexAVAR", "NexIUM", "niCARdipine", "NIFEdipine", "niMODipine", "NovoLIN",
    "NovoLOG", "OLANZapine", "OXcarbazepine", "oxyCODONE", "OxyCONTIN", "oxyMORphone", "PACLitaxel", "PARoxetine",
    "PAZOPanib", "PEMEtrexed", "penicillAMINE", "PENTobarbital", "PHENobarbital", "PONATinib", "PRALAtrexate",
    "prednisoLONE", "predniSONE", "PriLOSEC", "PROzac", "QUEtiapine", "quiNIDine", "quiNINE", "raNITIdine",
    "rifAMPin", "rifAXIMin", "risperiDONE", "riTUXimab", "romiDEPsin", "romiPLOStim", "rOPINIRole", "SandIMMUNE",
    "SandoSTATIN", "SEROquel", "SINEquan", "SORAfenib", "SUFentanil", "sulfADIAZINE",
    "sulfaSALAzine", "sulfiSOXAZOLE", "SUMAtriptan", "SUNItinib", "tiaGABine", "tiZANidine", "TOLAZamide",
    "TOLBUTamide", "traMADol", "traZODone", "TRENtal", "valACYclovir", "valGANciclovir", "vinBLAStine", "vinCRIStine",
    "ZOLMitriptan", "ZyPREXA", "ZyrTEC",
};

static bool letter(unsigned char c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* Behind a letter of another alphabet, or with an accent, a listed name is part of another word. */
static bool joins(unsigned char c)
{
    return letter(c) || c >= 0x80;
}

void codes_tall_man(char *s, size_t n)
{
    for (size_t at = 0; at < n;) {
        size_t end = at;

        while (end < n && letter((unsigned char)s[end]))
            end++;
        for (size_t i = 0; end - at > 4 && i < sizeof names / sizeof *names; i++)
            if (strlen(names[i]) == end - at && !strncasecmp(names[i], s + at, end - at) &&
                !(at && joins((unsigned char)s[at - 1])) && !(end < n && joins((unsigned char)s[end])))
                memcpy(s + at, names[i], end - at);
        at = end + (end == at);
    }
}
