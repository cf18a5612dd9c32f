// SPDX-License-Identifier: GPL-3.0-or-later
#include "partpanel.h"

#include <array>

#include <QAccessible>
#include <QButtonGroup>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QSlider>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>

#include "partview.h"
#include "plansummary.h"
#include "recoverstrip.h"
#include "sideview.h"
#include "theme.h"
#include "uitext.h"

namespace kintsugi::ui {

namespace {

constexpr int alongSteps = 1000;

QToolButton* toolButton(const QString& text, const QString& name, QWidget* parent)
{
    auto* button = new QToolButton(parent);
    button->setText(text);
    button->setAccessibleName(name);
    button->setToolTip(name);
    return button;
}

} // namespace

PartPanel::PartPanel(Arrangement arrangement, QWidget* parent)
    : QWidget(parent)
    , m_part(new PartView(this))
    , m_side(new SideView(this))
    , m_summary(new QLabel(this))
    , m_legend(new PartLegend(this))
    , m_both(arrangement == Arrangement::SideBySide)
{
    m_summary->setWordWrap(true);
    m_summary->setTextFormat(Qt::PlainText);
    m_summary->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_summary->hide();
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins({});
    column->setSpacing(spacing::tight);
    column->addWidget(m_summary);
    column->addLayout(makeTools());
    column->addWidget(makeViews(arrangement), 1);
    column->addWidget(m_legend);
    column->addLayout(makeScrubbers());
    follow();
    setFile(nullptr);
    showView(0);
}

QLayout* PartPanel::makeTools()
{
    auto* row = new QHBoxLayout;
    row->setSpacing(0);
    m_views = new QButtonGroup(this);
    const std::array words{tr("From above"), tr("Front"), tr("Right")};
    const std::array names{tr("Show the layer from above"), tr("Show the heights from the front"), tr("Show the heights from the right")};
    for (int i = m_both ? 1 : 0; i < 3; ++i) {
        auto* button = toolButton(words[static_cast<std::size_t>(i)], names[static_cast<std::size_t>(i)], this);
        button->setCheckable(true);
        button->setChecked(i == (m_both ? 1 : 0));
        m_views->addButton(button, i);
        row->addWidget(button);
    }
    row->addStretch(1);
    auto* out = toolButton(QStringLiteral("−"), tr("Zoom out"), this);
    auto* in = toolButton(QStringLiteral("+"), tr("Zoom in"), this);
    auto* all = toolButton(tr("All"), tr("Show all of the part"), this);
    auto* bed = toolButton(tr("Bed"), tr("Show the whole bed"), this);
    for (auto* button : {out, in, all, bed})
        row->addWidget(button);
    const auto zoom = [this](double factor) {
        if (m_both || m_views->checkedId() == 0)
            m_part->zoomBy(factor);
        if (m_both || m_views->checkedId() != 0)
            m_side->zoomBy(factor);
    };
    connect(out, &QToolButton::clicked, this, [zoom] { zoom(0.8); });
    connect(in, &QToolButton::clicked, this, [zoom] { zoom(1.25); });
    connect(all, &QToolButton::clicked, this, [this] {
        m_part->showAll();
        m_side->showAll();
    });
    connect(bed, &QToolButton::clicked, m_part, &PartView::showBed);
    connect(m_views, &QButtonGroup::idClicked, this, &PartPanel::showView);
    return row;
}

QWidget* PartPanel::makeViews(Arrangement arrangement)
{
    if (arrangement == Arrangement::SideBySide) {
        auto* split = new QSplitter(this);
        split->setChildrenCollapsible(false);
        split->addWidget(m_part);
        split->addWidget(m_side);
        split->setStretchFactor(0, 1);
        split->setStretchFactor(1, 1);
        return split;
    }
    auto* stack = new QStackedWidget(this);
    stack->addWidget(m_part);
    stack->addWidget(m_side);
    return stack;
}

QLayout* PartPanel::makeScrubbers()
{
    auto* grid = new QGridLayout;
    grid->setContentsMargins({});
    grid->setVerticalSpacing(1);
    m_recover = new RecoverStrip(this);
    const auto slider = [this](const QString& name, int most) {
        auto* made = new QSlider(Qt::Horizontal, this);
        made->setAccessibleName(name);
        made->setRange(0, most);
        return made;
    };
    m_layer = slider(tr("Layer shown"), 0);
    m_layer->setPageStep(5);
    m_along = slider(tr("Place along the layer"), alongSteps);
    m_along->setPageStep(alongSteps / 20);
    const auto label = [this] {
        auto* made = new QLabel(this);
        made->setTextFormat(Qt::PlainText);
        made->setFont(smaller(font()));
        made->setWordWrap(true);
        setTone(made, Tone::Dim);
        return made;
    };
    m_layerText = label();
    m_alongText = label();
    m_choose = new QPushButton(tr("Go on here"), this);
    m_choose->setAccessibleDescription(tr("Chooses the place along the layer as the point to go on from"));
    grid->addWidget(m_recover, 0, 0);
    grid->addWidget(m_layer, 1, 0);
    grid->addWidget(m_layerText, 1, 1, 1, 2);
    grid->addWidget(m_along, 2, 0);
    grid->addWidget(m_alongText, 2, 1);
    grid->addWidget(m_choose, 2, 2);
    grid->setColumnStretch(0, 1);
    grid->setColumnStretch(1, 1);
    return grid;
}

void PartPanel::follow()
{
    connect(m_part, &PartView::picked, this, &PartPanel::picked);
    connect(m_part, &PartView::failed, this, &PartPanel::failed);
    connect(m_part, &PartView::layerWanted, this, &PartPanel::showLayer);
    connect(m_side, &SideView::layerWanted, this, &PartPanel::showLayer);
    connect(m_part, &PartView::scrubChanged, this, &PartPanel::showScrub);
    connect(m_part, &PartView::ready, this, &PartPanel::showScrub);
    connect(m_part, &PartView::shownChanged, this, &PartPanel::showLegend);
    connect(m_layer, &QSlider::valueChanged, this, [this](int value) { showLayer(static_cast<std::size_t>(value)); });
    connect(m_along, &QSlider::valueChanged, this, [this](int value) { m_part->scrub(static_cast<double>(value) / alongSteps); });
    connect(m_choose, &QPushButton::clicked, m_part, &PartView::pickScrubbed);
}

void PartPanel::setFile(const std::shared_ptr<const app::OpenFile>& file)
{
    m_file = file;
    m_part->setFile(file);
    m_side->setFile(file);
    const int layers = file ? static_cast<int>(file->index->layers.size()) : 0;
    {
        const QSignalBlocker quiet(m_layer);
        m_layer->setEnabled(layers > 0);
        m_layer->setRange(0, std::max(0, layers - 1));
    }
    if (layers == 0)
        m_layerText->clear();
    else if (!m_part->layer())
        showLayer(0);
    showScrub();
    showLegend();
}

void PartPanel::showLayer(std::size_t layer)
{
    if (!m_file || layer >= m_file->index->layers.size())
        return;
    m_part->showLayer(layer);
    m_side->showLayer(layer);
    const QSignalBlocker quiet(m_layer);
    m_layer->setValue(static_cast<int>(layer));
    const QString words = layerText(layer, m_file->index->layers.size(), m_file->index->layers[layer].z);
    m_layerText->setText(words);
    m_layer->setAccessibleDescription(words);
    m_layerText->setToolTip(m_recover->textAt(layer));
}

void PartPanel::setStop(const std::optional<recovery::StopInterval>& stop) { m_part->setStop(stop); }
void PartPanel::setResumeByte(std::optional<ByteOffset> byte) { m_part->setResumeByte(byte); }

void PartPanel::setChoosing(bool on)
{
    m_choose->setVisible(on);
}

void PartPanel::setPicture(const std::shared_ptr<const recovery::PlanPicture>& picture)
{
    m_part->setPicture(picture);
    m_side->setPicture(picture);
}

/// A plan of the point chosen before says nothing of this one.
void PartPanel::showPlanOf(const app::ResumeFlow& flow)
{
    const auto& chosen = flow.chosen();
    const auto file = flow.file();
    const bool fresh = chosen && flow.plan() && flow.plan()->snapshot.byte == chosen->byte;
    const auto picture = fresh ? flow.picture() : nullptr;
    setPicture(picture);
    setSummary(chosen && file ? app::summaryText(*file->index, *chosen, fresh ? &*flow.plan() : nullptr, picture.get()) : QString());
}

void PartPanel::showAllOf(const app::ResumeFlow& flow)
{
    setFile(flow.file());
    setStop(flow.stop());
    if (const auto& chosen = flow.chosen()) {
        setResumeByte(chosen->byte);
        showLayer(chosen->layer);
    }
    showPlanOf(flow);
}

void PartPanel::setSummary(const QString& text)
{
    if (text == m_summary->text())
        return;
    m_summary->setText(text);
    m_summary->setAccessibleName(text);
    m_summary->setVisible(!text.isEmpty());
    QAccessibleEvent event(m_summary, QAccessible::NameChanged);
    QAccessible::updateAccessibility(&event);
}

void PartPanel::setRecoverability(const app::Recoverability& layers)
{
    m_recover->setLayers(layers);
    if (const auto layer = m_part->layer())
        m_layerText->setToolTip(m_recover->textAt(*layer));
}

void PartPanel::showView(int which)
{
    if (which > 0)
        m_side->setFrom(which == 1 ? SideView::From::Front : SideView::From::Right);
    if (auto* stack = qobject_cast<QStackedWidget*>(m_part->parentWidget()))
        stack->setCurrentIndex(which == 0 ? 0 : 1);
}

void PartPanel::showScrub()
{
    const auto share = m_part->scrubbed();
    const QSignalBlocker quiet(m_along);
    m_along->setEnabled(m_part->isReady());
    m_along->setValue(share ? static_cast<int>(*share * alongSteps + 0.5) : 0);
    m_alongText->setText(share ? m_part->scrubText() : tr("drag to see the layer grow"));
    m_along->setAccessibleDescription(m_alongText->text());
    m_choose->setEnabled(m_part->scrubByte().has_value());
}

void PartPanel::showLegend() { m_legend->setEntries(m_part->classes(), m_part->isAnnounced(), m_part->marks()); }

} // namespace kintsugi::ui
