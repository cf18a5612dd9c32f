// SPDX-License-Identifier: GPL-3.0-or-later
#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

#include <sys/resource.h>

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
    void hostileNameStaysInItsComment();
    void existingFileIsKept();
    void changedFileIsNoticed();
    void cancelLeavesNothing();
    void fullDiskLeavesNothing();
    void missingFolder();
    void fileNames_data();
    void fileNames();

private:
    void compareWithOracle(const QString& path, const PlanOptions& options, int count);
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
    compareWithOracle(path, {}, qEnvironmentVariableIsSet("KINTSUGI_LONG") ? 200 : 20);
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
