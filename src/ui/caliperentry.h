// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <vector>

#include <QPointF>
#include <QWidget>

#include "filecache.h"
#include "job.h"
#include "recovery/caliper.h"

class QLabel;
class QProgressBar;
class QPushButton;
class QTableWidget;

namespace kintsugi::ui {

/// The layer of the part by heights a person measured on it, each with its place.
class CaliperEntry final : public QWidget
{
    Q_OBJECT
public:
    explicit CaliperEntry(QWidget* parent = nullptr);
    void setFile(std::shared_ptr<const app::OpenFile> file);
    void takePlace(const QPointF& millimetres); ///< of the reading that is edited
    [[nodiscard]] std::vector<QPointF> places() const;

signals:
    void chosen(kintsugi::ByteOffset byte);     ///< where the layer after the one that was reached begins
    void placeWanted(bool wanted);              ///< the next click on the part names a place
    void placesChanged();

private:
    QWidget* makeReadings();
    QWidget* makeFound();
    void addReading();
    void removeReading();
    void search();
    void haveFound();
    void chooseFound();
    void say(const QString& words, bool refused);
    void setSearching(bool searching);
    [[nodiscard]] Result<std::vector<recovery::CaliperReading>> readings() const;

    std::shared_ptr<const app::OpenFile> m_file;
    app::Job<std::vector<recovery::LayerByHeight>> m_job;
    std::vector<recovery::CaliperReading> m_asked;
    std::vector<recovery::LayerByHeight> m_layers;
    QTableWidget* m_readings;
    QTableWidget* m_found;
    QPushButton* m_pick;
    QPushButton* m_remove;
    QPushButton* m_search;
    QPushButton* m_cancel;
    QPushButton* m_take;
    QProgressBar* m_progress;
    QLabel* m_answer;
};

} // namespace kintsugi::ui
