// SPDX-License-Identifier: GPL-3.0-or-later
#include "assistantpage.h"

#include <QLabel>
#include <QVBoxLayout>

#include "theme.h"

namespace kintsugi::ui {

AssistantPage::AssistantPage(app::ResumeFlow& flow, const QString& title, const QString& heading, QWidget* parent)
    : QWidget(parent)
    , m_flow(flow)
    , m_title(title)
    , m_heading(new QLabel(heading, this))
    , m_body(new QVBoxLayout(this))
{
    setAccessibleName(title);
    m_heading->setWordWrap(true);
    m_heading->setTextFormat(Qt::PlainText);
    makeHeading(m_heading, 1.25);
    m_body->setContentsMargins(spacing::wide, spacing::tight, spacing::wide, spacing::tight);
    m_body->setSpacing(spacing::normal);
    m_body->addWidget(m_heading);
}

void AssistantPage::setHeading(const QString& heading)
{
    m_heading->setText(heading);
}

QLabel* AssistantPage::addSentence(const QString& text)
{
    auto* label = new QLabel(text, this);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    setTone(label, Tone::Dim);
    m_body->addWidget(label);
    return label;
}

QLabel* AssistantPage::addSubheading(const QString& text)
{
    auto* label = new QLabel(text, this);
    label->setFont(bold(label->font()));
    label->setTextFormat(Qt::PlainText);
    m_body->addSpacing(spacing::normal);
    m_body->addWidget(label);
    return label;
}

} // namespace kintsugi::ui
