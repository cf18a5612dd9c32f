// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <random>
#include <thread>

#define ZLIB_CONST
#include <zlib.h>

#include "gcode/gzsource.h"
#include "gcode/opengcode.h"

using namespace kintsugi;
using namespace kintsugi::gcode;
using namespace Qt::StringLiterals;

namespace {

std::string gzipped(std::string_view text, int level = 6)
{
    z_stream stream{};
    deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, static_cast<uLong>(text.size())) + 64, '\0');
    stream.next_in = reinterpret_cast<const Bytef*>(text.data());
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string moves(std::size_t bytes)
{
    std::mt19937 random(5);
    std::string text = "G28\nG90\nM83\n";
    while (text.size() < bytes)
        text += "G1 X" + std::to_string(random() % 200'000) + " Y" + std::to_string(random() % 200'000) + " E.0" + std::to_string(random() % 999) + '\n';
    return text;
}

Result<std::unique_ptr<Source>> opened(std::string bytes)
{
    return openGcode(std::make_unique<MemorySource>(std::move(bytes), "part.gcode.gz"));
}

std::string wholeText(const Source& source, std::size_t step = 100'000)
{
    std::string text;
    std::vector<std::byte> buffer(step);
    while (true) {
        const auto count = source.read(text.size(), buffer);
        if (!count || *count == 0)
            return text;
        text.append(reinterpret_cast<const char*>(buffer.data()), *count);
    }
}

QString describe(const Error& error)
{
    return QString::fromStdString("code " + std::to_string(static_cast<int>(error.code)) + ": " + error.detail);
}

} // namespace

class TestGzSource : public QObject
{
    Q_OBJECT

private slots:
    void wholeAndAnywhere_data();
    void wholeAndAnywhere();
    void membersAndPlaces();
    void zerosBehindAreAllowed();
    void mapSparesTheReading();
    void threads();
    void cutAnywhere();
    void damaged_data();
    void damaged();
    void flippedBytes();
    void bombIsRefused();
    void changedWhileOpen();
};

void TestGzSource::wholeAndAnywhere_data()
{
    QTest::addColumn<int>("level");
    QTest::addColumn<int>("bytes");
    QTest::newRow("stored") << 0 << 5'000'000;
    QTest::newRow("quick") << 1 << 5'000'000;
    QTest::newRow("usual") << 6 << 5'000'000;
    QTest::newRow("small") << 6 << 10;
}

void TestGzSource::wholeAndAnywhere()
{
    QFETCH(int, level);
    QFETCH(int, bytes);
    const std::string text = moves(std::size_t(bytes));
    const std::string file = gzipped(text, level);
    const auto source = opened(file);
    QVERIFY2(source.has_value(), qPrintable(describe(source ? Error{} : source.error())));
    QCOMPARE((*source)->container(), Container::Gzip);
    QCOMPARE(*(*source)->size(), text.size());
    QCOMPARE(*(*source)->fileSize(), file.size());
    QVERIFY((*source)->fileXxh3().has_value());
    QVERIFY(wholeText(**source) == text);
    std::mt19937 random(9);
    std::vector<std::byte> buffer(300'000);
    for (int round = 0; round < 60; ++round) {
        const std::size_t at = random() % (text.size() + 10);
        const std::size_t wanted = round % 4 == 0 ? random() % buffer.size() : random() % 2000;
        const auto count = (*source)->read(at, std::span(buffer).first(wanted));
        QVERIFY2(count.has_value(), qPrintable(describe(count ? Error{} : count.error())));
        const std::string_view expected = at < text.size() ? std::string_view(text).substr(at, wanted) : std::string_view();
        QVERIFY(std::string_view(reinterpret_cast<const char*>(buffer.data()), *count) == expected);
    }
}

void TestGzSource::membersAndPlaces()
{
    const std::string one = moves(1'500'000);
    const std::string two = "G1 X1\n";
    const std::string three = moves(2'500'000);
    const std::string file = gzipped(one) + gzipped(two) + gzipped("") + gzipped(three);
    const auto source = opened(file);
    QVERIFY2(source.has_value(), qPrintable(describe(source ? Error{} : source.error())));
    QVERIFY(wholeText(**source) == one + two + three);
    const auto place = (*source)->placeOf(one.size() + 2);
    QVERIFY(place.has_value());
    QVERIFY(*place == (ContainerPlace{1, 2, gzipped(one).size()}));
    QCOMPARE(*(*source)->byteAt(*place), one.size() + 2);
    QCOMPARE((*source)->placeOf(one.size() + two.size())->block, std::size_t(3));
    QCOMPARE(*(*source)->byteAt({.block = 3, .inBlock = three.size()}), one.size() + two.size() + three.size());
    QCOMPARE((*source)->byteAt({.block = 1, .inBlock = 99}).error().code, ErrorCode::BadByte);
    QCOMPARE((*source)->byteAt({.block = 4}).error().code, ErrorCode::BadByte);
    QCOMPARE((*source)->placeOf(9'000'000).error().code, ErrorCode::BadByte);
    // Backwards, each time before everything that is decoded already.
    std::vector<std::byte> buffer(40);
    const std::string all = one + two + three;
    for (std::size_t at = all.size() - 40; at > 300'000; at -= 300'000) {
        QVERIFY((*source)->read(at, buffer).has_value());
        QVERIFY(std::string_view(reinterpret_cast<const char*>(buffer.data()), 40) == std::string_view(all).substr(at, 40));
    }
}

void TestGzSource::zerosBehindAreAllowed()
{
    const std::string text = moves(100'000);
    const auto source = opened(gzipped(text) + std::string(70'000, '\0'));
    QVERIFY2(source.has_value(), qPrintable(describe(source ? Error{} : source.error())));
    QVERIFY(wholeText(**source) == text);
}

void TestGzSource::mapSparesTheReading()
{
    const std::string one = moves(2'500'000), two = "G1 X1\n", three = moves(1'500'000);
    const std::string file = gzipped(one) + gzipped(two) + gzipped(three), text = one + two + three;
    const auto first = opened(file);
    const std::string map = containerMap(**first);
    bool asked = false;
    const auto open = [&](std::string_view known) {
        asked = false;
        return openGcode(std::make_unique<MemorySource>(file, "part.gcode.gz"), [&](double) { return asked = true; }, known);
    };
    const auto again = open(map);
    QVERIFY(again && !asked);
    QCOMPARE(*(*again)->size(), text.size());
    QCOMPARE((*again)->fileXxh3(), (*first)->fileXxh3());
    QCOMPARE(containerMap(**again), map);
    std::vector<std::byte> buffer(5000);
    for (const std::size_t at : {text.size() - 100, text.size() / 2, std::size_t{0}, std::size_t{1'200'000}}) {
        const auto count = (*again)->read(at, buffer);
        QVERIFY(count);
        QVERIFY(std::string_view(reinterpret_cast<const char*>(buffer.data()), *count) == std::string_view(text).substr(at, buffer.size()));
    }
    QVERIFY(wholeText(**again) == text);
    QVERIFY((*again)->placeOf(one.size() + 2) == (*first)->placeOf(one.size() + 2));
    for (const std::size_t length : {std::size_t{5}, std::size_t{32}, std::size_t{40}, map.size() / 2, map.size() - 1}) {
        const auto source = open(std::string_view(map).substr(0, length));
        QVERIFY(source && asked);
        QCOMPARE(containerMap(**source), map);
    }
    // Lies about counts and sizes cost nothing and break nothing.
    std::mt19937_64 random(3);
    for (int round = 0; round < 300; ++round) {
        std::string lie = map;
        const std::uint64_t value = round % 2 == 0 ? ~std::uint64_t{0} : std::uint64_t{1} << (random() % 63);
        const std::size_t at = round < 200 ? random() % 200 : random() % (lie.size() - 8);
        std::memcpy(lie.data() + at, &value, sizeof value);
        const auto source = open(lie);
        QVERIFY(source);
        static_cast<void>((*source)->read(text.size() / 2, buffer));
    }
}

void TestGzSource::threads()
{
    const std::string text = moves(4'000'000);
    const auto source = opened(gzipped(text, 1));
    QVERIFY(source.has_value());
    std::array<std::string, 3> texts;
    {
        std::vector<std::jthread> readers;
        for (std::size_t at = 0; at < texts.size(); ++at)
            readers.emplace_back([&, at] { texts[at] = wholeText(**source, 50'000 + 30'000 * at); });
    }
    for (const std::string& read : texts)
        QVERIFY(read == text);
}

void TestGzSource::cutAnywhere()
{
    const std::string file = gzipped(moves(500)) + gzipped(moves(300));
    const std::size_t first = gzipped(moves(500)).size();
    for (std::size_t length = 2; length < file.size(); ++length) {
        const auto source = opened(file.substr(0, length));
        if (length == first) {
            QVERIFY(source.has_value());
            continue;
        }
        QVERIFY2(!source.has_value(), qPrintable(QString::number(length)));
        QCOMPARE(source.error().code, ErrorCode::FileDamaged);
        QCOMPARE(source.error().byte, std::optional<ByteOffset>(length));
    }
}

void TestGzSource::damaged_data()
{
    QTest::addColumn<QByteArray>("bytes");
    const std::string file = gzipped(moves(5000));
    std::string bad = file;
    bad[bad.size() - 6] ^= 1;
    QTest::newRow("checksum") << QByteArray::fromStdString(bad);
    bad = file;
    bad[bad.size() - 2] ^= 1;
    QTest::newRow("length") << QByteArray::fromStdString(bad);
    bad = file;
    bad[file.size() / 2] ^= 0x55;
    QTest::newRow("middle") << QByteArray::fromStdString(bad);
    QTest::newRow("something behind") << QByteArray::fromStdString(file + "G28\n");
    QTest::newRow("zeros, then something") << QByteArray::fromStdString(file + std::string(100, '\0') + "x");
}

void TestGzSource::damaged()
{
    QFETCH(QByteArray, bytes);
    const auto source = opened(bytes.toStdString());
    QVERIFY(!source.has_value());
    QCOMPARE(source.error().code, ErrorCode::FileDamaged);
    QVERIFY(source.error().byte.has_value());
    QVERIFY(!source.error().detail.empty());
}

void TestGzSource::flippedBytes()
{
    const std::string file = gzipped(moves(20'000));
    std::mt19937 random(2);
    for (int round = 0; round < 300; ++round) {
        std::string bytes = file;
        bytes[2 + random() % (bytes.size() - 2)] ^= static_cast<char>(1U << random() % 8);
        if (const auto source = opened(std::move(bytes))) // a name or a time in the header may be any
            QVERIFY(wholeText(**source) == moves(20'000));
    }
}

void TestGzSource::bombIsRefused()
{
    const auto source = opened(gzipped(std::string(std::size_t{300} << 20, ' '), 1));
    QVERIFY(!source.has_value());
    QCOMPARE(source.error().code, ErrorCode::FileDamaged);
    QVERIFY2(source.error().detail.find("200 times") != std::string::npos, source.error().detail.c_str());
}

void TestGzSource::changedWhileOpen()
{
    QTemporaryDir folder;
    const std::string bytes = gzipped(moves(3'000'000));
    QFile file(folder.filePath(u"a.gcode.gz"_s));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray::fromStdString(bytes));
    file.close();
    const auto source = openGcode(file.fileName().toStdString());
    QVERIFY(source.has_value());
    QVERIFY(QFile::resize(file.fileName(), qint64(bytes.size() / 2)));
    std::vector<std::byte> buffer(100);
    QVERIFY((*source)->read(0, buffer).has_value());
    const auto late = (*source)->read(2'900'000, buffer);
    QVERIFY(!late.has_value());
    QCOMPARE(late.error().code, ErrorCode::FileChanged);
}

QTEST_GUILESS_MAIN(TestGzSource)
#include "tst_gzsource.moc"
