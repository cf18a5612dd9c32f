// SPDX-License-Identifier: GPL-3.0-or-later
#include "sideview.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QPolygonF>
#include <QWheelEvent>

#include "errortext.h"
#include "partmarks.h"
#include "theme.h"
#include "uitext.h"

using namespace Qt::StringLiterals;

namespace kintsugi::ui {

namespace {

constexpr double mostStretch = 6;    // of heights against widths: lifts of a few mm over a wide bed
constexpr double leastZoom = 0.5, mostZoom = 200;
constexpr double panStep = 0.1;      // of the view, a key
constexpr double room = 1.12;        // above the highest mark

struct Labelled { recovery::HeightMark mark; QString text; };

struct Scales { double across = 1, up = 1; }; // px a mm

/// Where the drawing lies: worked out once for all that is painted.
struct Frame { Scales scales; double middle = 0; QPointF origin; double labels = 0; };

/// As much of both as fits; heights may be stretched, widths never.
Scales scalesFor(double width, double height, const QSizeF& pixels)
{
    const double across = pixels.width() / width, up = pixels.height() / height;
    return up < across ? Scales{up, up} : Scales{across, std::min(up, across * mostStretch)};
}

} // namespace

struct SideView::Private {
    explicit Private(SideView* owner)
        : q(owner)
    {
    }
    SideView* q;
    std::shared_ptr<const app::OpenFile> file;
    std::shared_ptr<const recovery::PlanPicture> plan;
    std::optional<std::size_t> layer;
    From from = From::Front;
    double zoom = 1;
    QPointF moved;                        // px at zoom 1
    std::optional<QPointF> pressed;
    QPointF pressedMoved;
    bool dragged = false;
    mutable std::optional<Frame> framed;

    [[nodiscard]] std::size_t axis() const { return from == From::Front ? 0 : 1; }
    [[nodiscard]] std::optional<double> layerZ() const;
    [[nodiscard]] std::pair<double, double> range() const;
    [[nodiscard]] double top() const;
    [[nodiscard]] double labelWidth() const;
    [[nodiscard]] const Frame& frame() const;
    [[nodiscard]] double zAt(double pixel) const;
    [[nodiscard]] Projection projection() const;
    [[nodiscard]] std::vector<Labelled> labelled() const;
    void describe();
    void refresh();
    void change();
    void wantLayerAt(double z);
    void wantLayer(int by);
    void paintGround(QPainter& painter, const Colours& c) const;
    void paintPart(QPainter& painter, const Colours& c) const;
    void paintHead(QPainter& painter, const Colours& c) const;
    void paintHeights(QPainter& painter, const Colours& c) const;
    void paintNotes(QPainter& painter, const Colours& c) const;
};

SideView::SideView(QWidget* parent)
    : QWidget(parent)
    , d(std::make_unique<Private>(this))
{
    setFocusPolicy(Qt::StrongFocus);
    d->describe();
}

SideView::~SideView() = default;

void SideView::Private::refresh()
{
    framed.reset();
    q->update();
}

void SideView::Private::change()
{
    describe();
    refresh();
}

void SideView::setFile(std::shared_ptr<const app::OpenFile> file)
{
    if (file == d->file)
        return;
    d->file = std::move(file);
    d->layer.reset();
    d->plan.reset();
    d->change();
}

void SideView::setPicture(std::shared_ptr<const recovery::PlanPicture> picture)
{
    d->plan = std::move(picture);
    d->change();
}

void SideView::showLayer(std::size_t layer)
{
    if (!d->file || layer >= d->file->index->layers.size())
        return;
    d->layer = layer;
    d->change();
}

void SideView::setFrom(From from)
{
    d->from = from;
    d->change();
}

SideView::From SideView::from() const { return d->from; }

void SideView::zoomBy(double factor)
{
    d->zoom = std::clamp(d->zoom * factor, leastZoom, mostZoom);
    d->refresh();
}

void SideView::showAll()
{
    d->zoom = 1;
    d->moved = {};
    d->refresh();
}

QSize SideView::sizeHint() const
{
    const int line = fontMetrics().height();
    return {line * 24, line * 15};
}

QSize SideView::minimumSizeHint() const
{
    const int line = fontMetrics().height();
    return {line * 12, line * 8};
}

// ---- heights

std::optional<double> SideView::Private::layerZ() const
{
    return file && layer ? file->index->layers[*layer].z : std::nullopt;
}

std::vector<Labelled> SideView::Private::labelled() const
{
    using Kind = recovery::HeightMark::Kind;
    std::vector<recovery::HeightMark> marks{{Kind::Bed, 0}};
    if (plan)
        marks = plan->heights;
    else if (file && file->index->printed.valid)
        marks.push_back({Kind::PartTop, file->index->printed.maxZ});
    std::vector<Labelled> result;
    const QLocale locale;
    for (const auto& mark : marks) {
        const bool finished = !plan && mark.kind == Kind::PartTop;
        const QString name = finished ? SideView::tr("top of the finished part") : app::text(recovery::heightText(mark.kind));
        result.push_back({mark, SideView::tr("%1 mm: %2").arg(locale.toString(mark.z, 'f', 2), name)});
    }
    return result;
}

QStringList SideView::heightTexts() const
{
    QStringList texts;
    for (const auto& one : d->labelled())
        texts << one.text;
    return texts;
}

void SideView::Private::describe()
{
    q->setAccessibleName(from == From::Front ? SideView::tr("Part from the front, with its heights") : SideView::tr("Part from the right, with its heights"));
    QStringList texts = q->heightTexts();
    if (const auto z = layerZ())
        texts << SideView::tr("shown: %1").arg(layerText(*layer, file->index->layers.size(), z));
    q->setAccessibleDescription(texts.join(u"; "_s));
}

// ---- where things lie

std::pair<double, double> SideView::Private::range() const
{
    double low = 0, high = 100;
    if (file && file->index->printed.valid) {
        const auto& box = file->index->printed;
        low = axis() == 0 ? box.minX : box.minY;
        high = axis() == 0 ? box.maxX : box.maxY;
    }
    if (plan) {
        for (const auto& motion : plan->report.plan.motions) {
            if (motion.kind == recovery::Motion::Kind::Homing)
                continue;
            low = std::min(low, motion.to[axis()]);
            high = std::max(high, motion.to[axis()]);
        }
    }
    const double margin = std::max(4.0, (high - low) * 0.08);
    return {low - margin, high + margin};
}

/// Of what must be seen; the printer's highest Z is only told where it is far above.
double SideView::Private::top() const
{
    double highest = layerZ().value_or(1);
    if (plan) {
        for (const auto& mark : plan->heights) {
            if (mark.kind != recovery::HeightMark::Kind::Ceiling)
                highest = std::max(highest, mark.z);
        }
    } else if (file && file->index->printed.valid) {
        highest = std::max(highest, file->index->printed.maxZ);
    }
    return std::max(2.0, highest * room);
}

double SideView::Private::labelWidth() const
{
    const QFontMetricsF metrics(smaller(q->font()));
    double widest = 0;
    for (const auto& one : labelled())
        widest = std::max(widest, metrics.horizontalAdvance(one.text));
    return std::min(widest + spacing::wide, q->width() * 0.55);
}

const Frame& SideView::Private::frame() const
{
    if (!framed) {
        const auto [low, high] = range();
        const double labels = labelWidth(), line = QFontMetrics(q->font()).height();
        const QSizeF pixels(std::max(20.0, q->width() - labels), std::max(20.0, q->height() - 2 * line * 1.6));
        const Scales fit = scalesFor(high - low, top(), pixels);
        framed = Frame{{fit.across * zoom, fit.up * zoom}, (low + high) / 2, {(q->width() - labels) / 2, q->height() - line * 1.6}, labels};
    }
    return *framed;
}

QPointF SideView::toPixel(double across, double z) const
{
    const auto& f = d->frame();
    return f.origin + QPointF((across - f.middle) * f.scales.across, -z * f.scales.up) + d->moved * d->zoom;
}

double SideView::Private::zAt(double pixel) const { return (q->toPixel(0, 0).y() - pixel) / frame().scales.up; }

Projection SideView::Private::projection() const
{
    return [this](const std::array<double, 3>& place) { return q->toPixel(place[axis()], place[2]); };
}

// ---- painting

void SideView::Private::paintGround(QPainter& painter, const Colours& c) const
{
    const double y = q->toPixel(0, 0).y();
    painter.fillRect(QRectF(0, y, q->width(), q->height() - y), mixed(c.panel, c.text, 0.07));
    painter.setPen(QPen(c.dim, 2));
    painter.drawLine(QPointF(0, y), QPointF(q->width(), y));
    if (!plan)
        return;
    painter.setPen(QPen(c.dim, 1, Qt::DashLine)); // the ends of the travel
    for (const double across : {plan->minimum[axis()], plan->maximum[axis()]}) {
        const double x = q->toPixel(across, 0).x();
        painter.drawLine(QPointF(x, 0), QPointF(x, y));
    }
}

void SideView::Private::paintPart(QPainter& painter, const Colours& c) const
{
    if (file && file->index->printed.valid) { // all of the file, for what is still to come
        const auto& box = file->index->printed;
        const double low = axis() == 0 ? box.minX : box.minY, high = axis() == 0 ? box.maxX : box.maxY;
        painter.setPen(QPen(c.ghost, 1, Qt::DotLine));
        painter.setBrush(mixed(c.panel, c.accent, 0.05));
        painter.drawRect(QRectF(q->toPixel(low, box.maxZ), q->toPixel(high, 0)));
    }
    if (!plan)
        return;
    painter.setPen(Qt::NoPen);
    painter.setBrush(mixed(c.panel, c.text, 0.3));
    painter.setRenderHint(QPainter::Antialiasing, false); // strips side by side show no seams
    for (const auto& piece : plan->silhouette[axis()])
        painter.drawRect(QRectF(q->toPixel(piece.from, piece.top), q->toPixel(piece.to, 0)));
    painter.setRenderHint(QPainter::Antialiasing);
}

void SideView::Private::paintHead(QPainter& painter, const Colours& c) const
{
    constexpr double ring = 100; // mm: a cone's outermost ring will do
    const auto& hit = plan->report.hit;
    const auto& at = hit ? hit->to : plan->resumeAt;
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(hit ? c.danger : c.dim, 1.1, Qt::DashLine));
    for (const recovery::SolidOutline& solid : recovery::outlinesOf(plan->envelope, ring)) {
        double low = std::numeric_limits<double>::max(), high = -low;
        for (const recovery::Place& corner : solid.outline) {
            low = std::min(low, corner[axis()]);
            high = std::max(high, corner[axis()]);
        }
        const QPointF left = q->toPixel(at[axis()] + low, at[2] + solid.bottom), right = q->toPixel(at[axis()] + high, at[2] + solid.bottom);
        const double up = std::max(12.0, left.y() * 0.25);
        painter.drawPolyline(QPolygonF{left - QPointF(0, up), left, right, right - QPointF(0, up)});
    }
}

void SideView::Private::paintHeights(QPainter& painter, const Colours& c) const
{
    using Kind = recovery::HeightMark::Kind;
    painter.setFont(smaller(q->font()));
    const QFontMetricsF metrics(painter.font());
    const double left = q->width() - frame().labels + spacing::tight, line = metrics.height();
    const auto all = labelled();
    const auto yOf = [this](const Labelled& one) { return q->toPixel(0, one.mark.z).y(); };
    double roof = line * 0.6 + line * static_cast<double>(std::ranges::count_if(all, [&](const auto& one) { return yOf(one) < 0; }));
    double lastTop = q->height() + line;
    for (const Labelled& one : all) {
        const double y = yOf(one);
        if (y > q->height())
            continue;
        const bool outside = y < 0, resumes = one.mark.kind == Kind::ResumeLayer;
        const QColor colour = resumes ? c.warning : one.mark.kind == Kind::Lift ? c.good : c.dim;
        const double middle = outside ? (roof -= line) : std::max(roof, std::min(y, lastTop - line * 0.5));
        lastTop = middle - line * 0.5;
        painter.setPen(QPen(colour, resumes ? 1.6 : 1, resumes ? Qt::SolidLine : Qt::DashLine));
        if (!outside && one.mark.kind != Kind::Bed)
            painter.drawLine(QPointF(0, y), QPointF(left - spacing::tight, y));
        painter.setPen(QPen(colour, 1));
        if (!outside)
            painter.drawLine(QPointF(left - spacing::tight, y), QPointF(left - 1, middle));
        //: a height above the upper edge of the drawing
        const QString shown = outside ? SideView::tr("↑ %1").arg(one.text) : one.text;
        painter.drawText(QRectF(left, middle - line / 2, q->width() - left - 2, line), Qt::AlignLeft | Qt::AlignVCenter,
                         metrics.elidedText(shown, Qt::ElideRight, q->width() - left - 2));
    }
    if (const auto z = layerZ()) {
        const double y = q->toPixel(0, *z).y();
        painter.setPen(QPen(c.accent, 1.4, Qt::DotLine));
        painter.drawLine(QPointF(0, y), QPointF(left - spacing::tight, y));
        paintTag(painter, QPointF(2, y), SideView::tr("layer %1").arg(QLocale().toString(static_cast<qulonglong>(*layer + 1))), c.accent, c, q->rect());
    }
}

void SideView::Private::paintNotes(QPainter& painter, const Colours& c) const
{
    painter.setFont(smaller(q->font()));
    painter.setPen(c.dim);
    const double stretch = frame().scales.up / frame().scales.across;
    const QString side = from == From::Front ? SideView::tr("from the front, X to the right") : SideView::tr("from the right, Y to the right");
    const QString text = stretch > 1.05 ? SideView::tr("%1; heights × %2").arg(side, QLocale().toString(stretch, 'f', 1)) : side;
    painter.drawText(q->rect().adjusted(spacing::tight, 2, -spacing::tight, -3), Qt::AlignLeft | Qt::AlignBottom, text);
    if (!plan && file)
        painter.drawText(q->rect().adjusted(spacing::normal, spacing::tight, -spacing::normal, 0), Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap,
                         SideView::tr("The way of the nozzle shows here once there is a plan."));
}

void SideView::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    const Colours c = colours(palette());
    painter.fillRect(rect(), c.panel);
    painter.setRenderHint(QPainter::Antialiasing);
    if (!d->file) {
        painter.setPen(c.dim);
        painter.drawText(rect().adjusted(spacing::wide, 0, -spacing::wide, 0), Qt::AlignCenter | Qt::TextWordWrap,
                         tr("The heights show here once the file of the print is read."));
    } else {
        d->paintGround(painter, c);
        d->paintPart(painter, c);
        d->paintHeights(painter, c);
        if (d->plan) {
            d->paintHead(painter, c);
            paintWay(painter, *d->plan, d->projection(), c);
            painter.setFont(smaller(font()));
            paintHit(painter, *d->plan, d->projection(), c, rect());
        }
        d->paintNotes(painter, c);
    }
    painter.setPen(c.line);
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
    if (hasFocus()) {
        painter.setPen(QPen(c.accent, 1));
        painter.drawRect(rect().adjusted(1, 1, -2, -2));
    }
}

void SideView::resizeEvent(QResizeEvent*) { d->refresh(); }

void SideView::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
        updateGeometry();
        d->refresh();
    }
    QWidget::changeEvent(event);
}

// ---- input

void SideView::Private::wantLayerAt(double z)
{
    if (!file || file->index->layers.empty())
        return;
    const auto& layers = file->index->layers;
    std::optional<std::size_t> nearest;
    double best = std::numeric_limits<double>::max();
    for (std::size_t i = 0; i < layers.size(); ++i) {
        // A layer lies below its height: the first that reaches as high.
        const double above = layers[i].z.value_or(-1) - z;
        if (above >= 0 && above < best) {
            best = above;
            nearest = i;
        }
    }
    emit q->layerWanted(nearest.value_or(layers.size() - 1));
}

void SideView::Private::wantLayer(int by)
{
    if (!file || !layer)
        return;
    const auto wanted = static_cast<qint64>(*layer) + by;
    if (wanted >= 0 && wanted < static_cast<qint64>(file->index->layers.size()))
        emit q->layerWanted(static_cast<std::size_t>(wanted));
}

void SideView::wheelEvent(QWheelEvent* event)
{
    const double before = d->zoom;
    zoomBy(std::pow(1.25, event->angleDelta().y() / 120.0));
    // What lies under the pointer stays there.
    const QPointF from = event->position() - d->frame().origin;
    d->moved += from / d->zoom - from / before;
    event->accept();
}

void SideView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    d->pressed = event->position();
    d->pressedMoved = d->moved;
    d->dragged = false;
}

void SideView::mouseMoveEvent(QMouseEvent* event)
{
    if (!d->pressed)
        return;
    const QPointF by = event->position() - *d->pressed;
    if (!d->dragged && by.manhattanLength() < 5)
        return;
    d->dragged = true;
    d->moved = d->pressedMoved + by / d->zoom;
    update();
}

void SideView::mouseReleaseEvent(QMouseEvent* event)
{
    const bool click = d->pressed && !d->dragged && event->button() == Qt::LeftButton;
    d->pressed.reset();
    if (click)
        d->wantLayerAt(d->zAt(event->position().y()));
}

void SideView::mouseDoubleClickEvent(QMouseEvent*) { showAll(); }

void SideView::keyPressEvent(QKeyEvent* event)
{
    const auto pan = [this](double dx, double dy) {
        d->moved += QPointF(dx * width(), dy * height()) / d->zoom;
        update();
    };
    switch (event->key()) {
    case Qt::Key_PageUp: d->wantLayer(1); break;
    case Qt::Key_PageDown: d->wantLayer(-1); break;
    case Qt::Key_Left: pan(panStep, 0); break;
    case Qt::Key_Right: pan(-panStep, 0); break;
    case Qt::Key_Up: pan(0, panStep); break;
    case Qt::Key_Down: pan(0, -panStep); break;
    case Qt::Key_Plus:
    case Qt::Key_Equal: zoomBy(1.25); break;
    case Qt::Key_Minus: zoomBy(0.8); break;
    case Qt::Key_0: showAll(); break;
    default: QWidget::keyPressEvent(event); return;
    }
    event->accept();
}

} // namespace kintsugi::ui
