// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "job.h"
#include "proofreport.h"

namespace kintsugi::ui {

/// A4, text to be searched and copied. A file that is there is replaced. WriteFailed, DiskFull. Safe on any thread.
[[nodiscard]] Result<> writeProofPdf(const app::ProofReport& report, const QString& path);

/// "Save the report": asks where to, then collects plan, checks, pictures and journal and writes them off the GUI thread.
class ProofExport final : public QObject
{
    Q_OBJECT
public:
    ProofExport(app::ResumeFlow& flow, app::Session& session, QWidget* parent);
    [[nodiscard]] bool isPossible() const; ///< there is a plan
    void ask();                            ///< opens the file dialog
    void saveTo(const QString& path);      ///< *.pdf, anything else is HTML. A file that is there is replaced.

signals:
    void saved(const QString& path);
    void failed(const kintsugi::Error& error);

private:
    [[nodiscard]] app::ProofReport collect() const;
    void write(app::ProofReport report, const QString& path);

    app::ResumeFlow& m_flow;
    app::Session& m_session;
    QWidget* m_parent;
    app::Job<QString> m_job;
};

} // namespace kintsugi::ui
