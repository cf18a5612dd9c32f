// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "recovery/plan.h"

/// How well Z is known after a registration: a budget of independent parts (market.md 5.4), shown against the layer height.
namespace kintsugi::recovery {

enum class ZTerm { Switch, Offset, BetweenRuns, Thermal, Step, Rephase, Tilt, Contact, Surface, Probe, Mesh, Lift, Proven };
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

/// A drill that was read: what a method's resume was off by on this printer. Lengths mm.
struct ZProof {
    ZMethod method{};
    double when = 0;                      ///< s since epoch UTC
    std::array<double, 3> seam{};         ///< X Y Z of what was printed after the stop, against what was printed before
    double sigma = 0;                     ///< of the reading of Z, one standard deviation
    friend bool operator==(const ZProof&, const ZProof&) = default;
};
inline constexpr double proofKeepsDays = 180; ///< this program's proposal: after that a proof is called old
inline constexpr std::size_t proofsCounted = 5; ///< of a method, the newest

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
    std::optional<double> probeSigma;     ///< mm
    std::optional<double> meshSigma;      ///< mm, of the mesh value at the spot; unknown without a mesh
    std::vector<ZProof> proofs;           ///< of this printer, any method, any order
    std::optional<double> now;            ///< s since epoch UTC: the age of a proof
    std::optional<double> partsChanged;   ///< s since epoch UTC: nozzle or plate were changed; an earlier proof was another printer's
};

/// The proofs of one method, as far as they still say something.
struct ZProven {
    ZProof last;                          ///< the newest
    double rms = 0;                       ///< mm, of the seams that count: those since nozzle and plate are the same, else of `last`
    double sigma = 0;                     ///< mm, rms and the resolution of the readings together
    std::optional<double> days;           ///< age of `last`
    bool old = false, partsChanged = false; ///< it does not prove the printer as it is now
    [[nodiscard]] bool holds() const { return !old && !partsChanged; }
};
[[nodiscard]] std::optional<ZProven> proven(ZMethod method, const ZEvidence& evidence);
/// What was proven becomes a part of the budget, once all others are there. A drill measures all of them together, so it
/// adds what they do not explain and never takes anything away: U is at least what was measured. An old proof counts as well,
/// and says that it is old. Nothing without a proof.
void addProven(ZUncertainty& uncertainty, ZMethod method, const ZEvidence& evidence);

/// What a person must know of a method before choosing it.
struct ZMethodFacts { Message assumes, cannotSee; };
[[nodiscard]] ZMethodFacts facts(ZMethod method);

/// What the method demands and the evidence does not prove, or disproves. Empty = its assumptions hold.
[[nodiscard]] std::vector<Message> missingProof(ZMethod method, const ZEvidence& evidence);

/// The budget of a method that reads Z from the machine. `lever`: mm from where Z was taken to the resume point, for the
/// tilt that a single reading cannot see. Touch has its own, see recovery/touch.h.
[[nodiscard]] ZUncertainty budget(ZMethod method, const ZMechanics& mechanics, const ZEvidence& evidence, double lever = 0);

/// Tilt, as a slope (one standard deviation), that re-phased motors can leave between screws: 0 with one motor.
[[nodiscard]] double rephaseSlope(const ZMechanics& mechanics);

} // namespace kintsugi::recovery
