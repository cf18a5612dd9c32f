// SPDX-License-Identifier: GPL-3.0-or-later
#include "uitext.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

using namespace Qt::StringLiterals;

namespace kintsugi::ui {

namespace {

struct Text { Q_DECLARE_TR_FUNCTIONS(Text) };

QString heater(const recovery::Sample& sample, const std::string& name, const QString& with, const QString& without)
{
    const auto it = sample.heaters.find(name);
    if (it == sample.heaters.end() || !it->second.temperature)
        return {};
    const QLocale locale;
    const QString now = locale.toString(*it->second.temperature, 'f', 0);
    if (it->second.target.value_or(0) > 0)
        return with.arg(now, locale.toString(*it->second.target, 'f', 0));
    return without.arg(now);
}

} // namespace

QString durationText(double seconds)
{
    const auto minutes = static_cast<qint64>(std::max(0.0, seconds) / 60);
    const QLocale locale;
    if (minutes < 1)
        return Text::tr("%1 s").arg(locale.toString(static_cast<qint64>(std::max(0.0, seconds))));
    if (minutes < 60)
        return Text::tr("%1 min").arg(locale.toString(minutes));
    if (minutes < 48 * 60)
        return Text::tr("%1 h %2 min").arg(locale.toString(minutes / 60), locale.toString(minutes % 60));
    return Text::tr("%n day(s)", nullptr, static_cast<int>(minutes / (24 * 60)));
}

QString agoText(double seconds)
{
    return seconds < 10 ? Text::tr("just now") : Text::tr("%1 ago").arg(durationText(seconds));
}

QString bytesText(double bytes)
{
    return QLocale().toString(bytes, 'f', 0);
}

QString lengthText(double millimetres)
{
    return Text::tr("%1 mm").arg(QLocale().toString(millimetres, 'f', std::abs(millimetres) < 10 ? 2 : 1));
}

QString dayAndTime(double secondsSinceEpoch)
{
    return QLocale().toString(QDateTime::fromMSecsSinceEpoch(std::llround(secondsSinceEpoch * 1000)), QLocale::ShortFormat);
}

QString layerText(std::size_t layer, std::optional<std::size_t> count, std::optional<double> z)
{
    const QLocale locale;
    const QString number = locale.toString(static_cast<qulonglong>(layer + 1));
    const QString which = count ? Text::tr("Layer %1 of %2").arg(number, locale.toString(static_cast<qulonglong>(*count)))
                                : Text::tr("Layer %1").arg(number);
    return z ? Text::tr("%1, Z %2 mm").arg(which, locale.toString(*z, 'f', 2)) : which;
}

QString heatText(const recovery::Sample& sample)
{
    const QString nozzle = heater(sample, sample.activeExtruder.empty() ? "extruder" : sample.activeExtruder,
                                  Text::tr("Nozzle %1 of %2 °C"), Text::tr("Nozzle %1 °C"));
    const QString bed = heater(sample, "heater_bed", Text::tr("bed %1 of %2 °C"), Text::tr("bed %1 °C"));
    if (nozzle.isEmpty() || bed.isEmpty())
        return nozzle.isEmpty() ? bed : nozzle;
    return Text::tr("%1, %2").arg(nozzle, bed);
}

QString shortened(const QString& name, int most)
{
    QString line = name.simplified();
    line.removeIf([](QChar c) { return !c.isPrint(); });
    if (line.size() <= most)
        return line;
    const int half = (most - 1) / 2;
    return QString(line.first(half) + u'…' + line.last(half));
}

} // namespace kintsugi::ui
