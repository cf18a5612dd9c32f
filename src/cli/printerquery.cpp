// SPDX-License-Identifier: GPL-3.0-or-later
#include "printerquery.h"

namespace kintsugi::cli {

namespace {

constexpr auto patience = std::chrono::seconds(15);

} // namespace

PrinterQuery::PrinterQuery(Environment& environment, QObject* parent) : QObject(parent), m_environment(environment)
{
    m_patience.setSingleShot(true);
    m_patience.setInterval(patience);
    connect(&m_patience, &QTimer::timeout, this, [this] {
        const bool up = m_driver && m_driver->linkState() == link::LinkState::Connected;
        fails(up ? Error{.code = ErrorCode::KlippyNotReady, .detail = m_driver->host().stateMessage.toStdString()} : m_why);
    });
}

PrinterQuery::~PrinterQuery() = default;

void PrinterQuery::open(const std::string& printer, const std::string& keyFile)
{
    auto profile = choosePrinter(m_environment, printer);
    if (!profile)
        return fails(profile.error());
    m_profile = std::move(*profile);
    makeDriver(m_environment, m_profile, keyFile, this, [this](Result<std::unique_ptr<link::Driver>> driver) {
        if (!driver)
            return fails(driver.error());
        m_driver = std::move(*driver);
        begin();
    });
}

void PrinterQuery::begin()
{
    connect(m_driver.get(), &link::Driver::linkFailed, this, [this](const Error& error) {
        m_why = error;
        fails(error); // a command does not wait for a printer that may come one day
    });
    connect(m_driver.get(), &link::Driver::hostChanged, this, &PrinterQuery::look);
    connect(m_driver.get(), &link::Driver::linkChanged, this, &PrinterQuery::look);
    m_patience.start();
    m_driver->open();
}

void PrinterQuery::look()
{
    const auto state = m_driver->host().state;
    if (m_done || m_driver->linkState() != link::LinkState::Connected || state == link::HostState::Unknown || state == link::HostState::Startup)
        return;
    m_done = true;
    m_patience.stop();
    emit connected();
}

void PrinterQuery::fails(const Error& error)
{
    if (!std::exchange(m_done, true))
        emit failed(error);
}

} // namespace kintsugi::cli
