// SPDX-License-Identifier: GPL-3.0-or-later
#include "recoverstrip.h"

#include <algorithm>

#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>

#include "theme.h"
#include "uitext.h"

namespace kintsugi::ui {

namespace {

constexpr double handle = 7; // px: half of a slider's handle, so that the ends lie below each other

} // namespace

void paintRecoverable(QPainter& painter, const QRectF& box, bool ok, const Colours& c)
{
    if (ok) {
        painter.fillRect(QRectF(box.left(), box.bottom() - std::max(2.0, box.height() * 0.3), box.width(), std::max(2.0, box.height() * 0.3)), c.good);
        return;
    }
    QColor ground = c.danger;
    ground.setAlphaF(0.25F);
    painter.fillRect(box, ground);
    painter.fillRect(box, QBrush(c.danger, Qt::BDiagPattern));
    painter.fillRect(QRectF(box.left(), box.top(), box.width(), 1.5), c.danger);
}

RecoverStrip::RecoverStrip(QWidget* parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    setAccessibleName(tr("Layers from which a stop could be resumed"));
    hide();
}

void RecoverStrip::setLayers(app::Recoverability layers)
{
    m_layers = std::move(layers);
    m_runs = m_layers ? app::recoverableRuns(*m_layers) : std::vector<app::RecoverableRun>();
    setAccessibleDescription(m_layers ? app::recoverableText(*m_layers) : QString());
    setVisible(!m_runs.empty());
    update();
}

QString RecoverStrip::textAt(std::size_t layer) const
{
    if (!m_layers || layer >= m_layers->size())
        return {};
    return tr("%1. %2").arg(layerText(layer, m_layers->size(), {}), app::recoverableText((*m_layers)[layer]));
}

QSize RecoverStrip::sizeHint() const { return {fontMetrics().averageCharWidth() * 20, std::max(8, fontMetrics().height() * 2 / 3)}; }

void RecoverStrip::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Colours c = colours(palette());
    if (!m_layers || m_layers->empty())
        return;
    const double each = (width() - 2 * handle) / static_cast<double>(m_layers->size());
    for (const app::RecoverableRun& run : m_runs) {
        const double left = handle + each * static_cast<double>(run.first);
        paintRecoverable(painter, QRectF(left, 0, std::max(1.5, each * static_cast<double>(run.last + 1 - run.first)), height()), run.ok, c);
    }
}

bool RecoverStrip::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip || !m_layers || m_layers->empty())
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    const double share = (help->pos().x() - handle) / std::max(1.0, width() - 2 * handle);
    const auto layer = static_cast<std::size_t>(std::clamp(share, 0.0, 0.999999) * static_cast<double>(m_layers->size()));
    QToolTip::showText(help->globalPos(), textAt(layer), this);
    return true;
}

} // namespace kintsugi::ui
