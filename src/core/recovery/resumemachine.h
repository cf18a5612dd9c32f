// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"

/// The run of a resume plan as a pure machine: app/resumeflow executes the actions and feeds the events.
namespace kintsugi::recovery::run {

/// DryRun: every step of a dry-run plan, and no print behind them.
enum class Way { NewFile, ZeroCopy, DryRun };

struct Idle {};
struct Armed { Way way; };                       ///< first press done: everything is prepared, nothing has moved
struct Running { Way way; std::size_t step = 0; bool stopAfterStep = false; };
/// The tail has been started, the print is not yet seen to run. blind: the link dropped and the state is not read yet.
struct Starting { Way way; bool blind = false; };
struct Printing { Way way; bool blind = false; };
struct Stopped { std::size_t step = 0; };        ///< by the person, after a step
struct Failed { Error error; std::size_t step = 0; }; ///< sends nothing but an emergency stop
struct Done {};
using State = std::variant<Idle, Armed, Running, Starting, Printing, Stopped, Failed, Done>;

struct Arm { Way way; };
struct Launch {};                                ///< second press
struct StepDone { std::size_t step; };           ///< answered ok AND the host is still ready (klipper.md 12.3)
struct StepFailed { std::size_t step; Error error; };
struct LinkDropped { Error error; };
struct HostDown { Error error; };
struct StopAfterStep {};
struct StopAndLift {};
struct EmergencyStop {};
struct PrintSeen {};                             ///< print_stats.state == printing, the right file
struct PrintEnded { bool completed; std::string state; };
struct Disarm {};
using Event = std::variant<Arm, Launch, StepDone, StepFailed, LinkDropped, HostDown, StopAfterStep, StopAndLift, EmergencyStop, PrintSeen, PrintEnded, Disarm>;

struct SendStep { std::size_t step; };           ///< 0-based index into plan.steps
struct StartTail { Way way; };
struct LiftAndHold {};                           ///< stop, lift, keep the bed
struct SendEmergencyStop {};
struct ReadState {};                             ///< after a drop nothing is sent until this came back
struct WriteReport {};
using Action = std::variant<SendStep, StartTail, LiftAndHold, SendEmergencyStop, ReadState, WriteReport>;

struct Step { State state; std::vector<Action> actions; };
/// stepCount: number of plan steps that are sent before the tail starts. Unlisted events change nothing.
[[nodiscard]] Step step(const State& state, const Event& event, std::size_t stepCount);

} // namespace kintsugi::recovery::run
