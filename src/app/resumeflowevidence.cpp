// SPDX-License-Identifier: GPL-3.0-or-later
#include "resumeflowevidence.h"

#include <algorithm>
#include <map>

namespace kintsugi::app {

using namespace Qt::StringLiterals;
using recovery::StopCause;

namespace {

constexpr double clear = 0.4; // below this no cause is taken for granted

class Scale
{
public:
    void add(StopCause cause, double weight, Message reason)
    {
        CauseEvidence& one = m_causes[cause];
        one.cause = cause;
        one.likelihood += weight;
        one.evidence.push_back(std::move(reason));
    }
    std::vector<CauseEvidence> sorted()
    {
        for (const StopCause cause : {StopCause::PrinterPowerLost, StopCause::LinkLost, StopCause::HostLost, StopCause::PrinterAndHostLost,
                                      StopCause::MotorSupplyLost, StopCause::EmergencyStop, StopCause::FirmwareShutdown})
            m_causes[cause].cause = cause;
        std::vector<CauseEvidence> causes;
        for (auto& [cause, evidence] : m_causes) {
            evidence.likelihood = std::clamp(evidence.likelihood, 0.0, 1.0);
            causes.push_back(std::move(evidence));
        }
        std::stable_sort(causes.begin(), causes.end(),
                         [](const CauseEvidence& a, const CauseEvidence& b) { return a.likelihood > b.likelihood; });
        return causes;
    }

private:
    std::map<StopCause, CauseEvidence> m_causes;
};

std::optional<double> lastEventTime(const std::vector<recovery::Sample>& samples)
{
    for (auto it = samples.rbegin(); it != samples.rend(); ++it) {
        if (it->eventTime)
            return it->eventTime;
    }
    return std::nullopt;
}

void weighClock(Scale& scale, const StopEvidence& evidence)
{
    const auto last = lastEventTime(evidence.samples);
    if (!last || !evidence.now || !evidence.now->eventTime)
        return;
    const double now = *evidence.now->eventTime;
    if (now < *last)
        scale.add(StopCause::PrinterAndHostLost, 0.6,
                  {KINTSUGI_TEXT("the host's clock has begun anew: %1 s now, %2 s at the last sample"), {decimal(now, 0), decimal(*last, 0)}});
    else
        scale.add(StopCause::HostLost, 0.1, {KINTSUGI_TEXT("the host's clock went on: the host itself was not switched off"), {}});
}

void weighRemote(Scale& scale, const StopEvidence& evidence)
{
    if (!evidence.remote)
        return;
    const QString& status = evidence.remote->status;
    if (status == u"interrupted"_s)
        scale.add(StopCause::PrinterAndHostLost, 0.3, {KINTSUGI_TEXT("the server found the job unfinished when it started again"), {}});
    else if (status == u"klippy_disconnect"_s)
        scale.add(StopCause::HostLost, 0.45, {KINTSUGI_TEXT("the server lived on and saw the printer's host end"), {}});
    else if (status == u"klippy_shutdown"_s)
        scale.add(StopCause::FirmwareShutdown, 0.4, {KINTSUGI_TEXT("the server saw the firmware shut down"), {}});
    else if (status == u"server_exit"_s)
        scale.add(StopCause::HostLost, 0.3, {KINTSUGI_TEXT("the server was ended while the job ran"), {}});
}

void weighWords(Scale& scale, const QString& words, double weight)
{
    const auto has = [&words](QLatin1String part) { return words.contains(part, Qt::CaseInsensitive); };
    const Message said{KINTSUGI_TEXT("the printer said: %1"), {words.left(200).toStdString()}};
    if (has("webhooks request"_L1) || has("M112"_L1) || has("emergency"_L1))
        scale.add(StopCause::EmergencyStop, 0.7 * weight, said);
    else if (has("lost communication with mcu"_L1))
        scale.add(StopCause::PrinterPowerLost, 0.7 * weight, said);
    else if (has("shutdown"_L1) || has("shut down"_L1))
        scale.add(StopCause::FirmwareShutdown, 0.2 * weight, said);
}

void weighTexts(Scale& scale, const StopEvidence& evidence)
{
    QStringList told; // the same words may be an event, a console line and the host's state
    const auto once = [&](const QString& words, double weight) {
        if (!words.isEmpty() && !told.contains(words)) {
            told << words;
            weighWords(scale, words, weight);
        }
    };
    if (evidence.host.state == link::HostState::Shutdown)
        once(evidence.host.stateMessage, 1);
    for (const Event& event : evidence.events) {
        if (event.kind == u"host"_s || event.kind == u"console-error"_s || event.kind == u"interrupted"_s)
            once(event.text, event.kind == u"interrupted"_s ? 0.5 : 1);
    }
}

} // namespace

std::vector<CauseEvidence> weighCauses(const StopEvidence& evidence)
{
    Scale scale;
    const bool goesOn = evidence.now && evidence.now->printState == "printing"
        && QString::fromStdString(evidence.now->file) == evidence.job.file;
    if (goesOn)
        scale.add(StopCause::LinkLost, 0.9, {KINTSUGI_TEXT("the printer is still printing this file"), {}});
    weighClock(scale, evidence);
    weighRemote(scale, evidence);
    weighTexts(scale, evidence);
    if (evidence.job.cause != StopCause::Unknown)
        scale.add(evidence.job.cause, 0.3, {KINTSUGI_TEXT("noted by the recorder when it stopped"), {}});
    scale.add(StopCause::MotorSupplyLost, 0.01,
              {KINTSUGI_TEXT("no message shows the motors' supply: only a look at the printer can tell"), {}});
    return scale.sorted();
}

StopCause likeliestCause(const std::vector<CauseEvidence>& causes)
{
    return causes.empty() || causes.front().likelihood < clear ? StopCause::Unknown : causes.front().cause;
}

} // namespace kintsugi::app
