// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/plrmarkers.h"

#include <algorithm>

#include "gcode/startmacro.h"

namespace kintsugi::recovery {

namespace {

using Kind = PlrFinding::Kind;

std::string lineText(const std::optional<std::uint64_t>& line)
{
    return line ? std::to_string(*line) : std::string();
}

PlrFinding presence(Kind kind, const std::optional<std::uint64_t>& line)
{
    PlrFinding finding{.kind = kind, .good = line.has_value(), .line = line, .text = {}};
    if (kind == Kind::SetupMarker && finding.good)
        finding.text = {KINTSUGI_TEXT("The setup marker is in line %1. When klipper-plr resumes, everything above it runs again."), {lineText(line)}};
    else if (kind == Kind::SetupMarker)
        finding.text = {KINTSUGI_TEXT("The setup marker is missing: klipper-plr cannot resume this file. Add it after the start G-code."), {}};
    else if (finding.good)
        finding.text = {KINTSUGI_TEXT("The print marker is in line %1."), {lineText(line)}};
    else
        finding.text = {KINTSUGI_TEXT("The print marker is missing: klipper-plr cannot resume this file. Add it after the setup marker."), {}};
    return finding;
}

PlrFinding swallowing(Kind kind, bool swallowed, const std::optional<std::uint64_t>& line)
{
    PlrFinding finding{.kind = kind, .good = !swallowed, .line = line, .text = {}};
    const bool setup = kind == Kind::SetupSwallowed;
    if (finding.good)
        finding.text = {setup ? KINTSUGI_TEXT("No comment swallows the setup marker.") : KINTSUGI_TEXT("No comment swallows the print marker."), {}};
    else
        finding.text = {setup
                ? KINTSUGI_TEXT("The setup marker in line %1 follows a comment with a single semicolon and is taken for a part of it. Put a command between them.")
                : KINTSUGI_TEXT("The print marker in line %1 follows a comment with a single semicolon and is taken for a part of it. Put a command between them."),
            {lineText(line)}};
    return finding;
}

PlrFinding order(const gcode::PlrMarkers& plr)
{
    const bool good = *plr.setup < *plr.print;
    if (good)
        return {.kind = Kind::Order, .good = true, .line = plr.printLine, .text = {KINTSUGI_TEXT("The markers are in the right order."), {}}};
    return {.kind = Kind::Order, .good = false, .line = plr.printLine,
        .text = {KINTSUGI_TEXT("The print marker in line %1 comes before the setup marker in line %2. Exchange them."),
            {lineText(plr.printLine), lineText(plr.setupLine)}}};
}

PlrFinding layerHook(const gcode::FileIndex& index)
{
    const gcode::PlrMarkers& plr = index.plr;
    PlrFinding finding{.kind = Kind::LayerHook, .good = plr.layerHooks > 0, .line = plr.hookLine, .text = {}};
    const std::string layers = std::to_string(index.layers.size());
    if (!finding.good)
        finding.text = {KINTSUGI_TEXT("No layer calls PLR_SAVE_PRINT_STATE_WITH_LAYER: klipper-plr saves by time alone. Add the call to the G-code after a layer change."), {}};
    else if (plr.layerHooks < index.layers.size())
        finding.text = {KINTSUGI_TEXT("PLR_SAVE_PRINT_STATE_WITH_LAYER is called %1 times in %2 layers."), {std::to_string(plr.layerHooks), layers}};
    else
        finding.text = {KINTSUGI_TEXT("Every layer calls PLR_SAVE_PRINT_STATE_WITH_LAYER."), {}};
    return finding;
}

} // namespace

PlrReport plrReport(const gcode::FileIndex& index)
{
    const gcode::PlrMarkers& plr = index.plr;
    PlrReport report{.usable = plr.inOrder, .savesOnLayers = plr.layerHooks > 0, .findings = {}};
    auto& findings = report.findings;
    findings.push_back(presence(Kind::SetupMarker, plr.setupLine));
    findings.push_back(presence(Kind::PrintMarker, plr.printLine));
    if (plr.setup && plr.print)
        findings.push_back(order(plr));
    if (plr.setup)
        findings.push_back(swallowing(Kind::SetupSwallowed, plr.swallowed, plr.setupLine));
    if (plr.print)
        findings.push_back(swallowing(Kind::PrintSwallowed, plr.printSwallowed, plr.printLine));
    findings.push_back(layerHook(index));
    const gcode::MacroCall* const macro = gcode::startMacro(index);
    if (!plr.setup && !plr.print && macro)
        findings.push_back({.kind = Kind::OnlyInMacro, .good = false, .line = macro->line,
            .text = {KINTSUGI_TEXT("Line %1 calls %2. Markers inside that macro never reach the file; they must stand in the start G-code of the slicer."),
                {std::to_string(macro->line), macro->name}}});
    return report;
}

std::vector<SlicerText> plrSlicerTexts()
{
    using gcode::Slicer;
    // A command first: whatever comment the start G-code ends with cannot swallow the markers.
    const std::string start = "PLR_ENABLE\n" + std::string(gcode::plrSetupMarker) + '\n' + std::string(gcode::plrPrintMarker) + '\n';
    const std::string hook = std::string(gcode::plrLayerHook);
    const std::string brackets = hook + " LAYER=[layer_num] LAYER_HEIGHT=[layer_z]\n";
    const std::string braces = hook + " LAYER={layer_num} LAYER_HEIGHT={layer_z}\n";
    const Message prusaStart{KINTSUGI_TEXT("Printers, Custom G-code, at the end of Start G-code"), {}};
    const Message prusaLayer{KINTSUGI_TEXT("Printers, Custom G-code, After layer change G-code"), {}};
    return {
        {.slicer = Slicer::PrusaSlicer, .place = prusaStart, .text = start},
        {.slicer = Slicer::PrusaSlicer, .place = prusaLayer, .text = brackets},
        {.slicer = Slicer::SuperSlicer, .place = prusaStart, .text = start},
        {.slicer = Slicer::SuperSlicer, .place = prusaLayer, .text = brackets},
        {.slicer = Slicer::OrcaSlicer, .place = {KINTSUGI_TEXT("Printer settings, Machine G-code, at the end of Machine start G-code"), {}}, .text = start},
        {.slicer = Slicer::OrcaSlicer, .place = {KINTSUGI_TEXT("Printer settings, Machine G-code, Layer change G-code"), {}}, .text = braces},
        {.slicer = Slicer::Cura, .place = {KINTSUGI_TEXT("Manage printers, Machine settings, at the end of Start G-code"), {}}, .text = start},
        {.slicer = Slicer::Cura,
            .place = {KINTSUGI_TEXT("Extensions, Post processing, Modify G-code, Search and Replace with regular expressions: the first line is searched for, the second replaces it"), {}},
            .text = ";LAYER:(\\d+)\n;LAYER:\\1\\n" + hook + " LAYER=\\1\n"},
    };
}

} // namespace kintsugi::recovery
