// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QObject>

#include "session.h"
#include "timelinedata.h"

namespace kintsugi::ui {

/// Gathers what the timeline shows of the session's job: stored samples piece by piece, then the live ones.
class TimelineSource final : public QObject
{
    Q_OBJECT
public:
    explicit TimelineSource(app::Session& session, QObject* parent = nullptr);
    [[nodiscard]] const app::TimelineData& data() const { return m_data; }
    [[nodiscard]] bool isLoading() const { return m_loading; }
    void setSnapshots(const std::vector<recovery::Snapshot>& snapshots);
    void setStop(const std::optional<recovery::StopInterval>& stop);
    void setRecoverability(const app::Recoverability& layers);

signals:
    void replaced(); ///< another job: nothing of the old data is left
    void grown();    ///< more samples, or another part of the same job
    void failed(const kintsugi::Error& error);

private:
    void showJob();
    void loadMore();
    void loadEvents();
    void take(const app::SampleColumns& more);
    void addLive(const recovery::Sample& sample);

    app::Session& m_session;
    app::TimelineData m_data;
    std::vector<recovery::Sample> m_waiting; ///< live ones that came while the stored ones are read
    bool m_loading = false;
    quint64 m_generation = 0;
};

} // namespace kintsugi::ui
