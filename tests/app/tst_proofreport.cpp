// SPDX-License-Identifier: GPL-3.0-or-later
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>
#include <QXmlStreamReader>

#include "errortext.h"
#include "proofreport.h"

using namespace kintsugi;
using namespace kintsugi::app;
using namespace Qt::StringLiterals;

namespace {

const std::string head = "M140 S60\nM104 S210\nM190 S60\nM109 S210\nG90\nM83\nG28\n";
const std::string first = ";LAYER_CHANGE\n;Z:0.2\nG1 Z0.2 F600\nG1 X10 Y10 F6000\nG1 X90 Y10 E4 F1800\nG1 X90 Y90 E4\nG1 X10 Y90 E4\nG1 X10 Y10 E4\n";
const std::string second = ";LAYER_CHANGE\n;Z:0.4\nG1 Z0.4 F600\nG1 X10 Y10 F6000\nG1 X90 Y10 E4 F1800\n";
const std::string resumeLine = "G1 X90 Y90 E4\n", stopLine = "G1 X10 Y90 E4\n";
const std::string text = head + first + second + resumeLine + stopLine + "G1 X10 Y10 E4\n";

struct Print {
    gcode::MemorySource source{text, "part.gcode"};
    gcode::FileIndex index = *gcode::buildIndex(source, gcode::Dialect::Klipper);
    ByteOffset resume = head.size() + first.size() + second.size();
    recovery::Plan plan = *recovery::planResume(source, index, *recovery::snapshotFromFile(source, index, resume), {}, {});

    [[nodiscard]] recovery::StopInterval stop() const
    {
        recovery::StopInterval out;
        out.earliest = out.likely = resume + resumeLine.size();
        out.latest = out.likely + stopLine.size();
        out.likelyFraction = 0.5;
        return out;
    }
    [[nodiscard]] ProofReport report() const
    {
        ProofReport out;
        out.madeAt = 1795164767;
        out.program = u"Kintsugi"_s;
        out.file = {"part.gcode", index.size, index.xxh3};
        out.plan = plan;
        out.gate = recovery::runGate(plan, index, out.file, {});
        out.pictures = {*layerPicture(source, index, plan, stop()), heightPicture(plan)};
        return out;
    }
};

/// What a reader sees: the text of all elements, or nothing when the document is not well formed.
QString shown(const QString& html)
{
    QXmlStreamReader reader(html);
    QString out;
    while (!reader.atEnd()) {
        if (reader.readNext() == QXmlStreamReader::Characters)
            out += reader.text().toString() + u' ';
    }
    return reader.hasError() ? QString() : out;
}

/// Ends of the lines of the path that is drawn in this colour.
QList<QPointF> pointsOf(const QByteArray& svg, const QString& colour)
{
    QXmlStreamReader reader(svg);
    QList<QPointF> points;
    while (!reader.atEnd()) {
        if (reader.readNext() != QXmlStreamReader::StartElement || reader.name() != "path"_L1 || reader.attributes().value("stroke"_L1) != colour)
            continue;
        static const QRegularExpression number(u"[ML]([-0-9.]+) ([-0-9.]+)"_s);
        for (auto it = number.globalMatch(reader.attributes().value("d"_L1).toString()); it.hasNext();) {
            const auto match = it.next();
            points << QPointF(match.captured(1).toDouble(), match.captured(2).toDouble());
        }
    }
    return points;
}

} // namespace

class TstProofReport final : public QObject
{
    Q_OBJECT
private slots:
    void tellsThePlanAndItsChecks();
    void textFromOutsideIsShown();
    void journalInOrder();
    void theOutcome();
    void layerFromAbove();
    void heights();
    void named();
    void neverReplacesAFile();
};

void TstProofReport::tellsThePlanAndItsChecks()
{
    const Print print;
    const ProofReport report = print.report();
    const QString seen = shown(proofHtml(report));
    QVERIFY(!seen.isEmpty());
    for (const recovery::PlanStep& step : report.plan.steps) {
        QVERIFY2(seen.contains(app::text(step.title)), step.title.pattern.c_str());
        for (const std::string& line : step.gcode)
            QVERIFY2(seen.contains(QString::fromStdString(line)), line.c_str());
    }
    QVERIFY(!report.gate.empty());
    for (const recovery::GateCheck& check : report.gate)
        QVERIFY2(seen.contains(app::text(check.text)), check.id.c_str());
    QVERIFY(seen.contains(QString::number(*report.file.xxh3, 16)));
    QVERIFY(seen.contains(u"Nothing was sent"_s));
    QVERIFY(seen.contains(u"The checks allow the start."_s));
    ProofReport blocked = report;
    blocked.gate.front().severity = recovery::Severity::Block;
    blocked.gate.front().passed = false;
    QVERIFY(shown(proofHtml(blocked)).contains(u"1 check(s) forbid the start."_s));
}

void TstProofReport::textFromOutsideIsShown()
{
    const Print print;
    ProofReport report = print.report();
    const QString hostile = u"<script>alert(1)</script> & \"x\" \u202e"_s;
    report.file.name = hostile.toStdString();
    report.printer = hostile;
    report.plan.steps.front().gcode = {hostile.toStdString()};
    report.gate.front().measured = hostile.toStdString();
    report.gate.front().remedy = hostile.toStdString() + "\nsecond";
    report.journal = {{.time = 1, .action = hostile, .text = hostile, .result = hostile, .finished = 2}};
    const QString html = proofHtml(report);
    QVERIFY(!html.contains("<script"_L1));
    QVERIFY(!html.contains(QChar(0x202e))); // turns what follows round
    const QString seen = shown(html);
    QCOMPARE(seen.count(u"<script>alert(1)</script> & \"x\" \\u202e"_s), 10);
    QVERIFY(seen.contains("second"_L1));
}

void TstProofReport::journalInOrder()
{
    const Print print;
    ProofReport report = print.report();
    const std::vector<JournalEntry> newestFirst{{.id = 3, .time = 30, .action = u"script"_s, .text = u"THIRD"_s},
                                                {.id = 2, .time = 20, .action = u"script"_s, .text = u"SECOND"_s, .result = u"ok"_s, .finished = 21},
                                                {.id = 1, .time = 10, .action = u"script"_s, .text = u"FIRST"_s, .result = u"ok"_s, .finished = 11}};
    report.journal = journalSince(newestFirst, 20);
    const QString seen = shown(proofHtml(report));
    QVERIFY(!seen.contains("FIRST"_L1));
    QVERIFY(seen.indexOf("SECOND"_L1) > 0 && seen.indexOf("SECOND"_L1) < seen.indexOf("THIRD"_L1));
    QCOMPARE(seen.count("nothing known yet"_L1), 1);
}

void TstProofReport::theOutcome()
{
    const Print print;
    ProofReport report = print.report();
    QVERIFY(!proofHtml(report).contains("What became of it"_L1));
    ResumeReport outcome;
    outcome.completed = true;
    outcome.printedTwiceMm = 12.5;
    outcome.done = {u"heated the bed"_s};
    report.outcome = outcome;
    const QString seen = shown(proofHtml(report));
    QVERIFY(seen.contains("The print was finished."_L1));
    QVERIFY(seen.contains("Printed twice: 12.5 mm"_L1));
    QVERIFY(seen.contains("heated the bed"_L1));
}

void TstProofReport::layerFromAbove()
{
    const Print print;
    const auto picture = layerPicture(print.source, print.index, print.plan, print.stop());
    QVERIFY(picture);
    const QList<QPointF> printed = pointsOf(picture->svg, u"#202020"_s), again = pointsOf(picture->svg, u"#b00020"_s),
                         rest = pointsOf(picture->svg, u"#9a9a9a"_s);
    // the square's front is printed, its right side comes again, its back and left side come next
    const double left = 16, right = 624;
    QCOMPARE(printed, (QList<QPointF>{{left, right}, {right, right}}));
    QCOMPARE(again, (QList<QPointF>{{right, right}, {right, left}}));
    QCOMPARE(rest, (QList<QPointF>{{right, left}, {left, left}, {left, right}}));
    const QList<QPointF> cross = pointsOf(picture->svg, u"#1d4e89"_s); // in the middle of the back
    QCOMPARE(cross.size(), 4);
    QCOMPARE((cross[0] + cross[1]) / 2, QPointF(320, left));
    QVERIFY(picture->caption.contains("most likely stopped"_L1));
    QVERIFY(layerPicture(print.source, print.index, print.plan, {})->caption.contains("nobody knows"_L1));
}

void TstProofReport::heights()
{
    Print print;
    print.plan.highestPrinted = 12.34;
    print.plan.liftToZ = 14.5;
    const ProofPicture picture = heightPicture(print.plan);
    QVERIFY(!shown(QString::fromUtf8(picture.svg)).isEmpty());
    for (const char* said : {"12.34 mm", "14.50 mm", "0.40 mm"}) {
        QVERIFY2(picture.caption.contains(QLatin1String(said)), said);
        QVERIFY2(picture.svg.contains(said), said);
    }
}

void TstProofReport::named()
{
    const Print print;
    const ProofReport report = print.report();
    const QString named = proofHtml(report, PictureLinks::Named);
    QVERIFY(named.contains("src=\"picture-1\""_L1) && named.contains("src=\"picture-2\""_L1) && !named.contains("base64"_L1));
    QCOMPARE(proofHtml(report).count("data:image/svg+xml;base64,"_L1), 2);
    QCOMPARE(proofName(report.plan), u"part.resume-L1-B%1.proof"_s.arg(print.resume));
}

void TstProofReport::neverReplacesAFile()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"a.html"_s);
    const Print print;
    QVERIFY(writeProofHtml(print.report(), path));
    const auto again = writeProofHtml(print.report(), path);
    QVERIFY(!again);
    QCOMPARE(again.error().code, ErrorCode::FileExists);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(QString::fromUtf8(file.readAll()), proofHtml(print.report()));
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files).size(), 1);
    QVERIFY(!writeProofHtml(print.report(), folder.filePath(u"none/a.html"_s)));
}

QTEST_GUILESS_MAIN(TstProofReport)
#include "tst_proofreport.moc"
