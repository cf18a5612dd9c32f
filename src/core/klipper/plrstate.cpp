// SPDX-License-Identifier: GPL-3.0-or-later
#include "klipper/plrstate.h"

#include <cmath>
#include <limits>

namespace kintsugi::klipper {

namespace {

/// Reads fields of a dict and keeps the first failure, so that a reader is a plain list of fields.
class Reader
{
public:
    Reader(const Value& root, std::string path) : m_root(root), m_path(std::move(path)) {}

    double number(const std::string& key, double low, double high)
    {
        const Value* value = find(key);
        const auto number = value ? value->number() : std::nullopt;
        if (!number || !std::isfinite(*number))
            return complain(key, value ? "not a number" : "missing"), 0.0;
        if (*number < low || *number > high)
            return complain(key, "outside its limits"), 0.0;
        return *number;
    }
    double number(const std::string& key) { return number(key, -1e12, 1e12); }

    std::int64_t integer(const std::string& key)
    {
        const Value* value = find(key);
        const auto* number = value ? std::get_if<std::int64_t>(&value->data) : nullptr;
        if (!number || *number < 0)
            return complain(key, value ? "not a whole number from 0 on" : "missing"), 0;
        return *number;
    }

    std::string optionalText(const std::string& key)
    {
        const Value* value = find(key);
        if (!value || std::holds_alternative<std::monostate>(value->data))
            return {};
        if (const std::string* text = value->text())
            return *text;
        return complain(key, "not a text"), std::string();
    }

    [[nodiscard]] bool has(const std::string& key) const { return find(key) != nullptr; }

    [[nodiscard]] const Value* find(const std::string& key) const
    {
        const Value* value = &m_root;
        for (std::size_t begin = 0; value && begin <= key.size();) {
            const std::size_t end = std::min(key.find('.', begin), key.size());
            value = value->at(std::string_view(key).substr(begin, end - begin));
            begin = end + 1;
        }
        return value;
    }

    void complain(const std::string& key, const char* detail)
    {
        if (m_error)
            return;
        m_error = Error{.code = ErrorCode::BadValue, .detail = detail};
        m_error->field = key.empty() ? m_path : m_path + '.' + key;
    }

    [[nodiscard]] const std::optional<Error>& error() const { return m_error; }

private:
    const Value& m_root;
    std::string m_path;
    std::optional<Error> m_error;
};

void readFans(Reader& in, PlrState& state)
{
    const Value* fans = in.find("fan_speeds");
    if (!fans)
        return;
    const Dict* dict = fans->dict();
    if (!dict)
        return in.complain("fan_speeds", "not a dictionary");
    for (const auto& [name, value] : *dict) {
        const auto speed = value.number();
        if (!speed || !(*speed >= 0.0 && *speed <= 1.0))
            return in.complain("fan_speeds." + name, "not a speed from 0 to 1");
        state.fans[name] = *speed;
    }
}

Error wrong(std::string field, const char* detail)
{
    Error error{.code = ErrorCode::BadValue, .detail = detail};
    error.field = std::move(field);
    return error;
}

} // namespace

Result<std::optional<PlrState>> readPlrState(const Value& resumeMetaInfo)
{
    Reader in(resumeMetaInfo, "resume_meta_info");
    const Dict* dict = resumeMetaInfo.dict();
    if (!dict)
        return fail(wrong("resume_meta_info", "not a dictionary"));
    if (dict->empty())
        return std::optional<PlrState>();
    PlrState state;
    constexpr std::array<const char*, 3> axes{"x", "y", "z"};
    for (std::size_t i = 0; i < axes.size(); ++i) {
        state.position[i] = in.number(std::string("position.") + axes[i]);
        const std::string offset = std::string("xyz_offsets.") + axes[i];
        state.offsets[i] = in.has(offset) ? in.number(offset) : 0.0;
    }
    readFans(in, state);
    const std::int64_t layer = in.integer("layer");
    if (layer > std::numeric_limits<int>::max())
        in.complain("layer", "too large");
    else
        state.layer = static_cast<int>(layer);
    state.layerHeight = in.number("layer_height");
    state.filePosition = static_cast<ByteOffset>(in.integer("file_progress.position"));
    state.totalSize = static_cast<std::uint64_t>(in.integer("file_progress.total_size"));
    state.progressPercent = in.number("file_progress.progress_pct", 0, 100);
    if (!in.error() && state.filePosition > state.totalSize)
        in.complain("file_progress.position", "beyond the end of the file");
    state.hotend = in.number("hotend_temp", -273.15, 500);
    state.bed = in.number("bed_temp", -273.15, 200);
    state.saveTime = in.number("save_time");
    state.collectionTime = in.number("collection_time");
    state.file = in.optionalText("current_file");
    if (in.error())
        return fail(*in.error());
    return std::optional(std::move(state));
}

Result<PlrCalibration> readPlrCalibration(const std::map<std::string, Value>& variables)
{
    PlrCalibration calibration;
    constexpr std::string_view prefix = "z_offset_";
    for (const auto& [name, value] : variables) {
        if (!std::string_view(name).starts_with(std::string(prefix) + "stepper_z"))
            continue;
        const auto offset = value.number();
        if (!offset || !std::isfinite(*offset))
            return fail(wrong(name, "not a number"));
        calibration.offsets[name.substr(prefix.size())] = *offset;
    }
    if (const auto it = variables.find("z_endstop_position_stepper_z"); it != variables.end()) {
        const List* list = it->second.list();
        if (!list || list->size() != 4)
            return fail(wrong(it->first, "not a list of four numbers"));
        std::array<double, 4> position{};
        for (std::size_t i = 0; i < position.size(); ++i) {
            const auto number = (*list)[i].number();
            if (!number || !std::isfinite(*number))
                return fail(wrong(it->first + '.' + std::to_string(i), "not a number"));
            position[i] = *number;
        }
        calibration.endstopPosition = position;
    }
    if (const auto it = variables.find("saved_mesh_profile"); it != variables.end()) {
        const std::string* text = it->second.text();
        if (!text)
            return fail(wrong(it->first, "not a text"));
        calibration.meshProfile = *text;
    }
    return calibration;
}

} // namespace kintsugi::klipper
