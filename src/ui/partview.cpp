// SPDX-License-Identifier: GPL-3.0-or-later
#include "partview.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <QImage>
#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QPolygonF>
#include <QWheelEvent>

#include "errortext.h"
#include "job.h"
#include "partmarks.h"
#include "partscene.h"
#include "shapes.h"
#include "theme.h"

using namespace Qt::StringLiterals;

namespace kintsugi::ui {

namespace {

constexpr double pickReach = 14;               // px
constexpr std::size_t shownSegments = 400'000; // of one layer: beyond what a screen can resolve
constexpr std::size_t belowSegments = 200'000;
constexpr double leastZoom = 0.2, mostZoom = 400;
constexpr double scrubStep = 0.01;             // of the layer, a key
constexpr double panStep = 0.1;                // of the view, a key

/// A layer and the one below it.
struct Layers { PathPtr path, below; std::vector<FeatureClass> classes; };

Result<Layers> readLayers(const app::OpenFile& file, std::size_t layer, const app::JobControl& control)
{
    const auto goOn = [&control](double) { return !control.cancelled(); };
    const auto read = [&](std::size_t which, std::size_t limit) -> Result<PathPtr> {
        const gcode::Layer& wanted = file.index->layers[which];
        auto path = gcode::readLayerPath(*file.source, *file.index, wanted.begin, wanted.end, limit, goOn);
        if (!path)
            return fail(path.error());
        return std::make_shared<const gcode::LayerPath>(std::move(*path));
    };
    auto path = read(layer, shownSegments);
    if (!path)
        return fail(path.error());
    Layers layers{*path, nullptr, classesOf(**path)};
    if (layer > 0) {
        auto below = read(layer - 1, belowSegments);
        if (!below)
            return fail(below.error());
        layers.below = *below;
    }
    return layers;
}

} // namespace

struct PartView::Private {
    explicit Private(PartView* owner)
        : q(owner)
    {
    }
    PartView* q;
    std::shared_ptr<const app::OpenFile> file;
    std::optional<double> progress;
    std::optional<recovery::StopInterval> stop;
    std::shared_ptr<const recovery::PlanPicture> plan;
    std::optional<std::size_t> layer;
    std::optional<ByteOffset> resume;
    std::optional<double> scrub;
    Layers layers;
    app::Job<Layers> reading;
    QRectF world{0, 0, 100, 100}; // mm that fill the view at zoom 1
    double zoom = 1;
    QPointF centre{50, 50};       // mm
    bool asItCame = true;         // nobody zoomed or moved it: a plan may widen it
    app::Job<QImage> drawing;
    PartScene begun, drawn;       // of the drawing under way; of `picture`
    QImage picture;               // of the paths; moved and scaled until the next one is there
    bool stale = true;
    std::optional<QPointF> pressed;
    QPointF pressedCentre;
    bool dragged = false;
    bool placePicking = false;
    std::vector<QPointF> places;  // mm

    void read();
    void haveRead();
    void fit();
    void fitTo(const QRectF& box);
    void describe();
    void invalidate()
    {
        stale = true;
        q->update();
    }
    [[nodiscard]] double scale() const;
    [[nodiscard]] QPointF toWorld(const QPointF& pixel) const;
    [[nodiscard]] QRectF bedRect() const;
    [[nodiscard]] Projection projection() const;
    void forgetPath();
    void draw();
    void haveDrawn();
    void paintGrid(QPainter& painter, const Colours& c) const;
    void paintBed(QPainter& painter, const Colours& c) const;
    void paintPaths(QPainter& painter) const;
    void paintHead(QPainter& painter, const Colours& c) const;
    void paintStop(QPainter& painter, const Colours& c, double r) const;
    void paintResume(QPainter& painter, const Colours& c, double r) const;
    void paintScrub(QPainter& painter, const Colours& c) const;
    void paintMarks(QPainter& painter, const Colours& c) const;
    void paintPlaces(QPainter& painter, const Colours& c) const;
    void paintEmpty(QPainter& painter, const Colours& c) const;
    void step(int direction);
    void pan(double dx, double dy);
    void moveScrub(double by);
    [[nodiscard]] const gcode::Segment* segmentFrom(ByteOffset byte) const;
    [[nodiscard]] const gcode::Segment* scrubSegment() const;
    [[nodiscard]] bool onLayer(ByteOffset byte) const;
};

PartView::PartView(QWidget* parent)
    : QWidget(parent)
    , d(std::make_unique<Private>(this))
{
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Part, one layer seen from above"));
    setAccessibleDescription(descriptionText());
    connect(&d->reading, &app::JobBase::finished, this, [this] { d->haveRead(); });
    connect(&d->drawing, &app::JobBase::finished, this, [this] { d->haveDrawn(); });
}

PartView::~PartView() = default;

// ---- what is shown

void PartView::setFile(std::shared_ptr<const app::OpenFile> file)
{
    if (file == d->file)
        return;
    d->file = std::move(file);
    d->progress.reset();
    d->forgetPath();
    d->layer.reset();
    d->scrub.reset();
    d->plan.reset();
    d->fit();
    d->describe();
    d->invalidate();
}

void PartView::setProgress(double fraction)
{
    if (d->file)
        return;
    d->progress = fraction;
    update();
}

void PartView::setStop(const std::optional<recovery::StopInterval>& stop)
{
    d->stop = stop;
    d->invalidate();
    emit shownChanged();
}

void PartView::setPicture(std::shared_ptr<const recovery::PlanPicture> picture)
{
    if (d->plan == picture)
        return;
    d->plan = std::move(picture);
    if (d->asItCame)
        d->fit();
    d->invalidate();
    emit shownChanged();
}

void PartView::showLayer(std::size_t layer)
{
    if (d->layer == layer || !d->file || layer >= d->file->index->layers.size())
        return;
    d->layer = layer;
    d->forgetPath();
    if (std::exchange(d->scrub, std::nullopt))
        emit scrubChanged();
    d->read();
    d->describe();
    d->invalidate();
}

void PartView::Private::read()
{
    reading.start([opened = file, wanted = *layer](app::JobControl& control) { return readLayers(*opened, wanted, control); });
}

void PartView::Private::haveRead()
{
    const auto& outcome = reading.outcome();
    if (outcome && *outcome) {
        layers = **outcome;
        invalidate();
        describe();
        emit q->ready();
        emit q->shownChanged();
    } else if (outcome && outcome->error().code != ErrorCode::Cancelled) {
        emit q->failed(outcome->error());
    }
}

std::optional<std::size_t> PartView::layer() const { return d->layer; }
bool PartView::isReady() const { return d->layers.path != nullptr; }
bool PartView::isDrawn() const { return d->layers.path && !d->stale && d->drawn.size == size() && !d->drawing.isRunning(); }
std::vector<FeatureClass> PartView::classes() const { return d->layers.classes; }
bool PartView::isAnnounced() const { return d->layers.path && d->layers.path->announced; }

int PartView::marks() const
{
    if (!d->file || !d->layer)
        return 0;
    const gcode::Layer& shown = d->file->index->layers[*d->layer];
    int marks = 0;
    const auto add = [&marks](bool there, PartLegend::Mark mark) {
        if (there)
            marks |= mark;
    };
    add(d->resume && *d->resume < shown.end, PartLegend::Open);
    add(d->layers.below != nullptr, PartLegend::Below);
    add(d->resume && d->onLayer(*d->resume), PartLegend::Resume);
    add(d->stop && d->onLayer(d->stop->likely), PartLegend::Stop);
    add(d->stop && d->stop->earliest < shown.end && d->stop->latest > shown.begin, PartLegend::Interval);
    add(d->plan != nullptr, PartLegend::Way);
    add(d->plan != nullptr, PartLegend::Head);
    add(d->plan && d->plan->report.hit, PartLegend::Collision);
    add(d->plan && !d->plan->report.hit && d->plan->report.lowest, PartLegend::Lowest);
    return marks;
}

void PartView::setResumeByte(std::optional<ByteOffset> byte)
{
    if (d->resume == byte)
        return;
    d->resume = byte;
    if (std::exchange(d->scrub, std::nullopt))
        emit scrubChanged();
    d->describe();
    d->invalidate();
    emit shownChanged();
}

void PartView::setPlacePicking(bool on)
{
    d->placePicking = on;
    setCursor(on ? Qt::CrossCursor : Qt::ArrowCursor);
}

void PartView::setPlaces(const std::vector<QPointF>& places)
{
    if (d->places == places)
        return;
    d->places = places;
    update();
}

void PartView::Private::describe() { q->setAccessibleDescription(q->descriptionText()); }

QString PartView::descriptionText() const
{
    if (!d->file || !d->layer)
        return tr("No layer to show");
    const QLocale locale;
    const auto& shown = d->file->index->layers[*d->layer];
    const QString z = shown.z ? locale.toString(*shown.z, 'f', 2) : tr("unknown");
    const QString number = locale.toString(static_cast<qulonglong>(*d->layer + 1));
    QString text = d->resume ? tr("Layer %1, Z %2 mm, going on from byte %3").arg(number, z, locale.toString(static_cast<qulonglong>(*d->resume)))
                             : tr("Layer %1, Z %2 mm").arg(number, z);
    if (d->layers.path && d->layers.path->announced) {
        QStringList names;
        for (const FeatureClass kind : d->layers.classes)
            names << nameOf(kind, true);
        text += tr("; prints %1").arg(names.join(u", "_s));
    }
    return d->scrub ? text + u"; "_s + scrubText() : text;
}

// ---- along the layer

void PartView::scrub(std::optional<double> share)
{
    if (share)
        share = std::clamp(*share, 0.0, 1.0);
    if (d->scrub == share || (share && !d->layers.path))
        return;
    d->scrub = share;
    d->describe();
    d->invalidate();
    emit scrubChanged();
}

std::optional<double> PartView::scrubbed() const { return d->scrub; }

const gcode::Segment* PartView::Private::scrubSegment() const
{
    if (!scrub || !layers.path || layers.path->segments.empty())
        return nullptr;
    const auto& all = layers.path->segments;
    auto at = static_cast<std::size_t>(std::lround(*scrub * static_cast<double>(all.size() - 1)));
    while (at + 1 < all.size() && !all[at].extrudes())
        ++at;
    while (at > 0 && !all[at].extrudes())
        --at;
    return all[at].extrudes() ? &all[at] : nullptr;
}

std::optional<ByteOffset> PartView::scrubByte() const
{
    const auto* segment = d->scrubSegment();
    return segment ? std::optional(segment->begin) : std::nullopt;
}

void PartView::pickScrubbed()
{
    if (const auto byte = scrubByte())
        emit picked(*byte);
}

QString PartView::scrubText() const
{
    const auto* segment = d->scrubSegment();
    if (!segment)
        return {};
    const QLocale locale;
    const auto feature = d->layers.path->features[static_cast<std::size_t>(segment - d->layers.path->segments.data())];
    const QString what = d->layers.path->announced ? app::text(gcode::featureText(feature)) : tr("printed path");
    //: share of the layer, place of the nozzle in mm, what is printed there
    return tr("%1 % of the layer, X %2 Y %3, %4").arg(locale.toString(*d->scrub * 100, 'f', 0), locale.toString(double{segment->x0}, 'f', 1),
                                                    locale.toString(double{segment->y0}, 'f', 1), what);
}

void PartView::Private::moveScrub(double by)
{
    if (!layers.path || layers.path->segments.empty())
        return;
    double from = by > 0 ? 0 : 1;
    if (scrub)
        from = *scrub;
    else if (resume && onLayer(*resume))
        from = static_cast<double>(layers.path->from(*resume)) / static_cast<double>(layers.path->segments.size());
    q->scrub(from + by);
}

// ---- where it is shown

void PartView::Private::fitTo(const QRectF& box)
{
    const double margin = std::max(2.0, std::max(box.width(), box.height()) * 0.06);
    world = box.adjusted(-margin, -margin, margin, margin);
    zoom = 1;
    centre = world.center();
}

void PartView::Private::fit()
{
    asItCame = true;
    QRectF box(0, 0, 100, 100);
    if (file && file->index && file->index->printed.valid) {
        const auto& printed = file->index->printed;
        box = QRectF(QPointF(printed.minX, printed.minY), QPointF(printed.maxX, printed.maxY));
    }
    if (plan) { // the way from the prime place on belongs to it
        const auto include = [&](const std::array<double, 3>& at) {
            const QPointF p(at[0] + plan->shift[0], at[1] + plan->shift[1]);
            box = box.united(QRectF(p, QSizeF(0.01, 0.01)));
        };
        bool fromThere = false;
        for (const auto& motion : plan->report.plan.motions) {
            fromThere = fromThere || motion.kind == recovery::Motion::Kind::Prime || motion.kind == recovery::Motion::Kind::Descent;
            if (fromThere) {
                include(motion.from);
                include(motion.to);
            }
        }
        if (plan->report.hit)
            include(plan->report.hit->at);
    }
    fitTo(box);
}

void PartView::showAll()
{
    d->fit();
    d->invalidate();
}

QRectF PartView::Private::bedRect() const
{
    return QRectF(QPointF(plan->minimum[0], plan->minimum[1]), QPointF(plan->maximum[0], plan->maximum[1])).translated(plan->shift[0], plan->shift[1]);
}

void PartView::showBed()
{
    d->fit();
    if (d->plan) {
        d->fitTo(d->bedRect());
        d->asItCame = false;
    }
    d->invalidate();
}

void PartView::zoomBy(double factor)
{
    d->zoom = std::clamp(d->zoom * factor, leastZoom, mostZoom);
    d->asItCame = false;
    d->invalidate();
}

void PartView::Private::pan(double dx, double dy)
{
    centre += QPointF(dx * q->width(), dy * q->height()) / scale();
    asItCame = false;
    invalidate();
}

double PartView::Private::scale() const
{
    const double fit = std::min(q->width() / world.width(), q->height() / world.height());
    return std::max(1e-6, fit * zoom);
}

QPointF PartView::toPixel(double x, double y) const
{
    const double s = d->scale(); // Y points away from the person, as on the printer
    return {width() / 2.0 + (x - d->centre.x()) * s, height() / 2.0 - (y - d->centre.y()) * s};
}

QPointF PartView::Private::toWorld(const QPointF& pixel) const
{
    const double s = scale();
    return {centre.x() + (pixel.x() - q->width() / 2.0) / s, centre.y() - (pixel.y() - q->height() / 2.0) / s};
}

Projection PartView::Private::projection() const
{
    return [this](const std::array<double, 3>& place) { return q->toPixel(place[0] + plan->shift[0], place[1] + plan->shift[1]); };
}

std::optional<ByteOffset> PartView::lineAt(const QPointF& pixel) const
{
    if (!d->layers.path)
        return std::nullopt;
    const QPointF at = d->toWorld(pixel);
    const auto* nearest = gcode::nearestSegment(*d->layers.path, at.x(), at.y(), pickReach / d->scale());
    return nearest ? std::optional(nearest->begin) : std::nullopt;
}

const gcode::Segment* PartView::Private::segmentFrom(ByteOffset byte) const
{
    const std::size_t at = layers.path->from(byte);
    return at < layers.path->segments.size() ? &layers.path->segments[at] : nullptr;
}

bool PartView::Private::onLayer(ByteOffset byte) const
{
    const gcode::Layer& shown = file->index->layers[*layer];
    return byte >= shown.begin && byte < shown.end;
}

QSize PartView::sizeHint() const
{
    const int side = fontMetrics().height() * 17;
    return {side, side};
}

QSize PartView::minimumSizeHint() const
{
    const int side = fontMetrics().height() * 8;
    return {side, side};
}

// ---- painting

void PartView::Private::forgetPath()
{
    layers = {};
    picture = {};
    begun = drawn = {};
    reading.cancel();
    drawing.cancel();
}

/// One drawing after the other: while a person drags, each is finished and shown.
void PartView::Private::draw()
{
    const bool sized = begun.size == q->size() && begun.ratio == q->devicePixelRatioF();
    if (!layers.path || drawing.isRunning() || (!stale && sized))
        return;
    stale = false;
    const ByteOffset border = scrub ? q->scrubByte().value_or(0) : resume.value_or(std::numeric_limits<ByteOffset>::max());
    begun = {layers.path, layers.below, q->size(), q->devicePixelRatioF(), scale(), centre, border, stop, colours(q->palette())};
    drawing.start([scene = begun](app::JobControl& control) -> Result<QImage> {
        QImage image = drawPaths(scene, [&control] { return !control.cancelled(); });
        return image.isNull() ? fail(ErrorCode::Cancelled) : Result<QImage>(std::move(image));
    });
}

void PartView::Private::haveDrawn()
{
    const auto& outcome = drawing.outcome();
    if (outcome && *outcome && layers.path && begun.path == layers.path) {
        picture = **outcome;
        drawn = begun;
    }
    q->update();
}

void PartView::Private::paintGrid(QPainter& painter, const Colours& c) const
{
    const double perMm = scale();
    double step = 10;
    while (step * perMm < 24)
        step *= step == 10 || step == 100 ? 5 : 2;
    QColor faint = c.line;
    faint.setAlphaF(0.45F);
    painter.setPen(faint);
    const QPointF low = toWorld({0, static_cast<double>(q->height())});
    const QPointF high = toWorld({static_cast<double>(q->width()), 0});
    for (double x = std::ceil(low.x() / step) * step; x < high.x(); x += step)
        painter.drawLine(QPointF(q->toPixel(x, 0).x(), 0), QPointF(q->toPixel(x, 0).x(), q->height()));
    for (double y = std::ceil(low.y() / step) * step; y < high.y(); y += step)
        painter.drawLine(QPointF(0, q->toPixel(0, y).y()), QPointF(q->width(), q->toPixel(0, y).y()));
}

void PartView::Private::paintBed(QPainter& painter, const Colours& c) const
{
    const QRectF bed = bedRect();
    const QRectF box(q->toPixel(bed.left(), bed.bottom()), q->toPixel(bed.right(), bed.top()));
    painter.setPen(QPen(c.dim, 1.5));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(box);
    if (box.height() < 40 || box.bottom() > q->height() + 4)
        return;
    painter.setFont(smaller(q->font()));
    painter.setPen(c.dim);
    //: edge of the bed in the drawing
    painter.drawText(box.adjusted(6, 4, -6, -4), Qt::AlignLeft | Qt::AlignBottom, PartView::tr("front of the bed"));
}

void PartView::Private::paintPaths(QPainter& painter) const
{
    if (picture.isNull())
        return;
    const double grown = scale() / drawn.scale;
    const QPointF corner = q->toPixel(drawn.centre.x() - drawn.size.width() / 2.0 / drawn.scale, drawn.centre.y() + drawn.size.height() / 2.0 / drawn.scale);
    painter.setRenderHint(QPainter::SmoothPixmapTransform, grown != 1.0);
    painter.drawImage(QRectF(corner, QSizeF(drawn.size) * grown), picture);
}

/// What moves with the nozzle, where the plan has it at its lowest or in the part; else over the resume point.
void PartView::Private::paintHead(QPainter& painter, const Colours& c) const
{
    constexpr double ring = 100; // mm: a cone's outermost ring will do
    const auto& hit = plan->report.hit;
    const auto& at = hit ? hit->to : plan->resumeAt;
    const Projection project = projection();
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(hit ? c.danger : c.dim, 1.1, Qt::DashLine));
    for (const recovery::SolidOutline& solid : recovery::outlinesOf(plan->envelope, ring)) {
        QPolygonF outline;
        for (const recovery::Place& corner : solid.outline)
            outline << project({at[0] + corner[0], at[1] + corner[1], 0});
        painter.drawPolygon(outline);
    }
}

void PartView::Private::paintStop(QPainter& painter, const Colours& c, double r) const
{
    if (!stop || !onLayer(stop->likely))
        return;
    if (const auto* s = segmentFrom(stop->likely)) {
        const double t = stop->likelyFraction;
        const QPointF at = q->toPixel(double{s->x0} + (double{s->x1} - double{s->x0}) * t, double{s->y0} + (double{s->y1} - double{s->y0}) * t);
        paintShape(painter, Shape::Cross, QRectF(at.x() - r * 0.7, at.y() - r * 0.7, r * 1.4, r * 1.4), c.danger);
    }
}

void PartView::Private::paintResume(QPainter& painter, const Colours& c, double r) const
{
    const auto* s = resume && onLayer(*resume) ? segmentFrom(*resume) : nullptr;
    if (!s)
        return;
    const QPointF at = q->toPixel(double{s->x0}, double{s->y0});
    painter.setPen(Qt::NoPen);
    painter.setBrush(c.panel);
    painter.drawEllipse(at, r + 3, r + 3);
    painter.setPen(QPen(c.warning, 1.8));
    painter.setBrush(Qt::NoBrush);
    painter.drawEllipse(at, r, r);
    painter.drawEllipse(at, r * 0.45, r * 0.45);
}

void PartView::Private::paintScrub(QPainter& painter, const Colours& c) const
{
    if (const auto* s = scrubSegment())
        paintNozzle(painter, q->toPixel(double{s->x0}, double{s->y0}), QFontMetrics(q->font()).height() * 0.75, c.accent, c.panel);
}

void PartView::Private::paintMarks(QPainter& painter, const Colours& c) const
{
    const double r = std::max(5.0, QFontMetrics(q->font()).height() * 0.35);
    if (plan) {
        paintHead(painter, c);
        paintWay(painter, *plan, projection(), c);
    }
    paintResume(painter, c, r);
    paintStop(painter, c, r); // on top: both are often on the same line
    if (plan) {
        painter.setFont(smaller(q->font()));
        paintHit(painter, *plan, projection(), c, q->rect());
    }
    paintScrub(painter, c);
}

void PartView::Private::paintPlaces(QPainter& painter, const Colours& c) const
{
    const double r = QFontMetrics(q->font()).height() * 0.65;
    painter.setFont(q->font());
    int number = 0;
    for (const QPointF& place : places) {
        const QPointF at = q->toPixel(place.x(), place.y());
        painter.setPen(Qt::NoPen);
        painter.setBrush(c.accent);
        painter.drawEllipse(at, r, r);
        painter.setPen(c.accentText);
        painter.drawText(QRectF(at.x() - r, at.y() - r, 2 * r, 2 * r), Qt::AlignCenter, QLocale().toString(++number));
    }
}

void PartView::Private::paintEmpty(QPainter& painter, const Colours& c) const
{
    painter.setPen(c.dim);
    painter.drawText(q->rect().adjusted(spacing::wide, 0, -spacing::wide, 0), Qt::AlignCenter | Qt::TextWordWrap,
                     progress ? PartView::tr("Reading the file of the print: %1 %").arg(static_cast<int>(*progress * 100))
                              : PartView::tr("The part shows here once the file of the print is read."));
}

void PartView::paintEvent(QPaintEvent*)
{
    d->draw();
    QPainter painter(this);
    const Colours c = colours(palette());
    painter.fillRect(rect(), c.panel);
    painter.setRenderHint(QPainter::Antialiasing);
    if (!d->file || !d->layer) {
        d->paintEmpty(painter, c);
    } else {
        d->paintGrid(painter, c);
        if (d->plan)
            d->paintBed(painter, c);
        d->paintPaths(painter);
        if (d->layers.path)
            d->paintMarks(painter, c);
        d->paintPlaces(painter, c);
    }
    painter.setPen(c.line);
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
    if (hasFocus()) {
        painter.setPen(QPen(c.accent, 1));
        painter.drawRect(rect().adjusted(1, 1, -2, -2));
    }
}

void PartView::resizeEvent(QResizeEvent*) { update(); }

void PartView::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
        updateGeometry();
        d->invalidate();
    }
    QWidget::changeEvent(event);
}

// ---- input

void PartView::wheelEvent(QWheelEvent* event)
{
    const QPointF before = d->toWorld(event->position());
    zoomBy(std::pow(1.25, event->angleDelta().y() / 120.0));
    d->centre += before - d->toWorld(event->position());
    event->accept();
}

void PartView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    d->pressed = event->position();
    d->pressedCentre = d->centre;
    d->dragged = false;
}

void PartView::mouseMoveEvent(QMouseEvent* event)
{
    if (!d->pressed)
        return;
    const QPointF moved = event->position() - *d->pressed;
    if (!d->dragged && moved.manhattanLength() < 5)
        return;
    d->dragged = true;
    d->asItCame = false;
    d->centre = d->pressedCentre + QPointF(-moved.x(), moved.y()) / d->scale();
    d->invalidate();
}

void PartView::mouseReleaseEvent(QMouseEvent* event)
{
    const bool click = d->pressed && !d->dragged && event->button() == Qt::LeftButton;
    d->pressed.reset();
    if (!click)
        return;
    if (d->placePicking)
        emit placePicked(d->toWorld(event->position()));
    else if (const auto byte = lineAt(event->position()))
        emit picked(*byte);
}

void PartView::mouseDoubleClickEvent(QMouseEvent*) { showAll(); }

void PartView::Private::step(int direction)
{
    if (!layers.path || layers.path->segments.empty())
        return;
    const ByteOffset from = resume.value_or(direction > 0 ? 0 : std::numeric_limits<ByteOffset>::max());
    const gcode::Segment* target = nullptr;
    for (const gcode::Segment& s : layers.path->segments) {
        if (!s.extrudes())
            continue;
        if (direction > 0 && s.begin > from) {
            target = &s;
            break;
        }
        if (direction < 0 && s.begin < from)
            target = &s;
    }
    if (target)
        emit q->picked(target->begin);
}

void PartView::keyPressEvent(QKeyEvent* event)
{
    const bool shift = event->modifiers().testFlag(Qt::ShiftModifier);
    switch (event->key()) {
    case Qt::Key_Left: shift ? d->pan(-panStep, 0) : d->step(-1); break;
    case Qt::Key_Right: shift ? d->pan(panStep, 0) : d->step(1); break;
    case Qt::Key_Up: shift ? d->pan(0, panStep) : d->moveScrub(scrubStep); break;
    case Qt::Key_Down: shift ? d->pan(0, -panStep) : d->moveScrub(-scrubStep); break;
    case Qt::Key_Return:
    case Qt::Key_Enter: pickScrubbed(); break;
    case Qt::Key_Escape:
        if (!d->scrub)
            return QWidget::keyPressEvent(event);
        scrub(std::nullopt);
        break;
    case Qt::Key_PageUp:
        if (d->layer && *d->layer + 1 < d->file->index->layers.size())
            emit layerWanted(*d->layer + 1);
        break;
    case Qt::Key_PageDown:
        if (d->layer && *d->layer > 0)
            emit layerWanted(*d->layer - 1);
        break;
    case Qt::Key_Plus:
    case Qt::Key_Equal: zoomBy(1.25); break;
    case Qt::Key_Minus: zoomBy(0.8); break;
    case Qt::Key_0: showAll(); break;
    case Qt::Key_B: showBed(); break;
    default: QWidget::keyPressEvent(event); return;
    }
    event->accept();
}

} // namespace kintsugi::ui
