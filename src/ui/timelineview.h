// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>

#include <QWidget>

#include "timelineaxis.h"
#include "timelinedata.h"

namespace kintsugi::ui {

/// The lanes of one job over one horizontal axis, its snapshots, the interruption and the layer strip. Shows data that its
/// owner keeps and appends to; new samples are taken in by slices so that the window never waits.
///
/// Mouse: wheel zooms at the pointer, drag pans, click selects, Shift+click sets the second cursor, the strip moves the view.
/// Keys: Left/Right move the selection (Shift: the second cursor, Ctrl: the view), Page Up/Down go from snapshot to snapshot,
/// + and - zoom, 0 shows all, Home/End go to the ends.
class TimelineView final : public QWidget
{
    Q_OBJECT
public:
    struct Span { double from = 0, to = 1; [[nodiscard]] double length() const { return to - from; } };
    /// Between the two cursors; absent = not known at one of them.
    struct Measure { std::optional<double> seconds, millimetres, bytes; };

    explicit TimelineView(QWidget* parent = nullptr);
    ~TimelineView() override;

    void setData(const app::TimelineData* shown); ///< not owned; nullptr = nothing to show
    void refresh();                              ///< after the owner appended to it or changed its parts
    [[nodiscard]] bool isCaughtUp() const;       ///< all samples are taken in

    void setAxis(TimelineAxis axis);             ///< keeps the selection in view
    [[nodiscard]] TimelineAxis axis() const;
    [[nodiscard]] Span whole() const;
    [[nodiscard]] Span visibleSpan() const;
    void showSpan(Span span);
    void showAll();
    void zoom(double factor, double at);         ///< factor > 1 shows less; `at` stays where it is

    void select(std::optional<ByteOffset> byte); ///< does not emit
    [[nodiscard]] std::optional<ByteOffset> selectedByte() const;
    [[nodiscard]] std::optional<Measure> measure() const;
    [[nodiscard]] QString selectionText() const; ///< what the accessible description says

    [[nodiscard]] double xToPixel(double x) const;
    [[nodiscard]] double pixelToX(double pixel) const;
    [[nodiscard]] QRect laneArea() const;
    [[nodiscard]] QRect snapshotLane() const;
    [[nodiscard]] QRect recoverableLane() const; ///< empty while no layer is judged
    [[nodiscard]] QRect strip() const;
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

signals:
    void selected(kintsugi::ByteOffset byte);    ///< by the person
    void activated(kintsugi::ByteOffset byte);   ///< double click or Return: resume from here
    void visibleChanged();
    void measured();

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
    bool event(QEvent* event) override;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace kintsugi::ui
