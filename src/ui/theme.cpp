// SPDX-License-Identifier: GPL-3.0-or-later
#include "theme.h"

#include <utility>

#include <QApplication>
#include <QEvent>
#include <QFile>
#include <QFontDatabase>
#include <QIconEngine>
#include <QPainter>
#include <QPixmap>
#include <QSvgRenderer>
#include <QWidget>

using namespace Qt::StringLiterals;

namespace kintsugi::ui {

namespace {

class SymbolicIcon final : public QIconEngine
{
public:
    explicit SymbolicIcon(QString name)
        : m_name(std::move(name))
    {
    }
    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override
    {
        const QPalette palette = QGuiApplication::palette();
        const auto group = mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active;
        const QColor colour = palette.color(group, mode == QIcon::Selected ? QPalette::HighlightedText : QPalette::ButtonText);
        QFile file(u":/icons/"_s + m_name + u".svg"_s);
        if (!file.open(QIODevice::ReadOnly))
            return;
        QByteArray svg = file.readAll();
        svg.replace("currentColor", colour.name().toLatin1());
        QSvgRenderer(svg).render(painter, rect);
    }
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override
    {
        QPixmap pixmap(size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        paint(&painter, QRect(QPoint(), size), mode, state);
        return pixmap;
    }
    [[nodiscard]] QIconEngine* clone() const override { return new SymbolicIcon(m_name); }

private:
    QString m_name;
};

/// Sets a palette role again whenever the application's palette changes; a child of the widget it serves.
class ToneKeeper final : public QObject
{
public:
    ToneKeeper(QWidget* widget, Tone tone)
        : QObject(widget)
        , m_widget(widget)
        , m_tone(tone)
    {
        widget->installEventFilter(this);
        apply();
    }
    void setTone(Tone tone)
    {
        m_tone = tone;
        apply();
    }
    bool eventFilter(QObject* watched, QEvent* event) override
    {
        if (event->type() == QEvent::PaletteChange || event->type() == QEvent::ApplicationPaletteChange)
            apply();
        return QObject::eventFilter(watched, event);
    }

private:
    void apply()
    {
        if (std::exchange(m_applying, true))
            return; // our own setPalette() told of itself
        const QPalette base = QApplication::palette(m_widget);
        QPalette palette = m_widget->palette();
        const Colours c = colours(base);
        const auto pick = [&]() -> QColor {
            switch (m_tone) {
            case Tone::Normal: return c.text;
            case Tone::Dim: return c.dim;
            case Tone::Warning: return c.warning;
            case Tone::Danger: return c.danger;
            case Tone::Good: return c.good;
            }
            return c.text;
        };
        palette.setColor(QPalette::WindowText, pick());
        palette.setColor(QPalette::Text, pick());
        m_widget->setPalette(palette);
        m_applying = false;
    }
    QWidget* m_widget;
    Tone m_tone;
    bool m_applying = false;
};

} // namespace

bool isDark(const QPalette& palette)
{
    return palette.color(QPalette::Window).lightnessF() < palette.color(QPalette::WindowText).lightnessF();
}

QColor mixed(const QColor& a, const QColor& b, double shareOfB)
{
    const auto part = [&](float x, float y) { return static_cast<float>(x + (y - x) * shareOfB); };
    return QColor::fromRgbF(part(a.redF(), b.redF()), part(a.greenF(), b.greenF()), part(a.blueF(), b.blueF()));
}

Colours colours(const QPalette& palette)
{
    const bool dark = isDark(palette);
    Colours c;
    c.text = palette.color(QPalette::WindowText);
    c.page = palette.color(QPalette::Window);
    c.panel = palette.color(QPalette::Base);
    c.dim = mixed(c.text, c.panel, 0.36);
    c.line = mixed(c.text, c.panel, 0.80);
    // Each reaches 4.5:1 on the usual base colours of its mode.
    c.accent = dark ? QColor(0x6e, 0xa8, 0xfe) : QColor(0x24, 0x61, 0xc9);
    c.accentText = dark ? QColor(0x0b, 0x16, 0x28) : QColor(Qt::white);
    c.warning = dark ? QColor(0xf0, 0xa8, 0x4c) : QColor(0x9a, 0x5b, 0x00);
    c.danger = dark ? QColor(0xf2, 0x6d, 0x6d) : QColor(0xc4, 0x24, 0x24);
    c.dangerText = dark ? QColor(0x22, 0x08, 0x08) : QColor(Qt::white);
    c.good = dark ? QColor(0x6b, 0xc7, 0x70) : QColor(0x1d, 0x78, 0x22);
    c.interval = c.warning;
    c.interval.setAlphaF(0.28F);
    c.ghost = mixed(c.accent, c.panel, dark ? 0.45 : 0.50);
    return c;
}

QIcon icon(const QString& name)
{
    return QIcon(new SymbolicIcon(name));
}

QFont smaller(const QFont& font)
{
    QFont result = font;
    if (font.pointSizeF() > 0)
        result.setPointSizeF(font.pointSizeF() * 0.88);
    else
        result.setPixelSize(static_cast<int>(font.pixelSize() * 0.88));
    return result;
}

QFont bold(const QFont& font)
{
    QFont result = font;
    result.setWeight(QFont::DemiBold);
    return result;
}

QFont fixedFont(const QFont& like)
{
    QFont result = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    if (like.pointSizeF() > 0)
        result.setPointSizeF(like.pointSizeF());
    return result;
}

void setTone(QWidget* label, Tone tone)
{
    for (QObject* child : label->children()) {
        if (auto* keeper = dynamic_cast<ToneKeeper*>(child)) {
            keeper->setTone(tone);
            return;
        }
    }
    new ToneKeeper(label, tone);
}

void makeHeading(QWidget* label, double scale)
{
    QFont font = bold(label->font());
    if (font.pointSizeF() > 0)
        font.setPointSizeF(font.pointSizeF() * scale);
    label->setFont(font);
}

} // namespace kintsugi::ui
