// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include "fakesecrets.h"
#include "profile.h"

using namespace kintsugi;
using namespace kintsugi::app;
using namespace Qt::StringLiterals;

class TstProfile final : public QObject
{
    Q_OBJECT
private slots:
    void addresses_data();
    void addresses();
    void idsAreFreeAndSafe();
    void savesAndLoads();
    void damagedListIsSetAside_data();
    void damagedListIsSetAside();
    void secretsStayOut();
};

void TstProfile::addresses_data()
{
    QTest::addColumn<QString>("address");
    QTest::addColumn<QString>("url");
    QTest::newRow("moonraker") << u"moonraker://voron:7125"_s << u"moonraker://voron:7125"_s;
    QTest::newRow("bare host") << u" voron.local "_s << u"moonraker://voron.local"_s;
    QTest::newRow("bare with port") << u"10.0.0.5:7125"_s << u"moonraker://10.0.0.5:7125"_s;
    QTest::newRow("ipv6") << u"moonraker://[fe80::1]:7125"_s << u"moonraker://[fe80::1]:7125"_s;
    QTest::newRow("tls") << u"moonrakers://h"_s << u"moonrakers://h"_s;
    QTest::newRow("demo") << u"demo:"_s << u"demo:"_s;
    QTest::newRow("klippy") << u"klippy:///run/klippy.sock"_s << u"klippy:///run/klippy.sock"_s;
    QTest::newRow("marlin") << u"marlin:///dev/ttyUSB0?baud=250000"_s << u"marlin:///dev/ttyUSB0?baud=250000"_s;
    QTest::newRow("web") << u"https://voron"_s << QString();
    QTest::newRow("no host") << u"moonraker://"_s << QString();
    QTest::newRow("empty") << QString() << QString();
    QTest::newRow("port") << u"moonraker://voron:70000"_s << QString();
    QTest::newRow("password") << u"moonraker://user:secret@voron"_s << QString();
    QTest::newRow("no socket") << u"klippy:///"_s << QString();
    QTest::newRow("blank") << u"moonraker://a b"_s << QString();
}

void TstProfile::addresses()
{
    QFETCH(QString, address);
    QFETCH(QString, url);
    const auto profile = ProfileList::make(u"n"_s, address, {});
    QCOMPARE(profile.has_value(), !url.isEmpty());
    if (profile) {
        QCOMPARE(profile->url.toString(), url);
    } else {
        QVERIFY(profile.error().code == ErrorCode::BadAddress);
        QVERIFY(profile.error().detail.find("secret") == std::string::npos);
    }
}

void TstProfile::idsAreFreeAndSafe()
{
    std::vector<Profile> list;
    for (const QString& name : {u"Voron 2.4"_s, u"voron-2.4"_s, u"../../etc/passwd"_s, u"日本"_s, u""_s})
        list.push_back(*ProfileList::make(name, u"demo:"_s, list));
    QCOMPARE(list[0].id, u"voron-2-4"_s);
    QCOMPARE(list[1].id, u"voron-2-4-2"_s);
    QCOMPARE(list[2].id, u"etc-passwd"_s);
    QCOMPARE(list[3].id, u"printer"_s);
    QCOMPARE(list[4].name, u"demo"_s);
}

void TstProfile::savesAndLoads()
{
    QTemporaryDir folder;
    const ProfileList list(folder.filePath(u"deeper/printers.json"_s));
    QVERIFY(list.load() && list.load()->empty());
    auto profile = *ProfileList::make(u"Große \"4Z\""_s, u"marlin:///dev/ttyACM0?baud=250000"_s, {});
    profile.zMethod = recovery::ZMethod::StockZplus;
    profile.facts.maximum = {350, 350, 340.5};
    profile.facts.fourZ = true;
    profile.facts.primePlace = {{5, 6}};
    profile.facts.homeXyIsPlain = false;
    const auto other = *ProfileList::make(u"b"_s, u"demo:"_s, {profile});
    QVERIFY(list.save({profile, other}));
    const auto loaded = list.load();
    QVERIFY2(loaded, loaded ? "" : loaded.error().field.c_str());
    QCOMPARE(loaded->size(), 2U);
    const Profile& read = loaded->front();
    QCOMPARE(read.id, profile.id);
    QCOMPARE(read.name, profile.name);
    QCOMPARE(read.url, profile.url);
    QVERIFY(read.zMethod == profile.zMethod);
    QVERIFY(read.facts.maximum == profile.facts.maximum);
    QVERIFY(read.facts.primePlace == profile.facts.primePlace);
    QVERIFY(read.facts.fourZ && !read.facts.homeXyIsPlain);
    QVERIFY(loaded->back().isDemo());
}

void TstProfile::damagedListIsSetAside_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("torn") << QByteArray("{\"printers\":[{\"id\":\"a\"");
    QTest::newRow("not json") << QByteArray("\0\0\0", 3);
    QTest::newRow("array") << QByteArray("[]");
    QTest::newRow("types") << QByteArray(R"({"printers":[{"id":"a","name":"b","address":"demo:","z_method":"keep","facts":{"minimum":"x"}}]})");
    QTest::newRow("method") << QByteArray(R"({"printers":[{"id":"a","name":"b","address":"demo:","z_method":"hope","facts":{}}]})");
    QTest::newRow("no id") << QByteArray(R"({"printers":[{"name":"b","address":"demo:","z_method":"keep"}]})");
}

void TstProfile::damagedListIsSetAside()
{
    QFETCH(QByteArray, text);
    QTemporaryDir folder;
    QFile file(folder.filePath(u"printers.json"_s));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.write(text);
    file.close();
    const ProfileList list(file.fileName());
    const auto loaded = list.load();
    QVERIFY(!loaded && loaded.error().code == ErrorCode::BadValue);
    QFile aside(QString::fromStdString(loaded.error().file));
    QVERIFY(aside.fileName().contains(u".damaged"_s) && aside.open(QIODevice::ReadOnly));
    QCOMPARE(aside.readAll(), text);
    QVERIFY(list.load()->empty());
}

void TstProfile::secretsStayOut()
{
    QTemporaryDir folder;
    const ProfileList list(folder.filePath(u"printers.json"_s));
    test::FakeSecrets secrets;
    const auto profile = *ProfileList::make(u"p"_s, u"voron"_s, {});
    bool written = false;
    std::optional<link::Credentials> read;
    secrets.write(profile.id, {u"topsecret"_s, {}, {}}, this, [&](const Result<>& result) { written = result.has_value(); });
    QTRY_VERIFY(written);
    secrets.read(profile.id, this, [&](const Result<link::Credentials>& result) { read = *result; });
    QTRY_VERIFY(read.has_value());
    QCOMPARE(read->apiKey, u"topsecret"_s);
    QVERIFY(list.save({profile}));
    QFile file(folder.filePath(u"printers.json"_s));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QVERIFY(!file.readAll().contains("topsecret"));
}

QTEST_GUILESS_MAIN(TstProfile)
#include "tst_profile.moc"
