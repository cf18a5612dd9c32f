// SPDX-License-Identifier: GPL-3.0-or-later
#include <QLocalSocket>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "fakeklippy.h"
#include "klippysocket.h"
#include "recording.h"

using namespace Qt::StringLiterals;
using namespace kintsugi::sim;

namespace {

/// A client of the API socket that keeps every frame.
class Client
{
public:
    explicit Client(const QString& path)
    {
        QObject::connect(&socket, &QLocalSocket::readyRead, &socket, [this] {
            m_pending += socket.readAll();
            for (auto end = m_pending.indexOf('\x03'); end >= 0; end = m_pending.indexOf('\x03')) {
                frames.push_back(QJsonDocument::fromJson(m_pending.first(end)).object());
                m_pending.remove(0, end + 1);
            }
        });
        socket.connectToServer(path);
    }
    void send(const QJsonObject& frame) { socket.write(QJsonDocument(frame).toJson(QJsonDocument::Compact) + '\x03'); }

    QLocalSocket socket;
    std::vector<QJsonObject> frames;

private:
    QByteArray m_pending;
};

} // namespace

class TestKlippySocket : public QObject
{
    Q_OBJECT

private slots:
    void init();
    void recordedRequestsAreAnswered();
    void framesMayComeInAnyPieces_data();
    void framesMayComeInAnyPieces();
    void badFramesGetNoReply_data();
    void badFramesGetNoReply();
    void restartClosesTheSocket();
    void everyClientHasItsOwnConnection();
    void staleSocketFileIsReplaced();
    void noKlippyMeansNoConnection();

private:
    [[nodiscard]] QString path() const { return m_folder->filePath(u"klippy.sock"_s); }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<FakeKlippy> m_klippy;
    std::unique_ptr<KlippySocket> m_socket;
};

void TestKlippySocket::init()
{
    m_socket.reset();
    m_folder = std::make_unique<QTemporaryDir>();
    m_klippy = std::make_unique<FakeKlippy>();
    m_socket = std::make_unique<KlippySocket>([this] { return m_klippy->open(); });
    QVERIFY(m_socket->listen(path()));
}

void TestKlippySocket::recordedRequestsAreAnswered()
{
    Client client(path());
    const auto lines = recording::load(u"13_klipper_unix_socket.jsonl"_s);
    QVERIFY(!lines.empty());
    int compared = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const QJsonObject frame = lines[i].value("frame"_L1).toObject();
        const QString method = frame.value("method"_L1).toString();
        if (lines[i].value("dir"_L1) != u"c2s"_s ||
            (method != "info"_L1 && method != "objects/list"_L1 && method != "no/such"_L1))
            continue;
        const auto before = client.frames.size();
        client.send(frame);
        QTRY_COMPARE(client.frames.size(), before + 1);
        QStringList wrong;
        recording::compareShape(recording::answerTo(lines, i), client.frames.back(), method, wrong);
        QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join(u'\n')));
        ++compared;
        if (compared == 3)
            break; // the second `info` comes after a shutdown
    }
    QCOMPARE(compared, 3);
    QCOMPARE(client.frames.back().value("error"_L1).toObject().value("message"_L1).toString(),
             u"webhooks: No registered callback for path 'no/such'"_s);
}

void TestKlippySocket::framesMayComeInAnyPieces_data()
{
    QTest::addColumn<int>("piece");
    for (const int piece : {1, 7, 1000})
        QTest::newRow(qPrintable(u"%1 bytes"_s.arg(piece))) << piece;
}

void TestKlippySocket::framesMayComeInAnyPieces()
{
    QFETCH(int, piece);
    Client client(path());
    QTRY_COMPARE(client.socket.state(), QLocalSocket::ConnectedState);
    const QByteArray bytes =
        "{\"id\":1,\"method\":\"info\"}\x03{\"id\":2,\n\"method\":\"objects/list\"}\x03{\"id\":3,\"method\":\"info\"}\x03"_ba;
    for (qsizetype at = 0; at < bytes.size(); at += piece) {
        client.socket.write(bytes.sliced(at, std::min<qsizetype>(piece, bytes.size() - at)));
        client.socket.flush();
    }
    QTRY_COMPARE(client.frames.size(), std::size_t(3));
    for (std::size_t i = 0; i < 3; ++i)
        QCOMPARE(client.frames[i].value("id"_L1).toInteger(), qint64(i) + 1);
}

void TestKlippySocket::badFramesGetNoReply_data()
{
    QTest::addColumn<QByteArray>("frame");
    QTest::newRow("not JSON") << QByteArray("{not json");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("an array") << QByteArray("[1,2]");
    QTest::newRow("NUL bytes") << QByteArray(5, '\0');
}

void TestKlippySocket::badFramesGetNoReply()
{
    QFETCH(QByteArray, frame);
    Client client(path());
    client.socket.write(frame + '\x03');
    client.send({{u"id"_s, 7}, {u"method"_s, u"info"_s}});
    QTRY_COMPARE(client.frames.size(), std::size_t(1));
    QCOMPARE(client.frames.front().value("id"_L1).toInt(), 7);
}

void TestKlippySocket::restartClosesTheSocket()
{
    Client client(path());
    client.send({{u"id"_s, 18}, {u"method"_s, u"gcode/firmware_restart"_s}});
    QSignalSpy closed(&client.socket, &QLocalSocket::disconnected);
    QVERIFY(closed.wait(5000));
    QTRY_COMPARE(client.frames.size(), std::size_t(2)); // the reply and the console's last line come first
    QCOMPARE(client.frames[0].value("id"_L1).toInt(), 18);
    QCOMPARE(client.frames[1].value("params"_L1).toObject().value("response"_L1).toString(),
             u"// Klipper state: Disconnect"_s);
    Client again(path());
    QTRY_COMPARE(again.socket.state(), QLocalSocket::ConnectedState);
}

void TestKlippySocket::everyClientHasItsOwnConnection()
{
    Client one(path()), two(path());
    one.send({{u"id"_s, 1}, {u"method"_s, u"info"_s}});
    QTRY_COMPARE(one.frames.size(), std::size_t(1));
    one.socket.disconnectFromServer();
    two.send({{u"id"_s, 2}, {u"method"_s, u"info"_s}});
    QTRY_VERIFY(!two.frames.empty());
    QCOMPARE(two.frames.back().value("id"_L1).toInt(), 2);
}

void TestKlippySocket::staleSocketFileIsReplaced()
{
    m_socket->close();
    QFile left(path());
    QVERIFY(left.open(QIODevice::WriteOnly));
    left.close();
    QVERIFY(m_socket->listen(path()));
    Client client(path());
    QTRY_COMPARE(client.socket.state(), QLocalSocket::ConnectedState);
    QVERIFY(!KlippySocket([] { return nullptr; }).listen(u"/nowhere/klippy.sock"_s));
}

void TestKlippySocket::noKlippyMeansNoConnection()
{
    m_klippy->up = false;
    Client client(path());
    QTRY_COMPARE(client.socket.state(), QLocalSocket::UnconnectedState);
    QVERIFY(client.frames.empty());
}

QTEST_GUILESS_MAIN(TestKlippySocket)
#include "tst_klippysocket.moc"
