// SPDX-License-Identifier: GPL-3.0-or-later
#include <QtTest>

#include <cmath>

#include "gcode/fileindex.h"
#include "gcode/linecommands.h"

using namespace kintsugi;
using namespace kintsugi::gcode;

namespace {

const QString folder = QStringLiteral(KINTSUGI_TEST_DATA "/gcode/");

QByteArray contents(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QStringList fixtures()
{
    return QDir(folder).entryList({QStringLiteral("*.gcode")}, QDir::Files, QDir::Name);
}

MachineState run(const QByteArray& text, Dialect dialect = Dialect::Klipper)
{
    MachineState state;
    Command command;
    for (const QByteArray& line : text.split('\n')) {
        LineCommands commands({line.constData(), static_cast<std::size_t>(line.size())}, dialect);
        while (commands.next(command, state))
            apply(state, command, dialect);
    }
    return state;
}

// --- the state as the oracle writes it --------------------------------------------------------------------------------

QJsonValue json(const std::optional<double>& value)
{
    return value ? QJsonValue(*value) : QJsonValue(QJsonValue::Null);
}

QJsonValue jsonLength(const std::optional<Nanometres>& value)
{
    return value ? QJsonValue(toMillimetres(*value)) : QJsonValue(QJsonValue::Null);
}

template <class Map>
QJsonObject jsonMap(const Map& map)
{
    QJsonObject object;
    for (const auto& [key, value] : map) {
        if constexpr (std::is_same_v<std::decay_t<decltype(key)>, int>)
            object.insert(QString::number(key), value);
        else
            object.insert(QString::fromStdString(key), value);
    }
    return object;
}

QJsonValue jsonMesh(const std::optional<MeshState>& mesh)
{
    if (!mesh)
        return QJsonValue::Null;
    if (!mesh->profile.empty())
        return QJsonArray{QStringLiteral("profile"), QString::fromStdString(mesh->profile)};
    return QJsonArray{QStringLiteral("M420"), json(mesh->m420Enabled), json(mesh->m420Slot)};
}

QJsonObject jsonFans(const MachineState& state)
{
    QJsonObject fans;
    for (const auto& [name, speed] : state.fans)
        if (speed != 0)
            fans.insert(QString::fromStdString(name), speed);
    for (const auto& [name, target] : state.heaters)
        if (target != 0)
            fans.insert(QStringLiteral("heater ") + QString::fromStdString(name), target);
    return fans;
}

QJsonObject jsonState(const MachineState& state, Dialect dialect)
{
    QJsonObject position{{QStringLiteral("X"), jsonLength(state.position[0])},
        {QStringLiteral("Y"), jsonLength(state.position[1])}, {QStringLiteral("Z"), jsonLength(state.position[2])}};
    if (state.eIsAbsolute(dialect))
        position.insert(QStringLiteral("E"), toMillimetres(state.e));
    QJsonObject motion;
    for (const auto& [code, values] : state.motion)
        motion.insert(QString::fromStdString(code), jsonMap(values));
    // The oracle takes M900 and M572 for Klipper's own word, whichever came last.
    QJsonObject advance, codes;
    for (const auto& [name, value] : state.pressureAdvance) {
        const QString of = QString::fromStdString(name);
        const bool number = !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
        if (dialect == Dialect::Klipper && number)
            codes.insert(name == "0" ? QStringLiteral("extruder") : QStringLiteral("extruder") + of, value);
        else
            advance.insert(of, value);
    }
    for (auto it = codes.begin(); it != codes.end(); ++it)
        advance.insert(it.key(), it.value());
    QJsonArray excluded;
    for (const std::string& name : state.excluded)
        excluded.append(QString::fromStdString(name));
    const auto key = [](const char* text) { return QString::fromLatin1(text); };
    return {
        {key("position"), position}, {key("absolute_xyz"), state.absoluteXyz}, {key("absolute_e"), state.eIsAbsolute(dialect)},
        {key("inch"), state.inch}, {key("plane"), state.plane}, {key("feed"), jsonLength(state.feed)}, {key("tool"), state.tool},
        {key("speed_percent"), state.speedPercent}, {key("flow_percent"), jsonMap(state.flowPercent)},
        {key("hotend"), jsonMap(state.hotend)}, {key("bed"), json(state.bed)}, {key("chamber"), json(state.chamber)},
        {key("fans"), jsonFans(state)}, {key("motion"), motion}, {key("pressure_advance"), advance},
        {key("retracted"), state.firmwareRetracted}, {key("mesh"), jsonMesh(state.mesh)},
        {key("gcode_offset"), jsonMap(state.gcodeOffset)}, {key("workspace"), state.workspace}, {key("excluded"), excluded},
        {key("object"), state.object ? QJsonValue(QString::fromStdString(*state.object)) : QJsonValue(QJsonValue::Null)},
    };
}

/// The oracle names M486 objects by Python's floats ("3.0", 3.0), Kintsugi as the file does ("3").
QString plainName(const QJsonValue& value)
{
    if (value.isDouble())
        return QString::number(value.toDouble());
    QString text = value.toString();
    if (text.endsWith(QLatin1String(".0")))
        text.chop(2);
    return text;
}

QString difference(const QString& path, const QJsonValue& want, const QJsonValue& got)
{
    if (want.isObject() && got.isObject()) {
        QStringList keys = want.toObject().keys() + got.toObject().keys();
        keys.removeDuplicates();
        for (const QString& key : keys)
            if (const QString why = difference(path + u'.' + key, want.toObject().value(key), got.toObject().value(key)); !why.isEmpty())
                return why;
        return {};
    }
    if (want.isArray() && got.isArray() && want.toArray().size() == got.toArray().size()) {
        for (qsizetype at = 0; at < want.toArray().size(); ++at)
            if (const QString why = difference(path, want.toArray().at(at), got.toArray().at(at)); !why.isEmpty())
                return why;
        return {};
    }
    const bool names = path.endsWith(QLatin1String("excluded")) || path.endsWith(QLatin1String("object"));
    if (names && !want.isNull() && plainName(want) == plainName(got))
        return {};
    if (want.isDouble() && got.isDouble() && std::abs(want.toDouble() - got.toDouble()) <= 1e-9 * std::max(1.0, std::abs(want.toDouble())))
        return {};
    if (want == got)
        return {};
    return path + QStringLiteral(": oracle ") + QJsonDocument(QJsonArray{want}).toJson(QJsonDocument::Compact) + QStringLiteral(", ours ")
        + QJsonDocument(QJsonArray{got}).toJson(QJsonDocument::Compact);
}

QList<QJsonObject> oracleStates(const QString& path, Dialect dialect, const std::vector<ByteOffset>& bytes)
{
    QStringList arguments{QStringLiteral("-B"), QStringLiteral(KINTSUGI_TEST_TOOLS "/oracle_states.py"), path,
        QString::fromStdString(std::string(name(dialect)))};
    for (const ByteOffset byte : bytes)
        arguments << QString::number(byte);
    QProcess python;
    python.start(QStringLiteral(KINTSUGI_PYTHON), arguments);
    QList<QJsonObject> states;
    if (!python.waitForFinished(60'000) || python.exitCode() != 0) {
        qWarning("%s", python.readAllStandardError().constData());
        return states;
    }
    for (const QByteArray& line : python.readAllStandardOutput().split('\n'))
        if (!line.isEmpty())
            states.append(QJsonDocument::fromJson(line).object());
    return states;
}

QString compareWithOracle(const QString& path, Dialect dialect, const std::vector<ByteOffset>& bytes)
{
    const auto source = FileSource::open(path.toStdString());
    const auto index = source ? buildIndex(**source, dialect) : fail(source.error());
    if (!index)
        return QStringLiteral("cannot index ") + path;
    const auto states = oracleStates(path, dialect, bytes);
    if (states.size() != static_cast<qsizetype>(bytes.size()))
        return QStringLiteral("the oracle gave %1 states").arg(states.size());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const auto located = locate(**source, *index, bytes[at]);
        if (!located)
            return QStringLiteral("cannot locate");
        const QString why = difference({}, states[static_cast<qsizetype>(at)], jsonState(located->state, dialect));
        if (!why.isEmpty())
            return QStringLiteral("byte %1%2").arg(bytes[at]).arg(why);
    }
    return {};
}

// --- rows of the recorded tables --------------------------------------------------------------------------------------

qlonglong roundedTo(Nanometres value, Nanometres unit)
{
    return std::llrint(static_cast<double>(value) / static_cast<double>(unit));
}

QString number(double value) { return QString::number(value, 'g', 6); }

QString temperatures(const std::map<int, double>& hotend)
{
    QStringList parts;
    for (const auto& [tool, target] : hotend)
        parts << QStringLiteral("%1:%2").arg(tool).arg(number(target));
    return parts.join(u',');
}

double inMap(const MachineState& state, const char* code, const char* key)
{
    const auto found = state.motion.find(code);
    if (found == state.motion.end())
        return 0;
    const auto value = found->second.find(key);
    return value == found->second.end() ? 0 : value->second;
}

/// The columns of one row without kind, offset, layer and pa; what was never said is 0 there.
QStringList columns(const MachineState& s, Dialect dialect)
{
    const auto axis = [&](std::size_t at) { return QString::number(roundedTo(s.position[at].value_or(0), 1000)); };
    const auto fan = s.fans.find("0");
    const auto flow = s.flowPercent.find(s.tool);
    const auto zOffset = s.gcodeOffset.find("Z");
    const double accel = dialect == Dialect::Klipper ? inMap(s, "SET_VELOCITY_LIMIT", "ACCEL") : inMap(s, "M204", "P");
    const bool relativeE = dialect == Dialect::Klipper ? !s.absoluteEFlag : !s.eIsAbsolute(dialect);
    return {axis(0), axis(1), axis(2), QString::number(roundedTo(s.e, 10)), QString::number(roundedTo(s.eTotal, 10)),
        QString::number(roundedTo(s.feed.value_or(0), 1'000'000)), QString::number(s.tool), number(fan == s.fans.end() ? 0 : fan->second),
        number(s.bed.value_or(0)), number(flow == s.flowPercent.end() ? 100 : flow->second), number(accel),
        QString::number(std::llrint((zOffset == s.gcodeOffset.end() ? 0 : zOffset->second) * 1000)), QString::number(relativeE),
        QString::number(!s.absoluteXyz), temperatures(s.hotend), number(s.speedPercent), QString::number(s.inch),
        QString::number(s.firmwareRetracted)};
}

/// True when a value is known although no line before `byte` could have set it.
QString inventedIn(const QByteArray& text, ByteOffset byte, const MachineState& state)
{
    const QString before = QString::fromLatin1(text.left(static_cast<qsizetype>(byte)));
    const auto never = [&](const char* pattern) {
        return !before.contains(QRegularExpression(QString::fromLatin1(pattern), QRegularExpression::MultilineOption | QRegularExpression::CaseInsensitiveOption));
    };
    constexpr std::array<const char*, 3> axisPatterns{R"(^(N\d+ )?(G0?[0-3]\s*[^;\n]*X|G28|G92))", R"(^(N\d+ )?(G0?[0-3]\s*[^;\n]*Y|G28|G92))",
        R"(^(N\d+ )?(G0?[0-3]\s*[^;\n]*Z|G28|G92))"};
    for (std::size_t axis = 0; axis < 3; ++axis) {
        if (state.position[axis].has_value() && never(axisPatterns[axis]))
            return QStringLiteral("position");
        if (state.position[axis].has_value() != (state.setBy[axis] != SetBy::Nothing))
            return QStringLiteral("setBy");
    }
    if (state.feed && never(R"(^(N\d+ )?G[0-3][^;\n]*F)"))
        return QStringLiteral("feed");
    if (state.bed && never(R"(^(N\d+ )?M1[49]0)"))
        return QStringLiteral("bed");
    if (state.chamber && never(R"(^(N\d+ )?M1[49]1)"))
        return QStringLiteral("chamber");
    if (!state.hotend.empty() && never(R"(^(N\d+ )?(M10[49]|G10|M568))"))
        return QStringLiteral("hotend");
    if (!state.fans.empty() && never(R"(^(N\d+ )?M10[67])"))
        return QStringLiteral("fans");
    return {};
}

} // namespace

class TestMachineState : public QObject
{
    Q_OBJECT
private slots:
    void dialectNames();
    void parsesCommands_data();
    void parsesCommands();
    void readsNothingBehindTheLine();
    void parsesNumbers_data();
    void parsesNumbers();
    void parsesExtendedCommands();
    void parametersAreSplitLikeAShell_data();
    void parametersAreSplitLikeAShell();
    void extruderMode_data();
    void extruderMode();
    void takesRepRapLinesApart_data();
    void takesRepRapLinesApart();
    void fansHaveAFullSpeed();
    void severalCommandsOnALine();
    void coordinatesAloneRepeatTheMove();
    void whatOnlyThePrinterDecidesIsUnknown_data();
    void whatOnlyThePrinterDecidesIsUnknown();
    void homeIsWhereThePrinterSays_data();
    void homeIsWhereThePrinterSays();
    void nothingIsKnownAtTheStart();
    void provenanceOfPositions();
    void macrosMakeMotionUnknownUntilAllAxesMoved();
    void retractionIsWhatIsMissingFromTheHighest();
    void hostileNamesDoNotGrowTheState();
    void recordedRows_data();
    void recordedRows();
    void equalsTheOracleOnFixtures_data();
    void equalsTheOracleOnFixtures();
    void equalsTheOracleOnEveryCommand_data();
    void equalsTheOracleOnEveryCommand();
};

void TestMachineState::dialectNames()
{
    for (const Dialect dialect : {Dialect::Klipper, Dialect::Marlin, Dialect::Prusa, Dialect::RepRapFirmware, Dialect::Marlin1})
        QVERIFY(dialectFromName(name(dialect)) == dialect);
    QCOMPARE(std::string(name(Dialect::RepRapFirmware)), std::string("reprapfirmware"));
    QVERIFY(!dialectFromName("Klipper"));
    QVERIFY(!dialectFromName(""));
}

void TestMachineState::parsesCommands_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("code"); // canonical: code, then each letter with value in thousandths or '-'
    QTest::newRow("plain") << QByteArray("G1 X10 Y-2.5 E.8") << QByteArray("G1 E800 X10000 Y-2500");
    QTest::newRow("no blanks, lower case") << QByteArray("g1x10y20e.5") << QByteArray("G1 E500 X10000 Y20000");
    QTest::newRow("no blanks, two digits") << QByteArray("g28x0") << QByteArray("G28 X0");
    QTest::newRow("no blanks, three digits") << QByteArray("M104S200") << QByteArray("M104 S200000");
    QTest::newRow("many blanks") << QByteArray("  G1   X4.400 \t Y0.039   F7200  ") << QByteArray("G1 F7200000 X4400 Y39");
    QTest::newRow("blank before the number") << QByteArray("G 1 X 5 Y -3") << QByteArray("G1 X5000 Y-3000");
    QTest::newRow("leading zeros") << QByteArray("G00 X01.50") << QByteArray("G0 X1500");
    QTest::newRow("subcode") << QByteArray("G92.1 X1") << QByteArray("G92.1 X1000");
    QTest::newRow("line number and checksum") << QByteArray("N123 G1 X5*97") << QByteArray("G1 X5000");
    QTest::newRow("lower-case line number") << QByteArray("n12 g1 x5") << QByteArray("G1 X5000");
    QTest::newRow("line number glued") << QByteArray("N7G28*18 ") << QByteArray("G28");
    QTest::newRow("flag without value") << QByteArray("G28 X Y") << QByteArray("G28 X- Y-");
    QTest::newRow("first occurrence counts") << QByteArray("G1 X1 X2") << QByteArray("G1 X1000");
    QTest::newRow("first occurrence counts, flag") << QByteArray("G1 X X2") << QByteArray("G1 X-");
    QTest::newRow("E is a letter, not an exponent") << QByteArray("G1 X1E5") << QByteArray("G1 E5000 X1000");
    QTest::newRow("sign alone") << QByteArray("G1 X- Y+1") << QByteArray("G1 X- Y1000");
    QTest::newRow("comment") << QByteArray("G1 X1;Y2") << QByteArray("G1 X1000");
    QTest::newRow("remark in parentheses") << QByteArray("(start) G1 (x) X1 (Y9) Z3") << QByteArray("G1 X1000 Z3000");
    QTest::newRow("open parenthesis") << QByteArray("G1 X1 (Y9") << QByteArray("G1 X1000 Y9000");
    QTest::newRow("tool") << QByteArray("T3") << QByteArray("T3");
    QTest::newRow("text") << QByteArray("M117 G1 X5") << QByteArray("text M117");
    QTest::newRow("text with subcode") << QByteArray("M862.3 P \"MK3\"") << QByteArray("text M862.3");
    QTest::newRow("M862.1 is no text") << QByteArray("M862.1 P0.4") << QByteArray("M862.1 P400");
    QTest::newRow("macro that looks like a code") << QByteArray("G1_PURGE X5") << QByteArray("name G1_PURGE");
    QTest::newRow("macro that looks like a tool") << QByteArray("T0_DROP") << QByteArray("name T0_DROP");
    QTest::newRow("pair that looks like a code") << QByteArray("G1=5") << QByteArray("name G1=5");
    QTest::newRow("blank") << QByteArray("  \t") << QByteArray("none");
    QTest::newRow("only a comment") << QByteArray(" ; G1 X5") << QByteArray("none");
    QTest::newRow("only a remark") << QByteArray("(G1 X5)") << QByteArray("none");
    QTest::newRow("only a line number") << QByteArray("N5*3") << QByteArray("none");
    QTest::newRow("nul padding") << QByteArray(9, '\0') << QByteArray("none");
    QTest::newRow("nul before a command") << QByteArray("\0G1 X5", 6) << QByteArray("name ?");
    QTest::newRow("code without number") << QByteArray("G X5") << QByteArray("name G");
    QTest::newRow("latin-1") << QByteArray("\xE4 X5") << QByteArray("name ?");
}

void TestMachineState::parsesCommands()
{
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, code);
    const Command command = parseCommand({line.constData(), static_cast<std::size_t>(line.size())});
    QByteArray got;
    const auto number = [&] {
        const QByteArray text = QByteArray(1, command.letter) + QByteArray::number(command.number);
        return command.subcode ? text + '.' + QByteArray::number(command.subcode) : text;
    };
    switch (command.kind) {
    case Command::Kind::None: got = "none"; break;
    case Command::Kind::Meta: got = "meta"; break;
    case Command::Kind::Text: got = "text " + number(); break;
    case Command::Kind::Extended: {
        const QByteArray name = QByteArray::fromStdString(std::string(command.name));
        got = "name " + (QChar::fromLatin1(name[0]).unicode() < 128 && name[0] != '\0' ? name : QByteArray("?"));
        break;
    }
    case Command::Kind::Code:
        got = number();
        for (char letter = 'A'; letter <= 'Z'; ++letter)
            if (command.has(letter))
                got += ' ' + QByteArray(1, letter) + (command.value(letter) ? QByteArray::number(qlonglong{*command.value(letter) / 1000}) : QByteArray("-"));
        break;
    }
    QCOMPARE(got, code);
    QCOMPARE(command.hasComment, line.contains(';'));
}

void TestMachineState::readsNothingBehindTheLine()
{
    constexpr std::string_view text = "G28 (x) X5 Y-12";
    for (std::size_t length = 0; length <= text.size(); ++length) {
        const Command whole = parseCommand(text.substr(0, length));
        const std::string copy(text.substr(0, length));
        const Command alone = parseCommand(copy);
        QCOMPARE(std::string(whole.rest), std::string(alone.rest));
        QCOMPARE(whole.present, alone.present);
        QVERIFY(whole.values == alone.values);
    }
}

void TestMachineState::parsesNumbers_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<qlonglong>("millionths");
    QTest::newRow("whole") << QByteArray("12") << 12'000'000LL;
    QTest::newRow("six decimals") << QByteArray("0.123456") << 123'456LL;
    QTest::newRow("seventh rounds up") << QByteArray("0.1234565") << 123'457LL;
    QTest::newRow("seventh rounds down") << QByteArray("-0.12345649999") << -123'456LL;
    QTest::newRow("no leading zero") << QByteArray("-.5") << -500'000LL;
    QTest::newRow("no decimals after the point") << QByteArray("+7.") << 7'000'000LL;
    QTest::newRow("five decimals at 271 m") << QByteArray("271234.56789") << 271'234'567'890LL;
    QTest::newRow("absurd") << QByteArray("99999999999999999999999999") << 9'000'000'000'000'000LL;
    QTest::newRow("absurdly small") << QByteArray("-99999999999999999999999999") << -9'000'000'000'000'000LL;
    QTest::newRow("many zeros in front") << QByteArray("00000000000000000000000001.5") << 1'500'000LL;
}

void TestMachineState::parsesNumbers()
{
    QFETCH(QByteArray, text);
    QFETCH(qlonglong, millionths);
    const QByteArray line = "G1 X" + text;
    const auto value = parseCommand({line.constData(), static_cast<std::size_t>(line.size())}).value('X');
    QVERIFY(value);
    QCOMPARE(qlonglong{*value}, millionths);
}

void TestMachineState::parsesExtendedCommands()
{
    const Command command = parseCommand("  Set_Fan_Speed  fan=aux  SPEED=0.5 ; half");
    QCOMPARE(command.kind, Command::Kind::Extended);
    QCOMPARE(std::string(command.name), std::string("Set_Fan_Speed"));
    QCOMPARE(std::string(command.rest), std::string("fan=aux  SPEED=0.5"));
    QCOMPARE(std::string(command.comment), std::string(" half"));
    QVERIFY(command.hasComment);
    QCOMPARE(run("Set_Fan_Speed fan=aux SPEED=0.5").fans.at("aux"), 0.5);
    const Command quoted = parseCommand("RESPOND MSG=\"one; two\" X='3;4' ; five \"six\"");
    QCOMPARE(std::string(quoted.rest), std::string("MSG=\"one; two\" X='3;4'"));
    QCOMPARE(std::string(quoted.comment), std::string(" five \"six\""));
    const Command whole = parseCommand("RESPOND MSG=\"one; two\"");
    QVERIFY(!whole.hasComment && whole.comment.empty());
    QCOMPARE(std::string(parseCommand("RESPOND MSG=it's ; five").comment), std::string(" five"));
    QCOMPARE(std::string(parseCommand("M117 \"one; two\"").rest), std::string("\"one"));
}

void TestMachineState::parametersAreSplitLikeAShell_data()
{
    QTest::addColumn<QByteArray>("rest");
    QTest::addColumn<QByteArray>("pairs");
    QTest::newRow("plain") << QByteArray("A=1 b=two") << QByteArray("A:1|B:two|");
    QTest::newRow("quotes") << QByteArray("NAME=\"a b\" X='c d'") << QByteArray("NAME:a b|X:c d|");
    QTest::newRow("quotes inside") << QByteArray("NAME=a\" \"b") << QByteArray("NAME:a b|");
    QTest::newRow("lone quote") << QByteArray("NAME=it's") << QByteArray("NAME:it's|");
    QTest::newRow("blanks round the sign") << QByteArray("A = 1 B= 2") << QByteArray("A:1|B:2|");
    QTest::newRow("words between") << QByteArray("now A=1 please") << QByteArray("A:1|");
    QTest::newRow("list value") << QByteArray("CENTER=1,2 POLYGON=[[1,2],[3,4]]") << QByteArray("CENTER:1,2|POLYGON:[[1,2],[3,4]]|");
    QTest::newRow("hash is a comment") << QByteArray("A=1 # B=2") << QByteArray("A:1|");
    QTest::newRow("hash in a value is not") << QByteArray("A=x#1 B=2") << QByteArray("A:x#1|B:2|");
    QTest::newRow("empty") << QByteArray("A=") << QByteArray("A:|");
}

void TestMachineState::parametersAreSplitLikeAShell()
{
    QFETCH(QByteArray, rest);
    QFETCH(QByteArray, pairs);
    QByteArray got;
    for (const auto& [key, value] : parseParameters({rest.constData(), static_cast<std::size_t>(rest.size())}))
        got += QByteArray::fromStdString(key) + ':' + QByteArray::fromStdString(value) + '|';
    QCOMPARE(got, pairs);
}

void TestMachineState::extruderMode_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("absolute"); // klipper, marlin, prusa, reprapfirmware, marlin1
    QTest::newRow("at the start") << QByteArray("") << QByteArray("11111");
    QTest::newRow("G91") << QByteArray("G91") << QByteArray("00110");
    QTest::newRow("M83") << QByteArray("M83") << QByteArray("00000");
    QTest::newRow("M83 G90") << QByteArray("M83\nG90") << QByteArray("01000");
    QTest::newRow("G90 M83") << QByteArray("G90\nM83") << QByteArray("00000");
    QTest::newRow("G91 M82") << QByteArray("G91\nM82") << QByteArray("01110");
    QTest::newRow("M83 G91 G90") << QByteArray("M83\nG91\nG90") << QByteArray("01000");
    QTest::newRow("M82 G91 G90") << QByteArray("M82\nG91\nG90") << QByteArray("11111");
}

void TestMachineState::extruderMode()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, absolute);
    QByteArray got;
    for (const Dialect dialect : {Dialect::Klipper, Dialect::Marlin, Dialect::Prusa, Dialect::RepRapFirmware, Dialect::Marlin1})
        got += run(text, dialect).eIsAbsolute(dialect) ? '1' : '0';
    QCOMPARE(got, absolute);
}

void TestMachineState::takesRepRapLinesApart_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("commands");
    const auto row = [](const char* line, const char* commands) { QTest::newRow(line) << QByteArray(line) << QByteArray(commands); };
    row("G1 X5 Y6", "G1 X Y");
    row("G91 G1 Z5 G90", "G91|G1 Z|G90");
    row("g91g1z5g90", "G91|G1 Z|G90");
    row("N12 G91 G1 Z5*33", "G91|G1 Z");
    row("T0 M109 S200 T1", "T0|M109 S T");
    row("M106 S255 ; G1 X5", "M106 S");
    row("M486 S1 A\"G1 X5; M3\" G28", "M486 A S|G28");
    row("M486 S1 AG1_M3", "M486 A G M S"); // a name without quotes goes to the end
    row("G29 S1 P\"m5 g1.csv\"", "G29 P S");
    row("M117 G1 X5", "M117 text");
    row("M98 P\"a.g\" G1 X5", "M98 text|G1 X");
    row("M98 Pa.g G1 X5", "M98 text");
    row("G1 X{move.axes[0].max} Y{var.m5} E5", "G1 E X? Y?");
    row("G1 X{ {g1} + 1 } G90", "G1 X?|G90");
    row("G1 'x5 Y3", "G1 Y");
    row("T{state.currentTool}", "T0 T?");
    row("X10 Y5", "G1 X Y");
    row("X10 Y5 M106 S0", "G1 X Y|M106 S");
    row("Y{var.a}", "G1 Y?");
    row("F1800", "G1 F?");
    row("Xyz", "Xyz");
    row("if move.axes[0].homed", "meta if");
    row("  while iterations < 3", "meta while +2");
    row("\tvar x = 5", "meta var +4");
    row("else", "meta else");
    row("elsewhere", "elsewhere");
    row("echo \"G1 X5; more\"", "meta echo");
    row("abort", "meta abort");
    row("SET_GCODE_OFFSET Z=1 M5", "SET_GCODE_OFFSET");
    row("; G1 X5", "none");
    row("", "none");
}

void TestMachineState::takesRepRapLinesApart()
{
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, commands);
    RepRapLine left({line.constData(), static_cast<std::size_t>(line.size())});
    Command command;
    QByteArrayList got;
    while (takeCommand(left, 1, command)) {
        const QByteArray name = QByteArray::fromStdString(std::string(command.name));
        QByteArray text;
        switch (command.kind) {
        case Command::Kind::None: text = "none"; break;
        case Command::Kind::Meta: text = "meta " + name; break;
        case Command::Kind::Extended: text = name; break;
        case Command::Kind::Text: text = command.letter + QByteArray::number(command.number) + " text"; break;
        case Command::Kind::Code:
            text = command.letter + QByteArray::number(command.number);
            for (char letter = 'A'; letter <= 'Z'; ++letter)
                if (command.has(letter))
                    text += ' ' + QByteArray(1, letter) + (((command.computed >> (letter - 'A')) & 1U) ? "?" : "");
            break;
        }
        QCOMPARE(command.continues, !got.isEmpty());
        QCOMPARE(command.modal, command.kind == Command::Kind::Code && !line.trimmed().startsWith('T') && !line.contains('G') && !line.contains('g') && command.letter == 'G');
        got << text + (command.indent ? " +" + QByteArray::number(command.indent) : QByteArray());
    }
    QCOMPARE(got.join('|'), commands);
}

void TestMachineState::fansHaveAFullSpeed()
{
    QCOMPARE(run("M106 S9999").fans.at("0"), 255.0);
    QCOMPARE(run("M106 S-5", Dialect::Marlin).fans.at("0"), 0.0);
    QCOMPARE(run("M106 S0.5", Dialect::RepRapFirmware).fans.at("0"), 127.5);
    QCOMPARE(run("M106 P3 S300", Dialect::RepRapFirmware).fans.at("3"), 255.0);
    QCOMPARE(run("SET_FAN_SPEED FAN=aux SPEED=7").fans.at("aux"), 1.0);
}

void TestMachineState::severalCommandsOnALine()
{
    const MachineState state = run("G28\nM82\nG90 M83\nG1 Z0\nG91 G1 Z5 G90\nM106 S128 M104 S230", Dialect::RepRapFirmware);
    QVERIFY(state.absoluteXyz && !state.absoluteEFlag);
    QCOMPARE(state.position[2], std::optional(toNanometres(5)));
    QCOMPARE(state.fans.at("0"), 128.0);
    QCOMPARE(state.hotend.at(0), 230.0);
    QVERIFY(run("G90 M83", Dialect::Marlin).absoluteEFlag); // Marlin takes the rest for parameters
}

void TestMachineState::coordinatesAloneRepeatTheMove()
{
    const MachineState state = run("G90\nM83\nG1 X1 Y1 Z1 F600\nX10 Y5 E2\nM106 S1\nZ3", Dialect::RepRapFirmware);
    QCOMPARE(state.position[0], std::optional(toNanometres(10)));
    QCOMPARE(state.position[1], std::optional(toNanometres(5)));
    QCOMPARE(state.position[2], std::optional(toNanometres(3)));
    QCOMPARE(state.eTotal, toNanometres(2));
    QCOMPARE(run("G1 X1\nX10", Dialect::Marlin).position[0], std::optional(toNanometres(1)));
    QVERIFY(run("G1 X1 F600\nF1200", Dialect::RepRapFirmware).unknownFields.count("feed")); // some machines do, some do not
}

void TestMachineState::whatOnlyThePrinterDecidesIsUnknown_data()
{
    QTest::addColumn<QByteArray>("text"); // after a start in which all is known
    QTest::addColumn<QByteArray>("unknown");
    const auto row = [](const char* text, const char* unknown) { QTest::newRow(text) << QByteArray(text) << QByteArray(unknown); };
    row("M117 nothing", "");
    row("G1 X{var.x} Y5", "x");
    row("G1 X{var.x}\nG1 X5", "");
    row("G1 E{var.e}", "e");
    row("G1 E{var.e}\nG92 E0", "");
    row("G1 X5 E{var.e}", "e printed");
    row("G1 X{var.x} E5", "printed x");
    row("G1 F{var.f}", "feed");
    row("G1 F{var.f}\nG1 F1200", "");
    row("G92 X{var.x}", "x");
    row("M104 S{var.t}", "hotend.0");
    row("M104 S{var.t}\nM104 S210", "");
    row("M104 T{var.t} S200", "hotend");
    row("M106 S{var.s}", "fans.0");
    row("M106 S{var.s}\nM107", "");
    row("M106 P2 S{var.s}\nM107", "fans.2");
    row("M140 S{var.s}", "bed");
    row("M220 S{var.s}", "speed_percent");
    row("M221 D1 S{var.s}", "flow_percent.1");
    row("M204 P{var.s} T500", "motion.M204.P motion.M204.T");
    row("M572 D0 S{var.s}", "pressure_advance.0");
    row("T{var.t}", "tool");
    row("T{var.t}\nM104 S200", "hotend tool");
    row("T{var.t}\nT0", "");
    row("if var.a\n  G1 X5\nM117", "x");
    row("if var.a\n  M106 S255\nelse\n  M140 S60\nG1 F100", "bed fans.0");
    row("if var.a\n  M106 S255\n\n; a comment at the margin\n  M140 S60\nM117", "bed fans.0");
    row("if var.a\n  M106 S255\n", "block fans.0"); // still open
    row("if var.a\n  if var.b\n    M106 S255\n  M140 S60\nM117\nM106 S9", "bed");
    row("while iterations < 3\n\tG91\n\tG1 Z1\n\tG90\nM117", "absolute_xyz z");
    row("while iterations < 3\n  G91\nG90\nG1 X5", "");
    row("while iterations < 3\n  G91\nG1 X5", "absolute_xyz x");
    row("if var.a\n  G20\nG1 X5 F100", "feed inch x");
    row("if var.a\n  M82\nG1 X5 E1", "absolute_e e printed");
    row("if var.a\n  G28\nM117", "x y z");
    row("if var.a\n  G92 Z5\nM117", "z");
    row("if var.a\n  T1\nM117", "tool");
    row("if var.a\n  G1 X5 Y5 E1\nM117", "e printed x y");
    row("if var.a\nM106 S9", "");
    row("var x = 5\nset var.x = 6\nglobal y = 1\necho \"G28\"", "");
}

void TestMachineState::whatOnlyThePrinterDecidesIsUnknown()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, unknown);
    const QByteArray start = "G21\nG90\nM83\nT0\nG1 X1 Y1 Z1 F600\nG92 E0\nM104 S200\nM140 S60\nM106 S9\n";
    const MachineState state = run(start + text, Dialect::RepRapFirmware);
    std::set<std::string> got = state.unknownFields;
    for (std::size_t axis = 0; axis < 3; ++axis)
        if (!state.position[axis])
            got.insert(std::string(1, static_cast<char>('x' + axis)));
    if (state.block)
        got.insert("block");
    QByteArrayList names;
    for (const std::string& name : got)
        names << QByteArray::fromStdString(name);
    QCOMPARE(names.join(' '), unknown);
    // A value that is not known is not there either.
    QCOMPARE(state.bed.has_value(), got.count("bed") == 0);
    QCOMPARE(state.feed.has_value(), got.count("feed") == 0);
    QCOMPARE(state.fans.count("0") == 1, got.count("fans.0") == 0);
    QCOMPARE(state.hotend.count(0) == 1, got.count("hotend.0") + got.count("hotend") == 0);
}

void TestMachineState::homeIsWhereThePrinterSays_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("known"); // axes
    const auto row = [](const char* text, const char* known) { QTest::newRow(text) << QByteArray(text) << QByteArray(known); };
    row("G28", "");
    row("G28 X0 Y0", "Z");
    row("G28 X Y\nG1 X5", "XZ");
    row("G28 Z\nG91\nG1 Z5\nG90", "XY");
    row("G28\nG92 X0", "X");
    row("G28\nG1 X1 Y1 Z1", "XYZ");
}

void TestMachineState::homeIsWhereThePrinterSays()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, known);
    for (const Dialect dialect : {Dialect::Klipper, Dialect::Marlin, Dialect::Prusa, Dialect::RepRapFirmware, Dialect::Marlin1}) {
        const MachineState state = run("G90\nG1 X3 Y3 Z3\n" + text, dialect);
        for (std::size_t axis = 0; axis < 3; ++axis)
            QCOMPARE(state.placed(axis).has_value(), known.contains(static_cast<char>('X' + axis)));
    }
    QVERIFY(run("G28\nG92 X0").nativeUnknown & 1U);
}

void TestMachineState::nothingIsKnownAtTheStart()
{
    const MachineState state = run("; G1 X5 F100\nM117 G28\nG91\nG1 X5 Y5 Z5\nG90");
    QVERIFY(!state.position[0] && !state.position[1] && !state.position[2]);
    QVERIFY(!state.feed && !state.bed && !state.chamber && !state.mesh && !state.object);
    QVERIFY(state.hotend.empty() && state.fans.empty() && state.flowPercent.empty() && state.motion.empty());
    QVERIFY((state.setBy == std::array{SetBy::Nothing, SetBy::Nothing, SetBy::Nothing}));
}

void TestMachineState::provenanceOfPositions()
{
    const auto setBy = [](const char* text) { return run(text).setBy; };
    QVERIFY((setBy("G28 X") == std::array{SetBy::Homing, SetBy::Nothing, SetBy::Nothing}));
    QVERIFY((setBy("G28\nG1 X5") == std::array{SetBy::Move, SetBy::Homing, SetBy::Homing}));
    QVERIFY((setBy("G1 X1 Y1 Z1\nG92 Z5") == std::array{SetBy::Move, SetBy::Move, SetBy::G92}));
    QVERIFY((setBy("SET_KINEMATIC_POSITION Z=10") == std::array{SetBy::Nothing, SetBy::Nothing, SetBy::Declared}));
    // A relative move carries the doubt of where it started.
    QVERIFY((setBy("G28\nG91\nG1 Z5") == std::array{SetBy::Homing, SetBy::Homing, SetBy::Homing}));
    QCOMPARE(run("G28\nG91\nG1 Z5").position[2].value_or(-1), Nanometres{5'000'000});
}

void TestMachineState::macrosMakeMotionUnknownUntilAllAxesMoved()
{
    QVERIFY(!run("G28\nG1 X1 Y1 Z1").unknownMotion);
    for (const char* macro : {"START_PRINT BED=60", "G29", "M600", "G38.2 Z-5", "RESTORE_GCODE_STATE NAME=x MOVE=1", "m98 P\"x.g\"", "G1_PURGE"})
        QVERIFY2(run(QByteArray("G1 X1 Y1 Z1\n") + macro).unknownMotion, macro);
    for (const char* harmless : {"SET_PRINT_STATS_INFO CURRENT_LAYER=1", "EXCLUDE_OBJECT_START NAME=a", "set_pressure_advance ADVANCE=0.1", "M73 P5",
             "BED_MESH_PROFILE LOAD=a", "PLR_SAVE_PRINT_STATE_WITH_LAYER LAYER=1", "M117 hello"})
        QVERIFY2(!run(harmless).unknownMotion, harmless);
    QVERIFY(run("START_PRINT\nG1 X1 Y1").unknownMotion);
    QVERIFY(!run("START_PRINT\nG1 X1 Y1\nG1 Z3").unknownMotion);
    QVERIFY(run("START_PRINT\nG91\nG1 X1 Y1 Z1").unknownMotion);
    QVERIFY(run("G1 X1 Y1\nSTART_PRINT\nG1 Z3").unknownMotion);
    const MachineState state = run("start_print\nG29\nSTART_PRINT A=1\nG1 X1 Y1 Z1");
    QVERIFY((state.unknownCommands == std::vector<std::string>{"START_PRINT", "G29"}));
}

void TestMachineState::retractionIsWhatIsMissingFromTheHighest()
{
    QCOMPARE(run("M83\nG1 E10\nG1 E-.8").retracted(), Nanometres{800'000});
    QCOMPARE(run("M83\nG1 E10\nG1 E-.8\nG1 E.8").retracted(), Nanometres{0});
    const MachineState absolute = run("M82\nG1 E10\nG92 E0\nG1 E-2\nG92 E0");
    QCOMPARE(absolute.retracted(), Nanometres{2'000'000});
    QCOMPARE(absolute.eTotal, Nanometres{8'000'000});
    QCOMPARE(absolute.e, Nanometres{0});
}

void TestMachineState::hostileNamesDoNotGrowTheState()
{
    MachineState state;
    const std::string longName(100'000, 'x');
    for (int number = 0; number < 20'000; ++number) {
        const std::string name = std::to_string(number) + longName.substr(0, number == 5 ? longName.size() : 1);
        for (const char* pattern : {"EXCLUDE_OBJECT_DEFINE NAME=", "EXCLUDE_OBJECT NAME=", "SET_FAN_SPEED SPEED=1 FAN=", "MACRO_"})
            apply(state, parseCommand(pattern + name), Dialect::Klipper);
        apply(state, parseCommand("M104 S200 T" + std::to_string(number)), Dialect::Klipper);
    }
    QCOMPARE(state.definedObjects.size(), MachineState::maxNames);
    QCOMPARE(state.excluded.size(), MachineState::maxNames);
    QCOMPARE(state.fans.size(), MachineState::maxNames);
    QCOMPARE(state.hotend.size(), MachineState::maxNames);
    QCOMPARE(state.unknownCommands.size(), std::size_t{64});
    for (const std::string& name : state.definedObjects)
        QVERIFY(name.size() <= MachineState::maxNameLength);
    // Sums saturate instead of overflowing.
    for (int count = 0; count < 5000; ++count)
        for (const char* line : {"G1 E99999999999999999", "G92 E-99999999999999"})
            apply(state, parseCommand(line), Dialect::Prusa);
    QCOMPARE(state.eTotal, std::numeric_limits<Nanometres>::max());
}

void TestMachineState::recordedRows_data()
{
    QTest::addColumn<QString>("file");
    for (const QString& file : fixtures())
        QTest::newRow(qPrintable(file)) << file;
}

void TestMachineState::recordedRows()
{
    QFETCH(QString, file);
    const Dialect dialect = file.contains(QLatin1String("klipper")) ? Dialect::Klipper : Dialect::Marlin;
    const QByteArray text = contents(folder + file);
    const MemorySource source(text.toStdString());
    const auto index = buildIndex(source, dialect);
    QVERIFY(index);
    const QString table = folder + QStringLiteral("expected/") + file.chopped(6) + QStringLiteral(".state.tsv");
    const QList<QByteArray> rows = contents(table).split('\n');
    QVERIFY(rows.size() > 100);
    int checked = 0;
    for (const QByteArray& row : rows.mid(1)) {
        if (row.isEmpty())
            continue;
        QStringList want = QString::fromLatin1(row).split(u'\t');
        const auto offset = want[1].toULongLong();
        const auto located = locate(source, *index, offset);
        QVERIFY(located);
        QCOMPARE(located->byte, ByteOffset{offset});
        const auto& state = located->state;
        const double pa = want[14].toDouble() / 1e4;
        bool advanceFound = pa == 0;
        for (const auto& [key, value] : state.pressureAdvance)
            advanceFound = advanceFound || std::llrint(value * 1e4) == std::llrint(pa * 1e4);
        QVERIFY2(advanceFound, row.constData());
        want.remove(14);
        const QStringList got = columns(state, dialect);
        QVERIFY2(got == want.mid(3), qPrintable(QStringLiteral("want %1\ngot  %2").arg(want.mid(3).join(u' '), got.join(u' '))));
        const QString invented = inventedIn(text, offset, state);
        QVERIFY2(invented.isEmpty(), qPrintable(invented + u' ' + want[1]));
        ++checked;
    }
    QVERIFY(checked > 100);
}

void TestMachineState::equalsTheOracleOnFixtures_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<int>("dialect");
    for (const QString& file : fixtures())
        for (const Dialect dialect : {Dialect::Klipper, Dialect::Marlin})
            QTest::newRow(qPrintable(file + u' ' + QString::fromStdString(std::string(name(dialect))))) << file << static_cast<int>(dialect);
}

void TestMachineState::equalsTheOracleOnFixtures()
{
    QFETCH(QString, file);
    QFETCH(int, dialect);
    const auto size = static_cast<ByteOffset>(QFileInfo(folder + file).size());
    std::vector<ByteOffset> bytes{0, 1, 3, 400, 2000};
    for (ByteOffset part = 1; part <= 40; ++part)
        bytes.push_back(std::max<ByteOffset>(2001, size * part / 40));
    const QString why = compareWithOracle(folder + file, static_cast<Dialect>(dialect), bytes);
    QVERIFY2(why.isEmpty(), qPrintable(why));
}

void TestMachineState::equalsTheOracleOnEveryCommand_data()
{
    QTest::addColumn<int>("dialect");
    for (const Dialect dialect : {Dialect::Klipper, Dialect::Marlin, Dialect::Prusa, Dialect::RepRapFirmware})
        QTest::newRow(std::string(name(dialect)).c_str()) << static_cast<int>(dialect);
}

void TestMachineState::equalsTheOracleOnEveryCommand()
{
    QFETCH(int, dialect);
    const QString path = QStringLiteral(KINTSUGI_TEST_DATA "/gcode/commands.txt");
    const QByteArray text = contents(path);
    QVERIFY(text.count('\n') > 100);
    std::vector<ByteOffset> bytes;
    for (qsizetype at = 0; at <= text.size(); ++at)
        if (at == text.size() || text[at] == '\n')
            bytes.push_back(static_cast<ByteOffset>(std::min(at + 1, text.size())));
    const QString why = compareWithOracle(path, static_cast<Dialect>(dialect), bytes);
    QVERIFY2(why.isEmpty(), qPrintable(why));
}

QTEST_GUILESS_MAIN(TestMachineState)
#include "tst_machinestate.moc"
