// SPDX-License-Identifier: GPL-3.0-or-later
#include "partview.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <QImage>
#include <QKeyEvent>
#include <QLineF>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QWheelEvent>

#include "gcode/toolpath.h"
#include "job.h"
#include "shapes.h"
#include "theme.h"

using namespace Qt::StringLiterals;

namespace kintsugi::ui {

namespace {

using Path = std::shared_ptr<const gcode::Toolpath>;

constexpr double pickReach = 14;          // px
constexpr std::size_t shownSegments = 400'000; // of one layer: beyond what a screen can resolve
constexpr std::size_t smoothSegments = 60'000;  // more are drawn without smoothing: nobody sees it among so many
constexpr std::size_t stroke = 2000;            // lines between two looks whether the picture is still wanted

/// All that the picture of the paths depends on. A layer can hold hundreds of thousands of lines: they are drawn on the pool.
struct Scene {
    Path path;
    QSize size;                   // of the view
    double ratio = 1, scale = 1;  // device pixels a pixel; px a mm
    QPointF centre;               // mm
    ByteOffset border = 0;        // what begins before it counts as printed
    std::optional<recovery::StopInterval> stop;
    Colours colours;

    [[nodiscard]] QPointF toPixel(double x, double y) const
    {
        return {size.width() / 2.0 + (x - centre.x()) * scale, size.height() / 2.0 - (y - centre.y()) * scale}; // Y points away from the person
    }
};

double distanceTo(const gcode::Segment& s, double x, double y)
{
    const double dx = double{s.x1} - double{s.x0};
    const double dy = double{s.y1} - double{s.y0};
    const double square = dx * dx + dy * dy;
    const double t = square > 0 ? std::clamp(((x - double{s.x0}) * dx + (y - double{s.y0}) * dy) / square, 0.0, 1.0) : 0.0;
    return std::hypot(x - double{s.x0} - t * dx, y - double{s.y0} - t * dy);
}

bool drawLines(QPainter& painter, const std::vector<QLineF>& lines, const QPen& pen, const app::JobControl& control)
{
    painter.setPen(pen);
    for (std::size_t i = 0; i < lines.size() && !control.cancelled(); i += stroke)
        painter.drawLines(lines.data() + i, static_cast<int>(std::min(stroke, lines.size() - i)));
    return !control.cancelled();
}

Result<QImage> drawPaths(const Scene& scene, const app::JobControl& control)
{
    QImage image(scene.size * scene.ratio, QImage::Format_ARGB32_Premultiplied);
    if (image.isNull())
        return fail(ErrorCode::Cancelled); // no pixel to draw on
    image.setDevicePixelRatio(scene.ratio);
    image.fill(Qt::transparent);
    const double width = std::clamp(scene.scale * 0.18, 1.0, 3.5); // thinner than the plastic, so that lines stay apart
    const QRectF seen = QRectF(QPointF(), scene.size).adjusted(-10, -10, 10, 10);
    std::vector<QLineF> printed, open, doubtful;
    for (const gcode::Segment& s : scene.path->segments) {
        if (!s.extrudes())
            continue;
        const QLineF line(scene.toPixel(double{s.x0}, double{s.y0}), scene.toPixel(double{s.x1}, double{s.y1}));
        if (std::max(line.x1(), line.x2()) < seen.left() || std::min(line.x1(), line.x2()) > seen.right()
            || std::max(line.y1(), line.y2()) < seen.top() || std::min(line.y1(), line.y2()) > seen.bottom())
            continue;
        if (scene.stop && s.begin >= scene.stop->earliest && s.end <= scene.stop->latest)
            doubtful.push_back(line);
        (s.begin < scene.border ? printed : open).push_back(line);
    }
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing, scene.path->segments.size() < smoothSegments);
    const Colours& c = scene.colours;
    const bool done = drawLines(painter, doubtful, QPen(c.interval, width + 6, Qt::SolidLine, Qt::FlatCap), control)
        && drawLines(painter, open, QPen(c.ghost, std::min(width, 1.5), Qt::SolidLine, Qt::FlatCap), control)
        && drawLines(painter, printed, QPen(c.text, width, Qt::SolidLine, Qt::RoundCap), control);
    return done ? Result<QImage>(image) : fail(ErrorCode::Cancelled);
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
    std::optional<std::size_t> layer;
    std::optional<ByteOffset> resume;
    Path path;
    app::Job<Path> reading;
    QRectF world{0, 0, 100, 100}; // mm that fill the view at zoom 1
    double zoom = 1;
    QPointF centre{50, 50};       // mm
    app::Job<QImage> drawing;
    Scene begun, drawn;           // of the drawing under way; of `picture`
    QImage picture;               // of the paths; moved and scaled until the next one is there
    bool stale = true;
    std::optional<QPointF> pressed;
    QPointF pressedCentre;
    bool dragged = false;
    bool placePicking = false;
    std::vector<QPointF> places;  // mm

    void read();
    void reset();
    void invalidate()
    {
        stale = true;
        q->update();
    }
    [[nodiscard]] double scale() const;
    [[nodiscard]] QPointF toWorld(const QPointF& pixel) const;
    void forgetPath();
    void draw();
    void haveDrawn();
    void paintGrid(QPainter& painter, const Colours& c) const;
    void paintPaths(QPainter& painter) const;
    void paintMarks(QPainter& painter, const Colours& c) const;
    void paintPlaces(QPainter& painter, const Colours& c) const;
    void step(int direction);
    [[nodiscard]] const gcode::Segment* segmentFrom(ByteOffset byte) const;
};

PartView::PartView(QWidget* parent)
    : QWidget(parent)
    , d(std::make_unique<Private>(this))
{
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Part, one layer seen from above"));
    setAccessibleDescription(descriptionText());
    connect(&d->reading, &app::JobBase::finished, this, [this] {
        const auto& outcome = d->reading.outcome();
        if (outcome && *outcome) {
            d->path = **outcome;
            d->invalidate();
            setAccessibleDescription(descriptionText());
            emit ready();
        } else if (outcome && outcome->error().code != ErrorCode::Cancelled) {
            emit failed(outcome->error());
        }
    });
    connect(&d->drawing, &app::JobBase::finished, this, [this] { d->haveDrawn(); });
}

PartView::~PartView() = default;

void PartView::setFile(std::shared_ptr<const app::OpenFile> file)
{
    if (file == d->file)
        return;
    d->file = std::move(file);
    d->progress.reset();
    d->forgetPath();
    d->layer.reset();
    d->reset();
    d->invalidate();
}

void PartView::setProgress(double fraction)
{
    if (d->file)
        return;
    d->progress = fraction;
    update();
}

void PartView::Private::reset()
{
    zoom = 1;
    world = QRectF(0, 0, 100, 100);
    if (file && file->index && file->index->printed.valid) {
        const auto& box = file->index->printed;
        world = QRectF(QPointF(box.minX, box.minY), QPointF(box.maxX, box.maxY));
        const double margin = std::max(2.0, std::max(world.width(), world.height()) * 0.06);
        world.adjust(-margin, -margin, margin, margin);
    }
    centre = world.center();
}

void PartView::setStop(const std::optional<recovery::StopInterval>& stop)
{
    d->stop = stop;
    d->invalidate();
}

void PartView::showLayer(std::size_t layer)
{
    if (d->layer == layer || !d->file || layer >= d->file->index->layers.size())
        return;
    d->layer = layer;
    d->forgetPath();
    d->read();
    d->invalidate();
}

void PartView::Private::read()
{
    const auto& wanted = file->index->layers[*layer];
    reading.start([opened = file, begin = wanted.begin, end = wanted.end](app::JobControl&) -> Result<Path> {
        auto result = gcode::readToolpath(*opened->source, *opened->index, begin, end, shownSegments);
        if (!result)
            return fail(result.error());
        return std::make_shared<const gcode::Toolpath>(std::move(*result));
    });
}

std::optional<std::size_t> PartView::layer() const { return d->layer; }
bool PartView::isReady() const { return d->path != nullptr; }
bool PartView::isDrawn() const { return d->path && !d->stale && d->drawn.size == size() && !d->drawing.isRunning(); }

void PartView::setResumeByte(std::optional<ByteOffset> byte)
{
    if (d->resume == byte)
        return;
    d->resume = byte;
    setAccessibleDescription(descriptionText());
    d->invalidate();
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

void PartView::Private::paintPlaces(QPainter& painter, const Colours& c) const
{
    const double r = QFontMetrics(q->font()).height() * 0.65;
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

std::optional<ByteOffset> PartView::lineAt(const QPointF& pixel) const
{
    if (!d->path)
        return std::nullopt;
    const QPointF at = d->toWorld(pixel);
    double best = pickReach / d->scale();
    std::optional<ByteOffset> result;
    for (const gcode::Segment& segment : d->path->segments) {
        if (!segment.extrudes())
            continue;
        const double distance = distanceTo(segment, at.x(), at.y());
        if (distance < best) {
            best = distance;
            result = segment.begin;
        }
    }
    return result;
}

QString PartView::descriptionText() const
{
    if (!d->file || !d->layer)
        return tr("No layer to show");
    const QLocale locale;
    const auto& shown = d->file->index->layers[*d->layer];
    const QString z = shown.z ? locale.toString(*shown.z, 'f', 2) : tr("unknown");
    const QString number = locale.toString(static_cast<qulonglong>(*d->layer + 1));
    if (d->resume)
        return tr("Layer %1, Z %2 mm, going on from byte %3").arg(number, z, locale.toString(static_cast<qulonglong>(*d->resume)));
    return tr("Layer %1, Z %2 mm").arg(number, z);
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

void PartView::Private::paintGrid(QPainter& painter, const Colours& c) const
{
    const double perMm = scale();
    double step = 10;
    while (step * perMm < 24)
        step *= step == 10 || step == 100 ? 5 : 2;
    QColor faint = c.line;
    faint.setAlphaF(0.6F);
    painter.setPen(faint);
    const QPointF low = toWorld({0, static_cast<double>(q->height())});
    const QPointF high = toWorld({static_cast<double>(q->width()), 0});
    for (double x = std::ceil(low.x() / step) * step; x < high.x(); x += step)
        painter.drawLine(QPointF(q->toPixel(x, 0).x(), 0), QPointF(q->toPixel(x, 0).x(), q->height()));
    for (double y = std::ceil(low.y() / step) * step; y < high.y(); y += step)
        painter.drawLine(QPointF(0, q->toPixel(0, y).y()), QPointF(q->width(), q->toPixel(0, y).y()));
}

void PartView::Private::forgetPath()
{
    path.reset();
    picture = {};
    begun = drawn = {};
    drawing.cancel();
}

/// One drawing after the other: while a person drags, each is finished and shown.
void PartView::Private::draw()
{
    const bool sized = begun.size == q->size() && begun.ratio == q->devicePixelRatioF();
    if (!path || drawing.isRunning() || (!stale && sized))
        return;
    stale = false;
    begun = {path, q->size(), q->devicePixelRatioF(), scale(), centre, resume.value_or(std::numeric_limits<ByteOffset>::max()), stop,
              colours(q->palette())};
    drawing.start([scene = begun](app::JobControl& control) { return drawPaths(scene, control); });
}

void PartView::Private::haveDrawn()
{
    const auto& outcome = drawing.outcome();
    if (outcome && *outcome && path && begun.path == path) {
        picture = **outcome;
        drawn = begun;
    }
    q->update();
}

void PartView::Private::paintPaths(QPainter& painter) const
{
    if (picture.isNull())
        return;
    const double grown = scale() / drawn.scale;
    const QPointF corner = q->toPixel(drawn.centre.x() - drawn.size.width() / 2.0 / drawn.scale, drawn.centre.y() + drawn.size.height() / 2.0 / drawn.scale);
    painter.drawImage(QRectF(corner, QSizeF(drawn.size) * grown), picture);
}

const gcode::Segment* PartView::Private::segmentFrom(ByteOffset byte) const
{
    const auto& all = path->segments;
    const auto it = std::lower_bound(all.begin(), all.end(), byte, [](const gcode::Segment& s, ByteOffset b) { return s.begin < b; });
    return it == all.end() ? nullptr : &*it;
}

void PartView::Private::paintMarks(QPainter& painter, const Colours& c) const
{
    const auto& shown = file->index->layers[*layer];
    const double r = std::max(5.0, QFontMetrics(q->font()).height() * 0.35);
    const auto onLayer = [&](ByteOffset byte) { return byte >= shown.begin && byte < shown.end; };
    const auto halo = [&](const QPointF& at) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(c.panel);
        painter.drawEllipse(at, r + 3, r + 3);
    };
    const auto paintStop = [&] {
        if (!stop || !onLayer(stop->likely))
            return;
        if (const auto* s = segmentFrom(stop->likely)) {
            const double t = stop->likelyFraction;
            const QPointF at = q->toPixel(double{s->x0} + (double{s->x1} - double{s->x0}) * t, double{s->y0} + (double{s->y1} - double{s->y0}) * t);
            paintShape(painter, Shape::Cross, QRectF(at.x() - r * 0.7, at.y() - r * 0.7, r * 1.4, r * 1.4), c.danger);
        }
    };
    if (resume && onLayer(*resume)) {
        if (const auto* s = segmentFrom(*resume)) {
            const QPointF at = q->toPixel(double{s->x0}, double{s->y0});
            halo(at);
            painter.setPen(QPen(c.warning, 1.8));
            painter.setBrush(Qt::NoBrush);
            painter.drawEllipse(at, r, r);
            painter.drawEllipse(at, r * 0.45, r * 0.45);
        }
    }
    paintStop(); // on top: both are often on the same line
}

void PartView::paintEvent(QPaintEvent*)
{
    d->draw();
    QPainter painter(this);
    const Colours c = colours(palette());
    painter.fillRect(rect(), c.panel);
    painter.setRenderHint(QPainter::Antialiasing);
    if (!d->file || !d->layer) {
        painter.setPen(c.dim);
        painter.drawText(rect().adjusted(spacing::wide, 0, -spacing::wide, 0), Qt::AlignCenter | Qt::TextWordWrap,
                         d->progress ? tr("Reading the file of the print: %1 %").arg(static_cast<int>(*d->progress * 100))
                                     : tr("The part shows here once the file of the print is read."));
    } else {
        d->paintGrid(painter, c);
        d->paintPaths(painter);
        if (d->path)
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

void PartView::wheelEvent(QWheelEvent* event)
{
    const QPointF before = d->toWorld(event->position());
    d->zoom = std::clamp(d->zoom * std::pow(1.25, event->angleDelta().y() / 120.0), 0.5, 400.0);
    d->centre += before - d->toWorld(event->position());
    d->invalidate();
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

void PartView::mouseDoubleClickEvent(QMouseEvent*)
{
    d->reset();
    d->invalidate();
}

void PartView::Private::step(int direction)
{
    if (!path || path->segments.empty())
        return;
    const ByteOffset from = resume.value_or(direction > 0 ? 0 : std::numeric_limits<ByteOffset>::max());
    const gcode::Segment* target = nullptr;
    for (const gcode::Segment& s : path->segments) {
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
    const auto zoomBy = [&](double factor) {
        d->zoom = std::clamp(d->zoom * factor, 0.5, 400.0);
        d->invalidate();
    };
    switch (event->key()) {
    case Qt::Key_Left: d->step(-1); break;
    case Qt::Key_Right: d->step(1); break;
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
    case Qt::Key_0:
        d->reset();
        d->invalidate();
        break;
    default: QWidget::keyPressEvent(event); return;
    }
    event->accept();
}

} // namespace kintsugi::ui
