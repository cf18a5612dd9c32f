// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gcode/fileindex.h"
#include "base/message.h"
#include "klipper/plrstate.h"
#include "recovery/sample.h"

namespace kintsugi::recovery {

struct ResumePoint; // plan.h

enum class Origin { Unknown, Observed, Replayed, Inferred, Edited };
enum class SnapshotSource { Recorder, Plugin, Firmware, File };
[[nodiscard]] std::string_view name(Origin origin);           ///< "observed" …
[[nodiscard]] std::string_view name(SnapshotSource source);   ///< "recorder" …

struct FileIdentity {
    std::string name;                    ///< path below the gcodes root, or a local path
    std::uint64_t size = 0;
    std::optional<std::uint64_t> xxh3;   ///< of the whole file
    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// One field of a snapshot as a person sees it.
struct FieldInfo {
    Origin origin = Origin::Unknown;
    std::string observed, replayed;      ///< both values as text when both are known; they differ = a conflict
    std::string note;                    ///< reason of an edit, or what an inference is based on
    [[nodiscard]] bool conflicts() const { return !observed.empty() && !replayed.empty() && observed != replayed; }
};

/// A point a print can be resumed from: file + byte + full state, each field with its origin.
/// `fields` is keyed by the JSON paths of `state`: "position.x" … "feed", "tool", "hotend.0", "bed", "fans.0",
/// "speed_percent", "flow_percent.0", "pressure_advance.extruder", "motion.SET_VELOCITY_LIMIT.ACCEL", "mesh",
/// "gcode_offset.Z", "absolute_e", "absolute_xyz", "excluded", "object", "retracted", "e".
struct Snapshot {
    std::int64_t id = 0;                 ///< of the store; 0 = not stored
    std::string printer, job;            ///< ids of the store, empty when none
    SnapshotSource source = SnapshotSource::File;
    std::optional<double> time;          ///< s since epoch UTC the state is OF
    std::optional<double> savedTime;     ///< s since epoch UTC it was written (plugin saves lag)
    FileIdentity file;
    ByteOffset byte = 0;                 ///< line start from which to go on
    std::optional<ByteOffset> earliest, latest; ///< stop interval around it, when known
    std::optional<std::size_t> layer;    ///< from 0
    gcode::Dialect dialect = gcode::Dialect::Klipper;
    gcode::MachineState state;           ///< before the line at `byte`
    std::map<std::string, FieldInfo> fields;
    SharedMesh mesh;                     ///< points of the mesh that was in use, when they were recorded
    std::string note;
    bool pinned = false;

    [[nodiscard]] std::size_t knownFields() const;    ///< of fields
    [[nodiscard]] std::vector<std::string> missing() const; ///< must-have fields that are unknown: X, Y, Z, hotend of the tool, file
    [[nodiscard]] bool isOff(const std::string& key) const; ///< a hotend that is missing() because its heater was turned off
    /// Heat targets that were only inferred: a person must confirm each with edit() before a plan is made.
    [[nodiscard]] std::vector<std::string> unconfirmed() const;
};

/// A row of the inspector.
struct FieldRow { std::string key; Message label; std::string value; FieldInfo info; };
[[nodiscard]] std::vector<FieldRow> fieldRows(const Snapshot& snapshot);

/// State of the file at a byte; every field the file set is `replayed`, start-macro temperatures are `inferred`.
[[nodiscard]] Result<Snapshot> snapshotFromFile(const gcode::Source& source, const gcode::FileIndex& index, ByteOffset byte);
/// The same, with what the recorder saw laid over it (operator's factors, offsets, excluded objects, targets): observed
/// wins where the file cannot know (speed/flow factor, offset, exclusions, targets > 0), conflicts are kept.
[[nodiscard]] Result<Snapshot> snapshotFromSample(const gcode::Source& source, const gcode::FileIndex& index,
                                                  ByteOffset byte, const Sample& sample);
/// klipper-plr's saved state: measured temperatures are never targets (klipper.md 3, 8).
[[nodiscard]] Result<Snapshot> snapshotFromPlugin(const gcode::Source& source, const gcode::FileIndex& index,
                                                  const klipper::PlrState& state, std::optional<double> wallTime);
/// The same state as a snapshot of the original file: `byte` (and the interval) of a resume file become bytes of the file
/// it continues, however often it was resumed; works for resume files of this program, of klipper-plr and for the original
/// itself. A byte inside a preamble becomes the point the resume began at. What was observed, edited or noted is kept.
/// FileChanged: the two files do not belong together (sizes, or text around the byte and at the end).
[[nodiscard]] Result<Snapshot> mapToOriginal(const Snapshot& ofResumeFile, const gcode::Source& resumeFile,
                                             const gcode::Source& original, const gcode::FileIndex& originalIndex);
/// The byte alone; by the point without a look at the texts.
struct OriginalByte { ByteOffset byte = 0; bool inPreamble = false; };
[[nodiscard]] OriginalByte originalByte(const ResumePoint& point, ByteOffset byte);
[[nodiscard]] Result<OriginalByte> originalByte(const gcode::Source& resumeFile, const gcode::Source& original, ByteOffset byte);

/// What the fields that differ mean together, most serious first; empty when nothing differs; fields a person decided do
/// not count. A diagnosis per cause: wrong
/// or changed file, edited offset (every position differs by the same), operator's factors and targets, exclusions, modes.
[[nodiscard]] std::vector<Message> explainConflicts(const Snapshot& snapshot);
/// The same, and the positions, modes and size the printer reported while it read the file (the samples of this print, any
/// number, oldest first) compared with the file at the byte it had read.
[[nodiscard]] Result<std::vector<Message>> explainConflicts(const Snapshot& snapshot, const gcode::Source& source,
                                                            const gcode::FileIndex& index, const std::vector<Sample>& samples);
/// Sets a field by its key from text typed by a person; origin becomes Edited, the reason is kept. BadValue.
[[nodiscard]] Result<> edit(Snapshot& snapshot, const std::string& key, const std::string& value, const std::string& reason);

} // namespace kintsugi::recovery
