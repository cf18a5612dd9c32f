// SPDX-License-Identifier: GPL-3.0-or-later
#include "pointtabs.h"

#include <QLabel>
#include <QVBoxLayout>

#include "caliperentry.h"
#include "partview.h"
#include "pointentry.h"
#include "theme.h"

namespace kintsugi::ui {

PointTabs::PointTabs(PartView& part, QWidget* parent)
    : QTabWidget(parent)
    , m_part(part)
{
    setAccessibleName(tr("Another point"));
    auto* known = new QWidget(this);
    auto* column = new QVBoxLayout(known);
    column->setContentsMargins(spacing::normal, spacing::normal, spacing::normal, spacing::normal);
    m_entry = new PointEntry(known);
    auto* hint = new QLabel(tr("In doubt go forward: a small gap is weaker than solid plastic pressed into solid plastic. "
                               "A click on the part chooses the line there."), known);
    hint->setWordWrap(true);
    setTone(hint, Tone::Dim);
    column->addWidget(m_entry);
    column->addWidget(hint);
    column->addStretch(1);
    m_caliper = new CaliperEntry(this);
    addTab(known, tr("Anot&her point"));
    addTab(m_caliper, tr("Ca&liper readings"));
    connect(m_entry, &PointEntry::chosen, this, &PointTabs::chosen);
    connect(m_caliper, &CaliperEntry::chosen, this, &PointTabs::chosen);
    connect(&part, &PartView::picked, this, &PointTabs::chosen);
    connect(&part, &PartView::placePicked, m_caliper, &CaliperEntry::takePlace);
    connect(m_caliper, &CaliperEntry::placeWanted, &part, &PartView::setPlacePicking);
    connect(m_caliper, &CaliperEntry::placesChanged, this, &PointTabs::showPlaces);
    connect(this, &QTabWidget::currentChanged, this, &PointTabs::showPlaces);
}

void PointTabs::setFile(std::shared_ptr<const app::OpenFile> file)
{
    m_entry->setFile(file);
    m_caliper->setFile(std::move(file));
}

void PointTabs::showPlaces()
{
    const bool shown = currentWidget() == m_caliper;
    m_part.setPlaces(shown ? m_caliper->places() : std::vector<QPointF>());
}

} // namespace kintsugi::ui
