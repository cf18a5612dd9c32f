// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <QObject>

#include "archive.h"
#include "crashtruth.h"
#include "driver.h"
#include "filecache.h"
#include "profile.h"
#include "recorder.h"

namespace kintsugi::app {

/// What a printer is doing, in the words of the printer list.
enum class PrinterState { Offline, Connecting, Error, Starting, Shutdown, Idle, Printing, Paused, Interrupted };

/// One printer of the list: its profile, driver, recorder, console and the file of its job. Lives on the GUI thread.
class Session final : public QObject
{
    Q_OBJECT
public:
    Session(Profile profile, std::unique_ptr<link::Driver> driver, Archive& archive, FileCache& files,
            Recorder::Clock clock, QObject* parent = nullptr);
    ~Session() override;

    void connectPrinter();    ///< sends only queries
    void disconnectPrinter();

    [[nodiscard]] const Profile& profile() const;
    void setProfile(const Profile& profile);
    [[nodiscard]] PrinterState state() const;
    [[nodiscard]] const std::optional<Error>& lastError() const;   ///< why it is offline
    [[nodiscard]] const link::HostInfo& host() const;
    [[nodiscard]] const std::optional<recovery::Sample>& sample() const; ///< newest
    [[nodiscard]] link::Driver& driver();
    [[nodiscard]] Recorder& recorder();
    [[nodiscard]] Archive& archive();
    [[nodiscard]] FileCache& files();
    [[nodiscard]] gcode::Dialect dialect() const;  ///< of the printer's firmware
    [[nodiscard]] double now() const; ///< s since epoch UTC

    /// The job the timeline shows: printing, else interrupted, else the newest.
    [[nodiscard]] const std::optional<PrintJob>& job() const;
    void selectJob(const PrintJob& job);
    [[nodiscard]] std::shared_ptr<const OpenFile> file() const;    ///< of job(); nullptr while it is fetched or when it failed
    /// Its layers while it is read, without a source: for showing only. nullptr before, and once file() is there.
    [[nodiscard]] std::shared_ptr<const OpenFile> preview() const;
    [[nodiscard]] const std::optional<Error>& fileError() const;
    void fetchFile();                                              ///< again, after an error

    [[nodiscard]] const std::vector<link::ConsoleLine>& console() const; ///< bounded, newest last

    /// Explicit presses. Each is journalled before it is sent. Replies on this thread.
    using Reply = std::function<void(const Result<link::ScriptResult>&)>;
    void send(const QString& action, const QString& script, QObject* context, Reply reply, int planStep = 0);
    /// Writes a line of the journal and calls `act` only when it is on disk; `act` does the thing and hands its outcome to
    /// the function it was given. The error of the store comes instead when it could not be written: then nothing is done.
    using Outcome = std::function<void(const QString& outcome)>;
    [[nodiscard]] static QString outcomeText(const Result<>& result);
    [[nodiscard]] static QString outcomeText(const Result<link::ScriptResult>& result);
    void journalled(const QString& action, const QString& what, int planStep, QObject* context,
                    std::function<void(const Result<Outcome>&)> act);
    /// A resume in whose middle this program died the last time, until a person has read it or the next one begins.
    [[nodiscard]] const std::optional<CrashTruth>& crash() const;
    [[nodiscard]] CrashReport crashReport() const; ///< with the printer of now
    void acknowledgeCrash();
    void emergencyStop();
    /// M140 to the job's bed target, switched off again after `minutes` unless a resume took over.
    void keepBedWarm(double minutes);
    [[nodiscard]] bool isKeepingBedWarm() const;
    void releaseBed();          ///< something else heats the bed from now on: it is not switched off any more

    /// klipper-plr's commands as controls: the effect is read back, BadReply when it did not happen.
    enum class PlrCommand { Enable, Disable, Save, Reset, SaveMesh, LoadMesh };
    void plrCommand(PlrCommand command, QObject* context, std::function<void(const Result<>&)> reply);

    /// Puts a stored copy of variables.cfg back (upload to config, then a host restart). The torn file is kept beside it.
    void restoreVariables(const VariablesCopy& copy, QObject* context, std::function<void(const Result<>&)> reply);

signals:
    void stateChanged();
    void profileChanged();      ///< by setProfile()
    void sampled(const kintsugi::recovery::Sample& sample);
    void jobChanged();          ///< another job, or its state
    void fileChanged();
    void fileProgress(double fraction);
    void previewChanged();      ///< more layers of the file that is being read
    void consoleReceived(const kintsugi::link::ConsoleLine& line);
    void snapshotsChanged();    ///< the store has more
    void journalChanged();
    void crashChanged();
    void alarm(const QString& text);
    void variablesTorn(const kintsugi::app::VariablesCopy& lastGood, const QByteArray& torn);
    void failed(const kintsugi::Error& error);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace kintsugi::app
