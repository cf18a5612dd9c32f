// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <cmath>

#include "recovery/planmotion.h"

using namespace kintsugi;
using namespace kintsugi::recovery;
using gcode::Dialect;

namespace {

const std::string head = "M140 S60\nM104 S210\nG90\nM83\nG28\nG1 X50 Y50 Z0.2 F3000\n";

struct Print {
    std::unique_ptr<gcode::MemorySource> source;
    gcode::FileIndex index;
};

Print printOf(const std::string& text, Dialect dialect)
{
    auto source = std::make_unique<gcode::MemorySource>(text, "test.gcode");
    auto index = gcode::buildIndex(*source, dialect);
    return {std::move(source), std::move(*index)};
}

struct Homed {
    double x = 0, y = 0;
    double least = 0, most = 0;   ///< hidden lift, mm
    double reach[4] = {1e9, 1e9, -1e9, -1e9}; ///< of all homing pieces
    int unsafe = 0, unknown = 0;
};

/// From X 100 Y 80 Z 10.
Homed homed(const std::string& line, Dialect dialect, bool zHomed, const HomingFacts& facts, double z = 10)
{
    StopPlaces start;
    start.places = {{{100, 80}}};
    start.lowest = start.highest = z;
    const PlanMotions motions = homingMotions(line, dialect, start, zHomed, {0, 0, 0}, {200, 220, 250}, facts);
    Homed out;
    out.x = motions.end[0];
    out.y = motions.end[1];
    for (const Motion& motion : motions.motions) {
        if (motion.kind == Motion::Kind::HiddenLift) {
            out.least += motion.to[2] - motion.from[2];
            out.most = std::max(out.most, motion.high - z);
        }
        for (const Place& p : motion.hull) {
            out.reach[0] = std::min(out.reach[0], p[0]);
            out.reach[1] = std::min(out.reach[1], p[1]);
            out.reach[2] = std::max(out.reach[2], p[0]);
            out.reach[3] = std::max(out.reach[3], p[1]);
        }
    }
    for (const MotionProblem& problem : motions.problems)
        ++(problem.unsafe ? out.unsafe : out.unknown);
    return out;
}

HomingFacts cartesian()
{
    HomingFacts facts;
    facts.kinematics = Kinematics::Cartesian;
    facts.axes[0].end = facts.axes[1].end = HomeEnd::Minimum;
    facts.axes[0].position = -3;
    facts.axes[1].position = -2;
    facts.axes[2].end = HomeEnd::Minimum;
    return facts;
}

} // namespace

Q_DECLARE_METATYPE(kintsugi::gcode::Dialect)
Q_DECLARE_METATYPE(kintsugi::recovery::HomingFacts)

class TestPlanMotion : public QObject
{
    Q_OBJECT

private slots:
    void hiddenMotions_data();
    void hiddenMotions();
    void homingReaches_data();
    void homingReaches();
    void klipperConfigTells_data();
    void klipperConfigTells();
    void badFactsAreRefused();
    void everyStepOfAPlanMoves_data();
    void everyStepOfAPlanMoves();
    void uncertainHeightStaysUncertain();
    void stopPlacesFollowTheInterval();
    void tailIsStraightPieces();
    void tailNamesStartCode();
};

void TestPlanMotion::hiddenMotions_data()
{
    QTest::addColumn<Dialect>("dialect");
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<bool>("zHomed");
    QTest::addColumn<HomingFacts>("facts");
    QTest::addColumn<double>("least");
    QTest::addColumn<double>("most");
    QTest::addColumn<int>("unsafe");
    QTest::addColumn<int>("unknown");
    const auto row = [](const char* name, Dialect dialect, const char* line, bool zHomed, const HomingFacts& facts, double least, double most, int unsafe = 0,
                        int unknown = 0) {
        QTest::newRow(name) << dialect << QByteArray(line) << zHomed << facts << least << most << unsafe << unknown;
    };
    HomingFacts facts = cartesian();
    row("Klipper, plain", Dialect::Klipper, "G28 X Y", true, facts, 0, 0);
    row("Klipper homes Z", Dialect::Klipper, "G28 Z", true, facts, 0, 0, 1);
    row("Klipper homes all", Dialect::Klipper, "G28", true, facts, 0, 0, 1);
    facts.marlinLift = 5;
    facts.probeOffsetZ = -0.35;
    // The bench: 5.35 mm where Z is not trusted, counted from where the firmware believes to be (10 here, 0 there).
    row("Marlin, Z not trusted", Dialect::Marlin, "G28 X Y", false, facts, 0, 5.35);
    row("Marlin, Z trusted and high enough", Dialect::Marlin, "G28 X Y", true, facts, 0, 0);
    row("Marlin, told not to", Dialect::Marlin, "G28 R0 X Y", false, facts, 0, 0);
    row("Marlin, told how far", Dialect::Marlin, "G28 R3 X Y", false, facts, 0, 3);
    row("Marlin 1 lifts to a height", Dialect::Marlin1, "G28 X Y", false, facts, 0, 0);
    row("MK3 lifts nothing", Dialect::Prusa, "G28 X Y", false, facts, 0, 0);
    facts.marlinLift = 15;
    row("Marlin 1 lifts the rest", Dialect::Marlin1, "G28 X Y", false, facts, 5.35, 5.35);
    row("Marlin, not asked", Dialect::Marlin, "G28 X Y", false, cartesian(), 0, 10);
    facts = cartesian();
    facts.safeZHome = SafeZHome{25};
    row("safe_z_home, Z homed below", Dialect::Klipper, "G28 X Y", true, facts, 15, 25);
    row("safe_z_home, Z not homed", Dialect::Klipper, "G28 X Y", false, facts, 25, 25);
    facts.safeZHome = SafeZHome{8};
    row("safe_z_home, Z homed above", Dialect::Klipper, "G28 X Y", true, facts, 0, 0);
    facts = cartesian();
    facts.override = HomingOverride{"xyz", {}, "G91\nG1 Z7 F600\nG90\nG28 X\nG28 Y\n"};
    row("override lifts", Dialect::Klipper, "G28 X Y", true, facts, 7, 7);
    facts.override->gcode = "G91\nG1 Z7\nG90\nSET_TMC_CURRENT STEPPER=stepper_x CURRENT=0.4\nM204 S500\nG4 P100\nG28 X Y\n";
    row("override with harmless lines", Dialect::Klipper, "G28 X Y", true, facts, 7, 7);
    facts.override->gcode = "{% if printer.toolhead.homed_axes %}\nG28 X Y\n{% endif %}\n";
    row("override is a template", Dialect::Klipper, "G28 X Y", true, facts, 0, 0, 0, 2);
    facts.override->gcode = "G28 X Y\n_MY_DOCK\n";
    row("override calls a macro", Dialect::Klipper, "G28 X Y", true, facts, 0, 0, 0, 1);
    facts.override->gcode = "G28 X Y\nG1 X100 Y110\nG28 Z\n";
    row("override homes Z", Dialect::Klipper, "G28 X Y", true, facts, 0, 0, 1);
    facts.override->gcode = "G28 X Y Z\n";
    facts.override->axes = "z";
    row("override of Z alone", Dialect::Klipper, "G28 X Y", true, facts, 0, 0);
    row("override of Z alone, asked for Z", Dialect::Klipper, "G28 Z", true, facts, 0, 0, 1);
    facts.override = HomingOverride{"xyz", {std::nullopt, std::nullopt, 0.0}, "G90\nG1 Z10\nG28 X Y\n"};
    row("override says Z is 0", Dialect::Klipper, "G28 X Y", true, facts, 10, 10, 1);
    facts = cartesian();
    row("RepRapFirmware, files not read", Dialect::RepRapFirmware, "G28 X Y", true, facts, 0, 0, 0, 2);
    facts.homeX = "; homex.g\nG91\nG1 H2 Z5 F6000\nG1 H1 X-225 F1800\nG1 X5 F6000\nG1 H1 X-225 F360\nG1 H2 Z-5 F6000\nG90\n";
    facts.homeY = "G91 G1 H2 Z5 F6000\nG1 H1 Y-225 F1800\nG1 H2 Z-5 F6000\nG90\n";
    row("RepRapFirmware, files lift and come down", Dialect::RepRapFirmware, "G28 X Y", true, facts, 10, 5);
    facts.homeY = "M98 P\"lift.g\"\nG1 H1 Y-225\n";
    row("RepRapFirmware, a file calls another", Dialect::RepRapFirmware, "G28 X Y", true, facts, 5, 5, 0, 2);
    facts.homeY = "G91\nG1 H1 Y-225 Z-300\n";
    row("RepRapFirmware, a file homes Z", Dialect::RepRapFirmware, "G28 Y", true, facts, 0, 0, 1);
    facts.homeY = "if !move.axes[2].homed\n  G1 H2 Z5\nG91\nG1 H1 Y-225\n";
    row("RepRapFirmware, a file decides", Dialect::RepRapFirmware, "G28 Y", true, facts, 0, 0, 0, 2);
    facts = cartesian();
    facts.kinematics = Kinematics::Delta;
    row("delta goes up", Dialect::Marlin, "G28 X Y", true, facts, 240, 240);
}

void TestPlanMotion::hiddenMotions()
{
    QFETCH(Dialect, dialect);
    QFETCH(QByteArray, line);
    QFETCH(bool, zHomed);
    QFETCH(HomingFacts, facts);
    QFETCH(double, least);
    QFETCH(double, most);
    QFETCH(int, unsafe);
    QFETCH(int, unknown);
    const Homed seen = homed(line.toStdString(), dialect, zHomed, facts);
    QCOMPARE(seen.unsafe, unsafe);
    QCOMPARE(seen.unknown, unknown);
    QVERIFY2(std::abs(seen.least - least) < 1e-9, qPrintable(QString::number(seen.least)));
    QVERIFY2(std::abs(seen.most - most) < 1e-9, qPrintable(QString::number(seen.most)));
}

void TestPlanMotion::homingReaches_data()
{
    QTest::addColumn<HomingFacts>("facts");
    QTest::addColumn<QByteArray>("box"); // minX minY maxX maxY of everything swept
    QTest::addColumn<QByteArray>("end");
    HomingFacts facts = cartesian();
    QTest::newRow("both to the minimum") << facts << QByteArray("-3 -2 100 80") << QByteArray("-3 -2");
    facts.axes[0] = {HomeEnd::Maximum, 204.0, false};
    QTest::newRow("X to the maximum") << facts << QByteArray("100 -2 204 80") << QByteArray("204 -2");
    facts.axes[1] = {HomeEnd::Maximum, std::nullopt, false};
    QTest::newRow("Y to its limit") << facts << QByteArray("100 80 204 220") << QByteArray("204 220");
    facts = cartesian();
    facts.axes[0].sensorless = true;
    QTest::newRow("sensorless backs off") << facts << QByteArray("-3 -2 110 80") << QByteArray("-3 -2");
    facts = cartesian();
    facts.axes[0].end = HomeEnd::Unknown;
    QTest::newRow("X to either end") << facts << QByteArray("0 -2 200 80") << QByteArray("100 -2");
    facts = cartesian();
    facts.together = true;
    QTest::newRow("both at once") << facts << QByteArray("-3 -2 100 80") << QByteArray("-3 -2");
    facts.kinematics = Kinematics::CoreXY;
    QTest::newRow("CoreXY moves one axis too") << facts << QByteArray("-3 -2 100 80") << QByteArray("-3 -2");
}

void TestPlanMotion::homingReaches()
{
    QFETCH(HomingFacts, facts);
    QFETCH(QByteArray, box);
    QFETCH(QByteArray, end);
    const Homed seen = homed("G28 R0 X Y", Dialect::Marlin, false, facts);
    const auto number = [](double value) { return QByteArray::number(value, 'g', 10); };
    QCOMPARE(number(seen.reach[0]) + ' ' + number(seen.reach[1]) + ' ' + number(seen.reach[2]) + ' ' + number(seen.reach[3]), box);
    QCOMPARE(number(seen.x) + ' ' + number(seen.y), end);
}

void TestPlanMotion::klipperConfigTells_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("told"); // kinematics, ends, positions, sensorless, hop, override
    const QByteArray steppers = "[stepper_x]\nendstop_pin: ^PA1\nposition_endstop: 300\nposition_max: 300\n"
                                "[stepper_y]\nendstop_pin: tmc2209_stepper_y:virtual_endstop\nposition_endstop: -4\nposition_min: -4\nposition_max: 300\n";
    QTest::newRow("corexy") << "[printer]\nkinematics: corexy\n" + steppers << QByteArray("corexy maximum 300 0 minimum -4 1 - -");
    QTest::newRow("said direction") << "[printer]\nkinematics: cartesian\n" + steppers + "[stepper_y]\nhoming_positive_dir: True\n"
                                    << QByteArray("cartesian maximum 300 0 maximum -4 1 - -");
    QTest::newRow("safe_z_home") << QByteArray("[printer]\nkinematics: corexz\n[safe_z_home]\nhome_xy_position: 100,100\nz_hop: 7.5\n")
                                 << QByteArray("corexz unknown - 0 unknown - 0 7.5 -");
    QTest::newRow("homing_override") << QByteArray("[printer]\nkinematics: delta\n[homing_override]\naxes: z\nset_position_z: 0\ngcode:\n  G1 Z5\n  G28 X Y\n")
                                     << QByteArray("delta unknown - 0 unknown - 0 - z/0/G1 Z5");
    QTest::newRow("polar") << QByteArray("[printer]\nkinematics: polar\n") << QByteArray("unknown unknown - 0 unknown - 0 - -");
    QTest::newRow("empty") << QByteArray() << QByteArray("unknown unknown - 0 unknown - 0 - -");
}

void TestPlanMotion::klipperConfigTells()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, told);
    const HomingFacts facts = homingFromKlipper(readKlipperConfig(text.toStdString()));
    const auto maybe = [](const std::optional<double>& value) { return value ? QByteArray::number(*value) : QByteArray("-"); };
    const auto view = [](std::string_view name) { return QByteArray(name.data(), qsizetype(name.size())); };
    QByteArray seen = view(name(facts.kinematics));
    for (std::size_t axis = 0; axis < 2; ++axis)
        seen += ' ' + view(name(facts.axes[axis].end)) + ' ' + maybe(facts.axes[axis].position) + ' ' + (facts.axes[axis].sensorless ? '1' : '0');
    seen += ' ' + (facts.safeZHome ? QByteArray::number(facts.safeZHome->zHop) : QByteArray("-")) + ' ';
    if (facts.override)
        seen += QByteArray::fromStdString(facts.override->axes) + '/' + maybe(facts.override->setPosition[2]) + '/'
            + QByteArray::fromStdString(facts.override->gcode).trimmed().split('\n').first();
    else
        seen += '-';
    QCOMPARE(seen, told);
}

void TestPlanMotion::badFactsAreRefused()
{
    HomingFacts facts = cartesian();
    QVERIFY(checkHoming(facts).has_value());
    facts.marlinLift = -1;
    QCOMPARE(checkHoming(facts).error().field, std::string("marlinLift"));
    facts = cartesian();
    facts.safeZHome = SafeZHome{std::nan("")};
    QCOMPARE(checkHoming(facts).error().field, std::string("safeZHome.zHop"));
    facts = cartesian();
    facts.override = HomingOverride{"xyz", {}, std::string(100'000, ' ')};
    QCOMPARE(checkHoming(facts).error().field, std::string("override.gcode"));
}

void TestPlanMotion::everyStepOfAPlanMoves_data()
{
    QTest::addColumn<Dialect>("dialect");
    QTest::addColumn<bool>("declared");
    QTest::addColumn<QByteArray>("before");
    for (const Dialect dialect : {Dialect::Klipper, Dialect::Marlin, Dialect::Prusa, Dialect::Marlin1, Dialect::RepRapFirmware})
        for (const bool declared : {false, true}) {
            const std::string of = std::string(gcode::name(dialect)) + (declared ? ", declared" : ", kept");
            QTest::newRow(of.c_str()) << dialect << declared << QByteArray();
            QTest::newRow((of + ", shifted").c_str()) << dialect << declared << QByteArray("G1 X55 Y56\nG92 X5 Y6 Z1.2\nG1 X10 E.5\n");
            if (dialect == Dialect::Klipper)
                QTest::newRow((of + ", offset").c_str()) << dialect << declared << QByteArray("SET_GCODE_OFFSET Z=0.15\nG1 X55 E.5\n");
            else if (dialect != Dialect::Prusa)
                QTest::newRow((of + ", babysteps").c_str()) << dialect << declared << QByteArray("M290 Z0.15\nG1 X55 E.5\n");
        }
}

/// The nozzle ends exactly where the file's own motion goes on, and the way has the shape that the rules ask for.
void TestPlanMotion::everyStepOfAPlanMoves()
{
    QFETCH(Dialect, dialect);
    QFETCH(bool, declared);
    QFETCH(QByteArray, before);
    const std::string text = head + "G1 X60 E1\nG1 Y60 E1\n" + before.toStdString();
    const std::string rest = "G1 X50 E1\nG1 Y50 E1\n";
    const Print print = printOf(text + rest, dialect);
    const auto snapshot = snapshotFromFile(*print.source, print.index, text.size());
    QVERIFY(snapshot.has_value());
    PlanOptions options;
    if (declared) {
        options.zMethod = ZMethod::Touch;
        options.declaredZ = 0.4;
    }
    const auto plan = planResume(*print.source, print.index, *snapshot, {}, options);
    QVERIFY2(plan.has_value(), plan ? "" : plan.error().detail.c_str());
    MotionOptions motion;
    motion.homing = cartesian();
    motion.homing.homeX = "G91\nG1 H1 X-300\nG90\n";
    motion.homing.homeY = "G91\nG1 H1 Y-300\nG90\n";
    const auto start = stopPlaces(*print.source, print.index, *plan, options);
    QVERIFY(start.has_value());
    const PlanMotions motions = planMotions(*plan, options, *start, motion);
    QVERIFY2(motions.problems.empty(), motions.problems.empty() ? "" : english(motions.problems.front().reason).c_str());
    std::optional<TailMove> first;
    std::vector<MotionProblem> problems;
    QVERIFY(tailMotions(*print.source, print.index, *plan, motion,
                        [&first](const TailMove& move) {
                            first = move;
                            return false;
                        },
                        problems)
                .has_value());
    QVERIFY(first.has_value());
    for (std::size_t axis = 0; axis < 3; ++axis)
        QVERIFY2(std::abs(motions.end[axis] - first->from[axis]) < 1e-6, qPrintable(QString("%1: %2 %3").arg(axis).arg(motions.end[axis]).arg(first->from[axis])));
    int lifts = 0, homing = 0, approaches = 0;
    bool across = false;
    for (const Motion& m : motions.motions) {
        const bool straight = m.from[0] == m.to[0] && m.from[1] == m.to[1];
        lifts += m.kind == Motion::Kind::Lift && !across;
        homing += m.kind == Motion::Kind::Homing;
        approaches += m.kind == Motion::Kind::Approach;
        across = across || !straight;
        if (!straight)
            QVERIFY(m.low >= plan->highestPrinted + 1.9);
    }
    QVERIFY(lifts >= 1);
    QCOMPARE(homing >= 2, declared);
    QCOMPARE(approaches, 2);
}

/// Declared at the highest credible Z, lifted from the lowest: less room than the plan says.
void TestPlanMotion::uncertainHeightStaysUncertain()
{
    Plan plan;
    plan.minimum = {0, 0, 0};
    plan.maximum = {200, 200, 250};
    PlanStep declare;
    declare.n = 1;
    declare.kind = StepKind::DeclareZ;
    declare.gcode = {"SET_KINEMATIC_POSITION Z=20 SET_HOMED=Z"};
    PlanStep lift = declare;
    lift.n = 2;
    lift.kind = StepKind::Lift;
    lift.gcode = {"G1 Z22 F300"};
    PlanStep home = declare;
    home.n = 3;
    home.kind = StepKind::HomeXY;
    home.gcode = {"G28 X Y"};
    plan.steps = {declare, lift, home};
    PlanOptions options;
    options.zMethod = ZMethod::PlrZHome;
    StopPlaces start;
    start.places = {{{50, 50}, {60, 50}}};
    start.lowest = 1;
    start.highest = 20;
    MotionOptions motion;
    motion.homing = cartesian();
    const PlanMotions motions = planMotions(plan, options, start, motion);
    QVERIFY(motions.problems.empty());
    double low = 1e9, high = 0;
    for (const Motion& m : motions.motions)
        if (m.kind == Motion::Kind::Homing) {
            low = std::min(low, m.low);
            high = std::max(high, m.high);
        }
    QCOMPARE(low, 3.0);
    QCOMPARE(high, 22.0);
    // After the switches the height is known again.
    PlanStep registration = declare;
    registration.kind = StepKind::RegisterZ;
    registration.gcode = {"PLR_Z_HOME MODE=RESUME", "G1 Z30 F300"};
    plan.steps = {declare, lift, registration, home};
    motion.zUncertainty = 0.1;
    const PlanMotions known = planMotions(plan, options, start, motion);
    QVERIFY(known.problems.empty());
    QVERIFY(std::abs(known.motions.back().low - 29.9) < 1e-9 && std::abs(known.motions.back().high - 30.1) < 1e-9);
    // X before it is homed: nobody knows where to.
    PlanStep early = lift;
    early.gcode = {"G1 X100 F300"};
    plan.steps = {declare, lift, early};
    QCOMPARE(planMotions(plan, options, start, motion).problems.size(), std::size_t{1});
}

void TestPlanMotion::stopPlacesFollowTheInterval()
{
    const std::string body = "G1 X60 E1\nG1 Y60 E1\nG1 Z2\nG1 X10\nG1 Z0.2\nG1 X50 E1\nG1 Y50 E1\n";
    const Print print = printOf(head + body, Dialect::Klipper);
    auto snapshot = snapshotFromFile(*print.source, print.index, head.size() + 10);
    QVERIFY(snapshot.has_value());
    Plan plan;
    plan.snapshot = *snapshot;
    plan.printed = print.index.printed;
    plan.maximum = {200, 200, 200};
    const auto guessed = stopPlaces(*print.source, print.index, plan, {});
    QVERIFY(guessed && guessed->guessed && guessed->places.size() == 1);
    plan.snapshot.earliest = head.size();
    plan.snapshot.latest = head.size() + body.find("G1 Z0.2");
    const auto places = stopPlaces(*print.source, print.index, plan, {});
    QVERIFY(places && !places->guessed);
    QCOMPARE(places->lowest, 0.2);
    QCOMPARE(places->highest, 2.0);
    const auto held = [&](Place at) {
        return std::any_of(places->places.begin(), places->places.end(), [&](const Hull& hull) { return std::find(hull.begin(), hull.end(), at) != hull.end(); });
    };
    QVERIFY(held({60, 50}) && held({60, 60}) && held({10, 60}));
    QVERIFY(!held({50, 60}));
    PlanOptions touch;
    touch.zMethod = ZMethod::Touch;
    touch.declaredZ = 7;
    const auto moved = stopPlaces(*print.source, print.index, plan, touch);
    QVERIFY(moved && moved->lowest == 7 && moved->highest == 7);
    QCOMPARE(moved->places.front().size(), std::size_t{4});
}

void TestPlanMotion::tailIsStraightPieces()
{
    const std::string text = head + "G1 X60 E1\nG1 Y60 E1\n";
    const std::string rest = "G2 X80 Y60 I10 J0 E1\nG91\nG1 Z1 X-5\nG90\nG1 Z0.2\nG1 X50 E1\n";
    const Print print = printOf(text + rest, Dialect::Prusa);
    Plan plan;
    plan.snapshot = *snapshotFromFile(*print.source, print.index, text.size());
    plan.maximum = {200, 200, 200};
    std::vector<TailMove> moves;
    std::vector<MotionProblem> problems;
    QVERIFY(tailMotions(*print.source, print.index, plan, {}, [&](const TailMove& move) { moves.push_back(move); return true; }, problems).has_value());
    QVERIFY(moves.size() > 20); // the arc
    for (std::size_t i = 1; i < moves.size(); ++i)
        QVERIFY(moves[i].from == moves[i - 1].to);
    QVERIFY(std::any_of(moves.begin(), moves.end(), [](const TailMove& move) { return std::abs(move.to[1] - 70) < 0.05 && move.extrudes; }));
    QVERIFY(moves.back().to[0] == 50 && moves.back().extrudes && moves.back().to[2] == 0.2);
    QVERIFY(problems.empty());
}

void TestPlanMotion::tailNamesStartCode()
{
    const std::string text = head + "G1 X60 E1\nG1 Y60 E1\n";
    const std::string rest = "G28 X Y\nG28 Z\nSTART_PRINT\nBLOBIFIER\nG1 X50 E1\n";
    const Print print = printOf(text + rest, Dialect::Klipper);
    Plan plan;
    plan.snapshot = *snapshotFromFile(*print.source, print.index, text.size());
    plan.maximum = {200, 200, 200};
    std::vector<MotionProblem> problems;
    std::vector<TailMove> moves;
    MotionOptions options;
    options.homing = cartesian();
    QVERIFY(tailMotions(*print.source, print.index, plan, options, [&](const TailMove& move) { moves.push_back(move); return true; }, problems).has_value());
    QCOMPARE(std::count_if(problems.begin(), problems.end(), [](const MotionProblem& problem) { return problem.unsafe; }), 2);
    QVERIFY(std::any_of(problems.begin(), problems.end(), [](const MotionProblem& problem) { return problem.text == "BLOBIFIER" && !problem.unsafe; }));
    QVERIFY(!moves.back().sure);
}

QTEST_GUILESS_MAIN(TestPlanMotion)
#include "tst_planmotion.moc"
