// SPDX-License-Identifier: GPL-3.0-or-later
#include "klippyhost.h"

#include <algorithm>
#include <charconv>

#include "plugin.h"

namespace kintsugi::sim {

using namespace Qt::StringLiterals;

namespace {

constexpr double startUp = 1.75; // s from process start to ready

std::string_view trim(std::string_view text)
{
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return text;
}

char upper(char c)
{
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

bool isLetter(char c)
{
    return upper(c) >= 'A' && upper(c) <= 'Z';
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

std::optional<double> toNumber(std::string_view text)
{
    text = trim(text);
    if (!text.empty() && text.front() == '+')
        text.remove_prefix(1);
    double value = 0;
    const auto end = text.data() + text.size();
    const auto [at, code] = std::from_chars(text.data(), end, value);
    return code == std::errc() && at == end ? std::optional(value) : std::nullopt;
}

void readLetters(std::string_view text, GcodeLine& line)
{
    for (std::size_t i = 0; i < text.size();) {
        const char letter = upper(text[i]);
        if (letter < 'A' || letter > 'Z') {
            ++i;
            continue;
        }
        std::size_t end = i + 1;
        while (end < text.size() && !isLetter(text[end]) && text[end] != '*')
            ++end;
        line.values[static_cast<std::size_t>(letter - 'A')] = toNumber(text.substr(i + 1, end - i - 1));
        i = end;
    }
}

/// Shell-like: blanks separate, quotes join, '#' and ';' begin a comment.
std::optional<std::vector<std::string>> splitWords(std::string_view text)
{
    std::vector<std::string> words;
    std::string word;
    bool inside = false;
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote != 0) {
            if (c == quote)
                quote = 0;
            else if (c == '\\' && quote == '"' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\'))
                word += text[++i];
            else
                word += c;
        } else if (c == '"' || c == '\'') {
            quote = c;
            inside = true;
        } else if (c == '#' || c == ';') {
            break;
        } else if (c == ' ' || c == '\t') {
            if (inside)
                words.push_back(std::exchange(word, {}));
            inside = false;
        } else {
            word += c;
            inside = true;
        }
    }
    if (quote != 0)
        return std::nullopt;
    if (inside)
        words.push_back(word);
    return words;
}

void readWords(GcodeLine& line)
{
    const auto words = splitWords(line.rest);
    if (!words) {
        line.unparsable = "Malformed command '" + line.text + "'";
        return;
    }
    for (const std::string& word : *words) {
        const std::size_t split = word.find('=');
        if (split == std::string::npos) {
            line.unparsable = "Malformed command '" + line.text + "'";
            return;
        }
        std::string key = word.substr(0, split);
        std::transform(key.begin(), key.end(), key.begin(), upper);
        line.parameters[key] = word.substr(split + 1);
    }
}

} // namespace

std::optional<double> GcodeLine::number(const std::string& key) const
{
    const auto it = parameters.find(key);
    return it == parameters.end() ? std::nullopt : toNumber(it->second);
}

std::string GcodeLine::word(const std::string& key, const std::string& otherwise) const
{
    const auto it = parameters.find(key);
    return it == parameters.end() ? otherwise : it->second;
}

GcodeLine parseGcodeLine(std::string_view text)
{
    GcodeLine line;
    text = trim(text);
    line.text = text;
    std::string_view code = trim(text.substr(0, text.find(';')));
    if (!code.empty() && upper(code.front()) == 'N' && code.size() > 1 && isDigit(code[1])) {
        std::size_t at = 1;
        while (at < code.size() && (isDigit(code[at]) || code[at] == ' '))
            ++at;
        code = trim(code.substr(at));
    }
    if (code.empty())
        return line;
    std::size_t end = 0;
    const bool traditional = code.size() > 1 && isLetter(code[0]) && isDigit(code[1]);
    if (traditional) {
        end = 1;
        while (end < code.size() && (isDigit(code[end]) || code[end] == '.'))
            ++end;
    } else {
        while (end < code.size() && code[end] != ' ' && code[end] != '\t' && code[end] != '*')
            ++end;
    }
    line.name = code.substr(0, end);
    std::transform(line.name.begin(), line.name.end(), line.name.begin(), upper);
    const auto begin = static_cast<std::size_t>(code.data() - text.data()) + end;
    line.rest = trim(text.substr(begin));
    if (traditional)
        readLetters(code.substr(end), line);
    else
        readWords(line);
    return line;
}

Host::Host(HostWorld world, double worldNow)
    : m_world(std::move(world)), m_now(worldNow), m_mcuZero(worldNow + 1.0), m_probeNoise(m_world.options.seed)
{
    m_timing = timingOf(m_world.options.softwareVersion.toStdString());
    m_planner.limits = {};
    m_planner.setLookAhead(m_timing.lookAhead);
    m_planner.begin(m_timing.bufferHigh);
    registerCommands();
    if (m_world.options.pluginInstalled)
        m_plugin = std::make_unique<Plugin>(*this);
    m_reactor.spawn(boot());
}

Host::~Host()
{
    m_reactor.clear();
}

void Host::run(double worldNow)
{
    m_now = worldNow;
    m_reactor.run(worldNow);
}

Task Host::boot()
{
    const double readyAt = m_now + startUp;
    co_await m_reactor.sleepUntil(readyAt);
    if (halted())
        co_return {};
    auto failure = loadMeshes();
    if (!failure)
        failure = loadVariables();
    if (failure) {
        m_state = "error";
        m_reason = *failure;
        co_return {};
    }
    m_state = "ready";
    info("Klipper state: Ready");
    if (m_plugin)
        m_plugin->start();
    co_await statusTicks();
    co_return {};
}

Task Host::statusTicks()
{
    for (;;) {
        co_await sleep(0.25);
        publish();
    }
}

QString Host::variablesPath() const
{
    return m_world.options.folder + u"/config/variables.cfg"_s;
}

Failure Host::loadVariables()
{
    m_variables.clear();
    QFile file(variablesPath());
    if (file.exists()) {
        if (!file.open(QIODevice::ReadOnly))
            return "Unable to parse existing variable file";
        const auto variables = readVariables(file.readAll().toStdString());
        if (!variables)
            return "Unable to parse existing variable file";
        m_variables = *variables;
    }
    m_variablesLoaded = true;
    return {};
}

Failure Host::saveVariable(const std::string& name, const PyValue& value)
{
    return saveVariable(name, value.repr());
}

Failure Host::saveVariable(const std::string& name, const std::string& literal)
{
    if (std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
        return "VARIABLE must not contain upper case";
    const PyParse parsed = parsePython(literal);
    if (parsed.error == PyParse::Error::Value)
        return "Unable to parse '" + literal + "' as a literal";
    // Interpolation in the file's own format: a percent sign is an exception nobody catches.
    if (parsed.error == PyParse::Error::Syntax || parsed.value.repr().find('%') != std::string::npos) {
        shutDown("Internal error on command:\"SAVE_VARIABLE\"");
        return "Internal error on command:\"SAVE_VARIABLE\"";
    }
    m_variables[name] = parsed.value;
    QFile file(variablesPath());
    const std::string text = writeVariables(m_variables);
    if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate)
        || file.write(text.data(), static_cast<qint64>(text.size())) != static_cast<qint64>(text.size()))
        return "Unable to save variable";
    file.close();
    m_world.fileWritten(variablesPath());
    return {};
}

std::string Host::stateMessage() const
{
    if (m_state == "ready")
        return "Printer is ready";
    if (m_state == "startup") {
        return "Printer is not ready\nThe klippy host software is attempting to connect. Please\n"
               "retry in a few moments.\n";
    }
    if (m_state == "error") {
        return m_reason + "\n\nOnce the underlying issue is corrected, use the \"RESTART\"\n"
                          "command to reload the config and restart the host software.\nPrinter is halted\n";
    }
    return m_reason + "\nOnce the underlying issue is corrected, use the\n\"FIRMWARE_RESTART\" command to reset the"
                      " firmware, reload the\nconfig, and restart the host software.\nPrinter is shutdown\n";
}

void Host::shutDown(const std::string& reason)
{
    if (halted())
        return;
    updateFilament();
    m_state = "shutdown";
    m_reason = reason;
    info("Klipper state: Shutdown");
    m_planner.drop();
    m_stepTimer.stop();
    machine().haltMcu();
    m_printEnd = std::min(m_printEnd, m_now);
    m_mustPause = true;
    m_homed.clear();
    m_reactor.wakeAll(m_now);
}

void Host::disconnecting()
{
    info("Klipper state: Disconnect");
}

void Host::say(const std::string& raw)
{
    const QJsonObject parameters{{u"response"_s, QString::fromStdString(raw)}};
    const auto clients = m_clients;
    for (HostClient* client : clients) {
        if (!client->outputTemplate)
            continue;
        QJsonObject message = *client->outputTemplate;
        message.insert(u"params"_s, parameters);
        client->deliver(message);
    }
}

void Host::info(const std::string& text)
{
    std::string result;
    std::string_view rest = trim(text);
    for (;;) {
        const std::size_t end = rest.find('\n');
        result += "// " + std::string(trim(rest.substr(0, end)));
        if (end == std::string_view::npos)
            break;
        result += '\n';
        rest.remove_prefix(end + 1);
    }
    say(result);
}

void Host::error(const std::string& text)
{
    const std::string_view message = trim(text);
    if (message.find('\n') != std::string_view::npos)
        info(text);
    say("!! " + std::string(trim(message.substr(0, message.find('\n')))));
}

void Host::commandFailed(const std::string& message)
{
    error(message);
    resetLastPosition();
}

Task Host::script(std::string text)
{
    std::size_t at = 0;
    while (at <= text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        if (auto failure = co_await runLine(text.substr(at, end - at))) {
            commandFailed(*failure);
            co_return failure;
        }
        at = end + 1;
    }
    co_return {};
}

Task Host::scriptAlone(std::string text)
{
    co_await m_mutex.lock();
    const Origin before = std::exchange(m_origin, Origin{});
    Failure failure = co_await script(std::move(text));
    m_origin = before;
    m_mutex.unlock(m_now);
    co_return failure;
}

Task Host::runLine(std::string text)
{
    const GcodeLine line = parseGcodeLine(text);
    if (line.name.empty())
        co_return {};
    co_return co_await dispatch(line);
}

Task Host::dispatch(const GcodeLine& line)
{
    const auto it = m_commands.find(line.name);
    if (it == m_commands.end() || (!ready() && !it->second.always)) {
        if (!ready())
            co_return stateMessage();
        if (line.name.size() > 1 && line.name.front() == 'M' && (line.name == "M21" || line.name == "M110"))
            co_return {};
        info("Unknown command:\"" + line.name + "\"");
        co_return {};
    }
    if (!line.unparsable.empty() && line.name != "M117" && line.name != "ECHO")
        co_return line.unparsable;
    const Entry& entry = it->second;
    if (entry.quick != nullptr)
        co_return (this->*entry.quick)(line);
    if (entry.slow != nullptr)
        co_return co_await (this->*entry.slow)(line);
    co_return co_await entry.plugged(line);
}

void Host::registerCommand(const std::string& name, std::string help, std::function<Task(const GcodeLine&)> run)
{
    m_commandOrder.push_back(name);
    Entry& entry = m_commands[name];
    entry.help = std::move(help);
    entry.plugged = std::move(run);
}

} // namespace kintsugi::sim
