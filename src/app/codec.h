// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QJsonArray>
#include <QJsonObject>
#include <QLatin1String>

#include "gcode/fileindex.h"
#include "recovery/gate.h"
#include "recovery/plan.h"
#include "recovery/sample.h"
#include "recovery/snapshot.h"
#include "recovery/stopinterval.h"
#include "store.h"

/// JSON of core's types: the documents of the command line (product.md 5) and of the store.
namespace kintsugi::app {

/// The keys of the state as resume_oracle.py prints them; unknown is null.
[[nodiscard]] QJsonObject stateToJson(const gcode::MachineState& state, gcode::Dialect dialect);
/// {key: {value, origin}} over the same keys.
[[nodiscard]] QJsonObject stateWithOrigins(const recovery::Snapshot& snapshot);
[[nodiscard]] QJsonObject toJson(const recovery::MeshMatrix& mesh);
[[nodiscard]] Result<recovery::MeshMatrix> meshFromJson(const QJsonObject& json);
[[nodiscard]] QJsonObject toJson(const recovery::Sample& sample);
[[nodiscard]] Result<recovery::Sample> sampleFromJson(const QJsonObject& json);
[[nodiscard]] QJsonObject toJson(const recovery::Snapshot& snapshot); ///< complete: reads back equal
[[nodiscard]] Result<recovery::Snapshot> snapshotFromJson(const QJsonObject& json);
[[nodiscard]] QJsonObject toJson(const recovery::Plan& plan, const std::vector<recovery::GateCheck>& gate);
[[nodiscard]] QJsonArray toJson(const std::vector<recovery::GateCheck>& gate);
[[nodiscard]] QJsonObject inspectJson(const gcode::FileIndex& index, const QString& file, bool layers);
/// Bytes of the ends, the likely line and the lines that hold half of all such stops (null = unknown), each with its line number.
[[nodiscard]] QJsonObject toJson(const recovery::StopInterval& stop, const gcode::Source& source, const gcode::FileIndex& index);
[[nodiscard]] QJsonObject toJson(const PrintJob& job);
[[nodiscard]] QJsonObject toJson(const JournalEntry& entry);
/// "printer-power-lost", "host-lost", …
[[nodiscard]] QLatin1String causeName(recovery::StopCause cause);

} // namespace kintsugi::app
