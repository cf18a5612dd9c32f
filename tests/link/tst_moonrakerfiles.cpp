// SPDX-License-Identifier: GPL-3.0-or-later
#include <QEventLoop>
#include <QFile>
#include <QJsonDocument>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include "fakemoonraker.h"
#include "moonrakerdriver.h"

using namespace kintsugi;
using namespace kintsugi::link;
using namespace kintsugi::test;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

QByteArray gcode(int lines)
{
    QByteArray text;
    for (int i = 0; i < lines; ++i)
        text += "G1 X" + QByteArray::number(i) + " Y" + QByteArray::number(i * 7 % 201) + " E0.05\n";
    return text;
}

QByteArray content(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(none)");
}

void write(const QString& path, const QByteArray& bytes)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(bytes);
}

} // namespace

class TestMoonrakerFiles : public QObject
{
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void downloads();
    void downloadsTheRest();
    void nothingLeftToDownload();
    void downloadFails_data();
    void downloadFails();
    void cutDownloadKeepsWhatCame();
    void fileChangesOnTheWay_data();
    void fileChangesOnTheWay();
    void downloadEndsWithTheLink();
    void fullDisk();
    void uploads_data();
    void uploads();
    void neverReplacesUnlessTold();
    void uploadRefused_data();
    void uploadRefused();
    void uploadOfNothing();
    void hiddenKindsAreListed();
    void moves();

private:
    Result<RemoteFile> download(const QString& path, quint64 from = 0, const QString& to = {});
    Result<RemoteFile> upload(const QByteArray& bytes, const QString& path, bool overwrite = false);

    std::unique_ptr<FakeMoonraker> m_server;
    std::unique_ptr<MoonrakerDriver> m_driver;
    std::unique_ptr<QTemporaryDir> m_folder;
    QString m_local;
    std::vector<std::pair<qint64, qint64>> m_progress;
};

void TestMoonrakerFiles::init()
{
    m_server = std::make_unique<FakeMoonraker>();
    const MoonrakerTimes times{.request = 2s, .firstRetry = 5ms, .longestRetry = 20ms, .poll = 5ms, .sample = 0ms, .ping = 5s};
    m_driver = std::make_unique<MoonrakerDriver>(Address{m_server->url(), {}}, nullptr, MoonrakerDriver::Clock(), times);
    m_folder = std::make_unique<QTemporaryDir>();
    m_local = m_folder->filePath(u"local.gcode"_s);
    m_progress.clear();
    QSignalSpy changed(m_driver.get(), &Driver::linkChanged);
    m_driver->open();
    while (m_driver->linkState() != LinkState::Connected)
        QVERIFY(changed.wait());
}

void TestMoonrakerFiles::cleanup()
{
    m_driver.reset();
    m_server.reset();
}

Result<RemoteFile> TestMoonrakerFiles::download(const QString& path, quint64 from, const QString& to)
{
    std::optional<Result<RemoteFile>> answer;
    QEventLoop loop;
    QTimer::singleShot(10000, &loop, &QEventLoop::quit);
    m_driver->download(u"gcodes"_s, path, to.isEmpty() ? m_local : to, from,
                       [this](qint64 done, qint64 total) { m_progress.emplace_back(done, total); }, m_driver.get(),
                       [&](const Result<RemoteFile>& result) {
                           answer = result;
                           loop.quit();
                       });
    loop.exec();
    return answer.value_or(fail(ErrorCode::Timeout, "no answer"));
}

Result<RemoteFile> TestMoonrakerFiles::upload(const QByteArray& bytes, const QString& path, bool overwrite)
{
    write(m_local, bytes);
    std::optional<Result<RemoteFile>> answer;
    QEventLoop loop;
    QTimer::singleShot(10000, &loop, &QEventLoop::quit);
    m_driver->upload(m_local, u"gcodes"_s, path, overwrite,
                     [this](qint64 done, qint64 total) { m_progress.emplace_back(done, total); }, m_driver.get(),
                     [&](const Result<RemoteFile>& result) {
                           answer = result;
                           loop.quit();
                       });
    loop.exec();
    return answer.value_or(fail(ErrorCode::Timeout, "no answer"));
}

void TestMoonrakerFiles::downloads()
{
    const QByteArray bytes = gcode(200'000); // some megabytes: many reads
    m_server->files[u"gcodes/parts/tower sub#1.gcode"_s] = bytes;
    const auto file = download(u"parts/tower sub#1.gcode"_s);
    QVERIFY2(file, file ? "" : file.error().detail.c_str());
    QCOMPARE(file->size, static_cast<quint64>(bytes.size()));
    QCOMPARE(file->modified, 1000.0);
    QVERIFY(content(m_local) == bytes);
    QCOMPARE(m_progress.back(), std::pair(qint64(bytes.size()), qint64(bytes.size())));
    QVERIFY(std::ranges::is_sorted(m_progress));
    QCOMPARE(m_server->httpCalls.back().headers.at("accept-encoding"), QByteArray("identity"));
}

void TestMoonrakerFiles::downloadsTheRest()
{
    const QByteArray bytes = gcode(100);
    m_server->files[u"gcodes/a.gcode"_s] = bytes;
    write(m_local, bytes.left(321));
    QVERIFY(download(u"a.gcode"_s, 321));
    QCOMPARE(m_server->httpCalls.back().headers.at("range"), QByteArray("bytes=321-"));
    QVERIFY(content(m_local) == bytes);
}

void TestMoonrakerFiles::nothingLeftToDownload()
{
    m_server->files[u"gcodes/a.gcode"_s] = "G28\n";
    write(m_local, "G28\n");
    const auto requests = m_server->httpCalls.size();
    QVERIFY(download(u"a.gcode"_s, 4));
    QCOMPARE(m_server->httpCalls.size(), requests);
    QCOMPARE(content(m_local), QByteArray("G28\n"));
}

void TestMoonrakerFiles::downloadFails_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<qulonglong>("from");
    QTest::addColumn<int>("code");
    const auto row = [](const char* name, const char* path, int status, const QByteArray& body, qulonglong from, ErrorCode code) {
        QTest::newRow(name) << QString::fromLatin1(path) << status << body << from << static_cast<int>(code);
    };
    row("missing", "b.gcode", 200, "", 0, ErrorCode::FileMissing);
    row("missing folder", "x/b.gcode", 200, "", 0, ErrorCode::FileMissing);
    row("forbidden", "a.gcode", 401, R"({"error":{"code":401,"message":"Unauthorized"}})", 0, ErrorCode::Unauthorized);
    row("gone meanwhile", "a.gcode", 404, R"({"error":{"code":404,"message":"File not found"}})", 0, ErrorCode::FileMissing);
    row("redirect", "a.gcode", 307, "", 0, ErrorCode::BadReply);
    row("server broken", "a.gcode", 500, "oops", 0, ErrorCode::Refused);
    row("range ignored", "a.gcode", 200, "whole file", 2, ErrorCode::BadReply);
    row("range refused", "a.gcode", 416, "", 2, ErrorCode::FileChanged);
    row("more than it should be", "a.gcode", 200, "0123456789abcdef", 0, ErrorCode::FileChanged);
    row("shorter on the printer than here", "a.gcode", 200, "", 50, ErrorCode::FileChanged);
    row("local part of another length", "a.gcode", 206, "", 3, ErrorCode::BadByte);
}

void TestMoonrakerFiles::downloadFails()
{
    QFETCH(QString, path);
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    QFETCH(qulonglong, from);
    QFETCH(int, code);
    m_server->files[u"gcodes/a.gcode"_s] = "0123456789";
    m_server->onHttp("/server/files/gcodes/a.gcode", [&](const HttpRequest&) {
        return HttpReply{.status = status, .body = body, .headers = {{"Location", "/elsewhere"}}};
    });
    write(m_local, from == 50 ? QByteArray(50, 'x') : QByteArray("01"));
    const auto file = download(path, from);
    QVERIFY(!file);
    QCOMPARE(static_cast<int>(file.error().code), code);
    QVERIFY(content(m_local).size() <= 50);
    if (code == static_cast<int>(ErrorCode::BadByte))
        QCOMPARE(content(m_local), QByteArray("01"));
}

void TestMoonrakerFiles::cutDownloadKeepsWhatCame()
{
    const QByteArray bytes = gcode(20'000);
    m_server->files[u"gcodes/a.gcode"_s] = bytes;
    m_server->onHttp("/server/files/gcodes/a.gcode", [&](const HttpRequest&) { return HttpReply{.body = bytes, .cutAfter = 100'000}; });
    const auto file = download(u"a.gcode"_s);
    QVERIFY(!file);
    QCOMPARE(file.error().code, ErrorCode::Disconnected);
    QCOMPARE(file.error().measured, std::optional(100'000.0));
    QVERIFY(content(m_local) == bytes.left(100'000));
    m_server->onHttp("/server/files/gcodes/a.gcode", [&](const HttpRequest&) {
        const QByteArray end = QByteArray::number(bytes.size() - 1) + "/" + QByteArray::number(bytes.size());
        return HttpReply{.status = 206, .body = bytes.mid(100'000), .headers = {{"Content-Range", "bytes 100000-" + end}}};
    });
    QVERIFY(download(u"a.gcode"_s, 100'000));
    QVERIFY(content(m_local) == bytes);
}

void TestMoonrakerFiles::fileChangesOnTheWay_data()
{
    QTest::addColumn<bool>("sameSize");
    QTest::addColumn<bool>("gone");
    QTest::newRow("rewritten in the same size") << true << false;
    QTest::newRow("grown") << false << false;
    QTest::newRow("deleted") << false << true;
}

void TestMoonrakerFiles::fileChangesOnTheWay()
{
    QFETCH(bool, sameSize);
    QFETCH(bool, gone);
    m_server->files[u"gcodes/a.gcode"_s] = "0123456789";
    m_server->onHttp("/server/files/gcodes/a.gcode", [&](const HttpRequest&) {
        m_server->modified = 2000;
        if (gone)
            m_server->files.erase(u"gcodes/a.gcode"_s);
        else if (!sameSize)
            m_server->files[u"gcodes/a.gcode"_s] += "more";
        return HttpReply{.body = "0123456789"};
    });
    const auto file = download(u"a.gcode"_s);
    QVERIFY(!file);
    QCOMPARE(file.error().code, ErrorCode::FileChanged);
}

void TestMoonrakerFiles::downloadEndsWithTheLink()
{
    m_server->files[u"gcodes/a.gcode"_s] = "0123456789";
    m_server->onHttp("/server/files/gcodes/a.gcode", [this](const HttpRequest&) {
        m_server->dropClients();
        return HttpReply{.stall = true};
    });
    const auto file = download(u"a.gcode"_s);
    QVERIFY(!file);
    QCOMPARE(file.error().code, ErrorCode::Disconnected);
}

void TestMoonrakerFiles::fullDisk()
{
    m_server->files[u"gcodes/a.gcode"_s] = gcode(100'000);
    const auto file = download(u"a.gcode"_s, 0, u"/dev/full"_s);
    QVERIFY(!file);
    QCOMPARE(file.error().code, ErrorCode::DiskFull);
    QCOMPARE(file.error().file, std::string("/dev/full"));
    const auto nowhere = download(u"a.gcode"_s, 0, m_folder->filePath(u"no/such/folder"_s));
    QCOMPARE(nowhere.error().code, ErrorCode::WriteFailed);
}

void TestMoonrakerFiles::uploads_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<int>("lines");
    QTest::newRow("small") << u"a.gcode"_s << 3;
    QTest::newRow("empty") << u"empty.gcode"_s << 0;
    QTest::newRow("in a folder, not English") << u"Teile/Gehäuse 1.gcode"_s << 10;
    QTest::newRow("megabytes") << u"big.gcode"_s << 150'000;
}

void TestMoonrakerFiles::uploads()
{
    QFETCH(QString, path);
    QFETCH(int, lines);
    const QByteArray bytes = gcode(lines);
    const auto file = upload(bytes, path);
    QVERIFY2(file, file ? "" : file.error().detail.c_str()); // the server has compared the SHA-256
    QCOMPARE(file->path, path);
    QCOMPARE(file->size, static_cast<quint64>(bytes.size()));
    QVERIFY(m_server->files.at(u"gcodes/"_s + path) == bytes);
    if (lines > 0)
        QCOMPARE(m_progress.back(), std::pair(qint64(bytes.size()), qint64(bytes.size())));
}

void TestMoonrakerFiles::neverReplacesUnlessTold()
{
    m_server->files[u"gcodes/a.gcode"_s] = "old";
    const auto refused = upload("new", u"a.gcode"_s);
    QVERIFY(!refused);
    QCOMPARE(refused.error().code, ErrorCode::FileExists);
    QCOMPARE(m_server->files.at(u"gcodes/a.gcode"_s), QByteArray("old"));
    QVERIFY(upload("new", u"a.gcode"_s, true));
    QCOMPARE(m_server->files.at(u"gcodes/a.gcode"_s), QByteArray("new"));
}

void TestMoonrakerFiles::uploadRefused_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("words");
    const auto row = [](const char* name, int status, const QByteArray& body, ErrorCode code, const char* words) {
        QTest::newRow(name) << status << body << static_cast<int>(code) << QString::fromLatin1(words);
    };
    // As recorded: the message only repeats the status.
    QByteArray mismatch;
    QFile recording(QStringLiteral(KINTSUGI_TEST_DATA "/moonraker/02_upload_print_state_saves_m112.jsonl"));
    QVERIFY(recording.open(QIODevice::ReadOnly));
    while (!recording.atEnd()) {
        const QJsonObject line = QJsonDocument::fromJson(recording.readLine()).object();
        if (line.value("status"_L1).toInt() == 422)
            mismatch = QJsonDocument(line.value("body"_L1).toObject()).toJson();
    }
    row("checksum mismatch", 422, mismatch, ErrorCode::Refused,
        "File checksum mismatch: expected 0000000000000000000000000000000000000000000000000000000000000000, "
        "calculated 20234107bfe005a1bff0a4131afd698be79bd1bfcc71d0f49b9ca2865c478c72");
    row("file loaded", 403, R"({"error":{"code":403,"message":"File is loaded, upload not permitted"}})", ErrorCode::Busy,
        "File is loaded, upload not permitted");
    row("too large", 413, "", ErrorCode::Refused, "413");
    row("server's disk full", 500, R"({"error":{"code":500,"message":"[Errno 28] No space left on device"}})", ErrorCode::DiskFull,
        "[Errno 28] No space left on device");
    row("stored in part", 201, R"({"item":{"path":"a.gcode","size":2,"modified":1}})", ErrorCode::FileChanged, "");
    row("unreadable answer", 201, R"({"item":{"path":"a.gcode","size":"two"}})", ErrorCode::BadValue, "a text");
}

void TestMoonrakerFiles::uploadRefused()
{
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    QFETCH(int, code);
    QFETCH(QString, words);
    m_server->onHttp("/server/files/upload", [&](const HttpRequest&) { return HttpReply{.status = status, .body = body}; });
    const auto file = upload("G28\n", u"a.gcode"_s);
    QVERIFY(!file);
    QCOMPARE(static_cast<int>(file.error().code), code);
    QCOMPARE(QString::fromStdString(file.error().detail), words);
}

void TestMoonrakerFiles::uploadOfNothing()
{
    std::optional<Error> missing, named;
    m_driver->upload(m_folder->filePath(u"none"_s), u"gcodes"_s, u"a"_s, false, {}, m_driver.get(),
                     [&](const Result<RemoteFile>& result) { missing = result.error(); });
    write(m_local, "x");
    m_driver->upload(m_local, u"gcodes"_s, u"a\"; name=\"root"_s, false, {}, m_driver.get(),
                     [&](const Result<RemoteFile>& result) { named = result.error(); });
    QTRY_VERIFY(missing && named);
    QCOMPARE(missing->code, ErrorCode::FileMissing);
    QCOMPARE(named->code, ErrorCode::BadValue);
}

void TestMoonrakerFiles::hiddenKindsAreListed()
{
    m_server->files = {{u"gcodes/parts/a.gcode.plr"_s, "12345"}, {u"gcodes/parts/a.gcode"_s, "123"}, {u"gcodes/b.gcode"_s, "1"}};
    std::optional<Result<std::vector<RemoteFile>>> files;
    m_driver->listFolder(u"gcodes/parts"_s, m_driver.get(), [&](const Result<std::vector<RemoteFile>>& result) { files = result; });
    QTRY_VERIFY(files);
    QVERIFY(*files);
    QCOMPARE((*files)->size(), 2u);
    QCOMPARE((*files)->at(1).path, u"parts/a.gcode.plr"_s);
    QCOMPARE((*files)->at(1).size, 5u);
}

void TestMoonrakerFiles::moves()
{
    m_server->answer(u"server.files.move"_s, QJsonObject());
    std::optional<Result<>> moved, busy;
    m_driver->moveFile(u"gcodes/a.gcode.plr"_s, u"gcodes/a.gcode"_s, m_driver.get(), [&](const Result<>& result) { moved = result; });
    QTRY_VERIFY(moved);
    QVERIFY(*moved);
    QCOMPARE(m_server->calls.back().second, (QJsonObject{{u"source"_s, u"gcodes/a.gcode.plr"_s}, {u"dest"_s, u"gcodes/a.gcode"_s}}));
    m_server->onRpc(u"server.files.move"_s, [](const QJsonObject&) { return FakeMoonraker::error(403, u"File currently in use"_s); });
    m_driver->moveFile(u"gcodes/a"_s, u"gcodes/b"_s, m_driver.get(), [&](const Result<>& result) { busy = result; });
    QTRY_VERIFY(busy);
    QCOMPARE(busy->error().code, ErrorCode::Busy);
}

QTEST_GUILESS_MAIN(TestMoonrakerFiles)
#include "tst_moonrakerfiles.moc"
