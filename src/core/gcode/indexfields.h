// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <concepts>
#include <type_traits>

#include "gcode/fileindex.h"

namespace kintsugi::gcode {

template <class T, class Plain>
concept Like = std::same_as<std::remove_const_t<T>, Plain>;

// Every member of what a FileIndex consists of, in order of declaration: the one place to add a new one. An archive takes
// them all in one call. Checkpoint is not here: its shared part is kept once (sidecar.cpp).

void fields(auto& archive, Like<FileStamp> auto& x) { archive(x.device, x.inode, x.size, x.modifiedNs, x.changedNs); }

void fields(auto& archive, Like<Layer> auto& x)
{
    archive(x.index, x.z, x.height, x.begin, x.end, x.firstExtrusion, x.seconds, x.modelSeconds, x.extrudedMm, x.highestZ);
}

void fields(auto& archive, Like<MeshState> auto& x) { archive(x.profile, x.m420Enabled, x.m420Slot, x.m420Fade); }

void fields(auto& archive, Like<HotState> auto& x)
{
    archive(x.position, x.e, x.eTotal, x.eHighest, x.feed, x.setBy, x.known, x.doubtfulAxes, x.shiftedAxes, x.lastMove, x.absoluteXyz,
        x.absoluteEFlag, x.eFollowsXyz, x.inch, x.firmwareRetracted, x.unknownMotion);
}

void fields(auto& archive, Like<MachineState> auto& x)
{
    archive(x.position, x.setBy, x.e, x.eTotal, x.eHighest, x.absoluteXyz, x.absoluteEFlag, x.eFollowsXyz, x.inch, x.plane, x.feed, x.tool,
        x.speedPercent, x.flowPercent, x.hotend, x.bed, x.chamber, x.fans, x.heaters, x.motion, x.pressureAdvance, x.firmwareRetracted,
        x.mesh, x.gcodeOffset, x.babystep, x.volumetric, x.toolSetup, x.advanceCode, x.workspace, x.excluded, x.object, x.definedObjects,
        x.unknownMotion, x.doubtfulAxes, x.shiftedAxes, x.shift, x.nativeUnknown, x.everShifted, x.lastMove, x.block,
        x.unknownFields, x.unknownCommands, x.maybeChanged, x.latestMacro, x.speedBackup);
}

void fields(auto& archive, Like<PlrMarkers> auto& x)
{
    archive(x.setup, x.print, x.inOrder, x.swallowed, x.printSwallowed, x.layerHooks, x.setupLine, x.printLine, x.hookLine, x.enabled);
}

void fields(auto& archive, Like<MacroCall> auto& x) { archive(x.name, x.rest, x.line, x.byte); }

void fields(auto& archive, Like<SlicerSetting> auto& x) { archive(x.key, x.value); }

void fields(auto& archive, Like<Extents> auto& x) { archive(x.minX, x.minY, x.minZ, x.maxX, x.maxY, x.maxZ, x.valid); }

void fields(auto& archive, Like<FileIndex> auto& x)
{
    archive(x.size, x.xxh3, x.fileSize, x.fileXxh3, x.stamp, x.slicer, x.slicerLine, x.dialect, x.suggested, x.lines, x.moves, x.seconds,
        x.modelSeconds, x.filamentMm, x.layersMarked, x.layers, x.checkpoints, x.objects, x.plr, x.startMacros, x.settings, x.printed,
        x.firstExtrusion, x.lastExtrusionEnd, x.truncatedLines, x.nulBytes);
}

} // namespace kintsugi::gcode
