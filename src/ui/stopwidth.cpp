// SPDX-License-Identifier: GPL-3.0-or-later
#include "stopwidth.h"

#include <algorithm>
#include <cmath>

#include <QCoreApplication>
#include <QLocale>

#include "gcode/toolpath.h"
#include "uitext.h"

namespace kintsugi::ui {

namespace {

struct Text { Q_DECLARE_TR_FUNCTIONS(StopWidth) };

} // namespace

Result<StopWidth> stopWidth(const gcode::Source& source, const gcode::FileIndex& index, const recovery::StopInterval& stop)
{
    const auto first = gcode::locate(source, index, stop.earliest);
    const auto last = gcode::locate(source, index, stop.latest);
    const auto path = gcode::readToolpath(source, index, stop.earliest, stop.latest);
    for (const Error* error : {first ? nullptr : &first.error(), last ? nullptr : &last.error(), path ? nullptr : &path.error()}) {
        if (error)
            return fail(*error);
    }
    const auto lines = [](const gcode::Located& from, const gcode::Located& to) { // `to` is where the line behind the last one begins
        return StopWidth::Lines{from.line, std::max(from.line, to.line - 1)};
    };
    StopWidth width{.bytes = stop.latest - stop.earliest, .lines = last->line - first->line};
    width.certain = lines(*first, *last);
    const auto halfFirst = gcode::locate(source, index, stop.halfFrom), halfLast = gcode::locate(source, index, stop.halfTo);
    if (stop.halfTo > stop.halfFrom && halfFirst && halfLast)
        width.half = lines(*halfFirst, *halfLast);
    for (const gcode::Segment& s : path->segments) {
        const double length = std::hypot(double{s.x1} - double{s.x0}, double{s.y1} - double{s.y0}, double{s.z1} - double{s.z0});
        width.millimetres += s.extrudes() ? length : 0;
        width.seconds += s.feed > 0 ? (length > 0 ? length : std::abs(double{s.e})) / double{s.feed} : 0;
    }
    return width;
}

QString linesText(const StopWidth& width)
{
    const QLocale locale;
    const auto number = [&locale](std::uint64_t line) { return locale.toString(static_cast<qulonglong>(line)); };
    const auto [first, last] = width.certain;
    if (!width.half)
        return first == last ? Text::tr("Certainly on line %1.").arg(number(first))
                             : Text::tr("Certainly between line %1 and %2.").arg(number(first), number(last));
    const auto [from, to] = *width.half;
    if (from == to)
        return first == last ? Text::tr("Certainly on line %1.").arg(number(first))
                             : Text::tr("Likely on line %1; certainly between %2 and %3.").arg(number(from), number(first), number(last));
    return Text::tr("Likely between line %1 and %2; certainly between %3 and %4.").arg(number(from), number(to), number(first), number(last));
}

QString widthText(const StopWidth& width)
{
    const QLocale locale;
    //: width of the stop interval: bytes, lines, seconds, millimetres
    return Text::tr("Between them: %1 bytes, %2 lines, about %3 s and %4 of printed path.")
        .arg(bytesText(static_cast<double>(width.bytes)), locale.toString(static_cast<qulonglong>(width.lines)),
             locale.toString(width.seconds, 'f', width.seconds < 10 ? 2 : 0), lengthText(width.millimetres));
}

QString causeWidthText(recovery::StopCause cause)
{
    using recovery::StopCause;
    switch (cause) {
    case StopCause::Unknown: return Text::tr("The cause is not known: everything that may have run is inside.");
    case StopCause::PrinterPowerLost:
    case StopCause::PrinterAndHostLost: return Text::tr("Power lost: nothing more ran after that moment.");
    case StopCause::LinkLost: return Text::tr("Link lost: every line the printer had accepted still ran.");
    case StopCause::HostLost: return Text::tr("Host stopped: what the controller had in its queue still ran.");
    case StopCause::MotorSupplyLost: return Text::tr("Motor supply lost: the program went on counting while nothing moved.");
    case StopCause::EmergencyStop: return Text::tr("Emergency stop: nothing more ran after that moment.");
    case StopCause::FirmwareShutdown: return Text::tr("Shutdown: the firmware dropped what was still in the queue.");
    }
    return {};
}

} // namespace kintsugi::ui
