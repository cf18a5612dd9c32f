// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <random>
#include <vector>

#include "deposit.h"
#include "heater.h"
#include "motion.h"

namespace kintsugi::sim {

/// Lengths mm, temperatures °C.
struct MachineSetup {
    double bedX = 235, bedY = 235, maxZ = 250;
    std::array<double, 4> switchHeights{};
    double switchNoise = 0.004;
    bool dropsUnpowered = false;
    double drop = 0.6;
    bool rephase = true;
    int rephaseSteps = 1;                ///< full steps of a driver's electrical period: where it may come to rest
    bool coupledZ = false;               ///< one motor, or belts that keep all four screws together
    double powerLossLift = 0;            ///< with what is left in its capacitors when the power goes
    double topSwitch = 0;                ///< true height of the Z end switch at the top, at the first motor; 0 = none
    std::array<double, 2> bedTilt{};     ///< mm a mm
    double bedBow = 0;                   ///< how much higher the middle of the bed is than its edges
    double ambient = 22;
    double heaterRate = 1;
    unsigned seed = 1;
};

/// The printer itself: motors, heaters, switches and plastic. It knows no G-code and no host; it executes planned
/// segments in its own time (s since it was built) and keeps what truly happened.
class Machine
{
public:
    explicit Machine(const MachineSetup& setup);

    static constexpr double microstepZ = 0.0025;
    static constexpr double fullStepZ = 0.04;

    [[nodiscard]] double now() const { return m_now; }
    /// Runs up to `time`, or stops earlier, at the moment a watch comes true (see takeFired()). Returns the time reached.
    double advance(double time);

    // motion
    void queue(const Segment& segment);          ///< start must not be before the end of the last one
    void drop();                                 ///< forgets every move, the running one included: it stops where it is
    void endMotionAt(double time);               ///< forgets everything from then on: it stops where it is
    [[nodiscard]] const std::deque<Segment>& queued() const { return m_queue; } ///< the running one first
    [[nodiscard]] double queueEnd() const;       ///< when the last queued move ends; now() when there is none
    [[nodiscard]] const Origin& executed() const { return m_executed; } ///< of the move being executed, or done last
    [[nodiscard]] const Segment* running() const;///< the move being executed, or nullptr
    [[nodiscard]] Axes believed() const { return m_believed; } ///< host coordinates at now()
    void setBelieved(const Axes& position) { m_believed = position; }

    // electricity
    [[nodiscard]] bool motorsEnergized() const { return m_energized; }
    [[nodiscard]] bool canMove() const { return m_power && m_motorSupply; }
    void energize();
    void release();                              ///< motors without current; a loose bed sinks
    void cut();                                  ///< all power gone
    void restore();                              ///< power back: drivers find their phase
    void cutMotors();
    void haltMcu();                              ///< MCU shutdown: motors and heaters off
    void haltMcuAt(double time) { m_haltAt = time; } ///< the MCU notices that its host is gone

    // switches
    [[nodiscard]] bool pressed(int motor) const;
    [[nodiscard]] double pressHeight(int motor) const; ///< height at which this approach will press the switch
    void setStuck(int motor, bool stuck);
    [[nodiscard]] double bottomGap() const { return m_z[0]; } ///< mm above the lower endstop
    [[nodiscard]] double topGap() const { return m_topSwitch - m_z[0]; } ///< mm below the upper end switch
    [[nodiscard]] double planeAt(double x, double y) const; ///< height of what the motors carry, level with the nozzle
    [[nodiscard]] double surfaceAt(double x, double y) const; ///< of the bed or the plastic on it
    [[nodiscard]] double bedAt(double x, double y) const;
    void expandFrame(double mm);                 ///< by heat, over its whole height

    // truth
    Heater nozzle, bed;
    double fan = 0; ///< 0..1
    [[nodiscard]] const std::array<double, 4>& motorZ() const { return m_z; }
    void moveMotor(int motor, double by) { m_z[static_cast<std::size_t>(motor)] += by; }
    [[nodiscard]] std::array<double, 4> position() const; ///< X Y Z of the nozzle over the bed, E
    [[nodiscard]] double trueX() const { return m_xy[0]; }
    [[nodiscard]] double trueY() const { return m_xy[1]; }
    [[nodiscard]] double crushed() const { return m_crushed; }
    [[nodiscard]] const Deposit& deposit() const { return m_deposit; }
    void clearBed();
    int fileIndex(const std::string& name); ///< registers a printed file

    /// Comes true once this much filament (mm) of bytes [begin, end) of a file is on the bed.
    struct Watch {
        int id = 0, file = -1;
        std::uint64_t begin = 0, end = 0;
        double filament = 0;
        double laid = 0;
    };
    void watch(Watch watch);
    [[nodiscard]] std::vector<int> takeFired();

private:
    void runTo(double time);
    void execute(const Segment& segment, double fromTime, double toTime);
    void extrude(const Segment& segment, double amount, const std::array<double, 3>& from);
    void touch(const std::array<double, 3>& from, const std::array<double, 3>& to, bool laying);
    void sink();
    void settle(const std::array<double, 4>& phase, double period);
    [[nodiscard]] double watchTime(const Segment& segment) const;
    [[nodiscard]] std::size_t cell(double x, double y) const;

    MachineSetup m_setup;
    std::mt19937 m_random;
    double m_now = 0;
    std::deque<Segment> m_queue;
    Axes m_believed{};
    std::array<double, 2> m_xy{};
    std::array<double, 4> m_z{};
    std::array<double, 4> m_held{};              ///< where the drivers last held the motors
    double m_topSwitch = 0;
    double m_e = 0;
    Origin m_executed;
    double m_retracted = 0; ///< mm of filament pulled back
    bool m_power = true, m_energized = false, m_motorSupply = true;
    std::optional<double> m_haltAt, m_motionEndsAt;
    std::array<double, 4> m_noise{};
    std::array<bool, 4> m_wasPressed{}, m_stuck{};
    Deposit m_deposit;
    bool m_growing = false; ///< the last bead belongs to the running segment
    std::vector<float> m_top; ///< height of the plastic per cell
    std::size_t m_cellsX, m_cellsY;
    double m_crushed = 0;
    std::vector<Watch> m_watches;
    std::vector<int> m_fired;
};

} // namespace kintsugi::sim
