// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QWidget>

#include "fieldmodel.h"
#include "job.h"
#include "recoverability.h"
#include "resumeflow.h"
#include "snapshotmodel.h"
#include "timelinesource.h"
#include "timelineview.h"

class QButtonGroup;
class QComboBox;
class QProgressBar;
class QPushButton;
class QTableView;

namespace kintsugi::ui {

class ElidedLabel;
class PartPanel;
class PartView;
class PointEntry;

/// Timeline, snapshot table, inspector and part of one printer's job. One selection, shown by all four.
class TimelinePage final : public QWidget
{
    Q_OBJECT
public:
    TimelinePage(app::Session& session, app::ResumeFlow& flow, QWidget* parent = nullptr);
    ~TimelinePage() override;

    void select(ByteOffset byte);
    [[nodiscard]] std::optional<ByteOffset> selectedByte() const { return m_selected; }
    [[nodiscard]] TimelineView& timeline() { return *m_timeline; }
    [[nodiscard]] PartPanel& panel() { return *m_panel; }
    [[nodiscard]] PartView& part();

signals:
    void resumeWanted(kintsugi::ByteOffset byte, const std::optional<kintsugi::recovery::Snapshot>& snapshot);
    void failed(const kintsugi::Error& error);

private:
    QWidget* makeCentre();
    QWidget* makeHead();
    QWidget* makeInspector();
    QWidget* makeReading();
    void follow();
    void showJobs();
    void showFile();
    void showReading(double fraction);
    void showMeasure();
    void showSelection();
    void showPlan();
    void judgeLayers();
    void selectRow();
    void togglePin();
    void resume();
    [[nodiscard]] const recovery::Snapshot* storedAt(ByteOffset byte) const;

    app::Session& m_session;
    app::ResumeFlow& m_flow;
    TimelineSource m_source;
    app::SnapshotModel m_snapshots;
    app::FieldModel m_fields;
    app::Job<recovery::Snapshot> m_reading; ///< the state of a byte that is no stored snapshot
    app::Job<app::Recoverability> m_judging;
    std::shared_ptr<const app::OpenFile> m_judged; ///< the file whose layers are judged, or were
    std::vector<app::PrintJob> m_jobs;
    std::optional<ByteOffset> m_selected;

    TimelineView* m_timeline;
    PartPanel* m_panel;
    PointEntry* m_entry;
    QButtonGroup* m_axes;
    QComboBox* m_job;
    QWidget* m_fileReading; ///< progress and Cancel while the file of the print is fetched and read
    QProgressBar* m_fileProgress;
    ElidedLabel* m_measure;
    ElidedLabel* m_title;
    QTableView* m_table;
    QTableView* m_fieldTable;
    QPushButton* m_pin;
    QPushButton* m_resume;
};

} // namespace kintsugi::ui
