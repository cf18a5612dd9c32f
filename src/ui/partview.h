// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <QPointF>
#include <QWidget>

#include "featurestyle.h"
#include "filecache.h"
#include "recovery/planpicture.h"
#include "recovery/stopinterval.h"

namespace kintsugi::ui {

/// One layer of the file from above, by feature: what is printed solid, the rest and the layer below ghosted, ◎ the resume
/// point, ✕ where it stopped, the stop interval shaded; of a plan the way of the nozzle, where it passes lowest or runs into
/// the part, bed and head. The path is read and drawn off the GUI thread.
///
/// Mouse: click picks the nearest printed line, wheel zooms, drag pans, double click shows all.
/// Keys: Left/Right go from line to line, Up/Down scrub along the layer, Return goes on where the scrubbing stands, Shift and
/// an arrow pan, + and - zoom, 0 shows all, B shows the bed, Page Up/Down ask for another layer.
class PartView final : public QWidget
{
    Q_OBJECT
public:
    explicit PartView(QWidget* parent = nullptr);
    ~PartView() override;

    void setFile(std::shared_ptr<const app::OpenFile> file);
    void setProgress(double fraction);                  ///< 0..1, shown while there is no file
    void setStop(const std::optional<recovery::StopInterval>& stop);
    void setPicture(std::shared_ptr<const recovery::PlanPicture> picture); ///< of a plan; nullptr = none
    void showLayer(std::size_t layer);                  ///< from 0
    [[nodiscard]] std::optional<std::size_t> layer() const;
    /// Everything before it counts as printed; also marks it. Does not change the layer.
    void setResumeByte(std::optional<ByteOffset> byte);
    [[nodiscard]] bool isReady() const;                 ///< the layer's path is there
    [[nodiscard]] bool isDrawn() const;                 ///< what was painted last shows it as it is now
    [[nodiscard]] std::optional<ByteOffset> lineAt(const QPointF& pixel) const; ///< start of the nearest extruding line
    [[nodiscard]] QPointF toPixel(double x, double y) const; ///< of the file's mm

    /// Shows the layer as it is when `share` (0..1) of its lines have run; nullopt = as the resume point says.
    void scrub(std::optional<double> share);
    [[nodiscard]] std::optional<double> scrubbed() const;
    [[nodiscard]] std::optional<ByteOffset> scrubByte() const;
    [[nodiscard]] QString scrubText() const;            ///< how far, where, what; empty when nothing is scrubbed

    void zoomBy(double factor);                         ///< around the middle
    void showAll();
    void pickScrubbed();                                ///< picked() with the line where the scrubbing stands
    void showBed();                                     ///< all of the travel; without a plan as showAll()
    [[nodiscard]] std::vector<FeatureClass> classes() const; ///< of the layer
    [[nodiscard]] bool isAnnounced() const;             ///< the file names features
    [[nodiscard]] int marks() const;                    ///< of PartLegend::Mark, shown now

    /// While on, a click names a place on the part (placePicked) and no line.
    void setPlacePicking(bool on);
    void setPlaces(const std::vector<QPointF>& places); ///< machine mm, shown as 1, 2, 3 …
    [[nodiscard]] QString descriptionText() const;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

signals:
    void picked(kintsugi::ByteOffset byte);
    void placePicked(const QPointF& millimetres);
    void layerWanted(std::size_t layer);                ///< the person asked for it by key
    void scrubChanged();
    void shownChanged();                                ///< classes() or marks() changed
    void ready();
    void failed(const kintsugi::Error& error);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void changeEvent(QEvent* event) override;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace kintsugi::ui
