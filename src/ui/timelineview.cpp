// SPDX-License-Identifier: GPL-3.0-or-later
#include "timelineview.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <QAccessible>
#include <QDateTime>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QLocale>
#include <QMouseEvent>
#include <QPainter>
#include <QTextOption>
#include <QTimer>
#include <QToolTip>
#include <QWheelEvent>

#include "candidatemodel.h"
#include "lanes.h"
#include "recoverstrip.h"
#include "shapes.h"
#include "snapshotmodel.h"
#include "theme.h"
#include "uitext.h"

using namespace Qt::StringLiterals;

namespace kintsugi::ui {

namespace {

constexpr std::size_t slice = 250'000; // samples taken in per turn of the event loop: some 10 ms
constexpr double markerReach = 8;      // px around a marker that still mean it
constexpr double minimumSpan = 1e-3;

enum class Drag { None, Pending, Pan, Strip };

} // namespace

struct TimelineView::Private {
    explicit Private(TimelineView* owner)
        : q(owner)
    {
    }
    TimelineView* q;
    const app::TimelineData* data = nullptr;
    const app::OpenFile* file = nullptr; // the one the layer columns were made for
    app::Recoverability judged;          // the one the runs were made of
    std::vector<app::RecoverableRun> runs;
    AxisMap axis;
    Lanes lanes;
    QTimer catchUp;
    Span view;
    bool following = true; // the whole is shown, also when it grows
    std::optional<ByteOffset> selected;
    std::optional<double> first, second; // cursors, on the axis
    std::array<QRect, Lanes::LaneCount> plots;
    QRect snapshots, recover, strip, area; // recover: empty while no layer is judged
    int tickTop = 0, noticeTop = 0;
    QPixmap picture; // of everything but cursors
    bool stale = true;
    Drag drag = Drag::None;
    QPointF pressed;
    Span pressedView;

    void layOut();
    void takeIn();
    void invalidate()
    {
        stale = true;
        q->update();
    }
    void clampView();
    void setCursors(std::optional<double> a, std::optional<double> b);
    void pick(double x);
    void announce();
    [[nodiscard]] int labelWidth() const;
    [[nodiscard]] std::optional<double> xOfSnapshot(const recovery::Snapshot& snapshot) const;
    [[nodiscard]] const recovery::Snapshot* snapshotNear(const QPointF& point) const;
    [[nodiscard]] int rowOf(const recovery::Snapshot& snapshot) const;
    [[nodiscard]] double rowY(int row) const;
    [[nodiscard]] std::optional<double> interruptionX() const;
    [[nodiscard]] QString interruptionText() const;
    [[nodiscard]] QString recoverableAt(double pixel) const;
    void stepSnapshot(int direction);
    void moveBy(double pixels, bool secondCursor);
    void moveStrip(double pixel);

    void paintPicture();
    void paintLabel(QPainter& painter, const QRect& plot, const QString& title, const QString& below) const;
    void paintTicks(QPainter& painter, const Colours& c) const;
    void paintMarkers(QPainter& painter, const Colours& c) const;
    void paintInterruption(QPainter& painter, const Colours& c) const;
    void paintRecoverable(QPainter& painter, const Colours& c) const;
    void paintStrip(QPainter& painter, const Colours& c) const;
    void paintCursors(QPainter& painter, const Colours& c) const;
    void paintEmpty(QPainter& painter, const Colours& c) const;
};

TimelineView::TimelineView(QWidget* parent)
    : QWidget(parent)
    , d(std::make_unique<Private>(this))
{
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
    setAccessibleName(tr("Timeline of the print"));
    setAccessibleDescription(tr("Nothing selected"));
    d->catchUp.setInterval(0);
    d->catchUp.setSingleShot(true);
    connect(&d->catchUp, &QTimer::timeout, this, [this] { d->takeIn(); });
}

TimelineView::~TimelineView() = default;

void TimelineView::setData(const app::TimelineData* shown)
{
    d->data = shown;
    d->axis.clear();
    d->lanes.clear();
    d->file = nullptr;
    d->selected.reset();
    d->setCursors({}, {});
    d->following = true;
    refresh();
}

void TimelineView::refresh()
{
    if (!d->data) {
        d->invalidate();
        return;
    }
    if (d->file != d->data->file.get() || d->axis.size() > d->data->samples.size()) {
        d->file = d->data->file.get();
        d->axis.clear();
        d->lanes.clear();
    }
    d->takeIn();
}

void TimelineView::Private::takeIn()
{
    if (!data)
        return;
    const bool lanesDone = lanes.extend(*data, slice);
    const bool axisDone = axis.extend(*data, slice);
    if (!lanesDone || !axisDone)
        catchUp.start();
    if (following) {
        const auto [from, to] = axis.whole(*data);
        view = {from, to};
    }
    if (judged != data->recoverable) {
        judged = data->recoverable;
        runs = judged ? app::recoverableRuns(*judged) : std::vector<app::RecoverableRun>();
        layOut();
        announce();
    }
    invalidate();
}

bool TimelineView::isCaughtUp() const
{
    return !d->data || d->axis.size() == d->data->samples.size();
}

void TimelineView::setAxis(TimelineAxis axis)
{
    if (axis == d->axis.kind())
        return;
    d->axis.setKind(axis);
    d->setCursors({}, {});
    showAll();
    if (d->data && d->selected)
        d->setCursors(d->axis.xOfByte(*d->data, static_cast<double>(*d->selected)), {});
}

TimelineAxis TimelineView::axis() const
{
    return d->axis.kind();
}

TimelineView::Span TimelineView::whole() const
{
    if (!d->data)
        return {};
    const auto [from, to] = d->axis.whole(*d->data);
    return {from, to};
}

TimelineView::Span TimelineView::visibleSpan() const
{
    return d->view;
}

void TimelineView::Private::clampView()
{
    const Span all = q->whole();
    const double least = axis.kind() == TimelineAxis::Progress ? 16 : axis.kind() == TimelineAxis::Layer ? 0.02 : 0.5;
    double length = std::clamp(view.length(), std::max(minimumSpan, least), std::max(all.length(), least));
    view.from = std::clamp(view.from, all.from, std::max(all.from, all.to - length));
    view.to = view.from + length;
    following = length >= all.length() * 0.9999;
}

void TimelineView::showSpan(Span span)
{
    d->view = span;
    d->clampView();
    d->invalidate();
    emit visibleChanged();
}

void TimelineView::showAll()
{
    showSpan(whole());
}

void TimelineView::zoom(double factor, double at)
{
    const Span now = d->view;
    const Span all = whole();
    const double length = std::min(now.length() / factor, all.length());
    const double share = now.length() > 0 ? (at - now.from) / now.length() : 0.5;
    showSpan({at - share * length, at - share * length + length});
}

void TimelineView::select(std::optional<ByteOffset> byte)
{
    if (d->selected == byte)
        return;
    d->selected = byte;
    d->setCursors(byte && d->data ? d->axis.xOfByte(*d->data, static_cast<double>(*byte)) : std::nullopt, d->second);
}

std::optional<ByteOffset> TimelineView::selectedByte() const
{
    return d->selected;
}

std::optional<TimelineView::Measure> TimelineView::measure() const
{
    if (!d->data || !d->first || !d->second)
        return std::nullopt;
    Measure result;
    const auto a = d->axis.sampleAt(*d->data, *d->first);
    const auto b = d->axis.sampleAt(*d->data, *d->second);
    if (a && b) {
        result.seconds = d->data->samples.time[*b] - d->data->samples.time[*a];
        const double dz = double{d->data->samples.z[*b]} - double{d->data->samples.z[*a]};
        if (!std::isnan(dz))
            result.millimetres = dz;
    }
    if (d->axis.kind() == TimelineAxis::Time)
        result.seconds = *d->second - *d->first;
    const auto byteA = d->axis.byteAt(*d->data, *d->first);
    const auto byteB = d->axis.byteAt(*d->data, *d->second);
    if (byteA && byteB)
        result.bytes = *byteB - *byteA;
    return result;
}

QString TimelineView::selectionText() const
{
    if (!d->data || !d->selected)
        return tr("Nothing selected");
    const QLocale locale;
    const auto byte = static_cast<double>(*d->selected);
    QString where;
    if (d->data->file && d->data->file->index) {
        if (const auto* layer = d->data->file->index->layerAt(*d->selected))
            where = tr("Layer %1, Z %2 mm, byte %3").arg(locale.toString(static_cast<qulonglong>(layer->index + 1)),
                        layer->z ? locale.toString(*layer->z, 'f', 2) : tr("unknown"), locale.toString(byte, 'f', 0));
    }
    if (where.isEmpty())
        where = tr("Byte %1").arg(locale.toString(byte, 'f', 0));
    if (d->first && d->axis.kind() == TimelineAxis::Time)
        where = tr("%1, at %2").arg(where, QDateTime::fromMSecsSinceEpoch(std::llround(*d->first * 1000)).toString(u"HH:mm:ss"_s));
    const auto* layer = d->judged && d->data->file ? d->data->file->index->layerAt(*d->selected) : nullptr;
    if (layer && layer->index < d->judged->size())
        where += u". "_s + app::recoverableText((*d->judged)[layer->index]);
    return where;
}

double TimelineView::xToPixel(double x) const
{
    return d->area.left() + (x - d->view.from) / d->view.length() * d->area.width();
}

double TimelineView::pixelToX(double pixel) const
{
    return d->view.from + (pixel - d->area.left()) / std::max(1, d->area.width()) * d->view.length();
}

QRect TimelineView::laneArea() const { return d->area; }
QRect TimelineView::snapshotLane() const { return d->snapshots; }
QRect TimelineView::recoverableLane() const { return d->recover; }
QRect TimelineView::strip() const { return d->strip; }

QSize TimelineView::sizeHint() const
{
    return {fontMetrics().averageCharWidth() * 110, fontMetrics().height() * 26};
}

QSize TimelineView::minimumSizeHint() const
{
    return {fontMetrics().averageCharWidth() * 36, fontMetrics().height() * 15};
}

int TimelineView::Private::labelWidth() const
{
    const QFontMetrics strong(bold(q->font()));
    const QFontMetrics small(smaller(q->font()));
    int width = std::max(strong.horizontalAdvance(TimelineView::tr("Snapshots")), strong.horizontalAdvance(TimelineView::tr("Recoverable")));
    for (int lane = 0; lane < Lanes::LaneCount; ++lane)
        width = std::max(width, strong.horizontalAdvance(Lanes::title(static_cast<Lanes::Lane>(lane))));
    width = std::max(width, small.horizontalAdvance(u"000 of 000 °C"_s));
    return width + spacing::normal + spacing::wide;
}

void TimelineView::Private::layOut()
{
    const QFontMetrics metrics(q->font());
    const int line = metrics.height();
    const int left = labelWidth();
    const int width = std::max(10, q->width() - left - spacing::wide);
    const int stripHeight = line + spacing::tight;
    const int below = line + spacing::tight + line + spacing::normal + stripHeight + spacing::normal;
    const int snapshotHeight = 2 * line + spacing::tight;
    const bool known = data && data->recoverable && !data->recoverable->empty();
    const int recoverHeight = known ? line + spacing::tight : 0;
    const int top = spacing::normal;
    const int available = std::max(Lanes::LaneCount * 8, q->height() - top - below - snapshotHeight - recoverHeight - Lanes::LaneCount * spacing::tight);
    int weights = 0;
    for (int lane = 0; lane < Lanes::LaneCount; ++lane)
        weights += Lanes::weight(static_cast<Lanes::Lane>(lane));
    int y = top;
    for (int lane = 0; lane < Lanes::LaneCount; ++lane) {
        const int height = available * Lanes::weight(static_cast<Lanes::Lane>(lane)) / weights;
        plots[static_cast<std::size_t>(lane)] = QRect(left, y, width, height);
        y += height + spacing::tight;
    }
    snapshots = QRect(left, y, width, snapshotHeight);
    recover = known ? QRect(left, snapshots.bottom() + 1 + spacing::tight, width, line) : QRect();
    area = QRect(left, top, width, (known ? recover : snapshots).bottom() - top + 1);
    tickTop = area.bottom() + spacing::tight;
    noticeTop = tickTop + line;
    strip = QRect(left, noticeTop + line + spacing::normal, width, stripHeight);
}

std::optional<double> TimelineView::Private::xOfSnapshot(const recovery::Snapshot& snapshot) const
{
    if (axis.kind() == TimelineAxis::Time && snapshot.time)
        return snapshot.time;
    return axis.xOfByte(*data, static_cast<double>(snapshot.byte));
}

int TimelineView::Private::rowOf(const recovery::Snapshot& snapshot) const
{
    return snapshot.source == recovery::SnapshotSource::Recorder ? 1 : 0;
}

double TimelineView::Private::rowY(int row) const
{
    return snapshots.top() + snapshots.height() * (row == 0 ? 0.3 : 0.72);
}

const recovery::Snapshot* TimelineView::Private::snapshotNear(const QPointF& point) const
{
    if (!data || !snapshots.contains(point.toPoint()))
        return nullptr;
    const recovery::Snapshot* best = nullptr;
    double bestDistance = markerReach * 2;
    for (const auto& snapshot : data->snapshots) {
        const auto x = xOfSnapshot(snapshot);
        if (!x)
            continue;
        const double distance = std::hypot(q->xToPixel(*x) - point.x(), (rowY(rowOf(snapshot)) - point.y()) * 0.5);
        if (distance < bestDistance) {
            best = &snapshot;
            bestDistance = distance;
        }
    }
    return best;
}

std::optional<double> TimelineView::Private::interruptionX() const
{
    if (!data || !data->job || data->job->state != app::JobState::Interrupted)
        return std::nullopt;
    if (axis.kind() == TimelineAxis::Time)
        return data->job->endTime;
    if (data->stop)
        return axis.xOfByte(*data, static_cast<double>(data->stop->likely));
    return data->job->endTime ? axis.xOfTime(*data, *data->job->endTime) : std::nullopt;
}

QString TimelineView::Private::interruptionText() const
{
    const QString cause = app::causeText(data->stop ? data->stop->cause : data->job->cause);
    if (!data->job->endTime)
        return cause;
    //: time of day, then what happened, e.g. "13:46:02 power lost"
    return TimelineView::tr("%1 %2").arg(QDateTime::fromMSecsSinceEpoch(std::llround(*data->job->endTime * 1000)).toString(u"HH:mm:ss"_s), cause);
}

void TimelineView::Private::setCursors(std::optional<double> a, std::optional<double> b)
{
    first = a;
    second = b;
    announce();
    q->update();
    emit q->measured();
}

void TimelineView::Private::announce()
{
    const QString text = q->selectionText();
    if (text == q->accessibleDescription())
        return;
    q->setAccessibleDescription(text);
    QAccessibleEvent event(q, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&event);
}

void TimelineView::Private::pick(double x)
{
    if (!data)
        return;
    const auto byte = axis.byteAt(*data, x);
    if (!byte)
        return;
    selected = static_cast<ByteOffset>(std::max(0.0, *byte));
    setCursors(x, second);
    emit q->selected(*selected);
}

void TimelineView::Private::stepSnapshot(int direction)
{
    if (!data || data->snapshots.empty())
        return;
    const auto& all = data->snapshots;
    const ByteOffset from = selected.value_or(direction > 0 ? 0 : std::numeric_limits<ByteOffset>::max());
    const recovery::Snapshot* target = nullptr;
    if (direction > 0) {
        const auto it = std::upper_bound(all.begin(), all.end(), from, [](ByteOffset byte, const auto& s) { return byte < s.byte; });
        target = it == all.end() ? nullptr : &*it;
    } else {
        const auto it = std::lower_bound(all.begin(), all.end(), from, [](const auto& s, ByteOffset byte) { return s.byte < byte; });
        target = it == all.begin() ? nullptr : &*std::prev(it);
    }
    if (!target)
        return;
    q->select(target->byte);
    if (first && (*first < view.from || *first > view.to))
        q->showSpan({*first - view.length() / 2, *first + view.length() / 2});
    emit q->selected(target->byte);
}

void TimelineView::Private::moveBy(double pixels, bool secondCursor)
{
    const double unit = view.length() / std::max(1, area.width());
    const double middle = (view.from + view.to) / 2;
    const Span all = q->whole();
    const double from = secondCursor ? second.value_or(first.value_or(middle)) : first.value_or(middle);
    const double x = std::clamp(from + pixels * unit, all.from, all.to);
    if (x < view.from || x > view.to)
        q->showSpan({x - view.length() / 2, x + view.length() / 2});
    if (secondCursor)
        setCursors(first, x);
    else
        pick(x);
}

void TimelineView::Private::moveStrip(double pixel)
{
    const Span all = q->whole();
    const double x = all.from + (pixel - strip.left()) / std::max(1, strip.width()) * all.length();
    q->showSpan({x - view.length() / 2, x + view.length() / 2});
}

// ---- painting

void TimelineView::Private::paintLabel(QPainter& painter, const QRect& plot, const QString& title, const QString& below) const
{
    const Colours c = colours(q->palette());
    const QRect box(spacing::normal, plot.top(), plot.left() - spacing::normal - spacing::tight, plot.height());
    painter.setFont(bold(q->font()));
    painter.setPen(c.text);
    const int line = QFontMetrics(q->font()).height();
    const bool both = !below.isEmpty() && plot.height() >= 2 * line - 2;
    painter.drawText(QRectF(box), title, QTextOption(both ? Qt::AlignLeft | Qt::AlignTop : Qt::AlignLeft | Qt::AlignVCenter));
    if (!both)
        return;
    painter.setFont(smaller(q->font()));
    painter.setPen(c.dim);
    painter.drawText(box.adjusted(0, line, 0, 0), Qt::AlignLeft | Qt::AlignTop, below);
}

void TimelineView::Private::paintTicks(QPainter& painter, const Colours& c) const
{
    painter.setFont(smaller(q->font()));
    const QFontMetrics metrics(painter.font());
    const int wanted = std::max(2, area.width() / (metrics.averageCharWidth() * 14));
    QColor faint = c.line;
    faint.setAlphaF(0.5F);
    int used = 0;
    for (const auto& tick : axis.ticks(*data, view.from, view.to, wanted)) {
        const double x = q->xToPixel(tick.x);
        painter.setPen(faint);
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()));
        const int width = metrics.horizontalAdvance(tick.text);
        const int left = std::clamp(static_cast<int>(x) - width / 2, area.left(), area.right() - width);
        if (left < used)
            continue;
        painter.setPen(c.dim);
        painter.drawText(left, tickTop + metrics.ascent(), tick.text);
        used = left + width + spacing::normal;
    }
}

void TimelineView::Private::paintMarkers(QPainter& painter, const Colours& c) const
{
    const double size = std::clamp(QFontMetrics(q->font()).height() * 0.5, 6.0, 14.0);
    std::array<double, 2> lastX{-1e9, -1e9};
    for (const auto& snapshot : data->snapshots) {
        const auto at = xOfSnapshot(snapshot);
        if (!at || *at < view.from || *at > view.to)
            continue;
        const auto row = static_cast<std::size_t>(rowOf(snapshot));
        const double x = q->xToPixel(*at);
        const double side = row == 1 ? size * 0.6 : size;
        if (x - lastX[row] < 1.5 && !snapshot.pinned)
            continue; // it would lie on the one before
        lastX[row] = x;
        const QColor colour = snapshot.source == recovery::SnapshotSource::Recorder ? c.accent : c.warning;
        paintShape(painter, shapeOf(snapshot.source), QRectF(x - side / 2, rowY(static_cast<int>(row)) - side / 2, side, side), colour);
    }
    painter.setPen(QPen(c.danger, 1.5));
    for (const auto& event : data->events) {
        const auto at = axis.xOfTime(*data, event.time);
        if (at && *at >= view.from && *at <= view.to)
            painter.drawLine(QPointF(q->xToPixel(*at), snapshots.bottom() - 5), QPointF(q->xToPixel(*at), snapshots.bottom() - 1));
    }
}

void TimelineView::Private::paintInterruption(QPainter& painter, const Colours& c) const
{
    const auto x = interruptionX();
    if (!x)
        return;
    painter.save();
    painter.setClipRect(area.adjusted(0, -spacing::tight, 0, spacing::tight));
    if (data->stop) {
        const auto from = axis.xOfByte(*data, static_cast<double>(data->stop->earliest));
        const auto to = axis.xOfByte(*data, static_cast<double>(data->stop->latest));
        const double left = q->xToPixel(from.value_or(*x));
        const double right = std::max(q->xToPixel(to.value_or(*x)), left + 3);
        painter.fillRect(QRectF(left, area.top(), right - left, area.height()), c.interval);
        painter.fillRect(QRectF(left, area.top(), right - left, area.height()), QBrush(c.interval, Qt::BDiagPattern));
        const auto halfFrom = axis.xOfByte(*data, static_cast<double>(data->stop->halfFrom));
        const auto halfTo = axis.xOfByte(*data, static_cast<double>(data->stop->halfTo));
        if (data->stop->halfTo > data->stop->halfFrom && halfFrom && halfTo) {
            const double begin = q->xToPixel(*halfFrom), end = std::max(q->xToPixel(*halfTo), begin + 1);
            painter.fillRect(QRectF(begin, area.top(), end - begin, area.height()), c.interval);
        }
    }
    painter.setPen(QPen(c.warning, 2));
    painter.drawLine(QPointF(q->xToPixel(*x), area.top() - spacing::tight), QPointF(q->xToPixel(*x), area.bottom() + spacing::tight));
    painter.restore();
    painter.setFont(bold(smaller(q->font())));
    painter.setPen(c.warning);
    const QFontMetrics metrics(painter.font());
    const QString text = interruptionText();
    const int width = metrics.horizontalAdvance(text);
    const double pixel = q->xToPixel(*x);
    if (pixel < area.left() || pixel > area.right())
        return;
    const int left = std::clamp(static_cast<int>(pixel) - width / 2, area.left(), std::max(area.left(), area.right() - width));
    painter.drawText(left, noticeTop + metrics.ascent(), text);
}

/// Layer by layer over the axis; what the time axis does not reach yet, the other two show.
void TimelineView::Private::paintRecoverable(QPainter& painter, const Colours& c) const
{
    if (recover.isEmpty() || !data->file || !data->file->index)
        return;
    painter.save();
    painter.setClipRect(recover);
    const auto& layers = data->file->index->layers;
    const bool timed = axis.kind() == TimelineAxis::Time && axis.size() > 0;
    const double reached = timed ? axis.xOfSample(*data, axis.size() - 1) : q->whole().to;
    for (const app::RecoverableRun& run : runs) {
        if (run.last >= layers.size())
            break;
        const auto from = axis.xOfByte(*data, static_cast<double>(layers[run.first].begin));
        if (!from)
            break;
        const double end = axis.xOfByte(*data, static_cast<double>(layers[run.last].end)).value_or(reached);
        const double left = q->xToPixel(*from);
        ui::paintRecoverable(painter, QRectF(left, recover.top() + 2, std::max(1.5, q->xToPixel(end) - left), recover.height() - 4), run.ok, c);
    }
    painter.restore();
}

QString TimelineView::Private::recoverableAt(double pixel) const
{
    if (!data || !data->recoverable || recover.isEmpty() || !data->file || !data->file->index)
        return {};
    const auto byte = axis.byteAt(*data, q->pixelToX(pixel));
    const auto* layer = byte ? data->file->index->layerAt(static_cast<ByteOffset>(std::max(0.0, *byte))) : nullptr;
    if (!layer || layer->index >= data->recoverable->size())
        return {};
    //: which layer; whether a stop in it could be resumed
    return TimelineView::tr("%1. %2").arg(layerText(layer->index, data->recoverable->size(), layer->z),
                                          app::recoverableText((*data->recoverable)[layer->index]));
}

void TimelineView::Private::paintStrip(QPainter& painter, const Colours& c) const
{
    paintLabel(painter, strip, TimelineView::tr("Layers"), {});
    painter.fillRect(strip, c.panel);
    const Span all = q->whole();
    const double perUnit = strip.width() / all.length();
    const auto* index = data->file ? data->file->index.get() : nullptr;
    const double done = axis.size() > 0 ? *axis.byteAt(*data, axis.xOfSample(*data, axis.size() - 1)) : 0;
    if (index && !index->layers.empty()) {
        double most = 1e-9;
        for (const auto& layer : index->layers)
            most = std::max(most, layer.extrudedMm);
        int lastPixel = -1;
        for (const auto& layer : index->layers) {
            const auto from = axis.xOfByte(*data, static_cast<double>(layer.begin));
            if (!from)
                break;
            const auto to = axis.xOfByte(*data, static_cast<double>(layer.end));
            const double left = strip.left() + (*from - all.from) * perUnit;
            const double reached = axis.size() > 0 ? axis.xOfSample(*data, axis.size() - 1) : all.to; // of a layer that is not finished
            const double right = strip.left() + (to.value_or(std::max(reached, *from)) - all.from) * perUnit;
            const int pixel = static_cast<int>(left);
            if (pixel == lastPixel && right - left < 1)
                continue;
            lastPixel = pixel;
            const bool printed = static_cast<double>(layer.begin) < done;
            const double depth = 0.35 + 0.65 * layer.extrudedMm / most;
            const double gap = right - left > 4 ? 1 : 0;
            painter.fillRect(QRectF(left, strip.top() + 1, std::max(1.0, right - left - gap), strip.height() - 2),
                             mixed(c.panel, printed ? c.accent : c.line, depth));
        }
    }
    painter.setPen(c.line);
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(strip.adjusted(0, 0, -1, -1));
    painter.setPen(QPen(c.text, 1.5));
    const double left = strip.left() + (view.from - all.from) * perUnit;
    const double right = strip.left() + (view.to - all.from) * perUnit;
    painter.drawRect(QRectF(left, strip.top() - 2, std::max(6.0, right - left) - 1, strip.height() + 3));
}

void TimelineView::Private::paintEmpty(QPainter& painter, const Colours& c) const
{
    painter.setPen(c.dim);
    painter.setFont(q->font());
    painter.drawText(q->rect().adjusted(spacing::wide, 0, -spacing::wide, 0), Qt::AlignCenter | Qt::TextWordWrap,
                     TimelineView::tr("Nothing recorded yet. Recording starts by itself when this printer prints."));
}

void TimelineView::Private::paintPicture()
{
    const double ratio = q->devicePixelRatioF();
    picture = QPixmap(q->size() * ratio);
    picture.setDevicePixelRatio(ratio);
    const Colours c = colours(q->palette());
    picture.fill(c.panel);
    QPainter painter(&picture);
    painter.setRenderHint(QPainter::Antialiasing);
    stale = false;
    if (!data || (data->samples.size() == 0 && data->snapshots.empty() && !data->file)) {
        paintEmpty(painter, c);
        return;
    }
    const Lanes::View laneView{view.from, view.to, axis, *data};
    for (int i = 0; i < Lanes::LaneCount; ++i) {
        const QRect& plot = plots[static_cast<std::size_t>(i)];
        painter.fillRect(plot, mixed(c.panel, c.page, 0.5));
    }
    painter.fillRect(snapshots, mixed(c.panel, c.page, 0.5));
    painter.fillRect(recover, mixed(c.panel, c.page, 0.5));
    paintTicks(painter, c);
    paintInterruption(painter, c);
    painter.setBrush(Qt::NoBrush);
    for (int i = 0; i < Lanes::LaneCount; ++i) {
        const QRect& plot = plots[static_cast<std::size_t>(i)];
        lanes.paint(painter, static_cast<Lanes::Lane>(i), plot, laneView, q->palette());
        painter.setPen(c.line);
        painter.drawRect(plot.adjusted(0, 0, -1, -1));
    }
    painter.drawRect(snapshots.adjusted(0, 0, -1, -1));
    if (!recover.isEmpty())
        painter.drawRect(recover.adjusted(0, 0, -1, -1));
    paintMarkers(painter, c);
    paintRecoverable(painter, c);
    paintStrip(painter, c);
}

void TimelineView::Private::paintCursors(QPainter& painter, const Colours& c) const
{
    if (!data || area.height() <= 0)
        return;
    const auto sample = first ? axis.sampleAt(*data, *first) : std::nullopt;
    for (int i = 0; i < Lanes::LaneCount; ++i) {
        const auto lane = static_cast<Lanes::Lane>(i);
        const QString value = sample ? Lanes::valueAt(*data, lane, *sample) : QString();
        paintLabel(painter, plots[static_cast<std::size_t>(i)], Lanes::title(lane), value.isEmpty() ? Lanes::unit(lane) : value);
    }
    paintLabel(painter, snapshots, TimelineView::tr("Snapshots"), {});
    if (!recover.isEmpty())
        paintLabel(painter, recover, TimelineView::tr("Recoverable"), {});
    const auto line = [&](std::optional<double> x, Qt::PenStyle style) {
        if (!x || *x < view.from || *x > view.to)
            return;
        painter.setPen(QPen(c.text, 1.4, style));
        painter.drawLine(QPointF(q->xToPixel(*x), area.top()), QPointF(q->xToPixel(*x), area.bottom()));
    };
    line(first, Qt::DotLine);
    line(second, Qt::DashDotLine);
    if (const auto selectedNow = selected) {
        for (const auto& snapshot : data->snapshots) {
            const auto x = xOfSnapshot(snapshot);
            if (snapshot.byte != *selectedNow || !x || *x < view.from || *x > view.to)
                continue;
            painter.setPen(QPen(c.text, 1.4));
            painter.setBrush(Qt::NoBrush);
            const double r = QFontMetrics(q->font()).height() * 0.42;
            painter.drawEllipse(QPointF(q->xToPixel(*x), rowY(rowOf(snapshot))), r, r);
        }
    }
    if (q->hasFocus()) {
        painter.setPen(QPen(c.accent, 1));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(q->rect().adjusted(1, 1, -2, -2));
    }
}

void TimelineView::paintEvent(QPaintEvent*)
{
    if (d->stale || d->picture.size() != size() * devicePixelRatioF())
        d->paintPicture();
    QPainter painter(this);
    painter.drawPixmap(0, 0, d->picture);
    painter.setRenderHint(QPainter::Antialiasing);
    if (d->data && (d->data->samples.size() > 0 || !d->data->snapshots.empty() || d->data->file))
        d->paintCursors(painter, colours(palette()));
}

void TimelineView::resizeEvent(QResizeEvent*)
{
    d->layOut();
    d->invalidate();
}

void TimelineView::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::FontChange || event->type() == QEvent::PaletteChange || event->type() == QEvent::LanguageChange) {
        d->layOut();
        updateGeometry();
        d->invalidate();
    }
    QWidget::changeEvent(event);
}

// ---- input

void TimelineView::wheelEvent(QWheelEvent* event)
{
    const QPoint turn = event->angleDelta();
    if (event->modifiers().testFlag(Qt::ShiftModifier) || std::abs(turn.x()) > std::abs(turn.y())) {
        const double shift = (turn.x() != 0 ? turn.x() : turn.y()) / 120.0 * d->view.length() * 0.1;
        showSpan({d->view.from - shift, d->view.to - shift});
    } else if (turn.y() != 0) {
        zoom(std::pow(1.25, turn.y() / 120.0), pixelToX(event->position().x()));
    }
    event->accept();
}

void TimelineView::mousePressEvent(QMouseEvent* event)
{
    if (event->button() != Qt::LeftButton)
        return;
    d->pressed = event->position();
    d->pressedView = d->view;
    if (d->strip.adjusted(0, -4, 0, 4).contains(event->position().toPoint())) {
        d->drag = Drag::Strip;
        d->moveStrip(event->position().x());
    } else {
        d->drag = Drag::Pending;
    }
}

void TimelineView::mouseMoveEvent(QMouseEvent* event)
{
    if (d->drag == Drag::Strip) {
        d->moveStrip(event->position().x());
        return;
    }
    const double moved = event->position().x() - d->pressed.x();
    if (d->drag == Drag::Pending && std::abs(moved) > 4) {
        d->drag = Drag::Pan;
        setCursor(Qt::ClosedHandCursor);
    }
    if (d->drag == Drag::Pan) {
        const double shift = moved / std::max(1, d->area.width()) * d->pressedView.length();
        showSpan({d->pressedView.from - shift, d->pressedView.to - shift});
    }
}

void TimelineView::mouseReleaseEvent(QMouseEvent* event)
{
    const Drag drag = std::exchange(d->drag, Drag::None);
    unsetCursor();
    if (drag != Drag::Pending || event->button() != Qt::LeftButton || !d->data)
        return;
    if (event->modifiers().testFlag(Qt::ShiftModifier)) {
        d->setCursors(d->first, pixelToX(event->position().x()));
        return;
    }
    if (const auto* snapshot = d->snapshotNear(event->position())) {
        d->selected = snapshot->byte;
        d->setCursors(d->xOfSnapshot(*snapshot), d->second);
        emit selected(snapshot->byte);
        return;
    }
    if (d->area.contains(event->position().toPoint()))
        d->pick(pixelToX(event->position().x()));
}

void TimelineView::mouseDoubleClickEvent(QMouseEvent* event)
{
    if (event->button() == Qt::LeftButton && d->selected && d->area.contains(event->position().toPoint()))
        emit activated(*d->selected);
}

void TimelineView::keyPressEvent(QKeyEvent* event)
{
    const bool shift = event->modifiers().testFlag(Qt::ShiftModifier);
    const bool control = event->modifiers().testFlag(Qt::ControlModifier);
    const double middle = d->first.value_or((d->view.from + d->view.to) / 2);
    const Span all = whole();
    const auto sideways = [&](int direction) {
        const double shiftBy = direction * d->view.length() * 0.1;
        if (control)
            showSpan({d->view.from + shiftBy, d->view.to + shiftBy});
        else
            d->moveBy(direction * 2.0, shift);
    };
    switch (event->key()) {
    case Qt::Key_Left: sideways(-1); break;
    case Qt::Key_Right: sideways(1); break;
    case Qt::Key_PageUp: d->stepSnapshot(-1); break;
    case Qt::Key_PageDown: d->stepSnapshot(1); break;
    case Qt::Key_Plus:
    case Qt::Key_Equal: zoom(1.5, middle); break;
    case Qt::Key_Minus: zoom(1 / 1.5, middle); break;
    case Qt::Key_0: showAll(); break;
    case Qt::Key_Home: d->moveBy((all.from - middle) / d->view.length() * d->area.width(), shift); break;
    case Qt::Key_End: d->moveBy((all.to - middle) / d->view.length() * d->area.width(), shift); break;
    case Qt::Key_Escape: d->setCursors(d->first, {}); break;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        if (d->selected)
            emit activated(*d->selected);
        break;
    default: QWidget::keyPressEvent(event); return;
    }
    event->accept();
}

bool TimelineView::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto* help = static_cast<QHelpEvent*>(event);
    if (const auto* snapshot = d->snapshotNear(help->pos())) {
        const QString layer = snapshot->layer ? QLocale().toString(static_cast<qulonglong>(*snapshot->layer + 1)) : tr("unknown");
        QToolTip::showText(help->globalPos(), tr("%1, layer %2").arg(app::sourceText(snapshot->source), layer), this);
    } else if (const QString text = d->recover.contains(help->pos()) ? d->recoverableAt(help->pos().x()) : QString(); !text.isEmpty()) {
        QToolTip::showText(help->globalPos(), text, this);
    } else {
        QToolTip::hideText();
        event->ignore();
    }
    return true;
}

} // namespace kintsugi::ui
