// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace kintsugi::ui {

/// The printer's state as a shape and words in a rounded frame.
class StatePill final : public QWidget
{
    Q_OBJECT
public:
    explicit StatePill(QWidget* parent = nullptr);
    void setState(const QString& shapeKey, const QString& words);
    [[nodiscard]] QString words() const { return m_words; }
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString m_shape, m_words;
};

} // namespace kintsugi::ui
