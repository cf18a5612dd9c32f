// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "driverfactory.h"
#include "moonrakerdriver.h"
#include "redact.h"
#include "threadeddriver.h"

using namespace kintsugi;
using namespace kintsugi::link;
using namespace Qt::StringLiterals;

class TestDriverFactory : public QObject
{
    Q_OBJECT
private slots:
    void parses_data();
    void parses();
    void refuses_data();
    void refuses();
    void takesCredentialsOut();
    void makes();
    void takesSchemesOfFrontEnds();
    void hidesCredentials();
};

void TestDriverFactory::parses_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("url");
    QTest::newRow("default port") << u"moonraker://voron.local"_s << u"moonraker://voron.local:7125"_s;
    QTest::newRow("own port") << u"moonraker://voron.local:80"_s << u"moonraker://voron.local:80"_s;
    QTest::newRow("encrypted") << u"moonrakers://voron"_s << u"moonrakers://voron:7125"_s;
    QTest::newRow("IPv6") << u"moonraker://[fe80::1]"_s << u"moonraker://[fe80::1]:7125"_s;
    QTest::newRow("blanks around, slash behind") << u"  moonraker://10.0.0.5/ "_s << u"moonraker://10.0.0.5:7125"_s;
    QTest::newRow("below a path") << u"moonraker://farm:80/printer2"_s << u"moonraker://farm:80/printer2"_s;
    QTest::newRow("capitals") << u"Moonraker://Voron"_s << u"moonraker://voron:7125"_s;
}

void TestDriverFactory::parses()
{
    QFETCH(QString, text);
    QFETCH(QString, url);
    const auto address = DriverFactory().parse(text);
    QVERIFY2(address, address ? "" : address.error().detail.c_str());
    QCOMPARE(address->url.toString(), url);
}

void TestDriverFactory::refuses_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("detail");
    const auto row = [](const char* name, const QString& text, ErrorCode code, const QString& detail) {
        QTest::newRow(name) << text << static_cast<int>(code) << detail;
    };
    row("empty", {}, ErrorCode::BadAddress, {});
    row("no scheme", u"voron.local"_s, ErrorCode::BadAddress, u"scheme"_s);
    row("web address", u"http://voron.local"_s, ErrorCode::BadAddress, u"scheme"_s);
    row("no host", u"moonraker://"_s, ErrorCode::BadAddress, u"host"_s);
    row("port 0", u"moonraker://a:0"_s, ErrorCode::BadAddress, u"port"_s);
    row("port too large", u"moonraker://a:70000"_s, ErrorCode::BadAddress, {});
    row("query", u"moonraker://a?x=1"_s, ErrorCode::BadAddress, u"query"_s);
    row("socket", u"klippy:///run/klippy.sock"_s, ErrorCode::NotSupported, u"klippy"_s);
    row("OctoPrint", u"octoprint://a"_s, ErrorCode::NotSupported, u"octoprint"_s);
    row("serial", u"marlin:///dev/ttyUSB0?baud=250000"_s, ErrorCode::NotSupported, u"marlin"_s);
    row("demo, where nobody added it", u"demo:"_s, ErrorCode::BadAddress, u"scheme"_s);
}

void TestDriverFactory::refuses()
{
    QFETCH(QString, text);
    QFETCH(int, code);
    QFETCH(QString, detail);
    const DriverFactory factory;
    const auto address = factory.parse(text);
    QVERIFY(!address);
    QCOMPARE(static_cast<int>(address.error().code), code);
    if (!detail.isEmpty())
        QCOMPARE(QString::fromStdString(address.error().detail), detail);
    const auto driver = factory.make(Address{QUrl(text), {}});
    if (QUrl(text).scheme() != "moonraker"_L1)
        QVERIFY(!driver);
}

void TestDriverFactory::takesCredentialsOut()
{
    const auto address = DriverFactory().parse(u"moonraker://plr:correct%20horse@voron"_s);
    QVERIFY(address);
    QCOMPARE(address->url.toString(), u"moonraker://voron:7125"_s);
    QCOMPARE(address->credentials.user, u"plr"_s);
    QCOMPARE(address->credentials.password, u"correct horse"_s);
    const auto bad = DriverFactory().parse(u"http://plr:secret@voron"_s);
    QVERIFY(!QString::fromStdString(bad.error().file + bad.error().detail).contains("secret"_L1));
}

void TestDriverFactory::makes()
{
    const DriverFactory factory;
    const auto plain = factory.make(*factory.parse(u"moonraker://voron"_s));
    QVERIFY(plain && qobject_cast<MoonrakerDriver*>(plain->get()));
    QCOMPARE((*plain)->linkState(), LinkState::Offline);
    const auto threaded = factory.makeThreaded(*factory.parse(u"moonrakers://voron"_s));
    QVERIFY(threaded && qobject_cast<ThreadedDriver*>(threaded->get()));
}

void TestDriverFactory::takesSchemesOfFrontEnds()
{
    DriverFactory factory;
    QUrl asked;
    factory.add(u"demo"_s, [&asked](const Address& address) {
        asked = address.url;
        return std::make_unique<MoonrakerDriver>(Address{QUrl(u"moonraker://127.0.0.1:1"_s), {}});
    });
    QCOMPARE(factory.schemes(), (QStringList{u"demo"_s, u"moonraker"_s, u"moonrakers"_s}));
    const auto address = factory.parse(u"demo:"_s);
    QVERIFY(address);
    QVERIFY(factory.make(*address));
    QCOMPARE(asked, QUrl(u"demo:"_s));
}

void TestDriverFactory::hidesCredentials()
{
    QVERIFY(!redacted(QUrl(u"ws://u:secret@h/websocket?token=TOPSECRET&x=1"_s)).contains("secret"_L1, Qt::CaseInsensitive));
    QVERIFY(redacted(QUrl(u"ws://h/websocket?token=T&x=1"_s)).contains("x=1"_L1));
    const QJsonObject shown = redacted(QJsonObject{
        {u"params"_s, QJsonArray{QJsonObject{{u"password"_s, u"secret"_s}, {u"api_key"_s, u"secret"_s}, {u"user"_s, u"me"_s}}}},
        {u"access_token"_s, u"secret"_s}, {u"refresh_token"_s, u"secret"_s}, {u"token"_s, u"secret"_s}});
    const QJsonObject inner = shown.value("params"_L1).toArray().at(0).toObject();
    QCOMPARE(inner.value("user"_L1).toString(), u"me"_s);
    for (const QJsonValue& value : {inner.value("password"_L1), inner.value("api_key"_L1), shown.value("access_token"_L1),
                                    shown.value("refresh_token"_L1), shown.value("token"_L1)})
        QCOMPARE(value.toString(), u"***"_s);
    QCOMPARE(redacted(u"key abc failed for pw"_s, Credentials{u"abc"_s, u"me"_s, u"pw"_s}), u"key *** failed for ***"_s);
}

QTEST_GUILESS_MAIN(TestDriverFactory)
#include "tst_driverfactory.moc"
