// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QTest>

#include "klipper/plrstate.h"

using namespace kintsugi;
using namespace kintsugi::klipper;

namespace {

std::string fixture(const char* name)
{
    QFile file(QStringLiteral(KINTSUGI_TEST_DATA "/moonraker/config/") + QLatin1String(name));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    return file.readAll().toStdString();
}

Value literal(std::string_view text)
{
    return parsePythonLiteral(text).value_or(Value{});
}

} // namespace

class TestPlrState : public QObject
{
    Q_OBJECT

private slots:
    void recordedState();
    void recordedCalibration();
    void everyCutIsNoticedOrHarmless();
    void literals_data();
    void literals();
    void badLiterals_data();
    void badLiterals();
    void halfSurrogateStaysUtf8();
    void deepNestingIsRefused();
    void iniRules();
    void accepts_data();
    void accepts();
    void wrongFields_data();
    void wrongFields();
};

void TestPlrState::recordedState()
{
    const auto variables = parseVariables(fixture("variables_after_power_loss.cfg"));
    QVERIFY(variables.has_value());
    QVERIFY(variables->endsWithLineEnd);
    const auto state = readPlrState(variables->values.at("resume_meta_info"));
    QVERIFY(state.has_value() && state->has_value());
    const PlrState& plr = **state;
    QCOMPARE(plr.position[0], 103.799);
    QCOMPARE(plr.position[1], 94.937);
    QCOMPARE(plr.position[2], 1.4);
    QCOMPARE(plr.fans.at("fan"), 0.6);
    QCOMPARE(plr.layer, 6);
    QCOMPARE(plr.filePosition, ByteOffset(6144));
    QCOMPARE(plr.totalSize, std::uint64_t(26776));
    QCOMPARE(plr.hotend, 214.4);
    QCOMPARE(plr.bed, 59.3);
    QCOMPARE(plr.collectionTime, 2562.568157325);
    QCOMPARE(plr.file, std::string("tower_plr.gcode"));
}

void TestPlrState::recordedCalibration()
{
    const auto variables = parseVariables(fixture("variables_after_calibrate.cfg"));
    QVERIFY(variables.has_value());
    const auto calibration = readPlrCalibration(variables->values);
    QVERIFY(calibration.has_value());
    QCOMPARE(calibration->offsets.size(), std::size_t(4));
    QCOMPARE(calibration->offsets.at("stepper_z2"), 1.1325000000000003);
    QCOMPARE((*calibration->endstopPosition)[2], 61.999999999968104);
    QVERIFY(calibration->meshProfile.empty());
}

void TestPlrState::everyCutIsNoticedOrHarmless()
{
    const std::string whole = fixture("variables_after_power_loss.cfg");
    QVERIFY(!klipperAccepts(fixture("variables_truncated.cfg")));
    for (std::size_t cut = 1; cut < whole.size(); ++cut) {
        const std::string text = whole.substr(0, cut);
        const auto variables = parseVariables(text);
        QCOMPARE(variables.has_value(), klipperAccepts(text));
        if (!variables) {
            QVERIFY2(variables.error().code == ErrorCode::TornText, qPrintable(QString::number(cut)));
        } else if (variables->endsWithLineEnd) {
            const auto all = parseVariables(whole);
            for (const auto& [name, raw] : variables->raw)
                QCOMPARE(raw, all->raw.at(name));
        }
    }
}

void TestPlrState::literals_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<double>("number");
    QTest::newRow("int") << QByteArray("42") << 42.0;
    QTest::newRow("negative") << QByteArray("-0.015") << -0.015;
    QTest::newRow("exponent") << QByteArray("1e-3") << 0.001;
    QTest::newRow("big exponent") << QByteArray("-1.5E+2") << -150.0;
    QTest::newRow("point first") << QByteArray(".5") << 0.5;
    QTest::newRow("point last") << QByteArray("5.") << 5.0;
    QTest::newRow("hex") << QByteArray("0x1F") << 31.0;
    QTest::newRow("underscore") << QByteArray("1_000") << 1000.0;
    QTest::newRow("brackets") << QByteArray("(7)") << 7.0;
    QTest::newRow("huge") << QByteArray("123456789012345678901234567890") << 123456789012345678901234567890.0;
}

void TestPlrState::literals()
{
    QFETCH(QByteArray, text);
    QFETCH(double, number);
    const auto value = parsePythonLiteral(text.toStdString());
    QVERIFY(value.has_value());
    QCOMPARE(value->number(), std::optional(number));
}

void TestPlrState::badLiterals_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("torn");
    QTest::newRow("empty") << QByteArray("") << true;
    QTest::newRow("open dict") << QByteArray("{'a': 1, ") << true;
    QTest::newRow("open string") << QByteArray("'abc") << true;
    QTest::newRow("half word") << QByteArray("Tru") << true;
    QTest::newRow("half exponent") << QByteArray("1e") << true;
    QTest::newRow("lone minus") << QByteArray("-") << true;
    QTest::newRow("name") << QByteArray("os.system") << false;
    QTest::newRow("json true") << QByteArray("true") << false;
    QTest::newRow("two values") << QByteArray("1 2") << false;
    QTest::newRow("comma missing") << QByteArray("[1 2]") << false;
    QTest::newRow("colon missing") << QByteArray("{'a' 1}") << false;
    QTest::newRow("nul bytes") << QByteArray("\0\0\0", 3) << false;
    QTest::newRow("two points") << QByteArray("1.2.3") << false;
    QTest::newRow("not a number") << QByteArray("nan") << false;
    QTest::newRow("signed nan") << QByteArray("-nan") << false;
    QTest::newRow("signed inf") << QByteArray("+inf") << false;
    QTest::newRow("two signs") << QByteArray("--1") << false;
    QTest::newRow("leading zero") << QByteArray("01") << false;
    QTest::newRow("underscore at the end") << QByteArray("1_") << false;
    QTest::newRow("two underscores") << QByteArray("1__0") << false;
    QTest::newRow("bad escape") << QByteArray("'\\xZZ'") << false;
}

void TestPlrState::badLiterals()
{
    QFETCH(QByteArray, text);
    QFETCH(bool, torn);
    const auto value = parsePythonLiteral(text.toStdString());
    QVERIFY(!value.has_value());
    QCOMPARE(value.error().code, torn ? ErrorCode::TornText : ErrorCode::BadValue);
    QVERIFY(value.error().byte.has_value());
}

void TestPlrState::halfSurrogateStaysUtf8()
{
    const auto value = parsePythonLiteral("'a\\udce9b'");
    QVERIFY(value.has_value());
    QCOMPARE(QByteArray::fromStdString(*value->text()), QByteArray("a\xEF\xBF\xBD" "b"));
}

void TestPlrState::deepNestingIsRefused()
{
    const auto value = parsePythonLiteral(std::string(100000, '['));
    QVERIFY(!value.has_value());
    QCOMPARE(value.error().code, ErrorCode::BadValue);
}

void TestPlrState::iniRules()
{
    const auto variables = parseVariables("# comment\r\n[Other]\nx = nonsense here\n[Variables]\n; comment\n"
                                          "Name : 'it''s' \"\\u00e9\"\nlist = [1,\n    (2, 3),\n    None]\n"
                                          "flag=True\nper = '50 %%'\n");
    QVERIFY2(variables.has_value(), variables ? "" : variables.error().detail.c_str());
    QCOMPARE(*variables->values.at("name").text(), std::string("its\xc3\xa9"));
    const List* list = variables->values.at("list").list();
    QVERIFY(list);
    QCOMPARE(list->size(), std::size_t(3));
    QCOMPARE((*list)[1].list()->size(), std::size_t(2));
    QVERIFY(!variables->values.at("flag").number());
    QCOMPARE(*variables->values.at("per").text(), std::string("50 %"));
    QVERIFY(!variables->values.count("x"));

    const auto broken = parseVariables("[Variables]\n\nok = 1\nbad = {'a':\n");
    QVERIFY(!broken.has_value());
    QCOMPARE(broken.error().field, std::string("bad"));
    QCOMPARE(broken.error().line, std::optional<std::uint64_t>(4));
}

void TestPlrState::accepts_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("accepted");
    QTest::newRow("empty") << QByteArray() << true;
    QTest::newRow("only the section") << QByteArray("[Variables]\n") << true;
    QTest::newRow("another section") << QByteArray("[x]\na = b\n") << true;
    QTest::newRow("no section") << QByteArray("a = 1\n") << false;
    QTest::newRow("cut header") << QByteArray("[Varia") << false;
    QTest::newRow("twice") << QByteArray("[Variables]\na = 1\nA = 2\n") << false;
    QTest::newRow("percent") << QByteArray("[Variables]\na = '50%.gcode'\n") << false;
    QTest::newRow("no value") << QByteArray("[Variables]\na =\n") << false;
    QTest::newRow("not utf-8") << QByteArray("[Variables]\na = '\xff'\n") << false;
    QTest::newRow("nul bytes") << QByteArray(64, '\0') << false;
    QTest::newRow("nul in a text") << QByteArray("[Variables]\na = '\0'\n", 20) << false;
}

void TestPlrState::accepts()
{
    QFETCH(QByteArray, text);
    QTEST(klipperAccepts(text.toStdString()), "accepted");
}

void TestPlrState::wrongFields_data()
{
    QTest::addColumn<QByteArray>("from");
    QTest::addColumn<QByteArray>("to");
    QTest::addColumn<QByteArray>("field");
    QTest::newRow("x text") << QByteArray("'x': 103.799") << QByteArray("'x': '1'") << QByteArray("position.x");
    QTest::newRow("x true") << QByteArray("'x': 103.799") << QByteArray("'x': True") << QByteArray("position.x");
    QTest::newRow("x infinite") << QByteArray("'x': 103.799") << QByteArray("'x': 1e999") << QByteArray("position.x");
    QTest::newRow("z missing") << QByteArray(", 'z': 1.4}, 'xyz") << QByteArray("}, 'xyz") << QByteArray("position.z");
    QTest::newRow("fan") << QByteArray("0.6") << QByteArray("60") << QByteArray("fan_speeds.fan");
    QTest::newRow("layer") << QByteArray("'layer': 6") << QByteArray("'layer': -1") << QByteArray("layer");
    QTest::newRow("position float") << QByteArray("6144") << QByteArray("6144.5") << QByteArray("file_progress.position");
    QTest::newRow("position beyond") << QByteArray("6144") << QByteArray("26777") << QByteArray("file_progress.position");
    QTest::newRow("progress") << QByteArray("22.95") << QByteArray("101") << QByteArray("file_progress.progress_pct");
    QTest::newRow("hotend") << QByteArray("214.4") << QByteArray("501") << QByteArray("hotend_temp");
    QTest::newRow("bed") << QByteArray("59.3") << QByteArray("None") << QByteArray("bed_temp");
    QTest::newRow("file") << QByteArray("'tower_plr.gcode'") << QByteArray("5") << QByteArray("current_file");
}

void TestPlrState::wrongFields()
{
    QFETCH(QByteArray, from);
    QFETCH(QByteArray, to);
    QFETCH(QByteArray, field);
    const auto good = parseVariables(fixture("variables_after_power_loss.cfg"));
    QByteArray text = QByteArray::fromStdString(good->raw.at("resume_meta_info"));
    QVERIFY(text.contains(from));
    const auto state = readPlrState(literal(text.replace(from, to).toStdString()));
    QVERIFY(!state.has_value());
    QCOMPARE(state.error().code, ErrorCode::BadValue);
    QCOMPARE(state.error().field, "resume_meta_info." + field.toStdString());
    QVERIFY(readPlrState(literal("{}")).has_value() && !readPlrState(literal("{}"))->has_value());
    QVERIFY(!readPlrState(literal("5")).has_value());
}

QTEST_GUILESS_MAIN(TestPlrState)
#include "tst_plrstate.moc"
