// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <random>

#include <QTest>

#include "klippylayers.h"
#include "machine.h"
#include "motion.h"

using namespace kintsugi::sim;

class TestMachine : public QObject
{
    Q_OBJECT
private slots:
    void plansWithinLimits();
    void cornersAreSlower();
    void splitsOfTimeDoNotMatter();
    void retractionComesBackFirst();
    void coldNozzleLaysNothing();
    void crushesWhatIsInTheWay();
    void noiseIsDrawnOncePerApproach();
    void heaterLags();
    void layersByMarkOrHeight();
};

namespace {

MachineSetup setup()
{
    MachineSetup s;
    s.switchHeights = {62, 62, 62, 62};
    return s;
}

Segment move(double start, const Axes& from, const Axes& to, double speed)
{
    Planner planner;
    planner.add(from, to, speed, {7, 0});
    Segment s = planner.take(true).front();
    s.start = start;
    return s;
}

} // namespace

void TestMachine::plansWithinLimits()
{
    std::mt19937 random(3);
    std::uniform_real_distribution<double> step(-4, 4);
    Planner planner;
    Axes at{};
    double asked = 0;
    std::vector<Segment> all;
    for (int i = 0; i < 500; ++i) {
        Axes to = at;
        to[0] += step(random);
        to[1] += step(random);
        to[3] += 0.05;
        asked += std::hypot(to[0] - at[0], to[1] - at[1]);
        planner.add(at, to, 120, {});
        at = to;
        if (planner.full()) {
            for (const Segment& s : planner.take(false))
                all.push_back(s);
        }
    }
    for (const Segment& s : planner.take(true))
        all.push_back(s);
    QCOMPARE(all.size(), std::size_t{500});
    double done = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const Segment& s = all[i];
        done += s.distance;
        QVERIFY(s.cruiseV <= 120 + 1e-9 && s.accel <= 3000 + 1e-9);
        QVERIFY(s.startV <= s.cruiseV + 1e-9 && s.endV <= s.cruiseV + 1e-9);
        QVERIFY(std::abs(s.travelled(s.start + s.duration()) - s.distance) < 1e-9);
        // The speed is the same on both sides of a junction, and the three phases add up to the distance.
        const double next = i + 1 < all.size() ? all[i + 1].startV : 0;
        QVERIFY2(std::abs(s.endV - next) < 1e-6, qPrintable(QString::number(i)));
        const double phases = (s.startV + s.cruiseV) / 2 * s.accelT + s.cruiseV * s.cruiseT
                              + (s.cruiseV + s.endV) / 2 * s.decelT;
        QVERIFY(std::abs(phases - s.distance) < 1e-6);
    }
    QVERIFY(std::abs(done - asked) < 1e-6);
}

void TestMachine::cornersAreSlower()
{
    const auto speedAt = [](const Axes& corner) {
        Planner planner;
        planner.add({}, {50, 0, 0, 0}, 100, {});
        planner.add({50, 0, 0, 0}, corner, 100, {});
        return planner.take(true).front().endV;
    };
    QVERIFY(std::abs(speedAt({100, 0, 0, 0}) - 100) < 1e-6);
    const double right = speedAt({50, 50, 0, 0});
    QVERIFY(right > 4 && right < 6); // the square corner velocity
    QCOMPARE(speedAt({0, 0, 0, 0}), 0.0);
    QVERIFY(speedAt({100, 10, 0, 0}) > right);
}

void TestMachine::splitsOfTimeDoNotMatter()
{
    Machine whole(setup());
    Machine split(setup());
    for (Machine* m : {&whole, &split}) {
        m->nozzle.setTemperature(200);
        m->queue(move(1, {}, {20, 5, 0, 2}, 50));
        m->queue(move(3, {20, 5, 0, 2}, {0, 0, 1, 4}, 80));
    }
    whole.advance(10);
    for (double t = 0; t < 10; t += 0.037)
        split.advance(t);
    split.advance(10);
    QCOMPARE(split.deposit().beads.size(), std::size_t{2});
    for (std::size_t i = 0; i < 2; ++i) {
        QVERIFY(std::abs(split.deposit().beads[i].x1 - whole.deposit().beads[i].x1) < 1e-9);
        QVERIFY(std::abs(split.deposit().beads[i].filament - 2) < 1e-9);
        QCOMPARE(split.deposit().beads[i].begin, std::uint64_t{7});
    }
    for (std::size_t i = 0; i < 4; ++i)
        QVERIFY(std::abs(split.position()[i] - whole.position()[i]) < 1e-9);
}

void TestMachine::retractionComesBackFirst()
{
    Machine m(setup());
    m.nozzle.setTemperature(200);
    m.queue(move(0, {}, {0, 0, 0, -1}, 30));
    m.queue(move(1, {0, 0, 0, -1}, {20, 0, 0, 2}, 30));
    m.advance(5);
    QCOMPARE(m.deposit().beads.size(), std::size_t{1});
    QVERIFY(std::abs(m.deposit().beads[0].filament - 2) < 1e-9);
}

void TestMachine::coldNozzleLaysNothing()
{
    Machine m(setup());
    m.queue(move(0, {}, {20, 0, 0, 2}, 30));
    m.advance(5);
    QVERIFY(m.deposit().beads.empty());
    QVERIFY(std::abs(m.position()[3] - 2) < 1e-9);
}

void TestMachine::crushesWhatIsInTheWay()
{
    Machine m(setup());
    m.nozzle.setTemperature(200);
    m.queue(move(0, {}, {0, 0, -11.6, 0}, 15)); // 12 at the start: now at 0.4
    m.queue(move(5, {0, 0, -11.6, 0}, {20, 0, -11.6, 1}, 30));
    m.queue(move(8, {20, 0, -11.6, 1}, {20, 0, -11.7, 1}, 5));
    m.queue(move(10, {20, 0, -11.7, 1}, {0, 0, -11.7, 1}, 30));
    m.advance(7.9);
    QCOMPARE(m.crushed(), 0.0);
    m.advance(20);
    QVERIFY2(std::abs(m.crushed() - 0.1) < 1e-3, qPrintable(QString::number(m.crushed())));
    m.clearBed();
    QVERIFY(m.deposit().beads.empty());
    QCOMPARE(m.crushed(), 0.0);
}

void TestMachine::noiseIsDrawnOncePerApproach()
{
    MachineSetup s = setup();
    s.switchNoise = 0.05;
    Machine m(s);
    m.queue(move(0, {}, {0, 0, 49, 0}, 15));
    m.advance(5);
    QVERIFY(!m.pressed(1));
    const double first = m.pressHeight(1);
    m.queue(move(5, {0, 0, 49, 0}, {0, 0, 50.5, 0}, 5));
    m.advance(7);
    QVERIFY(m.pressed(1));
    QCOMPARE(m.pressHeight(1), first);
    m.queue(move(8, {0, 0, 50.5, 0}, {0, 0, 49, 0}, 5));
    m.advance(12);
    QVERIFY(!m.pressed(1));
    QVERIFY(m.pressHeight(1) != first);
}

void TestMachine::heaterLags()
{
    Heater heater(22, 4, 90, 0.5, 1);
    heater.target = 200;
    heater.advance(1);
    QVERIFY(heater.temperature() - heater.sensed() > 0.5);
    QCOMPARE(heater.power(), 1.0);
    double highest = 0;
    for (int i = 0; i < 300; ++i) {
        heater.advance(1);
        highest = std::max(highest, heater.sensed());
    }
    QVERIFY(std::abs(heater.sensed() - 200) < 0.5);
    QVERIFY2(highest < 203, qPrintable(QString::number(highest)));
    heater.target = 0;
    heater.advance(90);
    QVERIFY(std::abs(heater.sensed() - (22 + 178 * std::exp(-1))) < 3);
}

void TestMachine::layersByMarkOrHeight()
{
    const auto marked = printedLayers("M83\n;LAYER_CHANGE\n;Z:0.2\nG1 Z0.2\nG1 X1 E1\n;LAYER_CHANGE\nG1 Z0.4\n"
                                      ";LAYER_CHANGE\nG1 Z0.6\nG1 X2 E2\nG1 X3 E0.5\n");
    QCOMPARE(marked.size(), std::size_t{2});
    QCOMPARE(marked[1].filament, 2.5);
    const auto plain = printedLayers("M82\nG92 E0\nG1 Z0.3\nG1 X1 E1\nG1 Z5\nG1 Z0.3\nG1 X2 E2\nG1 Z0.6\nG1 X3 E2.5\n");
    QCOMPARE(plain.size(), std::size_t{2});
    QCOMPARE(plain[0].filament, 2.0);
    QCOMPARE(plain[1].filament, 0.5);
}

QTEST_APPLESS_MAIN(TestMachine)
#include "tst_machine.moc"
