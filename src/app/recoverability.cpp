// SPDX-License-Identifier: GPL-3.0-or-later
#include "recoverability.h"

#include <algorithm>

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

#include "errortext.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

struct Text { Q_DECLARE_TR_FUNCTIONS(Recoverability) };

bool lackTheSame(const recovery::RecoverableLayer& a, const recovery::RecoverableLayer& b)
{
    return std::ranges::equal(a.reasons, b.reasons, {}, &recovery::RecoverableLayer::Reason::lack, &recovery::RecoverableLayer::Reason::lack);
}

QString number(std::size_t layer) { return QLocale().toString(static_cast<qulonglong>(layer + 1)); }

} // namespace

Result<Recoverability> judgeLayers(const OpenFile& file, const recovery::PrinterFacts& printer, const recovery::HeadEnvelope& envelope, const JobControl& control)
{
    recovery::RecoverableOptions options;
    options.map.margin = recovery::heightMarginOf(*file.index).mm;
    options.envelope = envelope;
    auto layers = recovery::recoverableLayers(*file.source, *file.index, printer, options, [&control](double fraction) {
        control.progress(fraction);
        return !control.cancelled();
    });
    if (!layers)
        return fail(layers.error());
    return std::make_shared<const std::vector<recovery::RecoverableLayer>>(std::move(*layers));
}

QString recoverableText(const recovery::RecoverableLayer& layer)
{
    QStringList parts;
    if (layer.ok()) {
        for (const recovery::ZMethod method : layer.methods) {
            const auto name = recovery::name(method);
            parts << QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
        }
        //: room to lift the head, mm; then names of Z methods
        return Text::tr("Recoverable: %1 mm of lift room, Z by %2").arg(QLocale().toString(layer.liftRoom, 'f', 1), parts.join(u", "_s));
    }
    for (const auto& reason : layer.reasons)
        parts << text(reason.text);
    return Text::tr("Not recoverable: %1").arg(parts.join(u"; "_s));
}

std::vector<RecoverableRun> recoverableRuns(const std::vector<recovery::RecoverableLayer>& layers)
{
    std::vector<RecoverableRun> runs;
    const recovery::RecoverableLayer* last = nullptr;
    for (const auto& layer : layers) {
        if (last && lackTheSame(*last, layer))
            runs.back().last = layer.index;
        else
            runs.push_back({layer.index, layer.index, layer.ok(), recoverableText(layer)});
        last = &layer;
    }
    return runs;
}

QString recoverableText(const std::vector<recovery::RecoverableLayer>& layers)
{
    const auto runs = recoverableRuns(layers);
    if (runs.empty())
        return {};
    if (runs.size() == 1 && runs.front().ok)
        return Text::tr("A stop in any layer could be resumed.");
    QStringList parts;
    for (const RecoverableRun& run : runs) {
        if (!run.ok)
            parts << (run.first == run.last ? Text::tr("Layer %1: %2.").arg(number(run.first), run.text)
                                            : Text::tr("Layers %1 to %2: %3.").arg(number(run.first), number(run.last), run.text));
    }
    return parts.join(u' ');
}

} // namespace kintsugi::app
