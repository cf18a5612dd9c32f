// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/firstlayer.h"

#include <algorithm>
#include <cmath>

#include "recovery/dialectwriter.h"
#include "recovery/walk.h"

namespace kintsugi::recovery {

namespace {

using gcode::MachineState;

Result<> inRange(const std::optional<double>& value, double low, double high, const char* field)
{
    if (!value || (std::isfinite(*value) && *value >= low && *value <= high))
        return {};
    Error error{.code = ErrorCode::BadValue, .detail = "out of range", .field = field};
    error.measured = *value;
    error.limit = *value < low ? low : high;
    return fail(std::move(error));
}

/// What the file itself says inside the layer.
struct Own {
    MachineState after;
    std::size_t speed = 0, fan = 0, acceleration = 0; ///< how often
};

bool setsAcceleration(const MachineState& before, const MachineState& after)
{
    for (const char* head : {"M204", "SET_VELOCITY_LIMIT", "M201"}) {
        const auto a = before.motion.find(head), b = after.motion.find(head);
        const bool had = a != before.motion.end(), has = b != after.motion.end();
        if (had != has || (has && a->second != b->second))
            return true;
    }
    return false;
}

Result<Own> readLayer(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot, ByteOffset end)
{
    Own own{snapshot.state};
    auto done = walk(source, index, snapshot.byte, end, [&](const Walked& walked) {
        const MachineState before = own.after;
        gcode::apply(own.after, walked.command, snapshot.dialect);
        const bool isAcceleration = walked.command.is('M', 204) || walked.command.is('M', 201);
        own.speed += walked.command.is('M', 220) || before.speedPercent != own.after.speedPercent ? 1U : 0U;
        own.fan += before.fans != own.after.fans || walked.command.is('M', 106) || walked.command.is('M', 107) ? 1U : 0U;
        own.acceleration += isAcceleration || setsAcceleration(before, own.after) ? 1U : 0U;
        return true;
    });
    if (!done)
        return fail(done.error());
    return own;
}

class Writer
{
public:
    Writer(const Snapshot& snapshot, const Own& own, const FirstLayerWishes& wishes, FirstLayer& out)
        : m_snapshot(snapshot), m_own(own), m_wishes(wishes), m_out(out)
    {
    }

    void speed()
    {
        if (!m_wishes.speedPercent)
            return;
        const double now = m_snapshot.state.speedPercent, slower = now * *m_wishes.speedPercent / 100;
        m_out.set.push_back("M220 S" + decimal(slower, 3));
        m_out.restore.push_back("M220 S" + decimal(m_own.after.speedPercent, 6));
        m_out.speedFactor = std::stod(decimal(slower, 3)) / 100;
        if (m_own.speed > 0)
            m_out.notes.push_back({KINTSUGI_TEXT("the file sets the speed factor itself in this layer: slower only until then"), {}});
    }

    void fan(const PrinterFacts& printer)
    {
        if (!m_wishes.fanPercent)
            return;
        const auto writer = write::writerFor(m_snapshot.dialect, m_snapshot.state, printer, false, {});
        std::map<std::string, double> fans = m_snapshot.state.fans;
        for (const auto& [name, value] : m_own.after.fans)
            fans.emplace(name, 0);
        for (const auto& [name, value] : fans) {
            const auto later = m_own.after.fans.find(name);
            const std::string less = writer->fan(name, value * *m_wishes.fanPercent / 100);
            const std::string back = writer->fan(name, later == m_own.after.fans.end() ? 0 : later->second);
            if (less.empty() || back.empty())
                continue;
            if (value > 0)
                m_out.set.push_back(less);
            if (value > 0 || back != less)
                m_out.restore.push_back(back);
        }
        if (m_own.fan > 0)
            m_out.notes.push_back({KINTSUGI_TEXT("the file sets the fan %1 times itself in this layer: less only until then"), {std::to_string(m_own.fan)}});
    }

    void acceleration()
    {
        if (!m_wishes.acceleration)
            return;
        if (m_own.acceleration > 0)
            m_out.notes.push_back({KINTSUGI_TEXT("the file sets the acceleration %1 times itself in this layer: it cannot be held lower"),
                                   {std::to_string(m_own.acceleration)}});
        else
            m_out.acceleration = m_wishes.acceleration;
    }

private:
    const Snapshot& m_snapshot;
    const Own& m_own;
    const FirstLayerWishes& m_wishes;
    FirstLayer& m_out;
};

} // namespace

Result<FirstLayer> firstLayer(const gcode::Source& source, const gcode::FileIndex& index, const Snapshot& snapshot,
                              const FirstLayerWishes& wishes)
{
    for (const auto& checked : {inRange(wishes.speedPercent, 10, 100, "speed"), inRange(wishes.fanPercent, 0, 100, "fan"),
                                inRange(wishes.acceleration, 50, 100'000, "acceleration")}) {
        if (!checked)
            return fail(checked.error());
    }
    const gcode::Layer* const layer = index.layerAt(snapshot.byte);
    if (!layer)
        return fail(Error{.code = ErrorCode::NotSupported, .detail = "where the first layer ends is not known: the file has no layers", .field = "layers"});
    FirstLayer out;
    out.begin = snapshot.byte;
    out.end = layer->end;
    const auto own = readLayer(source, index, snapshot, out.end);
    if (!own)
        return fail(own.error());
    Writer writer(snapshot, *own, wishes, out);
    writer.speed();
    writer.fan({});
    writer.acceleration();
    return out;
}

void limitAcceleration(FirstLayer& layer, gcode::Dialect dialect, std::optional<double> now)
{
    if (!layer.acceleration)
        return;
    if (!now)
        return layer.notes.push_back({KINTSUGI_TEXT("the acceleration that holds now is not known: it could not be put back"), {}});
    if (*now <= *layer.acceleration)
        return layer.notes.push_back({KINTSUGI_TEXT("the acceleration is %1 mm/s² already"), {decimal(*now, 0)}});
    const std::string word = dialect == gcode::Dialect::Klipper ? "SET_VELOCITY_LIMIT ACCEL=" : "M204 P";
    layer.set.push_back(word + decimal(*layer.acceleration, 1));
    layer.restore.push_back(word + decimal(*now, 3));
}

} // namespace kintsugi::recovery
