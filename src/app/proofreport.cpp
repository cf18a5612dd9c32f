// SPDX-License-Identifier: GPL-3.0-or-later
#include "proofreport.h"

#include <algorithm>

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

#include "candidatemodel.h"
#include "errortext.h"
#include "gatemodel.h"
#include "recovery/newfile.h"
#include "snapshotmodel.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

class Words
{
    Q_DECLARE_TR_FUNCTIONS(ProofReport)
};

/// What browsers and QTextDocument both understand.
constexpr QLatin1String style(
    "body{font-family:sans-serif;font-size:10pt;color:#202020;background:#ffffff}"
    "h1{font-size:18pt}h2{font-size:13pt;margin-top:18px}"
    "table{border-collapse:collapse}td,th{border:1px solid #a0a0a0;padding:3px 6px;vertical-align:top;text-align:left}"
    "th{background:#eeeeee}pre,code{font-family:monospace;font-size:9pt}"
    ".bad{color:#b00020;font-weight:bold}.warn{color:#7a4b00;font-weight:bold}.dim{color:#555555}");

QString escaped(const QString& text)
{
    return printable(text).toHtmlEscaped();
}

/// Several lines, each made harmless by itself.
QString linesOf(const QStringList& lines)
{
    QStringList out;
    for (const QString& line : lines)
        out << escaped(line);
    return out.join(u"<br/>"_s);
}

QString moment(double secondsSinceEpoch)
{
    return QLocale().toString(QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(secondsSinceEpoch * 1000)), QLocale::LongFormat);
}

QString number(double value, int decimals = 2)
{
    return QLocale().toString(value, 'f', decimals);
}

QString whole(std::uint64_t value)
{
    return QLocale().toString(static_cast<qulonglong>(value));
}

/// A table; what goes in is HTML already.
class Table
{
public:
    explicit Table(const QStringList& head = {})
    {
        if (!head.isEmpty())
            row(head, u"th"_s);
    }
    void row(const QStringList& cells, const QString& tag = u"td"_s)
    {
        m_rows += u"<tr>"_s;
        for (const QString& cell : cells)
            m_rows += u"<%1>%2</%1>"_s.arg(tag, cell);
        m_rows += u"</tr>"_s;
    }
    void fact(const QString& name, const QString& value) { m_rows += u"<tr><th>%1</th><td>%2</td></tr>"_s.arg(name.toHtmlEscaped(), value); }
    [[nodiscard]] QString html() const { return u"<table>%1</table>"_s.arg(m_rows); }

private:
    QString m_rows;
};

QString heading(const QString& text)
{
    return u"<h2>%1</h2>"_s.arg(text.toHtmlEscaped());
}

QString paragraph(const QString& text, const QString& className = {})
{
    return className.isEmpty() ? u"<p>%1</p>"_s.arg(text) : u"<p class=\"%2\">%1</p>"_s.arg(text, className);
}

QString verdictHtml(const ProofReport& report)
{
    const auto blocking = std::count_if(report.gate.begin(), report.gate.end(), [](const recovery::GateCheck& check) {
        return check.severity == recovery::Severity::Block && !check.passed;
    });
    if (report.gate.empty())
        return paragraph(Words::tr("No check was made.").toHtmlEscaped(), u"warn"_s);
    if (blocking > 0)
        return paragraph(Words::tr("%n check(s) forbid the start.", nullptr, static_cast<int>(blocking)).toHtmlEscaped(), u"bad"_s);
    return paragraph(Words::tr("The checks allow the start.").toHtmlEscaped());
}

QString pointHtml(const ProofReport& report)
{
    const recovery::Plan& plan = report.plan;
    Table table;
    table.fact(Words::tr("File"), escaped(QString::fromStdString(report.file.name)));
    table.fact(Words::tr("Size"), Words::tr("%1 bytes").arg(whole(report.file.size)).toHtmlEscaped());
    if (report.file.xxh3)
        table.fact(Words::tr("Hash (XXH3)"), QString::number(*report.file.xxh3, 16).rightJustified(16, u'0'));
    if (!report.printer.isEmpty())
        table.fact(Words::tr("Printer"), escaped(report.printer));
    table.fact(Words::tr("Goes on at"), Words::tr("byte %1").arg(whole(plan.snapshot.byte)).toHtmlEscaped());
    if (plan.snapshot.layer)
        table.fact(Words::tr("Layer"), whole(*plan.snapshot.layer + 1));
    table.fact(Words::tr("Height there"), Words::tr("%1 mm").arg(number(plan.resumeZ)).toHtmlEscaped());
    if (report.stop) {
        table.fact(Words::tr("Stopped"), Words::tr("after byte %1, before byte %2, most likely at byte %3 (%4)")
                                             .arg(whole(report.stop->earliest), whole(report.stop->latest), whole(report.stop->likely),
                                                  causeText(report.stop->cause)).toHtmlEscaped());
    }
    return heading(Words::tr("What is resumed")) + table.html();
}

QString numbersHtml(const ProofReport& report)
{
    const recovery::Plan& plan = report.plan;
    Table table;
    table.fact(Words::tr("Highest printed point"), Words::tr("%1 mm").arg(number(plan.highestPrinted)).toHtmlEscaped());
    table.fact(Words::tr("Travels at"), Words::tr("%1 mm").arg(number(plan.liftToZ)).toHtmlEscaped());
    table.fact(Words::tr("Lowest clearance of the travels"),
               (plan.clearance ? Words::tr("%1 mm").arg(number(*plan.clearance)) : Words::tr("not known")).toHtmlEscaped());
    table.fact(Words::tr("Z registration"), escaped(QString::fromUtf8(recovery::name(plan.zMethod).data())));
    if (report.z) {
        const double u = report.z->u();
        QString says = Words::tr("%1 mm").arg(number(u, 3));
        if (report.layerHeight > 0)
            says += Words::tr(", %1 % of a layer of %2 mm").arg(number(100 * u / report.layerHeight, 0), number(report.layerHeight));
        table.fact(Words::tr("Uncertainty U of the height"), says.toHtmlEscaped());
        for (const recovery::ZPart& part : report.z->parts)
            table.fact(Words::tr("… of which"), Words::tr("%1 mm: %2").arg(number(2 * part.sigma, 3), text(part.why)).toHtmlEscaped());
    }
    QString html = heading(Words::tr("Numbers")) + table.html();
    if (!plan.notRestored.empty()) {
        Table lost({Words::tr("Not restored").toHtmlEscaped(), Words::tr("What that means").toHtmlEscaped()});
        for (const recovery::NotRestored& one : plan.notRestored)
            lost.row({escaped(QString::fromStdString(one.what)), escaped(text(one.why))});
        html += lost.html();
    }
    return html;
}

QString resultHtml(const recovery::GateCheck& check)
{
    if (check.severity == recovery::Severity::Info)
        return GateModel::tr("for information").toHtmlEscaped();
    if (check.passed)
        return GateModel::tr("passed").toHtmlEscaped();
    const bool blocks = check.severity == recovery::Severity::Block;
    return u"<span class=\"%1\">%2</span>"_s.arg(blocks ? u"bad"_s : u"warn"_s,
                                                  (blocks ? GateModel::tr("blocks") : GateModel::tr("warning")).toHtmlEscaped());
}

QString gateHtml(const ProofReport& report)
{
    Table table({Words::tr("Result").toHtmlEscaped(), Words::tr("Check").toHtmlEscaped(), Words::tr("Measured").toHtmlEscaped(),
                 Words::tr("Limit").toHtmlEscaped()});
    for (const recovery::GateCheck& check : report.gate) {
        QString says = escaped(text(check.text));
        if (!check.remedy.empty())
            says += u"<br/><code>%1</code>"_s.arg(linesOf(QString::fromStdString(check.remedy).split(u'\n')));
        table.row({resultHtml(check), says, escaped(QString::fromStdString(check.measured)), escaped(QString::fromStdString(check.limit))});
    }
    return heading(Words::tr("Checks")) + verdictHtml(report) + table.html();
}

QString stepsHtml(const recovery::Plan& plan)
{
    Table table({Words::tr("Step").toHtmlEscaped(), Words::tr("What and why").toHtmlEscaped(), Words::tr("G-code").toHtmlEscaped(),
                 Words::tr("Numbers from").toHtmlEscaped()});
    for (const recovery::PlanStep& step : plan.steps) {
        QStringList lines;
        for (const std::string& line : step.gcode)
            lines << QString::fromStdString(line);
        QString from = originText(step.origin);
        if (!step.numbersFrom.empty())
            from += u" (%1)"_s.arg(QString::fromStdString(step.numbersFrom));
        table.row({QString::number(step.n), u"<b>%1</b><br/>%2"_s.arg(escaped(text(step.title)), escaped(text(step.reason))),
                   u"<code>%1</code>"_s.arg(linesOf(lines)), escaped(from)});
    }
    return heading(Words::tr("Plan")) + table.html()
        + paragraph(Words::tr("Then the original file, unchanged, from byte %1 on.").arg(whole(plan.snapshot.byte)).toHtmlEscaped());
}

QString picturesHtml(const ProofReport& report, PictureLinks links)
{
    QString html;
    int nth = 0;
    for (const ProofPicture& picture : report.pictures) {
        const QString source = links == PictureLinks::Named ? u"picture-%1"_s.arg(++nth)
                                                            : u"data:image/svg+xml;base64,"_s + QString::fromLatin1(picture.svg.toBase64());
        html += heading(picture.title)
            + u"<p><img src=\"%1\" width=\"%2\" height=\"%3\" alt=\"%4\"/></p>"_s.arg(source, QString::number(picture.width),
                                                                                    QString::number(picture.height), picture.caption.toHtmlEscaped())
            + paragraph(picture.caption.toHtmlEscaped(), u"dim"_s);
    }
    return html;
}

QString journalHtml(const ProofReport& report)
{
    if (report.journal.empty())
        return heading(Words::tr("Journal")) + paragraph(Words::tr("Nothing was sent to a printer.").toHtmlEscaped());
    Table table({Words::tr("Time").toHtmlEscaped(), Words::tr("Step").toHtmlEscaped(), Words::tr("Sent").toHtmlEscaped(),
                 Words::tr("Outcome").toHtmlEscaped()});
    for (const JournalEntry& entry : report.journal) {
        table.row({moment(entry.time).toHtmlEscaped(), entry.planStep > 0 ? QString::number(entry.planStep) : QString(),
                   u"%1<br/><code>%2</code>"_s.arg(escaped(entry.action), linesOf(entry.text.split(u'\n'))),
                   entry.finished ? escaped(entry.result) : Words::tr("sent, nothing known yet").toHtmlEscaped()});
    }
    return heading(Words::tr("Journal")) + table.html();
}

QString outcomeHtml(const ProofReport& report)
{
    if (!report.outcome)
        return {};
    const ResumeReport& outcome = *report.outcome;
    QStringList says;
    says << (outcome.completed ? Words::tr("The print was finished.") : Words::tr("The print went on and ended as: %1.").arg(outcome.endState));
    says << Words::tr("From %1 to %2.").arg(moment(outcome.startedAt), moment(outcome.finishedAt));
    says << Words::tr("Printed twice: %1 mm. Left open: %2 mm.").arg(number(outcome.printedTwiceMm, 1), number(outcome.leftOpenMm, 1));
    QString html = heading(Words::tr("What became of it")) + paragraph(linesOf(says));
    QStringList done;
    for (const QString& line : outcome.done)
        done << u"<li>%1</li>"_s.arg(escaped(line));
    return done.isEmpty() ? html : html + u"<ol>%1</ol>"_s.arg(done.join(QString()));
}

} // namespace

QString proofHtml(const ProofReport& report, PictureLinks links)
{
    const QString title = Words::tr("Resume of %1").arg(QString::fromStdString(report.file.name));
    return u"<!DOCTYPE html><html><head><meta charset=\"utf-8\"/><title>%1</title><style>%2</style></head><body><h1>%1</h1>"_s.arg(escaped(title), style)
        + paragraph(Words::tr("Made %1 by %2.").arg(moment(report.madeAt), report.program).toHtmlEscaped(), u"dim"_s)
        + verdictHtml(report) + outcomeHtml(report) + pointHtml(report) + numbersHtml(report) + picturesHtml(report, links)
        + gateHtml(report) + stepsHtml(report.plan) + journalHtml(report) + u"</body></html>\n"_s;
}

QString proofName(const recovery::Plan& plan)
{
    const QString name = QString::fromStdString(
        recovery::resumeFileName(plan.snapshot.file.name, plan.snapshot.layer.value_or(0), plan.snapshot.byte));
    return name.left(name.lastIndexOf(u'.')) + u".proof"_s;
}

Result<> writeProofHtml(const ProofReport& report, const QString& path)
{
    recovery::NewFile file(path.toStdString());
    return file.open().and_then([&] { return file.write(proofHtml(report).toStdString()); }).and_then([&] { return file.commit(); });
}

std::vector<JournalEntry> journalSince(const std::vector<JournalEntry>& newestFirst, double since)
{
    std::vector<JournalEntry> out;
    std::copy_if(newestFirst.rbegin(), newestFirst.rend(), std::back_inserter(out),
                 [since](const JournalEntry& entry) { return entry.time >= since; });
    return out;
}

} // namespace kintsugi::app
