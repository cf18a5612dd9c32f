// SPDX-License-Identifier: GPL-3.0-or-later
#include "patientwriter.h"

namespace kintsugi::app {

PatientWriter::PatientWriter(Archive& archive, QObject* parent) : QObject(parent), m_archive(archive)
{
    m_retry.setSingleShot(true);
    m_retry.setInterval(std::chrono::seconds(2));
    connect(&m_retry, &QTimer::timeout, this, &PatientWriter::next);
}

void PatientWriter::write(std::function<Result<>(Store&)> work, std::function<void()> done)
{
    m_line.push_back({std::move(work), std::move(done)});
    if (!m_asked && !m_retry.isActive())
        next();
}

void PatientWriter::next()
{
    if (m_line.empty())
        return;
    m_asked = true;
    m_archive.ask<void>(this, m_line.front().work, [this](const Result<>& result) { settle(result); });
}

void PatientWriter::settle(const Result<>& result)
{
    m_asked = false;
    if (!result) {
        m_retry.start();
        if (!std::exchange(m_told, true))
            emit failed(result.error());
        return;
    }
    m_told = false;
    const auto done = std::move(m_line.front().done);
    m_line.pop_front();
    next();
    if (done)
        done();
}

} // namespace kintsugi::app
