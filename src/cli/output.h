// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonObject>
#include <QString>

#include "base/result.h"

namespace kintsugi::cli {

enum ExitCode { Done = 0, WrongUsage = 2, BadInput = 3, PrinterFailed = 4, StoppedByGate = 5, DiskOrStore = 6 };
[[nodiscard]] int exitCodeOf(ErrorCode code);

/// stdout holds the answer (with --json exactly one JSON document), stderr everything else.
class Output
{
public:
    void setJson(bool json) { m_json = json; }
    [[nodiscard]] bool json() const { return m_json; }
    void setProgress(bool wanted) { m_progress = wanted; } ///< also when stderr is no terminal

    void document(const QJsonObject& document); ///< with --json only
    void line(const QString& text) const;       ///< without --json only; control characters are escaped
    void text(const QString& block) const;      ///< without --json only; as it is, several lines
    void note(const QString& text) const;       ///< stderr
    void warning(const QString& text) const;    ///< stderr, "warning: …"
    /// On stderr, when that is a terminal (one line, written over) or progress is wanted (a line each tenth).
    void progress(const QString& what, double fraction) const;
    void progressDone() const;
    /// "error: …" on stderr, with --json also in the document, which is this one unless one was written. Returns the exit code.
    int error(const Error& error, QJsonObject document = {});
    void finish();                              ///< an interrupted command has written nothing yet

private:
    bool m_json = false, m_written = false, m_progress = false;
    mutable int m_shown = -1; ///< percent on the terminal, or tenths
};

} // namespace kintsugi::cli
