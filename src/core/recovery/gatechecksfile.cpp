// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/gatechecks.h"

#include <cmath>

namespace kintsugi::recovery::checks {

namespace {

bool sameContent(const FileIdentity& a, const FileIdentity& b)
{
    return a.size == b.size && (!a.xxh3 || !b.xxh3 || *a.xxh3 == *b.xxh3);
}

void fileIdentity(const View& v, List& list)
{
    const FileIdentity read{v.local.name, v.index.size, v.index.xxh3};
    const bool same = sameContent(v.snapshot.file, read) && sameContent(v.local, read);
    if (same && v.snapshot.source == SnapshotSource::File && !v.facts.fileOnPrinter) // the point was made of this very file
        return list.notChecked(Id::FileIdentity);
    list.add(Id::FileIdentity, Severity::Block, same, std::to_string(v.local.size), std::to_string(v.snapshot.file.size),
        same ? Message{KINTSUGI_TEXT("The file is the one that was printed."), {}}
             : Message{KINTSUGI_TEXT("The file is not the one that was printed: its size or content differs. Find the original file."), {}});
}

void fileOnPrinter(const View& v, List& list)
{
    if (!v.facts.fileOnPrinter)
        return list.notChecked(Id::FileOnPrinter);
    const bool same = sameContent(*v.facts.fileOnPrinter, v.local);
    list.add(Id::FileOnPrinter, Severity::Block, same, std::to_string(v.facts.fileOnPrinter->size), std::to_string(v.local.size),
        same ? Message{KINTSUGI_TEXT("The printer holds the same file."), {}}
             : Message{KINTSUGI_TEXT("The printer's file %1 differs from the one the plan was made for. Upload the original again, or undo its change."),
                       {v.facts.fileOnPrinter->name}});
}

/// Size alone does not prove that nobody exchanged the file.
void fileContent(const View& v, List& list)
{
    if (!v.facts.blocks)
        return list.notChecked(Id::FileContent);
    const BlockProof& proof = *v.facts.blocks;
    const bool same = proof.different == 0 && proof.compared > 0;
    const std::string count = std::to_string(proof.compared);
    list.add(Id::FileContent, Severity::Block, same, std::to_string(proof.different), "0",
        same ? Message{KINTSUGI_TEXT("%1 pieces of the printer's file, read anew, equal the local copy."), {count}}
             : Message{KINTSUGI_TEXT("Of %1 pieces of the printer's file, read anew, %2 differ from the local copy. Upload the original again."),
                       {count, std::to_string(proof.different)}});
}

/// Pieces cannot show a small change of the same length; the time of the file shows that somebody wrote it.
void fileTime(const View& v, List& list)
{
    if (!v.facts.zeroCopy)
        return; // the printer's file is not read
    if (v.facts.blocks && v.facts.blocks->whole && v.facts.blocks->different == 0 && v.facts.blocks->compared > 0)
        return list.add(Id::FileTime, Severity::Block, true, {}, {}, {KINTSUGI_TEXT("Every byte of the printer's file was compared just now."), {}});
    if (!v.facts.fileModified || !v.facts.fileModifiedBefore)
        return list.notChecked(Id::FileTime);
    constexpr double resolution = 0.001; // s, as the server rounds
    const double moved = *v.facts.fileModified - *v.facts.fileModifiedBefore;
    const bool same = std::abs(moved) <= resolution;
    list.add(Id::FileTime, Severity::Block, same, decimal(*v.facts.fileModified, 3), decimal(*v.facts.fileModifiedBefore, 3),
             same ? Message{KINTSUGI_TEXT("Nobody wrote the printer's file since it was compared."), {}}
                  : Message{KINTSUGI_TEXT("The printer's file was written %1 s later than the one that was compared: it may have changed without growing. Resume by a new file, or upload the original again."), {decimal(moved, 1)}});
}

void plrLeftover(const View& v, List& list)
{
    if (!v.facts.plrLeftover)
        return list.notChecked(Id::PlrLeftover);
    if (!*v.facts.plrLeftover)
        return list.add(Id::PlrLeftover, Severity::Block, true, {}, {}, {KINTSUGI_TEXT("No file left behind by klipper-plr."), {}});
    const std::string& name = v.snapshot.file.name;
    const bool whole = v.facts.fileOnPrinter && sameContent(*v.facts.fileOnPrinter, v.local);
    const bool repairable = v.facts.plrLeftoverSize && *v.facts.plrLeftoverSize == v.local.size;
    const std::string measured = v.facts.plrLeftoverSize ? std::to_string(*v.facts.plrLeftoverSize) : "?";
    if (whole)
        return list.add(Id::PlrLeftover, Severity::Warn, false, measured, std::to_string(v.local.size),
                   {KINTSUGI_TEXT("%1.plr lies beside the whole file. PLR_RESUME_PRINT would overwrite it; it is not used here."), {name}});
    list.add(Id::PlrLeftover, Severity::Block, false, measured, std::to_string(v.local.size),
        repairable ? Message{KINTSUGI_TEXT("klipper-plr cut %1 and kept the original as %1.plr, of the right size. Repair: move %1.plr back to %1."), {name}}
                   : Message{KINTSUGI_TEXT("klipper-plr cut %1, and %1.plr is not the original either. Upload the original file."), {name}});
}

void fileName(const View& v, List& list)
{
    const bool bad = v.snapshot.file.name.find_first_of("%\"") != std::string::npos;
    list.add(Id::FileName, Severity::Warn, !bad, v.snapshot.file.name, {},
        bad ? Message{KINTSUGI_TEXT("With klipper-plr armed, the first state save of a file with % or \" in its name shuts the printer down. Leave it disarmed or rename the file."), {}}
            : Message{KINTSUGI_TEXT("The file name is harmless."), {}});
}

} // namespace

void ofFile(const View& v, List& list)
{
    fileIdentity(v, list);
    fileOnPrinter(v, list);
    fileContent(v, list);
    fileTime(v, list);
    plrLeftover(v, list);
    fileName(v, list);
}

} // namespace kintsugi::recovery::checks
