// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/dialectwriter.h"

namespace kintsugi::recovery::write {

class KlipperWriter final : public DialectWriter
{
public:
    using DialectWriter::DialectWriter;
    std::optional<Refusal> refusal() const override;
    Lines knownModes() const override;
    Lines declareZ(double z) const override;
    Lines beforeTouch() const override;
    Lines afterRegistration() const override;
    Lines soften(double target) const override;
    Lines selectTool() const override;
    std::string fan(const std::string& name, double speed) const override;
    Lines offsets() const override;
    std::optional<Lines> limits() const override;
    std::optional<Lines> heaters() const override;
    std::optional<Lines> mesh() const override;
    std::optional<Lines> objects(const Lines& definitions) const override;
    bool definesObjects(const gcode::Command& command) const override;
    Lines lastly() const override;
    std::size_t longestLine() const override { return 1024; }
};

/// What Marlin, its relatives and RepRapFirmware share.
class SerialWriter : public DialectWriter
{
public:
    SerialWriter(gcode::Dialect dialect, const gcode::MachineState& state, const PrinterFacts& printer, bool declares, InchValues inch);
    std::optional<Refusal> refusal() const override;
    Lines heatBed() const override;
    Lines soften(double target) const override;
    std::string fan(const std::string& name, double speed) const override;
    Lines offsets() const override;
    std::optional<Lines> mesh() const override;
    std::optional<Lines> objects(const Lines& definitions) const override;
    bool definesObjects(const gcode::Command& command) const override;

protected:
    [[nodiscard]] virtual bool knowsInches() const { return true; }
    [[nodiscard]] virtual bool knowsWorkspaces() const { return true; }
    [[nodiscard]] virtual bool namesMesh() const { return false; } ///< a mesh has a file name
};

class MarlinWriter final : public SerialWriter
{
public:
    MarlinWriter(const gcode::MachineState& state, const PrinterFacts& printer, bool declares, InchValues inch);
    Lines knownModes() const override;
    Lines declareZ(double z) const override;
    std::string homeXy() const override { return "G28 R0 X Y"; }
    Lines selectTool() const override;
};

class Marlin1Writer final : public SerialWriter
{
public:
    Marlin1Writer(const gcode::MachineState& state, const PrinterFacts& printer, bool declares, InchValues inch);
    Lines declareZ(double z) const override;
    Lines selectTool() const override;

protected:
    bool knowsWorkspaces() const override { return false; }
};

class PrusaWriter final : public SerialWriter
{
public:
    PrusaWriter(const gcode::MachineState& state, const PrinterFacts& printer, bool declares, InchValues inch);
    Lines keepSoft(double target) const override;
    Lines declareZ(double z) const override;

protected:
    bool knowsInches() const override { return false; }
    bool knowsWorkspaces() const override { return false; }
};

class RepRapWriter final : public SerialWriter
{
public:
    RepRapWriter(const gcode::MachineState& state, const PrinterFacts& printer, bool declares, InchValues inch);
    Lines knownModes() const override;
    Lines declareZ(double z) const override;
    Lines soften(double target) const override;
    Lines selectTool() const override;
    Lines heatNozzle() const override;
    Lines heatTo(int tool, double target) const override;
    std::string fan(const std::string& name, double speed) const override;
    Lines flow() const override;
    Lines offsets() const override;
    std::optional<Lines> mesh() const override;

protected:
    bool namesMesh() const override { return true; }
};

} // namespace kintsugi::recovery::write
