// SPDX-License-Identifier: Apache-2.0
#include "builder/instruction.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "builder/flags.h"
#include "builder/glob.h"
#include "builder/line_reader.h"
#include "builder/run_mount.h"

namespace hoist::builder {
namespace {

class Reader {
public:
    Reader(const Node& node, Mistakes& mistakes) : node_(node), mistakes_(mistakes), flags_(node, mistakes) {}

    std::optional<Instruction> read() {
        const auto reader = readers().find(node_.name);
        if (reader == readers().end()) return std::nullopt;
        Instruction made{node_.lines, node_.text, (this->*reader->second)()};
        flags_.refuse_rest();
        if (flags_.failed() || failed_) return std::nullopt;
        return made;
    }

private:
    using Read = Meaning (Reader::*)();
    static const std::map<std::string, Read>& readers() {
        static const std::map<std::string, Read> table = {{"ADD", &Reader::copy},
                                                          {"ARG", &Reader::arg},
                                                          {"CMD", &Reader::cmd},
                                                          {"COPY", &Reader::copy},
                                                          {"ENTRYPOINT", &Reader::entrypoint},
                                                          {"ENV", &Reader::env},
                                                          {"EXPOSE", &Reader::expose},
                                                          {"FROM", &Reader::from},
                                                          {"HEALTHCHECK", &Reader::healthcheck},
                                                          {"LABEL", &Reader::label},
                                                          {"MAINTAINER", &Reader::maintainer},
                                                          {"ONBUILD", &Reader::onbuild},
                                                          {"RUN", &Reader::run},
                                                          {"SHELL", &Reader::shell},
                                                          {"STOPSIGNAL", &Reader::stop_signal},
                                                          {"USER", &Reader::user},
                                                          {"VOLUME", &Reader::volume},
                                                          {"WORKDIR", &Reader::workdir}};
        return table;
    }

    void refuse(std::string message, std::string word, std::string advice) {
        failed_ = true;
        mistakes_.add({node_.lines, node_.name + ": " + std::move(message), std::move(word), std::move(advice)});
    }
    /// The one word that there must be.
    std::string only_word(const char* example) {
        if (node_.words.size() == 1) return node_.words.front();
        refuse(node_.words.empty() ? "it needs an argument" : "it takes one argument", "",
               fmt::format("as in {} {}", node_.name, example));
        return {};
    }
    Command command(std::size_t from = 0) {
        return {
            {node_.words.begin() + static_cast<std::ptrdiff_t>(from), node_.words.end()}, !node_.json, node_.heredocs};
    }
    bool one_of(const std::string& flag, const std::string& value, const std::vector<std::string>& known) {
        if (value.empty() || value.find('$') != std::string::npos) return true;
        if (std::find(known.begin(), known.end(), value) != known.end()) return true;
        refuse(fmt::format("--{} cannot be \"{}\"", flag, value), value, "use " + join(known, ", "));
        return false;
    }

    Meaning from();
    Meaning arg();
    Meaning run();
    Meaning copy();
    Meaning healthcheck();
    Meaning onbuild();
    Meaning shell();
    Meaning cmd() { return Cmd{command()}; }
    Meaning entrypoint() { return Entrypoint{command()}; }
    Meaning env() { return Env{pairs()}; }
    Meaning label() { return Label{pairs()}; }
    Meaning maintainer() { return Maintainer{only_word("name <name@example.org>")}; }
    Meaning stop_signal() { return StopSignal{only_word("SIGTERM")}; }
    Meaning user() { return User{only_word("www-data")}; }
    Meaning workdir() { return Workdir{only_word("/app")}; }
    Meaning expose() {
        if (node_.words.empty()) refuse("it needs a port", "", "as in EXPOSE 80/tcp");
        return Expose{node_.words};
    }
    Meaning volume() {
        const bool blank =
            std::any_of(node_.words.begin(), node_.words.end(), [](const auto& path) { return trim(path).empty(); });
        if (node_.words.empty() || blank) refuse("it needs a path", "", "as in VOLUME /data");
        return Volume{node_.words};
    }
    std::vector<Pair> pairs() {
        std::vector<Pair> read;
        if (node_.words.empty()) refuse("it needs name=value", "", fmt::format("as in {} name=value", node_.name));
        for (std::size_t i = 0; i + 2 < node_.words.size(); i += 3) {
            if (node_.words[i].empty()) refuse("a name is missing before =", "=", "write name=value");
            read.emplace_back(node_.words[i], node_.words[i + 1]);
        }
        return read;
    }

    const Node& node_;
    Mistakes& mistakes_;
    Flags flags_;
    bool failed_ = false;
};

Meaning Reader::from() {
    From from;
    from.platform = flags_.text("platform");
    const auto& words = node_.words;
    const bool named = words.size() == 3 && words[1].size() == 2 && starts_with_ignoring_case(words[1], "as");
    if (words.size() != 1 && !named) {
        refuse(words.empty() ? "it needs an image" : "it takes an image, and AS with a name",
               words.size() > 1 ? words[1] : "", "as in FROM debian:bookworm-slim AS build");
        return from;
    }
    from.image = words[0];
    if (named) from.name = words[2];
    std::transform(from.name.begin(), from.name.end(), from.name.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    const auto good = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c == '.'; };
    if (named &&
        (!std::isalpha(static_cast<unsigned char>(from.name.front())) ||
         !std::all_of(from.name.begin(), from.name.end(), good) || from.name == "scratch" || from.name == "context"))
        refuse(fmt::format("\"{}\" cannot be a stage's name", words[2]), words[2],
               "begin with a letter; then letters, digits, _ - . may follow");
    return from;
}

Meaning Reader::arg() {
    Arg arg;
    if (node_.words.empty()) refuse("it needs a name", "", "as in ARG version=1");
    for (const auto& word : node_.words) {
        const auto equals = word.find('=');
        const auto name = word.substr(0, equals);
        if (name.empty()) refuse("a name is missing before =", word, "write ARG name=value");
        std::optional<std::string> value;
        if (equals != std::string::npos) value = word.substr(equals + 1);
        arg.names.emplace_back(name, std::move(value));
    }
    return arg;
}

Meaning Reader::run() {
    Run run;
    run.mounts = flags_.list("mount");
    run.network = flags_.text("network");
    const auto security = flags_.text("security");
    one_of("network", run.network, {"default", "none", "host"});
    if (security == "insecure")
        refuse("--security=insecure is not allowed", "--security", "a build's steps are confined as containers are");
    else
        one_of("security", security, {"sandbox"});
    for (const auto& mount : run.mounts) {
        if (mount.find('$') != std::string::npos) continue;  // told when its variables are known
        try {
            parse_run_mount(mount);
        } catch (const Error& error) {
            refuse(error.message(), mount, "");
        }
    }
    run.command = command();
    if (node_.words.empty()) refuse("it needs a command", "", "as in RUN make");
    return run;
}

Meaning Reader::copy() {
    Copy copy;
    copy.add = node_.name == "ADD";
    copy.chown = flags_.text("chown");
    copy.chmod = flags_.text("chmod");
    copy.link = flags_.yes("link");
    copy.excludes = flags_.list("exclude");
    if (copy.add) {
        copy.checksum = flags_.text("checksum");
        copy.keep_git_dir = flags_.yes("keep-git-dir");
        if (flags_.has("unpack")) copy.unpack = flags_.yes("unpack");
    } else {
        copy.from = flags_.text("from");
        if (flags_.has("parents") && flags_.yes("parents"))
            refuse("--parents is not supported", "--parents", "name the directories in the destination");
    }
    for (const auto& pattern : copy.excludes)
        if (const auto mistake = pattern_mistake(pattern)) refuse("--exclude: " + *mistake, pattern, "");
    auto words = node_.words;
    if (words.size() < 2) {
        refuse("it needs a source and a destination", "", fmt::format("as in {} file /dir/", node_.name));
        return copy;
    }
    copy.destination = words.back();
    words.pop_back();
    std::size_t document = 0;
    for (auto& word : words) {
        const auto asked = node_.json ? std::vector<Heredoc>() : find_heredocs(word);
        if (!asked.empty() && document < node_.heredocs.size())
            copy.documents.push_back(node_.heredocs[document++]);
        else
            copy.sources.push_back(std::move(word));
    }
    if (copy.from.empty() || copy.documents.empty()) return copy;
    refuse("--from does not go with a here-document", "--from", "use two instructions");
    return copy;
}

Meaning Reader::healthcheck() {
    Healthcheck check;
    check.interval = flags_.duration("interval");
    check.timeout = flags_.duration("timeout");
    check.start_period = flags_.duration("start-period");
    check.start_interval = flags_.duration("start-interval");
    check.retries = flags_.count("retries");
    const auto word = node_.words.empty() ? "" : node_.words.front();
    check.none = word.size() == 4 && starts_with_ignoring_case(word, "none");
    const bool command_follows = word.size() == 3 && starts_with_ignoring_case(word, "cmd");
    check.command = command(std::min<std::size_t>(1, node_.words.size()));
    if (!check.none && !command_follows)
        refuse(word.empty() ? "it needs CMD and a command, or NONE" : fmt::format("unknown type \"{}\"", word), word,
               "as in HEALTHCHECK CMD curl -f http://localhost/");
    else if (check.none && (node_.words.size() > 1 || !node_.flags.empty()))
        refuse("nothing goes with NONE", word, "write HEALTHCHECK NONE");
    else if (command_follows && check.command.words.empty())
        refuse("no command follows CMD", word, "as in HEALTHCHECK CMD curl -f http://localhost/");
    return check;
}

Meaning Reader::onbuild() {
    Onbuild onbuild{node_.rest};
    for (const auto& document : node_.heredocs) onbuild.text += "\n" + document.content + document.name;
    if (!node_.child) {
        refuse("it needs an instruction", "", "as in ONBUILD COPY . /app");
        return onbuild;
    }
    const auto& name = node_.child->name;
    if (name == "ONBUILD" || name == "FROM" || name == "MAINTAINER")
        refuse(name + " cannot be left to a later build", name, "move it out of ONBUILD");
    else if (!name.empty() && !read_instruction(*node_.child, mistakes_))
        failed_ = true;
    return onbuild;
}

Meaning Reader::shell() {
    if (!node_.json || node_.words.empty())
        refuse("it takes a JSON array of words", "", "as in SHELL [\"/bin/bash\", \"-c\"]");
    return Shell{node_.words};
}

}  // namespace

std::optional<Instruction> read_instruction(const Node& node, Mistakes& mistakes) {
    return Reader(node, mistakes).read();
}

}  // namespace hoist::builder
