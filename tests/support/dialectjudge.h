// SPDX-License-Identifier: GPL-3.0-or-later
// Plans for many points of one file in several dialects, judged by the oracle in one process.
#pragma once

#include <QFile>
#include <QProcess>
#include <QTemporaryDir>
#include <QTest>

#include "recovery/plan.h"
#include "recovery/resumewriter.h"

namespace kintsugi::judge {

using namespace Qt::StringLiterals;

inline constexpr std::array allDialects{gcode::Dialect::Klipper, gcode::Dialect::Marlin, gcode::Dialect::Prusa, gcode::Dialect::RepRapFirmware,
                                        gcode::Dialect::Marlin1};

struct Opened {
    std::unique_ptr<gcode::FileSource> source;
    gcode::FileIndex index;
};

inline std::optional<Opened> open(const QString& path, gcode::Dialect dialect)
{
    auto source = gcode::FileSource::open(path.toStdString());
    if (!source)
        return std::nullopt;
    auto index = gcode::buildIndex(**source, dialect);
    if (!index)
        return std::nullopt;
    return Opened{std::move(*source), std::move(*index)};
}

inline QString describe(const Error& error)
{
    return QString::fromStdString("code " + std::to_string(static_cast<int>(error.code)) + ' ' + error.field + ' ' + error.detail);
}

inline QByteArray run(const QStringList& arguments, const QByteArray& input = {})
{
    QProcess process;
    process.start(u"python3"_s, arguments);
    process.write(input);
    process.closeWriteChannel();
    if (!process.waitForFinished(100'000))
        return "did not finish";
    return process.readAllStandardOutput() + process.readAllStandardError();
}

inline QByteArrayList points(const QString& path, int count)
{
    return run({QStringLiteral(KINTSUGI_TEST_TOOLS "/resume_oracle.py"), u"points"_s, path, u"-n"_s, QString::number(count)}).trimmed().split('\n');
}

/// Collects plans; the oracle judges all of them at once.
class Judge
{
public:
    explicit Judge(QString path) : m_path(std::move(path)) {}

    /// Everything of the resume file but its tail.
    bool add(const Opened& opened, const recovery::Plan& plan)
    {
        const auto header = recovery::resumeHeader(*opened.source, opened.index, plan);
        if (!header)
            return false;
        const auto dialect = gcode::name(plan.dialect);
        const QString name = m_folder.filePath(QString::number(m_count++));
        QFile file(name);
        if (!file.open(QIODevice::WriteOnly))
            return false;
        file.write(QByteArray::fromStdString(*header + recovery::preambleText(plan) + recovery::resumePointLine(plan.snapshot.byte) + '\n'));
        m_jobs += QByteArray(dialect.data(), qsizetype(dialect.size())) + ' ' + QByteArray::number(quint64(plan.snapshot.byte)) + ' ' + name.toUtf8() + '\n';
        return true;
    }
    [[nodiscard]] int count() const { return m_count; }

    /// What is not the same, one line each; empty = all are.
    [[nodiscard]] QByteArray differences() const
    {
        const QByteArray answer = run({QStringLiteral(KINTSUGI_TEST_TOOLS "/compare_heads.py"), m_path}, m_jobs);
        QByteArray different;
        int same = 0;
        for (const QByteArray& line : answer.trimmed().split('\n')) {
            if (line.endsWith(": same"))
                ++same;
            else
                different += line + '\n';
        }
        if (different.isEmpty() && same != m_count)
            different = "only " + QByteArray::number(same) + " of " + QByteArray::number(m_count) + " were judged";
        return different;
    }

private:
    QString m_path;
    QTemporaryDir m_folder;
    QByteArray m_jobs;
    int m_count = 0;
};

/// Plans `path` at the oracle's points in each dialect, with Z kept and with Z declared in turn.
inline void compareFile(const QString& path, const std::vector<gcode::Dialect>& dialects, int count)
{
    const QByteArrayList where = points(path, count);
    QCOMPARE(where.size(), count);
    Judge judge(path);
    for (const gcode::Dialect dialect : dialects) {
        const auto opened = open(path, dialect);
        QVERIFY(opened.has_value());
        for (qsizetype i = 0; i < where.size(); ++i) {
            const auto snapshot = recovery::snapshotFromFile(*opened->source, opened->index, where[i].toULongLong());
            QVERIFY2(snapshot.has_value(), where[i]);
            recovery::PlanOptions options;
            if (i % 2 == 1) {
                options.zMethod = recovery::ZMethod::Touch;
                options.declaredZ = 12.5;
            }
            const auto plan = recovery::planResume(*opened->source, opened->index, *snapshot, {}, options);
            QVERIFY2(plan.has_value(), qPrintable(QString::fromLatin1(where[i]) + u": "_s + describe(plan ? Error{} : plan.error())));
            QVERIFY(judge.add(*opened, *plan));
        }
    }
    QCOMPARE(judge.count(), count * int(dialects.size()));
    const QByteArray different = judge.differences();
    QVERIFY2(different.isEmpty(), different);
}

inline int pointCount() { return qEnvironmentVariableIsSet("KINTSUGI_LONG") ? 200 : 20; }

} // namespace kintsugi::judge
