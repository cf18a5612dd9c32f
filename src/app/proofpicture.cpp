// SPDX-License-Identifier: GPL-3.0-or-later
#include "proofpicture.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>
#include <QLocale>
#include <QPointF>

#include "gcode/toolpath.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

class Words
{
    Q_DECLARE_TR_FUNCTIONS(ProofPicture)
};

constexpr int pictureWidth = 640;
constexpr double border = 16;
constexpr std::size_t mostSegments = 400'000;

QString decimals(double value, int count = 2)
{
    return QString::number(value, 'f', count); // pictures speak C
}

QString millimetres(double value)
{
    return Words::tr("%1 mm").arg(QLocale().toString(value, 'f', 2));
}

/// Millimetres to pixels, the same scale both ways, Y upwards.
class Frame
{
public:
    Frame(double minX, double minY, double maxX, double maxY)
        : m_minX(minX)
        , m_maxY(maxY)
        , m_scale((pictureWidth - 2 * border) / std::max({maxX - minX, maxY - minY, 1.0}))
        , m_height(static_cast<int>(std::ceil((maxY - minY) * m_scale + 2 * border)))
    {
    }
    [[nodiscard]] QPointF at(double x, double y) const { return {border + (x - m_minX) * m_scale, border + (m_maxY - y) * m_scale}; }
    [[nodiscard]] int height() const { return m_height; }

private:
    double m_minX, m_maxY, m_scale;
    int m_height;
};

/// One SVG path of connected lines; points nearer than half a pixel to the last are left out.
class Lines
{
public:
    void add(const QPointF& from, const QPointF& to)
    {
        if (!m_last || distance(*m_last, from) > 0.01) {
            finish();
            m_path += u"M%1 %2"_s.arg(decimals(from.x(), 1), decimals(from.y(), 1));
            m_drawn = from;
        }
        m_last = to;
        if (distance(m_drawn, to) >= 0.5)
            draw(to);
    }
    [[nodiscard]] QString take()
    {
        finish();
        return std::exchange(m_path, QString());
    }

private:
    static double distance(const QPointF& a, const QPointF& b) { return std::hypot(a.x() - b.x(), a.y() - b.y()); }
    void draw(const QPointF& to)
    {
        m_path += u"L%1 %2"_s.arg(decimals(to.x(), 1), decimals(to.y(), 1));
        m_drawn = to;
    }
    void finish()
    {
        if (m_last && m_drawn != *m_last)
            draw(*m_last);
        m_last.reset();
    }

    QString m_path;
    std::optional<QPointF> m_last;
    QPointF m_drawn;
};

QByteArray svg(int width, int height, const QString& content)
{
    return u"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%1\" height=\"%2\" viewBox=\"0 0 %1 %2\">"
           "<rect width=\"%1\" height=\"%2\" fill=\"#ffffff\"/>%3</svg>"_s.arg(width).arg(height).arg(content).toUtf8();
}

QString path(const QString& data, const QString& style)
{
    return data.isEmpty() ? QString() : u"<path d=\"%1\" fill=\"none\" stroke-linecap=\"round\" %2/>"_s.arg(data, style);
}

QString label(const QPointF& at, const QString& text, const QString& anchor = u"start"_s)
{
    return u"<text x=\"%1\" y=\"%2\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#202020\" text-anchor=\"%4\">%3</text>"_s.arg(
        decimals(at.x(), 1), decimals(at.y(), 1), text.toHtmlEscaped(), anchor);
}

QString resumeMark(const QPointF& at)
{
    return u"<circle cx=\"%1\" cy=\"%2\" r=\"7\" fill=\"none\" stroke=\"#b00020\" stroke-width=\"2\"/>"
           "<circle cx=\"%1\" cy=\"%2\" r=\"2\" fill=\"#b00020\"/>"_s.arg(decimals(at.x(), 1), decimals(at.y(), 1));
}

QString stopMark(const QPointF& at)
{
    return u"<path d=\"M%1 %2L%3 %4M%1 %4L%3 %2\" stroke=\"#1d4e89\" stroke-width=\"2.5\"/>"_s.arg(
        decimals(at.x() - 6, 1), decimals(at.y() - 6, 1), decimals(at.x() + 6, 1), decimals(at.y() + 6, 1));
}

struct Box { double minX = 0, minY = 0, maxX = 0, maxY = 0; };

std::optional<Box> boxOf(const std::vector<gcode::Segment>& segments)
{
    std::optional<Box> box;
    for (const gcode::Segment& segment : segments) {
        if (!segment.extrudes())
            continue;
        const double left = std::min(segment.x0, segment.x1), right = std::max(segment.x0, segment.x1);
        const double front = std::min(segment.y0, segment.y1), back = std::max(segment.y0, segment.y1);
        box = box ? Box{std::min(box->minX, left), std::min(box->minY, front), std::max(box->maxX, right), std::max(box->maxY, back)}
                  : Box{left, front, right, back};
    }
    return box;
}

/// Which lines of the layer are drawn how.
struct LayerDrawing {
    Lines printed, again, rest;
    std::optional<QPointF> resume, stop;
};

LayerDrawing drawLayer(const std::vector<gcode::Segment>& segments, const Frame& frame, ByteOffset resume,
                       const std::optional<recovery::StopInterval>& stop)
{
    LayerDrawing drawing;
    for (const gcode::Segment& segment : segments) {
        const QPointF from = frame.at(segment.x0, segment.y0), to = frame.at(segment.x1, segment.y1);
        if (!drawing.resume && segment.begin >= resume)
            drawing.resume = from;
        if (stop && segment.begin == stop->likely)
            drawing.stop = from + (to - from) * stop->likelyFraction;
        if (!segment.extrudes())
            continue;
        const bool again = stop && segment.begin >= resume && segment.begin < stop->likely;
        (segment.begin < resume ? drawing.printed : again ? drawing.again : drawing.rest).add(from, to);
    }
    return drawing;
}

QString layerCaption(const LayerDrawing& drawing)
{
    QStringList says{Words::tr("Strong lines are printed already, thin grey ones are printed next.")};
    if (drawing.resume)
        says << Words::tr("The circle is the resume point.");
    says << (drawing.stop ? Words::tr("The cross is where it most likely stopped.") : Words::tr("It did not stop in this layer, or nobody knows where."));
    return says.join(u' ');
}

struct Height {
    double z;
    QString name;
};

std::vector<Height> heightsOf(const recovery::Plan& plan)
{
    std::vector<Height> heights{{0, Words::tr("bed")}};
    if (plan.highestPrinted > 0)
        heights.push_back({plan.highestPrinted, Words::tr("highest printed point")});
    heights.push_back({plan.resumeZ, Words::tr("nozzle where the print goes on")});
    heights.push_back({plan.liftToZ, Words::tr("travels")});
    std::sort(heights.begin(), heights.end(), [](const Height& a, const Height& b) { return a.z < b.z; });
    return heights;
}

} // namespace

Result<ProofPicture> layerPicture(const gcode::Source& source, const gcode::FileIndex& index, const recovery::Plan& plan,
                                  const std::optional<recovery::StopInterval>& stop)
{
    const ByteOffset resume = plan.snapshot.byte;
    const gcode::Layer* layer = index.layerAt(resume);
    if (!layer)
        return fail(Error{.code = ErrorCode::BadByte, .detail = "the file has no layers", .byte = resume});
    const auto toolpath = gcode::readToolpath(source, index, layer->begin, layer->end, mostSegments);
    if (!toolpath)
        return fail(toolpath.error());
    const auto box = boxOf(toolpath->segments);
    if (!box)
        return fail(Error{.code = ErrorCode::BadByte, .detail = "the layer prints nothing", .byte = resume});
    const Frame frame(box->minX, box->minY, box->maxX, box->maxY);
    LayerDrawing drawing = drawLayer(toolpath->segments, frame, resume, stop);
    QString content = path(drawing.rest.take(), u"stroke=\"#9a9a9a\" stroke-width=\"0.7\""_s)
        + path(drawing.printed.take(), u"stroke=\"#202020\" stroke-width=\"1.6\""_s)
        + path(drawing.again.take(), u"stroke=\"#b00020\" stroke-width=\"1.6\" stroke-dasharray=\"6 3\""_s);
    if (drawing.stop)
        content += stopMark(*drawing.stop);
    if (drawing.resume)
        content += resumeMark(*drawing.resume);
    ProofPicture picture;
    picture.title = Words::tr("Layer %1 from above").arg(layer->index + 1);
    picture.caption = layerCaption(drawing);
    if (!toolpath->complete)
        picture.caption += u' ' + Words::tr("The layer has more lines than are drawn.");
    picture.width = pictureWidth;
    picture.height = frame.height();
    picture.svg = svg(picture.width, picture.height, content);
    return picture;
}

ProofPicture heightPicture(const recovery::Plan& plan)
{
    constexpr double height = 320, left = 40, right = 380, top = 24, bottom = height - 24, apart = 16;
    const std::vector<Height> heights = heightsOf(plan);
    const double highest = std::max(heights.back().z * 1.15, 1.0);
    const auto y = [&](double z) { return bottom - std::clamp(z / highest, 0.0, 1.0) * (bottom - top); };
    QString content = u"<rect x=\"%1\" y=\"%2\" width=\"%3\" height=\"%4\" fill=\"#d8d8d8\" stroke=\"#202020\"/>"_s.arg(
        decimals(left + 90), decimals(y(plan.highestPrinted)), decimals(140), decimals(bottom - y(plan.highestPrinted)));
    const double from = left + 30, over = left + 160;
    content += path(u"M%1 %2L%3 %2L%3 %4"_s.arg(decimals(from), decimals(y(plan.liftToZ)), decimals(over), decimals(y(plan.resumeZ))),
                    u"stroke=\"#b00020\" stroke-width=\"2\" stroke-dasharray=\"6 3\""_s);
    content += resumeMark({over, y(plan.resumeZ)});
    double labelAt = height; // upwards, so that equal heights do not lie on each other
    QStringList said;
    for (const Height& level : heights) {
        labelAt = std::min(y(level.z), labelAt - apart);
        content += path(u"M%1 %2L%3 %2L%4 %5"_s.arg(decimals(left), decimals(y(level.z)), decimals(right), decimals(right + 16), decimals(labelAt)),
                        u"stroke=\"#606060\" stroke-width=\"0.8\" stroke-dasharray=\"2 3\""_s);
        const QString text = Words::tr("%1: %2").arg(level.name, millimetres(level.z));
        content += label({right + 20, labelAt + 4}, text);
        said << text;
    }
    ProofPicture picture;
    picture.title = Words::tr("Heights from the side");
    picture.caption = Words::tr("Schematic; heights above the bed are to scale. %1.").arg(said.join(u"; "_s));
    picture.width = pictureWidth;
    picture.height = static_cast<int>(height);
    picture.svg = svg(picture.width, picture.height, content);
    return picture;
}

} // namespace kintsugi::app
