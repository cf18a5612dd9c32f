// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <numeric>
#include <random>

#include "gcode/command.h"
#include "gcode/scanner.h"

using namespace kintsugi;
using namespace kintsugi::gcode;

namespace {

struct Seen {
    ByteOffset begin = 0, end = 0;
    std::uint64_t number = 0;
    std::string text;
    bool truncated = false;
    friend bool operator==(const Seen&, const Seen&) = default;
};
using Lines = std::vector<Seen>;

std::span<const std::byte> bytesOf(std::string_view text)
{
    return std::as_bytes(std::span(text.data(), text.size()));
}

/// Cuts at the given offsets, ascending.
Lines scan(std::string_view text, const std::vector<std::size_t>& cuts = {}, ByteOffset start = 0, std::uint64_t number = 1)
{
    Lines lines;
    const Scanner::Sink sink = [&](const Line& line) {
        lines.push_back({line.begin, line.end, line.number, std::string(line.text), line.truncated});
    };
    Scanner scanner(start, number);
    std::size_t at = 0;
    for (const std::size_t cut : cuts) {
        scanner.feed(bytesOf(text.substr(at, cut - at)), sink);
        at = cut;
    }
    scanner.feed(bytesOf(text.substr(at)), sink);
    scanner.finish(sink);
    return lines;
}

QByteArray fixture(const char* name)
{
    QFile file(QStringLiteral(KINTSUGI_TEST_DATA "/gcode/") + QLatin1String(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

std::string_view view(const QByteArray& bytes)
{
    return {bytes.constData(), static_cast<std::size_t>(bytes.size())};
}

} // namespace

class TestScanner : public QObject
{
    Q_OBJECT
private slots:
    void lineEnds_data();
    void lineEnds();
    void startsAtACheckpoint();
    void everySplitOfASmallText();
    void everyPairOfSplits();
    void randomSplits_data();
    void randomSplits();
    void linesCoverTheFile();
    void openRemarksAreSearchedOnce();
    void longLinesAreCutNotLost();
};

void TestScanner::lineEnds_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QList<QByteArray>>("lines");
    QTest::addColumn<QList<int>>("begins");
    QTest::newRow("empty") << QByteArray() << QList<QByteArray>{} << QList<int>{};
    QTest::newRow("one line without end") << QByteArray("G28") << QList<QByteArray>{"G28"} << QList<int>{0};
    QTest::newRow("lf") << QByteArray("G28\nM84\n") << QList<QByteArray>{"G28", "M84"} << QList<int>{0, 4};
    QTest::newRow("crlf") << QByteArray("G28\r\nM84\r\n") << QList<QByteArray>{"G28", "M84"} << QList<int>{0, 5};
    QTest::newRow("lone cr") << QByteArray("G28\rM84\r") << QList<QByteArray>{"G28", "M84"} << QList<int>{0, 4};
    QTest::newRow("mixed") << QByteArray("a\r\r\nb\n\rc") << QList<QByteArray>{"a", "", "b", "", "c"} << QList<int>{0, 2, 4, 6, 7};
    QTest::newRow("blank lines") << QByteArray("\n\n\r\n") << QList<QByteArray>{"", "", ""} << QList<int>{0, 1, 2};
    QTest::newRow("nul stays") << QByteArray("G1\0X\n", 5) << QList<QByteArray>{QByteArray("G1\0X", 4)} << QList<int>{0};
    QTest::newRow("byte-order mark") << QByteArray("\xEF\xBB\xBFG28\nM84") << QList<QByteArray>{"G28", "M84"} << QList<int>{3, 7};
    QTest::newRow("only a byte-order mark") << QByteArray("\xEF\xBB\xBF") << QList<QByteArray>{} << QList<int>{};
    QTest::newRow("half a byte-order mark") << QByteArray("\xEF\xBB") << QList<QByteArray>{"\xEF\xBB"} << QList<int>{0};
    QTest::newRow("no byte-order mark after all") << QByteArray("\xEF\xBBx\n") << QList<QByteArray>{"\xEF\xBBx"} << QList<int>{0};
    QTest::newRow("mark not at the front") << QByteArray("a\n\xEF\xBB\xBF""b") << QList<QByteArray>{"a", "\xEF\xBB\xBF""b"} << QList<int>{0, 2};
}

void TestScanner::lineEnds()
{
    QFETCH(QByteArray, text);
    QFETCH(QList<QByteArray>, lines);
    QFETCH(QList<int>, begins);
    const Lines seen = scan(view(text));
    QCOMPARE(static_cast<qsizetype>(seen.size()), lines.size());
    for (std::size_t at = 0; at < seen.size(); ++at) {
        const auto index = static_cast<qsizetype>(at);
        QCOMPARE(QByteArray::fromStdString(seen[at].text), lines[index]);
        QCOMPARE(static_cast<int>(seen[at].begin), begins[index]);
        QCOMPARE(seen[at].number, at + 1);
        QCOMPARE(seen[at].end, at + 1 < seen.size() ? seen[at + 1].begin : static_cast<ByteOffset>(text.size()));
        QVERIFY(!seen[at].truncated);
    }
}

void TestScanner::startsAtACheckpoint()
{
    // Beyond 4 GiB, and with bytes that at offset 0 would be a byte-order mark.
    constexpr ByteOffset start = 5'000'000'000;
    const Lines seen = scan("\xEF\xBB\xBFG1\r\nG2", {}, start, 77);
    QCOMPARE(seen.size(), std::size_t{2});
    QVERIFY((seen[0] == Seen{start, start + 7, 77, "\xEF\xBB\xBFG1", false}));
    QVERIFY((seen[1] == Seen{start + 7, start + 9, 78, "G2", false}));
}

void TestScanner::everySplitOfASmallText()
{
    using namespace std::string_view_literals;
    const std::string_view text = "\xEF\xBB\xBFG28\r\n\rG1 X1;a\n\n\r\r\n\0\0\nN5 G1*7\r\xEF\xBB\xBF\nlast\r"sv;
    const Lines whole = scan(text);
    QCOMPARE(whole.size(), std::size_t{10});
    for (std::size_t cut = 0; cut <= text.size(); ++cut)
        QVERIFY2(scan(text, {cut}) == whole, qPrintable(QString::number(cut)));
    std::vector<std::size_t> all(text.size());
    std::iota(all.begin(), all.end(), 0U);
    QVERIFY(scan(text, all) == whole);
}

void TestScanner::everyPairOfSplits()
{
    for (const std::string_view text : {"\xEF\xBB\xBF\r\n\r", "\xEF\xBB\r\r\n", "a\r\n\nb\r"}) {
        const Lines whole = scan(text);
        for (std::size_t first = 0; first <= text.size(); ++first)
            for (std::size_t second = first; second <= text.size(); ++second)
                QVERIFY(scan(text, {first, second}) == whole);
    }
}

void TestScanner::randomSplits_data()
{
    QTest::addColumn<QString>("name");
    for (const char* name : {"derived_plate_crlf_lowercase_nospace.gcode", "cura_block_marlin.gcode", "ps_cube_absE_marlin2_thumbnails.gcode"})
        QTest::newRow(name) << QString::fromLatin1(name);
}

void TestScanner::randomSplits()
{
    QFETCH(QString, name);
    const QByteArray bytes = fixture(qPrintable(name));
    QVERIFY(bytes.size() > 50'000);
    const Lines whole = scan(view(bytes));
    const int rounds = qEnvironmentVariableIntValue("KINTSUGI_LONG") == 1 ? 200 : 10;
    for (int round = 0; round < rounds; ++round) {
        std::mt19937 random(static_cast<unsigned>(round));
        std::vector<std::size_t> cuts;
        const std::size_t reach = round % 2 == 0 ? 7 : 5000;
        for (std::size_t at = random() % reach; at < view(bytes).size(); at += random() % reach)
            cuts.push_back(at);
        QVERIFY2(scan(view(bytes), cuts) == whole, qPrintable(QString::number(round)));
    }
}

void TestScanner::linesCoverTheFile()
{
    const QByteArray bytes = fixture("derived_plate_crlf_lowercase_nospace.gcode");
    const Lines lines = scan(view(bytes));
    QCOMPARE(lines.size(), static_cast<std::size_t>(bytes.count('\n')));
    ByteOffset at = 0;
    for (const Seen& line : lines) {
        QCOMPARE(line.begin, at);
        QCOMPARE(line.text + "\r\n", std::string(view(bytes).substr(line.begin, line.end - line.begin)));
        at = line.end;
    }
    QCOMPARE(at, static_cast<ByteOffset>(bytes.size()));
}

/// Searching each open parenthesis to the end of its line took six seconds.
void TestScanner::openRemarksAreSearchedOnce()
{
    const std::string line = "G1 X1 " + std::string(Scanner::maxText - 10, '(') + "Y2";
    QElapsedTimer timer;
    timer.start();
    const Command command = parseCommand(line);
    QVERIFY2(timer.elapsed() < 1000, qPrintable(QString::number(timer.elapsed())));
    QCOMPARE(command.value('X'), std::optional<Millionths>(1'000'000));
    QCOMPARE(command.value('Y'), std::optional<Millionths>(2'000'000));
}

void TestScanner::longLinesAreCutNotLost()
{
    const std::string exact(Scanner::maxText, 'x');
    const std::string text = "a\n" + exact + "\n" + exact + "y\r\n" + exact + "yy\rb";
    const Lines whole = scan(text);
    QCOMPARE(whole.size(), std::size_t{5});
    QVERIFY(!whole[1].truncated);
    QVERIFY(whole[2].truncated);
    QVERIFY(whole[3].truncated);
    QVERIFY(whole[2].text == exact);
    QCOMPARE(whole[3].begin, whole[2].end);
    QCOMPARE(whole[4].begin, static_cast<ByteOffset>(text.size() - 1));
    QVERIFY(!whole[4].truncated);
    std::vector<std::size_t> cuts;
    for (std::size_t at = 0; at < text.size(); at += 65'536)
        cuts.push_back(at);
    QVERIFY(scan(text, cuts) == whole);
}

QTEST_APPLESS_MAIN(TestScanner)
#include "tst_scanner.moc"
