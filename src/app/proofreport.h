// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QString>

#include "proofpicture.h"
#include "recovery/gate.h"
#include "recovery/stopinterval.h"
#include "recovery/zuncertainty.h"
#include "resumeflow.h"

/// A plan as a document to keep, print, or show to somebody who has neither the program nor the printer at hand.
namespace kintsugi::app {

struct ProofReport {
    double madeAt = 0;                       ///< s since epoch UTC
    QString program;                         ///< name and version
    QString printer;                         ///< empty without one
    recovery::FileIdentity file;             ///< the original
    recovery::Plan plan;
    std::vector<recovery::GateCheck> gate;
    std::optional<recovery::StopInterval> stop;
    std::optional<recovery::ZUncertainty> z; ///< not for a touch, which knows it when it is done
    double layerHeight = 0;                  ///< mm; 0 = not known
    std::vector<ProofPicture> pictures;
    std::vector<JournalEntry> journal;       ///< oldest first
    std::optional<ResumeReport> outcome;     ///< of a resume that ended
};

enum class PictureLinks {
    Inside, ///< in the document itself: one file that needs nothing else
    Named,  ///< "picture-1", "picture-2" …, for whoever renders it
};
/// HTML that browsers and QTextDocument show alike. Every text from outside is shown, never read as markup.
[[nodiscard]] QString proofHtml(const ProofReport& report, PictureLinks links = PictureLinks::Inside);
/// `<stem>.resume-L<layer>-B<byte>.proof`, without a suffix.
[[nodiscard]] QString proofName(const recovery::Plan& plan);
/// Writes HTML. FileExists, WriteFailed, DiskFull; nothing stays behind after an error.
[[nodiscard]] Result<> writeProofHtml(const ProofReport& report, const QString& path);
/// Entries of one resume: those from the moment on, oldest first.
[[nodiscard]] std::vector<JournalEntry> journalSince(const std::vector<JournalEntry>& newestFirst, double since);

} // namespace kintsugi::app
