// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/planmeasure.h"

namespace kintsugi::recovery {

/// Makes one plan: checks, measures, then writes the steps in the order of product.md 4.
class PlanBuilder
{
public:
    PlanBuilder(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot, const PrinterFacts& printer,
                const PlanOptions& options);
    [[nodiscard]] Result<Plan> build();

private:
    using Lines = write::Lines;

    // checks and numbers
    Result<> checkSnapshot();
    [[nodiscard]] Result<> refuseHeat() const;
    [[nodiscard]] Result<> checkFactors() const;
    Result<> checkMethod();
    Result<> checkNumbers();
    Result<> makeWriter();
    Result<> measure();
    Result<> checkShift();
    Result<> travelLimits();
    void assumeLimits(std::size_t axis);
    [[nodiscard]] Result<std::array<double, 2>> primePlace();
    void believeDeclaration();
    Result<> placeAndLimits();
    void measureLayer();
    [[nodiscard]] Result<> checkMethodsHeight() const;
    Result<> writeTexts();
    Result<> nameLosses();
    Result<> checkLines();
    // steps
    Result<> writeSteps();
    void startModes();
    Result<> freeTheNozzle();
    void heatBed();
    void declareZ();
    void lift(bool soft);
    [[nodiscard]] double softening() const;
    void registerZ();
    void touchByHand();
    void homeZAtTheTop();
    void probeTheBed();
    void prepare();
    void selectTool();
    void heatNozzle();
    void primeAndApproach(bool ownLinesBefore);
    void approach(gcode::Nanometres unretract);
    void finish();
    void writeDryRun();
    void standby();
    void homeXy();
    Result<bool> own(std::string_view where);

    void add(StepKind kind, Lines lines, Message title, Message reason, const std::vector<std::string>& keys = {}, std::string from = {});
    [[nodiscard]] std::vector<std::string> keysBelow(const std::vector<std::string>& prefixes) const;
    [[nodiscard]] std::string across(const std::array<double, 2>& native) const; ///< a travel to a place of the machine
    [[nodiscard]] std::string upTo(double native, double speed) const;
    [[nodiscard]] gcode::Nanometres native(std::size_t axis) const;              ///< of the resume point
    [[nodiscard]] std::string fromByte() const;
    [[nodiscard]] Error at(Error error) const;

    const gcode::Source& m_source;
    const gcode::FileIndex& m_index;
    gcode::MachineState m_state;
    const PrinterFacts& m_printer;
    const PlanOptions& m_options;
    Plan m_plan;
    std::unique_ptr<write::DialectWriter> m_writer;
    Measured m_measured;
    Lines m_fans, m_mesh, m_heaters, m_limits, m_objects;
    /// Shift that is in force while the plan runs: the file's where the firmware stayed alive, else none.
    std::array<gcode::Nanometres, 3> m_inForce{};
    bool m_declares = false;
    double m_declaredZ = 0, m_travelZ = 0, m_liftZ = 0; ///< mm, the machine's own
    double m_room = 0; ///< mm declared on top of the highest credible Z, so that a probe can go down as far as it must
};

} // namespace kintsugi::recovery
