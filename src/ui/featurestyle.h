// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <vector>

#include <QWidget>

#include "gcode/layerpath.h"
#include "pathraster.h"

class QPainter;

namespace kintsugi::ui {

struct Colours;

/// Features that look alike in the part view.
enum class FeatureClass { OuterWall, InnerWall, Surface, Infill, Bridge, Support, Beside, Other };
inline constexpr std::size_t featureClasses = 8;
[[nodiscard]] FeatureClass classOf(gcode::Feature feature);
[[nodiscard]] QString nameOf(FeatureClass kind, bool announced); ///< not announced: "printed path"

/// Colour, weight and dash of a class, so that none is told by its colour alone. `scale`: device pixels a mm.
[[nodiscard]] LineLook lookOf(FeatureClass kind, bool printed, double scale, double ratio, const Colours& colours);

/// What the lines of a part view mean: of the classes that the layer has, and of the marks that are shown.
class PartLegend final : public QWidget
{
    Q_OBJECT
public:
    enum Mark { Open = 1, Below = 2, Interval = 4, Stop = 8, Resume = 16, Way = 32, Lowest = 64, Collision = 128, Head = 256 };
    explicit PartLegend(QWidget* parent = nullptr);
    void setEntries(const std::vector<FeatureClass>& classes, bool announced, int marks);
    [[nodiscard]] QString text() const;          ///< all of it in words
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] bool hasHeightForWidth() const override { return true; }
    [[nodiscard]] int heightForWidth(int width) const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Entry { int kind; QString name; }; ///< below featureClasses: a class, else 1000 + mark
    [[nodiscard]] int layOut(int width, const std::function<void(const Entry&, const QRect&)>& place) const;
    void paintSign(QPainter& painter, const Entry& entry, const QRectF& box) const;
    std::vector<Entry> m_entries;
};

/// The classes a path extrudes, in the order of the enumeration.
[[nodiscard]] std::vector<FeatureClass> classesOf(const gcode::LayerPath& path);

} // namespace kintsugi::ui
