// SPDX-License-Identifier: GPL-3.0-or-later
#include "recoverable.h"

#include <QStringList>

#include "errortext.h"
#include "unixsignals.h"

namespace kintsugi::cli {

using namespace Qt::StringLiterals;

namespace {

QString text(std::string_view view) { return QString::fromUtf8(view.data(), static_cast<qsizetype>(view.size())); }

QJsonValue placeJson(const std::optional<std::array<double, 2>>& place)
{
    return place ? QJsonValue(QJsonArray{(*place)[0], (*place)[1]}) : QJsonValue();
}

QJsonObject layerJson(const recovery::RecoverableLayer& layer)
{
    QJsonArray reasons, methods;
    for (const auto& reason : layer.reasons)
        reasons.append(QJsonObject{{u"id"_s, text(recovery::name(reason.lack))}, {u"text"_s, app::text(reason.text)}});
    for (const recovery::ZMethod method : layer.methods)
        methods.append(text(recovery::name(method)));
    return {{u"index"_s, static_cast<qint64>(layer.index)},
            {u"ok"_s, layer.ok()},
            {u"reasons"_s, reasons},
            {u"highest"_s, layer.highest},
            {u"lift_room"_s, layer.liftRoom},
            {u"z_methods"_s, methods},
            {u"prime_place"_s, placeJson(layer.primePlace)},
            {u"free_spot"_s, placeJson(layer.freeSpot)}};
}

QString words(const recovery::RecoverableLayer& layer)
{
    if (layer.ok())
        return u"recoverable"_s;
    QStringList reasons;
    for (const auto& reason : layer.reasons)
        reasons << text(recovery::name(reason.lack));
    return u"not recoverable: "_s + reasons.join(u", "_s);
}

} // namespace

Result<std::vector<recovery::RecoverableLayer>> judgeLayers(const Output& out, const gcode::Indexed& opened, const recovery::PrinterFacts& printer)
{
    recovery::RecoverableOptions options;
    options.map.margin = recovery::heightMarginOf(opened.index).mm;
    auto layers = recovery::recoverableLayers(*opened.source, opened.index, printer, options, [&out](double fraction) {
        out.progress(u"judging the layers"_s, fraction);
        return !UnixSignals::wasInterrupted();
    });
    out.progressDone();
    return layers;
}

QJsonArray recoverableJson(const std::vector<recovery::RecoverableLayer>& layers)
{
    QJsonArray json;
    for (const recovery::RecoverableLayer& layer : layers)
        json.append(layerJson(layer));
    return json;
}

void showRecoverable(const Output& out, const std::vector<recovery::RecoverableLayer>& layers)
{
    for (std::size_t first = 0; first < layers.size();) {
        const QString said = words(layers[first]);
        std::size_t last = first;
        while (last + 1 < layers.size() && words(layers[last + 1]) == said)
            ++last;
        out.line(u"layers %1..%2  %3"_s.arg(layers[first].index).arg(layers[last].index).arg(said));
        first = last + 1;
    }
}

} // namespace kintsugi::cli
