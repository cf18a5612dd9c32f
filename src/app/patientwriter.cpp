// SPDX-License-Identifier: GPL-3.0-or-later
#include "patientwriter.h"

namespace kintsugi::app {

PatientWriter::PatientWriter(Archive& archive, QObject* parent) : QObject(parent), m_archive(archive)
{
    m_retry.setSingleShot(true);
    m_retry.setInterval(std::chrono::seconds(2));
    connect(&m_retry, &QTimer::timeout, this, &PatientWriter::next);
}

PatientWriter::~PatientWriter()
{
    if (m_line.size() == m_asked)
        return;
    m_archive.ask<Outcome>(
        &m_archive, [rest = works(m_asked)](Store& store) -> Result<Outcome> { return run(rest, store); }, [](const Result<Outcome>&) {});
}

void PatientWriter::write(Work work, std::function<void()> done)
{
    m_line.push_back({std::move(work), std::move(done)});
    if (m_asked == 0 && !m_retry.isActive())
        next();
}

std::vector<PatientWriter::Work> PatientWriter::works(std::size_t from) const
{
    std::vector<Work> out;
    for (std::size_t i = from; i < m_line.size(); ++i)
        out.push_back(m_line[i].work);
    return out;
}

PatientWriter::Outcome PatientWriter::run(const std::vector<Work>& works, Store& store)
{
    Outcome outcome;
    for (const Work& work : works) {
        if (const auto done = work(store); !done) {
            outcome.error = done.error();
            break;
        }
        ++outcome.written;
    }
    return outcome;
}

void PatientWriter::next()
{
    if (m_line.empty())
        return;
    m_asked = m_line.size();
    m_archive.ask<Outcome>(
        this, [all = works(0)](Store& store) -> Result<Outcome> { return run(all, store); },
        [this](const Result<Outcome>& result) { settle(result ? *result : Outcome{.error = result.error()}); });
}

void PatientWriter::settle(const Outcome& outcome)
{
    m_asked = 0;
    std::vector<std::function<void()>> told;
    for (std::size_t i = 0; i < outcome.written; ++i) {
        told.push_back(std::move(m_line.front().done));
        m_line.pop_front();
    }
    if (outcome.written > 0)
        m_told = false;
    if (outcome.error) {
        m_retry.start();
        if (!std::exchange(m_told, true))
            emit failed(*outcome.error);
    } else {
        next();
    }
    for (const auto& done : told) {
        if (done)
            done();
    }
}

} // namespace kintsugi::app
