// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QObject>
#include <QSocketNotifier>

namespace kintsugi::cli {

/// SIGINT and SIGTERM as a Qt signal. One per process.
class UnixSignals final : public QObject
{
    Q_OBJECT
public:
    explicit UnixSignals(QObject* parent = nullptr);
    ~UnixSignals() override;
    /// True once a signal came, also before the event loop tells: for work that does not return to it.
    [[nodiscard]] static bool wasInterrupted();
signals:
    void interrupted();

private:
    std::unique_ptr<QSocketNotifier> m_notifier;
};

} // namespace kintsugi::cli
