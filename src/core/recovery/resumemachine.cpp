// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/resumemachine.h"

#include "base/overloaded.h"

namespace kintsugi::recovery::run {

namespace {

Step stay(const State& state) { return {state, {}}; }

/// Sends the step, or starts the tail when there is none left.
Step goOn(Way way, std::size_t next, std::size_t stepCount)
{
    if (next < stepCount)
        return {Running{way, next, false}, {SendStep{next}}};
    if (way == Way::DryRun)
        return {Done{}, {WriteReport{}}};
    return {Starting{way}, {StartTail{way}}};
}

/// What was under way is unknown: look, tell, send nothing.
Step failed(Error error, std::size_t step)
{
    return {Failed{std::move(error), step}, {ReadState{}, WriteReport{}}};
}

Step stopped(std::size_t step)
{
    return {Stopped{step}, {LiftAndHold{}, WriteReport{}}};
}

Step emergency(std::size_t step)
{
    return {Failed{Error{.code = ErrorCode::Cancelled, .detail = "emergency stop"}, step},
            {SendEmergencyStop{}, ReadState{}, WriteReport{}}};
}

Step ended(const PrintEnded& event, std::size_t stepCount)
{
    if (event.completed)
        return {Done{}, {WriteReport{}}};
    return failed(Error{.code = ErrorCode::Refused, .detail = event.state}, stepCount);
}

Step resting(const State& state, const Event& event)
{
    if (const auto* arm = std::get_if<Arm>(&event))
        return {Armed{arm->way}, {}};
    if (std::holds_alternative<Disarm>(event))
        return {Idle{}, {}};
    if (std::holds_alternative<EmergencyStop>(event))
        return {state, {SendEmergencyStop{}, ReadState{}}};
    return stay(state);
}

Step armed(const Armed& state, const Event& event, std::size_t stepCount)
{
    return std::visit(Overloaded{
        [&](const Launch&) { return goOn(state.way, 0, stepCount); },
        [&](const Disarm&) { return Step{Idle{}, {}}; },
        [&](const LinkDropped&) { return Step{Idle{}, {ReadState{}}}; },
        [&](const HostDown&) { return Step{Idle{}, {ReadState{}}}; },
        [&](const EmergencyStop&) { return Step{Idle{}, {SendEmergencyStop{}, ReadState{}}}; },
        [&](const Arm& arm) { return Step{Armed{arm.way}, {}}; },
        [&](const auto&) { return stay(state); },
    }, event);
}

Step running(const Running& state, const Event& event, std::size_t stepCount)
{
    return std::visit(Overloaded{
        [&](const StepDone& done) {
            if (done.step != state.step)
                return stay(state);
            if (state.stopAfterStep)
                return Step{Stopped{state.step}, {WriteReport{}}};
            return goOn(state.way, state.step + 1, stepCount);
        },
        [&](const StepFailed& fault) { return fault.step == state.step ? failed(fault.error, state.step) : stay(state); },
        [&](const LinkDropped& drop) { return failed(drop.error, state.step); },
        [&](const HostDown& down) { return failed(down.error, state.step); },
        [&](const StopAfterStep&) { return Step{Running{state.way, state.step, true}, {}}; },
        [&](const StopAndLift&) { return stopped(state.step); },
        [&](const EmergencyStop&) { return emergency(state.step); },
        [&](const auto&) { return stay(state); },
    }, event);
}

/// Starting and Printing: the printer works through the file by itself.
template <class S>
Step tailRuns(const S& state, const Event& event, std::size_t stepCount)
{
    return std::visit(Overloaded{
        [&](const PrintSeen&) { return Step{Printing{state.way, false}, {}}; },
        [&](const PrintEnded& end) { return ended(end, stepCount); },
        [&](const LinkDropped&) { return Step{S{state.way, true}, {ReadState{}}}; },
        [&](const HostDown& down) { return failed(down.error, stepCount); },
        [&](const StepFailed& fault) {
            // The answer to the start itself.
            const bool ofStart = std::is_same_v<S, Starting> && fault.step >= stepCount;
            return ofStart ? failed(fault.error, stepCount) : stay(state);
        },
        [&](const StopAndLift&) { return state.blind ? stay(state) : stopped(stepCount); },
        [&](const EmergencyStop&) { return emergency(stepCount); },
        [&](const auto&) { return stay(state); },
    }, event);
}

} // namespace

Step step(const State& state, const Event& event, std::size_t stepCount)
{
    return std::visit(Overloaded{
        [&](const Armed& s) { return armed(s, event, stepCount); },
        [&](const Running& s) { return running(s, event, stepCount); },
        [&](const Starting& s) { return tailRuns(s, event, stepCount); },
        [&](const Printing& s) { return tailRuns(s, event, stepCount); },
        [&](const auto&) { return resting(state, event); },
    }, state);
}

} // namespace kintsugi::recovery::run
