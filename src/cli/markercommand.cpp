// SPDX-License-Identifier: GPL-3.0-or-later
#include <CLI/CLI.hpp>
#include <QJsonArray>

#include "command.h"
#include "errortext.h"
#include "gcode/opengcode.h"
#include "openfile.h"
#include "recovery/plrmarkers.h"

namespace kintsugi::cli {

using namespace Qt::StringLiterals;

namespace {

QString nameOf(gcode::Slicer slicer)
{
    const auto name = gcode::name(slicer);
    return QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
}

class MarkerCommand : public Command
{
    Q_OBJECT
public:
    explicit MarkerCommand(Environment& environment) : m_environment(environment) {}
    void start() override
    {
        const auto done = work();
        emit finished(done ? Done : m_environment.out.error(done.error()));
    }

protected:
    virtual Result<> work() = 0;
    [[nodiscard]] Output& out() { return m_environment.out; }

private:
    Environment& m_environment;
};

/// kintsugi-cli prepare FILE --out NEW
class PrepareCommand final : public MarkerCommand
{
    Q_OBJECT
public:
    PrepareCommand(Environment& environment, std::string file, std::string target)
        : MarkerCommand(environment), m_file(std::move(file)), m_target(std::move(target))
    {
    }

protected:
    Result<> work() override
    {
        if (auto named = checkOutName(m_target, gcode::Container::None); !named)
            return named;
        const auto source = gcode::openGcode(m_file);
        if (!source)
            return fail(source.error());
        const auto index = gcode::buildIndex(**source, gcode::Dialect::Klipper);
        if (!index)
            return fail(index.error());
        if (auto written = recovery::writePreparedCopy(**source, *index, m_target); !written)
            return written;
        return tell(*index);
    }

private:
    /// Read again from the disk: what was written is judged, not what was meant.
    Result<> tell(const gcode::FileIndex& original)
    {
        const auto copy = gcode::FileSource::open(m_target);
        if (!copy)
            return fail(copy.error());
        const auto index = gcode::buildIndex(**copy, gcode::Dialect::Klipper);
        if (!index)
            return fail(index.error());
        const recovery::PlrReport report = recovery::plrReport(*index);
        const QString target = QString::fromStdString(m_target);
        out().document({{u"file"_s, QString::fromStdString(m_file)},
                        {u"out"_s, target},
                        {u"bytes"_s, static_cast<qint64>(index->size)},
                        {u"added_bytes"_s, static_cast<qint64>(index->size - original.size)},
                        {u"usable"_s, report.usable},
                        {u"layer_hooks"_s, static_cast<qint64>(index->plr.layerHooks)}});
        for (const recovery::PlrFinding& finding : report.findings)
            out().line((finding.good ? u"ok   "_s : u"bad  "_s) + app::text(finding.text));
        out().note(u"wrote %1 (%2 bytes, %3 of them added)"_s.arg(target).arg(index->size).arg(index->size - original.size));
        return {};
    }

    std::string m_file, m_target;
};

/// kintsugi-cli markers [--slicer NAME]
class MarkersCommand final : public MarkerCommand
{
    Q_OBJECT
public:
    MarkersCommand(Environment& environment, std::string slicer) : MarkerCommand(environment), m_slicer(std::move(slicer)) {}

protected:
    Result<> work() override
    {
        QJsonArray texts;
        for (const recovery::SlicerText& text : recovery::plrSlicerTexts()) {
            const QString slicer = nameOf(text.slicer);
            if (!m_slicer.empty() && slicer.compare(QString::fromStdString(m_slicer), Qt::CaseInsensitive) != 0)
                continue;
            const QString body = QString::fromStdString(text.text);
            texts.append(QJsonObject{{u"slicer"_s, slicer}, {u"place"_s, app::text(text.place)}, {u"text"_s, body}});
            out().line(u"%1: %2"_s.arg(slicer, app::text(text.place)));
            out().text(body);
        }
        if (texts.isEmpty())
            return fail(Error{.code = ErrorCode::BadUsage, .detail = m_slicer, .field = "--slicer"});
        out().document({{u"texts"_s, texts}});
        return {};
    }

private:
    std::string m_slicer;
};

} // namespace

void addMarkerCommands(CLI::App& app, Chosen& chosen)
{
    const auto file = std::make_shared<std::string>(), target = std::make_shared<std::string>();
    auto* prepare = app.add_subcommand("prepare", "Write a copy of a G-code file with klipper-plr's markers and layer calls");
    prepare->add_option("file", *file, "G-code file")->required();
    prepare->add_option("--out", *target, "The new file; never replaces one")->required();
    prepare->callback([file, target, &chosen] {
        chosen = [file, target](Environment& environment) { return std::make_unique<PrepareCommand>(environment, *file, *target); };
    });

    const auto slicer = std::make_shared<std::string>();
    auto* markers = app.add_subcommand("markers", "Print what to paste into a slicer's profile for klipper-plr");
    markers->add_option("--slicer", *slicer, "PrusaSlicer, SuperSlicer, OrcaSlicer or Cura; all without it");
    markers->callback([slicer, &chosen] {
        chosen = [slicer](Environment& environment) { return std::make_unique<MarkersCommand>(environment, *slicer); };
    });
}

} // namespace kintsugi::cli

#include "markercommand.moc"
