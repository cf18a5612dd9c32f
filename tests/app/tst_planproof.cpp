// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "planproof.h"

using namespace kintsugi;
using namespace kintsugi::app;

namespace {

/// A square wall of 30 layers; the resume point lies in the last but one.
std::string wall()
{
    std::string text = "M140 S60\nM104 S210\nM190 S60\nM109 S210\nG28\nG90\nM83\n";
    for (int layer = 1; layer <= 30; ++layer) {
        const std::string z = decimal(layer * 0.2);
        text += ";LAYER_CHANGE\n;Z:" + z + "\nG1 E-0.8 F1800\nG1 Z" + z + " F600\nG1 X80 Y80 F6000\nG1 E0.8 F1800\n"
                "G1 X120 E2 F1800\nG1 Y120 E2\nG1 X80 E2\nG1 Y80 E2\n";
    }
    return text;
}

struct Scene {
    std::shared_ptr<OpenFile> file = std::make_shared<OpenFile>();
    recovery::PrinterFacts printer;
    recovery::PlanOptions options;
    recovery::Snapshot point;

    Scene()
    {
        file->source = std::make_shared<gcode::MemorySource>(wall(), "wall.gcode");
        file->index = std::make_shared<gcode::FileIndex>(*gcode::buildIndex(*file->source, gcode::Dialect::Klipper));
        point = *recovery::snapshotFromFile(*file->source, *file->index, file->index->layers[28].begin);
        options.contact = recovery::NozzleContact::Lifted;
        printer.minimum = {0, 0, 0};
        printer.maximum = {235, 235, 250};
    }
    [[nodiscard]] Result<ProvenPlan> prove(const ProofFacts& facts) const
    {
        auto plan = recovery::planResume(*file->source, *file->index, point, facts.printer, options);
        const auto maps = partMaps(file, point, nullptr, {});
        if (!plan || !maps)
            return fail(plan ? maps.error() : plan.error());
        return provePlan(**maps, std::move(*plan), options, facts);
    }
    [[nodiscard]] ProofFacts facts() const { return {printer, std::nullopt, std::nullopt, true}; }
};

double highestTravel(const recovery::Plan& plan)
{
    double z = 0;
    for (const recovery::PlanStep& step : plan.steps) {
        for (const std::string& line : step.gcode) {
            const auto at = line.find(" Z");
            if (line.starts_with("G1 ") && at != std::string::npos)
                z = std::max(z, std::stod(line.substr(at + 2)));
        }
    }
    return z;
}

} // namespace

class TstPlanProof final : public QObject
{
    Q_OBJECT
private slots:
    void anAmplePlanStaysAsItIs();
    void aLowPlanIsLifted();
    void saysWhyNothingClears();
};

void TstPlanProof::anAmplePlanStaysAsItIs()
{
    const Scene scene;
    const auto plan = recovery::planResume(*scene.file->source, *scene.file->index, scene.point, scene.printer, scene.options);
    const auto proven = scene.prove(scene.facts());
    QVERIFY(plan && proven);
    QVERIFY2(proven->check.passed, english(proven->check.text).c_str());
    QCOMPARE(recovery::preambleText(proven->plan), recovery::preambleText(*plan));
    QVERIFY(proven->plan.clearance && *proven->plan.clearance > 0.5);
}

void TstPlanProof::aLowPlanIsLifted()
{
    Scene scene;
    scene.printer.clearance = 0.1; // less than blobs and curled edges rise
    const auto own = recovery::planResume(*scene.file->source, *scene.file->index, scene.point, scene.printer, scene.options);
    const auto proven = scene.prove(scene.facts());
    QVERIFY(own && proven);
    QVERIFY2(proven->check.passed, english(proven->check.text).c_str());
    QVERIFY2(highestTravel(proven->plan) > highestTravel(*own) + 0.3, qPrintable(QString::number(highestTravel(proven->plan))));
    QCOMPARE(proven->plan.snapshot.byte, scene.point.byte);
    Scene nobodyKnows = scene;
    nobodyKnows.printer.minimum = nobodyKnows.printer.maximum = {};
    const auto further = nobodyKnows.prove(nobodyKnows.facts());
    QVERIFY(further);
    QVERIFY2(further->check.passed, english(further->check.text).c_str());
}

void TstPlanProof::saysWhyNothingClears()
{
    Scene scene;
    scene.printer.clearance = 0.1;
    scene.printer.maximum[2] = 6.2; // 0.2 mm above the part
    const auto proven = scene.prove(scene.facts());
    QVERIFY(proven);
    QVERIFY(!proven->check.passed);
    QCOMPARE(proven->check.severity, recovery::Severity::Block);
    QVERIFY2(english(proven->check.text).find("No other way clears: ") != std::string::npos, english(proven->check.text).c_str());
}

QTEST_GUILESS_MAIN(TstPlanProof)
#include "tst_planproof.moc"
