// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <variant>
#include <vector>

#include "base/result.h"
#include "recovery/zuncertainty.h"

/// Z registration by touching the part with the nozzle: one press a step, read back after each, as a pure machine. The
/// caller sends the moves, journals them first, and feeds the events. Coordinates are those the firmware counts in now;
/// how far they are off is what is being measured. Lengths mm.
namespace kintsugi::recovery::touch {

/// A place on solid plastic. top: the height the file printed there.
struct Spot { double x = 0, y = 0, top = 0; };

struct Setup {
    std::vector<Spot> spots;               ///< in the order they are touched
    double travelZ = 0;                    ///< a height at which the head is clear of everything
    std::optional<double> below;           ///< the nozzle is at most this much lower than the coordinates say; nullopt = unknown
    std::optional<double> above;           ///< at most this much higher: ends a search that finds nothing
    double contactDepth = 0.1;             ///< never deeper into the part than this
    double fineStep = 0.02;                ///< where nothing is known of the gap; at most half of contactDepth
    double feeler = 0.1;                   ///< paper under the nozzle at contact; 0 = bare nozzle
    double minimumZ = 0;                   ///< travel limit of the axis
};
/// BadValue: no spot, a number that is none, a fine step above half of the contact depth, a travel height below a spot.
[[nodiscard]] Result<> check(const Setup& setup);

/// Where the nozzle was when the person felt it touch.
struct Contact { Spot spot; double z = 0; };

struct Ready {};                           ///< clear of everything; the next press goes over the next spot
struct Over { double z = 0; std::optional<double> seen; };  ///< stands above the spot. seen: lower bound of the gap, from a person
struct Moving { double x = 0, y = 0, z = 0; std::optional<double> seen; bool away = false; }; ///< sent; not read back yet
struct Finished {};
struct Stopped { Error error; };           ///< nothing more is sent
using Phase = std::variant<Ready, Over, Moving, Finished, Stopped>;

struct State { Phase phase = Ready{}; std::vector<Contact> contacts; };

struct Press {};                           ///< over the next spot, or one step down: the person saw no contact
struct SeenGap { double atLeast = 0; };    ///< the person sees or measured at least this gap
struct Touches {};                         ///< the feeler drags: the height is taken, the nozzle goes up
struct Again {};                           ///< up from this spot and once more from above, without a reading
struct Arrived { double x = 0, y = 0, z = 0; }; ///< read back from the printer
struct Lost { Error error; };              ///< motors off, link dropped, host down, the move refused
using Event = std::variant<Press, SeenGap, Touches, Again, Arrived, Lost>;

struct MoveAcross { double x = 0, y = 0; };///< at travel height
struct MoveZ { double z = 0; };
using Action = std::variant<MoveAcross, MoveZ>; ///< absolute; each followed by one read-back

struct Step { State state; std::vector<Action> actions; };
/// Unlisted events change nothing.
[[nodiscard]] Step step(const Setup& setup, const State& state, const Event& event);

/// What the next press down would do; 0 when it would do nothing. At most half of the gap that is surely left, as seen or
/// as follows from the coordinates; the fine step when nothing is left of that; never more than 1 mm on coordinates alone.
[[nodiscard]] double nextStep(const Setup& setup, const State& state);

/// Square sum of the weights of three places in the height over the resume point, beyond which they do not tell it.
inline constexpr double mostExtrapolated = 3.0;

/// 3 where the motors may have settled unevenly, else 1.
[[nodiscard]] std::size_t contactsNeeded(const ZMechanics& mechanics, const ZEvidence& evidence);

struct Registration {
    double delta = 0;                      ///< true height of the tip over the resume point minus the coordinate
    std::array<double, 2> slope{};         ///< mm a mm along X and Y, of the coordinates against the part; 0 with one touch
    ZUncertainty uncertainty;              ///< of delta
    double spread = 1;                     ///< by which the noise of one place arrives in delta
    /// By how much heights differ over a rectangle when only `delta` is corrected.
    [[nodiscard]] double tiltAcross(double width, double depth) const;
};
/// Unsafe: too few contacts, or places so close together or so nearly in a line that they do not tell the tilt.
[[nodiscard]] Result<Registration> registration(const Setup& setup, const std::vector<Contact>& contacts, const std::array<double, 2>& resumeAt,
                                                const ZMechanics& mechanics, const ZEvidence& evidence);

} // namespace kintsugi::recovery::touch
