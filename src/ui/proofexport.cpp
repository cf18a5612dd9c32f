// SPDX-License-Identifier: GPL-3.0-or-later
#include "proofexport.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileDialog>
#include <QPageLayout>
#include <QPainter>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgRenderer>
#include <QTextDocument>

namespace kintsugi::ui {

using namespace Qt::StringLiterals;

namespace {

constexpr int dotsPerInch = 1200;
constexpr int pictureScale = 3; ///< an SVG is drawn this much finer than its size in the text

QImage rendered(const app::ProofPicture& picture)
{
    QImage image(picture.width * pictureScale, picture.height * pictureScale, QImage::Format_RGB32);
    image.fill(Qt::white);
    QPainter painter(&image);
    QSvgRenderer(picture.svg).render(&painter);
    return image;
}

Error writeError(const QSaveFile& file, const QString& path)
{
    const bool full = file.error() == QFileDevice::ResourceError;
    return {.code = full ? ErrorCode::DiskFull : ErrorCode::WriteFailed, .detail = file.errorString().toStdString(), .file = path.toStdString()};
}

Result<> commit(QSaveFile& file, const QString& path)
{
    if (!file.commit())
        return fail(writeError(file, path));
    return {};
}

Result<> writeHtml(const app::ProofReport& report, const QString& path)
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly))
        return fail(writeError(file, path));
    file.write(app::proofHtml(report).toUtf8());
    return commit(file, path);
}

/// Journals can be long; a report holds the last of them.
constexpr int mostEntries = 2000;

} // namespace

Result<> writeProofPdf(const app::ProofReport& report, const QString& path)
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly))
        return fail(writeError(file, path));
    QPdfWriter writer(&file);
    writer.setPageLayout(QPageLayout(QPageSize(QPageSize::A4), QPageLayout::Portrait, QMarginsF(15, 15, 15, 15), QPageLayout::Millimeter));
    writer.setResolution(dotsPerInch);
    writer.setTitle(QString::fromStdString(report.file.name));
    writer.setCreator(report.program);
    QTextDocument document;
    int nth = 0;
    for (const app::ProofPicture& picture : report.pictures)
        document.addResource(QTextDocument::ImageResource, QUrl(u"picture-%1"_s.arg(++nth)), rendered(picture));
    document.setHtml(app::proofHtml(report, app::PictureLinks::Named));
    document.print(&writer);
    return commit(file, path);
}

ProofExport::ProofExport(app::ResumeFlow& flow, app::Session& session, QWidget* parent)
    : QObject(parent)
    , m_flow(flow)
    , m_session(session)
    , m_parent(parent)
{
    connect(&m_job, &app::JobBase::finished, this, [this] {
        const auto& outcome = *m_job.outcome();
        if (outcome)
            emit saved(*outcome);
        else
            emit failed(outcome.error());
    });
}

bool ProofExport::isPossible() const
{
    return m_flow.plan().has_value() && m_flow.file() != nullptr;
}

void ProofExport::ask()
{
    if (!isPossible())
        return;
    auto* dialog = new QFileDialog(m_parent, tr("Save the report"), QString(), tr("PDF (*.pdf);;HTML (*.html)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(u"pdf"_s);
    dialog->selectFile(app::proofName(*m_flow.plan()) + u".pdf"_s);
    connect(dialog, &QFileDialog::filterSelected, dialog,
            [dialog](const QString& filter) { dialog->setDefaultSuffix(filter.contains("html"_L1) ? u"html"_s : u"pdf"_s); });
    connect(dialog, &QFileDialog::fileSelected, this, &ProofExport::saveTo);
    dialog->open();
}

app::ProofReport ProofExport::collect() const
{
    app::ProofReport report;
    report.madeAt = m_session.now();
    report.program = u"%1 %2"_s.arg(QCoreApplication::applicationName(), QCoreApplication::applicationVersion());
    report.printer = m_session.profile().name;
    report.plan = *m_flow.plan();
    report.file = report.plan.snapshot.file;
    report.gate = m_flow.gate();
    report.stop = m_flow.stop();
    const auto judged = m_flow.judge(m_flow.zMethod());
    if (!judged.uncertainty.parts.empty())
        report.z = judged.uncertainty;
    report.layerHeight = judged.layerHeight;
    report.outcome = m_flow.report();
    return report;
}

void ProofExport::saveTo(const QString& path)
{
    if (!isPossible())
        return;
    const double since = m_flow.job() ? m_flow.job()->startTime : 0;
    m_session.archive().ask<std::vector<app::JournalEntry>>(
        this, [printer = m_session.profile().id](app::Store& store) { return store.journal(printer, mostEntries); },
        [this, path, since, report = collect()](const Result<std::vector<app::JournalEntry>>& journal) mutable {
            if (!journal) {
                emit failed(journal.error());
                return;
            }
            report.journal = app::journalSince(*journal, since);
            write(std::move(report), path);
        });
}

void ProofExport::write(app::ProofReport report, const QString& path)
{
    m_job.start([report = std::move(report), path, file = m_flow.file()](app::JobControl&) mutable -> Result<QString> {
        auto layer = app::layerPicture(*file->source, *file->index, report.plan, report.stop);
        if (!layer)
            return fail(layer.error());
        report.pictures = {std::move(*layer), app::heightPicture(report.plan)};
        const bool pdf = path.endsWith(".pdf"_L1, Qt::CaseInsensitive);
        const auto written = pdf ? writeProofPdf(report, path) : writeHtml(report, path);
        return written ? Result<QString>(path) : fail(written.error());
    });
}

} // namespace kintsugi::ui
