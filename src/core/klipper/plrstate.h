// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace kintsugi::klipper {

/// A Python literal as it stands in variables.cfg, or a JSON value of save_variables.variables.
struct Value;
struct DictEntry;
using List = std::vector<Value>;
using Dict = std::vector<DictEntry>;
struct Value {
    std::variant<std::monostate, bool, std::int64_t, double, std::string, std::shared_ptr<const List>, std::shared_ptr<const Dict>> data;
    [[nodiscard]] const Dict* dict() const;
    [[nodiscard]] const List* list() const;
    [[nodiscard]] const Value* at(std::string_view key) const; ///< of a dict; nullptr when absent
    [[nodiscard]] std::optional<double> number() const;        ///< int or float; a bool is no number
    [[nodiscard]] const std::string* text() const;
};
struct DictEntry {
    std::string key;
    Value value;
};

/// strings in either quote with escapes, True/False/None, nested lists, tuples (read as lists) and dicts, ints, floats.
/// Depth and size are bounded. TornText when it ends in the middle, BadValue otherwise (byte = where).
[[nodiscard]] Result<Value> parsePythonLiteral(std::string_view text);

/// A variables.cfg: configparser rules ('=' or ':', '#'/';' comment lines), section [Variables].
struct Variables {
    std::map<std::string, Value> values;
    std::map<std::string, std::string> raw; ///< text of each value as it stands in the file
    bool endsWithLineEnd = true;            ///< Klipper always writes one: without it the last number may be cut short
};
/// TornText (no section, value cut), BadValue; the error names line and variable. An empty file is valid and empty.
[[nodiscard]] Result<Variables> parseVariables(std::string_view text);
/// Would Klipper start with this text? False for what its parser refuses (klipper.md 8 no. 11).
[[nodiscard]] bool klipperAccepts(std::string_view variablesText);

/// klipper-plr's resume_meta_info (klipper.md 3). Fields as saved: temperatures are MEASURED, the layer height is a Z.
struct PlrState {
    std::array<double, 3> position{};
    std::array<double, 3> offsets{};
    std::map<std::string, double> fans;
    int layer = 0;
    double layerHeight = 0;
    ByteOffset filePosition = 0;
    std::uint64_t totalSize = 0;
    double progressPercent = 0;
    double hotend = 0, bed = 0;          ///< measured
    double saveTime = 0, collectionTime = 0; ///< host monotonic
    std::string file;
};
/// nullopt for an empty dict (reset). BadValue with the path of the field.
[[nodiscard]] Result<std::optional<PlrState>> readPlrState(const Value& resumeMetaInfo);

/// Stored Z+ references and offsets.
struct PlrCalibration {
    std::optional<std::array<double, 4>> endstopPosition; ///< x y z e
    std::map<std::string, double> offsets;                ///< "stepper_z1" -> mm
    std::string meshProfile;
};
[[nodiscard]] Result<PlrCalibration> readPlrCalibration(const std::map<std::string, Value>& variables);

} // namespace kintsugi::klipper
