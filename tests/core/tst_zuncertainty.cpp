// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include <cmath>
#include <random>

#include "recovery/zuncertainty.h"

using namespace kintsugi;
using namespace kintsugi::recovery;

class TestZUncertainty : public QObject
{
    Q_OBJECT
private slots:
    void keepDemandsProof_data();
    void keepDemandsProof();
    void otherMethodsDemandTheirs_data();
    void otherMethodsDemandTheirs();
    void everyMethodSaysWhatItAssumes();
    void verdictAgainstTheLayer_data();
    void verdictAgainstTheLayer();
    void aFirmwareLiftHoldsARephasedMotor_data();
    void aFirmwareLiftHoldsARephasedMotor();
    void aProofRaisesButNeverLowers_data();
    void aProofRaisesButNeverLowers();
    void aProofSaysWhatItIsWorth_data();
    void aProofSaysWhatItIsWorth();
    void onlyProofsOfThisPrinterAsItIsCount();
};

namespace {

ZEvidence held()
{
    ZEvidence e;
    e.hostAlive = e.noShutdown = e.motorsEnabled = e.supplyIntact = true;
    e.idleSeconds = 100;
    e.idleTimeout = 600;
    return e;
}

} // namespace

void TestZUncertainty::keepDemandsProof_data()
{
    QTest::addColumn<int>("doubt");
    QTest::addColumn<int>("missing");
    QTest::newRow("all proved") << 0 << 0;
    QTest::newRow("the host died") << 1 << 1;
    QTest::newRow("host unknown") << 2 << 1;
    QTest::newRow("shut down") << 3 << 1;
    QTest::newRow("motors were off") << 4 << 1;
    QTest::newRow("supply lost, USB kept the logic alive") << 5 << 1;
    QTest::newRow("idle exactly as long as the time-out") << 6 << 1;
    QTest::newRow("idle a second less") << 7 << 0;
    QTest::newRow("idle time unknown") << 8 << 1;
    QTest::newRow("nothing known") << 9 << 5;
}

void TestZUncertainty::keepDemandsProof()
{
    QFETCH(int, doubt);
    QFETCH(int, missing);
    ZEvidence e = held();
    switch (doubt) {
    case 1: e.hostAlive = false; break;
    case 2: e.hostAlive.reset(); break;
    case 3: e.noShutdown = false; break;
    case 4: e.motorsEnabled = false; break;
    case 5: e.supplyIntact = false; break;
    case 6: e.idleSeconds = 600; break;
    case 7: e.idleSeconds = 599; break;
    case 8: e.idleSeconds.reset(); break;
    case 9: e = {}; break;
    default: break;
    }
    QCOMPARE(missingProof(ZMethod::Keep, e).size(), static_cast<std::size_t>(missing));
}

void TestZUncertainty::otherMethodsDemandTheirs_data()
{
    QTest::addColumn<int>("method");
    QTest::addColumn<bool>("given");
    QTest::addColumn<int>("missing");
    const auto row = [](const char* what, ZMethod method, bool given, int missing) { QTest::newRow(what) << int(method) << given << missing; };
    row("lift not measured", ZMethod::FirmwareLift, false, 1);
    row("lift measured", ZMethod::FirmwareLift, true, 0);
    row("no calibration", ZMethod::StockZplus, false, 1);
    row("calibrated", ZMethod::StockZplus, true, 0);
    row("plugin without stored heights", ZMethod::PlrZHome, false, 1);
    row("top switch without calibration", ZMethod::TopEndstop, false, 1);
    row("no probe", ZMethod::FreeSpot, false, 1);
    row("a probe", ZMethod::FreeSpot, true, 0);
    row("touch needs nothing but a hand", ZMethod::Touch, false, 0);
}

void TestZUncertainty::otherMethodsDemandTheirs()
{
    QFETCH(int, method);
    QFETCH(bool, given);
    QFETCH(int, missing);
    ZEvidence e;
    if (given) {
        e.measuredLift = 10.2;
        e.baseline = true;
        e.probeSigma = 0.003;
    }
    QCOMPARE(missingProof(static_cast<ZMethod>(method), e).size(), static_cast<std::size_t>(missing));
    e.measuredLift = 0;
    if (static_cast<ZMethod>(method) == ZMethod::FirmwareLift)
        QCOMPARE(missingProof(ZMethod::FirmwareLift, e).size(), std::size_t{1}); // it did not lift at all
}

void TestZUncertainty::everyMethodSaysWhatItAssumes()
{
    for (const ZMethod method : {ZMethod::StockZplus, ZMethod::PlrZHome, ZMethod::Keep, ZMethod::FirmwareLift, ZMethod::Touch, ZMethod::FreeSpot, ZMethod::TopEndstop}) {
        QVERIFY(!facts(method).assumes.pattern.empty());
        QVERIFY(!facts(method).cannotSee.pattern.empty());
    }
}

void TestZUncertainty::verdictAgainstTheLayer_data()
{
    QTest::addColumn<double>("layer");
    QTest::addColumn<int>("verdict");
    QTest::newRow("9.9 % of the layer") << 0.0202 << int(ZVerdict::Good);
    QTest::newRow("10.1 %") << 0.0198 << int(ZVerdict::Fair);
    QTest::newRow("24.9 %") << 0.00804 << int(ZVerdict::Fair);
    QTest::newRow("25.1 %") << 0.00796 << int(ZVerdict::Poor);
    QTest::newRow("no layer height") << 0.0 << int(ZVerdict::Poor);
}

void TestZUncertainty::verdictAgainstTheLayer()
{
    QFETCH(double, layer);
    QFETCH(int, verdict);
    const ZUncertainty u{{{ZTerm::Switch, 0.0006, {}}, {ZTerm::Step, 0.0008, {}}}};
    QCOMPARE(u.u(), 0.002);
    QCOMPARE(int(u.verdict(layer)), verdict);
}

void TestZUncertainty::aFirmwareLiftHoldsARephasedMotor_data()
{
    QTest::addColumn<int>("motors");
    QTest::newRow("one motor") << 1;
    QTest::newRow("two motors") << 2;
    QTest::newRow("four motors") << 4;
}

/// Drivers that settle anywhere within two full steps, a rule read to 0.1 mm, a frame that cooled: inside U in 93 % at least.
void TestZUncertainty::aFirmwareLiftHoldsARephasedMotor()
{
    QFETCH(int, motors);
    ZMechanics mechanics;
    for (int i = 0; i < motors; ++i)
        mechanics.screws.push_back({i % 2 * 200.0, i / 2 * 200.0});
    ZEvidence evidence;
    evidence.measuredLift = 10;
    evidence.temperatureGap = 10;
    std::mt19937_64 random(7);
    std::uniform_real_distribution<double> one(-1, 1);
    int inside = 0;
    constexpr int trials = 5000;
    for (int i = 0; i < trials; ++i) {
        const double x = 100 + 60 * one(random), y = 100 + 60 * one(random);
        std::vector<double> moved;
        for (int m = 0; m < motors; ++m)
            moved.push_back(2 * mechanics.fullStep * one(random));
        double drive = moved[0]; // bilinear between the screws
        if (motors == 2)
            drive = moved[0] + (moved[1] - moved[0]) * x / 200;
        if (motors == 4)
            drive = (moved[0] * (200 - x) * (200 - y) + moved[1] * x * (200 - y) + moved[2] * (200 - x) * y + moved[3] * x * y) / 40000;
        const double error = drive + 0.1 * one(random) + 10 * mechanics.perDegree * one(random);
        inside += std::abs(error) <= budget(ZMethod::FirmwareLift, mechanics, evidence, std::hypot(x - 100, y - 100)).u();
    }
    QVERIFY2(inside >= 0.93 * trials, qPrintable(QString::number(inside)));
}

namespace {

constexpr double day = 86400, provenAt = 1794441600; // 2026-11-12

ZProof proofOf(double z, double when = provenAt, ZMethod method = ZMethod::Keep)
{
    return {method, when, {0, 0, z}, 0.016};
}

} // namespace

void TestZUncertainty::aProofRaisesButNeverLowers_data()
{
    QTest::addColumn<double>("seam");
    QTest::addColumn<double>("least"); // mm of U
    QTest::newRow("no seam to be seen") << 0.0 << 0.032;
    QTest::newRow("a gap of 0.03") << 0.03 << 0.067;
    QTest::newRow("pressed in by 0.03") << -0.03 << 0.067;
    QTest::newRow("a gap of 0.2") << 0.2 << 0.4;
}

void TestZUncertainty::aProofRaisesButNeverLowers()
{
    QFETCH(double, seam);
    QFETCH(double, least);
    for (const double gap : {0.5, 20.0, 60.0}) {
        ZEvidence e = held();
        e.temperatureGap = gap;
        const double before = budget(ZMethod::Keep, {}, e).u();
        e.proofs = {proofOf(seam)};
        e.now = provenAt + day;
        const ZUncertainty after = budget(ZMethod::Keep, {}, e);
        const double wanted = std::max(before, 2 * std::hypot(seam, 0.016));
        QVERIFY2(std::abs(after.u() - wanted) < 1e-9, qPrintable(QString::number(after.u())));
        QVERIFY(after.u() >= least - 0.001 && after.u() >= before);
        QCOMPARE(after.parts.back().term, ZTerm::Proven);
        QCOMPARE(budget(ZMethod::StockZplus, {}, e).u(), budget(ZMethod::StockZplus, {}, [&] { auto none = e; none.proofs.clear(); return none; }()).u());
    }
}

void TestZUncertainty::aProofSaysWhatItIsWorth_data()
{
    QTest::addColumn<double>("days");
    QTest::addColumn<double>("changedAfter"); // days after the proof; < 0 before it, 0 never
    QTest::addColumn<bool>("holds");
    QTest::addColumn<QString>("words");
    QTest::newRow("fresh") << 1.0 << 0.0 << true << "drill of 2026-11-12: a seam of 0.03 mm, read to 0.032 mm";
    QTest::newRow("half a year") << 180.0 << 0.0 << true << "drill of 2026-11-12: a seam of 0.03 mm, read to 0.032 mm";
    QTest::newRow("a day more") << 181.0 << 0.0 << false << "drill of 2026-11-12: a seam of 0.03 mm, read to 0.032 mm; 181 days old";
    QTest::newRow("another nozzle since") << 10.0 << 5.0 << false << "drill of 2026-11-12: a seam of 0.03 mm, read to 0.032 mm; nozzle or plate were changed since";
    QTest::newRow("another nozzle before") << 10.0 << -5.0 << true << "drill of 2026-11-12: a seam of 0.03 mm, read to 0.032 mm";
}

void TestZUncertainty::aProofSaysWhatItIsWorth()
{
    QFETCH(double, days);
    QFETCH(double, changedAfter);
    QFETCH(bool, holds);
    QFETCH(QString, words);
    ZEvidence e = held();
    e.temperatureGap = 0;
    e.proofs = {proofOf(-0.03)};
    e.now = provenAt + days * day;
    if (changedAfter != 0)
        e.partsChanged = provenAt + changedAfter * day;
    const auto state = proven(ZMethod::Keep, e);
    QVERIFY(state);
    QCOMPARE(state->holds(), holds);
    const ZUncertainty u = budget(ZMethod::Keep, {}, e);
    QCOMPARE(QString::fromStdString(english(u.parts.back().why)), words);
    QVERIFY(u.u() > 0.06); // what was bad once counts until it is proven better
    QVERIFY(!proven(ZMethod::Touch, e));
}

void TestZUncertainty::onlyProofsOfThisPrinterAsItIsCount()
{
    ZEvidence e = held();
    e.temperatureGap = 0;
    e.now = provenAt + 20 * day;
    e.proofs = {proofOf(0.5, provenAt - 10 * day), proofOf(0.02, provenAt + 2 * day), proofOf(0.04, provenAt)};
    e.partsChanged = provenAt - day;
    const auto state = proven(ZMethod::Keep, e);
    QVERIFY(state);
    QCOMPARE(state->last.seam[2], 0.02);
    QVERIFY(std::abs(state->rms - std::sqrt((0.02 * 0.02 + 0.04 * 0.04) / 2)) < 1e-12);
    e.partsChanged.reset();
    QVERIFY(proven(ZMethod::Keep, e)->rms > 0.2);
    e.proofs.assign(9, proofOf(0.01));
    e.proofs.push_back(proofOf(0.9, provenAt - day)); // the sixth and older ones are history
    QVERIFY(std::abs(proven(ZMethod::Keep, e)->rms - 0.01) < 1e-12);
    e.now.reset();
    QVERIFY(!proven(ZMethod::Keep, e)->holds()); // of unknown age
}

QTEST_APPLESS_MAIN(TestZUncertainty)
#include "tst_zuncertainty.moc"
