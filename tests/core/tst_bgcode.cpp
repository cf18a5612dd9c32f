// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <random>
#include <thread>

#include "../bench/plainbgcode.h"
#include "bgcodesample.h"
#include "gcode/bgcodesource.h"
#include "gcode/indexcache.h"
#include "gcode/meatpack.h"
#include "gcode/opengcode.h"

using namespace kintsugi;
using namespace kintsugi::gcode;
using namespace kintsugi::test;
using namespace Qt::StringLiterals;

namespace {

const QString gcodeFolder = QStringLiteral(KINTSUGI_TEST_DATA "/gcode/");

std::string contents(const QString& name)
{
    QFile file(gcodeFolder + name);
    return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : std::string();
}

Result<std::unique_ptr<Source>> opened(std::string bytes, const Progress& progress = {})
{
    return openGcode(std::make_unique<MemorySource>(std::move(bytes), "sample.bgcode"), progress);
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

/// Lines without comments, blanks and empty lines: what a slicer's packing leaves of a text.
QList<QByteArray> essence(const std::string& text)
{
    QList<QByteArray> lines;
    for (QByteArray line : QByteArray::fromStdString(text).split('\n')) {
        if (const qsizetype comment = line.indexOf(';'); comment >= 0)
            line.truncate(comment);
        line.replace(' ', "");
        if (!line.isEmpty())
            lines << line;
    }
    return lines;
}

QString describe(const Error& error)
{
    return QString::fromStdString("code " + std::to_string(static_cast<int>(error.code)) + ": " + error.detail);
}

BgcodeOptions usual()
{
    return {.compression = Compression::Heatshrink12, .encoding = Encoding::MeatPackComments, .omitBlanks = true, .blockText = 20'000};
}

} // namespace

class TestBgcode : public QObject
{
    Q_OBJECT

private slots:
    void slicersFiles_data();
    void slicersFiles();
    void slicersFileHasTheLayersOfItsText();
    void indexKnowsTheContainer();
    void slicerOfItsMetadata();
    void allKinds_data();
    void allKinds();
    void oddReads();
    void placesBothWays();
    void metadata();
    void jsonMetadataIsPassedOver();
    void threads();
    void wrongChecksum_data();
    void wrongChecksum();
    void cutAnywhere_data();
    void cutAnywhere();
    void cutBetweenBlocks_data();
    void cutBetweenBlocks();
    void mapSparesTheDecoding();
    void lies_data();
    void lies();
    void flippedBytesWithoutChecksum();
    void bombIsRefused();
    void changedWhileOpen();
    void cancelled();
    void heatshrinkLikeThePlainOne_data();
    void heatshrinkLikeThePlainOne();
    void meatPackLikeThePrinter();
};

void TestBgcode::slicersFiles_data()
{
    QTest::addColumn<QString>("container");
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("exact");
    QTest::newRow("heatshrink 12, MeatPack") << u"bgcode_gear_heatshrink12_meatpack.bgcode"_s << u"ps_gear_relE_klipper.gcode"_s << false;
    QTest::newRow("deflate") << u"bgcode_mmu2_deflate_plain.bgcode"_s << u"ps_mmu2_wipetower_relE.gcode"_s << true;
}

void TestBgcode::slicersFiles()
{
    QFETCH(QString, container);
    QFETCH(QString, text);
    const auto source = openGcode((gcodeFolder + container).toStdString());
    QVERIFY2(source.has_value(), qPrintable(describe(source ? Error{} : source.error())));
    QCOMPARE((*source)->container(), Container::BinaryGcode);
    const std::string decoded = wholeText(**source);
    QCOMPARE(*(*source)->size(), decoded.size());
    QCOMPARE(*(*source)->fileSize(), std::uint64_t(QFile(gcodeFolder + container).size()));
    QCOMPARE(essence(decoded), essence(contents(text)));
    QCOMPARE((*source)->metadata()->producer(), std::string("PrusaSlicer 2.5.0"));
    QCOMPARE((*source)->metadata()->slicer.front().first, std::string("avoid_crossing_perimeters"));
}

void TestBgcode::slicersFileHasTheLayersOfItsText()
{
    const auto source = openGcode((gcodeFolder + u"bgcode_gear_heatshrink12_meatpack.bgcode"_s).toStdString());
    QVERIFY(source.has_value());
    const auto index = buildIndex(**source, Dialect::Klipper);
    QVERIFY2(index.has_value(), qPrintable(describe(index ? Error{} : index.error())));
    const MemorySource decoded(wholeText(**source));
    const auto plain = buildIndex(decoded, Dialect::Klipper);
    const auto original = buildIndex(MemorySource(contents(u"ps_gear_relE_klipper.gcode"_s)), Dialect::Klipper);
    QVERIFY(plain && original);
    QCOMPARE(index->size, plain->size);
    QCOMPARE(index->xxh3, plain->xxh3);
    QCOMPARE(index->lines, plain->lines);
    QCOMPARE(index->layers.size(), std::size_t(10));
    QCOMPARE(index->moves, original->moves);
    QCOMPARE(index->filamentMm, original->filamentMm);
    QCOMPARE(index->checkpoints.back().byte, plain->checkpoints.back().byte);
    const auto located = locate(**source, *index, index->size / 2);
    QVERIFY(located.has_value());
    QVERIFY(located->state == locate(decoded, *plain, plain->size / 2)->state);
}

void TestBgcode::indexKnowsTheContainer()
{
    const std::string text = contents(u"cura_block_marlin.gcode"_s);
    const BgcodeSample sample = makeBgcode(text, usual());
    const auto source = opened(sample.bytes);
    const auto index = buildIndex(**source, Dialect::Marlin);
    QVERIFY(index.has_value());
    QCOMPARE(index->size, sample.text.size());
    QCOMPARE(index->fileSize, sample.bytes.size());
    QCOMPARE(index->fileXxh3, *(*source)->fileXxh3());
    QVERIFY(verifyWhole(**source, *index).has_value());
    // The same text in other blocks is another file.
    BgcodeOptions other = usual();
    other.compression = Compression::Deflate;
    const auto repacked = opened(makeBgcode(text, other).bytes);
    QCOMPARE(*(*repacked)->size(), index->size);
    QCOMPARE(verifyWhole(**repacked, *index).error().code, ErrorCode::FileChanged);
}

void TestBgcode::slicerOfItsMetadata()
{
    const BgcodeSample sample = makeBgcode("G28\nG1 X5 E1\n", {.encoding = Encoding::MeatPack});
    const auto index = buildIndex(**opened(sample.bytes), Dialect::Marlin);
    QVERIFY(index.has_value());
    QVERIFY(index->slicer == Slicer::PrusaSlicer);
    QCOMPARE(index->slicerLine, std::string("PrusaSlicer 2.9.1"));
}

void TestBgcode::allKinds_data()
{
    QTest::addColumn<int>("compression");
    QTest::addColumn<int>("encoding");
    QTest::addColumn<bool>("crc32");
    for (int compression = 0; compression < 4; ++compression) {
        for (int encoding = 0; encoding < 3; ++encoding) {
            for (const bool crc32 : {true, false})
                QTest::addRow("compression %d, encoding %d, checksum %d", compression, encoding, int(crc32)) << compression << encoding << crc32;
        }
    }
}

void TestBgcode::allKinds()
{
    QFETCH(int, compression);
    QFETCH(int, encoding);
    QFETCH(bool, crc32);
    const std::string text = contents(u"ps_cube_absE_marlin2_thumbnails.gcode"_s);
    for (const bool omitBlanks : {false, true}) {
        const BgcodeOptions options{.compression = static_cast<Compression>(compression), .encoding = static_cast<Encoding>(encoding),
                                    .crc32 = crc32, .omitBlanks = omitBlanks, .metadata = static_cast<Compression>(compression)};
        const BgcodeSample sample = makeBgcode(text, options);
        QVERIFY(sample.texts.size() > 1);
        if (encoding == 0 || (encoding == 2 && !omitBlanks))
            QVERIFY(sample.text == text);
        const auto source = opened(sample.bytes);
        QVERIFY2(source.has_value(), qPrintable(describe(source ? Error{} : source.error())));
        QVERIFY(wholeText(**source) == sample.text);
        QCOMPARE(*(*source)->size(), sample.text.size());
        QCOMPARE((*source)->metadata()->producer(), std::string("PrusaSlicer 2.9.1"));
    }
}

void TestBgcode::oddReads()
{
    const BgcodeSample sample = makeBgcode(contents(u"ps_gear_relE_klipper.gcode"_s), usual());
    const auto source = opened(sample.bytes);
    QVERIFY(source.has_value());
    std::mt19937 random(7);
    std::vector<std::byte> buffer(70'000);
    for (int round = 0; round < 500; ++round) {
        const std::size_t at = random() % (sample.text.size() + 10);
        const std::size_t wanted = round % 3 == 0 ? random() % buffer.size() : random() % 200;
        const auto count = (*source)->read(at, std::span(buffer).first(wanted));
        QVERIFY(count.has_value());
        const std::string_view expected = at < sample.text.size() ? std::string_view(sample.text).substr(at, wanted) : std::string_view();
        QVERIFY(std::string_view(reinterpret_cast<const char*>(buffer.data()), *count) == expected);
    }
}

void TestBgcode::placesBothWays()
{
    const BgcodeSample sample = makeBgcode(contents(u"ps_gear_relE_klipper.gcode"_s), usual());
    const auto source = opened(sample.bytes);
    QVERIFY(source.has_value());
    for (std::size_t block = 0; block < sample.texts.size(); ++block) {
        const std::size_t end = block + 1 < sample.texts.size() ? sample.texts[block + 1] : sample.text.size();
        for (const std::size_t byte : {sample.texts[block], sample.texts[block] + 7, end - 1}) {
            const ContainerPlace expected{sample.firstGcode + block, byte - sample.texts[block], sample.blocks[sample.firstGcode + block]};
            QVERIFY(*(*source)->placeOf(byte) == expected);
            QCOMPARE(*(*source)->byteAt(expected), ByteOffset{byte});
        }
    }
    QCOMPARE((*source)->placeOf(sample.text.size())->block, sample.firstGcode + sample.texts.size() - 1);
    QCOMPARE((*source)->placeOf(sample.text.size() + 1).error().code, ErrorCode::BadByte);
    QCOMPARE((*source)->byteAt({.block = 0}).error().code, ErrorCode::BadByte);
    QCOMPARE((*source)->byteAt({.block = 10'000}).error().code, ErrorCode::BadByte);
    QCOMPARE((*source)->byteAt({.block = sample.firstGcode, .inBlock = 65'000}).error().code, ErrorCode::BadByte);
}

void TestBgcode::metadata()
{
    const auto source = opened(makeBgcode("G28\n", {}).bytes);
    QVERIFY(source.has_value());
    const ContainerMetadata& metadata = *(*source)->metadata();
    QCOMPARE(metadata.printer.front(), (std::pair<std::string, std::string>("printer_model", "MK4")));
    QCOMPARE(metadata.print.size(), std::size_t(1));
    QCOMPARE(metadata.slicer.back(), (std::pair<std::string, std::string>("notes", "a=b")));
    QCOMPARE(metadata.thumbnails.size(), std::size_t(1));
    const auto& picture = metadata.thumbnails.front();
    QVERIFY(picture.format == ContainerMetadata::Thumbnail::Format::Png);
    QCOMPARE(picture.width, std::uint16_t(16));
    QCOMPARE(picture.height, std::uint16_t(32));
    const std::string bytes = makeBgcode("G28\n", {}).bytes;
    QCOMPARE(bytes.substr(picture.fileByte, picture.bytes), std::string("\x89PNG not really"));
}

void TestBgcode::jsonMetadataIsPassedOver()
{
    const BgcodeSample sample = makeBgcode("G28\n", {});
    const std::string json = "{\"a\":\"b=c\"}";
    std::string bytes = sample.bytes;
    bytes.insert(sample.blocks[sample.firstGcode], rawBlock(BlockType::SlicerMetadata, Compression::Deflate, std::string("\1\0", 2), deflated(json), json.size(), true));
    const auto source = opened(bytes);
    QVERIFY2(source.has_value(), qPrintable(describe(source ? Error{} : source.error())));
    QCOMPARE((*source)->metadata()->slicer.size(), opened(sample.bytes).value()->metadata()->slicer.size());
    QCOMPARE(wholeText(**source), std::string("G28\n"));
}

void TestBgcode::threads()
{
    const BgcodeSample sample = makeBgcode(contents(u"ps_gear_relE_klipper.gcode"_s), usual());
    const auto source = opened(sample.bytes);
    QVERIFY(source.has_value());
    std::array<std::string, 3> texts;
    {
        std::vector<std::jthread> readers;
        for (std::size_t at = 0; at < texts.size(); ++at)
            readers.emplace_back([&, at] { texts[at] = wholeText(**source, 5'000 + at); });
    }
    for (const std::string& text : texts)
        QVERIFY(text == sample.text);
}

void TestBgcode::wrongChecksum_data()
{
    QTest::addColumn<int>("block");
    for (const int block : {0, 2, 4, 5, 7})
        QTest::addRow("block %d", block) << block;
}

void TestBgcode::wrongChecksum()
{
    QFETCH(int, block);
    BgcodeSample sample = makeBgcode(contents(u"ps_gear_relE_klipper.gcode"_s), usual());
    const std::size_t begin = sample.blocks[std::size_t(block)];
    sample.bytes[begin + 20] ^= 1;
    const auto source = opened(sample.bytes);
    QVERIFY(!source.has_value());
    QCOMPARE(source.error().code, ErrorCode::FileDamaged);
    QCOMPARE(source.error().byte, std::optional<ByteOffset>(begin));
    QVERIFY2(source.error().detail.starts_with("block " + std::to_string(block) + " ("), source.error().detail.c_str());
}

void TestBgcode::cutAnywhere_data()
{
    QTest::addColumn<int>("compression");
    QTest::addColumn<bool>("crc32");
    for (int compression = 0; compression < 4; ++compression) {
        QTest::addRow("compression %d, checked", compression) << compression << true;
        QTest::addRow("compression %d, unchecked", compression) << compression << false;
    }
}

void TestBgcode::cutAnywhere()
{
    QFETCH(int, compression);
    QFETCH(bool, crc32);
    const BgcodeSample sample = makeBgcode("G28\nG1 X10 Y10 E.5\nG1 X20 E1\n;a comment\nG1 X3 E5\n",
                                           {.compression = static_cast<Compression>(compression), .encoding = Encoding::MeatPackComments, .crc32 = crc32});
    for (std::size_t length = 5; length < sample.bytes.size(); ++length) {
        const auto source = opened(sample.bytes.substr(0, length));
        QVERIFY2(!source.has_value(), qPrintable(QString::number(length)));
        QCOMPARE(source.error().code, ErrorCode::FileDamaged);
    }
}

void TestBgcode::cutBetweenBlocks_data()
{
    QTest::addColumn<QByteArray>("word");
    QTest::newRow("PrusaSlicer") << QByteArray("M73 P%1 R5\nM73 Q%1 S6\n");
    QTest::newRow("without blanks") << QByteArray("M73P%1R5\n");
}

void TestBgcode::cutBetweenBlocks()
{
    QFETCH(QByteArray, word);
    std::string text = "M73 P0 R9\nG28\n";
    for (int percent = 1; percent <= 100; ++percent) {
        text += QString::fromLatin1(word).arg(percent).toStdString();
        for (int move = 0; move < 40; ++move)
            text += "G1 X" + std::to_string(percent) + " Y" + std::to_string(move) + " E.1 ; M73 P3\n";
    }
    for (const Encoding encoding : {Encoding::None, Encoding::MeatPackComments}) {
        const BgcodeSample sample = makeBgcode(text, {.compression = Compression::Deflate, .encoding = encoding, .blockText = 4096});
        QVERIFY(sample.blocks.size() > sample.firstGcode + 20);
        QVERIFY(opened(sample.bytes));
        for (std::size_t block = sample.firstGcode + 1; block < sample.blocks.size(); ++block) {
            const auto source = opened(sample.bytes.substr(0, sample.blocks[block]));
            QVERIFY2(!source, qPrintable(QString::number(block)));
            QCOMPARE(source.error().code, ErrorCode::FileDamaged);
            QCOMPARE(source.error().byte, std::optional<ByteOffset>(sample.blocks[block]));
            QVERIFY(source.error().detail.find("% of the print") != std::string::npos);
        }
    }
    // Where nothing counts, or a start macro says 0 alone, nothing can be known.
    QVERIFY(opened(makeBgcode("G28\nG1 X1 E1\n", {}).bytes));
    QVERIFY(opened(makeBgcode("M73 P0\nG28\nG1 X1 E1\n", {}).bytes));
}

namespace {

/// Counts what is read.
class CountingSource final : public Source
{
public:
    CountingSource(std::string bytes, std::uint64_t& count) : m_bytes(std::move(bytes), "part.bgcode"), m_count(count) {}
    [[nodiscard]] Result<std::uint64_t> size() const override { return m_bytes.size(); }
    [[nodiscard]] Result<std::size_t> read(ByteOffset offset, std::span<std::byte> bytes) const override
    {
        const auto count = m_bytes.read(offset, bytes);
        m_count += count.value_or(0);
        return count;
    }
    [[nodiscard]] Result<FileStamp> stamp() const override { return m_bytes.stamp(); }
    [[nodiscard]] std::string name() const override { return m_bytes.name(); }

private:
    MemorySource m_bytes;
    std::uint64_t& m_count;
};

} // namespace

void TestBgcode::mapSparesTheDecoding()
{
    const BgcodeSample sample = makeBgcode(contents(u"ps_gear_relE_klipper.gcode"_s), usual());
    const auto first = opened(sample.bytes);
    QVERIFY(first);
    const std::string map = containerMap(**first);
    std::uint64_t read = 0;
    const auto again = openGcode(std::make_unique<CountingSource>(sample.bytes, read), {}, map);
    QVERIFY(again);
    QVERIFY2(read < 2000, qPrintable(QString::number(read))); // headers and metadata
    QCOMPARE((*again)->size(), (*first)->size());
    QCOMPARE((*again)->fileXxh3(), (*first)->fileXxh3());
    QCOMPARE((*again)->metadata()->producer(), (*first)->metadata()->producer());
    QCOMPARE(containerMap(**again), map);
    QCOMPARE(wholeText(**again), sample.text);
    QCOMPARE(*(*again)->placeOf(sample.text.size() / 2), *(*first)->placeOf(sample.text.size() / 2));
    // A map of other blocks is not believed.
    for (const std::size_t length : {std::size_t{7}, std::size_t{8}, map.size() - 6, map.size() - 1}) {
        const auto source = openGcode(std::make_unique<MemorySource>(sample.bytes, "part.bgcode"), {}, map.substr(0, length));
        QVERIFY(source);
        QCOMPARE(wholeText(**source), sample.text);
    }
    const std::string more = map + map.substr(8, 6);
    QCOMPARE(wholeText(**openGcode(std::make_unique<MemorySource>(sample.bytes, "part.bgcode"), {}, more)), sample.text);
    // One that lies about a length is found out when the block is read.
    std::string lie = map;
    lie[8] = static_cast<char>(lie[8] ^ 1);
    const auto lying = openGcode(std::make_unique<MemorySource>(sample.bytes, "part.bgcode"), {}, lie);
    QVERIFY(lying);
    std::array<std::byte, 10> some{};
    QCOMPARE((*lying)->read(0, some).error().code, ErrorCode::FileChanged);
}

void TestBgcode::lies_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("says");
    const std::string head = makeBgcode("", {.crc32 = false}).bytes;
    const std::string none(2, '\0');
    const auto row = [&](const char* name, const std::string& block, ErrorCode code, const char* says) {
        QTest::newRow(name) << QByteArray::fromStdString(head + block) << int(code) << QByteArray(says);
    };
    const auto gcode = [&](Compression compression, const std::string& data, std::size_t size, unsigned encoding = 0) {
        std::string parameters;
        putU16(parameters, encoding);
        return rawBlock(BlockType::Gcode, compression, parameters, data, size, false);
    };
    const std::string text = "G28\nG1 X10 Y20 E30\nG1 X10 Y20 E30\nG1 X10 Y20 E30\n";
    row("plain size beyond the file", gcode(Compression::None, text, 5000), ErrorCode::FileDamaged, "block 5 (G-code)");
    row("4 GB", gcode(Compression::None, text, 0xFFFFFFFF), ErrorCode::FileDamaged, "impossible size");
    row("4 GB deflated", gcode(Compression::Deflate, deflated(text), 0xFFFFFFFF), ErrorCode::FileDamaged, "impossible size");
    row("deflate: too little promised", gcode(Compression::Deflate, deflated(text), text.size() - 1), ErrorCode::FileDamaged, "block 5");
    row("deflate: too much promised", gcode(Compression::Deflate, deflated(text), text.size() + 1), ErrorCode::FileDamaged, "block 5");
    row("deflate: something behind", gcode(Compression::Deflate, deflated(text) + "x", text.size()), ErrorCode::FileDamaged, "block 5");
    for (const auto kind : {Compression::Heatshrink11, Compression::Heatshrink12}) {
        row("heatshrink: too little promised", gcode(kind, packed(text, kind), text.size() - 1), ErrorCode::FileDamaged, "more than the header");
        row("heatshrink: far too little", gcode(kind, packed(text, kind), 3), ErrorCode::FileDamaged, "more than the header");
        row("heatshrink: too much promised", gcode(kind, packed(text, kind), text.size() + 1), ErrorCode::FileDamaged, "too early");
        row("heatshrink: far too much", gcode(kind, packed(text, kind), 1'000'000), ErrorCode::FileDamaged, "too early");
    }
    row("MeatPack ends in a character", gcode(Compression::None, "\xFF\xFF\xFB\x2F", 4, 2), ErrorCode::FileDamaged, "in the middle");
    row("MeatPack ends in a command", gcode(Compression::None, "\xFF\xFF", 2, 2), ErrorCode::FileDamaged, "in a command");
    row("MeatPack: unknown command", gcode(Compression::None, "\xFF\xFF\x01", 3, 1), ErrorCode::FileDamaged, "unknown command");
    row("unknown encoding", gcode(Compression::None, text, text.size(), 3), ErrorCode::NotSupported, "encoding of kind 3");
    row("unknown compression", gcode(static_cast<Compression>(4), text, text.size()), ErrorCode::NotSupported, "compression of kind 4");
    row("unknown type", rawBlock(static_cast<BlockType>(6), Compression::None, none, text, text.size(), false), ErrorCode::NotSupported, "type 6");
    row("no G-code", "", ErrorCode::FileDamaged, "before its first block of G-code");
    row("rest of a header", "abc", ErrorCode::FileDamaged, "inside its header");
    std::string other = head;
    other[4] = 2;
    QTest::newRow("version 2") << QByteArray::fromStdString(other) << int(ErrorCode::NotSupported) << QByteArray("version 2");
    other = head;
    other[8] = 9;
    QTest::newRow("checksum 9") << QByteArray::fromStdString(other) << int(ErrorCode::NotSupported) << QByteArray("kind 9");
}

void TestBgcode::lies()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, code);
    QFETCH(QByteArray, says);
    const auto source = opened(bytes.toStdString());
    QVERIFY(!source.has_value());
    QCOMPARE(int(source.error().code), code);
    QVERIFY2(source.error().detail.find(says.toStdString()) != std::string::npos, source.error().detail.c_str());
    QCOMPARE(source.error().file, std::string("sample.bgcode"));
}

void TestBgcode::flippedBytesWithoutChecksum()
{
    BgcodeOptions options = usual();
    options.crc32 = false;
    const BgcodeSample sample = makeBgcode(contents(u"cura_block_marlin.gcode"_s), options);
    std::mt19937 random(3);
    for (int round = 0; round < 300; ++round) {
        std::string bytes = sample.bytes;
        for (int flips = 0; flips < 3; ++flips)
            bytes[10 + random() % (bytes.size() - 10)] ^= static_cast<char>(1U << random() % 8);
        const auto source = opened(std::move(bytes));
        if (source)
            QCOMPARE(wholeText(**source).size(), *(*source)->size());
    }
}

void TestBgcode::bombIsRefused()
{
    std::string bytes = makeBgcode("", {.crc32 = false}).bytes;
    const std::string zeros(std::size_t{16} << 20, ' ');
    const std::string block = rawBlock(BlockType::Gcode, Compression::Deflate, std::string(2, '\0'), deflated(zeros), zeros.size(), false);
    for (int count = 0; count < 20; ++count)
        bytes += block;
    const auto source = opened(std::move(bytes));
    QVERIFY(!source.has_value());
    QCOMPARE(source.error().code, ErrorCode::FileDamaged);
    QVERIFY2(source.error().detail.find("200 times") != std::string::npos, source.error().detail.c_str());
}

void TestBgcode::changedWhileOpen()
{
    QTemporaryDir folder;
    const BgcodeSample sample = makeBgcode(contents(u"ps_gear_relE_klipper.gcode"_s), usual());
    QFile file(folder.filePath(u"a.bgcode"_s));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray::fromStdString(sample.bytes));
    file.close();
    const auto source = openGcode(file.fileName().toStdString());
    QVERIFY(source.has_value());
    std::vector<std::byte> buffer(100);
    QVERIFY((*source)->read(0, buffer).has_value());
    QVERIFY(QFile::resize(file.fileName(), qint64(sample.bytes.size() / 2)));
    QVERIFY((*source)->read(0, buffer).has_value()); // decoded already
    const auto late = (*source)->read(sample.text.size() - 50, buffer);
    QVERIFY(!late.has_value());
    QCOMPARE(late.error().code, ErrorCode::FileChanged);
}

void TestBgcode::cancelled()
{
    const BgcodeSample sample = makeBgcode(contents(u"ps_gear_relE_klipper.gcode"_s), usual());
    double last = 0;
    const auto source = opened(sample.bytes, [&last](double fraction) {
        last = fraction;
        return fraction < 0.5;
    });
    QVERIFY(!source.has_value());
    QCOMPARE(source.error().code, ErrorCode::Cancelled);
    QVERIFY(last >= 0.5 && last < 1.0);
}

void TestBgcode::heatshrinkLikeThePlainOne_data()
{
    QTest::addColumn<unsigned>("window");
    QTest::newRow("11") << 11U;
    QTest::newRow("12") << 12U;
}

void TestBgcode::heatshrinkLikeThePlainOne()
{
    QFETCH(unsigned, window);
    HeatshrinkDecoder decoder;
    std::mt19937 random(window);
    // Real bits, and random ones: there the copies reach before the first byte and over the end.
    const std::string packedText = packHeatshrink(contents(u"cura_block_marlin.gcode"_s), window);
    QVERIFY(packedText.size() < 60'000);
    for (int round = 0; round < 4000; ++round) {
        const std::size_t length = 1 + random() % 60;
        std::string bytes = packedText.substr(random() % (packedText.size() - length), length);
        if (round % 2 == 0)
            std::ranges::generate(bytes, [&random] { return static_cast<char>(random()); });
        const std::size_t size = random() % (round % 4 < 2 ? 40 : 300);
        const auto expected = plain::unpackHeatshrink(bytes, window, size);
        const auto decoded = decoder.decode(bytes, window, size);
        if (decoded)
            QVERIFY(expected && std::string_view(decoded->data(), decoded->size()) == *expected);
        else if (expected) // only what is left over may displease
            QCOMPARE(decoded.error().detail, std::string("the compressed data hold more than the header says"));
    }
}

void TestBgcode::meatPackLikeThePrinter()
{
    std::mt19937 random(11);
    std::string decoded;
    int compared = 0;
    for (int round = 0; round < 4000; ++round) {
        std::string bytes = round % 2 == 0 ? "\xFF\xFF\xFB" : "";
        for (std::size_t left = random() % 80; left > 0; --left) {
            const auto kind = random() % 40;
            if (kind == 0)
                bytes += std::string("\xFF\xFF") + static_cast<char>(246 + random() % 6);
            else if (kind == 1)
                bytes += "\xFF";
            else
                bytes.push_back(static_cast<char>(random() % 255));
        }
        if (!unpackMeat(bytes, decoded))
            continue;
        ++compared;
        const std::string expected = plain::unpackMeat(bytes);
        QVERIFY2(decoded == expected, QByteArray::fromStdString(bytes).toHex());
    }
    QVERIFY(compared > 1000);
}

QTEST_GUILESS_MAIN(TestBgcode)
#include "tst_bgcode.moc"
