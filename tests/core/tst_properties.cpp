// SPDX-License-Identifier: GPL-3.0-or-later
// Random G-code, composed as values: what the program reads from the text must equal what the values do.
#include <QtTest>

#include <cmath>

#include "gcode/fileindex.h"
#include "gcodecomposer.h"

using namespace kintsugi;
using namespace kintsugi::gcode;

namespace {

constexpr std::array dialects{Dialect::Klipper, Dialect::Marlin, Dialect::Prusa, Dialect::RepRapFirmware, Dialect::Marlin1};

struct Composed {
    std::string text;
    std::vector<ByteOffset> begins;               ///< of each line
    std::vector<composer::PlainMachine> before;   ///< state before each line
    composer::PlainMachine end;
};

Composed compose(std::uint64_t seed, Dialect dialect, std::size_t lines)
{
    composer::Composer composer(seed, dialect);
    Composed composed;
    composed.end.dialect = dialect;
    for (std::size_t line = 0; line < lines; ++line) {
        const composer::Op op = composer.next();
        composed.begins.push_back(composed.text.size());
        composed.before.push_back(composed.end);
        composed.text += composer.write(op);
        composed.end.execute(op);
    }
    return composed;
}

template <class Map>
QString text(const Map& map)
{
    QStringList parts;
    for (const auto& [key, value] : map) {
        if constexpr (std::is_same_v<std::decay_t<decltype(key)>, int>)
            parts << QString::number(key);
        else
            parts << QString::fromStdString(key);
        parts.last() += QLatin1Char('=') + QString::number(std::round(value * 1e6) / 1e6 + 0.0, 'f', 6); // no "-0" of sums
    }
    return parts.join(QLatin1Char(' '));
}

QString text(const std::optional<std::int64_t>& value)
{
    return value ? QString::number(*value) : QStringLiteral("unknown");
}

/// Both as one line of text: a failed comparison then shows every field.
QString text(const composer::PlainMachine& m)
{
    return QStringLiteral("x %1 y %2 z %3 e %4 total %5 highest %6 abs %7 eabs %8 inch %9 ")
               .arg(text(m.position[0]), text(m.position[1]), text(m.position[2])).arg(m.e).arg(m.eTotal).arg(m.eHighest)
               .arg(m.absolute).arg(m.eAbsolute()).arg(m.inch)
        + QStringLiteral("feed %1 tool %2 plane %3 speed %4 bed %5 retracted %6 ")
              .arg(text(m.feed)).arg(m.tool).arg(m.plane).arg(m.speed).arg(m.bed.value_or(-1)).arg(m.retracted)
        + QStringLiteral("hotend [%1] flow [%2] fans [%3] advance [%4] offset [%5]")
              .arg(text(m.hotend), text(m.flow), text(m.fans), text(m.advance), text(m.offset));
}

QString text(const MachineState& s, Dialect dialect)
{
    return QStringLiteral("x %1 y %2 z %3 e %4 total %5 highest %6 abs %7 eabs %8 inch %9 ")
               .arg(text(s.position[0]), text(s.position[1]), text(s.position[2])).arg(s.e).arg(s.eTotal).arg(s.eHighest)
               .arg(s.absoluteXyz).arg(s.eIsAbsolute(dialect)).arg(s.inch)
        + QStringLiteral("feed %1 tool %2 plane %3 speed %4 bed %5 retracted %6 ")
              .arg(text(s.feed)).arg(s.tool).arg(s.plane).arg(s.speedPercent).arg(s.bed.value_or(-1)).arg(s.firmwareRetracted)
        + QStringLiteral("hotend [%1] flow [%2] fans [%3] advance [%4] offset [%5]")
              .arg(text(s.hotend), text(s.flowPercent), text(s.fans), text(s.pressureAdvance), text(s.gcodeOffset));
}

bool isLong()
{
    return qEnvironmentVariableIsSet("KINTSUGI_LONG");
}

} // namespace

class TestProperties : public QObject
{
    Q_OBJECT

private slots:
    void stateEqualsPlainExecution_data()
    {
        QTest::addColumn<int>("dialect");
        for (const Dialect dialect : dialects) {
            const auto text = name(dialect);
            QTest::newRow(std::string(text).c_str()) << static_cast<int>(dialect);
        }
    }
    void stateEqualsPlainExecution()
    {
        QFETCH(int, dialect);
        const auto meaning = static_cast<Dialect>(dialect);
        const std::uint64_t files = isLong() ? 3000 : 60;
        for (std::uint64_t seed = 1; seed <= files; ++seed) {
            // Every eighth file is long enough for several checkpoints.
            const Composed composed = compose(seed * 5 + static_cast<std::uint64_t>(dialect), meaning, seed % 8 == 0 ? 9000 : 400);
            const MemorySource source(composed.text);
            const auto index = buildIndex(source, meaning);
            QVERIFY2(index, qPrintable(QString::number(seed)));
            QCOMPARE(index->lines, static_cast<std::uint64_t>(composed.begins.size()));
            std::mt19937_64 random(seed);
            for (int probe = 0; probe < 40; ++probe) {
                const std::size_t line = random() % composed.begins.size();
                const auto located = locateLine(source, *index, line + 1);
                QVERIFY2(located, qPrintable(QString::number(seed)));
                QCOMPARE(located->byte, composed.begins[line]);
                QCOMPARE(text(located->state, meaning), text(composed.before[line]));
                const ByteOffset end = line + 1 < composed.begins.size() ? composed.begins[line + 1] : composed.text.size();
                const auto inside = locate(source, *index, composed.begins[line] + random() % (end - composed.begins[line]));
                QVERIFY2(inside, qPrintable(QString::number(seed)));
                QCOMPARE(inside->line, static_cast<std::uint64_t>(line + 1));
                QCOMPARE(text(inside->state, meaning), text(composed.before[line]));
            }
            const auto end = locate(source, *index, composed.text.size());
            QVERIFY2(end, qPrintable(QString::number(seed)));
            QCOMPARE(text(end->state, meaning), text(composed.end));
        }
    }
};

QTEST_GUILESS_MAIN(TestProperties)
#include "tst_properties.moc"
