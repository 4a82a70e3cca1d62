// SPDX-License-Identifier: Apache-2.0
// A monitor (state "created") against a daemon that says anything. An input is lines, each a packet; a digit before it
// tells how many descriptors come along. "s" and "x" begin a specification and an exit record instead.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

#include "base/error.h"
#include "base/text.h"
#include "runtime/monitor/owner.h"
#include "runtime/monitor_protocol.h"
#include "runtime/monitor_socket.h"

namespace hoist::runtime {
namespace {

constexpr std::size_t most_packets = 40;

/// The monitor's directory, without a spec.json: a "start" fails before it makes a process.
struct RunDirectory {
    std::string path = "/tmp/fuzz-monitor-XXXXXX";
    RunDirectory() {
        if (!::mkdtemp(path.data())) fail_errno(errno, "make a directory");
    }
    ~RunDirectory() { ::rmdir(path.c_str()); }
};
const std::string& run_directory() {
    static const RunDirectory directory;
    return directory.path;
}

struct Ends {
    Fd ours, theirs;
};
Ends make_ends(int type) {
    int ends[2];
    check(::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), "make a socket pair");
    return {Fd(ends[0]), Fd(ends[1])};
}

/// Sends bytes as they are, with descriptors that a daemon might pass, or would never.
void send_packet(const Fd& socket, std::string_view text, std::size_t count) {
    std::vector<Fd> fds;
    for (std::size_t i = 0; i < count; ++i) {
        if (i % 2 == 0)
            fds.push_back(make_ends(SOCK_STREAM).theirs);
        else
            fds.push_back(open_file("/dev/null", O_RDWR));
    }
    iovec part{const_cast<char*>(text.data()), text.size()};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * 10)] = {};
    if (count > 0) {
        header.msg_control = control;
        header.msg_controllen = CMSG_SPACE(sizeof(int) * count);
        cmsghdr* rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
        for (std::size_t i = 0; i < count; ++i) std::memcpy(CMSG_DATA(rights) + i * sizeof(int), &fds[i], sizeof(int));
    }
    (void)::sendmsg(socket.get(), &header, MSG_NOSIGNAL);
}

/// What files say may be anything, too.
void read_document(std::string_view text) {
    try {
        const Json document = parse_json(text.substr(1), "input");
        if (text[0] == 'x') {
            (void)to_json(exit_record_from_json(document));
        } else {
            const MonitorSpec spec = monitor_spec_from_json(document);
            (void)monitor_spec_from_json(to_json(spec));  // what was read can be written, and read again
        }
    } catch (const Error&) {  // the proper answer to nonsense
    }
}

void converse(const std::vector<std::string>& packets) {
    Ends fuzzed = make_ends(SOCK_SEQPACKET), sane = make_ends(SOCK_SEQPACKET);
    Owner owner(run_directory(), listen_as_monitor(run_directory()));
    owner.connect(std::move(fuzzed.theirs));
    owner.connect(std::move(sane.theirs));
    for (const auto& packet : packets) {
        const bool digit = !packet.empty() && packet[0] >= '0' && packet[0] <= '9';
        if (packet.size() > (digit ? 1 : 0))
            send_packet(fuzzed.ours, std::string_view(packet).substr(digit), digit ? packet[0] - '0' : 0);
    }
    // The kernel gives the connections their turns: after as many words of ours all of theirs have been heard.
    for (std::size_t i = 0; i < packets.size(); ++i) send_message(sane.ours, {{"op", "drop"}, {"seq", i}});
    send_message(sane.ours, {{"op", "quit"}, {"seq", -1}});
    owner.run();
    while (receive_message(sane.ours)) {
    }
}

}  // namespace
}  // namespace hoist::runtime

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hoist;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::vector<std::string> packets;
    for (auto& line : split(text, '\n')) {
        if (!line.empty() && (line[0] == 's' || line[0] == 'x'))
            runtime::read_document(line);
        else if (!line.empty() && packets.size() < runtime::most_packets)
            packets.push_back(std::move(line));
    }
    try {
        runtime::converse(packets);
    } catch (const Error& error) {
        if (error.kind() != Kind::unavailable) throw;  // a "quit" among the packets: our end is closed
    }
    return 0;
}
