// SPDX-License-Identifier: GPL-3.0-or-later
#include "crashtruth.h"

#include <algorithm>
#include <array>

#include <QCoreApplication>
#include <QDateTime>
#include <QJsonArray>
#include <QRegularExpression>

#include "gcode/command.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;
using recovery::StepKind;
using Phase = CrashTruth::Phase;
namespace run = recovery::run;

namespace {

struct Words { Q_DECLARE_TR_FUNCTIONS(CrashTruth) };

constexpr std::array<std::pair<StepKind, QLatin1StringView>, 17> kindWords{{
    {StepKind::Note, "note"_L1}, {StepKind::HeatBed, "heat-bed"_L1}, {StepKind::Soften, "soften"_L1}, {StepKind::DeclareZ, "declare-z"_L1},
    {StepKind::Lift, "lift"_L1}, {StepKind::HomeXY, "home-xy"_L1}, {StepKind::RegisterZ, "register-z"_L1}, {StepKind::LoadMesh, "load-mesh"_L1},
    {StepKind::HeatNozzle, "heat-nozzle"_L1}, {StepKind::Prime, "prime"_L1}, {StepKind::Limits, "limits"_L1}, {StepKind::Factors, "factors"_L1},
    {StepKind::Objects, "objects"_L1}, {StepKind::SelectTool, "tool"_L1}, {StepKind::Approach, "approach"_L1},
    {StepKind::RestoreModes, "modes"_L1}, {StepKind::Continue, "continue"_L1},
}};

constexpr std::array<std::pair<run::Way, QLatin1StringView>, 3> wayWords{{
    {run::Way::NewFile, "new file"_L1}, {run::Way::ZeroCopy, "in place"_L1}, {run::Way::DryRun, "dry run"_L1},
}};

template <class Table, class Value>
QLatin1StringView wordOf(const Table& table, Value value)
{
    const auto found = std::find_if(table.begin(), table.end(), [value](const auto& item) { return item.first == value; });
    return found == table.end() ? QLatin1StringView() : found->second;
}

template <class Table>
auto valueOf(const Table& table, const QString& word) -> std::optional<decltype(table.front().first)>
{
    const auto found = std::find_if(table.begin(), table.end(), [&word](const auto& item) { return item.second == word; });
    return found == table.end() ? std::nullopt : std::optional(found->first);
}

QString oneLine(QString text)
{
    return text.replace(u'\n', u' ').replace(u'\r', u' ');
}

bool endWasSeen(const JournalEntry& entry)
{
    return entry.finished && entry.result != endNotSeen();
}

bool isRun(const JournalEntry& entry)
{
    return entry.action == resumeAction || entry.action == dryRunAction;
}

QString degrees(double value)
{
    return QString::number(value, 'f', 0);
}

QString millimetres(double value)
{
    return QString::number(value, 'f', 2);
}

QString timeText(double time)
{
    return QDateTime::fromMSecsSinceEpoch(static_cast<qint64>(time * 1000)).toString(Qt::ISODate).replace(u'T', u' ');
}

/// Heater targets that lines set, by the names under which a printer reports them.
void readHeat(const QString& script, std::map<QString, double>& told)
{
    static const QRegularExpression named(u"^SET_HEATER_TEMPERATURE\\s+HEATER=\"?([^\"\\s]+)\"?\\s+TARGET=([0-9.]+)"_s, QRegularExpression::CaseInsensitiveOption);
    for (const QString& line : script.split(u'\n')) {
        if (const auto match = named.match(line); match.hasMatch()) {
            told[match.captured(1)] = match.captured(2).toDouble();
            continue;
        }
        const std::string text = line.toStdString();
        const gcode::Command command = gcode::parseCommand(text);
        const bool nozzle = command.is('M', 104) || command.is('M', 109), bed = command.is('M', 140) || command.is('M', 190);
        const auto target = command.value('S') ? command.value('S') : command.value('R');
        if (!(nozzle || bed) || !target)
            continue;
        const auto tool = command.value('T') ? static_cast<int>(*command.value('T') / 1'000'000) : 0;
        const QString name = bed ? u"heater_bed"_s : tool > 0 ? u"extruder%1"_s.arg(tool) : u"extruder"_s;
        told[name] = static_cast<double>(*target) / 1e6;
    }
}

const RunRecord::Step* stepOf(const CrashTruth& truth, int n)
{
    const auto found = std::find_if(truth.record.steps.begin(), truth.record.steps.end(), [n](const RunRecord::Step& step) { return step.n == n; });
    return found == truth.record.steps.end() ? nullptr : &*found;
}

void takeStep(CrashTruth& truth, const JournalEntry& entry)
{
    const bool seen = endWasSeen(entry), good = entry.result.startsWith("ok"_L1);
    truth.step = entry.planStep;
    truth.phase = seen ? Phase::Between : Phase::Sending;
    const RunRecord::Step* step = stepOf(truth, entry.planStep);
    const bool declares = entry.action == "declare-z"_L1 || (step && step->kind == StepKind::DeclareZ && entry.action == "script"_L1)
        || (step && step->kind == StepKind::RegisterZ && entry.text.contains("PLR_Z_HOME"_L1));
    truth.lifted = truth.lifted || (step && step->kind == StepKind::Lift && good);
    truth.zDeclared = truth.zDeclared || (declares && good);
    truth.zPerhaps = truth.zPerhaps || (declares && !seen);
}

void take(CrashTruth& truth, const JournalEntry& entry)
{
    truth.last = entry.time;
    truth.lastCommand = entry.text;
    const bool started = entry.action == "start"_L1 || entry.action == "start-at"_L1;
    if (started)
        truth.phase = endWasSeen(entry) ? Phase::Started : Phase::Starting;
    else if (entry.planStep > 0)
        takeStep(truth, entry);
    const bool sent = entry.action != "upload"_L1 && !(endWasSeen(entry) && !entry.result.startsWith("ok"_L1));
    if (sent)
        readHeat(entry.text, truth.told);
    if (endWasSeen(entry))
        return;
    for (const QString& line : entry.text.split(u'\n')) {
        if (line.startsWith(restoreMark))
            truth.inForce << line.mid(restoreMark.size());
    }
}

/// The idle timer is put off and set back by entries that end at once: the last one says how it stands.
void takeTimer(CrashTruth& truth, const std::vector<JournalEntry>& after)
{
    if (!truth.record.idleTimeout)
        return;
    const QString before = u"SET_IDLE_TIMEOUT TIMEOUT=%1"_s.arg(*truth.record.idleTimeout, 0, 'f', 0);
    const auto last = std::find_if(after.rbegin(), after.rend(), [](const JournalEntry& entry) { return entry.action == "idle-timer"_L1; });
    if (last != after.rend() && last->text != before)
        truth.inForce << before;
}

// ---- in words

QString nameOf(const CrashTruth& truth, int n)
{
    const RunRecord::Step* step = stepOf(truth, n);
    const QString count = QString::number(truth.record.steps.size());
    return step ? Words::tr("step %1 of %2 (%3)").arg(QString::number(n), count, step->title) : Words::tr("step %1").arg(n);
}

bool isOurs(const CrashTruth& truth, const std::optional<recovery::Sample>& now)
{
    return now && QString::fromStdString(now->file) == truth.record.file;
}

/// Where a file that runs by itself is, by its byte.
QString whereInFile(const CrashTruth& truth, const recovery::Sample& now)
{
    if (!now.filePosition)
        return {};
    const QString byte = QString::number(*now.filePosition);
    if (truth.record.way != run::Way::NewFile || (truth.record.tail && *now.filePosition >= *truth.record.tail))
        return Words::tr("The steps are done and the original's lines are printed, at byte %1 of the file.").arg(byte);
    const RunRecord::Step* at = nullptr;
    for (const RunRecord::Step& step : truth.record.steps)
        if (step.begin && *step.begin <= *now.filePosition)
            at = &step;
    return at ? Words::tr("It is at %1, at byte %2 of the file.").arg(nameOf(truth, at->n), byte) : QString();
}

QString stepWords(const CrashTruth& truth, const std::optional<recovery::Sample>& now)
{
    const QString when = timeText(truth.last);
    const bool dry = truth.record.way == run::Way::DryRun;
    const QString head = (dry ? Words::tr("The program ended in the middle of a dry run of %1.") : Words::tr("The program ended in the middle of a resume of %1."))
                             .arg(truth.record.file);
    QString step;
    switch (truth.phase) {
    case Phase::NotBegun:
        step = Words::tr("No step had been sent.");
        break;
    case Phase::Sending:
        step = Words::tr("Under way was %1, written down at %2 before it was sent. Its end was not seen: it may be done, half done or not begun.").arg(nameOf(truth, truth.step), when);
        break;
    case Phase::Between:
        step = stepOf(truth, truth.step + 1) ? Words::tr("%1 had been answered (%2). %3 had not been sent.").arg(nameOf(truth, truth.step), when, nameOf(truth, truth.step + 1))
                                             : Words::tr("%1, the last one, had been answered (%2).").arg(nameOf(truth, truth.step), when);
        step[0] = step[0].toUpper();
        break;
    case Phase::Starting:
        step = Words::tr("The file was being started (%1). Whether the printer took it was not seen.").arg(when);
        break;
    case Phase::Started:
        step = Words::tr("The file had been started (%1); the printer works through it by itself.").arg(when);
        break;
    }
    const bool self = truth.phase == Phase::Starting || truth.phase == Phase::Started;
    const QString where = self && isOurs(truth, now) ? whereInFile(truth, *now) : QString();
    return QStringList{head, step, where}.join(u' ').trimmed();
}

QString heaterWords(const CrashTruth& truth, const std::optional<recovery::Sample>& now)
{
    QStringList on;
    if (now) {
        for (const auto& [name, heater] : now->heaters) {
            if (heater.target.value_or(0) > 0)
                on << Words::tr("%1 to %2 °C (now %3 °C)").arg(QString::fromStdString(name), degrees(*heater.target), heater.temperature ? degrees(*heater.temperature) : u"?"_s);
        }
        return on.isEmpty() ? Words::tr("No heater is on now.") : Words::tr("Heating now: %1.").arg(on.join(u", "_s));
    }
    for (const auto& [name, target] : truth.told) {
        if (target > 0)
            on << Words::tr("%1 to %2 °C").arg(name, degrees(target));
    }
    return on.isEmpty() ? Words::tr("The printer does not answer. The run had switched no heater on.")
                        : Words::tr("The printer does not answer. The run had last told it: %1. Whether they are on now is not known.").arg(on.join(u", "_s));
}

QString headWords(const std::optional<recovery::Sample>& now)
{
    if (!now)
        return Words::tr("Where the head is cannot be asked now.");
    if (!now->toolheadPosition)
        return Words::tr("The printer does not tell where the head is.");
    QStringList places;
    const std::array axes{'x', 'y', 'z'};
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const QString axis(QChar::fromLatin1(axes[i]).toUpper());
        const bool known = now->homedAxes.find(axes[i]) != std::string::npos;
        places << (known ? Words::tr("%1 %2 mm").arg(axis, millimetres((*now->toolheadPosition)[i])) : Words::tr("%1 not known").arg(axis));
    }
    return Words::tr("Head by the printer: %1.").arg(places.join(u", "_s));
}

bool isDown(const link::HostInfo& host)
{
    return host.state == link::HostState::Shutdown || host.state == link::HostState::Error || host.state == link::HostState::Disconnected;
}

QStringList zAdvice(const CrashTruth& truth, const recovery::Sample& now)
{
    if (now.homedAxes.find('z') == std::string::npos)
        return {Words::tr("The printer has let go of Z: register it anew in the assistant.")};
    if (truth.zDeclared)
        return {Words::tr("Z was declared or registered by this run and is held since: the printer's own Z counts, not what you measured at the stop. If anything else moved or declared it since, register it anew.")};
    if (truth.zPerhaps)
        return {Words::tr("Z was being declared when the program ended: do not trust the printer's Z, register it anew.")};
    return {Words::tr("This run did not touch Z: what held before it holds still.")};
}

QStringList canWords(const CrashTruth& truth, const std::optional<recovery::Sample>& now, const link::HostInfo& host, bool goesOn)
{
    if (!now)
        return {isDown(host) ? Words::tr("The printer's host is down: motors and heaters are off. Restart it, then open the resume assistant; Z must be registered anew.")
                             : Words::tr("Connect the printer, then look here again. At the printer itself: is something heating?")};
    if (goesOn)
        return {Words::tr("The print goes on without this program. Watch it; pause or cancel it like any print.")};
    QStringList can;
    if (now->printState == "paused" && isOurs(truth, now))
        can << Words::tr("The print is paused: go on or cancel it like any print.");
    if (now->printState == "complete" && isOurs(truth, now))
        can << Words::tr("The print has come to its end meanwhile.");
    const bool hot = std::any_of(now->heaters.begin(), now->heaters.end(), [](const auto& heater) { return heater.second.target.value_or(0) > 0; });
    if (hot)
        can << Words::tr("Switch the heaters off, or leave the bed on: a part that cools comes loose.");
    if (truth.phase == Phase::Starting || truth.phase == Phase::Started)
        return can << Words::tr("Open the resume assistant: what was printed since is in the history, and it finds where it stopped.");
    can << (truth.lifted ? Words::tr("The nozzle was lifted off the part by this run.")
                         : Words::tr("The lift was not seen to end: the nozzle may still touch the part. Do not move it across by hand or by command."));
    can << zAdvice(truth, *now);
    can << Words::tr("Open the resume assistant and begin anew. Nothing is sent by itself, and the original file is untouched.");
    return can;
}

} // namespace

QString endNotSeen()
{
    return Words::tr("not known: the program ended before the answer came");
}

QString recordText(const RunRecord& record)
{
    QStringList lines{u"%1, %2, from byte %3"_s.arg(wordOf(wayWords, record.way), oneLine(record.file), QString::number(record.byte))};
    if (record.idleTimeout)
        lines << u"idle timer before: %1 s"_s.arg(*record.idleTimeout, 0, 'f', 0);
    for (const RunRecord::Step& step : record.steps) {
        const QString begin = step.begin ? u" at byte %1"_s.arg(*step.begin) : QString();
        lines << u"step %1 [%2]%3: %4"_s.arg(QString::number(step.n), wordOf(kindWords, step.kind), begin, oneLine(step.title));
    }
    if (record.tail)
        lines << u"original from byte %1 of the file on"_s.arg(*record.tail);
    return lines.join(u'\n');
}

std::optional<RunRecord> readRecord(const QString& text)
{
    static const QRegularExpression head(u"^(new file|in place|dry run), (.*), from byte (\\d+)$"_s), timer(u"^idle timer before: (\\d+) s$"_s),
        one(u"^step (\\d{1,6}) \\[([a-z-]+)\\](?: at byte (\\d+))?: (.*)$"_s), tail(u"^original from byte (\\d+) of the file on$"_s);
    const QStringList lines = text.split(u'\n');
    const auto first = head.match(lines.front());
    if (!first.hasMatch())
        return std::nullopt;
    RunRecord record;
    record.way = *valueOf(wayWords, first.captured(1));
    record.file = first.captured(2);
    record.byte = first.captured(3).toULongLong();
    for (const QString& line : lines.mid(1)) {
        if (const auto match = one.match(line); match.hasMatch()) {
            RunRecord::Step step{match.captured(1).toInt(), valueOf(kindWords, match.captured(2)).value_or(StepKind::Note), match.captured(4), {}};
            if (!match.captured(3).isEmpty())
                step.begin = match.captured(3).toULongLong();
            record.steps.push_back(std::move(step));
        } else if (const auto before = timer.match(line); before.hasMatch()) {
            record.idleTimeout = before.captured(1).toDouble();
        } else if (const auto from = tail.match(line); from.hasMatch()) {
            record.tail = from.captured(1).toULongLong();
        }
    }
    return record;
}

std::optional<CrashTruth> crashTruth(std::vector<JournalEntry> journal)
{
    std::sort(journal.begin(), journal.end(), [](const JournalEntry& a, const JournalEntry& b) { return a.id < b.id; });
    const auto newest = std::find_if(journal.rbegin(), journal.rend(), isRun);
    if (newest == journal.rend() || newest->finished)
        return std::nullopt;
    const auto record = readRecord(newest->text);
    if (!record)
        return std::nullopt;
    CrashTruth truth{.entry = newest->id, .record = *record, .began = newest->time, .last = newest->time, .lastCommand = {}, .told = {}, .inForce = {}};
    std::vector<JournalEntry> after;
    for (auto entry = newest.base(); entry != journal.end(); ++entry) {
        if (entry->owner == newest->owner) // of the process that died, not what was done since
            after.push_back(*entry);
    }
    for (const JournalEntry& entry : after)
        take(truth, entry);
    takeTimer(truth, after);
    return truth;
}

Result<std::optional<CrashTruth>> readCrash(Store& store, const QString& printer)
{
    constexpr int newest = 5000; // lines: a touch alone may write hundreds
    const auto unfinished = store.unfinishedEntries(printer);
    if (!unfinished)
        return fail(unfinished.error());
    const auto orphan = std::find_if(unfinished->rbegin(), unfinished->rend(), isRun);
    if (orphan == unfinished->rend() || store.isUnderWay(*orphan))
        return std::optional<CrashTruth>();
    auto journal = store.journal(printer, newest);
    if (!journal)
        return fail(journal.error());
    auto truth = crashTruth(std::move(*journal));
    return truth && truth->entry == orphan->id ? truth : std::nullopt;
}

CrashReport describe(const CrashTruth& truth, const std::optional<recovery::Sample>& now, const link::HostInfo& host)
{
    CrashReport report;
    report.goesOn = isOurs(truth, now) && now->printState == "printing";
    report.step = stepWords(truth, now);
    report.heaters = heaterWords(truth, now);
    report.head = headWords(now);
    for (const QString& line : truth.inForce)
        report.changed << Words::tr("Still changed by the run; this puts it back: %1").arg(line);
    report.can = canWords(truth, now, host, report.goesOn);
    return report;
}

QJsonObject toJson(const CrashTruth& truth, const CrashReport& report)
{
    constexpr std::array phases{"not-begun"_L1, "sending"_L1, "between"_L1, "starting"_L1, "started"_L1};
    const RunRecord::Step* step = stepOf(truth, truth.step);
    QJsonObject told;
    for (const auto& [name, target] : truth.told)
        told.insert(name, target);
    return {{u"file"_s, truth.record.file},
            {u"way"_s, wordOf(wayWords, truth.record.way)},
            {u"phase"_s, phases[static_cast<std::size_t>(truth.phase)]},
            {u"step"_s, truth.step > 0 ? QJsonValue(truth.step) : QJsonValue()},
            {u"title"_s, step ? QJsonValue(step->title) : QJsonValue()},
            {u"steps"_s, static_cast<qint64>(truth.record.steps.size())},
            {u"began"_s, truth.began},
            {u"last"_s, truth.last},
            {u"last_command"_s, truth.lastCommand},
            {u"heaters_told"_s, told},
            {u"lifted"_s, truth.lifted},
            {u"z_declared"_s, truth.zDeclared},
            {u"restore"_s, QJsonArray::fromStringList(truth.inForce)},
            {u"text"_s, QJsonObject{{u"step"_s, report.step}, {u"heaters"_s, report.heaters}, {u"head"_s, report.head},
                                    {u"can"_s, QJsonArray::fromStringList(report.can)}}}};
}

} // namespace kintsugi::app
