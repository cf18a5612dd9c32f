// SPDX-License-Identifier: GPL-3.0-or-later
#include "statepage.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>
#include <QTableView>

#include "errortext.h"
#include "tables.h"
#include "theme.h"
#include "uitext.h"

namespace kintsugi::ui {

namespace {

constexpr std::size_t mostNames = 8; // of macros in one sentence

QString fieldName(const std::vector<recovery::FieldRow>& rows, const std::string& key)
{
    const auto it = std::find_if(rows.begin(), rows.end(), [&](const recovery::FieldRow& row) { return row.key == key; });
    return it == rows.end() ? QString::fromStdString(key) : app::text(it->label);
}

} // namespace

StatePage::StatePage(app::ResumeFlow& flow, app::Session& session, QWidget* parent)
    : AssistantPage(flow, tr("State"), tr("The state at this point"), parent)
    , m_session(session)
    , m_table(new QTableView(this))
    , m_reason(new QLineEdit(this))
{
    makeTop();
    makeFields();
    connect(&flow, &app::ResumeFlow::chosenChanged, this, &StatePage::showFlow);
    connect(&flow, &app::ResumeFlow::planned, this, &StatePage::showFlow);
    connect(&session, &app::Session::sampled, this, &StatePage::showNow);
    connect(&session, &app::Session::stateChanged, this, &StatePage::showNow);
    showNow();
    showFlow();
}

void StatePage::makeTop()
{
    m_summary = addSentence();
    m_conflicts = addSentence();
    setTone(m_conflicts, Tone::Warning);
    m_conflicts->setAccessibleName(tr("Conflicts"));
    m_guesses = new QWidget(this);
    auto* column = new QVBoxLayout(m_guesses);
    column->setContentsMargins({});
    column->setSpacing(spacing::tight);
    body()->addWidget(m_guesses);
}

void StatePage::makeFields()
{
    m_table->setModel(&m_model);
    makeTable(m_table, tr("Fields, double click a value to change it"), app::FieldModel::Remark);
    m_table->setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed | QAbstractItemView::AnyKeyPressed);
    m_table->setMinimumHeight(fontMetrics().height() * 8);
    body()->addWidget(m_table, 1);
    m_lost = addSentence();
    m_lost->setAccessibleName(tr("What cannot be restored"));
    auto* row = new QHBoxLayout;
    auto* label = new QLabel(tr("&Reason for the next change"), this);
    label->setBuddy(m_reason);
    m_reason->setAccessibleName(tr("Reason for the next change"));
    m_reason->setPlaceholderText(tr("for example: turned the bed up by hand"));
    row->addWidget(label);
    row->addWidget(m_reason, 1);
    body()->addLayout(row);
    m_refused = addSentence();
    setTone(m_refused, Tone::Danger);
    m_refused->hide();
    m_model.follow(&flow());
    connect(m_reason, &QLineEdit::textChanged, this, [this](const QString& text) { m_model.setReason(text); });
    connect(&m_model, &app::FieldModel::editRefused, this, [this](const Error& error) {
        const bool reasonMissing = error.field == "reason";
        m_refused->setText(reasonMissing ? tr("Say why first: a changed value is kept with its reason.") : app::errorText(error).full());
        m_refused->show();
        if (reasonMissing)
            m_reason->setFocus();
    });
}

bool StatePage::isComplete() const
{
    return !flow().snapshot() || flow().snapshot()->unconfirmed().empty();
}

void StatePage::showNow()
{
    const bool here = m_session.host().state == link::HostState::Ready;
    m_model.setNow(here ? m_session.sample() : std::nullopt);
}

void StatePage::showFlow()
{
    m_refused->hide();
    emit completeChanged();
    const auto& snapshot = flow().snapshot();
    if (!snapshot) {
        m_summary->setText(tr("Choose a point first."));
        for (QWidget* widget : {m_guesses, static_cast<QWidget*>(m_conflicts), static_cast<QWidget*>(m_lost)})
            widget->hide();
        return;
    }
    const QLocale locale;
    const auto missing = snapshot->missing();
    const QString known = tr("%1 of %2 fields are known.").arg(locale.toString(static_cast<qulonglong>(snapshot->knownFields())),
                                                             locale.toString(static_cast<qulonglong>(snapshot->fields.size())));
    m_summary->setText(missing.empty()
                           ? tr("%1 Unknown stays unknown: it is never taken for 0.").arg(known)
                           : tr("%1 Without the fields marked as missing the print cannot go on: fill them in here.").arg(known));
    setTone(m_summary, missing.empty() ? Tone::Dim : Tone::Danger);
    showGuesses(*snapshot);
    showConflicts(*snapshot);
    showLost(*snapshot);
}

void StatePage::showGuesses(const recovery::Snapshot& snapshot)
{
    const auto unconfirmed = snapshot.unconfirmed();
    std::vector<recovery::FieldRow> rows;
    for (recovery::FieldRow& row : recovery::fieldRows(snapshot)) {
        if (std::find(unconfirmed.begin(), unconfirmed.end(), row.key) != unconfirmed.end())
            rows.push_back(std::move(row));
    }
    QStringList guessed;
    for (const recovery::FieldRow& row : rows)
        guessed << QString::fromStdString(row.key + '=' + row.value);
    m_guesses->setVisible(!guessed.isEmpty());
    if (guessed == m_guessed)
        return; // a button that has the focus stays
    m_guessed = guessed;
    for (QWidget* old : m_guesses->findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly)) {
        old->hide();
        old->deleteLater(); // its button may be the one that was pressed
    }
    for (const recovery::FieldRow& guess : rows) {
        const QString key = QString::fromStdString(guess.key);
        auto* line = new QWidget(m_guesses);
        auto* row = new QHBoxLayout(line);
        row->setContentsMargins({});
        const QString value = QString::fromStdString(guess.value);
        const QString basis = QString::fromStdString(guess.info.note);
        //: a field, its value, what the guess is based on
        auto* words = new QLabel(basis.isEmpty() ? tr("%1: %2 is only a guess.").arg(app::text(guess.label), value)
                                                 : tr("%1: %2 is only a guess (%3).").arg(app::text(guess.label), value, app::printable(basis)), line);
        words->setWordWrap(true);
        words->setTextFormat(Qt::PlainText);
        setTone(words, Tone::Warning);
        auto* right = new QPushButton(tr("%1 is right").arg(value), line);
        right->setAccessibleName(tr("Confirm %1: %2").arg(app::text(guess.label), value));
        row->addWidget(words, 1);
        row->addWidget(right);
        m_guesses->layout()->addWidget(line);
        connect(right, &QPushButton::clicked, this, [this, key, value] { confirm(key, value); });
    }
}

void StatePage::confirm(const QString& key, const QString& value)
{
    const Result<> done = flow().editField(key, value, tr("confirmed"));
    if (!done) {
        m_refused->setText(app::errorText(done.error()).full());
        m_refused->show();
    }
}

void StatePage::showConflicts(const recovery::Snapshot& snapshot)
{
    QStringList lines;
    for (const Message& meaning : flow().conflicts())
        lines << app::text(meaning);
    for (const recovery::FieldRow& row : lines.isEmpty() ? recovery::fieldRows(snapshot) : std::vector<recovery::FieldRow>()) {
        if (row.info.conflicts()) // nobody knows what they mean together: each for itself
            lines << tr("%1: the printer said %2, the file says %3.").arg(app::text(row.label), app::printable(QString::fromStdString(row.info.observed)),
                                                                         app::printable(QString::fromStdString(row.info.replayed)));
    }
    m_conflicts->setText(lines.join(QLatin1Char('\n')));
    m_conflicts->setVisible(!lines.isEmpty());
}

void StatePage::showLost(const recovery::Snapshot& snapshot)
{
    QStringList lines;
    const auto rows = recovery::fieldRows(snapshot);
    QStringList unknown;
    for (const recovery::FieldRow& row : rows) {
        if (row.info.origin == recovery::Origin::Unknown)
            unknown << fieldName(rows, row.key);
    }
    if (!unknown.isEmpty())
        lines << tr("Stays as the printer has it, because nothing tells the value: %1.").arg(unknown.join(QStringLiteral(", ")));
    const auto& macros = snapshot.state.unknownCommands;
    if (!macros.empty()) {
        QStringList names;
        for (std::size_t i = 0; i < std::min(macros.size(), mostNames); ++i)
            names << shortened(QString::fromStdString(macros[i]), 40);
        if (macros.size() > mostNames)
            names << QStringLiteral("…");
        lines << tr("What these macros of the file did inside the printer is not known and is not repeated: %1.").arg(names.join(QStringLiteral(", ")));
    }
    m_lost->setText(lines.isEmpty() ? QString() : tr("Cannot be restored:") + QLatin1Char('\n') + lines.join(QLatin1Char('\n')));
    m_lost->setVisible(!lines.isEmpty());
}

} // namespace kintsugi::ui
