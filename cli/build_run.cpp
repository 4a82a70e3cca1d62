// SPDX-License-Identifier: Apache-2.0
#include "cli/build_run.h"

#include <poll.h>

#include <csignal>
#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "wire/errors.h"

namespace hoist::cli {
namespace {

/// One line per step and per line of output.
class PlainBuild {
public:
    void apply(const wire::BuildLine& line) {
        if (line.event == "output") return output(line);
        std::string text;
        if (line.event == "started") text = line.name;
        if (line.event == "cached") text = "CACHED";
        if (line.event == "done") text = fmt::format("DONE {:.1f}s", line.seconds);
        if (line.event == "failed") text = "ERROR";
        if (line.event == "warning") text = "warning: " + line.text;
        print_error(fmt::format("#{} {}\n", line.step, escape_for_terminal(text)));
    }

private:
    void output(const wire::BuildLine& line) {
        auto& begun = begun_[line.step];
        begun += line.text;
        for (auto end = begun.find('\n'); end != std::string::npos; end = begun.find('\n')) {
            print_error(fmt::format("#{} | {}\n", line.step, escape_for_terminal(begun.substr(0, end))));
            begun.erase(0, end + 1);
        }
    }
    std::map<int, std::string> begun_;  ///< lines whose end has not come, by step
};

wire::ProgressLine live_line(const wire::BuildLine& line) {
    wire::ProgressLine made;
    made.kind = fmt::format("#{}", line.step);
    made.name = line.name;
    made.seconds = line.seconds;
    made.phase = line.event == "failed"                           ? "failed"
                 : line.event == "done" || line.event == "cached" ? "done"
                                                                  : "started";
    if (line.event == "cached") made.text = "cached";
    if (line.event == "output") {
        const auto text = trim(line.text);
        made.text = text.substr(text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n') + 1);
    }
    return made;
}

/// Where the lines of a build go, by --progress.
class BuildScreen {
public:
    BuildScreen(ProgressMode mode, const std::string& headline, bool color)
        : mode_(mode), live_(mode == ProgressMode::tty ? mode : ProgressMode::quiet, headline, color) {}

    void apply(const Json& object) {
        const auto line = wire::build_line_from_json(object);
        if (mode_ == ProgressMode::json) print_error(wire::dump(object) + "\n");
        if (mode_ == ProgressMode::plain) plain_.apply(line);
        if (mode_ != ProgressMode::tty) return;
        if (line.event == "warning") return print_error("warning: " + escape_for_terminal(line.text) + "\n");
        live_.apply(live_line(line));
    }
    void tick() { live_.tick(); }
    void finish() { live_.finish(); }

private:
    ProgressMode mode_;
    PlainBuild plain_;
    ProgressPrinter live_;
};

/// Takes whole lines of the answer. @return the image's id once it is told
std::optional<std::string> take_lines(std::string& bytes, BuildScreen& screen) {
    for (auto end = bytes.find('\n'); end != std::string::npos; end = bytes.find('\n')) {
        const std::string line(trim(bytes.substr(0, end)));
        bytes.erase(0, end + 1);
        if (line.empty()) continue;
        const Json object = parse_json(line, "the daemon's answer");
        if (object.contains("image")) return json_value<std::string>(object, "image", "");
        if (object.contains("error")) {
            screen.finish();
            throw wire::error_from(500, wire::dump(object["error"]));
        }
        screen.apply(object);
    }
    return std::nullopt;
}

std::map<std::string, std::string> fields_of(const std::string& text) {
    std::map<std::string, std::string> fields;
    for (const auto& field : split(text, ',')) {
        const auto equals = field.find('=');
        fields[field.substr(0, equals)] = equals == std::string::npos ? "" : field.substr(equals + 1);
    }
    return fields;
}

}  // namespace

std::string run_build(Context& context, const wire::BuildRequest& request, ProgressMode mode,
                      const std::string& headline) {
    const auto& client = context.client();
    SignalQueue signals({SIGINT, SIGTERM});
    Answer answer = client.stream("POST", "/hoist/v1/build", wire::to_json(request));
    BuildScreen screen(mode, headline, context.color_err());
    std::string bytes;
    bool more = !answer.has_early() || answer.read_some(bytes);
    for (;;) {
        if (const auto image = take_lines(bytes, screen)) {
            screen.finish();
            return *image;
        }
        if (!more) fail(Kind::unavailable, "the daemon went away in the middle of the build: run the command again");
        pollfd waiting[] = {{answer.fd(), POLLIN, 0}, {signals.fd(), POLLIN, 0}};
        ::poll(waiting, 2, mode == ProgressMode::tty ? 100 : -1);
        screen.tick();
        if (signals.next() != 0) {
            screen.finish();
            fail(Kind::unavailable, "interrupted; what was built so far is in the cache");
        }
        if (waiting[0].revents) more = answer.read_some(bytes);
    }
}

void read_dockerfile(wire::BuildRequest& request, const std::string& file) {
    const auto path = file.empty() ? request.context + "/Dockerfile" : file;
    request.dockerfile_name = file.empty() ? "Dockerfile" : file;
    auto text = read_file_if_exists(path);
    if (!text) fail(Kind::not_found, "there is no {}; name it with --file, or give the directory that holds it", path);
    request.dockerfile = std::move(*text);
    if (request.dockerfile.empty()) fail(Kind::invalid, "{} is empty", path);
    if (request.context.empty()) return;
    for (const auto& name : {path + ".dockerignore", request.context + "/.dockerignore"}) {
        request.ignore = read_file_if_exists(name);
        request.ignore_name = name;
        if (request.ignore) return;
    }
    request.ignore = "";
}

std::map<std::string, std::string> read_pairs(const std::vector<std::string>& texts) {
    std::map<std::string, std::string> pairs;
    for (const auto& text : texts) {
        const auto equals = text.find('=');
        const auto name = text.substr(0, equals);
        if (equals != std::string::npos)
            pairs[name] = text.substr(equals + 1);
        else if (const char* value = std::getenv(name.c_str()))
            pairs[name] = value;
    }
    return pairs;
}

void add_secret(wire::BuildRequest& request, const std::string& text) {
    auto fields = fields_of(text);
    const auto source = fields.contains("src") ? fields["src"] : fields["source"];
    const auto id = fields["id"].empty() ? source : fields["id"];
    if (id.empty()) throw UsageError(fmt::format("--secret: '{}' needs an id, as in id=token,src=FILE", text));
    const auto name = !fields["env"].empty() ? fields["env"] : source.empty() ? id : "";
    if (name.empty()) {
        request.secrets[id] = read_file(source, 1u << 20);
        return;
    }
    const char* value = std::getenv(name.c_str());
    if (!value) fail(Kind::not_found, "--secret {}: the variable {} is not set; give a file with src=FILE", id, name);
    request.secrets[id] = value;
}

void add_ssh(wire::BuildRequest& request, const std::string& text) {
    const auto equals = text.find('=');
    const auto id = text.substr(0, equals);
    if (equals != std::string::npos) {
        request.ssh[id] = text.substr(equals + 1);
        return;
    }
    const char* socket = std::getenv("SSH_AUTH_SOCK");
    if (!socket) fail(Kind::not_found, "--ssh {}: SSH_AUTH_SOCK is not set; is an agent running?", id);
    request.ssh[id] = socket;
}

}  // namespace hoist::cli
