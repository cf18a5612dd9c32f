// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>

#include <QHash>
#include <QJsonObject>
#include <QString>

#include "moonrakersimrpc.h"

namespace kintsugi::sim {

/// The server's folders: gcodes and config (read and write), logs (read only).
class SimFiles
{
public:
    struct World {
        std::function<bool(const QString& path)> inUse; ///< a file or folder of the running print
        std::function<QJsonObject(const QString& file, const QString& uuid)> lastPrint;
        std::function<void(const QJsonObject& change)> changed; ///< for notify_filelist_changed
    };
    struct Place {
        QString root, relative, path; ///< relative to the root, without a leading '/'; path is absolute
    };

    SimFiles(const QString& folder, World world);

    [[nodiscard]] Answer roots() const;
    [[nodiscard]] Answer list(const QJsonObject& params) const;
    [[nodiscard]] Answer directory(const QJsonObject& params);
    [[nodiscard]] Answer metadata(const QJsonObject& params, bool rescan);
    [[nodiscard]] Answer thumbnails(const QJsonObject& params);
    [[nodiscard]] Answer move(const QJsonObject& params);
    [[nodiscard]] Answer copy(const QJsonObject& params);
    [[nodiscard]] Answer removeFile(const QJsonObject& params);
    [[nodiscard]] Answer makeDirectory(const QJsonObject& params);
    [[nodiscard]] Answer removeDirectory(const QJsonObject& params);

    /// "gcodes/sub/x.gcode" -> where that is; nothing outside a root.
    [[nodiscard]] std::optional<Place> resolve(const QString& request) const;
    [[nodiscard]] std::optional<Place> placeOf(const QString& absolutePath) const;
    [[nodiscard]] bool writable(const QString& root) const { return root != QLatin1String("logs"); }
    /// Metadata of a file under gcodes/ without print_start_time and job_id, as a history record keeps it.
    [[nodiscard]] QJsonObject jobMetadata(const QString& file);
    [[nodiscard]] QJsonObject change(const QString& action, const Place& place) const;
    [[nodiscard]] static QJsonObject item(const QString& path, bool writable); ///< modified, size, permissions
    [[nodiscard]] static bool isGcode(const QString& name);

private:
    [[nodiscard]] QJsonObject fullMetadata(const QString& file);
    [[nodiscard]] std::optional<Answer> refusal(const std::optional<Place>& place, const QString& request) const;
    [[nodiscard]] QJsonObject announce(const QString& action, const Place& place, const Place* source = nullptr);

    struct Scan {
        qint64 size = 0;
        double modified = 0;
        QJsonObject data;
    };

    QString m_folder;
    World m_world;
    QHash<QString, Scan> m_scans;
};

} // namespace kintsugi::sim
