// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <QPointF>
#include <QWidget>

#include "filecache.h"
#include "recovery/stopinterval.h"

namespace kintsugi::ui {

/// One layer of the file from above: what is printed solid, the rest ghosted, ◎ the resume point, ✕ where it stopped, the
/// stop interval shaded. The path is read and drawn off the GUI thread.
///
/// Mouse: click picks the nearest printed line, wheel zooms, drag pans, double click shows all.
/// Keys: Left/Right go from line to line, + and - zoom, 0 shows all, Page Up/Down ask for another layer.
class PartView final : public QWidget
{
    Q_OBJECT
public:
    explicit PartView(QWidget* parent = nullptr);
    ~PartView() override;

    void setFile(std::shared_ptr<const app::OpenFile> file);
    void setProgress(double fraction);                  ///< 0..1, shown while there is no file
    void setStop(const std::optional<recovery::StopInterval>& stop);
    void showLayer(std::size_t layer);                  ///< from 0
    [[nodiscard]] std::optional<std::size_t> layer() const;
    /// Everything before it counts as printed; also marks it. Does not change the layer.
    void setResumeByte(std::optional<ByteOffset> byte);
    [[nodiscard]] bool isReady() const;                 ///< the layer's path is there
    [[nodiscard]] bool isDrawn() const;                 ///< what was painted last shows it as it is now
    [[nodiscard]] std::optional<ByteOffset> lineAt(const QPointF& pixel) const; ///< start of the nearest extruding line
    [[nodiscard]] QPointF toPixel(double x, double y) const; ///< of machine mm
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
