// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include <QObject>
#include <QTimer>

#include "archive.h"

namespace kintsugi::app {

/// Writes to the archive in the order they were given; what fails (a full disk, say) stays first in line and is tried again.
/// What is still in line when it is destroyed is written by the archive's own last will.
class PatientWriter final : public QObject
{
    Q_OBJECT
public:
    explicit PatientWriter(Archive& archive, QObject* parent = nullptr);
    ~PatientWriter() override;
    void write(std::function<Result<>(Store&)> work, std::function<void()> done = {});
    [[nodiscard]] bool isIdle() const { return m_line.empty(); }

signals:
    void failed(const kintsugi::Error& error); ///< once until a write succeeds again

private:
    using Work = std::function<Result<>(Store&)>;
    struct Item { Work work; std::function<void()> done; };
    struct Outcome { std::size_t written = 0; std::optional<Error> error; };
    void next();
    void settle(const Outcome& outcome);
    [[nodiscard]] std::vector<Work> works(std::size_t from) const;
    [[nodiscard]] static Outcome run(const std::vector<Work>& works, Store& store);

    Archive& m_archive;
    std::deque<Item> m_line;
    std::size_t m_asked = 0; ///< of the line, under way
    bool m_told = false;
    QTimer m_retry;
};

} // namespace kintsugi::app
