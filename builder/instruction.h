#pragma once
// SPDX-License-Identifier: Apache-2.0
// What the instructions of a Dockerfile mean. Texts hold variables that are not replaced yet.

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/units.h"
#include "builder/syntax.h"

namespace hoist::builder {

/// A command's words, or a text for the stage's shell.
struct Command {
    std::vector<std::string> words;
    bool shell = false;
    std::vector<Heredoc> heredocs;
};

using Pair = std::pair<std::string, std::string>;

struct From {
    std::string image, platform, name;
};
struct Arg {
    std::vector<std::pair<std::string, std::optional<std::string>>> names;
};
struct Env {
    std::vector<Pair> pairs;
};
struct Label {
    std::vector<Pair> pairs;
};
struct Run {
    Command command;
    std::vector<std::string> mounts;  ///< as written after --mount=
    std::string network;              ///< "", "default", "none", "host"
};
/// COPY, and ADD.
struct Copy {
    bool add = false;
    std::vector<std::string> sources;
    std::vector<Heredoc> documents;
    std::string destination, from, chown, chmod, checksum;
    bool link = false, keep_git_dir = false;
    std::optional<bool> unpack;
    std::vector<std::string> excludes;
};
struct Cmd {
    Command command;
};
struct Entrypoint {
    Command command;
};
struct Expose {
    std::vector<std::string> ports;
};
struct Volume {
    std::vector<std::string> paths;
};
struct User {
    std::string name;
};
struct Workdir {
    std::string path;
};
struct Onbuild {
    std::string text;
};
struct StopSignal {
    std::string signal;
};
struct Healthcheck {
    bool none = false;
    Command command;
    std::optional<Nanoseconds> interval, timeout, start_period, start_interval;
    std::optional<int> retries;
};
struct Shell {
    std::vector<std::string> words;
};
struct Maintainer {
    std::string name;
};

using Meaning = std::variant<From, Arg, Env, Label, Run, Copy, Cmd, Entrypoint, Expose, Volume, User, Workdir, Onbuild,
                             StopSignal, Healthcheck, Shell, Maintainer>;

struct Instruction {
    Lines lines;
    std::string text;  ///< the whole instruction on one line
    Meaning meaning;
};

/// Reads an instruction's flags and words. What is wrong is added to `mistakes`; then nullopt.
std::optional<Instruction> read_instruction(const Node& node, Mistakes& mistakes);

}  // namespace hoist::builder
