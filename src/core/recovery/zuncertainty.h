// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "recovery/plan.h"

/// How well Z is known after a registration: a budget of independent parts (market.md 5.4), shown against the layer height.
namespace kintsugi::recovery {

enum class ZTerm { Switch, Offset, BetweenRuns, Thermal, Step, Rephase, Tilt, Contact, Surface, Probe, Mesh, Lift };
[[nodiscard]] std::string_view name(ZTerm term); ///< "switch", "rephase", …

struct ZPart {
    ZTerm term{};
    double sigma = 0;  ///< mm, one standard deviation
    Message why;
};

/// A half-width with nothing known inside it, as a standard deviation.
[[nodiscard]] double sigmaOfBound(double halfWidth);

enum class ZVerdict { Good, Fair, Poor }; ///< below 10 %, to 25 %, above 25 % of a layer: this program's proposal, no norm

struct ZUncertainty {
    std::vector<ZPart> parts;
    [[nodiscard]] double u() const; ///< mm, two standard deviations of all parts together
    [[nodiscard]] ZVerdict verdict(double layerHeight) const;
};

/// The Z drive. Lengths mm.
struct ZMechanics {
    double fullStep = 0.04;                     ///< lift of one motor full step (lead 8, 200 steps)
    double microstep = 0.0025;
    std::vector<std::array<double, 2>> screws;  ///< X Y of each motor's screw; empty or one = no tilt of its own
    double perDegree = 0.0092;                  ///< mm a °C of frame: aluminium, 23 um a metre, on 400 mm (market.md 5.3)
    [[nodiscard]] bool canTilt() const { return screws.size() > 1; }
};

/// What is known of the stop, as far as Z is concerned. nullopt = not known, which never counts as good.
struct ZEvidence {
    std::optional<bool> hostAlive;        ///< the host ran without interruption; Klipper disables motors when its host dies
    std::optional<bool> noShutdown;       ///< no firmware shutdown or restart in between
    std::optional<bool> motorsEnabled;    ///< enabled from the last printed line until now
    std::optional<bool> supplyIntact;     ///< the motors' supply, not only the logic's
    std::optional<double> idleSeconds, idleTimeout; ///< s since the last motion; after which the firmware releases the motors
    std::optional<double> measuredLift;   ///< mm, measured by a person between part and nozzle
    std::optional<double> temperatureGap; ///< °C of frame or bed, now against when the reference was taken
    std::optional<bool> baseline;         ///< a calibration run of this nozzle and plate exists
    std::optional<double> switchSigma, offsetSigma, betweenSigma; ///< mm, of that run
    std::optional<bool> topEndstop;       ///< the configuration proves that Z homes upward, to a switch at the top
    std::optional<bool> probe;            ///< one hangs on the head and its offset is known
    std::optional<bool> mesh;             ///< of the print: its points are known and count from where Z is 0
    std::optional<double> probeSigma;     ///< mm
    std::optional<double> meshSigma;      ///< mm, of the mesh value at the spot; unknown without a mesh
};

/// What a person must know of a method before choosing it.
struct ZMethodFacts { Message assumes, cannotSee; };
[[nodiscard]] ZMethodFacts facts(ZMethod method);

/// mm: below it a misread gap looks like a lift; firmwares lift by 2 mm and more.
inline constexpr double leastLift = 0.5;

/// What the method demands and the evidence does not prove, or disproves. Empty = its assumptions hold.
[[nodiscard]] std::vector<Message> missingProof(ZMethod method, const ZMechanics& mechanics, const ZEvidence& evidence);

/// The budget of a method that reads Z from the machine. `lever`: mm from where Z was taken to the resume point, for the
/// tilt that a single reading cannot see. Touch has its own, see recovery/touch.h.
[[nodiscard]] ZUncertainty budget(ZMethod method, const ZMechanics& mechanics, const ZEvidence& evidence, double lever = 0);

/// From where the method takes Z to the resume point, mm: 0 where it is taken there.
[[nodiscard]] double leverOf(ZMethod method, const ZMechanics& mechanics, const std::array<double, 2>& resumeAt);

/// By how much a driver may settle away when its supply returns, mm (one standard deviation).
[[nodiscard]] double rephaseSigma(const ZMechanics& mechanics);

/// Tilt, as a slope (one standard deviation), that re-phased motors can leave between screws: 0 with one motor.
[[nodiscard]] double rephaseSlope(const ZMechanics& mechanics);

} // namespace kintsugi::recovery
