// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDir>
#include <QFile>
#include <QImage>
#include <QPainter>
#include <QTemporaryDir>
#include <QTest>
#include <QTextDocument>
#include <QUrl>

#include "proofexport.h"

using namespace kintsugi;
using namespace Qt::StringLiterals;

namespace {

app::ProofReport report(int steps)
{
    app::ProofReport out;
    out.madeAt = 1795164767;
    out.program = u"Kintsugi"_s;
    out.file = {"part.gcode", 1000, 42};
    out.plan.snapshot.file = out.file;
    out.plan.highestPrinted = 12.34;
    out.plan.liftToZ = 14.5;
    for (int n = 1; n <= steps; ++n)
        out.plan.steps.push_back({.n = n, .gcode = {"G1 X10 Y10"}, .title = {"Move", {}}, .reason = {"because it must", {}}});
    out.pictures = {app::heightPicture(out.plan)};
    return out;
}

/// Of a slicer's file, in the middle of a layer.
app::ProofReport realReport()
{
    const auto source = gcode::FileSource::open(KINTSUGI_TEST_DATA "/gcode/ps_gear_relE_klipper.gcode");
    const auto index = gcode::buildIndex(**source, gcode::Dialect::Klipper);
    const gcode::Layer& layer = index->layers[index->layers.size() / 2];
    recovery::StopInterval stop;
    const ByteOffset resume = gcode::locate(**source, *index, (layer.begin + layer.end) / 2)->byte;
    const gcode::Located likely = *gcode::locate(**source, *index, (resume + layer.end) / 2);
    stop.earliest = resume;
    stop.likely = likely.byte;
    stop.latest = likely.end;
    app::ProofReport out;
    out.madeAt = 1795164767;
    out.program = u"Kintsugi"_s;
    out.file = {"ps_gear_relE_klipper.gcode", index->size, index->xxh3};
    out.plan = *recovery::planResume(**source, *index, *recovery::snapshotFromFile(**source, *index, resume), {}, {});
    out.gate = recovery::runGate(out.plan, *index, out.file, {});
    out.stop = stop;
    out.pictures = {*app::layerPicture(**source, *index, out.plan, stop), app::heightPicture(out.plan)};
    return out;
}

int pagesOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? static_cast<int>(file.readAll().count("/Type /Page\n")) : -1;
}

} // namespace

class TstProofExport final : public QObject
{
    Q_OBJECT
private slots:
    void pagesFollowThePlan();
    void aRealFile();
    void theDocumentShowsItsPictures();
    void anErrorLeavesNothingBehind();
};

void TstProofExport::pagesFollowThePlan()
{
    const QTemporaryDir folder;
    const QString small = folder.filePath(u"small.pdf"_s), large = folder.filePath(u"large.pdf"_s);
    QVERIFY(ui::writeProofPdf(report(3), small));
    QVERIFY(ui::writeProofPdf(report(300), large));
    QVERIFY2(pagesOf(small) >= 1 && pagesOf(small) <= 3, qPrintable(QString::number(pagesOf(small))));
    QVERIFY2(pagesOf(large) > pagesOf(small) + 3, qPrintable(QString::number(pagesOf(large))));
}

void TstProofExport::aRealFile()
{
    const QTemporaryDir folder;
    const QString pictures = qEnvironmentVariable("KINTSUGI_PICTURES"); // a folder, to look at what a person sees
    const QString path = (pictures.isEmpty() ? folder.path() : pictures) + u"/proof.pdf"_s;
    const app::ProofReport report = realReport();
    QVERIFY(ui::writeProofPdf(report, path));
    QVERIFY(pagesOf(path) >= 2);
    QFile file(path);
    QVERIFY2(file.size() < 3'000'000, qPrintable(QString::number(file.size())));
}

/// QTextDocument knows a part of HTML: a picture it cannot read would be a small box.
void TstProofExport::theDocumentShowsItsPictures()
{
    const app::ProofReport shown = report(3);
    QTextDocument with, without;
    with.setTextWidth(700);
    without.setTextWidth(700);
    QImage image(shown.pictures[0].width, shown.pictures[0].height, QImage::Format_RGB32);
    with.addResource(QTextDocument::ImageResource, QUrl(u"picture-1"_s), image);
    with.setHtml(app::proofHtml(shown, app::PictureLinks::Named));
    app::ProofReport none = shown;
    none.pictures.clear();
    without.setHtml(app::proofHtml(none, app::PictureLinks::Named));
    QVERIFY(with.size().height() > without.size().height() + shown.pictures[0].height);
    QVERIFY(with.toPlainText().contains(u"because it must"_s));
    QVERIFY(!with.toPlainText().contains(u"font-family"_s)); // the style is read as such
}

void TstProofExport::anErrorLeavesNothingBehind()
{
    const QTemporaryDir folder;
    const auto written = ui::writeProofPdf(report(3), folder.filePath(u"none/a.pdf"_s));
    QVERIFY(!written);
    QCOMPARE(written.error().code, ErrorCode::WriteFailed);
    QVERIFY(QDir(folder.path()).isEmpty());
}

QTEST_MAIN(TstProofExport)
#include "tst_proofexport.moc"
