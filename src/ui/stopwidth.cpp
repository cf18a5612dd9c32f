// SPDX-License-Identifier: GPL-3.0-or-later
#include "stopwidth.h"

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
    StopWidth width{.bytes = stop.latest - stop.earliest, .lines = last->line - first->line};
    for (const gcode::Segment& s : path->segments) {
        const double length = std::hypot(double{s.x1} - double{s.x0}, double{s.y1} - double{s.y0}, double{s.z1} - double{s.z0});
        width.millimetres += s.extrudes() ? length : 0;
        width.seconds += s.feed > 0 ? (length > 0 ? length : std::abs(double{s.e})) / double{s.feed} : 0;
    }
    return width;
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
