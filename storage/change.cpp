// SPDX-License-Identifier: Apache-2.0
// The Dockerfile instructions that `import --change` and `commit --change` take.
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "storage/image_config.h"

namespace hoist::storage {
namespace {

using Strings = std::vector<std::string>;

/// A command: a JSON array as it is, anything else for the shell.
Strings parse_command(std::string_view rest) {
    if (rest.starts_with('[')) {
        try {
            return Json::parse(rest).get<Strings>();
        } catch (const Json::exception&) {
            // As in a Dockerfile, what only looks like an array is a shell's command ("[ -f /x ] && y").
        }
    }
    return {"/bin/sh", "-c", std::string(rest)};
}

/// Words between blanks; quotes and backslashes as in a Dockerfile.
Strings split_words(std::string_view text) {
    Strings words;
    std::string word;
    bool inside = false;
    char quote = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\\' && quote != '\'' && at + 1 < text.size()) {
            word += text[++at];
            inside = true;
        } else if (quote != 0 ? c == quote : c == '"' || c == '\'') {
            quote = quote != 0 ? 0 : c;
            inside = true;
        } else if (quote == 0 && (c == ' ' || c == '\t')) {
            if (inside) words.push_back(std::exchange(word, {}));
            inside = false;
        } else {
            word += c;
            inside = true;
        }
    }
    if (quote != 0) fail(Kind::invalid, "a quote is not closed");
    if (inside) words.push_back(word);
    return words;
}

struct Pair {
    std::string key, value;
};

/// "A=1 B=2", or the old form "A the rest is the value".
std::vector<Pair> parse_pairs(std::string_view rest) {
    std::vector<Pair> pairs;
    const auto first_blank = rest.find_first_of(" \t");
    if (rest.substr(0, first_blank).find('=') == std::string_view::npos) {
        if (first_blank == std::string_view::npos)
            fail(Kind::invalid, "\"{}\" needs a value", escape_for_terminal(rest));
        return {{std::string(rest.substr(0, first_blank)), std::string(trim(rest.substr(first_blank)))}};
    }
    for (const auto& word : split_words(rest)) {
        const auto equals = word.find('=');
        if (equals == std::string::npos || equals == 0)
            fail(Kind::invalid, "\"{}\" is not of the form name=value", escape_for_terminal(word));
        pairs.push_back({word.substr(0, equals), word.substr(equals + 1)});
    }
    return pairs;
}

void set_environment(Json& config, std::string_view rest) {
    Json& env = config["Env"];
    if (env.is_null()) env = Json::array();
    for (const auto& [key, value] : parse_pairs(rest)) {
        const auto same = [name = key + "="](const Json& line) {
            return line.get_ref<const std::string&>().starts_with(name);
        };
        const auto it = std::find_if(env.begin(), env.end(), same);
        if (it != env.end()) {
            *it = key + "=" + value;
        } else {
            env.push_back(key + "=" + value);
        }
    }
}

int parse_port(std::string_view text) {
    const bool digits =
        !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
    const int port = digits ? std::stoi(std::string(text)) : 0;
    if (port < 1 || port > 65535) fail(Kind::invalid, "\"{}\" is not a port", escape_for_terminal(text));
    return port;
}

void expose(Json& config, std::string_view rest) {
    for (const auto& word : split_words(rest)) {
        const auto slash = word.find('/');
        const std::string protocol = slash == std::string::npos ? "tcp" : word.substr(slash + 1);
        if (protocol != "tcp" && protocol != "udp" && protocol != "sctp")
            fail(Kind::invalid, "\"{}\" is not a protocol (tcp, udp, sctp)", escape_for_terminal(protocol));
        const auto range = split(word.substr(0, slash), '-');
        const int first = parse_port(range[0]), last = range.size() > 1 ? parse_port(range[1]) : first;
        if (range.size() > 2 || last < first)
            fail(Kind::invalid, "\"{}\" is not a range of ports", escape_for_terminal(word));
        for (int port = first; port <= last; ++port)
            config["ExposedPorts"][fmt::format("{}/{}", port, protocol)] = Json::object();
    }
}

void set_workdir(Json& config, const std::string& path) {
    const std::string before = json_value(config, "WorkingDir", std::string{});
    const bool absolute = path.starts_with('/');
    config["WorkingDir"] = absolute || before == "/" ? (absolute ? path : "/" + path) : before + "/" + path;
}

void set_healthcheck_option(Json& check, std::string_view option) {
    static const std::map<std::string, std::string, std::less<>> durations = {{"--interval", "Interval"},
                                                                              {"--timeout", "Timeout"},
                                                                              {"--start-period", "StartPeriod"},
                                                                              {"--start-interval", "StartInterval"}};
    const auto equals = option.find('=');
    const auto name = option.substr(0, equals);
    const auto value = equals == std::string_view::npos ? std::string_view() : option.substr(equals + 1);
    if (const auto it = durations.find(name); it != durations.end()) {
        const auto duration = parse_duration(value);
        if (!duration || (duration->count() != 0 && *duration < std::chrono::milliseconds(1)))
            fail(Kind::invalid, "{} needs a duration of at least 1ms, as in 30s", name);
        check[it->second] = duration->count();
    } else if (name == "--retries") {
        const bool digits =
            !value.empty() && value.size() < 7 && value.find_first_not_of("0123456789") == std::string_view::npos;
        if (!digits) fail(Kind::invalid, "--retries needs a number");
        check["Retries"] = std::stoi(std::string(value));
    } else {
        fail(Kind::invalid, "unknown option {}", escape_for_terminal(name));
    }
}

void set_healthcheck(Json& config, std::string_view rest) {
    Json check = Json::object();
    while (rest.starts_with("--")) {
        const auto blank = rest.find_first_of(" \t");
        set_healthcheck_option(check, rest.substr(0, blank));
        rest = blank == std::string_view::npos ? std::string_view() : trim(rest.substr(blank));
    }
    const auto blank = rest.find_first_of(" \t");
    const auto type = rest.substr(0, blank);
    const auto command = blank == std::string_view::npos ? std::string_view() : trim(rest.substr(blank));
    if (type.size() == 4 && starts_with_ignoring_case(type, "NONE") && command.empty()) {
        check = {{"Test", {"NONE"}}};
    } else if (type.size() == 3 && starts_with_ignoring_case(type, "CMD") && !command.empty()) {
        Strings test = parse_command(command);
        const bool shell = test.size() == 3 && test[0] == "/bin/sh" && test[2] == command;
        if (shell) test = {"CMD-SHELL", std::string(command)};
        if (!shell) test.insert(test.begin(), "CMD");
        check["Test"] = test;
    } else {
        fail(Kind::invalid, "expected CMD and a command, or NONE");
    }
    config["Healthcheck"] = check;
}

void add_volumes(Json& config, std::string_view rest) {
    Strings paths = split_words(rest);
    if (rest.starts_with('[')) paths = Json::parse(rest).get<Strings>();
    for (const auto& path : paths) config["Volumes"][path] = Json::object();
}

using Apply = void (*)(Json& config, std::string_view rest);
const std::map<std::string, Apply> instructions = {
    {"CMD", [](Json& config, std::string_view rest) { config["Cmd"] = parse_command(rest); }},
    {"ENTRYPOINT", [](Json& config, std::string_view rest) { config["Entrypoint"] = parse_command(rest); }},
    {"ENV", set_environment},
    {"EXPOSE", expose},
    {"HEALTHCHECK", set_healthcheck},
    {"LABEL",
     [](Json& config, std::string_view rest) {
         for (const auto& [key, value] : parse_pairs(rest)) config["Labels"][key] = value;
     }},
    {"STOPSIGNAL",
     [](Json& config, std::string_view rest) {
         if (parse_signal(rest) == 0) fail(Kind::invalid, "\"{}\" is not a signal", escape_for_terminal(rest));
         config["StopSignal"] = rest;
     }},
    {"USER", [](Json& config, std::string_view rest) { config["User"] = rest; }},
    {"VOLUME", add_volumes},
    {"WORKDIR", [](Json& config, std::string_view rest) { set_workdir(config, std::string(rest)); }},
};

}  // namespace

void apply_change(Json& config, const std::string& instruction) {
    const auto line = trim(instruction);
    const auto blank = line.find_first_of(" \t");
    std::string word(line.substr(0, blank));
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::toupper(c); });
    const auto rest = blank == std::string_view::npos ? std::string_view() : trim(line.substr(blank));
    const auto it = instructions.find(word);
    try {
        if (it == instructions.end())
            fail(Kind::invalid,
                 "not an instruction that a change can hold (CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK "
                 "LABEL STOPSIGNAL USER VOLUME WORKDIR)");
        if (rest.empty()) fail(Kind::invalid, "it needs an argument");
        it->second(config, rest);
    } catch (Error& error) {
        throw error.during("change \"{}\"", escape_for_terminal(instruction));
    } catch (const Json::exception&) {
        fail(Kind::invalid, "change \"{}\": malformed JSON array", escape_for_terminal(instruction));
    }
}

}  // namespace hoist::storage
