// SPDX-License-Identifier: GPL-3.0-or-later
#include <QJsonDocument>
#include <QTest>

#include "codec.h"
#include "samples.h"

using namespace kintsugi;
using namespace kintsugi::app;
using namespace Qt::StringLiterals;

namespace {

QJsonObject throughText(const QJsonObject& json)
{
    return QJsonDocument::fromJson(QJsonDocument(json).toJson(QJsonDocument::Compact)).object();
}

/// Sets a value at a path of object keys.
QJsonObject with(QJsonObject json, QStringList path, const QJsonValue& value)
{
    const QString key = path.takeFirst();
    json[key] = path.isEmpty() ? value : with(json[key].toObject(), path, value);
    return json;
}

bool equal(const recovery::FieldInfo& a, const recovery::FieldInfo& b)
{
    return a.origin == b.origin && a.observed == b.observed && a.replayed == b.replayed && a.note == b.note;
}

} // namespace

class TstCodec final : public QObject
{
    Q_OBJECT
private slots:
    void sampleReadsBackEqual();
    void snapshotReadsBackEqual();
    void emptySnapshotReadsBackEqual();
    void hostileSnapshot_data();
    void hostileSnapshot();
    void hostileSample();
    void stateOfTheOracle();
    void origins();
    void jobs();
};

void TstCodec::sampleReadsBackEqual()
{
    const auto sample = test::fullSample(1795164767.123456);
    const auto read = sampleFromJson(throughText(toJson(sample)));
    QVERIFY(read && *read == sample);
    const auto empty = sampleFromJson(throughText(toJson(recovery::Sample{})));
    QVERIFY(empty && *empty == recovery::Sample{});
}

void TstCodec::snapshotReadsBackEqual()
{
    const auto snapshot = test::fullSnapshot();
    const auto read = snapshotFromJson(throughText(toJson(snapshot)));
    QVERIFY2(read, read ? "" : read.error().field.c_str());
    QVERIFY(read->state == snapshot.state);
    QVERIFY(read->file == snapshot.file);
    QCOMPARE(read->fields.size(), snapshot.fields.size());
    for (const auto& [key, info] : snapshot.fields)
        QVERIFY2(equal(read->fields.at(key), info), key.c_str());
    QCOMPARE(read->time, snapshot.time);
    QCOMPARE(read->savedTime, snapshot.savedTime);
    QCOMPARE(read->byte, snapshot.byte);
    QCOMPARE(read->earliest, snapshot.earliest);
    QCOMPARE(read->latest, snapshot.latest);
    QCOMPARE(read->layer, snapshot.layer);
    QVERIFY(read->source == snapshot.source && read->dialect == snapshot.dialect);
    QCOMPARE(read->note, snapshot.note);
    QCOMPARE(read->printer, snapshot.printer);
    QCOMPARE(read->job, snapshot.job);
    QVERIFY(read->pinned);
    QVERIFY(toJson(*read) == toJson(snapshot));
}

void TstCodec::emptySnapshotReadsBackEqual()
{
    const recovery::Snapshot empty;
    const auto read = snapshotFromJson(throughText(toJson(empty)));
    QVERIFY(read && read->state == empty.state && read->fields.empty() && !read->time && !read->layer);
}

void TstCodec::hostileSnapshot_data()
{
    QTest::addColumn<QStringList>("path");
    QTest::addColumn<QJsonValue>("value");
    QTest::addColumn<QString>("field");
    const auto row = [](const char* name, const QString& path, const QJsonValue& value, const QString& field = {}) {
        QTest::newRow(name) << path.split(u'/') << value << (field.isEmpty() ? QString(path).replace(u'/', u'.') : field);
    };
    row("byte as text", u"byte"_s, u"12"_s);
    row("negative byte", u"byte"_s, -1);
    row("fraction", u"byte"_s, 1.5);
    row("huge", u"byte"_s, 1e300);
    row("state no object", u"state"_s, 5);
    row("position too short", u"state/position_nm"_s, QJsonArray{1, 2});
    row("position of text", u"state/position_nm"_s, QJsonArray{1, 2, u"x"_s}, u"state.position_nm[2]"_s);
    row("tool key", u"state/hotend"_s, QJsonObject{{u"a"_s, 1}}, u"state.hotend.a"_s);
    row("heat of text", u"state/hotend"_s, QJsonObject{{u"0"_s, u"hot"_s}}, u"state.hotend.0"_s);
    row("bool", u"state/inch"_s, 1);
    row("plane overflow", u"state/plane"_s, 1e12);
    row("axes overflow", u"state/doubtful_axes"_s, 300);
    row("set_by", u"state/set_by"_s, QJsonArray{u"magic"_s, u"move"_s, u"move"_s}, u"state.set_by[0]"_s);
    row("mesh", u"state/mesh/profile"_s, QJsonArray());
    row("origin", u"fields"_s, QJsonObject{{u"bed"_s, QJsonObject{{u"origin"_s, u"guessed"_s}}}}, u"fields.bed.origin"_s);
    row("field no object", u"fields"_s, QJsonObject{{u"bed"_s, 7}}, u"fields.bed"_s);
    row("source", u"source"_s, u"oracle"_s);
    row("dialect", u"dialect"_s, u"klingon"_s);
    row("hash", u"file/xxh3"_s, u"xyz"_s);
    row("file", u"file"_s, QJsonArray{1});
    row("excluded", u"state/excluded"_s, QJsonArray{1}, u"state.excluded[0]"_s);
}

void TstCodec::hostileSnapshot()
{
    QFETCH(QStringList, path);
    QFETCH(QJsonValue, value);
    QFETCH(QString, field);
    const auto read = snapshotFromJson(with(toJson(test::fullSnapshot()), path, value));
    QVERIFY(!read);
    QVERIFY(read.error().code == ErrorCode::BadValue);
    QCOMPARE(QString::fromStdString(read.error().field), field);
}

void TstCodec::hostileSample()
{
    auto json = toJson(test::fullSample(1));
    QCOMPARE(sampleFromJson(with(json, {u"heaters"_s, u"extruder"_s, u"target"_s}, true)).error().field,
             std::string("heaters.extruder.target"));
    QCOMPARE(sampleFromJson(with(json, {u"live_position"_s}, QJsonArray{1, 2, 3, u"E"_s})).error().field, std::string("live_position[3]"));
    json.insert(u"something_newer"_s, 1);
    QVERIFY(sampleFromJson(json));
}

void TstCodec::stateOfTheOracle()
{
    gcode::MachineState state;
    state.position = {1'500'000, std::nullopt, 200'000};
    state.e = 2'000'000;
    state.feed = 1'800'000'000;
    state.fans = {{"0", 0}, {"1", 255}};
    state.heaters = {{"chamber", 40}};
    state.mesh = gcode::MeshState{"default", {}, {}};
    const QJsonObject json = stateToJson(state, gcode::Dialect::Klipper);
    QCOMPARE(json["position"_L1].toObject(), (QJsonObject{{u"X"_s, 1.5}, {u"Y"_s, QJsonValue::Null}, {u"Z"_s, 0.2}, {u"E"_s, 2.0}}));
    QCOMPARE(json["feed"_L1].toDouble(), 1800.0);
    QVERIFY(json["bed"_L1].isNull());
    QCOMPARE(json["fans"_L1].toObject(), (QJsonObject{{u"1"_s, 255.0}, {u"heater chamber"_s, 40.0}}));
    QCOMPARE(json["mesh"_L1].toArray(), (QJsonArray{u"profile"_s, u"default"_s}));
    const QStringList keys{u"absolute_e"_s, u"absolute_xyz"_s, u"bed"_s, u"chamber"_s, u"excluded"_s, u"fans"_s, u"feed"_s,
                           u"flow_percent"_s, u"gcode_offset"_s, u"hotend"_s, u"inch"_s, u"mesh"_s, u"motion"_s, u"object"_s,
                           u"plane"_s, u"position"_s, u"pressure_advance"_s, u"retracted"_s, u"speed_percent"_s, u"tool"_s, u"workspace"_s};
    QCOMPARE(json.keys(), keys);

    state.absoluteEFlag = false;
    QVERIFY(!stateToJson(state, gcode::Dialect::Klipper)["position"_L1].toObject().contains(u"E"_s));
}

void TstCodec::origins()
{
    recovery::Snapshot snapshot;
    snapshot.state.hotend = {{0, 210}};
    snapshot.state.bed = 60;
    snapshot.fields["hotend.0"].origin = recovery::Origin::Inferred;
    snapshot.fields["bed"].origin = recovery::Origin::Observed;
    snapshot.fields["bed_something"].origin = recovery::Origin::Unknown;
    snapshot.fields["position.x"].origin = recovery::Origin::Edited;
    snapshot.fields["position.z"].origin = recovery::Origin::Replayed;
    const QJsonObject json = stateWithOrigins(snapshot);
    const auto originOf = [&](QLatin1String key) { return json[key].toObject()["origin"_L1].toString(); };
    QCOMPARE(originOf("hotend"_L1), u"inferred"_s);
    QCOMPARE(originOf("bed"_L1), u"observed"_s);
    QCOMPARE(originOf("position"_L1), u"replayed"_s);
    QCOMPARE(originOf("feed"_L1), u"unknown"_s);
    QVERIFY(json["feed"_L1].toObject()["value"_L1].isNull());
    QCOMPARE(originOf("inch"_L1), u"replayed"_s);
}

void TstCodec::jobs()
{
    PrintJob job;
    job.file = u"a.gcode"_s;
    job.state = JobState::Interrupted;
    job.cause = recovery::StopCause::PrinterAndHostLost;
    QCOMPARE(toJson(job)["state"_L1].toString(), u"interrupted"_s);
    QCOMPARE(toJson(job)["cause"_L1].toString(), u"printer-and-host-lost"_s);
    job.state = JobState::Completed;
    QVERIFY(toJson(job)["cause"_L1].isNull());
    QVERIFY(toJson(job)["resumed_from"_L1].isNull());
}

QTEST_GUILESS_MAIN(TstCodec)
#include "tst_codec.moc"
