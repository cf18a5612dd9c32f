// SPDX-License-Identifier: GPL-3.0-or-later
// Generated 5 MB files of other flavours: every dialect that fits must go on exactly.
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include "dialectjudge.h"

using namespace kintsugi;
using namespace Qt::StringLiterals;

class TestPlanDialectsBig : public QObject
{
    Q_OBJECT

private slots:
    void oracleSaysSame_data();
    void oracleSaysSame();

private:
    QTemporaryDir m_folder;
};

void TestPlanDialectsBig::oracleSaysSame_data()
{
    QTest::addColumn<QString>("options");
    QTest::addColumn<bool>("klipperAlone");
    QTest::newRow("cura, absolute E") << u"--dialect cura --layers 40 --layer-um 120 --seed 2"_s << false;
    QTest::newRow("prusa, five tools") << u"--dialect prusa --rel-e --tools 5 --layers 40 --seed 5"_s << false;
    QTest::newRow("orca, arcs and Klipper's commands") << u"--dialect orca --rel-e --arcs --zhop --layers 40 --seed 4"_s << true;
}

void TestPlanDialectsBig::oracleSaysSame()
{
    QFETCH(QString, options);
    QFETCH(bool, klipperAlone);
    const QString path = m_folder.filePath(u"big.gcode"_s);
    QProcess generator;
    generator.start(QStringLiteral(KINTSUGI_GCGEN), options.split(u' ') + QStringList{u"--size"_s, u"5M"_s, path});
    QVERIFY(generator.waitForFinished(60'000));
    QCOMPARE(generator.exitCode(), 0);
    const auto all = klipperAlone ? std::vector{gcode::Dialect::Klipper} : std::vector(judge::allDialects.begin(), judge::allDialects.end());
    judge::compareFile(path, all, judge::pointCount());
}

QTEST_GUILESS_MAIN(TestPlanDialectsBig)
#include "tst_plandialectsbig.moc"
