// SPDX-License-Identifier: GPL-3.0-or-later
#include "ownlinespanel.h"

#include <algorithm>

#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTextBlock>

#include "errortext.h"
#include "recovery/ownlines.h"
#include "theme.h"

namespace kintsugi::ui {

namespace {

std::vector<std::string> linesOf(const QPlainTextEdit& text)
{
    std::vector<std::string> lines;
    for (const QString& line : text.toPlainText().split(QLatin1Char('\n'))) {
        if (!line.trimmed().isEmpty())
            lines.push_back(line.trimmed().toStdString());
    }
    return lines;
}

} // namespace

OwnLinesPanel::OwnLinesPanel(app::ResumeFlow& flow, QWidget* parent)
    : QWidget(parent)
    , m_flow(flow)
{
    auto* column = new QVBoxLayout(this);
    auto* hint = new QLabel(tr("Lines of your own at four places. They are executed in thought like the plan's own steps; lines that home or probe are refused."), this);
    hint->setWordWrap(true);
    setTone(hint, Tone::Dim);
    column->addWidget(hint);
    auto* grid = new QGridLayout;
    grid->addWidget(makeEditor(0, tr("Before anything heats"), tr("The nozzle may stick to the part: nothing may move.")), 0, 0);
    grid->addWidget(makeEditor(1, tr("After the lift"), tr("X and Y may not be homed: Z alone, upwards.")), 0, 1);
    grid->addWidget(makeEditor(2, tr("After Z is registered"), tr("The nozzle is cold: no extrusion, nothing below the travel height.")), 1, 0);
    grid->addWidget(makeEditor(3, tr("Before the first plastic"), tr("Hot, beside the print, before the prime.")), 1, 1);
    column->addLayout(grid, 1);
    auto* row = new QHBoxLayout;
    m_suggest = new QPushButton(tr("&Fill in what the printer's configuration runs"), this);
    m_suggest->setAccessibleDescription(tr("Lines of before_resume_gcode and after_resume_gcode, to look at and change"));
    m_suggest->setToolTip(m_suggest->accessibleDescription());
    auto* take = new QPushButton(tr("&Use these lines"), this);
    row->addWidget(m_suggest);
    row->addStretch(1);
    row->addWidget(take);
    column->addLayout(row);
    connect(take, &QPushButton::clicked, this, &OwnLinesPanel::use);
    connect(m_suggest, &QPushButton::clicked, this, &OwnLinesPanel::fillIn);
    connect(&flow, &app::ResumeFlow::planned, this, &OwnLinesPanel::showFlow);
    showFlow();
}

QWidget* OwnLinesPanel::makeEditor(std::size_t which, const QString& name, const QString& rule)
{
    auto* part = new QWidget(this);
    auto* column = new QVBoxLayout(part);
    column->setContentsMargins({});
    column->setSpacing(spacing::tight);
    auto* label = new QLabel(name, part);
    label->setFont(bold(font()));
    auto* text = new QPlainTextEdit(part);
    text->setTabChangesFocus(true);
    text->setLineWrapMode(QPlainTextEdit::NoWrap);
    text->setFont(fixedFont(font()));
    text->setAccessibleName(name);
    text->setAccessibleDescription(rule);
    text->setPlaceholderText(rule);
    text->setMinimumHeight(fontMetrics().height() * 3);
    auto* note = new QLabel(part);
    note->setWordWrap(true);
    note->setTextFormat(Qt::PlainText);
    note->hide();
    column->addWidget(label);
    column->addWidget(text, 1);
    column->addWidget(note);
    m_editors[which] = {std::string(recovery::ownLinePlaces[which]), text, note};
    connect(text, &QPlainTextEdit::textChanged, text, [text] { text->setExtraSelections({}); });
    return part;
}

void OwnLinesPanel::showFlow()
{
    m_suggest->setEnabled(!m_flow.suggestedOwnLines().empty());
    const auto& error = m_flow.planError();
    m_isRefused = false;
    for (Editor& editor : m_editors) {
        editor.note->hide();
        editor.text->setExtraSelections({});
        if (error && error->field == editor.place) {
            m_isRefused = true;
            showRefused(editor, QString::fromStdString(error->detail));
        } else if (m_flow.plan()) {
            showUnsimulated(editor);
        }
    }
}

void OwnLinesPanel::showRefused(Editor& editor, const QString& line)
{
    for (QTextBlock block = editor.text->document()->begin(); block.isValid(); block = block.next()) {
        const QString own = block.text().trimmed();
        if (own.isEmpty() || !(line == own || line.startsWith(QString(own + QStringLiteral(" (")))))
            continue; // the reason stands behind the line
        QTextEdit::ExtraSelection mark;
        QColor back = colours(palette()).danger;
        back.setAlphaF(0.25F);
        mark.format.setBackground(back);
        mark.format.setProperty(QTextFormat::FullWidthSelection, true);
        mark.cursor = QTextCursor(block);
        editor.text->setExtraSelections({mark});
        editor.note->setText(tr("Line %1 is refused here: %2").arg(block.blockNumber() + 1).arg(app::printable(line)));
        break;
    }
    if (editor.text->extraSelections().isEmpty())
        editor.note->setText(app::errorText(*m_flow.planError()).full());
    setTone(editor.note, Tone::Danger);
    editor.note->show();
}

void OwnLinesPanel::showUnsimulated(Editor& editor)
{
    QStringList lines;
    for (const recovery::Unsimulated& one : m_flow.plan()->unsimulated) {
        if (one.place == editor.place)
            lines << app::printable(QString::fromStdString(one.line));
    }
    if (lines.isEmpty())
        return;
    editor.note->setText(tr("Runs unchecked, nobody knows what it does: %1").arg(lines.join(QStringLiteral(", "))));
    setTone(editor.note, Tone::Warning);
    editor.note->show();
}

void OwnLinesPanel::use()
{
    std::map<std::string, std::vector<std::string>> given;
    for (const Editor& editor : m_editors) {
        if (auto lines = linesOf(*editor.text); !lines.empty())
            given[editor.place] = std::move(lines);
    }
    m_flow.setOwnLines(given); // plans again
}

void OwnLinesPanel::fillIn()
{
    const auto suggested = m_flow.suggestedOwnLines();
    for (Editor& editor : m_editors) {
        const auto it = suggested.find(editor.place);
        if (it == suggested.end())
            continue;
        auto lines = linesOf(*editor.text);
        for (const std::string& line : it->second) {
            if (std::find(lines.begin(), lines.end(), line) == lines.end())
                lines.push_back(line); // what the person wrote stays
        }
        QStringList text;
        for (const std::string& line : lines)
            text << QString::fromStdString(line);
        editor.text->setPlainText(text.join(QLatin1Char('\n')));
    }
}

} // namespace kintsugi::ui
