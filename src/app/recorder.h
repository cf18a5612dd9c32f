// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <QObject>

#include "archive.h"
#include "driver.h"
#include "klipper/plrstate.h"

namespace kintsugi::app {

struct OpenFile;

/// Stores what one printer does, in the GUI and headless alike: samples at 4 Hz while printing (1 Hz else), jobs and how they
/// ended, every klipper-plr save as a snapshot with wall-clock time and true age, every good copy of variables.cfg.
/// Sends nothing but queries and file reads.
class Recorder final : public QObject
{
    Q_OBJECT
public:
    using Clock = std::function<double()>; ///< s since epoch UTC
    Recorder(QString printer, link::Driver& driver, Archive& archive, Clock clock, QObject* parent = nullptr);
    ~Recorder() override;

    void start(); ///< call it before the driver is opened
    [[nodiscard]] bool isRecording() const; ///< false while another recorder owns the printer: this one then only follows the store
    [[nodiscard]] std::optional<PrintJob> currentJob() const;     ///< printing now
    [[nodiscard]] std::optional<PrintJob> interruptedJob() const; ///< the newest job, when it was interrupted and not resumed since
    [[nodiscard]] quint64 acknowledgedSamples() const;

    /// klipper-plr: is saving known to be armed? nullopt = not known or no plugin.
    [[nodiscard]] std::optional<bool> pluginArmed() const;

    /// The current job's file, once it was fetched: plugin saves then become full snapshots, and each new layer one more.
    void setFile(std::shared_ptr<const OpenFile> file);

    /// The next job that starts is a continuation of this one.
    void expectResume(const PrintJob& interrupted, ByteOffset originalByte);

signals:
    void jobStarted(const kintsugi::app::PrintJob& job);
    void jobEnded(const kintsugi::app::PrintJob& job);
    void jobInterrupted(const kintsugi::app::PrintJob& job); ///< once more when its cause becomes known
    /// age: s from the collection of the state to its writing; NaN when not known.
    void pluginSaved(const kintsugi::klipper::PlrState& state, std::optional<double> wallTime, double age);
    void pluginArmedChanged(std::optional<bool> armed);
    void notArmedAlarm();                          ///< printing, and the plugin is not saving
    void variablesStored(const kintsugi::app::VariablesCopy& copy);
    void variablesTorn(const kintsugi::app::VariablesCopy& lastGood, const QByteArray& torn); ///< Klipper refuses to start
    void recorded();                               ///< samples were acknowledged
    void failed(const kintsugi::Error& error);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace kintsugi::app
