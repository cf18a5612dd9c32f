// SPDX-License-Identifier: GPL-3.0-or-later
// Random prints, random points: whatever is planned must restore exactly what the file says there, or be refused with a
// reason. The oracle judges.
#include <QtTest>

#include "dialectjudge.h"
#include "gcodecomposer.h"

using namespace kintsugi;
using namespace kintsugi::recovery;

namespace {

/// A start as slicers write it, so that something can be resumed, then anything.
std::string composePrint(std::uint64_t seed, gcode::Dialect dialect, std::vector<ByteOffset>& begins)
{
    composer::Composer composer(seed, dialect);
    std::string text = "M140 S60\nM104 S210\nM104 T1 S205\nM104 T2 S200\nM104 T3 S195\nG21\nG90\nM83\nG28\nG1 X50 Y50 Z0.2 F3000\nG1 X60 Y50 E1\n";
    for (int line = 0; line < 250; ++line) {
        begins.push_back(text.size());
        text += composer.write(composer.next());
    }
    return text + "\nG90\nM83\nG1 X50 Y50 E1\nG1 X60 E1\n";
}

PrinterFacts boundless()
{
    PrinterFacts facts;
    facts.minimum = {-1e6, -1e6, -1e6};
    facts.maximum = {1e6, 1e6, 1e6};
    facts.primePlace = {{-5e5, -5e5}};
    return facts;
}

} // namespace

class TestPlanProperties : public QObject
{
    Q_OBJECT

private slots:
    void plansRestoreWhatTheFileSays_data()
    {
        QTest::addColumn<int>("dialect");
        for (const auto dialect : judge::allDialects)
            QTest::newRow(std::string(gcode::name(dialect)).c_str()) << static_cast<int>(dialect);
    }
    void plansRestoreWhatTheFileSays()
    {
        QFETCH(int, dialect);
        const auto meaning = static_cast<gcode::Dialect>(dialect);
        const std::uint64_t files = qEnvironmentVariableIsSet("KINTSUGI_LONG") ? 400 : 12;
        std::size_t asked = 0, planned = 0;
        for (std::uint64_t seed = 1; seed <= files; ++seed) {
            std::vector<ByteOffset> begins;
            const std::string text = composePrint(seed * 7919 + static_cast<std::uint64_t>(dialect), meaning, begins);
            QTemporaryDir folder;
            const QString path = folder.filePath(QStringLiteral("print.gcode"));
            QFile file(path);
            QVERIFY(file.open(QIODevice::WriteOnly) && file.write(text.data(), static_cast<qint64>(text.size())) == static_cast<qint64>(text.size()));
            file.close();
            const auto opened = judge::open(path, meaning);
            QVERIFY(opened.has_value());
            judge::Judge judge(path);
            std::mt19937_64 random(seed);
            for (int point = 0; point < 12; ++point, ++asked) {
                const auto snapshot = snapshotFromFile(*opened->source, opened->index, begins[random() % begins.size()]);
                QVERIFY2(snapshot.has_value(), qPrintable(judge::describe(snapshot ? Error{} : snapshot.error())));
                PlanOptions options;
                if (point % 2 == 1) {
                    options.zMethod = ZMethod::Touch;
                    options.declaredZ = 12.5;
                }
                const auto plan = planResume(*opened->source, opened->index, *snapshot, boundless(), options);
                if (!plan) {
                    QVERIFY2(!plan.error().field.empty() || !plan.error().detail.empty(), qPrintable(judge::describe(plan.error())));
                    m_refusals[judge::describe(plan.error())]++;
                    continue;
                }
                QVERIFY(judge.add(*opened, *plan));
                ++planned;
            }
            if (judge.count() == 0)
                continue;
            const QByteArray different = judge.differences();
            if (!different.isEmpty()) {
                QFile::copy(path, QStringLiteral("failed-%1-%2.gcode").arg(dialect).arg(seed));
                QFAIL(qPrintable(QStringLiteral("seed %1: ").arg(seed) + QString::fromUtf8(different)));
            }
        }
        for (const auto& [why, count] : m_refusals)
            qInfo("%d refused: %s", count, qPrintable(why));
        m_refusals.clear();
        qInfo("%zu of %zu points planned", planned, asked);
        QVERIFY(planned * 4 >= asked);
    }

private:
    std::map<QString, int> m_refusals;
};

QTEST_GUILESS_MAIN(TestPlanProperties)
#include "tst_planproperties.moc"
