// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "recovery/snapshot.h"

/// The first resumed layer, gentler: said to the running printer and taken back at the layer's end, never written into a file.
namespace kintsugi::recovery {

struct FirstLayerWishes {
    std::optional<double> speedPercent;  ///< of what the print runs at, 10..100
    std::optional<double> fanPercent;    ///< of what the file asks for, 0..100
    std::optional<double> acceleration;  ///< mm/s² at most, 50..100000
    [[nodiscard]] bool any() const { return speedPercent || fanPercent || acceleration; }
    friend bool operator==(const FirstLayerWishes&, const FirstLayerWishes&) = default;
};

struct FirstLayer {
    ByteOffset begin = 0, end = 0;       ///< of the original: in force from its first line on, until the layer's last one
    std::vector<std::string> set;        ///< nothing when all that was wished is in `notes`
    std::vector<std::string> restore;    ///< what holds behind the layer, the file's own changes in it included
    std::optional<double> speedFactor;   ///< that `set` says, 1 = 100 %: a person's change shows by another one
    std::optional<double> acceleration;  ///< mm/s² wished, where it can be held; for limitAcceleration()
    std::vector<Message> notes;          ///< what cannot be held, and why
};

/// BadValue (field names it) of wishes that are none; NotSupported for a
/// file without layers; errors of reading.
[[nodiscard]] Result<FirstLayer> firstLayer(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot,
                                            const FirstLayerWishes& wishes);

/// Adds the acceleration when the layer begins: what holds then, in mm/s², is what is put back.
void limitAcceleration(FirstLayer& layer, gcode::Dialect dialect, std::optional<double> now);

} // namespace kintsugi::recovery
