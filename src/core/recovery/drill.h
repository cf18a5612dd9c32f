// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "gcode/fileindex.h"
#include "recovery/plan.h"

/// The drill: a small part is printed, stopped on purpose and resumed, and then tells how true the resume was. Lengths mm.
///
/// A block of 30 x 40 mm on the bed. The layers below the seam cover all of it and end with a solid deck, on which the
/// nozzle can be touched down at three places. Above the seam the block is 30 x 30 mm, so that 10 mm of the deck stay as a
/// ledge at the back. The front wall (X) and the right wall (Y) carry a comb of teeth below and another one above the seam.
/// The layer of the seam itself has smooth walls and solid rows from front to back: it is stopped in the middle of them,
/// when the walls of the seam are printed and half of the deck is still free.
///
/// X and Y: teeth stand every 2.0 mm below and every 1.9 mm above, so the pair of teeth in line is 0.1 mm of shift for each
/// tooth from the long one in the middle; between two pairs it is half of that. Six teeth to each side: to 0.6 mm.
/// Z: (whole height - ledge) - what the file says of it. Both end in a solid top of the same kind and stand on the same
/// first layer, so that its squash, the flow and an error of the caliper that is the same at both cancel out.
namespace kintsugi::recovery::drill {

inline constexpr double width = 30, depth = 40, towerDepth = 30;
inline constexpr double lowerPitch = 2.0, upperPitch = 1.9;
inline constexpr int teeth = 6;             ///< to each side of the long one; 6 x 2.0 mm and half a tooth fit a wall of 30 mm
inline constexpr double toothDepth = 0.8, longToothDepth = 1.4, toothHalfWidth = 0.6;
inline constexpr double skirtDistance = 4;  ///< of the loops that prime the nozzle
inline constexpr double sectionHeight = 4;  ///< below and above the seam: room for the jaws; what a gap in the seam left evens out above
/// Half of what one can tell apart between two pairs of teeth.
inline constexpr double toothResolution = 0.05;
/// Half-width of a caliper's reading on a printed top. Its own error is the same at both heights and cancels out.
inline constexpr double caliperResolution = 0.02;
/// A ledge or a shift in Z beyond this is a wrong reading: no first layer is squashed so far, no nozzle prints so far away.
inline constexpr double mostSquash = 0.6, mostSeam = 1.0;

struct Part {
    gcode::Dialect dialect = gcode::Dialect::Klipper;
    std::array<double, 2> place{117.5, 117.5};              ///< middle of the block, X Y
    std::array<double, 3> minimum{0, 0, 0}, maximum{235, 235, 250}; ///< travel
    double layerHeight = 0.2;
    double nozzle = 0.4;                ///< 0.2 … 0.6: wider lines draw no teeth of 2 mm
    double filament = 1.75;
    double nozzleTemperature = 210, bedTemperature = 60; ///< °C
    std::string material = "PLA";
    double speed = 40, firstSpeed = 20, travelSpeed = 150; ///< mm/s
    double retractMm = 0.8, retractSpeed = 30;
    std::size_t below = 20;             ///< layers under the seam; also the index (from 0) of the layer it is stopped in
    std::size_t layers = 40;            ///< all
    std::vector<std::string> start;     ///< a person's own start lines, instead of heating and G28; the temperatures are waited for behind them

    [[nodiscard]] double ledge() const { return layerHeight * static_cast<double>(below); }   ///< as the file says
    [[nodiscard]] double height() const { return layerHeight * static_cast<double>(layers); } ///< likewise
};

/// A part in the middle of the bed of this printer, with as many layers as its height asks for.
[[nodiscard]] Part partFor(const PrinterFacts& printer, gcode::Dialect dialect, double layerHeight = 0.2);
/// BadValue with field, measured and limit.
[[nodiscard]] Result<> check(const Part& part);

struct File {
    std::string text;
    gcode::FileIndex index;
    ByteOffset stopFrom = 0, stopAt = 0, stopTo = 0; ///< of the seam's layer: its first line, the middle of its rows, its end
};
/// The printable file, read again by our own index: BadValue as check(); Unsafe when own start lines make something else
/// of it than was meant (layers, heights, extents, temperatures).
[[nodiscard]] Result<File> make(const Part& part);
/// Where a drill file is stopped, by its own marks: also of a file that was made earlier. BadValue: not a drill's file.
struct Stop { ByteOffset from = 0, at = 0, to = 0; };
[[nodiscard]] Result<Stop> stopOf(std::string_view text);
/// What a drill file says of itself in its head; nullopt: it is none.
[[nodiscard]] std::optional<Part> partOf(std::string_view text);

/// What the person reads. Teeth count from the long one in the middle, to the right (X+ at the front, Y+ at the right) > 0.
struct Reading {
    double xTooth = 0, yTooth = 0;      ///< the pair of teeth in line; a half between two pairs that are equally near
    double ledge = 0, height = 0;       ///< caliper
};
/// What was printed after the stop stands here, against what was printed before it.
struct Seam {
    double x = 0, y = 0, z = 0;         ///< z > 0: too high, a gap
    double xySigma = 0, zSigma = 0;     ///< of the reading, one standard deviation
    std::vector<Message> notes;
};
/// BadValue with the reason: a reading that this part cannot show.
[[nodiscard]] Result<Seam> read(const Reading& reading, const Part& part);
/// The reading that a seam gives to somebody who reads perfectly: for tests and for the drawing.
[[nodiscard]] Reading readingOf(const std::array<double, 3>& seam, const Part& part);

} // namespace kintsugi::recovery::drill
