// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>
#include <functional>

#include <QObject>
#include <QTimer>

#include "archive.h"

namespace kintsugi::app {

/// Writes to the archive one after the other; what fails (a full disk, say) stays first in line and is tried again.
class PatientWriter final : public QObject
{
    Q_OBJECT
public:
    explicit PatientWriter(Archive& archive, QObject* parent = nullptr);
    void write(std::function<Result<>(Store&)> work, std::function<void()> done = {});
    [[nodiscard]] bool isIdle() const { return m_line.empty(); }

signals:
    void failed(const kintsugi::Error& error); ///< once until a write succeeds again

private:
    void next();
    void settle(const Result<>& result);

    struct Item { std::function<Result<>(Store&)> work; std::function<void()> done; };
    Archive& m_archive;
    std::deque<Item> m_line;
    bool m_asked = false, m_told = false;
    QTimer m_retry;
};

} // namespace kintsugi::app
