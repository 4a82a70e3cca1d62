// SPDX-License-Identifier: Apache-2.0
#include "cli/log_copy.h"

#include "cli/terminal.h"

namespace hoist::cli {

void copy_log(const Client& client, const std::string& id, bool tty, const LogWindow& window, bool timestamps) {
    Answer answer = client.stream("GET", log_target(id, window, timestamps));
    wire::FrameDecoder frames;
    std::string bytes;
    for (bool more = true; more;) {
        bytes.clear();
        more = answer.read_some(bytes);
        if (tty) {
            print(bytes);
            continue;
        }
        for (const auto& part : frames.feed(bytes)) {
            if (part.stream == wire::FrameStream::stderr_)
                print_error(part.bytes);
            else
                print(part.bytes);
        }
    }
}

}  // namespace hoist::cli
