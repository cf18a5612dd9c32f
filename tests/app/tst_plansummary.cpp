// SPDX-License-Identifier: GPL-3.0-or-later
#include <QLocale>
#include <QTest>

#include "plansummary.h"

using namespace kintsugi;
using namespace kintsugi::app;
using namespace Qt::StringLiterals;

class TestPlanSummary : public QObject
{
    Q_OBJECT
private slots:
    void initTestCase() { QLocale::setDefault(QLocale::c()); }
    void features_data();
    void features();
    void sentences();
    void collision();
    void namesFromOutsideStayText();

private:
    static gcode::FileIndex index()
    {
        gcode::FileIndex made;
        for (std::size_t i = 0; i < 180; ++i) {
            made.layers.emplace_back();
            made.layers.back().index = i;
            made.layers.back().z = 0.2 * static_cast<double>(i + 1);
        }
        return made;
    }
};

void TestPlanSummary::features_data()
{
    QTest::addColumn<QString>("said");
    QTest::addColumn<QString>("name");
    QTest::newRow("none") << QString() << QString();
    QTest::newRow("PrusaSlicer") << u"External perimeter"_s << u"outer wall"_s;
    QTest::newRow("Cura") << u"WALL-INNER"_s << u"inner wall"_s;
    QTest::newRow("not known") << u"Wobble"_s << u"Wobble"_s;
}

void TestPlanSummary::features()
{
    QFETCH(QString, said);
    QTEST(featureName(said.toStdString()), "name");
}

void TestPlanSummary::sentences()
{
    recovery::ResumeCandidate candidate;
    candidate.layer = 41;
    candidate.z = 99; // within a Z hop: the layer's own height is said
    QCOMPARE(summaryText(index(), candidate), u"Resumes in layer 42 of 180 at Z 8.40 mm."_s);
    candidate.feature = "Outer wall";
    candidate.object = "B";
    candidate.printedTwiceMm = 12;
    recovery::Plan plan;
    plan.liftToZ = 18.4;
    recovery::PlanPicture picture;
    picture.comesFrom = recovery::Side::FrontLeft;
    picture.report.text = {"Lowest clearance %1 mm: the %2 in step %3, over %4.", {"2.1", "nozzle", "9", "X 1 Y 2 Z 3"}};
    QCOMPARE(summaryText(index(), candidate, &plan, &picture),
             u"Resumes in layer 42 of 180 at Z 8.40 mm, in: outer wall of object B. 12.0 mm are printed twice. The head rises to Z 18.4 mm and "
             "comes over the front left. Lowest clearance 2.1 mm: the nozzle in step 9, over X 1 Y 2 Z 3."_s);
    candidate.printedTwiceMm = 0.01;
    candidate.leftOpenMm = 3.25;
    candidate.objectExcluded = true;
    QCOMPARE(summaryText(index(), candidate, &plan),
             u"Resumes in layer 42 of 180 at Z 8.40 mm, in the excluded object B. 3.3 mm stay open. The head rises to Z 18.4 mm."_s);
}

void TestPlanSummary::collision()
{
    recovery::ResumeCandidate candidate;
    recovery::Plan plan;
    recovery::PlanPicture picture;
    picture.report.verdict = recovery::ClearanceReport::Verdict::Collision;
    picture.report.text = {"Step %1: the %2 runs %3 mm deep into what is printed at %4.", {"7", "fan duct", "3.2", "X 1 Y 2 Z 3"}};
    QVERIFY(summaryText(index(), candidate, &plan, &picture).endsWith(u"Step 7: the fan duct runs 3.2 mm deep into what is printed at X 1 Y 2 Z 3."_s));
}

void TestPlanSummary::namesFromOutsideStayText()
{
    recovery::ResumeCandidate candidate;
    candidate.object = "a\nG28 Z %1";
    const QString said = summaryText(index(), candidate);
    QVERIFY(!said.contains(u'\n'));
    QVERIFY2(said.contains(u"G28 Z %1."_s), qPrintable(said));
}

QTEST_APPLESS_MAIN(TestPlanSummary)
#include "tst_plansummary.moc"
