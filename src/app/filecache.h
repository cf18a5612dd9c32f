// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <QObject>
#include <QString>

#include "driver.h"
#include "gcode/fileindex.h"
#include "job.h"

namespace kintsugi::app {

/// An opened G-code file with its index; shared, immutable.
struct OpenFile {
    QString path;                                ///< local
    QString remote;                              ///< name on the printer, empty for a local file
    std::shared_ptr<const gcode::Source> source;
    std::shared_ptr<const gcode::FileIndex> index;
    bool remembered = false;                     ///< the index was kept from an earlier time and is believed on samples: see gcode::verifyWhole()
};

/// Local copies of the printer's files (XDG cache), fetched by Range so that a broken download goes on where it stopped, and
/// indexed on the pool. Copies are keyed by printer, name, size and time and verified by size before use, and every byte of
/// them is compared with an index that was kept. Two requests for one file share one download. Errors: FileMissing, FileChanged (twice while it was fetched), Disconnected (what came is kept),
/// FileUnreadable, FileNotGcode, WriteFailed, Cancelled.
class FileCache final : public QObject
{
    Q_OBJECT
public:
    using Reply = std::function<void(const Result<std::shared_ptr<const OpenFile>>&)>;
    explicit FileCache(QString folder, QObject* parent = nullptr);
    ~FileCache() override;
    [[nodiscard]] static QString defaultFolder();

    void fetch(const QString& printer, link::Driver& driver, const QString& remote, gcode::Dialect dialect, QObject* context, Reply reply);
    void openLocal(const QString& path, gcode::Dialect dialect, QObject* context, Reply reply);
    /// openLocal() where what was kept of the file is of another content (gcode::OpenOptions::believe).
    void openAnew(const QString& path, gcode::Dialect dialect, QObject* context, Reply reply);
    /// Answers what this context waits for with Cancelled; what nobody waits for any more is stopped.
    void cancel(const QObject* context);

    /// What must be kept: the file of a job, as localCopy() finds it, or a path.
    struct Needed {
        QString printer, remote;
        quint64 size = 0;
        QString path;
    };
    static constexpr quint64 mostBytes = quint64{4} << 30;
    /// Removes the copies that were not used for longest, until the rest has at most `bytes`; never what is needed, or under
    /// way. Their names.
    QStringList prune(const std::vector<Needed>& needed, quint64 bytes = mostBytes);
    /// A complete copy fetched earlier (the newest of this name and size); empty when there is none.
    [[nodiscard]] QString localCopy(const QString& printer, const QString& remote, quint64 size) const;

    /// Of the printer's file when this copy of it was fetched, s since epoch UTC (to the millisecond, rounded down); nullopt for
    /// a file that is no such copy.
    [[nodiscard]] std::optional<double> modifiedOf(const QString& path) const;

    [[nodiscard]] static QString indexFolder(const QString& folder); ///< of the side-cars, inside the folder of the copies

signals:
    /// 0..1; `file` is the path or remote name of the request.
    void progressed(const QString& what, double fraction, const QString& file);
    /// The layers of a large file while it is read: `path` and `remote` of the request, an index with layers and little else
    /// (see gcode::quickScan), no source. For showing only.
    void layersRead(const std::shared_ptr<const kintsugi::app::OpenFile>& file);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace kintsugi::app
