// SPDX-License-Identifier: GPL-3.0-or-later
#include "variablesdialog.h"

#include <algorithm>
#include <vector>

#include <QPushButton>
#include <QStringList>

#include "errortext.h"
#include "theme.h"
#include "ui_variablesdialog.h"
#include "uitext.h"

using namespace Qt::StringLiterals;

namespace kintsugi::ui {

namespace {

constexpr qsizetype mostLines = 1500; // the table below is quadratic

} // namespace

QString lineDifference(const QString& before, const QString& after)
{
    const QStringList a = before.split(u'\n').mid(0, mostLines);
    const QStringList b = after.split(u'\n').mid(0, mostLines);
    const auto n = a.size();
    const auto m = b.size();
    const auto at = [&](qsizetype i, qsizetype j) { return static_cast<std::size_t>(i * (m + 1) + j); };
    std::vector<int> common(static_cast<std::size_t>((n + 1) * (m + 1))); // longest common tail of a[i…], b[j…]
    for (qsizetype i = n - 1; i >= 0; --i) {
        for (qsizetype j = m - 1; j >= 0; --j)
            common[at(i, j)] = a[i] == b[j] ? common[at(i + 1, j + 1)] + 1 : std::max(common[at(i + 1, j)], common[at(i, j + 1)]);
    }
    QStringList lines;
    qsizetype i = 0;
    qsizetype j = 0;
    while (i < n || j < m) {
        if (i < n && j < m && a[i] == b[j]) {
            lines << QString(u"  "_s + a[i++]);
            ++j;
        } else if (j == m || (i < n && common[at(i + 1, j)] >= common[at(i, j + 1)])) {
            lines << QString(u"− "_s + a[i++]);
        } else {
            lines << QString(u"+ "_s + b[j++]);
        }
    }
    return lines.join(u'\n');
}

VariablesDialog::VariablesDialog(app::Session& session, app::VariablesCopy lastGood, const QByteArray& torn, QWidget* parent)
    : QDialog(parent)
    , m_session(session)
    , m_lastGood(std::move(lastGood))
    , m_ui(std::make_unique<Ui::VariablesDialog>())
{
    m_ui->setupUi(this);
    m_ui->explanation->setText(tr("The outage cut the file variables.cfg while it was written. Klipper does not start with it. "
                                  "The copy of %1 is complete.").arg(dayAndTime(m_lastGood.time)));
    m_ui->difference->setFont(fixedFont(font()));
    m_ui->difference->setPlainText(lineDifference(QString::fromUtf8(torn), QString::fromUtf8(m_lastGood.text)));
    m_ui->legend->setAccessibleDescription(tr("Minus: only in the torn file. Plus: only in the good copy."));
    setTone(m_ui->legend, Tone::Dim);
    m_ui->outcome->hide();
    m_restore = m_ui->buttons->addButton(tr("&Put the good copy back"), QDialogButtonBox::ActionRole);
    m_restore->setAccessibleDescription(tr("Uploads the copy, keeps the torn file beside it and restarts Klipper"));
    m_restore->setToolTip(m_restore->accessibleDescription());
    connect(m_restore, &QPushButton::clicked, this, &VariablesDialog::restore);
    connect(m_ui->buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    resize(fontMetrics().averageCharWidth() * 110, fontMetrics().height() * 28);
}

VariablesDialog::~VariablesDialog() = default;

void VariablesDialog::restore()
{
    m_restore->setEnabled(false);
    m_ui->outcome->show();
    setTone(m_ui->outcome, Tone::Dim);
    m_ui->outcome->setText(tr("Putting the copy back…"));
    m_session.restoreVariables(m_lastGood, this, [this](const Result<>& result) {
        if (!result) {
            setTone(m_ui->outcome, Tone::Danger);
            m_ui->outcome->setText(app::errorText(result.error()).full());
            m_restore->setEnabled(true);
            return;
        }
        setTone(m_ui->outcome, Tone::Good);
        m_ui->outcome->setText(tr("Done. The torn file was kept beside it, and Klipper starts again."));
        emit restored();
    });
}

} // namespace kintsugi::ui
