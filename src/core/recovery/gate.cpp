// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/gate.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

#include "gcode/command.h"
#include "recovery/declaredheight.h"
#include "recovery/plangcode.h"

namespace kintsugi::recovery {

namespace {

constexpr double bedGap = 10;          // °C the bed may lie below its target before adhesion is in doubt
constexpr double longAgo = 60;         // min after which a cooled part and a drifted axis are likely
constexpr double thinClearance = 0.5;  // mm

using write::isForbidden;

class Gate
{
public:
    Gate(const Plan& plan, const gcode::FileIndex& index, const FileIdentity& local, const GateFacts& facts)
        : m_plan(plan), m_snapshot(plan.snapshot), m_index(index), m_local(local), m_facts(facts)
    {
    }

    std::vector<GateCheck> run()
    {
        fileIdentity();
        fileOnPrinter();
        fileContent();
        plrLeftover();
        printing();
        mustHave();
        extruderMode();
        conflicts();
        travelLimits();
        clearance();
        std::ranges::move(declaredHeight(m_plan), std::back_inserter(m_checks));
        planHomes();
        planState();
        macros();
        keepProof();
        heaters();
        bed();
        minutes();
        person();
        plrVersion();
        plrReference();
        queue();
        disk();
        fileName();
        unknownMotion();
        afterMacro();
        toolAfterMacro();
        unsimulated();
        tail();
        mesh();
        std::stable_sort(m_checks.begin(), m_checks.end(), [](const GateCheck& a, const GateCheck& b) {
            return std::pair(a.severity, a.passed) < std::pair(b.severity, b.passed);
        });
        return std::move(m_checks);
    }

private:
    void add(const char* id, Severity severity, bool passed, std::string measured, std::string limit, Message text)
    {
        m_checks.push_back({id, severity, passed, std::move(measured), std::move(limit), std::move(text)});
    }

    void notChecked(const char* id)
    {
        add(id, Severity::Info, false, {}, {}, {KINTSUGI_TEXT("Not checked offline."), {}});
    }

    // --- the file ---

    [[nodiscard]] static bool sameContent(const FileIdentity& a, const FileIdentity& b)
    {
        return a.size == b.size && (!a.xxh3 || !b.xxh3 || *a.xxh3 == *b.xxh3);
    }

    void fileIdentity()
    {
        const FileIdentity read{m_local.name, m_index.size, m_index.xxh3};
        const bool same = sameContent(m_snapshot.file, read) && sameContent(m_local, read);
        add("file-identity", Severity::Block, same, std::to_string(m_local.size), std::to_string(m_snapshot.file.size),
            same ? Message{KINTSUGI_TEXT("The file is the one that was printed."), {}}
                 : Message{KINTSUGI_TEXT("The file is not the one that was printed: its size or content differs. Find the original file."), {}});
    }

    void fileOnPrinter()
    {
        if (!m_facts.fileOnPrinter)
            return notChecked("file-on-printer");
        const bool same = sameContent(*m_facts.fileOnPrinter, m_local);
        add("file-on-printer", Severity::Block, same, std::to_string(m_facts.fileOnPrinter->size), std::to_string(m_local.size),
            same ? Message{KINTSUGI_TEXT("The printer holds the same file."), {}}
                 : Message{KINTSUGI_TEXT("The printer's file %1 differs from the one the plan was made for. Upload the original again, or undo its change."),
                           {m_facts.fileOnPrinter->name}});
    }

    /// Size alone does not prove that nobody exchanged the file.
    void fileContent()
    {
        if (!m_facts.blocks)
            return notChecked("file-content");
        const BlockProof& proof = *m_facts.blocks;
        const bool same = proof.different == 0 && proof.compared > 0;
        const std::string count = std::to_string(proof.compared);
        add("file-content", Severity::Block, same, std::to_string(proof.different), "0",
            same ? Message{KINTSUGI_TEXT("%1 pieces of the printer's file, read anew, equal the local copy."), {count}}
                 : Message{KINTSUGI_TEXT("Of %1 pieces of the printer's file, read anew, %2 differ from the local copy. Upload the original again."),
                           {count, std::to_string(proof.different)}});
    }

    void plrLeftover()
    {
        if (!m_facts.plrLeftover)
            return notChecked("plr-leftover");
        if (!*m_facts.plrLeftover)
            return add("plr-leftover", Severity::Block, true, {}, {}, {KINTSUGI_TEXT("No file left behind by klipper-plr."), {}});
        const std::string& name = m_snapshot.file.name;
        const bool whole = m_facts.fileOnPrinter && sameContent(*m_facts.fileOnPrinter, m_local);
        const bool repairable = m_facts.plrLeftoverSize && *m_facts.plrLeftoverSize == m_local.size;
        const std::string measured = m_facts.plrLeftoverSize ? std::to_string(*m_facts.plrLeftoverSize) : "?";
        if (whole)
            return add("plr-leftover", Severity::Warn, false, measured, std::to_string(m_local.size),
                       {KINTSUGI_TEXT("%1.plr lies beside the whole file. PLR_RESUME_PRINT would overwrite it; it is not used here."), {name}});
        add("plr-leftover", Severity::Block, false, measured, std::to_string(m_local.size),
            repairable ? Message{KINTSUGI_TEXT("klipper-plr cut %1 and kept the original as %1.plr, of the right size. Repair: move %1.plr back to %1."), {name}}
                       : Message{KINTSUGI_TEXT("klipper-plr cut %1, and %1.plr is not the original either. Upload the original file."), {name}});
    }

    void fileName()
    {
        const bool bad = m_snapshot.file.name.find_first_of("%\"") != std::string::npos;
        add("file-name", Severity::Warn, !bad, m_snapshot.file.name, {},
            bad ? Message{KINTSUGI_TEXT("With klipper-plr armed, the first state save of a file with % or \" in its name shuts the printer down. Leave it disarmed or rename the file."), {}}
                : Message{KINTSUGI_TEXT("The file name is harmless."), {}});
    }

    // --- the printer now ---

    void printing()
    {
        if (!m_facts.now)
            return notChecked("printing");
        const Sample& now = *m_facts.now;
        const bool busy = now.printState == "printing" || now.printState == "paused";
        add("printing", Severity::Block, !busy, now.printState, {},
            busy ? Message{KINTSUGI_TEXT("The printer is at work (%1). Let it finish or cancel it first."), {now.printState}}
                 : Message{KINTSUGI_TEXT("The printer is not printing."), {}});
        const bool ready = now.hostState == "ready";
        add("host-ready", Severity::Block, ready, now.hostState.empty() ? "?" : now.hostState, "ready",
            ready ? Message{KINTSUGI_TEXT("The printer's host is ready."), {}}
                  : Message{KINTSUGI_TEXT("The printer's host is not ready. Remove the cause and restart the firmware."), {}});
    }

    void heaters()
    {
        if (!m_facts.now)
            return notChecked("heaters");
        const auto check = [this](const std::string& name) {
            const auto heater = m_facts.now->heaters.find(name);
            const auto measured = heater == m_facts.now->heaters.end() ? std::nullopt : heater->second.temperature;
            const bool sound = measured && *measured > -10 && *measured < 400;
            add("heaters", Severity::Block, sound, measured ? decimal(*measured, 1) : "?", {},
                sound ? Message{KINTSUGI_TEXT("Sensor %1 reads a believable value."), {name}}
                      : Message{KINTSUGI_TEXT("Heater %1 has no believable reading. Repair heater or sensor first."), {name}});
        };
        check(write::heaterName(m_snapshot.state.tool));
        if (m_snapshot.state.bed.value_or(0) > 0)
            check("heater_bed");
    }

    void bed()
    {
        const double target = m_snapshot.state.bed.value_or(0);
        if (!m_snapshot.state.bed && !m_snapshot.state.unknownCommands.empty())
            add("bed-target", Severity::Warn, false, {}, {},
                {KINTSUGI_TEXT("The file never names the bed's temperature; a macro may have set it. It stays as it is now: enter a target if the part must be kept warm."), {}});
        if (target <= 0)
            return;
        if (!m_facts.now)
            return notChecked("bed-gap");
        const auto heater = m_facts.now->heaters.find("heater_bed");
        if (heater == m_facts.now->heaters.end() || !heater->second.temperature)
            return;
        const double gap = target - *heater->second.temperature;
        const bool close = gap <= bedGap;
        add("bed-gap", Severity::Warn, close, decimal(*heater->second.temperature, 1), decimal(target - bedGap, 1),
            close ? Message{KINTSUGI_TEXT("The bed is still near its target of %1 °C."), {decimal(target)}}
                  : Message{KINTSUGI_TEXT("The bed cooled to %1 below its target: the part may have come loose. Warm the bed, then push the part gently."),
                            {decimal(gap, 0) + " °C"}});
    }

    void minutes()
    {
        if (!m_facts.minutesSinceStop)
            return notChecked("minutes-since-stop");
        const bool fresh = *m_facts.minutesSinceStop <= longAgo;
        add("minutes-since-stop", Severity::Warn, fresh, decimal(*m_facts.minutesSinceStop, 0), decimal(longAgo, 0),
            fresh ? Message{KINTSUGI_TEXT("Stopped %1 minutes ago."), {decimal(*m_facts.minutesSinceStop, 0)}}
                  : Message{KINTSUGI_TEXT("Stopped %1 minutes ago: the part has cooled and shrunk; expect a visible line."),
                            {decimal(*m_facts.minutesSinceStop, 0)}});
    }

    void person()
    {
        if (!m_facts.now)
            return;
        add("part-stuck", Severity::Warn, m_facts.partStuckConfirmed, {}, {},
            m_facts.partStuckConfirmed ? Message{KINTSUGI_TEXT("You saw that the part is still stuck to the bed."), {}}
                                       : Message{KINTSUGI_TEXT("Look whether the part is still stuck to the bed."), {}});
    }

    void queue()
    {
        if (!m_facts.queueBusy)
            return notChecked("queue");
        add("queue", Severity::Block, !*m_facts.queueBusy, {}, {},
            *m_facts.queueBusy ? Message{KINTSUGI_TEXT("The job queue could load its next job. Pause or empty it."), {}}
                               : Message{KINTSUGI_TEXT("The job queue is empty or paused."), {}});
    }

    void disk()
    {
        if (!m_facts.freeDisk || !m_facts.neededDisk)
            return notChecked("disk-space");
        const bool enough = *m_facts.freeDisk >= *m_facts.neededDisk;
        add("disk-space", Severity::Block, enough, std::to_string(*m_facts.freeDisk), std::to_string(*m_facts.neededDisk),
            enough ? Message{KINTSUGI_TEXT("There is room for the resume file."), {}}
                   : Message{KINTSUGI_TEXT("There is no room for the resume file. Delete something, or continue the original file in place."), {}});
    }

    // --- the state ---

    void mustHave()
    {
        bool sound = true;
        const auto block = [&](const std::string& key, Message text) {
            sound = false;
            add("must-have-field", Severity::Block, false, key, {}, std::move(text));
        };
        for (const std::string& key : m_snapshot.missing())
            block(key, {KINTSUGI_TEXT("%1 is unknown. Choose another point or enter it with a reason."), {key}});
        for (const std::string& key : m_snapshot.unconfirmed())
            block(key, {KINTSUGI_TEXT("%1 is only inferred from a start macro. Confirm it."), {key}});
        if (sound)
            add("must-have-field", Severity::Block, true, {}, {}, {KINTSUGI_TEXT("Everything that must be known is known."), {}});
    }

    void extruderMode()
    {
        const auto field = m_snapshot.fields.find("absolute_e");
        const bool doubt = field != m_snapshot.fields.end() && field->second.conflicts() && field->second.origin != Origin::Edited;
        if (doubt)
            add("must-have-field", Severity::Block, false, field->second.observed, field->second.replayed,
                {KINTSUGI_TEXT("The printer and the file disagree whether the extruder counts absolutely. Decide it: the wrong mode floods the part."), {}});
    }

    void conflicts()
    {
        std::string names;
        for (const auto& [key, info] : m_snapshot.fields) {
            if (info.conflicts() && info.origin != Origin::Edited)
                names += (names.empty() ? "" : ", ") + key;
        }
        add("conflicts", Severity::Warn, names.empty(), names, {},
            names.empty() ? Message{KINTSUGI_TEXT("The printer and the file agree."), {}}
                          : Message{KINTSUGI_TEXT("The printer and the file disagree on: %1. Look at them in the inspector."), {names}});
    }

    void unknownMotion()
    {
        const bool unknown = m_snapshot.state.unknownMotion;
        std::string names;
        for (const std::string& name : m_snapshot.state.unknownCommands)
            names += (names.empty() ? "" : ", ") + name;
        add("unknown-motion", Severity::Warn, !unknown, unknown ? names : std::string(), {},
            unknown ? Message{KINTSUGI_TEXT("A macro ran since X, Y and Z were last all given (%1). If it moves without going back, the position is wrong."), {names}}
                    : Message{KINTSUGI_TEXT("Nothing unknown moved since the position was last given."), {}});
    }

    [[nodiscard]] bool edited(const std::string& key) const
    {
        const auto field = m_snapshot.fields.find(key);
        return field != m_snapshot.fields.end() && field->second.origin == Origin::Edited;
    }

    /// Behind a macro a wrong Z crushes the part and a wrong absolute E floods it; X and Y begin a line in a wrong place.
    void afterMacro()
    {
        const gcode::MachineState& state = m_snapshot.state;
        const auto doubtful = [&](std::size_t axis, const char* key) { return ((state.doubtfulAxes >> axis) & 1U) != 0 && !edited(key); };
        std::string crushing, shifting;
        if (doubtful(2, "position.z"))
            crushing = "Z";
        if (state.doubtfulAxes != 0 && state.eIsAbsolute(m_plan.dialect) && !edited("e"))
            crushing += crushing.empty() ? "E" : " E";
        if (doubtful(0, "position.x"))
            shifting = "X";
        if (doubtful(1, "position.y"))
            shifting += shifting.empty() ? "Y" : " Y";
        if (!crushing.empty())
            return add("after-macro", Severity::Block, false, crushing, {},
                       {KINTSUGI_TEXT("A macro ran just before this point and nothing has set %1 since: nobody knows its value. Go on from a later line, or enter it."), {crushing}});
        add("after-macro", Severity::Warn, shifting.empty(), shifting, {},
            shifting.empty() ? Message{KINTSUGI_TEXT("Z and E were set after the last macro."), {}}
                             : Message{KINTSUGI_TEXT("A macro ran just before this point and nothing has set %1 since: the first line may begin in a wrong place."), {shifting}});
    }

    void toolAfterMacro()
    {
        constexpr std::array<std::string_view, 6> words{"TOOL", "MMU", "ERCF", "CHANGE_FILAMENT", "SELECT_T", "PARKEXTRUDER"};
        std::string found;
        for (std::string name : m_snapshot.state.unknownCommands) {
            std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
            if (std::any_of(words.begin(), words.end(), [&name](std::string_view word) { return name.find(word) != std::string::npos; }))
                found = name;
        }
        const auto field = m_snapshot.fields.find("tool");
        const bool seen = field != m_snapshot.fields.end() && !field->second.observed.empty() && !field->second.conflicts();
        if (found.empty() || seen || edited("tool"))
            return;
        add("tool-after-macro", Severity::Warn, false, found, {},
            {KINTSUGI_TEXT("The macro %1 may have changed the tool, and nobody saw which one was in use. Look which one it is."), {found}});
    }

    void unsimulated()
    {
        for (const Unsimulated& line : m_plan.unsimulated)
            add("unsimulated", Severity::Warn, false, line.line, line.place,
                {KINTSUGI_TEXT("Your line %1 (%2) is a macro: what it does is not known here and runs unchecked."), {line.line, line.place}});
        if (m_plan.unsimulated.empty())
            add("unsimulated", Severity::Warn, true, {}, {}, {KINTSUGI_TEXT("Every line of the plan was executed in thought."), {}});
    }

    // --- the rest of the file ---

    void tail()
    {
        if (!m_facts.tail)
            return notChecked("tail");
        const bool homesMore = m_facts.macrosHomingZ && !m_facts.macrosHomingZ->empty();
        for (const TailFinding& found : *m_facts.tail) {
            const bool blocks = found.blocks || (found.kind == TailFinding::Kind::Homing && homesMore);
            add("tail", blocks ? Severity::Block : Severity::Warn, false, found.text, "line " + std::to_string(found.line),
                found.meaning);
        }
        if (m_facts.tail->empty())
            add("tail", Severity::Warn, true, {}, {}, {KINTSUGI_TEXT("The first layers after the resume point hold nothing that only a start does."), {}});
    }

    // --- the mesh ---

    /// A part that stands higher than the nozzle believes is hit: by less than a layer the line is squeezed, by more the
    /// nozzle is driven through plastic. So up to one layer it is the person's choice, beyond it is not.
    void mesh()
    {
        if (!m_facts.mesh)
            return m_snapshot.state.mesh ? notChecked("mesh") : void();
        const MeshAdvice& advice = *m_facts.mesh;
        const bool sound = advice.kind == MeshAdvice::Kind::Nothing || advice.kind == MeshAdvice::Kind::LoadProfile;
        const bool bearable = advice.rangeKnown && advice.layerHeight > 0 && advice.range <= advice.layerHeight;
        add("mesh", sound || bearable ? Severity::Warn : Severity::Block, sound, advice.rangeKnown ? decimal(advice.range) : sound ? "" : "?",
            advice.layerHeight > 0 ? decimal(advice.layerHeight) : std::string(), advice.text);
    }

    // --- the plan ---

    void travelLimits()
    {
        const gcode::Extents& p = m_plan.whole;
        const std::array<double, 3> low{p.minX, p.minY, p.minZ}, high{p.maxX, p.maxY, std::max(p.maxZ, m_plan.liftToZ)};
        constexpr double tolerance = 1e-6;
        for (std::size_t i = 0; i < 3 && p.valid; ++i) {
            const bool below = low[i] < m_plan.minimum[i] - tolerance;
            if (!below && high[i] <= m_plan.maximum[i] + tolerance)
                continue;
            const std::string axis(1, static_cast<char>('X' + i));
            return add("travel-limits", Severity::Block, false, axis + ' ' + decimal(below ? low[i] : high[i]),
                       axis + ' ' + decimal(below ? m_plan.minimum[i] : m_plan.maximum[i]),
                       {KINTSUGI_TEXT("The plan or the rest of the file leaves the travel of axis %1. Correct the printer's profile if it is wrong."), {axis}});
        }
        add("travel-limits", Severity::Block, true, decimal(m_plan.liftToZ), decimal(m_plan.maximum[2]),
            {KINTSUGI_TEXT("Plan and file stay within the travel limits."), {}});
    }

    void clearance()
    {
        if (!m_plan.clearance)
            return;
        const double value = *m_plan.clearance;
        const std::string limit = decimal(thinClearance);
        if (value <= 0)
            return add("clearance", Severity::Block, false, decimal(value), limit, {KINTSUGI_TEXT("The way leads through what is printed."), {}});
        add("clearance", Severity::Warn, value >= thinClearance, decimal(value), limit,
            {KINTSUGI_TEXT("The head passes %1 mm above everything printed."), {decimal(value)}});
    }

    [[nodiscard]] static bool homesZ(const std::string& line)
    {
        const gcode::Command command = gcode::parseCommand(line);
        if (command.is('G', 28))
            return command.has('Z') || (!command.has('X') && !command.has('Y'));
        const bool ownWord = command.number == 92 || command.number == 10 || (command.number >= 54 && command.number <= 59);
        const bool loadsMap = command.is('G', 29) && command.value('S') == 1'000'000; // RepRapFirmware: nothing is probed
        return command.letter == 'G' && command.kind == gcode::Command::Kind::Code && isForbidden(line) && !ownWord && !loadsMap;
    }

    void planHomes()
    {
        std::string found;
        for (const PlanStep& step : m_plan.steps) {
            for (const std::string& line : step.gcode) {
                const gcode::Command command = gcode::parseCommand(line);
                const bool workspace = command.letter == 'G' && command.number >= 54 && command.number <= 59; // the plan's own
                const bool foreign = step.kind == StepKind::Note && isForbidden(line) && !workspace;
                if (foreign || homesZ(line))
                    found = line;
            }
        }
        add("plan-homes", Severity::Block, found.empty(), found, {},
            found.empty() ? Message{KINTSUGI_TEXT("No step homes Z, probes or calibrates."), {}}
                          : Message{KINTSUGI_TEXT("A step homes, probes or calibrates: %1. Remove it."), {found}});
    }

    /// The plan is executed in thought: what it leaves behind must be what the file expects.
    void planState()
    {
        gcode::MachineState state;
        for (const PlanStep& step : m_plan.steps) {
            for (const std::string& line : step.gcode)
                gcode::apply(state, gcode::parseCommand(line), m_plan.dialect);
        }
        const std::string difference = differenceTo(state);
        add("plan-state", Severity::Block, difference.empty(), difference, {},
            difference.empty() ? Message{KINTSUGI_TEXT("Executed in thought, the plan ends in the state the file expects."), {}}
                               : Message{KINTSUGI_TEXT("Executed in thought, the plan ends in another state than the file expects (%1)."), {difference}});
    }

    /// Equal, where a missing value means the neutral one.
    template <class Map>
    [[nodiscard]] static bool equal(const Map& want, const Map& got, double neutral)
    {
        const auto covers = [neutral](const Map& a, const Map& b) {
            return std::all_of(a.begin(), a.end(), [&](const auto& item) {
                const auto other = b.find(item.first);
                return std::abs(item.second - (other == b.end() ? neutral : other->second)) <= 1e-4;
            });
        };
        return covers(want, got) && covers(got, want);
    }

    /// Every limit of the file is set. What the file never set may be anything.
    [[nodiscard]] static bool limitsSet(const gcode::MachineState& want, const gcode::MachineState& got)
    {
        const auto holds = [](const std::map<std::string, double>& a, const std::map<std::string, double>& b) {
            return std::all_of(a.begin(), a.end(), [&b](const auto& item) {
                const auto other = b.find(item.first);
                return other != b.end() && std::abs(other->second - item.second) <= 1e-4;
            });
        };
        return holds(want.pressureAdvance, got.pressureAdvance) && std::all_of(want.motion.begin(), want.motion.end(), [&](const auto& item) {
            const auto other = got.motion.find(item.first);
            return item.second.empty() || (other != got.motion.end() && holds(item.second, other->second));
        });
    }

    [[nodiscard]] std::string differenceTo(const gcode::MachineState& got) const
    {
        const gcode::MachineState& want = m_snapshot.state;
        if (got.position != want.position)
            return "position";
        const bool flagAlone = m_plan.dialect != gcode::Dialect::Marlin; // there G90/G91 may stand for it
        const bool sameE = flagAlone ? got.absoluteEFlag == want.absoluteEFlag : got.eIsAbsolute(m_plan.dialect) == want.eIsAbsolute(m_plan.dialect);
        if (got.absoluteXyz != want.absoluteXyz || got.inch != want.inch || !sameE)
            return "modes";
        if (want.eIsAbsolute(m_plan.dialect) && got.e != want.e)
            return "e";
        if (want.feed && got.feed != want.feed)
            return "feed";
        if (got.tool != want.tool)
            return "tool";
        if (got.bed != want.bed || got.hotend != want.hotend)
            return "temperatures";
        if (std::abs(got.speedPercent - want.speedPercent) > 1e-6)
            return "speed_percent";
        if (got.firmwareRetracted != want.firmwareRetracted)
            return "retracted";
        if (got.excluded != want.excluded)
            return "excluded";
        if (!equal(want.fans, got.fans, 0))
            return "fans";
        if (!equal(want.flowPercent, got.flowPercent, 100))
            return "flow_percent";
        if (!equal(want.gcodeOffset, got.gcodeOffset, 0))
            return "gcode_offset";
        if (!equal(want.heaters, got.heaters, 0) || got.chamber != want.chamber)
            return "heaters";
        const bool namesMesh = want.mesh && *want.mesh != gcode::MeshState{};
        if (namesMesh ? got.mesh != want.mesh : got.mesh.has_value())
            return "mesh";
        return limitsSet(want, got) ? std::string() : "motion";
    }

    [[nodiscard]] bool has(StepKind kind) const
    {
        return std::any_of(m_plan.steps.begin(), m_plan.steps.end(), [kind](const PlanStep& step) { return step.kind == kind; });
    }

    void macros()
    {
        if (!has(StepKind::HomeXY))
            return;
        if (!m_facts.macrosHomingZ)
            return notChecked("macro-homing");
        const bool plain = m_facts.macrosHomingZ->empty();
        add("macro-homing", Severity::Block, plain, plain ? std::string() : m_facts.macrosHomingZ->front(), {},
            plain ? Message{KINTSUGI_TEXT("G28 X Y moves X and Y alone on this printer."), {}}
                  : Message{KINTSUGI_TEXT("On this printer G28 X Y also homes, probes or moves Z (%1). Choose a method that does not home, or change the configuration."),
                            {m_facts.macrosHomingZ->front()}});
    }

    void keepProof()
    {
        if (m_plan.zMethod != ZMethod::Keep)
            return;
        if (!m_facts.now)
            return notChecked("keep-proof");
        const std::string& homed = m_facts.now->homedAxes;
        const bool declared = has(StepKind::DeclareZ);
        const auto homedAxis = [&homed](char axis) { return homed.find(axis) != std::string::npos; };
        const bool allHomed = homedAxis('x') && homedAxis('y') && homedAxis('z');
        const bool timedOut = m_facts.idleTimeout && m_facts.minutesSinceStop && *m_facts.minutesSinceStop * 60 >= *m_facts.idleTimeout;
        if (timedOut) {
            add("keep-proof", Severity::Block, false, decimal(*m_facts.minutesSinceStop * 60, 0) + " s", decimal(*m_facts.idleTimeout, 0) + " s",
                {KINTSUGI_TEXT("The idle time-out has passed: the motors were off, so Z is not kept. Choose another way to register Z."), {}});
        } else {
            add("keep-proof", Severity::Block, allHomed, homed, "xyz",
                allHomed ? Message{KINTSUGI_TEXT("All axes are still homed: the motors were never off."), {}}
                         : Message{KINTSUGI_TEXT("Not all axes are homed: the motors were off, so Z is not kept. Choose another way to register Z."), {}});
        }
        const bool untouched = m_facts.headUntouchedConfirmed || declared;
        add("head-untouched", Severity::Warn, untouched, {}, {},
            untouched ? Message{KINTSUGI_TEXT("Nobody moved head or bed."), {}}
                      : Message{KINTSUGI_TEXT("Z is only kept if nobody moved head or bed since."), {}});
    }

    // --- klipper-plr ---

    /// Commits after v0.13.0 in "v0.13.0-730-g84104bbb"; 0 for that release and all before; nullopt when not understood.
    [[nodiscard]] static std::optional<int> commitsAfter13(const std::string& version)
    {
        int major = 0, minor = 0, patch = 0, commits = 0;
        const int read = std::sscanf(version.c_str(), "v%d.%d.%d-%d", &major, &minor, &patch, &commits);
        if (read < 3 || major != 0)
            return std::nullopt;
        if (minor < 13)
            return 0;
        return minor > 13 ? 100000 : commits;
    }

    void plrVersion()
    {
        if (m_plan.zMethod != ZMethod::PlrZHome)
            return;
        if (!m_facts.softwareVersion)
            return notChecked("plr-version");
        // The call that PLR_Z_HOME needs went on 2025-08-05, some 200 commits after v0.13.0 of 2025-04-11.
        constexpr int surelyBefore = 100, surelyAfter = 300;
        const auto commits = commitsAfter13(*m_facts.softwareVersion);
        const bool works = commits && *commits <= surelyBefore;
        const bool broken = commits && *commits >= surelyAfter;
        add("plr-version", broken ? Severity::Block : Severity::Warn, works, *m_facts.softwareVersion, "2025-08-05",
            works    ? Message{KINTSUGI_TEXT("PLR_Z_HOME works with this version of Klipper."), {}}
            : broken ? Message{KINTSUGI_TEXT("PLR_Z_HOME always fails with this version of Klipper. Choose another way to register Z."), {}}
                     : Message{KINTSUGI_TEXT("PLR_Z_HOME fails with Klipper newer than 2025-08-05; this version cannot be told apart."), {}});
    }

    /// The plugin sets Z only behind a motor it moves: with one Z motor, or offsets of 0, Z stays what it was declared.
    void plrReference()
    {
        if (m_plan.zMethod != ZMethod::PlrZHome)
            return;
        if (!m_facts.plrCalibration)
            return notChecked("plr-reference");
        const klipper::PlrCalibration& stored = *m_facts.plrCalibration;
        const bool moves = std::any_of(stored.offsets.begin(), stored.offsets.end(), [](const auto& offset) {
            return offset.first != "stepper_z" && offset.second != 0;
        });
        const double top = stored.endstopPosition ? (*stored.endstopPosition)[2] : 0;
        const std::string measured = stored.endstopPosition ? decimal(top) : "?";
        const std::string limit = decimal(m_plan.liftToZ);
        if (!stored.endstopPosition || !moves)
            return add("plr-reference", Severity::Block, false, measured, limit,
                       {KINTSUGI_TEXT("PLR_Z_HOME would not set Z: no calibration is stored, or all its offsets are 0. Calibrate, or choose another way to register Z."), {}});
        const bool above = top >= m_plan.liftToZ;
        add("plr-reference", Severity::Block, above, measured, limit,
            above ? Message{KINTSUGI_TEXT("PLR_Z_HOME restores Z from the stored height of %1 mm."), {measured}}
                  : Message{KINTSUGI_TEXT("The stored height of the upper switches (%1 mm) lies below the travel height of %2 mm. Calibrate again, or choose another way to register Z."),
                            {measured, limit}});
    }

    const Plan& m_plan;
    const Snapshot& m_snapshot;
    const gcode::FileIndex& m_index;
    const FileIdentity& m_local;
    const GateFacts& m_facts;
    std::vector<GateCheck> m_checks;
};

} // namespace

std::string_view name(Severity severity)
{
    switch (severity) {
    case Severity::Block: return "block";
    case Severity::Warn: return "warn";
    case Severity::Info: return "info";
    }
    return "info";
}

std::vector<GateCheck> runGate(const Plan& plan, const gcode::FileIndex& index, const FileIdentity& local, const GateFacts& facts)
{
    return Gate(plan, index, local, facts).run();
}

bool isOpen(const std::vector<GateCheck>& checks)
{
    return std::none_of(checks.begin(), checks.end(), [](const GateCheck& check) {
        return check.severity == Severity::Block && !check.passed;
    });
}

} // namespace kintsugi::recovery
