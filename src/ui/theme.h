// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QFont>
#include <QIcon>
#include <QPalette>
#include <QString>

class QWidget;

/// The one place for spacing, for colours that the palette does not have, and for icons. Everything follows the person's
/// palette and font: nothing here is a theme of its own.
namespace kintsugi::ui {

namespace spacing {
inline constexpr int tight = 4;  ///< px between things that belong together
inline constexpr int normal = 8;
inline constexpr int wide = 16;  ///< px between groups and around pages
} // namespace spacing

struct Colours {
    QColor text, dim, line, panel, page;
    QColor accent;    ///< data, selection, "to print"
    QColor accentText;///< on accent
    QColor warning, danger, good;
    QColor dangerText;///< on danger
    QColor interval;  ///< translucent, behind data
    QColor ghost;     ///< what is not printed yet
};

[[nodiscard]] bool isDark(const QPalette& palette);
[[nodiscard]] Colours colours(const QPalette& palette);
[[nodiscard]] QColor mixed(const QColor& a, const QColor& b, double shareOfB);

/// Own symbolic icon `name` of resources/icons, drawn in the palette's text colour at the moment of painting.
[[nodiscard]] QIcon icon(const QString& name);

[[nodiscard]] QFont smaller(const QFont& font);
[[nodiscard]] QFont bold(const QFont& font);
[[nodiscard]] QFont fixedFont(const QFont& like); ///< the person's fixed font in the size of `like`

/// Recolours the text of a label or the face of a button; keeps following later palette changes of the application.
enum class Tone { Normal, Dim, Warning, Danger, Good };
void setTone(QWidget* label, Tone tone);
void makeHeading(QWidget* label, double scale = 1.2);

} // namespace kintsugi::ui
