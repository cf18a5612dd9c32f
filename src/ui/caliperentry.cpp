// SPDX-License-Identifier: GPL-3.0-or-later
#include "caliperentry.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QProgressBar>
#include <QPushButton>
#include <QTableWidget>

#include "errortext.h"
#include "tables.h"
#include "theme.h"
#include "uitext.h"

namespace kintsugi::ui {

namespace {

enum Column { Height, PlaceX, PlaceY, ColumnCount };
enum FoundColumn { Layer, Expected, Difference, FoundColumnCount };
constexpr int mostReadings = 12;

std::optional<double> numberIn(const QTableWidget& table, int row, int column)
{
    const QTableWidgetItem* item = table.item(row, column);
    const QString text = item ? item->text().trimmed() : QString();
    bool fine = false;
    double value = QLocale().toDouble(text, &fine);
    if (!fine)
        value = QLocale::c().toDouble(text, &fine);
    return fine ? std::optional(value) : std::nullopt;
}

bool isEmpty(const QTableWidget& table, int row, int column)
{
    const QTableWidgetItem* item = table.item(row, column);
    return !item || item->text().trimmed().isEmpty();
}

} // namespace

CaliperEntry::CaliperEntry(QWidget* parent)
    : QWidget(parent)
    , m_readings(new QTableWidget(0, ColumnCount, this))
    , m_found(new QTableWidget(0, FoundColumnCount, this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(spacing::tight, spacing::tight, spacing::tight, spacing::tight);
    column->addWidget(makeReadings(), 1);
    m_answer = new QLabel(this);
    m_answer->setWordWrap(true);
    m_answer->setTextFormat(Qt::PlainText);
    m_answer->hide();
    column->addWidget(m_answer);
    column->addWidget(makeFound(), 1);
    connect(&m_job, &app::JobBase::finished, this, &CaliperEntry::haveFound);
    connect(&m_job, &app::JobBase::progressed, this, [this](double fraction) { m_progress->setValue(static_cast<int>(fraction * 100)); });
    addReading();
    setSearching(false);
    setEnabled(false);
}

QWidget* CaliperEntry::makeReadings()
{
    auto* part = new QWidget(this);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins({});
    makeTable(m_readings, tr("Heights measured on the part"), Height);
    m_readings->setHorizontalHeaderLabels({tr("Height, mm"), tr("X, mm"), tr("Y, mm")});
    m_readings->setSelectionBehavior(QAbstractItemView::SelectItems);
    m_readings->setEditTriggers(QAbstractItemView::AllEditTriggers);
    m_readings->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    m_readings->setMinimumHeight(fontMetrics().height() * 9 / 2);
    m_readings->setToolTip(tr("Without X and Y the reading is taken at the highest printed place"));
    auto* row = new QHBoxLayout;
    auto* add = new QPushButton(tr("Add"), part);
    add->setAccessibleName(tr("Add a reading"));
    m_remove = new QPushButton(tr("Rem&ove"), part);
    m_remove->setAccessibleDescription(tr("Removes the reading that is marked"));
    m_pick = new QPushButton(tr("Place by click"), part);
    m_pick->setCheckable(true);
    m_pick->setAccessibleDescription(tr("The next click on the part gives X and Y of the marked reading; they can be typed too"));
    m_pick->setToolTip(m_pick->accessibleDescription());
    row->addWidget(add);
    row->addWidget(m_remove);
    m_search = new QPushButton(tr("&Find the layer"), part);
    row->addWidget(m_pick);
    row->addStretch(1);
    row->addWidget(m_search);
    auto* go = new QHBoxLayout;
    m_progress = new QProgressBar(part);
    m_progress->setAccessibleName(tr("Progress of the search"));
    m_cancel = new QPushButton(tr("Cancel"), part);
    go->addWidget(m_progress, 1);
    go->addWidget(m_cancel);
    column->addWidget(m_readings, 1);
    column->addLayout(row);
    column->addLayout(go);
    connect(add, &QPushButton::clicked, this, &CaliperEntry::addReading);
    connect(m_remove, &QPushButton::clicked, this, &CaliperEntry::removeReading);
    connect(m_pick, &QPushButton::toggled, this, &CaliperEntry::placeWanted);
    connect(m_search, &QPushButton::clicked, this, &CaliperEntry::search);
    connect(m_cancel, &QPushButton::clicked, this, [this] { m_job.cancel(); });
    connect(m_readings, &QTableWidget::itemChanged, this, &CaliperEntry::placesChanged);
    return part;
}

QWidget* CaliperEntry::makeFound()
{
    auto* part = new QWidget(this);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins({});
    makeTable(m_found, tr("Layers that fit the readings"), Expected);
    m_found->setHorizontalHeaderLabels({tr("Printed up to"), tr("Expected at the readings"), tr("Largest difference")});
    m_found->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_found->setMinimumHeight(fontMetrics().height() * 9 / 2);
    m_take = new QPushButton(tr("Go on a&fter this layer"), part);
    auto* row = new QHBoxLayout;
    row->addWidget(m_take);
    row->addStretch(1);
    column->addWidget(m_found, 1);
    column->addLayout(row);
    connect(m_take, &QPushButton::clicked, this, &CaliperEntry::chooseFound);
    connect(m_found, &QTableWidget::activated, this, &CaliperEntry::chooseFound);
    return part;
}

void CaliperEntry::setFile(std::shared_ptr<const app::OpenFile> file)
{
    if (file == m_file)
        return;
    m_file = std::move(file);
    m_job.cancel();
    m_layers.clear();
    m_found->setRowCount(0);
    m_take->setEnabled(false);
    setEnabled(m_file != nullptr);
}

void CaliperEntry::addReading()
{
    const int row = m_readings->rowCount();
    if (row >= mostReadings)
        return;
    m_readings->insertRow(row);
    for (int column = 0; column < ColumnCount; ++column)
        m_readings->setItem(row, column, new QTableWidgetItem);
    m_readings->setCurrentCell(row, Height);
    m_remove->setEnabled(m_readings->rowCount() > 1);
}

void CaliperEntry::removeReading()
{
    m_readings->removeRow(std::max(0, m_readings->currentRow()));
    m_remove->setEnabled(m_readings->rowCount() > 1);
    emit placesChanged();
}

void CaliperEntry::takePlace(const QPointF& millimetres)
{
    const int row = std::max(0, m_readings->currentRow());
    const QLocale locale;
    m_readings->item(row, PlaceX)->setText(locale.toString(millimetres.x(), 'f', 1));
    m_readings->item(row, PlaceY)->setText(locale.toString(millimetres.y(), 'f', 1));
    m_pick->setChecked(false);
}

std::vector<QPointF> CaliperEntry::places() const
{
    std::vector<QPointF> places;
    for (int row = 0; row < m_readings->rowCount(); ++row) {
        const auto x = numberIn(*m_readings, row, PlaceX);
        const auto y = numberIn(*m_readings, row, PlaceY);
        if (x && y)
            places.emplace_back(*x, *y);
    }
    return places;
}

Result<std::vector<recovery::CaliperReading>> CaliperEntry::readings() const
{
    std::vector<recovery::CaliperReading> all;
    for (int row = 0; row < m_readings->rowCount(); ++row) {
        if (isEmpty(*m_readings, row, Height))
            continue;
        const auto height = numberIn(*m_readings, row, Height);
        const bool anywhere = isEmpty(*m_readings, row, PlaceX) && isEmpty(*m_readings, row, PlaceY);
        const auto x = numberIn(*m_readings, row, PlaceX);
        const auto y = numberIn(*m_readings, row, PlaceY);
        if (!height || *height <= 0 || (!anywhere && !(x && y)))
            return fail(Error{.code = ErrorCode::BadValue, .line = static_cast<std::uint64_t>(row + 1)});
        recovery::CaliperReading reading{.mm = *height};
        if (!anywhere)
            reading.at = std::array{*x, *y};
        all.push_back(reading);
    }
    return all;
}

void CaliperEntry::search()
{
    const auto given = readings();
    if (!given)
        return say(tr("Reading %1 is not complete: a height in mm, and X and Y both or neither.").arg(QLocale().toString(static_cast<qulonglong>(given.error().line.value_or(1)))), true);
    if (given->empty() || !m_file)
        return say(tr("Type a height measured on the part first."), true);
    m_asked = *given;
    m_answer->hide();
    setSearching(true);
    m_job.start([file = m_file, asked = m_asked](app::JobControl& control) {
        return recovery::layersByCaliper(*file->source, *file->index, asked, 5, [&control](double fraction) {
            control.progress(fraction);
            return !control.cancelled();
        });
    });
}

void CaliperEntry::haveFound()
{
    setSearching(false);
    const auto& outcome = m_job.outcome();
    m_layers = outcome && *outcome ? **outcome : std::vector<recovery::LayerByHeight>();
    m_found->setRowCount(static_cast<int>(m_layers.size()));
    const QLocale locale;
    for (int row = 0; row < static_cast<int>(m_layers.size()); ++row) {
        const recovery::LayerByHeight& layer = m_layers[static_cast<std::size_t>(row)];
        QStringList expected;
        for (std::size_t i = 0; i < layer.expected.size() && i < m_asked.size(); ++i) {
            const double difference = m_asked[i].mm - layer.expected[i];
            //: expected height in mm, then how much more or less was measured
            expected << tr("%1 (%2%3)").arg(locale.toString(layer.expected[i], 'f', 2), difference < 0 ? QStringLiteral("−") : QStringLiteral("+"),
                                            locale.toString(std::abs(difference), 'f', 2));
        }
        m_found->setItem(row, Layer, new QTableWidgetItem(layerText(layer.layer, {}, layer.z)));
        m_found->setItem(row, Expected, new QTableWidgetItem(expected.join(QStringLiteral(" · "))));
        m_found->setItem(row, Difference, new QTableWidgetItem(lengthText(layer.worst)));
    }
    m_take->setEnabled(!m_layers.empty());
    if (!m_layers.empty()) {
        m_found->selectRow(0);
        say(tr("Best first. Plastic shrinks and a first layer is pressed flat: some hundredths are normal."), false);
    } else if (outcome && !*outcome && outcome->error().code == ErrorCode::BadValue) {
        say(tr("No layer of this file explains these heights. Measure again, and say where."), true);
    } else if (outcome && !*outcome && outcome->error().code != ErrorCode::Cancelled) {
        say(app::errorText(outcome->error()).full(), true);
    }
}

void CaliperEntry::chooseFound()
{
    const int row = std::max(0, m_found->currentRow());
    if (!m_file || row >= static_cast<int>(m_layers.size()))
        return;
    const std::size_t next = m_layers[static_cast<std::size_t>(row)].layer + 1;
    const auto& layers = m_file->index->layers;
    if (next < layers.size())
        emit chosen(layers[next].begin);
    else
        say(tr("That is the last layer: the part is complete, nothing is left to print."), true);
}

void CaliperEntry::say(const QString& words, bool refused)
{
    setTone(m_answer, refused ? Tone::Danger : Tone::Dim);
    m_answer->setText(words);
    m_answer->show();
}

void CaliperEntry::setSearching(bool searching)
{
    m_progress->setValue(0);
    m_progress->setVisible(searching);
    m_cancel->setVisible(searching);
    m_search->setEnabled(!searching);
    m_take->setEnabled(!searching && !m_layers.empty());
}

} // namespace kintsugi::ui
