// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include <QJsonObject>
#include <QStringList>

#include "driver.h"

namespace kintsugi::link {

/// What to subscribe to on a printer that has these objects: every field by name, to keep the stream small.
[[nodiscard]] QJsonObject subscription(const QStringList& objects);

/// Merges changed status fields into `sample`. Fields of a wrong type become unknown and are reported with their path below
/// `path`; all others are merged.
[[nodiscard]] std::vector<Error> mergeStatus(const QJsonObject& status, const std::string& path, recovery::Sample& sample);

[[nodiscard]] HostState hostStateFrom(const QString& klippyState);

/// What the printer can do, from its object list, its commands, its settings and the server's components and folders.
[[nodiscard]] Capabilities capabilitiesFrom(const QStringList& objects, const QJsonObject& commands,
                                            const QJsonObject& settings, const QStringList& components,
                                            const QStringList& folders);

[[nodiscard]] Result<RemoteJob> readJob(const QJsonObject& job, const std::string& path);
[[nodiscard]] Result<RemoteFile> readFile(const QJsonObject& file, const char* nameKey, const std::string& path);
[[nodiscard]] Result<FileMetadata> readMetadata(const QJsonObject& metadata, const std::string& path);
[[nodiscard]] Result<FileChange> readFileChange(const QJsonObject& change, const std::string& path);
[[nodiscard]] Result<ConsoleLine> readConsoleLine(const QJsonObject& line, const std::string& path);

} // namespace kintsugi::link
