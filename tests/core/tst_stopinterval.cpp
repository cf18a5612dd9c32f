// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <cmath>
#include <deque>
#include <functional>
#include <limits>
#include <random>

#include "gcode/scanner.h"
#include "gcode/toolpath.h"
#include "recovery/positionmatch.h"
#include "recovery/stopinterval.h"

using namespace kintsugi;
using namespace kintsugi::recovery;
using namespace Qt::StringLiterals;

namespace {

struct Tower {
    std::unique_ptr<gcode::FileSource> source;
    gcode::FileIndex index;
};

Tower tower()
{
    auto source = gcode::FileSource::open(KINTSUGI_TEST_DATA "/moonraker/gcode/tower_plr.gcode");
    auto index = gcode::buildIndex(**source, gcode::Dialect::Klipper);
    return {std::move(*source), std::move(*index)};
}

std::optional<std::array<double, 4>> fourOf(const QJsonValue& value)
{
    const QJsonArray array = value.toArray();
    if (array.size() < 4)
        return std::nullopt;
    return std::array{array[0].toDouble(), array[1].toDouble(), array[2].toDouble(), array[3].toDouble()};
}

void merge(Sample& sample, const QJsonObject& status)
{
    if (const auto live = fourOf(status["motion_report"_L1]["live_position"_L1]))
        sample.livePosition = live;
    if (const QJsonValue at = status["virtual_sdcard"_L1]["file_position"_L1]; at.isDouble())
        sample.filePosition = static_cast<ByteOffset>(at.toDouble());
    if (const QJsonValue state = status["print_stats"_L1]["state"_L1]; state.isString())
        sample.printState = state.toString().toStdString();
    const QJsonValue toolhead = status["toolhead"_L1];
    if (toolhead["print_time"_L1].isDouble())
        sample.printTime = toolhead["print_time"_L1].toDouble();
    if (toolhead["estimated_print_time"_L1].isDouble())
        sample.estimatedPrintTime = toolhead["estimated_print_time"_L1].toDouble();
    if (const auto position = fourOf(toolhead["position"_L1]))
        sample.toolheadPosition = position;
    if (const auto origin = fourOf(status["gcode_move"_L1]["homing_origin"_L1]))
        sample.homingOrigin = origin;
}

struct Recording {
    std::vector<Sample> samples;
    std::array<double, 2> truth{}; ///< X and Y of the motors after the cut
};

/// Status updates of run 03 up to the power cut, as a recorder would have stored them, and where the machine truly stood.
Recording recording()
{
    Recording recording;
    QFile file(QStringLiteral(KINTSUGI_TEST_DATA "/moonraker/03_power_loss_kill9_restart_read_state.jsonl"));
    if (!file.open(QIODevice::ReadOnly))
        return recording;
    Sample now;
    bool cut = false;
    while (!file.atEnd()) {
        const QJsonObject row = QJsonDocument::fromJson(file.readLine()).object();
        if (row["dir"_L1] == "sim"_L1) {
            const QJsonArray motors = row["xyz_motor_mm"_L1].toArray();
            recording.truth = {motors[0].toDouble(), motors[1].toDouble()};
        }
        cut = cut || row["dir"_L1] == "sim"_L1;
        const QJsonObject frame = row["frame"_L1].toObject();
        if (cut || row["dir"_L1] != "s2c"_L1)
            continue;
        now.time = row["t"_L1].toDouble();
        if (frame["method"_L1] == "notify_status_update"_L1)
            merge(now, frame["params"_L1][0].toObject());
        else if (frame["result"_L1].toObject().contains("status"_L1))
            merge(now, frame["result"_L1]["status"_L1].toObject());
        else
            continue;
        recording.samples.push_back(now);
    }
    return recording;
}

std::vector<Sample> lastOf(const std::vector<Sample>& samples, std::size_t count)
{
    return {samples.end() - static_cast<std::ptrdiff_t>(std::min(count, samples.size())), samples.end()};
}

/// Samples of a nozzle that runs `lead` bytes behind the reader along the file's own path.
Sample sampleOn(const gcode::Segment& segment, double fraction, ByteOffset reader, double e, double time)
{
    Sample sample;
    sample.time = time;
    sample.printState = "printing";
    sample.filePosition = reader;
    sample.livePosition = std::array{segment.x0 + fraction * double(segment.x1 - segment.x0), segment.y0 + fraction * double(segment.y1 - segment.y0),
                                     segment.z0 + fraction * double(segment.z1 - segment.z0), e + fraction * double(segment.e)};
    return sample;
}

/// Marlin as far as its queue goes: 4 command slots, 15 planner blocks, the oldest of which is being executed.
struct MarlinRun {
    struct Moment {
        double time = 0;
        std::size_t segment = 0;              ///< being executed
        ByteOffset read = 0, accepted = 0;    ///< ends of the last line read, and of the last said "ok" to
        int free = 15;                        ///< P of that "ok"
    };
    std::vector<Moment> moments; ///< one per block, ascending
    std::vector<gcode::Segment> segments;
    std::vector<double> extruded; ///< before each segment
    double end = 0;

    MarlinRun(const gcode::Source& source, const gcode::FileIndex& index)
    {
        struct Line { ByteOffset end; std::optional<std::size_t> segment; };
        segments = gcode::readToolpath(source, index, 0, index.size)->segments;
        for (double sum = 0; const gcode::Segment& segment : segments) {
            extruded.push_back(sum);
            sum += double(segment.e);
        }
        std::vector<Line> lines;
        gcode::Scanner scanner(0, 1);
        std::string text(index.size, '\0');
        (void)source.read(0, std::as_writable_bytes(std::span(text)));
        std::size_t next = 0;
        const auto sink = [&](const gcode::Line& line) {
            if (gcode::parseCommand(line.text).kind == gcode::Command::Kind::None)
                return;
            while (next < segments.size() && segments[next].begin < line.begin)
                ++next;
            const bool moves = next < segments.size() && segments[next].begin == line.begin
                && std::max(lengthOf(segments[next]), double(std::abs(segments[next].e))) > 0.05;
            lines.push_back({line.end, moves ? std::optional(next) : std::nullopt});
        };
        scanner.feed(std::as_bytes(std::span(text)), sink);
        scanner.finish(sink);
        std::deque<std::size_t> ring, planner;
        Moment now;
        for (std::size_t line = 0;;) {
            for (bool going = true; going;) {
                going = false;
                for (; ring.size() < 4 && line < lines.size(); ++line, going = true) {
                    ring.push_back(line);
                    now.read = lines[line].end;
                }
                while (!ring.empty() && (!lines[ring.front()].segment || planner.size() < 15)) {
                    if (lines[ring.front()].segment)
                        planner.push_back(*lines[ring.front()].segment);
                    now.accepted = lines[ring.front()].end;
                    now.free = 15 - int(planner.size());
                    ring.pop_front();
                    going = true;
                }
            }
            if (planner.empty())
                break;
            now.segment = planner.front();
            moments.push_back(now);
            now.time += std::max(0.003, secondsOf(segments[planner.front()]) * 1.1);
            planner.pop_front();
        }
        end = now.time;
    }
    [[nodiscard]] const Moment& at(double time) const
    {
        const auto after = std::upper_bound(moments.begin(), moments.end(), time, [](double t, const Moment& m) { return t < m.time; });
        return *std::prev(after);
    }
    [[nodiscard]] std::array<double, 4> place(double time) const
    {
        const Moment& now = at(time);
        const gcode::Segment& s = segments[now.segment];
        const double f = std::min(1.0, (time - now.time) / std::max(0.003, secondsOf(s) * 1.1));
        const auto round = [](double value) { return std::round(value * 100) / 100; }; // M114 has two decimals
        return {round(s.x0 + f * double(s.x1 - s.x0)), round(s.y0 + f * double(s.y1 - s.y0)), round(s.z0 + f * double(s.z1 - s.z0)),
                round(extruded[now.segment] + f * double(s.e))};
    }
};

/// What a host can know of such a printer.
enum class Sees { CardByte, CardByteAndPlace, Acknowledged, AdvancedOk };

using Spoil = std::function<void(std::vector<Sample>&)>;

} // namespace

Q_DECLARE_METATYPE(Spoil)
Q_DECLARE_METATYPE(Sees)

class TestStopInterval : public QObject
{
    Q_OBJECT

private slots:
    void recordedPowerCut_data();
    void recordedPowerCut();
    void everyMomentOfTheRecording();
    void causeDecidesTheWidth();
    void offsetIsTakenOut();
    void extruderTellsTheCrossing();
    void withoutLivePositions();
    void withoutFilePositions();
    void samplesOfTheRestartAreIgnored();
    void farAwayIsNoMatch();
    void wrongSamples_data();
    void wrongSamples();
    void oneReadPositionAlone();
    void startOfALineMayBeTheEndOfTheLast();
    void hostThatOutlivesItsController();
    void marlinQueue_data();
    void marlinQueue();
    void marlinRunsOut();
    void cardPrintGoesOnWithoutHost();
    void klipperVersionNarrowsTheRunOut();
    void noticeOfTheEndNarrows();
    void excludedObjectTakesNoTime();
    void truthLiesInside_data();
    void truthLiesInside();
    void safeCutIsARetractedTravel();
    void safeCutWithoutRetraction();
    void candidatesOfTheCut();
    void overlapAndGapAddUp();
    void outsideThePrint();
};

void TestStopInterval::recordedPowerCut_data()
{
    QTest::addColumn<int>("count");
    for (const int count : {1, 2, 5, 20, 300})
        QTest::addRow("%d samples", count) << count;
}

void TestStopInterval::recordedPowerCut()
{
    QFETCH(int, count);
    const Tower print = tower();
    const Recording run = recording();
    QVERIFY(run.samples.size() > 200);
    constexpr ByteOffset truth = 6431, reader = 7019;
    QVERIFY(std::any_of(run.samples.begin(), run.samples.end(), [=](const Sample& s) { return s.filePosition == reader; }));
    const auto stop = stopInterval(*print.source, print.index, lastOf(run.samples, std::size_t(count)), StopCause::PrinterPowerLost);
    QVERIFY(stop.has_value());
    QVERIFY2(stop->earliest <= truth && truth < stop->latest, qPrintable(QString::number(stop->earliest)));
    QVERIFY(stop->latest < reader);
    QVERIFY(stop->distanceMm.has_value() && *stop->distanceMm < 0.1);
    QCOMPARE(stop->likely, truth);
    QVERIFY(!stop->reason.pattern.empty());
}

/// At every update after the heating the line found must hold the live position, and never lie behind the reader or
/// go back in time: that is what tells a right match from a lucky one.
void TestStopInterval::everyMomentOfTheRecording()
{
    const Tower print = tower();
    const Recording run = recording();
    ByteOffset previous = 0;
    int matched = 0;
    for (std::size_t i = 1; i <= run.samples.size(); ++i) {
        const std::vector<Sample> seen(run.samples.begin(), run.samples.begin() + std::ptrdiff_t(i));
        const Sample& newest = seen.back();
        if (!newest.filePosition || *newest.filePosition < 3000 || !newest.livePosition)
            continue;
        const auto stop = stopInterval(*print.source, print.index, seen, StopCause::PrinterPowerLost);
        QVERIFY(stop.has_value());
        if (!stop->distanceMm || *stop->distanceMm > 0.2)
            continue;
        ++matched;
        QVERIFY(stop->likely <= *newest.filePosition);
        QVERIFY2(stop->likely + 120 >= previous, qPrintable(u"sample %1: %2 after %3"_s.arg(i).arg(stop->likely).arg(previous)));
        previous = std::max(previous, stop->likely);
    }
    QVERIFY2(matched > 40, qPrintable(QString::number(matched)));
}

void TestStopInterval::causeDecidesTheWidth()
{
    const Tower print = tower();
    const std::vector<Sample> samples = lastOf(recording().samples, 20);
    const auto power = stopInterval(*print.source, print.index, samples, StopCause::PrinterPowerLost);
    const auto host = stopInterval(*print.source, print.index, samples, StopCause::HostLost);
    const auto link = stopInterval(*print.source, print.index, samples, StopCause::LinkLost);
    QVERIFY(power && host && link);
    QCOMPARE(link->latest, print.index.size);
    QVERIFY(power->latest < print.index.size);
    QVERIFY(host->earliest >= power->earliest && host->latest > power->latest);
    QVERIFY(host->likely > power->likely);
    QVERIFY(host->likely < host->latest);
    const auto unknown = stopInterval(*print.source, print.index, samples, StopCause::Unknown);
    QCOMPARE(unknown->earliest, power->earliest);
    QCOMPARE(unknown->latest, host->latest);
}

void TestStopInterval::offsetIsTakenOut()
{
    const Tower print = tower();
    std::vector<Sample> samples = lastOf(recording().samples, 10);
    const auto plain = stopInterval(*print.source, print.index, samples, StopCause::PrinterPowerLost);
    for (Sample& sample : samples) {
        sample.homingOrigin = {5, -3, 0.4, 0};
        (*sample.livePosition)[0] += 5;
        (*sample.livePosition)[1] -= 3;
        (*sample.livePosition)[2] += 0.4;
    }
    const auto shifted = stopInterval(*print.source, print.index, samples, StopCause::PrinterPowerLost);
    QVERIFY(plain && shifted);
    QCOMPARE(shifted->likely, plain->likely);
}

/// The same square is drawn ten times at one height: only the extruder tells the turns apart. Its live value counts from
/// another origin than the file's.
void TestStopInterval::extruderTellsTheCrossing()
{
    std::string text = "M140 S60\nM104 S210\nG90\nM83\nG1 X0 Y0 Z0.2 F1200\n";
    for (int turn = 0; turn < 10; ++turn)
        text += "G1 X10 Y0 E1\nG1 X10 Y10 E1\nG1 X0 Y10 E1\nG1 X0 Y0 E1\n";
    const gcode::MemorySource source(text);
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    const auto path = gcode::readToolpath(source, *index, 0, index->size);
    const auto& segments = path->segments;
    const std::size_t first = segments.size() - 40;
    for (std::size_t at = first + 6; at + 9 < segments.size(); ++at) {
        const std::size_t reader = at + 8;
        Sample sample = sampleOn(segments[at], 0.5, segments[reader].begin, double(at - first) + 137.0, double(at));
        sample.toolheadPosition = std::array{0.0, 0.0, 0.2, double(reader + 1 - first) + 137.0};
        const auto stop = stopInterval(source, *index, {sample}, StopCause::PrinterPowerLost);
        QVERIFY(stop.has_value());
        QCOMPARE(stop->likely, segments[at].begin);
        QVERIFY(std::abs(stop->likelyFraction - 0.5) < 1e-6);
        // Klipper may not have counted the line being executed yet; that shifts E by one line, not by a turn.
        (*sample.toolheadPosition)[3] -= 1.0;
        const auto uncounted = stopInterval(source, *index, {sample}, StopCause::PrinterPowerLost);
        QCOMPARE(uncounted->likely, segments[at].begin);
    }
}

void TestStopInterval::withoutLivePositions()
{
    const Tower print = tower();
    std::vector<Sample> samples = recording().samples;
    for (Sample& sample : samples)
        sample.livePosition.reset();
    const auto stop = stopInterval(*print.source, print.index, samples, StopCause::PrinterPowerLost);
    QVERIFY(stop.has_value());
    QVERIFY(!stop->distanceMm.has_value());
    QVERIFY(stop->earliest <= 6431 && stop->latest > 7019);
    QVERIFY(stop->latest < print.index.size);
}

void TestStopInterval::withoutFilePositions()
{
    const Tower print = tower();
    std::vector<Sample> samples = lastOf(recording().samples, 5);
    for (Sample& sample : samples)
        sample.filePosition.reset();
    for (const auto& given : {samples, std::vector<Sample>{}}) {
        const auto stop = stopInterval(*print.source, print.index, given, StopCause::Unknown);
        QVERIFY(!stop.has_value());
        QCOMPARE(stop.error().code, ErrorCode::BadValue);
    }
}

void TestStopInterval::samplesOfTheRestartAreIgnored()
{
    const Tower print = tower();
    std::vector<Sample> samples = lastOf(recording().samples, 10);
    const auto before = stopInterval(*print.source, print.index, samples, StopCause::PrinterPowerLost);
    Sample restarted;
    restarted.time = samples.back().time + 20;
    restarted.printState = "standby";
    restarted.filePosition = 0;
    restarted.livePosition = {0, 0, 0, 0};
    samples.push_back(restarted);
    const auto after = stopInterval(*print.source, print.index, samples, StopCause::PrinterPowerLost);
    QVERIFY(before && after);
    QCOMPARE(after->likely, before->likely);
    QCOMPARE(after->latest, before->latest);
}

void TestStopInterval::farAwayIsNoMatch()
{
    const Tower print = tower();
    std::vector<Sample> samples = lastOf(recording().samples, 3);
    for (Sample& sample : samples)
        sample.livePosition = {10, 190, 60, 0};
    const auto stop = stopInterval(*print.source, print.index, samples, StopCause::PrinterPowerLost);
    QVERIFY(stop.has_value());
    QVERIFY(!stop->distanceMm.has_value());
}

void TestStopInterval::wrongSamples_data()
{
    QTest::addColumn<Spoil>("spoil");
    const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
    const auto row = [](const char* name, const Spoil& spoil) { QTest::newRow(name) << spoil; };
    row("live position is no number", [nan](auto& s) { (*s.back().livePosition)[0] = nan; });
    row("live E is infinite", [inf](auto& s) { (*s.back().livePosition)[3] = inf; });
    row("toolhead is no number", [nan](auto& s) { s.back().toolheadPosition = std::array{nan, nan, nan, nan}; });
    row("time is no number", [nan](auto& s) { s.back().time = nan; });
    row("limits are nonsense", [nan, inf](auto& s) {
        for (Sample& one : s)
            one.maxAccel = 1e-300, one.maxVelocity = inf, one.squareCornerVelocity = nan, one.minimumCruiseRatio = nan, one.speedFactor = nan;
    });
    row("out of order", [](auto& s) { std::reverse(s.begin(), s.end()); });
    row("read position beyond the end", [](auto& s) { s.push_back(s.back()), s.back().filePosition = 99'999'999; });
    row("last one far off", [](auto& s) { (*s.back().livePosition)[0] += 40; });
    row("last one a little off, without its extruder", [](auto& s) { s.back().livePosition = {s.back().livePosition->at(0) + 0.4, s.back().livePosition->at(1) + 0.4, s.back().livePosition->at(2), 0.0}; });
}

void TestStopInterval::wrongSamples()
{
    QFETCH(Spoil, spoil);
    const Tower print = tower();
    std::vector<Sample> samples = lastOf(recording().samples, 60);
    spoil(samples);
    const auto stop = stopInterval(*print.source, print.index, samples, StopCause::PrinterPowerLost);
    QVERIFY(stop.has_value());
    constexpr ByteOffset truth = 6431;
    QVERIFY2(stop->earliest <= truth && truth < stop->latest, qPrintable(QString::number(stop->earliest)));
    QVERIFY(stop->latest < print.index.size / 2);
    QVERIFY(std::isfinite(stop->likelyFraction) && std::isfinite(stop->distanceMm.value_or(0)));
}

/// One read position says nothing about what of the queue has run.
void TestStopInterval::oneReadPositionAlone()
{
    const Tower print = tower();
    std::vector<Sample> samples = lastOf(recording().samples, 1);
    samples.back().livePosition.reset();
    const auto stop = stopInterval(*print.source, print.index, samples, StopCause::PrinterPowerLost);
    QVERIFY(stop.has_value());
    QVERIFY2(stop->earliest <= 6431 && stop->earliest > 3000, qPrintable(QString::number(stop->earliest)));
    QCOMPARE(gcode::locate(*print.source, print.index, stop->earliest)->byte, stop->earliest);
}

void TestStopInterval::startOfALineMayBeTheEndOfTheLast()
{
    const gcode::MemorySource source("M104 S200\nG90\nM83\nG1 X0 Y0 Z0.2 F1200\nG1 X10 E1\nG1 X10 Y10 E1\nG1 X0 Y10 E1\nG1 X0 Y5 E1\n");
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    const auto path = gcode::readToolpath(source, *index, 0, index->size);
    const auto& s = path->segments;
    const std::size_t n = s.size();
    for (const auto& [fraction, first] : {std::pair(0.005, n - 4), std::pair(0.5, n - 3)}) {
        const auto stop = stopInterval(source, *index, {sampleOn(s[n - 3], fraction, s[n - 1].begin, 100, 1)}, StopCause::PrinterPowerLost);
        QVERIFY(stop.has_value());
        QCOMPARE(stop->earliest, s[first].begin);
    }
}

/// It reports its plan for some seconds more before it shuts down.
void TestStopInterval::hostThatOutlivesItsController()
{
    const Tower print = tower();
    std::vector<Sample> samples = recording().samples;
    const Sample last = samples.back();
    const auto cut = std::find_if(samples.begin(), samples.end(), [&last](const Sample& s) { return s.time > last.time - 5.2; });
    const auto truth = stopInterval(*print.source, print.index, {samples.begin(), cut}, StopCause::PrinterPowerLost);
    Sample told = last;
    told.time += 0.1;
    told.hostState = "shutdown";
    told.livePosition = {0, 0, 0, 0};
    samples.push_back(told);
    const auto stop = stopInterval(*print.source, print.index, samples, StopCause::PrinterPowerLost);
    QVERIFY(truth && stop);
    QVERIFY2(stop->earliest <= truth->likely && truth->likely < stop->latest, qPrintable(QString::number(stop->earliest)));
    QVERIFY(stop->likely < 6431 && stop->earliest > truth->likely - 2000);
    samples.pop_back();
    QCOMPARE(stopInterval(*print.source, print.index, samples, StopCause::PrinterPowerLost)->likely, ByteOffset(6431));
}

void TestStopInterval::marlinQueue_data()
{
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<Sees>("sees");
    for (const char* file : {"cura_block_marlin", "ps_cube_absE_marlin2_thumbnails"}) {
        QTest::addRow("%s, byte of the card", file) << QByteArray(file) << Sees::CardByte;
        QTest::addRow("%s, byte and live place", file) << QByteArray(file) << Sees::CardByteAndPlace;
        QTest::addRow("%s, streamed", file) << QByteArray(file) << Sees::Acknowledged;
        QTest::addRow("%s, streamed with P and B", file) << QByteArray(file) << Sees::AdvancedOk;
    }
}

namespace {

std::vector<Sample> marlinSamples(const MarlinRun& run, double cut, Sees sees, double period, double phase)
{
    std::vector<Sample> samples;
    for (double time = std::max(0.0, cut - 15 - phase); time < cut; time += period) {
        const MarlinRun::Moment& now = run.at(time);
        Sample sample;
        sample.time = time;
        sample.printState = "printing";
        if (sees == Sees::CardByte || sees == Sees::CardByteAndPlace)
            sample.filePosition = now.read;
        if (sees == Sees::CardByteAndPlace)
            sample.livePosition = run.place(time);
        if (sees == Sees::Acknowledged || sees == Sees::AdvancedOk) {
            sample.sent = now.read;
            sample.acknowledged = now.accepted;
        }
        if (sees == Sees::AdvancedOk)
            sample.plannerFree = now.free;
        samples.push_back(sample);
    }
    return samples;
}

} // namespace

/// The truth is always inside; behind the last sample's byte there are never more moves than the firmware can hold, and
/// beyond it no more than it reads between two samples.
void TestStopInterval::marlinQueue()
{
    QFETCH(QByteArray, file);
    QFETCH(Sees, sees);
    const auto source = gcode::FileSource::open((QByteArray(KINTSUGI_TEST_DATA "/gcode/") + file + ".gcode").toStdString());
    const auto index = gcode::buildIndex(**source, gcode::Dialect::Marlin);
    const MarlinRun run(**source, *index);
    std::mt19937 random(11);
    std::uniform_real_distribution<double> share(0, 1);
    const int stops = qEnvironmentVariableIsSet("KINTSUGI_LONG") ? 500 : 100;
    std::vector<std::size_t> held, possible;
    for (int i = 0; i < stops; ++i) {
        const double cut = 20 + (run.end - 25) * share(random), period = sees == Sees::CardByte ? 1.0 : 0.25;
        const auto samples = marlinSamples(run, cut, sees, period, share(random) * period);
        const auto stop = stopInterval(**source, *index, samples, StopCause::PrinterPowerLost);
        QVERIFY(stop.has_value());
        const ByteOffset truth = run.segments[run.at(cut).segment].begin;
        QVERIFY2(stop->earliest <= truth && truth < stop->latest,
                 qPrintable(u"%1 in [%2, %3), %4"_s.arg(truth).arg(stop->earliest).arg(stop->latest).arg(QString::fromStdString(english(stop->reason)))));
        const ByteOffset seen = samples.back().acknowledged.value_or(samples.back().filePosition.value_or(0));
        held.push_back(std::size_t(std::count_if(run.segments.begin(), run.segments.end(), [&](const gcode::Segment& s) {
            return s.begin >= stop->earliest && s.begin < seen && std::max(lengthOf(s), double(std::abs(s.e))) >= 0.15;
        })));
        ByteOffset read = 0;
        for (std::size_t n = 1; n < samples.size(); ++n) {
            const auto at = [&](const Sample& sample) { return sample.sent.value_or(sample.filePosition.value_or(0)); };
            read = std::max(read, at(samples[n]) - at(samples[n - 1]));
        }
        const ByteOffset last = std::max(seen, samples.back().sent.value_or(0));
        // The line begun at the last sample, and the one begun at the end.
        const auto begun = gcode::locate(**source, *index, std::min(index->size - 1, last));
        const auto line = gcode::locate(**source, *index, std::min(index->size - 1, begun->end + read));
        QVERIFY2(stop->latest <= line->end, qPrintable(u"%1 beyond %2 by more than %3"_s.arg(stop->latest).arg(last).arg(read)));
        possible.push_back(std::size_t(std::count_if(run.segments.begin(), run.segments.end(), [&](const gcode::Segment& s) {
            return s.begin >= stop->earliest && s.begin < stop->latest;
        })));
    }
    std::sort(held.begin(), held.end());
    std::sort(possible.begin(), possible.end());
    QVERIFY2(held.back() <= 3 + 15 + 1, qPrintable(QString::number(held.back())));
    if (sees == Sees::CardByteAndPlace)
        QVERIFY2(possible[possible.size() / 2] < 8, qPrintable(QString::number(possible[possible.size() / 2])));
    if (sees == Sees::AdvancedOk)
        QVERIFY(held.back() <= 16);
}

/// A streamed print whose host died ends with the last line the firmware got.
void TestStopInterval::marlinRunsOut()
{
    const auto source = gcode::FileSource::open(KINTSUGI_TEST_DATA "/gcode/cura_block_marlin.gcode");
    const auto index = gcode::buildIndex(**source, gcode::Dialect::Marlin);
    const MarlinRun run(**source, *index);
    std::mt19937 random(3);
    std::uniform_real_distribution<double> share(0, 1);
    for (int i = 0; i < 50; ++i) {
        const double cut = 20 + (run.end - 25) * share(random);
        const auto samples = marlinSamples(run, cut, Sees::Acknowledged, 0.25, 0.25 * share(random));
        const ByteOffset sent = run.at(cut).read;
        const auto last = std::find_if(run.segments.rbegin(), run.segments.rend(), [sent](const gcode::Segment& s) { return s.end <= sent; });
        const auto stop = stopInterval(**source, *index, samples, StopCause::HostLost);
        QVERIFY(stop.has_value());
        QVERIFY2(stop->earliest <= last->begin && last->begin < stop->latest,
                 qPrintable(u"%1 in [%2, %3)"_s.arg(last->begin).arg(stop->earliest).arg(stop->latest)));
        QVERIFY(stop->earliest >= run.segments[run.at(samples.back().time).segment].begin);
    }
}

void TestStopInterval::cardPrintGoesOnWithoutHost()
{
    const auto source = gcode::FileSource::open(KINTSUGI_TEST_DATA "/gcode/cura_block_marlin.gcode");
    const auto index = gcode::buildIndex(**source, gcode::Dialect::Marlin);
    const MarlinRun run(**source, *index);
    const auto samples = marlinSamples(run, 100, Sees::CardByte, 1.0, 0.3);
    for (const StopCause cause : {StopCause::HostLost, StopCause::LinkLost})
        QCOMPARE(stopInterval(**source, *index, samples, cause)->latest, index->size);
    QVERIFY(stopInterval(**source, *index, samples, StopCause::PrinterPowerLost)->latest < index->size);
}

/// Up to v0.13.0 the host sends all that it planned; since September 2025 it keeps little motion in the controllers.
void TestStopInterval::klipperVersionNarrowsTheRunOut()
{
    const Tower print = tower();
    const std::vector<Sample> samples = lastOf(recording().samples, 40);
    const auto latest = [&](const char* version) {
        return stopInterval(*print.source, print.index, samples, StopCause::HostLost, queueModelOf(gcode::Dialect::Klipper, version))->latest;
    };
    const auto earliest = [&](const char* version) {
        return stopInterval(*print.source, print.index, samples, StopCause::HostLost, queueModelOf(gcode::Dialect::Klipper, version))->earliest;
    };
    QVERIFY(earliest("v0.13.0-12-gabcdef") >= earliest("")); // what is planned is sent, but not by every host
    QVERIFY(earliest("v0.13.0-12-gabcdef") >= earliest("v0.13.0-420-gabcdef"));
    QCOMPARE(earliest("2025.1-fork"), earliest(""));
    QVERIFY(latest("v0.13.0-12-gabcdef") <= latest(""));
    QVERIFY(latest("v0.13.0-420-gabcdef") < latest("v0.12.0-420-gabcdef"));
}

/// A server that outlives its host says when it ended.
void TestStopInterval::noticeOfTheEndNarrows()
{
    const Tower print = tower();
    const QueueModel queue = queueModelOf(gcode::Dialect::Klipper, "v0.13.0-420-gabcdef");
    std::vector<Sample> samples = lastOf(recording().samples, 40);
    const auto unseen = stopInterval(*print.source, print.index, samples, StopCause::HostLost, queue);
    Sample notice;
    notice.time = samples.back().time + 0.02;
    notice.hostState = "disconnected";
    samples.push_back(notice);
    const auto seen = stopInterval(*print.source, print.index, samples, StopCause::HostLost, queue);
    QVERIFY(unseen && seen);
    const auto place = [](ByteOffset byte, double fraction) { return std::pair(byte, fraction); };
    QVERIFY(place(unseen->earliest, unseen->earliestFraction) <= place(seen->earliest, seen->earliestFraction));
    QVERIFY(place(seen->latest, seen->latestFraction) < place(unseen->latest, unseen->latestFraction));
    QVERIFY(seen->halfFrom <= seen->likely && seen->likely < seen->halfTo);
    QVERIFY(seen->earliest <= seen->halfFrom && seen->halfTo <= seen->latest);
    samples.back().time += 60; // said by a server that was away meanwhile: no moment
    const auto late = stopInterval(*print.source, print.index, samples, StopCause::HostLost, queue);
    QCOMPARE(late->latest, unseen->latest);
}

/// The host skips the lines of an excluded object: the nozzle is soon far behind them.
void TestStopInterval::excludedObjectTakesNoTime()
{
    std::string text = "M104 S200\nG90\nM83\nEXCLUDE_OBJECT_DEFINE NAME=a\nEXCLUDE_OBJECT_DEFINE NAME=b\nG1 X0 Y0 Z0.2 F1200\n";
    for (int turn = 0; turn < 6; ++turn) {
        for (const char* object : {"a", "b"}) {
            text += std::string("EXCLUDE_OBJECT_START NAME=") + object + "\n";
            for (int i = 0; i < 4; ++i)
                text += "G1 X" + std::to_string(10 + i + (*object == 'b' ? 40 : 0)) + " Y" + std::to_string(turn * 5 + i) + " E1\n";
            text += std::string("EXCLUDE_OBJECT_END NAME=") + object + "\n";
        }
    }
    const gcode::MemorySource source(text);
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    const auto path = gcode::readToolpath(source, *index, 0, index->size);
    const auto& s = path->segments;
    const auto lastOfA = std::find_if(s.begin(), s.end(), [](const gcode::Segment& one) { return one.x1 == 13 && one.y1 == 8; });
    Sample sample = sampleOn(*lastOfA, 0.9, s.back().begin, 50, 1);
    const auto with = stopInterval(source, *index, {sample}, StopCause::PrinterPowerLost);
    sample.excludedObjects = {{"b"}};
    const auto without = stopInterval(source, *index, {sample}, StopCause::PrinterPowerLost);
    QVERIFY(with && without);
    QCOMPARE(without->likely, lastOfA->begin);
    QVERIFY(without->distanceMm && !with->distanceMm); // the reader is too far ahead for anything but an excluded object
    QVERIFY(without->latest - without->earliest < with->latest - with->earliest);
    QCOMPARE(without->excluded, std::vector<std::string>{"b"});
}

void TestStopInterval::truthLiesInside_data()
{
    QTest::addColumn<QByteArray>("file");
    for (const char* file : {"ps_gear_relE_klipper", "ps_vase_spiral", "ps_mmu2_wipetower_relE", "derived_dome_raft_arcs_relE", "cura_block_marlin"})
        QTest::newRow(file) << QByteArray(file);
}

/// Known runs with a queue: a nozzle on the path, a reader some seconds ahead, a cut between two samples, now and then a
/// sample that is wrong.
void TestStopInterval::truthLiesInside()
{
    QFETCH(QByteArray, file);
    const auto source = gcode::FileSource::open((QByteArray(KINTSUGI_TEST_DATA "/gcode/") + file + ".gcode").toStdString());
    const auto index = gcode::buildIndex(**source, gcode::Dialect::Klipper);
    const auto path = gcode::readToolpath(**source, *index, *index->firstExtrusion, *index->lastExtrusionEnd);
    const auto& segments = path->segments;
    std::vector<double> begin{0}, extruded{500};
    for (const gcode::Segment& segment : segments) {
        begin.push_back(begin.back() + std::max(0.002, secondsOf(segment) * 1.15));
        extruded.push_back(extruded.back() + double(segment.e));
    }
    const auto at = [&begin, &segments](double time) {
        return std::min(std::size_t(std::upper_bound(begin.begin(), begin.end(), time) - begin.begin()) - 1, segments.size() - 1);
    };
    std::mt19937 random(17);
    std::uniform_real_distribution<double> share(0, 1);
    const int stops = qEnvironmentVariableIsSet("KINTSUGI_LONG") ? 500 : 60;
    for (int stopped = 0; stopped < stops; ++stopped) {
        const double cut = begin.back() * (0.05 + 0.9 * share(random)), lead = 0.5 + 4 * share(random);
        std::vector<Sample> samples;
        for (double time = cut - 10 + 0.25 * share(random); time < cut; time += 0.25) {
            const std::size_t nozzle = at(std::max(time, 0.0)), reader = at(time + lead + 0.5 * share(random));
            const double fraction = std::clamp((time - begin[nozzle]) / (begin[nozzle + 1] - begin[nozzle]), 0.0, 1.0);
            samples.push_back(sampleOn(segments[nozzle], fraction, segments[reader].begin, extruded[nozzle], time));
            if (share(random) < 0.05)
                (*samples.back().livePosition)[0] += 5;
        }
        const auto stop = stopInterval(**source, *index, samples, StopCause::PrinterPowerLost);
        QVERIFY(stop.has_value());
        const ByteOffset truth = segments[at(cut)].begin;
        QVERIFY2(stop->earliest <= truth && truth < stop->latest, qPrintable(u"%1 in [%2, %3), %4"_s.arg(truth).arg(stop->earliest).arg(stop->latest).arg(QString::fromStdString(english(stop->reason)))));
    }
}

void TestStopInterval::safeCutIsARetractedTravel()
{
    const Tower print = tower();
    const auto cut = firstSafeCut(*print.source, print.index, 6431);
    QVERIFY(cut.has_value());
    const auto at = gcode::locate(*print.source, print.index, *cut);
    QCOMPARE(at->byte, *cut);
    QVERIFY(*cut > 6431 && *cut < 7100);
    QVERIFY2(at->text.starts_with("G1 X") && at->text.find('E') == std::string::npos, at->text.c_str());
    const auto before = gcode::locate(*print.source, print.index, *cut - 1);
    QVERIFY2(before->text.starts_with("G1 E-"), before->text.c_str());
}

void TestStopInterval::safeCutWithoutRetraction()
{
    auto source = gcode::FileSource::open(KINTSUGI_TEST_DATA "/gcode/ps_vase_spiral.gcode");
    const auto index = gcode::buildIndex(**source, gcode::Dialect::Klipper);
    const auto cut = firstSafeCut(**source, *index, 200'000);
    QVERIFY(cut.has_value());
    QVERIFY(*cut >= 200'000 && *cut < 201'000);
}

void TestStopInterval::candidatesOfTheCut()
{
    const Tower print = tower();
    const auto stop = stopInterval(*print.source, print.index, lastOf(recording().samples, 20), StopCause::PrinterPowerLost);
    const auto found = candidates(*print.source, print.index, *stop);
    QVERIFY(found.has_value());
    QVERIFY(found->size() >= 4);
    int recommended = 0;
    for (const ResumeCandidate& candidate : *found) {
        recommended += candidate.recommended ? 1 : 0;
        QVERIFY(candidate.recommended == (candidate.kind == ResumeCandidate::Kind::FirstSafeCut));
        QVERIFY(candidate.printedTwiceMm == 0 || candidate.leftOpenMm == 0);
    }
    QCOMPARE(recommended, 1);
    const auto of = [&found](ResumeCandidate::Kind kind) {
        return *std::find_if(found->begin(), found->end(), [kind](const auto& c) { return c.kind == kind; });
    };
    using Kind = ResumeCandidate::Kind;
    QCOMPARE(of(Kind::StartOfLayer).layer, std::size_t(6));
    QCOMPARE(of(Kind::StartOfNextLayer).layer, std::size_t(7));
    QVERIFY(of(Kind::StartOfPreviousLayer).printedTwiceMm > of(Kind::StartOfLayer).printedTwiceMm);
    QVERIFY(of(Kind::StartOfLayer).printedTwiceMm > 10);
    QVERIFY(!of(Kind::LikelyLine).risks.empty());
    QVERIFY(of(Kind::FirstSafeCut).leftOpenMm > 0);
}

void TestStopInterval::overlapAndGapAddUp()
{
    const gcode::MemorySource source("M104 S200\nG90\nM83\nG1 X0 Y0 Z0.2 F1200\nG1 X10 E1\nG1 X10 Y10 E1\nG1 X0 Y10 E1\nG1 X0 Y5\nG1 X0 Y0 E1\nG1 X3 E1\n");
    const auto index = gcode::buildIndex(source, gcode::Dialect::Klipper);
    const auto path = gcode::readToolpath(source, *index, 0, index->size);
    const auto& s = path->segments;
    const std::size_t n = s.size();
    StopInterval stop;
    stop.likely = s[n - 5].begin; // the line to X10 Y10
    stop.likelyFraction = 0.25;
    const auto back = candidateAt(source, *index, stop.likely, &stop);
    QVERIFY(back.has_value());
    QCOMPARE(back->printedTwiceMm, 2.5);
    QCOMPARE(back->leftOpenMm, 0.0);
    const auto forward = candidateAt(source, *index, s[n - 2].begin, &stop);
    QVERIFY(forward.has_value());
    QCOMPARE(forward->printedTwiceMm, 0.0);
    QCOMPARE(forward->leftOpenMm, 7.5 + 10.0);
}

void TestStopInterval::outsideThePrint()
{
    const Tower print = tower();
    QCOMPARE(candidateAt(*print.source, print.index, 10, nullptr).error().code, ErrorCode::BeforeFirstExtrusion);
    QCOMPARE(candidateAt(*print.source, print.index, print.index.size - 10, nullptr).error().code, ErrorCode::AfterLastExtrusion);
    QCOMPARE(candidateAt(*print.source, print.index, print.index.size + 10, nullptr).error().code, ErrorCode::BadByte);
    QCOMPARE(firstSafeCut(*print.source, print.index, 10).error().code, ErrorCode::BeforeFirstExtrusion);
}

QTEST_GUILESS_MAIN(TestStopInterval)
#include "tst_stopinterval.moc"
