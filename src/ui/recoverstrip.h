// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "recoverability.h"

class QPainter;
class QRectF;

namespace kintsugi::ui {

struct Colours;

/// One layer or run of layers: a low bar where a stop could be resumed, high and hatched where not.
void paintRecoverable(QPainter& painter, const QRectF& box, bool ok, const Colours& colours);

/// Which layers of a file could be resumed, over the length of a layer slider. Tool tips say why not.
class RecoverStrip final : public QWidget
{
    Q_OBJECT
public:
    explicit RecoverStrip(QWidget* parent = nullptr);
    void setLayers(app::Recoverability layers); ///< nullptr hides it
    [[nodiscard]] QString textAt(std::size_t layer) const;
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    app::Recoverability m_layers;
    std::vector<app::RecoverableRun> m_runs;
};

} // namespace kintsugi::ui
