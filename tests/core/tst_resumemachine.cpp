// SPDX-License-Identifier: GPL-3.0-or-later
#include <QTest>

#include "recovery/resumemachine.h"

using namespace kintsugi;
using namespace kintsugi::recovery::run;

namespace {

constexpr std::size_t stepCount = 3;

const Error broken{.code = ErrorCode::Disconnected, .detail = "gone"};

std::vector<State> allStates()
{
    std::vector<State> states{Idle{}, Stopped{1}, Failed{broken, 1}, Done{}};
    for (const Way way : {Way::NewFile, Way::ZeroCopy}) {
        states.insert(states.end(), {Armed{way}, Starting{way}, Starting{way, true}, Printing{way}, Printing{way, true}});
        for (std::size_t i = 0; i < stepCount; ++i)
            states.insert(states.end(), {Running{way, i, false}, Running{way, i, true}});
    }
    return states;
}

std::vector<Event> allEvents()
{
    std::vector<Event> events{Arm{Way::NewFile}, Arm{Way::ZeroCopy}, Launch{}, LinkDropped{broken}, HostDown{broken}, StopAfterStep{},
                              StopAndLift{}, EmergencyStop{}, PrintSeen{}, PrintEnded{true, "complete"}, PrintEnded{false, "error"}, Disarm{}};
    for (std::size_t i = 0; i <= stepCount; ++i)
        events.insert(events.end(), {StepDone{i}, StepFailed{i, broken}});
    return events;
}

template <class T>
bool has(const Step& step)
{
    return std::any_of(step.actions.begin(), step.actions.end(), [](const Action& action) { return std::holds_alternative<T>(action); });
}

/// Anything that makes the printer move, heat or start.
bool sends(const Step& step)
{
    return has<SendStep>(step) || has<StartTail>(step) || has<LiftAndHold>(step);
}

std::string text(const State& state)
{
    static const std::array<const char*, 8> names{"Idle", "Armed", "Running", "Starting", "Printing", "Stopped", "Failed", "Done"};
    std::string out = names[state.index()];
    if (const auto* running = std::get_if<Running>(&state))
        out += ' ' + std::to_string(running->step) + (running->stopAfterStep ? " last" : "");
    if (const auto* s = std::get_if<Starting>(&state); s && s->blind)
        out += " blind";
    if (const auto* s = std::get_if<Printing>(&state); s && s->blind)
        out += " blind";
    if (const auto* s = std::get_if<Stopped>(&state))
        out += ' ' + std::to_string(s->step);
    if (const auto* s = std::get_if<Failed>(&state))
        out += ' ' + std::to_string(s->step);
    return out;
}

std::string text(const std::vector<Action>& actions)
{
    static const std::array<const char*, 6> names{"SendStep", "StartTail", "LiftAndHold", "SendEmergencyStop", "ReadState", "WriteReport"};
    std::string out;
    for (const Action& action : actions) {
        out += (out.empty() ? "" : " ") + std::string(names[action.index()]);
        if (const auto* send = std::get_if<SendStep>(&action))
            out += std::to_string(send->step);
    }
    return out;
}

} // namespace

Q_DECLARE_METATYPE(State)
Q_DECLARE_METATYPE(Event)

class TestResumeMachine : public QObject
{
    Q_OBJECT

private slots:
    void table_data();
    void table();
    void onlyArmedLaunches();
    void nothingIsSentAfterADrop();
    void emergencyStopWorksEverywhere();
    void everyStepIsSentOnceAndInOrder();
    void noStepsStartsTheTailAtOnce();
    void everyEventInEveryStateIsDefined();
};

void TestResumeMachine::table_data()
{
    QTest::addColumn<State>("state");
    QTest::addColumn<Event>("event");
    QTest::addColumn<QByteArray>("next");
    QTest::addColumn<QByteArray>("actions");
    const auto row = [](const char* name, State state, Event event, const char* next, const char* actions) {
        QTest::newRow(name) << std::move(state) << std::move(event) << QByteArray(next) << QByteArray(actions);
    };
    const Way way = Way::ZeroCopy;
    row("arm", Idle{}, Arm{way}, "Armed", "");
    row("arm after a failure", Failed{broken, 1}, Arm{way}, "Armed", "");
    row("disarm", Armed{way}, Disarm{}, "Idle", "");
    row("launch", Armed{way}, Launch{}, "Running 0", "SendStep0");
    row("drop while armed", Armed{way}, LinkDropped{broken}, "Idle", "ReadState");
    row("host down while armed", Armed{way}, HostDown{broken}, "Idle", "ReadState");
    row("next", Running{way, 0}, StepDone{0}, "Running 1", "SendStep1");
    row("an answer of another step", Running{way, 1}, StepDone{0}, "Running 1", "");
    row("a failure of another step", Running{way, 1}, StepFailed{0, broken}, "Running 1", "");
    row("last", Running{way, 2}, StepDone{2}, "Starting", "StartTail");
    row("step failed", Running{way, 1}, StepFailed{1, broken}, "Failed 1", "ReadState WriteReport");
    row("drop", Running{way, 1}, LinkDropped{broken}, "Failed 1", "ReadState WriteReport");
    row("host down", Running{way, 1}, HostDown{broken}, "Failed 1", "ReadState WriteReport");
    row("stop after this step", Running{way, 1}, StopAfterStep{}, "Running 1 last", "");
    row("stopped after the step", Running{way, 1, true}, StepDone{1}, "Stopped 1", "WriteReport");
    row("stopped after the last step", Running{way, 2, true}, StepDone{2}, "Stopped 2", "WriteReport");
    row("stop and lift", Running{way, 1}, StopAndLift{}, "Stopped 1", "LiftAndHold WriteReport");
    row("print runs", Starting{way}, PrintSeen{}, "Printing", "");
    row("print refused", Starting{way}, StepFailed{3, broken}, "Failed 3", "ReadState WriteReport");
    row("drop while starting", Starting{way}, LinkDropped{broken}, "Starting blind", "ReadState");
    row("seen again", Starting{way, true}, PrintSeen{}, "Printing", "");
    row("drop while printing", Printing{way}, LinkDropped{broken}, "Printing blind", "ReadState");
    row("seen again while printing", Printing{way, true}, PrintSeen{}, "Printing", "");
    row("blind stop", Printing{way, true}, StopAndLift{}, "Printing blind", "");
    row("stop while printing", Printing{way}, StopAndLift{}, "Stopped 3", "LiftAndHold WriteReport");
    row("host down while printing", Printing{way}, HostDown{broken}, "Failed 3", "ReadState WriteReport");
    row("complete", Printing{way}, PrintEnded{true, "complete"}, "Done", "WriteReport");
    row("complete after a drop", Printing{way, true}, PrintEnded{true, "complete"}, "Done", "WriteReport");
    row("error", Printing{way}, PrintEnded{false, "error"}, "Failed 3", "ReadState WriteReport");
    row("forget", Done{}, Disarm{}, "Idle", "");
    row("emergency while running", Running{way, 1}, EmergencyStop{}, "Failed 1", "SendEmergencyStop ReadState WriteReport");
    row("emergency while idle", Idle{}, EmergencyStop{}, "Idle", "SendEmergencyStop ReadState");
}

void TestResumeMachine::table()
{
    QFETCH(State, state);
    QFETCH(Event, event);
    QFETCH(QByteArray, next);
    QFETCH(QByteArray, actions);
    const Step result = step(state, event, stepCount);
    QCOMPARE(QByteArray::fromStdString(text(result.state)), next);
    QCOMPARE(QByteArray::fromStdString(text(result.actions)), actions);
}

void TestResumeMachine::onlyArmedLaunches()
{
    for (const State& state : allStates()) {
        const Step result = step(state, Launch{}, stepCount);
        QCOMPARE(sends(result), std::holds_alternative<Armed>(state));
        // A step is only ever sent by the second press or by the answer to the step before it.
        for (const Event& event : allEvents()) {
            const Step other = step(state, event, stepCount);
            if (!has<SendStep>(other) && !has<StartTail>(other))
                continue;
            const bool pressed = std::holds_alternative<Launch>(event) && std::holds_alternative<Armed>(state);
            const bool answered = std::holds_alternative<StepDone>(event) && std::holds_alternative<Running>(state);
            QVERIFY2(pressed || answered, text(state).c_str());
        }
    }
}

/// From every state: after a drop no event but a new Arm and Launch, or the state having been read, makes anything move.
void TestResumeMachine::nothingIsSentAfterADrop()
{
    for (const State& state : allStates()) {
        const Step dropped = step(state, LinkDropped{broken}, stepCount);
        QVERIFY2(!sends(dropped) && !has<SendEmergencyStop>(dropped), text(state).c_str());
        for (const Event& first : allEvents()) {
            const bool pressedOrRead = std::holds_alternative<Arm>(first) || std::holds_alternative<PrintSeen>(first);
            const Step next = step(dropped.state, first, stepCount);
            QVERIFY2(!sends(next), text(state).c_str());
            for (const Event& second : allEvents()) {
                if (!pressedOrRead)
                    QVERIFY2(!sends(step(next.state, second, stepCount)), text(state).c_str());
            }
        }
    }
}

void TestResumeMachine::emergencyStopWorksEverywhere()
{
    for (const State& state : allStates()) {
        const Step result = step(state, EmergencyStop{}, stepCount);
        QVERIFY(has<SendEmergencyStop>(result));
        QVERIFY(std::holds_alternative<SendEmergencyStop>(result.actions.front()));
        QVERIFY(!sends(result));
        for (const Event& event : allEvents()) {
            if (!std::holds_alternative<EmergencyStop>(event))
                QVERIFY(!has<SendEmergencyStop>(step(state, event, stepCount)));
        }
    }
}

void TestResumeMachine::everyStepIsSentOnceAndInOrder()
{
    for (const std::size_t count : {std::size_t(1), std::size_t(5), std::size_t(14)}) {
        Step now = step(Armed{Way::ZeroCopy}, Launch{}, count);
        for (std::size_t i = 0; i < count; ++i) {
            QCOMPARE(text(now.actions), "SendStep" + std::to_string(i));
            // A doubled answer does not send the next step twice.
            const Step next = step(now.state, StepDone{i}, count);
            QVERIFY(step(next.state, StepDone{i}, count).actions.empty());
            now = next;
        }
        QCOMPARE(text(now.actions), std::string("StartTail"));
        now = step(step(now.state, PrintSeen{}, count).state, PrintEnded{true, "complete"}, count);
        QVERIFY(std::holds_alternative<Done>(now.state));
    }
}

void TestResumeMachine::noStepsStartsTheTailAtOnce()
{
    const Step result = step(Armed{Way::NewFile}, Launch{}, 0);
    QVERIFY(std::holds_alternative<Starting>(result.state));
    QCOMPARE(text(result.actions), std::string("StartTail"));
}

/// Nothing reaches Printing or Done without having been seen; resting states never act by themselves.
void TestResumeMachine::everyEventInEveryStateIsDefined()
{
    std::size_t pairs = 0;
    for (const State& state : allStates()) {
        for (const Event& event : allEvents()) {
            ++pairs;
            const Step result = step(state, event, stepCount);
            if (std::holds_alternative<Printing>(result.state) && !std::holds_alternative<Printing>(state))
                QVERIFY(std::holds_alternative<PrintSeen>(event) && std::holds_alternative<Starting>(state));
            if (std::holds_alternative<Done>(result.state) && !std::holds_alternative<Done>(state))
                QVERIFY(std::holds_alternative<PrintEnded>(event));
            if (has<LiftAndHold>(result))
                QVERIFY(std::holds_alternative<StopAndLift>(event));
            if (std::holds_alternative<Failed>(result.state) && !std::holds_alternative<Failed>(state))
                QVERIFY(has<ReadState>(result) && has<WriteReport>(result));
        }
    }
    QCOMPARE(pairs, allStates().size() * allEvents().size());
}

QTEST_GUILESS_MAIN(TestResumeMachine)
#include "tst_resumemachine.moc"
