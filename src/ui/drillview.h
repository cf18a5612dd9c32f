// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace kintsugi::ui {

/// The two combs of one wall as they look when a pair of teeth is in line: what to compare the printed part with.
class VernierView final : public QWidget
{
    Q_OBJECT
public:
    /// `right`: what lies to the right, e.g. "X+".
    explicit VernierView(const QString& right, QWidget* parent = nullptr);
    void setTooth(double tooth); ///< from the long one, to the right > 0; halves lie between two pairs
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

signals:
    void toothPicked(int tooth); ///< a pair was clicked

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;

private:
    [[nodiscard]] double scale() const; ///< px a mm of wall
    void paintComb(QPainter& painter, bool above) const;

    QString m_right;
    double m_tooth = 0;
};

/// The part from its right side: where the caliper goes for the ledge and for the whole height.
class LedgeView final : public QWidget
{
    Q_OBJECT
public:
    LedgeView(double ledge, double height, QWidget* parent = nullptr);
    void setPart(double ledge, double height); ///< mm, as the file says
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    double m_ledge, m_height;
};

} // namespace kintsugi::ui
