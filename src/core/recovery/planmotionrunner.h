// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gcode/command.h"
#include "recovery/planmotion.h"

namespace kintsugi::recovery {

/// Executes lines in thought and writes down where the nozzle may be. What the firmware believes and where the nozzle is are
/// kept apart: they agree on an axis once it is homed or was never lost.
class MotionRunner
{
public:
    struct Setup {
        gcode::Dialect dialect = gcode::Dialect::Klipper;
        std::array<double, 3> minimum{}, maximum{};
        const HomingFacts* homing = nullptr;
        double zUp = 0, zUncertainty = 0;
    };
    MotionRunner(const Setup& setup, PlanMotions& out) : m_setup(setup), m_out(out) {}

    /// `kept`: the firmware stayed alive and knows where it is.
    void begin(const StopPlaces& start, bool kept, const gcode::MachineState& state);
    void beginStep(const PlanStep& step);
    void run(const std::string& line);
    void setHomed(std::size_t axis) { m_homed[axis] = true; }
    void know(std::size_t axis, double value); ///< the firmware's idea of an axis is right
    [[nodiscard]] std::array<double, 3> position() const;

private:
    using Kind = Motion::Kind;

    // lines
    void execute(const gcode::Command& command);
    void move(const gcode::Command& command);
    void machineMove(const gcode::Command& command, int how);
    void arc(const gcode::Command& command, const gcode::Effect& effect);
    void declareLine(const gcode::Command& command);
    void declare(std::size_t axis, double value, bool homed);
    void shiftLine(const gcode::Command& command);
    void babystep(const std::array<gcode::Nanometres, 3>& before);
    void unseen(const gcode::Command& command);
    void other(const gcode::Command& command);
    void probe();
    // homing
    void home(const gcode::Command& command);
    void homeKlipper(const gcode::Command& command, std::array<bool, 3> axes);
    void homeMarlin(const gcode::Command& command, std::array<bool, 3> axes);
    void homeRepRap(std::array<bool, 3> axes);
    void homeDelta();
    void homeAxes(std::array<bool, 3> axes, bool yFirst, bool together);
    void homeAxis(std::size_t axis, HomeEnd end);
    void homeZ(HomeEnd end);
    void hiddenLift(double least, double most);
    void body(const std::string& text, const char* what);
    // places
    void go(const std::array<std::optional<double>, 2>& target, const std::array<double, 2>& delta, double low, double high, Kind kind);
    void spread(const std::vector<Hull>& after, double low, double high, Kind kind);
    void emit(Hull hull, const Place& from, const Place& to, double fromZ, double toZ, double low, double high, Kind kind);
    void problem(bool unsafe, Message reason);
    [[nodiscard]] double offset(std::size_t axis) const;
    [[nodiscard]] double endOf(std::size_t axis, HomeEnd end) const;

    Setup m_setup;
    PlanMotions& m_out;
    gcode::MachineState m_modes;             ///< modes and offsets; positions are kept here:
    std::vector<Hull> m_places;
    double m_low = 0, m_high = 0;
    std::array<std::optional<double>, 3> m_machine{}; ///< what the firmware believes
    std::array<double, 3> m_origin{};        ///< the file's coordinate minus the machine's
    std::array<bool, 2> m_true{};            ///< X and Y are where the firmware believes
    std::array<double, 2> m_zError{};        ///< lowest and highest of truth minus belief
    bool m_zKnown = false;
    std::array<bool, 3> m_homed{};
    int m_step = 0, m_depth = 0;
    StepKind m_kind = StepKind::Note;
    bool m_foreign = false, m_hidden = false;
    std::optional<ProbePlace> m_probe;       ///< of the step
    bool m_lastProbe = false;
    std::string m_line;
};

} // namespace kintsugi::recovery
