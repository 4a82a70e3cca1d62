// SPDX-License-Identifier: Apache-2.0
#include "runtime/dbus.h"

#include <poll.h>
#include <sys/socket.h>

#include <bit>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/unix_socket.h"

namespace hoist::runtime {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto answer_patience = std::chrono::seconds(30);
constexpr std::size_t most_bytes = 1u << 20;  // of one message: systemd's are far smaller
constexpr std::uint8_t call_type = 1, answer_type = 2, error_type = 3, signal_type = 4;
constexpr std::size_t fixed_header = 16;
constexpr std::uint8_t byte_order = std::endian::native == std::endian::little ? 'l' : 'B';

/// Header fields. @see dbus-specification "Header Fields"
enum Field : std::uint8_t {
    path = 1,
    interface = 2,
    member = 3,
    error_name = 4,
    reply_serial = 5,
    destination = 6,
    signature = 8
};

void put_field(DbusWriter& header, Field field, const char* type, std::string_view value) {
    header.begin_struct();
    header.put_byte(field);
    header.put_signature(type);
    if (*type == 'g') return header.put_signature(value);
    header.put_string(value);
}

std::string bus_path() {
    const char* address = std::getenv("DBUS_SYSTEM_BUS_ADDRESS");
    const auto path = unix_path_of_bus(address ? address : "unix:path=/run/dbus/system_bus_socket");
    if (!path) fail(Kind::invalid, "DBUS_SYSTEM_BUS_ADDRESS \"{}\" names no unix socket", address);
    return *path;
}

Kind kind_of_error(const std::string& name) {
    if (name == "org.freedesktop.systemd1.NoSuchUnit") return Kind::not_found;
    if (name == "org.freedesktop.systemd1.UnitExists") return Kind::conflict;
    if (name == "org.freedesktop.DBus.Error.AccessDenied") return Kind::denied;
    if (name == "org.freedesktop.DBus.Error.ServiceUnknown") return Kind::unavailable;
    return Kind::internal;
}

/// Fills a message from what follows the fixed part of the header.
void read_fields(DbusMessage& message, std::string_view fields) {
    DbusReader reader(fields);
    while (reader.at() < fields.size()) {
        reader.align(8);
        const std::uint8_t field = reader.take_byte();
        const std::string type = reader.take_signature();
        if (type == "u") {
            const auto number = reader.take_u32();
            if (field == Field::reply_serial) message.reply_to = number;
        } else if (type == "g") {
            reader.take_signature();
        } else {
            std::string text = reader.take_string();
            if (field == Field::member) message.member = std::move(text);
            if (field == Field::error_name) message.error = std::move(text);
        }
    }
}

}  // namespace

void DbusWriter::put_string(std::string_view text) {
    put_u32(static_cast<std::uint32_t>(text.size()));
    bytes_ += text;
    bytes_ += '\0';
}

void DbusWriter::put_signature(std::string_view signature) {
    put_byte(static_cast<std::uint8_t>(signature.size()));
    bytes_ += signature;
    bytes_ += '\0';
}

void DbusWriter::put_array(std::size_t alignment, const std::function<void()>& fill) {
    put_u32(0);
    const std::size_t length_at = bytes_.size() - 4;
    align(alignment);
    const std::size_t start = bytes_.size();
    fill();
    const auto length = static_cast<std::uint32_t>(bytes_.size() - start);
    std::memcpy(bytes_.data() + length_at, &length, sizeof length);
}

std::string_view DbusReader::take(std::size_t count) {
    if (count > bytes_.size() - at_) fail(Kind::invalid, "a message of the bus is cut short");
    at_ += count;
    return bytes_.substr(at_ - count, count);
}

void DbusReader::align(std::size_t to) {
    take(std::min((at_ + to - 1) / to * to, bytes_.size()) - at_);
}

std::uint8_t DbusReader::take_byte() {
    return static_cast<std::uint8_t>(take(1)[0]);
}

std::uint32_t DbusReader::take_u32() {
    align(4);
    std::uint32_t value = 0;
    std::memcpy(&value, take(4).data(), 4);
    return value;
}

std::string DbusReader::take_string() {
    const auto size = take_u32();
    std::string text(take(size));
    take(1);
    return text;
}

std::string DbusReader::take_signature() {
    const auto size = take_byte();
    std::string text(take(size));
    take(1);
    return text;
}

std::optional<std::string> unix_path_of_bus(std::string_view address) {
    for (const auto& one : split(address, ';')) {
        if (one.rfind("unix:", 0) != 0) continue;
        for (const auto& pair : split(std::string_view(one).substr(5), ',')) {
            if (pair.rfind("path=", 0) == 0) return pair.substr(5);
            if (pair.rfind("abstract=", 0) == 0) return "@" + pair.substr(9);
        }
    }
    return std::nullopt;
}

Dbus Dbus::connect_system() {
    const std::string path = bus_path();
    try {
        Dbus made(connect_unix(path, SOCK_STREAM));
        made.authenticate();
        made.call_bus("Hello", "", {});
        return made;
    } catch (const Error& error) {
        fail(Kind::unavailable,
             "no system bus answers: {}; the systemd cgroup manager needs one (use cgroupfs without)", error.message());
    }
}

void Dbus::authenticate() {
    std::string uid_in_hex;
    for (const char digit : std::to_string(::geteuid())) uid_in_hex += fmt::format("{:02x}", digit);
    using std::string_literals::operator""s;
    write_all(socket_, "\0AUTH EXTERNAL "s + uid_in_hex + "\r\n", "the bus");
    std::string answer;
    const auto deadline = Clock::now() + answer_patience;
    while (answer.find("\r\n") == std::string::npos && answer.size() < 1024) answer += receive_bytes(1, deadline);
    if (answer.rfind("OK ", 0) != 0)
        fail(Kind::denied, "the bus does not let us in: {}", escape_for_terminal(trim(answer)));
    write_all(socket_, "BEGIN\r\n", "the bus");
}

std::string Dbus::receive_bytes(std::size_t count, Clock::time_point deadline) {
    std::string bytes(count, '\0');
    for (std::size_t got = 0; got < count;) {
        pollfd waiting{socket_.get(), POLLIN, 0};
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        const int ready = left <= 0 ? 0 : ::poll(&waiting, 1, static_cast<int>(left));
        if (ready == 0) fail(Kind::timeout, "no answer within {} s", answer_patience.count());
        const ssize_t n = ready < 0 ? -1 : ::read(socket_.get(), bytes.data() + got, count - got);
        if (n < 0 && errno == EINTR) continue;
        check(n, "read from the bus");
        if (n == 0) fail(Kind::unavailable, "the bus hung up");
        got += static_cast<std::size_t>(n);
    }
    return bytes;
}

DbusMessage Dbus::receive(Clock::time_point deadline) {
    const std::string fixed = receive_bytes(fixed_header, deadline);
    DbusReader head(fixed);
    if (head.take_byte() != byte_order) fail(Kind::invalid, "the bus speaks another byte order");
    DbusMessage message;
    message.type = head.take_byte();
    head.align(4);  // flags and version
    const std::size_t body = head.take_u32();
    head.take_u32();  // its serial
    const std::size_t fields = head.take_u32();
    if (body > most_bytes || fields > most_bytes) fail(Kind::invalid, "a message of the bus is too long");
    const std::string rest = receive_bytes((fields + 7) / 8 * 8 + body, deadline);
    read_fields(message, std::string_view(rest).substr(0, fields));
    message.body = rest.substr(rest.size() - body);
    return message;
}

DbusMessage Dbus::call(const Callee& callee, const std::string& member_name, const std::string& types,
                       const DbusWriter& arguments) {
    DbusWriter header;
    header.put_byte(byte_order);
    header.put_byte(call_type);
    header.put_byte(0);  // flags
    header.put_byte(1);  // protocol version
    header.put_u32(static_cast<std::uint32_t>(arguments.bytes().size()));
    header.put_u32(++serial_);
    header.put_array(8, [&] {
        put_field(header, Field::path, "o", callee.path);
        put_field(header, Field::destination, "s", callee.service);
        put_field(header, Field::interface, "s", callee.interface);
        put_field(header, Field::member, "s", member_name);
        if (!types.empty()) put_field(header, Field::signature, "g", types);
    });
    header.align(8);
    write_all(socket_, header.bytes() + arguments.bytes(), "the bus");
    const auto deadline = Clock::now() + answer_patience;
    for (;;) {
        DbusMessage message = receive(deadline);
        if (message.type == signal_type) {
            signals_.push_back(std::move(message));
        } else if (message.reply_to == serial_ && message.type == answer_type) {
            return message;
        } else if (message.reply_to == serial_ && message.type == error_type) {
            const std::string why = message.body.empty() ? "" : DbusReader(message.body).take_string();
            fail(kind_of_error(message.error), "{}: {} ({})", member_name, escape_for_terminal(why), message.error);
        }
    }
}

DbusMessage Dbus::call_systemd(const std::string& member_name, const std::string& types, const DbusWriter& arguments) {
    return call({"org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"},
                member_name, types, arguments);
}

DbusMessage Dbus::call_bus(const std::string& member_name, const std::string& types, const DbusWriter& arguments) {
    return call({"org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"}, member_name, types,
                arguments);
}

DbusMessage Dbus::wait_for_signal(Clock::time_point deadline) {
    if (!signals_.empty()) {
        DbusMessage first = std::move(signals_.front());
        signals_.erase(signals_.begin());
        return first;
    }
    for (;;) {
        DbusMessage message = receive(deadline);
        if (message.type == signal_type) return message;
    }
}

}  // namespace hoist::runtime
