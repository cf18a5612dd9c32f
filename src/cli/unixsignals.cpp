// SPDX-License-Identifier: GPL-3.0-or-later
#include "unixsignals.h"

#include <csignal>

#include <fcntl.h>
#include <unistd.h>

namespace kintsugi::cli {

namespace {

int pipeEnds[2] = {-1, -1}; // a signal handler can reach nothing else
volatile std::sig_atomic_t signalled = 0;

void handle(int)
{
    const char byte = 1;
    signalled = 1;
    [[maybe_unused]] const auto written = ::write(pipeEnds[1], &byte, 1);
}

} // namespace

UnixSignals::UnixSignals(QObject* parent) : QObject(parent)
{
    if (::pipe2(pipeEnds, O_CLOEXEC | O_NONBLOCK) != 0)
        return;
    m_notifier = std::make_unique<QSocketNotifier>(pipeEnds[0], QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, [this] {
        char byte = 0;
        while (::read(pipeEnds[0], &byte, 1) == 1) { }
        emit interrupted();
    });
    struct sigaction action = {};
    action.sa_handler = handle;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

bool UnixSignals::wasInterrupted()
{
    return signalled != 0;
}

UnixSignals::~UnixSignals()
{
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
    m_notifier.reset();
    ::close(pipeEnds[0]);
    ::close(pipeEnds[1]);
}

} // namespace kintsugi::cli
