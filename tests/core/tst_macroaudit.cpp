// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "recovery/macroaudit.h"
#include "recovery/macroaudittemplate.h"

using namespace kintsugi;
using namespace kintsugi::recovery;

namespace {

std::string read(const QByteArray& text)
{
    return text.toStdString();
}

/// "homes-z! gcode_macro park:3" of every finding, '!' where it blocks.
QByteArray summary(const MacroAudit& audit)
{
    QByteArray out;
    for (const MacroFinding& found : audit.findings) {
        out += out.isEmpty() ? "" : ", ";
        out += QByteArray::fromStdString(std::string(name(found.hazard)) + (found.blocks ? "! " : " ") + found.section + ':' + std::to_string(found.line));
    }
    return out;
}

AuditRoot rootOf(const std::string& line)
{
    return {.label = "step 1", .lines = {line}, .zIsKnown = true};
}

} // namespace

class TestMacroAudit : public QObject
{
    Q_OBJECT

private slots:
    void readsConfiguration();
    void rendersTemplates_data();
    void rendersTemplates();
    void findsHazards_data();
    void findsHazards();
    void extruderModes_data();
    void extruderModes();
    void beforeTheLift_data();
    void beforeTheLift();
    void homingXy_data();
    void homingXy();
    void mendedTextIsClean_data();
    void mendedTextIsClean();
    void pathsAndWords();
    void fakedHoming_data();
    void fakedHoming();
    void hugeAndHostileTexts();
};

void TestMacroAudit::readsConfiguration()
{
    const auto config = readKlipperConfig("# [commented]\n[Printer]\nkinematics : corexy # fast\n[gcode_macro My_Park]\nrename_existing: X\n"
                                          "gcode:\n    G28 X ; home\n\n    # gone\n    G1 Z5\n[fan_generic Aux]\n[extruder]\nmax_temp=300\nmin_temp: 0\nmin_extrude_temp: x\n");
    QCOMPARE(config.sections.size(), std::size_t(4));
    QCOMPARE(*config.text("printer", "kinematics"), std::string("corexy"));
    QCOMPARE(config.macro("MY_PARK"), std::string("gcode_macro my_park"));
    QCOMPARE(config.macro("other"), std::string());
    QCOMPARE(*config.text("gcode_macro my_park", "gcode"), std::string("\n    G28 X ; home\n    G1 Z5"));
    QCOMPARE(config.named("fan_generic"), std::vector<std::string>{"aux"});
    QCOMPARE(heatRange(config, "extruder").maximum.value(), 300.0);
    QVERIFY(!heatRange(config, "extruder").extrudeFrom);
    QVERIFY(!heatRange(config, "heater_bed").maximum);
}

void TestMacroAudit::rendersTemplates_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("call");
    QTest::addColumn<QByteArray>("expected"); // lines joined by '|'; '?' for an unknown value
    const auto row = [](const char* name, const char* text, const char* call, const char* expected) {
        QTest::newRow(name) << QByteArray(text) << QByteArray(call) << QByteArray(expected);
    };
    row("plain", "\nG28 X\n  G1 Z5 \n", "A", "G28 X|G1 Z5");
    row("comment tag", "{# G28 #}M117", "A", "M117");
    row("value", "G1 Z{z + 1} F600", "A", "G1 Z? F600");
    row("silent actions", "{action_respond_info('}')}\nM105", "A", "M105");
    row("unknown condition: both", "{% if printer.x %}\nG28\n{% else %}\nG29\n{% endif %}", "A", "G28|G29");
    row("axis asked", "{% if 'Z' in params %}\nG28 Z\n{% endif %}\nG28 X", "G28 X Y", "G28 X");
    row("axis asked and given", "{% if 'Z' in params %}\nG28 Z\n{% endif %}", "G28 Z", "G28 Z");
    row("defined", "{% if params.Z is defined %}A{% elif params.X is defined %}B{% else %}C{% endif %}", "G28 X", "B");
    row("not defined", "{% if params.Z is not defined %}A{% else %}B{% endif %}", "G28 X", "A");
    row("home all by set", "{% set all = 'X' not in params and 'Y' not in params and 'Z' not in params %}{% if all or 'Z' in params %}\nG28 Z\n{% endif %}M105",
        "G28 X Y", "M105");
    row("home all", "{% set all = 'X' not in params and 'Y' not in params and 'Z' not in params %}{% if all or 'Z' in params %}\nG28 Z\n{% endif %}M105",
        "G28", "G28 Z|M105");
    row("set in a doubtful branch", "{% set z = false %}{% if printer.x %}{% set z = true %}{% endif %}{% if z %}G28{% endif %}", "A", "G28");
    row("default", "{% if params.Z|default('0')|int == 1 %}G28{% endif %}M1", "A", "M1");
    row("an empty parameter is false", "{% if params.X %}A{% else %}B{% endif %}", "G28 X", "B");
    row("parameter of an extended command", "{% if params.MODE|upper == 'HOME' %}A{% else %}B{% endif %}", "GO MODE=home", "A");
    row("raw parameters", "G28.1 {rawparams}", "G28 X Y", "G28.1 X Y");
    row("raw parameters unknown", "G28.1 {rawparams}", "G28 X\x01", "G28.1 ?");
    row("branches of one line", "{% if printer.a %}M117 {% else %}G28{% endif %}M1", "A", "M117|G28|M1");
    row("branches behind a common beginning", "G28 {% if printer.a %}X{% else %}Z{% endif %}", "A", "G28 XZ");
    row("loop", "{% for a in b %}\nG28\n{% endfor %}", "A", "G28");
    row("ternary", "{% if (1 if params.Z is defined else 0) %}A{% else %}B{% endif %}", "G28 X", "B");
    row("parentheses", "{% if not (params.X is defined or params.Y is defined) %}A{% else %}B{% endif %}", "G28 Y", "B");
    row("filter unknown", "{% if params.X|length %}A{% else %}B{% endif %}", "G28 Y", "A|B");
    row("whitespace control", "{%- if true -%}A{%- endif -%}", "A", "A");
    row("tag in quotes", "{% if params.A == '%}' %}G28{% endif %}M1", "A B=1", "M1");
}

void TestMacroAudit::rendersTemplates()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, call);
    QFETCH(QByteArray, expected);
    const auto rendered = audit::render(read(text), audit::callOf(read(call)));
    QByteArray lines;
    for (const auto& line : rendered.lines)
        lines += (lines.isEmpty() ? "" : "|") + QByteArray::fromStdString(line.text).replace(audit::unknownValue, '?').simplified();
    QCOMPARE(lines, expected);
    QVERIFY(!rendered.unreadable);
}

void TestMacroAudit::findsHazards_data()
{
    QTest::addColumn<QByteArray>("config");
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const char* config, const char* line, const char* expected) {
        QTest::newRow(name) << QByteArray(config) << QByteArray(line) << QByteArray(expected);
    };
    const auto macro = [&row](const char* name, const QByteArray& code, const char* expected) {
        row(name, "[fan_generic aux]\n[gcode_macro GO]\ngcode:\n  M117 hello\n  " + code + "\n", "go", expected);
    };
    macro("harmless", "SET_LED LED=x RED=1", "");
    macro("bare G28", "G28", "homes-all! gcode_macro go:3");
    macro("G28 Z", "G28 Z", "homes-z! gcode_macro go:3");
    macro("G28 of X and Z", "G28 X0 Z0", "homes-z! gcode_macro go:3");
    macro("G28 X Y", "G28 X Y", "");
    macro("G28 of a value", "G28 {axes}", "homes-all! gcode_macro go:3");
    macro("G28 of an optional axis", "G28 {% if printer.a %}X{% endif %}", "homes-all! gcode_macro go:3");
    macro("G28 of X or Z", "G28 {% if printer.a %}X{% else %}Z{% endif %}", "homes-all! gcode_macro go:3");
    macro("one of two commands", "{% if printer.a %}M117{% else %}G28{% endif %}", "homes-all! gcode_macro go:3");
    macro("probe", "PROBE", "probes! gcode_macro go:3");
    macro("probe in lower case", "probe_accuracy", "probes! gcode_macro go:3");
    macro("mesh", "BED_MESH_CALIBRATE ADAPTIVE=1", "probes! gcode_macro go:3");
    macro("a plugin's probe", "BEACON_AUTO_CALIBRATE", "probes! gcode_macro go:3");
    macro("a stranger's probe", "MY_PROBE_THING", "probes! gcode_macro go:3");
    macro("asks the probe", "QUERY_PROBE", "");
    macro("loads a mesh", "BED_MESH_PROFILE LOAD=default", "");
    macro("QGL", "QUAD_GANTRY_LEVEL", "levels! gcode_macro go:3");
    macro("tilt", "Z_TILT_ADJUST", "levels! gcode_macro go:3");
    macro("declares", "SET_KINEMATIC_POSITION Z=0", "declares-position! gcode_macro go:3");
    macro("forces a motor", "FORCE_MOVE STEPPER=stepper_z DISTANCE=1 VELOCITY=5", "declares-position! gcode_macro go:3");
    macro("motors off", "M84", "motors-off! gcode_macro go:3");
    macro("one motor on", "SET_STEPPER_ENABLE STEPPER=extruder ENABLE=1", "");
    macro("restart", "FIRMWARE_RESTART", "restarts! gcode_macro go:3");
    macro("right fan", "SET_FAN_SPEED FAN=Aux SPEED=1", "");
    macro("wrong fan", "SET_FAN_SPEED FAN=exhaust SPEED=1", "unknown-fan! gcode_macro go:3");
    macro("fan by its whole name", "SET_FAN_SPEED FAN=\"fan_generic aux\" SPEED=1", "unknown-fan! gcode_macro go:3");
    macro("fan of a value", "SET_FAN_SPEED FAN={f} SPEED=1", "");
    macro("unknown command", "FOO_BAR", "unknown gcode_macro go:3");
    macro("command of a value", "{cmd}", "unreadable gcode_macro go:3");
    macro("comment", "; G28", "");
    macro("M code nobody knows", "M9999", "");
    macro("heats after the lift", "M109 S200", "");
    macro("include", "{% include 'x' %}", "unreadable gcode_macro go:3");
    row("direct fan", "[printer]\n", "SET_FAN_SPEED FAN=aux", "unknown-fan! :1");
    row("direct lines have checks of their own", "[printer]\n", "G28", "");
    row("two deep", "[gcode_macro A]\ngcode: B\n[gcode_macro B]\ngcode: G28 Z", "A", "homes-z! gcode_macro b:1");
    row("a circle ends", "[gcode_macro A]\ngcode: B\n[gcode_macro B]\ngcode:\n  A\n  PROBE", "A", "probes! gcode_macro b:3, unknown gcode_macro b:2");
    row("wrapped G28", "[gcode_macro G28]\nrename_existing: G28.1\ngcode:\n  G28.1\n", "G28 X Y", "homes-all! gcode_macro g28:2");
    row("wrapped G28 that asks", "[gcode_macro G28]\nrename_existing: G28.1\ngcode:\n  {% if 'Z' in params %}\n  G28.1 Z\n  {% endif %}\n  G28.1 X Y\n", "G28 X Y", "");
    row("wrapped G28 passes on", "[gcode_macro G28]\nrename_existing: G28.1\ngcode:\n  G28.1 {rawparams}\n", "G28 X Y", "");
    row("wrapped probe", "[gcode_macro A]\ngcode: PROBE_BASE\n[gcode_macro PROBE]\nrename_existing: PROBE_BASE\ngcode: M117", "A", "probes! gcode_macro a:1");
    row("delayed text", "[gcode_macro A]\ngcode: UPDATE_DELAYED_GCODE ID=later DURATION=5\n[delayed_gcode later]\ngcode: G28", "A", "homes-all! delayed_gcode later:1");
    row("delayed text stopped", "[gcode_macro A]\ngcode: UPDATE_DELAYED_GCODE ID=later DURATION=0\n[delayed_gcode later]\ngcode: G28", "A", "");
    row("tool macro", "[gcode_macro T1]\ngcode: Z_TILT_ADJUST", "T1", "levels! gcode_macro t1:1");
    row("print file wrapped", "[gcode_macro SDCARD_PRINT_FILE]\nrename_existing: BASE\ngcode:\n  BED_MESH_CALIBRATE\n  BASE {rawparams}", "SDCARD_PRINT_FILE FILENAME=x",
        "probes! gcode_macro sdcard_print_file:2");
    row("parameters are passed on", "[gcode_macro A]\ngcode: B Z=1\n[gcode_macro B]\ngcode: {% if params.Z is defined %}G28 Z{% endif %}", "A", "homes-z! gcode_macro b:1");
    row("parameters not given", "[gcode_macro A]\ngcode: B X=1\n[gcode_macro B]\ngcode: {% if params.Z is defined %}G28 Z{% endif %}", "A", "");
}

void TestMacroAudit::findsHazards()
{
    QFETCH(QByteArray, config);
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, expected);
    const auto found = auditMacros(readKlipperConfig(read(config)), {rootOf(read(line))}, true);
    QCOMPARE(summary(found), expected);
    QVERIFY(found.complete);
    for (const MacroFinding& one : found.findings)
        QVERIFY(!english(one.why).empty() && !one.path.empty());
}

void TestMacroAudit::extruderModes_data()
{
    QTest::addColumn<QByteArray>("code");
    QTest::addColumn<int>("file"); // 1 absolute, 0 relative, -1 unknown
    QTest::addColumn<bool>("follows");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const char* code, int file, bool follows, const char* expected) {
        QTest::newRow(name) << QByteArray(code) << file << follows << QByteArray(expected);
    };
    row("other mode", "M83", 1, false, "extruder-mode! gcode_macro go:1");
    row("other mode, set again", "M83", 1, true, "extruder-mode gcode_macro go:1");
    row("same mode", "M83", 0, false, "");
    row("unknown mode", "M83", -1, false, "extruder-mode! gcode_macro go:1");
    row("absolute in a relative file", "M82", 0, false, "extruder-mode! gcode_macro go:1");
    row("saved and restored", "\n SAVE_GCODE_STATE NAME=a\n M83\n RESTORE_GCODE_STATE NAME=a", 1, false, "");
    row("set before it was saved", "\n M83\n SAVE_GCODE_STATE NAME=a\n RESTORE_GCODE_STATE NAME=a", 1, false, "extruder-mode! gcode_macro go:2");
    row("set after it was restored", "\n SAVE_GCODE_STATE NAME=a\n RESTORE_GCODE_STATE NAME=a\n M83", 1, false, "extruder-mode! gcode_macro go:4");
    row("restored by the caller", "\n SAVE_GCODE_STATE NAME=a\n INNER\n RESTORE_GCODE_STATE NAME=a", 1, false, "");
}

void TestMacroAudit::extruderModes()
{
    QFETCH(QByteArray, code);
    QFETCH(int, file);
    QFETCH(bool, follows);
    QFETCH(QByteArray, expected);
    const auto config = readKlipperConfig("[gcode_macro GO]\ngcode: " + read(code) + "\n[gcode_macro INNER]\ngcode: M83\n");
    AuditRoot root = rootOf("GO");
    root.modesFollow = follows;
    QCOMPARE(summary(auditMacros(config, {root}, file < 0 ? std::nullopt : std::optional(file == 1))), expected);
}

void TestMacroAudit::beforeTheLift_data()
{
    QTest::addColumn<QByteArray>("code");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* code, const char* expected) { QTest::newRow(code) << QByteArray(code) << QByteArray(expected); };
    row("M109 S200", "heats-before-lift! gcode_macro go:1");
    row("M104 S{temp}", "heats-before-lift! gcode_macro go:1");
    row("M104 S0", "");
    row("M140 S60", "");
    row("SET_HEATER_TEMPERATURE HEATER=extruder TARGET=200", "heats-before-lift! gcode_macro go:1");
    row("SET_HEATER_TEMPERATURE HEATER=heater_bed TARGET=60", "");
    row("SET_HEATER_TEMPERATURE HEATER=extruder TARGET=0", "");
    row("TEMPERATURE_WAIT SENSOR=extruder MINIMUM=180", "heats-before-lift! gcode_macro go:1");
    row("G1 X10", "moves-before-lift! gcode_macro go:1");
    row("M106 S255", "");
}

void TestMacroAudit::beforeTheLift()
{
    QFETCH(QByteArray, code);
    QFETCH(QByteArray, expected);
    const auto config = readKlipperConfig("[gcode_macro GO]\ngcode: " + read(code));
    AuditRoot root = rootOf("GO");
    root.beforeLift = true;
    QCOMPARE(summary(auditMacros(config, {root}, true)), expected);
    root.beforeLift = false;
    QCOMPARE(summary(auditMacros(config, {root}, true)), QByteArray());
}

void TestMacroAudit::homingXy_data()
{
    QTest::addColumn<QByteArray>("config");
    QTest::addColumn<bool>("zIsKnown");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, const char* config, bool known, const char* expected) {
        QTest::newRow(name) << QByteArray(config) << known << QByteArray(expected);
    };
    row("plain", "[printer]\nkinematics: corexy", false, "");
    row("delta", "[printer]\nkinematics: delta", true, "printer:kinematics: delta");
    row("override homes Z", "[homing_override]\ngcode:\n  G28 X Y\n  G28 Z", true, "homing_override:G28 Z");
    row("override of Z alone", "[homing_override]\naxes: z\ngcode:\n  G28 X Y\n  G28 Z", true, "");
    row("override that asks", "[homing_override]\ngcode:\n  {% if 'Z' in params or not ('X' in params or 'Y' in params) %}\n  G28 Z\n  {% endif %}\n  G28 X Y", true, "");
    row("override declares Z", "[homing_override]\nset_position_z: 0\ngcode:\n  G28 X", true, "homing_override:set_position_z: 0");
    row("override does what nobody knows", "[homing_override]\ngcode:\n  DO_IT\n", true, "homing_override:DO_IT");
    row("override uses a macro", "[homing_override]\ngcode: _H\n[gcode_macro _H]\ngcode: G28 X Y", true, "");
    row("hop, Z unknown", "[safe_z_home]\nhome_xy_position: 1,1\nz_hop: 10", false, "safe_z_home:z_hop: 10");
    row("hop, Z known", "[safe_z_home]\nhome_xy_position: 1,1\nz_hop: 10", true, "");
    row("no hop", "[safe_z_home]\nhome_xy_position: 1,1", false, "");
    row("hop of 0", "[safe_z_home]\nz_hop: 0", false, "");
}

void TestMacroAudit::homingXy()
{
    QFETCH(QByteArray, config);
    QFETCH(bool, zIsKnown);
    QFETCH(QByteArray, expected);
    QByteArray found;
    for (const MacroFinding& one : auditHomingXy(readKlipperConfig(read(config)), zIsKnown))
        found += (found.isEmpty() ? "" : ", ") + QByteArray::fromStdString(one.section + ':' + one.text);
    QCOMPARE(found, expected);
}

void TestMacroAudit::mendedTextIsClean_data()
{
    QTest::addColumn<QByteArray>("config");
    QTest::addColumn<QByteArray>("line");
    const auto row = [](const char* name, const char* config, const char* line) { QTest::newRow(name) << QByteArray(config) << QByteArray(line); };
    row("bare G28", "[gcode_macro GO]\nvariable_a: 1\ngcode:\n  M117\n  G28\n  M105\n", "GO");
    row("several", "[gcode_macro GO]\ngcode:\n  G28 Z\n  QUAD_GANTRY_LEVEL\n  BED_MESH_CALIBRATE\n  M84\n  M83\n  M109 S{t}\n", "GO");
    row("fan by its whole name", "[fan_generic aux]\n[gcode_macro GO]\ngcode:\n  SET_FAN_SPEED FAN=\"fan_generic aux\" SPEED=1\n", "GO");
    row("fan that is not there", "[gcode_macro GO]\ngcode:\n  SET_FAN_SPEED FAN=aux SPEED=1\n", "GO");
    row("in a branch", "[gcode_macro GO]\ngcode:\n  {% if printer.x %}\n    G28\n  {% endif %}\n", "GO");
    row("wrapped G28", "[gcode_macro G28]\nrename_existing: G28.6245197\ngcode:\n  G28.6245197 {rawparams}\n  Z_TILT_ADJUST\n  G28.6245197 Z\n", "G28 X Y");
    row("override", "[homing_override]\nset_position_z: 0\naxes: xyz\ngcode:\n  G1 Z10\n  G28 X\n  G28 Y\n  G28 Z\n", "G28 X Y");
    row("print file", "[gcode_macro SDCARD_PRINT_FILE]\nrename_existing: BASE\ngcode:\n  G28\n  BASE {rawparams}\n", "SDCARD_PRINT_FILE FILENAME=x");
}

/// What is offered to paste is read again in place of the old section: nothing is left to find.
void TestMacroAudit::mendedTextIsClean()
{
    QFETCH(QByteArray, config);
    QFETCH(QByteArray, line);
    AuditRoot root = rootOf(read(line));
    root.beforeLift = read(line) == "GO";
    const auto before = auditMacros(readKlipperConfig(read(config)), {root}, true);
    QVERIFY(!before.findings.empty());
    std::string mended = read(config);
    for (const MacroFinding& found : before.findings) {
        QVERIFY2(!found.mended.empty(), found.text.c_str());
        if (mended.find(found.mended) == std::string::npos)
            mended += found.mended; // a later section of the same name wins, as in Klipper
    }
    const auto after = auditMacros(readKlipperConfig(mended), {root}, true);
    QCOMPARE(summary(after), QByteArray());
    QVERIFY2(!mended.ends_with("\n\n"), mended.c_str());
    if (read(line) == "G28 X Y") { // what homes all axes still does so
        const auto all = auditMacros(readKlipperConfig(mended), {rootOf("G28")}, true);
        QVERIFY(!all.findings.empty());
    }
}

void TestMacroAudit::pathsAndWords()
{
    const auto config = readKlipperConfig("[gcode_macro A]\ngcode:\n  B\n[gcode_macro B]\ngcode:\n  G28 {axes} ; x\n");
    const auto found = auditMacros(config, {rootOf("a")}, true).findings;
    QCOMPARE(found.size(), std::size_t(1));
    QCOMPARE(found[0].path, (std::vector<std::string>{"step 1", "gcode_macro a", "gcode_macro b"}));
    QCOMPARE(found[0].text, std::string("G28 {…} ; x"));
    QCOMPARE(auditMacros(config, {rootOf("a")}, true).reached, (std::vector<std::string>{"gcode_macro a", "gcode_macro b"}));
}

void TestMacroAudit::fakedHoming_data()
{
    QTest::addColumn<QByteArray>("config");
    QTest::addColumn<bool>("expected");
    QTest::newRow("at the start") << QByteArray("[delayed_gcode k]\ninitial_duration: 0.2\ngcode: SET_KINEMATIC_POSITION X=0 Y=0 Z=0") << true;
    QTest::newRow("by a macro") << QByteArray("[delayed_gcode k]\ninitial_duration: 0.2\ngcode: GO\n[gcode_macro GO]\ngcode: G28") << true;
    QTest::newRow("never") << QByteArray("[delayed_gcode k]\ninitial_duration: 0\ngcode: SET_KINEMATIC_POSITION Z=0") << false;
    QTest::newRow("lights") << QByteArray("[delayed_gcode k]\ninitial_duration: 1\ngcode: SET_LED LED=a") << false;
}

void TestMacroAudit::fakedHoming()
{
    QFETCH(QByteArray, config);
    QFETCH(bool, expected);
    QCOMPARE(!homedAtStart(readKlipperConfig(read(config))).empty(), expected);
}

/// A configuration comes from outside: nothing of it may hang or crash the reader.
void TestMacroAudit::hugeAndHostileTexts()
{
    std::string config;
    for (int i = 0; i < 3000; ++i) { // each calls the next twice: 2^3000 calls if they were all followed
        const std::string next = "STEP_" + std::to_string(i + 1);
        config += "[gcode_macro STEP_" + std::to_string(i) + "]\ngcode:\n  " + next + "\n  " + next + "\n";
    }
    const auto deep = auditMacros(readKlipperConfig(config), {rootOf("STEP_0")}, true);
    QVERIFY(!deep.complete);
    const std::vector<std::string> torn{"{", "{%", "{% if", "{% if x %}", "{% endif %}", "{{{{", "{% if ((((((((( %}G28{% endif %}", std::string(200000, '('),
                                        "{% if " + std::string(100000, '(') + " %}G28{% endif %}", "{% if " + std::string(50000, '[') + " %}G28",
                                        std::string("G28\0Z", 5), "{% set %}", "{% set a = %}G28", "{# never closed G28"};
    for (const std::string& text : torn) {
        const auto rendered = audit::render(text, audit::callOf("A X=1"));
        QVERIFY(rendered.lines.size() < 10);
        KlipperConfig one;
        one.sections["gcode_macro go"]["gcode"] = text;
        (void)auditMacros(one, {rootOf("GO")}, true);
    }
    // What is not understood runs: the line in a torn condition counts.
    KlipperConfig one;
    one.sections["gcode_macro go"]["gcode"] = "{% if ((( %}\nG28\n{% endif %}";
    QCOMPARE(auditMacros(one, {rootOf("GO")}, true).findings.size(), std::size_t(1));
    (void)readKlipperConfig("[x\n]y\n=\n:\n[]\n a: b\n" + std::string("\0[z]\n", 5));
}

QTEST_GUILESS_MAIN(TestMacroAudit)
#include "tst_macroaudit.moc"
