// SPDX-License-Identifier: GPL-3.0-or-later
#include "messagebar.h"

#include <QAccessible>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>

#include "errortext.h"
#include "shapes.h"
#include "theme.h"

namespace kintsugi::ui {

namespace {

QColor colourOf(MessageBar::Kind kind, const QPalette& palette)
{
    const Colours c = colours(palette);
    switch (kind) {
    case MessageBar::Kind::Note: return c.accent;
    case MessageBar::Kind::Warning: return c.warning;
    case MessageBar::Kind::Error: return c.danger;
    }
    return c.accent;
}

Shape shapeOfKind(MessageBar::Kind kind)
{
    switch (kind) {
    case MessageBar::Kind::Note: return Shape::Letter;
    case MessageBar::Kind::Warning: return Shape::Diamond;
    case MessageBar::Kind::Error: return Shape::Hexagon;
    }
    return Shape::Letter;
}

} // namespace

MessageBar::MessageBar(QWidget* parent)
    : QFrame(parent)
    , m_sign(new QLabel(this))
    , m_text(new QLabel(this))
    , m_action(new QPushButton(this))
    , m_close(new QToolButton(this))
{
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(spacing::normal, spacing::tight, spacing::tight, spacing::tight);
    m_text->setTextFormat(Qt::PlainText);
    m_text->setWordWrap(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    m_text->setAccessibleName(tr("Message"));
    m_text->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    m_close->setIcon(icon(QStringLiteral("close")));
    m_close->setAutoRaise(true);
    m_close->setAccessibleName(tr("Dismiss this message"));
    m_close->setToolTip(tr("Dismiss"));
    m_close->setFocusPolicy(Qt::TabFocus);
    row->addWidget(m_sign);
    row->addWidget(m_text, 1);
    row->addWidget(m_action);
    row->addWidget(m_close);
    m_action->setAccessibleName(tr("What can be done"));
    m_action->hide();
    connect(m_action, &QPushButton::clicked, this, &MessageBar::actionPressed);
    connect(m_close, &QToolButton::clicked, this, [this] {
        hide();
        emit dismissed();
    });
    hide();
}

void MessageBar::say(Kind kind, const QString& what, const QString& whatToDo)
{
    m_kind = kind;
    const int size = fontMetrics().height();
    m_sign->setPixmap(shapeIcon(shapeOfKind(kind), colourOf(kind, palette()), size).pixmap(size, size));
    const QString signName = kind == Kind::Note ? tr("Note") : kind == Kind::Warning ? tr("Warning") : tr("Error");
    m_sign->setAccessibleName(signName);
    m_text->setText(whatToDo.isEmpty() ? what : QString(what + QLatin1Char('\n') + whatToDo));
    setAccessibleName(signName);
    setAccessibleDescription(m_text->text());
    show();
    update();
    QAccessibleEvent event(this, QAccessible::Alert);
    QAccessible::updateAccessibility(&event);
}

void MessageBar::sayError(const Error& error)
{
    if (error.code == ErrorCode::Cancelled)
        return;
    const app::ErrorText words = app::errorText(error);
    say(Kind::Error, words.what, words.whatToDo);
}

void MessageBar::offer(const QString& action)
{
    m_action->setText(action);
    m_action->setAccessibleName(QString(action).remove(QLatin1Char('&')));
    m_action->setVisible(!action.isEmpty());
}

QString MessageBar::text() const
{
    return isHidden() ? QString() : m_text->text();
}

void MessageBar::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QColor colour = colourOf(m_kind, palette());
    painter.setPen(colour);
    painter.setBrush(mixed(colours(palette()).panel, colour, 0.10));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4);
}

} // namespace kintsugi::ui
