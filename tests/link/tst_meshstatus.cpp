// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

#include "klipperstatus.h"
#include "meshstatus.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::link;

namespace {

const char* const active = R"({"profile_name":"default","mesh_min":[10.0,10.0],"mesh_max":[190.0,190.0],
    "probed_matrix":[[0.0175,-0.04,0.0],[0.01,0.2,-0.0225],[0.0,0.045,0.26]],
    "profiles":{"default":{"points":[[0.0175,-0.04,0.0],[0.01,0.2,-0.0225],[0.0,0.045,0.26]],
        "mesh_params":{"min_x":10.0,"max_x":190.0,"min_y":10.0,"max_y":190.0,"x_count":3,"y_count":3,
            "mesh_x_pps":2,"mesh_y_pps":3,"algo":"lagrange","tension":0.2}}}})";

QJsonObject object(const QByteArray& text)
{
    return QJsonDocument::fromJson(text).object();
}

QJsonObject with(const char* key, const QByteArray& json)
{
    QJsonObject changed = object(active);
    changed.insert(QLatin1String(key), QJsonDocument::fromJson("[" + json + "]").array().first());
    return changed;
}

} // namespace

class TestMeshStatus : public QObject
{
    Q_OBJECT
private slots:
    void activeMeshIsRead();
    void profilesAreRead();
    void recordedStatusHasNone();
    void hostile_data();
    void hostile();
    void hostileProfiles();
    void goesIntoTheSample();
};

void TestMeshStatus::activeMeshIsRead()
{
    std::vector<Error> errors;
    const auto mesh = activeMesh(object(active), "s", errors);
    QVERIFY(errors.empty());
    QVERIFY(bool(mesh));
    QCOMPARE(mesh->profile, std::string("default"));
    QCOMPARE(mesh->minimum, (std::array{10.0, 10.0}));
    QCOMPARE(mesh->maximum, (std::array{190.0, 190.0}));
    QCOMPARE(mesh->probed.size(), std::size_t{3});
    QCOMPARE(mesh->probed[1][2], -0.0225);
    QCOMPARE(mesh->parameters.at("mesh_y_pps"), std::string("3"));
    QCOMPARE(mesh->parameters.at("algo"), std::string("lagrange"));
    QCOMPARE(mesh->parameters.at("tension"), std::string("0.2"));
}

void TestMeshStatus::profilesAreRead()
{
    std::vector<Error> errors;
    const auto profiles = meshProfiles(object(active), "s", errors);
    QVERIFY(errors.empty());
    QCOMPARE(profiles.size(), std::size_t{1});
    QVERIFY(profiles.at("default").has_value());
    QVERIFY(*profiles.at("default") == *activeMesh(object(active), "s", errors));
}

/// What Moonraker sent in the recordings: a mesh module without a mesh.
void TestMeshStatus::recordedStatusHasNone()
{
    QFile file(QStringLiteral(KINTSUGI_TEST_DATA) + u"/moonraker/01_connect_identify_subscribe.jsonl"_s);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray text = file.readAll();
    const qsizetype at = text.indexOf(R"("bed_mesh": {"profile_name")");
    QVERIFY(at > 0);
    const qsizetype begin = text.indexOf('{', at), end = text.indexOf('}', begin);
    const QJsonObject recorded = object(text.mid(begin, end - begin + 1));
    QVERIFY(recorded.contains("mesh_min"_L1));
    std::vector<Error> errors;
    QVERIFY(!activeMesh(recorded, "s", errors));
    QVERIFY(meshProfiles(recorded, "s", errors).empty());
    QJsonObject none = recorded;
    none.insert(u"probed_matrix"_s, QJsonArray{QJsonArray()}); // so Klipper says it
    QVERIFY(!activeMesh(none, "s", errors));
    QVERIFY(errors.empty());
}

void TestMeshStatus::hostile_data()
{
    QTest::addColumn<QJsonObject>("status");
    QTest::addColumn<QByteArray>("field");
    QTest::newRow("matrix of another kind") << with("probed_matrix", "7") << QByteArray("s.probed_matrix");
    QTest::newRow("text in a row") << with("probed_matrix", R"([[1,"2"]])") << QByteArray("s.probed_matrix");
    QTest::newRow("row of another kind") << with("probed_matrix", "[[1,2],3]") << QByteArray("s.probed_matrix");
    QTest::newRow("ragged") << with("probed_matrix", "[[1,2],[3]]") << QByteArray("s.probed_matrix");
    QByteArray row = "[0" + QByteArray(",0").repeated(200) + "]";
    QTest::newRow("too many points") << with("probed_matrix", "[" + row + ("," + row).repeated(100) + "]") << QByteArray("s.probed_matrix");
    QTest::newRow("corner of another kind") << with("mesh_min", R"("x")") << QByteArray("s.mesh_min");
    QTest::newRow("half a corner") << with("mesh_max", "[1]") << QByteArray("s.mesh_max");
}

void TestMeshStatus::hostile()
{
    QFETCH(QJsonObject, status);
    QFETCH(QByteArray, field);
    std::vector<Error> errors;
    QVERIFY(!activeMesh(status, "s", errors));
    QCOMPARE(errors.size(), std::size_t{1});
    QCOMPARE(QByteArray::fromStdString(errors.front().field), field);
    QCOMPARE(errors.front().code, ErrorCode::BadValue);
}

/// A profile that cannot be read is there all the same: it can be loaded by its name.
void TestMeshStatus::hostileProfiles()
{
    std::vector<Error> errors;
    const auto profiles = meshProfiles(with("profiles", R"({"a":7,"b":{"points":[[1,2],[3,4]]},"c":{"points":"x","mesh_params":{}}})"), "s", errors);
    QCOMPARE(profiles.size(), std::size_t{3});
    for (const auto& [name, mesh] : profiles)
        QVERIFY2(!mesh, name.c_str());
    QVERIFY(errors.size() >= 3);
}

void TestMeshStatus::goesIntoTheSample()
{
    recovery::Sample sample;
    QVERIFY(mergeStatus({{u"bed_mesh"_s, object(active)}}, "s", sample).empty());
    QCOMPARE(sample.meshProfile, std::string("default"));
    QVERIFY(bool(sample.mesh));
    const auto before = sample.mesh.matrix;
    QVERIFY(mergeStatus({{u"print_stats"_s, QJsonObject{{u"state"_s, u"printing"_s}}}}, "s", sample).empty());
    QVERIFY(sample.mesh.matrix == before); // nothing said about it: it stays
    QVERIFY(mergeStatus({{u"bed_mesh"_s, with("probed_matrix", "[[]]")}}, "s", sample).empty());
    QVERIFY(!sample.mesh);
    const auto fields = subscription({u"bed_mesh"_s}).value("bed_mesh"_L1).toArray();
    for (const char* field : {"profile_name", "mesh_min", "mesh_max", "probed_matrix", "profiles"})
        QVERIFY2(fields.contains(QLatin1String(field)), field);
}

QTEST_GUILESS_MAIN(TestMeshStatus)
#include "tst_meshstatus.moc"
