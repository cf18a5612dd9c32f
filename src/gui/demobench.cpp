// SPDX-License-Identifier: GPL-3.0-or-later
#include "demobench.h"

#include <QLoggingCategory>

#include "errortext.h"
#include "moonrakerdriver.h"

namespace kintsugi::gui {

namespace {

Q_LOGGING_CATEGORY(lcDemo, "kintsugi.gui.demo", QtInfoMsg)
constexpr int dropMilliseconds = 8000; // long enough to see the program reconnect

} // namespace

DemoBench::DemoBench(QString folder, QObject* parent)
    : DemoControls(parent)
    , m_folder(std::move(folder))
{
}

DemoBench::~DemoBench() = default;

void DemoBench::start()
{
    sim::DemoOptions options;
    options.machine.folder = m_folder;
    options.machine.heaterRate = 4.0; // nobody wants to wait for a simulated bed
    options.speed = m_speed;
    m_printer = std::make_unique<sim::DemoPrinter>(options);
    connect(m_printer.get(), &sim::DemoPrinter::powerChanged, this, [this](bool on) {
        m_powered = on;
        emit changed();
    });
    connect(m_printer.get(), &sim::DemoPrinter::hostChanged, this, [this](bool running) {
        m_hostRunning = running;
        emit changed();
    });
    if (const auto started = m_printer->start(); !started)
        qCWarning(lcDemo).noquote() << app::errorText(started.error()).full();
}

std::unique_ptr<link::Driver> DemoBench::makeDriver()
{
    if (!m_printer)
        start();
    return std::make_unique<link::MoonrakerDriver>(link::Address{.url = m_printer->address(), .credentials = {}});
}

void DemoBench::setSpeed(double factor)
{
    m_speed = factor;
    if (m_printer)
        m_printer->setSpeed(factor);
    emit changed();
}

void DemoBench::cutPower()
{
    if (m_printer)
        m_printer->cutPower();
}

void DemoBench::restorePower()
{
    if (m_printer)
        m_printer->restorePower();
}

void DemoBench::crashHost()
{
    if (m_printer)
        m_printer->crashHost();
}

void DemoBench::startHost()
{
    if (m_printer)
        m_printer->startHost();
}

void DemoBench::dropLink()
{
    if (m_printer)
        m_printer->dropLink(dropMilliseconds);
}

void DemoBench::clearBed()
{
    if (m_printer)
        m_printer->clearBed();
}

} // namespace kintsugi::gui
