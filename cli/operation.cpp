// SPDX-License-Identifier: Apache-2.0
#include "cli/operation.h"

#include <poll.h>

#include <csignal>

#include "base/error.h"
#include "base/text.h"
#include "wire/errors.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

constexpr int exit_interrupted = 130;

/// Reads the lines of an operation's answer.
class LineReader {
public:
    explicit LineReader(ProgressPrinter& printer) : printer_(printer) {}

    /// @return whether this was the last line. @throws the daemon's Error
    bool take(std::string& bytes) {
        for (auto end = bytes.find('\n'); end != std::string::npos; end = bytes.find('\n')) {
            const std::string line = bytes.substr(0, end);
            bytes.erase(0, end + 1);
            if (trim(line).empty()) continue;
            const Json object = parse_json(line, "the daemon's answer");
            if (object.contains("result")) return true;
            if (object.contains("error")) throw wire::error_from(500, wire::dump(object["error"]));
            printer_.apply(wire::progress_line_from_json(object));
        }
        return false;
    }

private:
    ProgressPrinter& printer_;
};

int poll_timeout(bool live, std::optional<std::chrono::steady_clock::time_point> deadline) {
    constexpr int between_pictures = 100;
    if (!deadline) return live ? between_pictures : -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now()).count();
    const int wait = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
    return live ? std::min(wait, between_pictures) : wait;
}

}  // namespace

Ended run_operation(Context& context, const std::string& project, const std::string& verb,
                    const wire::ProjectRequest& request, ProgressPrinter& printer,
                    std::optional<std::chrono::seconds> limit) {
    const auto& client = context.client();
    SignalQueue signals({SIGINT, SIGTERM});
    const std::string target = fmt::format("/hoist/v1/projects/{}/{}", wire::percent_encode(project), verb);
    Answer answer = client.stream("POST", target, wire::to_json(request));
    std::optional<std::chrono::steady_clock::time_point> deadline;
    if (limit) deadline = std::chrono::steady_clock::now() + *limit;
    LineReader lines(printer);
    std::string bytes;
    bool more = !answer.has_early() || answer.read_some(bytes);
    for (;;) {
        if (lines.take(bytes)) return Ended::well;
        if (!more) fail(Kind::unavailable, "the daemon went away in the middle of it: run the command again to go on");
        pollfd waiting[] = {{answer.fd(), POLLIN, 0}, {signals.fd(), POLLIN, 0}};
        ::poll(waiting, 2, poll_timeout(printer.live(), deadline));
        printer.tick();
        if (signals.next() != 0) return Ended::interrupted;
        if (waiting[0].revents) more = answer.read_some(bytes);
        if (deadline && std::chrono::steady_clock::now() >= *deadline) return Ended::too_late;
    }
}

int run_simple_operation(Context& context, const std::string& project, const std::string& verb,
                         const wire::ProjectRequest& request, const std::string& headline) {
    ProgressPrinter printer(context.progress_mode(), headline, context.color_err());
    const Ended ended = run_operation(context, project, verb, request, printer);
    printer.finish();
    if (ended == Ended::well) return 0;
    print_error(fmt::format("hoist: interrupted; run hoist {} again to finish it\n", verb));
    return exit_interrupted;
}

}  // namespace hoist::cli
