// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/feature.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "gcode/scanner.h"
#include "gcode/text.h"

namespace kintsugi::gcode {

namespace {

/// The first entry whose word occurs decides, so what narrows a name comes before what it narrows.
constexpr std::array<std::pair<std::string_view, Feature>, 36> words{{
    {"custom", Feature::Custom},
    {"interface", Feature::SupportInterface},
    {"transition", Feature::SupportInterface},
    {"dense support", Feature::SupportInterface},
    {"support", Feature::Support},
    {"tower", Feature::PrimeTower},
    {"pillar", Feature::PrimeTower},
    {"ooze shield", Feature::PrimeTower},
    {"skirt", Feature::Skirt},
    {"brim", Feature::Skirt},
    {"raft", Feature::Raft},
    {"ironing", Feature::Ironing},
    {"overhang", Feature::OverhangWall},
    {"bridge", Feature::Bridge},
    {"external", Feature::OuterWall},
    {"outer", Feature::OuterWall},
    {"gap", Feature::GapFill},
    {"thin wall", Feature::GapFill},
    {"single extrusion", Feature::GapFill},
    {"top", Feature::TopSurface},
    {"bottom", Feature::BottomSurface},
    {"floating vertical shell", Feature::SolidInfill},
    {"inner", Feature::InnerWall},
    {"internal perimeter", Feature::InnerWall},
    {"loop", Feature::InnerWall},
    {"hshell", Feature::SolidInfill},
    {"perimeter", Feature::InnerWall},
    {"wall", Feature::InnerWall},
    {"solid", Feature::SolidInfill},
    {"skin", Feature::SolidInfill},
    {"crown", Feature::SolidInfill},
    {"sparse", Feature::SparseInfill},
    {"infill", Feature::SparseInfill},
    {"fill", Feature::SparseInfill},
    {"surface", Feature::SolidInfill},
    {"shell", Feature::InnerWall},
}};

Feature featureOf(std::string_view text, bool bareIsOuter)
{
    const std::string name = lower(text);
    // What one calls "Perimeter" is the inner wall beside an "External perimeter", or the outer one beside "Loop".
    if (bareIsOuter && name.starts_with("perimeter"))
        return Feature::OuterWall;
    const auto* const found = std::ranges::find_if(words, [&name](const auto& entry) { return name.find(entry.first) != name.npos; });
    return found == words.end() ? Feature::Other : found->second;
}

bool skip(std::string_view& text, std::string_view prefix)
{
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// Simplify3D before its version 4 writes nothing but the name.
bool isBareSimplify3D(std::string_view text)
{
    constexpr std::array<std::string_view, 15> names{"outer perimeter", "inner perimeter", "external single extrusion",
        "internal single extrusion", "solid layer", "infill", "gap fill", "bridge", "support", "dense support", "skirt", "raft",
        "prime pillar", "ooze shield", "perimeter"};
    return std::ranges::find(names, text) != names.end();
}

/// 'Perimeter Path', 1.0 [feed mm/s], …; moves that print nothing announce no feature.
std::optional<std::string_view> kissPath(std::string_view text)
{
    if (!skip(text, "'"))
        return std::nullopt;
    const auto close = text.find('\'');
    if (close == text.npos || !text.substr(0, close).ends_with(" Path") || !text.substr(close + 1).starts_with(", "))
        return std::nullopt;
    text = text.substr(0, close);
    const bool printsNothing = text.find("Jump") != text.npos || text.find("Travel") != text.npos;
    return printsNothing ? std::nullopt : std::optional(text.substr(0, text.size() - 5));
}

Result<std::string> readRange(const Source& source, ByteOffset begin, ByteOffset end)
{
    std::string text(static_cast<std::size_t>(end - begin), '\0');
    const auto got = source.read(begin, std::as_writable_bytes(std::span(text)));
    if (!got)
        return fail(got.error());
    text.resize(*got);
    return text;
}

std::optional<FeatureAt> lastIn(std::string_view text, ByteOffset start, ByteOffset byte, Slicer slicer)
{
    std::optional<FeatureAt> last;
    const Scanner::Sink sink = [&](const Line& line) {
        // The first line may have lost its beginning.
        if ((line.begin == start && start > 0) || line.begin >= byte || !line.text.starts_with(';'))
            return;
        if (const auto note = featureNote(line.text.substr(1), slicer))
            last = {.feature = note->feature, .text = std::string(note->text.substr(0, MachineState::maxNameLength)), .byte = line.begin};
    };
    Scanner scanner(start);
    scanner.feed(std::as_bytes(std::span(text)), sink);
    scanner.finish(sink);
    return last;
}

} // namespace

Message featureText(Feature feature)
{
    switch (feature) {
    case Feature::Other: return {KINTSUGI_TEXT("other"), {}};
    case Feature::OuterWall: return {KINTSUGI_TEXT("outer wall"), {}};
    case Feature::InnerWall: return {KINTSUGI_TEXT("inner wall"), {}};
    case Feature::OverhangWall: return {KINTSUGI_TEXT("overhanging wall"), {}};
    case Feature::SolidInfill: return {KINTSUGI_TEXT("solid infill"), {}};
    case Feature::TopSurface: return {KINTSUGI_TEXT("top surface"), {}};
    case Feature::BottomSurface: return {KINTSUGI_TEXT("bottom surface"), {}};
    case Feature::SparseInfill: return {KINTSUGI_TEXT("infill"), {}};
    case Feature::GapFill: return {KINTSUGI_TEXT("gap fill"), {}};
    case Feature::Bridge: return {KINTSUGI_TEXT("bridge"), {}};
    case Feature::Ironing: return {KINTSUGI_TEXT("ironing"), {}};
    case Feature::Support: return {KINTSUGI_TEXT("support"), {}};
    case Feature::SupportInterface: return {KINTSUGI_TEXT("support interface"), {}};
    case Feature::Skirt: return {KINTSUGI_TEXT("skirt or brim"), {}};
    case Feature::Raft: return {KINTSUGI_TEXT("raft"), {}};
    case Feature::PrimeTower: return {KINTSUGI_TEXT("prime tower"), {}};
    case Feature::Custom: return {KINTSUGI_TEXT("the profile's own G-code"), {}};
    }
    return {};
}

std::optional<FeatureName> featureNote(std::string_view comment, Slicer slicer)
{
    std::string_view text = trimmed(comment);
    bool bareIsOuter = false;
    if (skip(text, "segType:")) {
        bareIsOuter = true;
    } else if (const auto kiss = kissPath(text)) {
        text = *kiss;
        bareIsOuter = true;
    } else if (!skip(text, "TYPE:") && !skip(text, "FEATURE:")) {
        if (slicer != Slicer::Simplify3D || !(skip(text, "feature ") || isBareSimplify3D(text)))
            return std::nullopt;
    }
    text = trimmed(text);
    return text.empty() ? std::nullopt : std::optional(FeatureName{.feature = featureOf(text, bareIsOuter), .text = text});
}

Result<std::optional<FeatureAt>> featureBefore(const Source& source, const FileIndex& index, ByteOffset byte)
{
    constexpr std::array<ByteOffset, 4> windows{16 << 10, 128 << 10, 1 << 20, 4 << 20};
    constexpr ByteOffset rest = 512; ///< of the line in which the byte lies
    byte = std::min(byte, index.size);
    for (const ByteOffset window : windows) {
        const ByteOffset start = byte > window ? byte - window : 0;
        const auto text = readRange(source, start, std::min(index.size, byte + rest));
        if (!text)
            return fail(text.error());
        if (auto found = lastIn(*text, start, byte, index.slicer); found || start == 0)
            return found;
    }
    return std::nullopt;
}

} // namespace kintsugi::gcode
