// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>

#include <QWidget>

#include "filecache.h"
#include "recovery/planpicture.h"

namespace kintsugi::ui {

/// The part from the front (over X) or from the right (over Y), with every height that matters: bed, top of what is printed,
/// resume layer, stages of the approach, travel height, the printer's highest Z; and the way of the nozzle in it.
///
/// Mouse: click asks for the layer of that height, wheel zooms, drag pans, double click shows all.
/// Keys: Page Up/Down ask for another layer, arrows pan, + and - zoom, 0 shows all.
class SideView final : public QWidget
{
    Q_OBJECT
public:
    enum class From { Front, Right };
    explicit SideView(QWidget* parent = nullptr);
    ~SideView() override;

    void setFile(std::shared_ptr<const app::OpenFile> file);
    void setPicture(std::shared_ptr<const recovery::PlanPicture> picture); ///< nullptr = none
    void showLayer(std::size_t layer);
    void setFrom(From from);
    [[nodiscard]] From from() const;
    void zoomBy(double factor);
    void showAll();
    [[nodiscard]] QPointF toPixel(double across, double z) const; ///< machine mm
    [[nodiscard]] QStringList heightTexts() const;               ///< "4.20 mm: top of the part so far", from below
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

signals:
    void layerWanted(std::size_t layer);

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
