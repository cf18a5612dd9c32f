// SPDX-License-Identifier: GPL-3.0-or-later
#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

#include <sys/resource.h>

#include "bgcodesample.h"
#include "gcode/opengcode.h"
#include "recovery/bgcodewriter.h"
#include "recovery/resumewriter.h"

using namespace kintsugi;
using namespace kintsugi::recovery;
using namespace Qt::StringLiterals;

namespace {

const QString gcodeFolder = QStringLiteral(KINTSUGI_TEST_DATA "/gcode");
const QString oracle = QStringLiteral(KINTSUGI_TEST_TOOLS "/resume_oracle.py");

struct Opened {
    std::unique_ptr<gcode::FileSource> source;
    gcode::FileIndex index;
};

std::optional<Opened> open(const QString& path)
{
    auto source = gcode::FileSource::open(path.toStdString());
    if (!source)
        return std::nullopt;
    auto index = gcode::buildIndex(**source, gcode::Dialect::Klipper);
    if (!index)
        return std::nullopt;
    return Opened{std::move(*source), std::move(*index)};
}

QByteArray hashOf(const QString& path)
{
    QFile file(path);
    QCryptographicHash hash(QCryptographicHash::Sha256);
    if (!file.open(QIODevice::ReadOnly) || !hash.addData(&file))
        return {};
    return hash.result();
}

QByteArray runOracle(const QStringList& arguments, int* exitCode = nullptr)
{
    QProcess process;
    process.start(u"python3"_s, QStringList{oracle} + arguments);
    if (!process.waitForFinished(100'000))
        return "the oracle did not finish";
    if (exitCode)
        *exitCode = process.exitCode();
    return process.readAllStandardOutput() + process.readAllStandardError();
}

QString describe(const Error& error)
{
    return QString::fromStdString("code " + std::to_string(static_cast<int>(error.code)) + ' ' + error.field + ' ' + error.detail);
}

/// A small print that needs nothing from disk.
std::string smallPrint()
{
    std::string text = "M140 S60\nM104 S210\nG90\nM82\nG28\nG1 X50 Y50 Z0.2 F3000\n";
    for (int i = 1; i <= 40; ++i)
        text += "G1 X" + std::to_string(50 + i % 7) + " Y" + std::to_string(50 + i % 5) + " E" + std::to_string(i) + "\n";
    return text;
}

ByteOffset lineStart(const std::string& text, const std::string& line)
{
    return text.find("\n" + line) + 1;
}

std::string readAll(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : std::string();
}

std::string wholeText(const gcode::Source& source)
{
    std::string text(source.size().value_or(0), '\0');
    const auto count = source.read(0, std::as_writable_bytes(std::span(text)));
    return count && *count == text.size() ? text : std::string();
}

test::BgcodeSample writeSample(const QString& path, const std::string& text, const test::BgcodeOptions& options)
{
    test::BgcodeSample sample = test::makeBgcode(text, options);
    QFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(QByteArray::fromStdString(sample.bytes)) != qint64(sample.bytes.size()))
        sample = {};
    return sample;
}

/// Changes its stamp after the first read, as a file does that is written meanwhile.
class ChangingSource final : public gcode::Source
{
public:
    explicit ChangingSource(std::string text) : m_memory(std::move(text)) {}
    Result<std::uint64_t> size() const override { return m_memory.size(); }
    Result<std::size_t> read(ByteOffset offset, std::span<std::byte> bytes) const override
    {
        m_changed = m_armed;
        return m_memory.read(offset, bytes);
    }
    Result<gcode::FileStamp> stamp() const override
    {
        auto stamp = m_memory.stamp();
        if (stamp && m_changed)
            stamp->modifiedNs += 1;
        return stamp;
    }
    std::string name() const override { return "changing.gcode"; }
    void arm() { m_armed = true; }

private:
    gcode::MemorySource m_memory;
    bool m_armed = false;
    mutable bool m_changed = false;
};

} // namespace

class TestResumeWriter : public QObject
{
    Q_OBJECT

private slots:
    void oracleSaysSame_data();
    void oracleSaysSame();
    void otherMethodsSaySame_data();
    void otherMethodsSaySame();
    void resumePointIsReadBack();
    void nestedResumePointsToTheRoot();
    void noResumePointInOrdinaryFiles();
    void severalCommandsALine();
    void hostileNameStaysInItsComment();
    void nameThatIsNoTextIsEscaped_data();
    void nameThatIsNoTextIsEscaped();
    void existingFileIsKept();
    void changedFileIsNoticed();
    void cancelLeavesNothing();
    void fullDiskLeavesNothing();
    void missingFolder();
    void binaryStaysBinary_data();
    void binaryStaysBinary();
    void binaryAtTheEndsOfItsBlocks();
    void binaryResumedTwice();
    void gzipBecomesText();
    void longTailsAreAligned_data();
    void longTailsAreAligned();
    void changedContentIsNoticed();
    void cutFileIsNoticed();
    void fileNames_data();
    void fileNames();

private:
    void compareWithOracle(const QString& path, const PlanOptions& options, int count);
    void checkBinary(const test::BgcodeSample& original, const std::string& path, const std::string& head, ByteOffset byte);
};

void TestResumeWriter::oracleSaysSame_data()
{
    QTest::addColumn<QString>("path");
    const QStringList names = QDir(gcodeFolder).entryList({u"*.gcode"_s}, QDir::Files);
    QVERIFY(names.size() >= 13);
    for (const QString& name : names)
        QTest::newRow(qPrintable(name)) << gcodeFolder + u'/' + name;
    QTest::newRow("tower_plr.gcode") << QStringLiteral(KINTSUGI_TEST_DATA "/moonraker/gcode/tower_plr.gcode");
}

void TestResumeWriter::compareWithOracle(const QString& path, const PlanOptions& options, int count)
{
    const QByteArray before = hashOf(path);
    const auto opened = open(path);
    QVERIFY(opened.has_value());
    const QByteArrayList points = runOracle({u"points"_s, path, u"-n"_s, QString::number(count)}).trimmed().split('\n');
    QCOMPARE(points.size(), count);
    QTemporaryDir folder;
    QStringList arguments{u"compare"_s, path};
    for (const QByteArray& point : points) {
        auto snapshot = snapshotFromFile(*opened->source, opened->index, point.toULongLong());
        QVERIFY2(snapshot.has_value(), point);
        const auto plan = planResume(*opened->source, opened->index, *snapshot, {}, options);
        QVERIFY2(plan.has_value(), qPrintable(QString::fromLatin1(point) + u": "_s + describe(plan ? Error{} : plan.error())));
        const QString target = folder.filePath(QString::fromLatin1(point) + u".gcode"_s);
        const auto written = writeResume(*opened->source, opened->index, *plan, target.toStdString());
        QVERIFY2(written.has_value(), qPrintable(describe(written ? Error{} : written.error())));
        QCOMPARE(written->bytes, std::uint64_t(QFile(target).size()));
        QCOMPARE(written->bytes - written->preambleBytes, opened->index.size - snapshot->byte);
        arguments << QString::fromLatin1(point) << target;
    }
    int exitCode = -1;
    const QByteArray answer = runOracle(arguments + QStringList{u"-d"_s, u"klipper"_s}, &exitCode);
    QCOMPARE(answer.count(": same"), count);
    QVERIFY2(exitCode == 0, answer);
    QCOMPARE(hashOf(path), before);
}

void TestResumeWriter::oracleSaysSame()
{
    QFETCH(QString, path);
    // Whole files on disk; tst_plandialects judges many more points by their heads alone.
    compareWithOracle(path, {}, qEnvironmentVariableIsSet("KINTSUGI_LONG") ? 200 : 4);
}

void TestResumeWriter::otherMethodsSaySame_data()
{
    QTest::addColumn<int>("method");
    QTest::addColumn<QString>("name");
    for (const char* name : {"ps_gear_relE_klipper.gcode", "cura_block_marlin.gcode", "ps_bracket_support_fwretract.gcode"}) {
        QTest::newRow((QByteArray("plr-z-home ") + name).constData()) << int(ZMethod::PlrZHome) << QString::fromLatin1(name);
        QTest::newRow((QByteArray("touch ") + name).constData()) << int(ZMethod::Touch) << QString::fromLatin1(name);
    }
}

void TestResumeWriter::otherMethodsSaySame()
{
    QFETCH(int, method);
    QFETCH(QString, name);
    PlanOptions options;
    options.zMethod = static_cast<ZMethod>(method);
    options.contact = NozzleContact::Touching;
    if (options.zMethod == ZMethod::Touch)
        options.declaredZ = 12.5;
    options.ownLines["before-first-plastic"] = {"M117 prime"};
    compareWithOracle(gcodeFolder + u'/' + name, options, 8);
}

void TestResumeWriter::resumePointIsReadBack()
{
    const gcode::MemorySource source(smallPrint(), "small.gcode");
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    QVERIFY(index.has_value());
    const ByteOffset byte = lineStart(smallPrint(), "G1 X54 Y50 E25");
    const auto snapshot = snapshotFromFile(source, *index, byte + 3);
    QCOMPARE(snapshot->byte, byte);
    const auto plan = planResume(source, *index, *snapshot, {}, {});
    QVERIFY2(plan.has_value(), qPrintable(describe(plan ? Error{} : plan.error())));
    QTemporaryDir folder;
    const auto written = writeResume(source, *index, *plan, folder.filePath(u"r.gcode"_s).toStdString());
    QVERIFY(written.has_value());

    const auto resumed = gcode::FileSource::open(written->path);
    const auto point = readResumePoint(**resumed);
    QVERIFY(point.has_value() && point->has_value());
    QCOMPARE((*point)->original, byte);
    QCOMPARE((*point)->tailBegin, written->preambleBytes);
    QVERIFY((*point)->printed.valid);
    QCOMPARE((*point)->printed.maxZ, 0.2);
}

void TestResumeWriter::nestedResumePointsToTheRoot()
{
    const std::string root = smallPrint();
    const gcode::MemorySource source(root, "small.gcode");
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    const auto first = planResume(source, *index, *snapshotFromFile(source, *index, lineStart(root, "G1 X53 Y50 E10")), {}, {});
    QVERIFY(first.has_value());
    QTemporaryDir folder;
    const auto firstFile = writeResume(source, *index, *first, folder.filePath(u"first.gcode"_s).toStdString());
    QVERIFY(firstFile.has_value());

    const auto again = open(QString::fromStdString(firstFile->path.string()));
    const ByteOffset wanted = lineStart(root, "G1 X52 Y50 E30");
    const ByteOffset inFirst = wanted - first->snapshot.byte + firstFile->preambleBytes;
    const auto snapshot = snapshotFromFile(*again->source, again->index, inFirst);
    QVERIFY(snapshot.has_value());
    // A tall finished object that only the first file's head remembers still sets the travel height.
    const auto second = planResume(*again->source, again->index, *snapshot, {}, {});
    QVERIFY2(second.has_value(), qPrintable(describe(second ? Error{} : second.error())));
    QVERIFY(second->highestPrinted >= first->highestPrinted);
    const auto secondFile = writeResume(*again->source, again->index, *second, folder.filePath(u"second.gcode"_s).toStdString());
    QVERIFY(secondFile.has_value());

    const auto point = readResumePoint(**gcode::FileSource::open(secondFile->path));
    QVERIFY(point.has_value() && point->has_value());
    QCOMPARE((*point)->original, wanted);
    QFile written(QString::fromStdString(secondFile->path.string()));
    QVERIFY(written.open(QIODevice::ReadOnly));
    const QByteArray text = written.readAll();
    QVERIFY(text.contains(QByteArray::fromStdString("\n" + resumePointLine(inFirst) + "\n")));
    QCOMPARE(text.mid(qsizetype((*point)->tailBegin)), QByteArray::fromStdString(root.substr(wanted)));
}

void TestResumeWriter::noResumePointInOrdinaryFiles()
{
    const auto plain = readResumePoint(gcode::MemorySource(smallPrint()));
    QVERIFY(plain.has_value() && !plain->has_value());
    const auto marked = readResumePoint(gcode::MemorySource("G28\n; KINTSUGI RESUME POINT byte=5\nG1 X1\n"));
    QVERIFY(marked.has_value() && !marked->has_value());
    const auto empty = readResumePoint(gcode::MemorySource(""));
    QVERIFY(empty.has_value() && !empty->has_value());
    const auto broken = readResumePoint(gcode::MemorySource("; Kintsugi resume file\n; KINTSUGI RESUME POINT byte=5x\nG28\n"));
    QVERIFY(broken.has_value() && !broken->has_value());
}

/// RepRapFirmware executes every command of a line: the plan is that of the same commands on lines of their own, and never
/// cuts a line.
void TestResumeWriter::severalCommandsALine()
{
    const auto commandsAt = [](const std::string& text, const std::string& line, ByteOffset& byte) {
        const gcode::MemorySource source(text, "rrf.gcode");
        const auto index = gcode::buildIndex(source, gcode::Dialect::RepRapFirmware);
        const auto snapshot = snapshotFromFile(source, *index, lineStart(text, line));
        const auto plan = snapshot ? planResume(source, *index, *snapshot, {}, {}) : fail(snapshot.error());
        QStringList commands;
        if (!plan) {
            commands << describe(plan.error());
            return commands;
        }
        byte = plan->snapshot.byte;
        for (const QString& one : QString::fromStdString(preambleText(*plan)).split(u'\n')) {
            if (!one.startsWith(u';'))
                commands << one;
        }
        return commands;
    };
    const std::string apart = "M140 S60\nM104 S210\nG90\nM82\nG28\nG1 X50 Y50 Z0.2 F3000\nG1 X60 E1\nM106 S0.4\nM220 S90\nG92 E0\nM83\n"
                              "G1 X61 Y52 E.5\nM204 P900\nG1 X63 Y52 E.5\nG1 X70 Y52 E.5\nG1 X71 Y53 E.5\n";
    const std::string together = "M140 S60 M104 S210\nG90 M82\nG28\nG1 X50 Y50 Z0.2 F3000\nG1 X60 E1 M106 S0.4\nM220 S90 G92 E0 M83\n"
                                 "G1 X61 Y52 E.5 M204 P900\nG1 X63 Y52 E.5\nG1 X70 Y52 E.5 G1 X71 Y53 E.5\n";
    ByteOffset one = 0, other = 0;
    const QStringList expected = commandsAt(apart, "G1 X63 Y52", one), planned = commandsAt(together, "G1 X63 Y52", other);
    QVERIFY2(expected.contains(u"M106 S0.4"_s) || expected.join(u' ').contains(u"M106"_s), qPrintable(expected.join(u'\n')));
    QCOMPARE(planned, expected);
    QCOMPARE(other, lineStart(together, "G1 X63 Y52"));
    // A byte inside a line of two moves is the line's.
    const gcode::MemorySource source(together, "rrf.gcode");
    const auto index = gcode::buildIndex(source, gcode::Dialect::RepRapFirmware);
    const auto inside = gcode::locate(source, *index, lineStart(together, "G1 X70") + 20);
    QVERIFY(inside);
    QCOMPARE(inside->byte, lineStart(together, "G1 X70"));
}

void TestResumeWriter::hostileNameStaysInItsComment()
{
    const gcode::MemorySource source(smallPrint(), "small.gcode");
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    auto snapshot = snapshotFromFile(source, *index, lineStart(smallPrint(), "G1 X54 Y50 E25"));
    snapshot->file.name = "a\nG28\rM112\n.gcode";
    const auto plan = planResume(source, *index, *snapshot, {}, {});
    const auto header = resumeHeader(source, *index, *plan);
    QVERIFY(header.has_value());
    for (const QString& line : QString::fromStdString(*header).split(u'\n', Qt::SkipEmptyParts))
        QVERIFY2(line.startsWith(u';') && !line.contains(u'\r'), qPrintable(line));
}

void TestResumeWriter::nameThatIsNoTextIsEscaped_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("shown");
    QTest::newRow("UTF-8") << QByteArray("z\xC3\xBC \xE2\x82\xAC \xF0\x9F\x98\x80.gcode") << QByteArray("z\xC3\xBC \xE2\x82\xAC \xF0\x9F\x98\x80.gcode");
    QTest::newRow("Latin 1") << QByteArray("z\xFC.gcode") << QByteArray("z\\xfc.gcode");
    QTest::newRow("cut") << QByteArray("z\xE2\x82") << QByteArray("z\\xe2\\x82");
    QTest::newRow("too long") << QByteArray("\xC0\xAFz\xE0\x80\xAF") << QByteArray("\\xc0\\xafz\\xe0\\x80\\xaf");
    QTest::newRow("surrogate") << QByteArray("\xED\xA0\x80") << QByteArray("\\xed\\xa0\\x80");
    QTest::newRow("beyond Unicode") << QByteArray("\xF4\x90\x80\x80\xFF") << QByteArray("\\xf4\\x90\\x80\\x80\\xff");
}

void TestResumeWriter::nameThatIsNoTextIsEscaped()
{
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, shown);
    const gcode::MemorySource source(smallPrint(), "small.gcode");
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    auto snapshot = snapshotFromFile(source, *index, lineStart(smallPrint(), "G1 X54 Y50 E25"));
    snapshot->file.name = name.toStdString();
    const auto header = resumeHeader(source, *index, *planResume(source, *index, *snapshot, {}, {}));
    QVERIFY(header.has_value());
    const QByteArray text = QByteArray::fromStdString(*header);
    QVERIFY2(text.contains("; continues: " + shown + '\n'), text.constData());
    QCOMPARE(QString::fromUtf8(text).toUtf8(), text);
}

void TestResumeWriter::existingFileIsKept()
{
    const gcode::MemorySource source(smallPrint(), "small.gcode");
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    const auto plan = planResume(source, *index, *snapshotFromFile(source, *index, lineStart(smallPrint(), "G1 X54 Y50 E25")), {}, {});
    QTemporaryDir folder;
    QFile existing(folder.filePath(u"r.gcode"_s));
    QVERIFY(existing.open(QIODevice::WriteOnly));
    existing.write("mine");
    existing.close();
    // Also when it appears only while the new one is being written.
    const auto now = writeResume(source, *index, *plan, existing.fileName().toStdString());
    QVERIFY(!now.has_value());
    QCOMPARE(now.error().code, ErrorCode::FileExists);
    const QString late = folder.filePath(u"late.gcode"_s);
    const auto appeared = writeResume(source, *index, *plan, late.toStdString(), [&late](double) { return QFile(late).open(QIODevice::WriteOnly); });
    QVERIFY(!appeared.has_value());
    QCOMPARE(appeared.error().code, ErrorCode::FileExists);
    QCOMPARE(QFile(late).size(), 0);
    QVERIFY(existing.open(QIODevice::ReadOnly));
    QCOMPARE(existing.readAll(), QByteArray("mine"));
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files | QDir::Hidden).size(), 2);
}

void TestResumeWriter::changedFileIsNoticed()
{
    ChangingSource source(smallPrint());
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    QVERIFY(index.has_value());
    const auto plan = planResume(source, *index, *snapshotFromFile(source, *index, lineStart(smallPrint(), "G1 X54 Y50 E25")), {}, {});
    QVERIFY(plan.has_value());
    QTemporaryDir folder;
    source.arm();
    const auto written = writeResume(source, *index, *plan, folder.filePath(u"r.gcode"_s).toStdString());
    QVERIFY(!written.has_value());
    QCOMPARE(written.error().code, ErrorCode::FileChanged);
    QVERIFY(QDir(folder.path()).isEmpty(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot));

    gcode::FileIndex other = *index;
    other.stamp.size += 1;
    const gcode::MemorySource memory(smallPrint());
    QCOMPARE(writeResume(memory, other, *plan, folder.filePath(u"r.gcode"_s).toStdString()).error().code, ErrorCode::FileChanged);
}

void TestResumeWriter::cancelLeavesNothing()
{
    const gcode::MemorySource source(smallPrint());
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    const auto plan = planResume(source, *index, *snapshotFromFile(source, *index, lineStart(smallPrint(), "G1 X54 Y50 E25")), {}, {});
    QTemporaryDir folder;
    const auto written = writeResume(source, *index, *plan, folder.filePath(u"r.gcode"_s).toStdString(), [](double) { return false; });
    QVERIFY(!written.has_value());
    QCOMPARE(written.error().code, ErrorCode::Cancelled);
    QVERIFY(QDir(folder.path()).isEmpty(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot));
}

void TestResumeWriter::fullDiskLeavesNothing()
{
    const auto opened = open(gcodeFolder + u"/ps_vase_spiral.gcode"_s);
    const auto plan = planResume(*opened->source, opened->index, *snapshotFromFile(*opened->source, opened->index, 150'000), {}, {});
    QVERIFY(plan.has_value());
    QTemporaryDir folder;
    rlimit before{};
    QCOMPARE(::getrlimit(RLIMIT_FSIZE, &before), 0);
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit small = before;
    small.rlim_cur = 100'000;
    QCOMPARE(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto written = writeResume(*opened->source, opened->index, *plan, folder.filePath(u"r.gcode"_s).toStdString());
    QCOMPARE(::setrlimit(RLIMIT_FSIZE, &before), 0);
    QVERIFY(!written.has_value());
    QCOMPARE(written.error().code, ErrorCode::DiskFull);
    QCOMPARE(written.error().file, folder.filePath(u"r.gcode"_s).toStdString());
    QVERIFY(written.error().limit > static_cast<double>(opened->index.size - 150'000)); // bytes needed
    QVERIFY(QDir(folder.path()).isEmpty(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot));
}

void TestResumeWriter::missingFolder()
{
    const gcode::MemorySource source(smallPrint());
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    const auto plan = planResume(source, *index, *snapshotFromFile(source, *index, lineStart(smallPrint(), "G1 X54 Y50 E25")), {}, {});
    QTemporaryDir folder;
    const auto written = writeResume(source, *index, *plan, folder.filePath(u"no/such/r.gcode"_s).toStdString());
    QVERIFY(!written.has_value());
    QCOMPARE(written.error().code, ErrorCode::WriteFailed);
}

void TestResumeWriter::binaryStaysBinary_data()
{
    QTest::addColumn<int>("compression");
    QTest::addColumn<int>("encoding");
    QTest::addColumn<bool>("crc32");
    for (int compression = 0; compression < 4; ++compression) {
        for (int encoding = 0; encoding < 3; ++encoding)
            QTest::addRow("compression %d, encoding %d", compression, encoding) << compression << encoding << (encoding != 1);
    }
}

void TestResumeWriter::binaryStaysBinary()
{
    QFETCH(int, compression);
    QFETCH(int, encoding);
    QFETCH(bool, crc32);
    const test::BgcodeOptions options{.compression = static_cast<test::Compression>(compression), .encoding = static_cast<test::Encoding>(encoding),
                                      .crc32 = crc32, .omitBlanks = true, .blockText = 30'000};
    QTemporaryDir folder;
    const auto original = writeSample(folder.filePath(u"part.bgcode"_s), readAll(gcodeFolder + u"/ps_gear_relE_klipper.gcode"_s), options);
    const auto source = gcode::openGcode(folder.filePath(u"part.bgcode"_s).toStdString());
    QVERIFY(source.has_value());
    const auto index = gcode::buildIndex(**source, gcode::Dialect::Klipper);
    QVERIFY(index.has_value());
    for (const ByteOffset wanted : {index->size / 3, index->size / 2, *index->lastExtrusionEnd - 500}) {
        const auto snapshot = snapshotFromFile(**source, *index, wanted);
        QVERIFY(snapshot.has_value());
        const auto plan = planResume(**source, *index, *snapshot, {}, {});
        QVERIFY2(plan.has_value(), qPrintable(describe(plan ? Error{} : plan.error())));
        const std::string path = folder.filePath(QString::number(wanted) + u".bgcode"_s).toStdString();
        const auto written = writeResume(**source, *index, *plan, path);
        QVERIFY2(written.has_value(), qPrintable(describe(written ? Error{} : written.error())));
        QCOMPARE(std::uint64_t(QFile(QString::fromStdString(path)).size()), written->bytes);
        checkBinary(original, path, *resumeHeader(**source, *index, *plan) + preambleText(*plan), snapshot->byte);
        const auto resumed = gcode::openGcode(path);
        const auto point = readResumePoint(**resumed);
        QVERIFY(point.has_value() && point->has_value());
        QCOMPARE((*point)->original, snapshot->byte);
        QCOMPARE((*point)->tailBegin, written->preambleBytes);
    }
}

/// Metadata as before, text = head + marker + tail, blocks as a printer accepts them.
void TestResumeWriter::checkBinary(const test::BgcodeSample& original, const std::string& path, const std::string& head, ByteOffset byte)
{
    const std::string bytes = readAll(QString::fromStdString(path));
    const std::size_t metadata = original.blocks[original.firstGcode];
    QVERIFY(bytes.substr(0, metadata) == original.bytes.substr(0, metadata));
    const auto resumed = gcode::openGcode(path);
    QVERIFY2(resumed.has_value(), qPrintable(describe(resumed ? Error{} : resumed.error())));
    const std::string expected = head + resumePointLine(byte) + '\n' + original.text.substr(byte);
    QVERIFY(wholeText(**resumed) == expected);
    const auto& pieces = dynamic_cast<const gcode::BgcodeSource&>(**resumed).pieces();
    for (std::size_t at = 0; at < pieces.size(); ++at) {
        QCOMPARE(int(pieces[at].block.compression), int(pieces.front().block.compression));
        QCOMPARE(int(pieces[at].encoding), int(pieces.front().encoding));
        const std::size_t end = at + 1 < pieces.size() ? pieces[at + 1].begin : expected.size();
        QVERIFY(end - pieces[at].begin <= 65536);
        QCOMPARE(expected[end - 1], '\n');
    }
    // What follows the cut block is the original's bytes.
    const auto next = std::ranges::upper_bound(original.texts, byte);
    if (next != original.texts.end()) {
        const std::size_t begin = original.blocks[original.firstGcode + std::size_t(next - original.texts.begin())];
        QVERIFY(bytes.ends_with(std::string_view(original.bytes).substr(begin)));
    }
}

void TestResumeWriter::binaryAtTheEndsOfItsBlocks()
{
    const test::BgcodeSample sample = test::makeBgcode(readAll(gcodeFolder + u"/ps_gear_relE_klipper.gcode"_s), {.blockText = 30'000});
    const auto source = gcode::openGcode(std::make_unique<gcode::MemorySource>(sample.bytes));
    const auto* const bgcode = dynamic_cast<const gcode::BgcodeSource*>(source->get());
    QVERIFY(bgcode);
    QTemporaryDir folder;
    const std::string head = "; head\n";
    for (const std::size_t byte : {sample.texts[2], sample.texts[2] - 1, sample.texts.back(), sample.text.size() - 1, sample.text.size()}) {
        const std::string path = folder.filePath(QString::number(byte)).toStdString();
        NewFile file(path);
        QVERIFY(file.open().has_value());
        const auto written = writeBgcode(*bgcode, head, byte, file, {});
        QVERIFY2(written.has_value(), qPrintable(describe(written ? Error{} : written.error())));
        QVERIFY(file.commit().has_value());
        QVERIFY(wholeText(**gcode::openGcode(path)) == head + sample.text.substr(byte));
    }
    // Long heads are cut at line ends, a line beyond all bounds anywhere.
    const std::string lines(30'000, 'x');
    const auto blocks = cutIntoBlocks(lines + '\n' + lines + '\n' + lines + '\n');
    QCOMPARE(blocks.size(), std::size_t(2));
    QCOMPARE(blocks.front().size(), std::size_t(60'002));
    const std::string endless(150'000, 'y');
    QCOMPARE(cutIntoBlocks(endless).size(), std::size_t(3));
}

void TestResumeWriter::binaryResumedTwice()
{
    QTemporaryDir folder;
    const std::string root = readAll(gcodeFolder + u"/ps_gear_relE_klipper.gcode"_s);
    const auto sample = writeSample(folder.filePath(u"part.bgcode"_s), root, {.compression = test::Compression::Heatshrink12});
    const auto resume = [&folder](const QString& from, ByteOffset byte, const QString& to) -> Result<Snapshot> {
        const auto source = gcode::openGcode(folder.filePath(from).toStdString());
        const auto index = gcode::buildIndex(**source, gcode::Dialect::Klipper);
        auto snapshot = snapshotFromFile(**source, *index, byte);
        if (!snapshot)
            return snapshot;
        const auto plan = planResume(**source, *index, *snapshot, {}, {});
        if (!plan)
            return fail(plan.error());
        if (auto written = writeResume(**source, *index, *plan, folder.filePath(to).toStdString()); !written)
            return fail(written.error());
        return snapshot;
    };
    const auto first = resume(u"part.bgcode"_s, root.size() / 2, u"first.bgcode"_s);
    QVERIFY2(first.has_value(), qPrintable(describe(first ? Error{} : first.error())));
    const auto point = readResumePoint(**gcode::openGcode(folder.filePath(u"first.bgcode"_s).toStdString()));
    const ByteOffset wanted = root.find("\nG1 X", root.size() * 3 / 4) + 1;
    const auto second = resume(u"first.bgcode"_s, wanted - (*point)->original + (*point)->tailBegin, u"second.bgcode"_s);
    QVERIFY2(second.has_value(), qPrintable(describe(second ? Error{} : second.error())));
    const auto resumed = gcode::openGcode(folder.filePath(u"second.bgcode"_s).toStdString());
    const auto last = readResumePoint(**resumed);
    QCOMPARE((*last)->original, wanted);
    QVERIFY(wholeText(**resumed).substr((*last)->tailBegin) == root.substr(wanted));
}

void TestResumeWriter::gzipBecomesText()
{
    QTemporaryDir folder;
    const std::string text = readAll(gcodeFolder + u"/ps_gear_relE_klipper.gcode"_s);
    const std::string path = folder.filePath(u"part.gcode.gz"_s).toStdString();
    gzFile_s* const gz = ::gzopen(path.c_str(), "wb");
    QCOMPARE(::gzwrite(gz, text.data(), unsigned(text.size())), int(text.size()));
    QCOMPARE(::gzclose(gz), Z_OK);
    const auto source = gcode::openGcode(path);
    const auto index = gcode::buildIndex(**source, gcode::Dialect::Klipper);
    QVERIFY(index.has_value());
    const auto snapshot = snapshotFromFile(**source, *index, text.size() / 2);
    const auto plan = planResume(**source, *index, *snapshot, {}, {});
    QVERIFY(plan.has_value());
    const auto written = writeResume(**source, *index, *plan, folder.filePath(u"r.gcode"_s).toStdString());
    QVERIFY2(written.has_value(), qPrintable(describe(written ? Error{} : written.error())));
    QVERIFY(readAll(folder.filePath(u"r.gcode"_s)).substr(written->preambleBytes) == text.substr(snapshot->byte));
}

void TestResumeWriter::longTailsAreAligned_data()
{
    QTest::addColumn<int>("shift");
    for (const int shift : {0, 1, 2, 79, 80, 81, 82, 4095})
        QTest::addRow("%d", shift) << shift;
}

void TestResumeWriter::longTailsAreAligned()
{
    QFETCH(int, shift);
    std::string text = smallPrint() + "; " + std::string(std::size_t(shift), 'x') + '\n';
    for (int e = 41; text.size() < 2'500'000; ++e)
        text += "G1 X" + std::to_string(50 + e % 100) + " Y50 E" + std::to_string(e) + '\n';
    QTemporaryDir folder;
    QFile file(folder.filePath(u"long.gcode"_s));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(QByteArray::fromStdString(text));
    file.close();
    const auto opened = open(file.fileName());
    const auto plan = planResume(*opened->source, opened->index, *snapshotFromFile(*opened->source, opened->index, 900'000), {}, {});
    QVERIFY(plan.has_value());
    const auto written = writeResume(*opened->source, opened->index, *plan, folder.filePath(u"r.gcode"_s).toStdString());
    QVERIFY2(written.has_value(), qPrintable(describe(written ? Error{} : written.error())));
    const std::string result = readAll(folder.filePath(u"r.gcode"_s));
    QCOMPARE(written->preambleBytes % 4096, plan->snapshot.byte % 4096);
    QVERIFY(result.substr(written->preambleBytes) == text.substr(plan->snapshot.byte));
    const std::string head = *resumeHeader(*opened->source, opened->index, *plan) + preambleText(*plan);
    QVERIFY(result.starts_with(head));
    const std::string marker = resumePointLine(plan->snapshot.byte) + '\n';
    const std::string filling = result.substr(head.size(), written->preambleBytes - head.size() - marker.size());
    QVERIFY(filling.size() < 4098);
    for (const QString& line : QString::fromStdString(filling).split(u'\n', Qt::SkipEmptyParts))
        QVERIFY2(line.startsWith(u';') && line.size() < 80, qPrintable(line));
    QVERIFY(filling.empty() || filling.back() == '\n');
}

void TestResumeWriter::changedContentIsNoticed()
{
    const std::string text = smallPrint();
    const gcode::MemorySource source(text, "small.gcode");
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    const auto plan = planResume(source, *index, *snapshotFromFile(source, *index, lineStart(text, "G1 X54 Y50 E25")), {}, {});
    QVERIFY(plan.has_value());
    QTemporaryDir folder;
    for (const char* line : {"G1 X53 Y50 E10", "G1 X55 Y50 E40"}) { // printed already, and still to come
        std::string other = text;             // the same length and time
        other[lineStart(text, line) + 4] = '9';
        const auto written = writeResume(gcode::MemorySource(other, "small.gcode"), *index, *plan, folder.filePath(u"r.gcode"_s).toStdString());
        QVERIFY(!written.has_value());
        QCOMPARE(written.error().code, ErrorCode::FileChanged);
        QVERIFY(QDir(folder.path()).isEmpty(QDir::AllEntries | QDir::Hidden | QDir::NoDotAndDotDot));
    }
}

void TestResumeWriter::cutFileIsNoticed()
{
    QTemporaryDir folder;
    NewFile file(folder.filePath(u"r.gcode"_s).toStdString());
    QVERIFY(file.open().has_value());
    const auto appended = file.append(gcode::MemorySource(std::string(5000, 'x'), "cut.gcode"), 1000, 9000);
    QVERIFY(!appended.has_value());
    QCOMPARE(appended.error().code, ErrorCode::FileChanged);
    QCOMPARE(appended.error().byte, std::optional<ByteOffset>(5000));
}

void TestResumeWriter::fileNames_data()
{
    QTest::addColumn<QByteArray>("original");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("plain") << QByteArray("tower.gcode") << QByteArray("tower.resume-L7-B6431.gcode");
    QTest::newRow("folder") << QByteArray("a.b/tower.g") << QByteArray("a.b/tower.resume-L7-B6431.gcode");
    QTest::newRow("no extension") << QByteArray("tower") << QByteArray("tower.resume-L7-B6431.gcode");
    QTest::newRow("dots") << QByteArray("v1.2.tower.gcode") << QByteArray("v1.2.tower.resume-L7-B6431.gcode");
    QTest::newRow("hidden") << QByteArray(".tower") << QByteArray(".tower.resume-L7-B6431.gcode");
    QTest::newRow("not ours") << QByteArray("a.resume-Lx-B1.gcode") << QByteArray("a.resume-Lx-B1.resume-L7-B6431.gcode");
    QTest::newRow("binary") << QByteArray("tower.bgcode") << QByteArray("tower.resume-L7-B6431.bgcode");
    QTest::newRow("binary, short") << QByteArray("sub/v1.2.BGC") << QByteArray("sub/v1.2.resume-L7-B6431.bgcode");
    QTest::newRow("binary, again") << QByteArray("tower.resume-L2-B99.bgcode") << QByteArray("tower.resume-L7-B6431.bgcode");
    QTest::newRow("gzip") << QByteArray("tower.gcode.gz") << QByteArray("tower.resume-L7-B6431.gcode");
    QTest::newRow("again") << QByteArray("tower.resume-L2-B99.gcode") << QByteArray("tower.resume-L7-B6431.gcode");
}

void TestResumeWriter::fileNames()
{
    QFETCH(QByteArray, original);
    QFETCH(QByteArray, expected);
    QCOMPARE(resumeFileName(original.toStdString(), 7, 6431), expected.toStdString());
}

QTEST_GUILESS_MAIN(TestResumeWriter)
#include "tst_resumewriter.moc"
