#pragma once
// SPDX-License-Identifier: Apache-2.0
// As much of D-Bus as it takes to ask systemd for a scope: calls and signals over the system bus' socket.
// @see dbus.freedesktop.org/doc/dbus-specification.html

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"

namespace hoist::runtime {

/// The arguments of a message, written one after the other.
class DbusWriter {
public:
    void put_byte(std::uint8_t value) { bytes_ += static_cast<char>(value); }
    void put_bool(bool value) { put_u32(value ? 1 : 0); }
    void put_u32(std::uint32_t value) { put_number(value); }
    void put_u64(std::uint64_t value) { put_number(value); }
    void put_string(std::string_view text);
    void put_signature(std::string_view signature);
    /// Calls fill() for the elements. @param alignment  of the element type: 1, 4, or 8 for structs and 64 bits
    void put_array(std::size_t alignment, const std::function<void()>& fill);
    /// Structs begin at a multiple of 8.
    void begin_struct() { align(8); }
    void align(std::size_t to) { bytes_.resize((bytes_.size() + to - 1) / to * to, '\0'); }
    const std::string& bytes() const { return bytes_; }

private:
    template <class T>
    void put_number(T value) {
        align(sizeof value);
        bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    std::string bytes_;
};

/// Takes arguments out again. @throws Error(invalid) when the message is shorter than it says
class DbusReader {
public:
    explicit DbusReader(std::string_view bytes) : bytes_(bytes) {}
    std::uint8_t take_byte();
    std::uint32_t take_u32();
    std::string take_string();
    std::string take_signature();
    void align(std::size_t to);
    std::size_t at() const { return at_; }

private:
    std::string_view take(std::size_t count);
    std::string_view bytes_;
    std::size_t at_ = 0;
};

struct DbusMessage {
    std::uint8_t type = 0;  ///< 1 call, 2 answer, 3 error, 4 signal
    std::uint32_t reply_to = 0;
    std::string member, error, body;
};

/// One connection to the system bus.
class Dbus {
public:
    /// @throws Error(unavailable) if no bus answers
    static Dbus connect_system();
    /// Calls a method of systemd's manager object and waits for the answer. @throws Error with what it says
    DbusMessage call_systemd(const std::string& member, const std::string& signature, const DbusWriter& arguments);
    /// The same of the bus itself.
    DbusMessage call_bus(const std::string& member, const std::string& signature, const DbusWriter& arguments);
    /// The next signal, of those that were asked for. @throws Error(timeout)
    DbusMessage wait_for_signal(std::chrono::steady_clock::time_point deadline);

private:
    struct Callee {
        const char *service, *path, *interface;
    };
    explicit Dbus(Fd socket) : socket_(std::move(socket)) {}
    void authenticate();
    DbusMessage call(const Callee& callee, const std::string& member, const std::string& signature,
                     const DbusWriter& arguments);
    DbusMessage receive(std::chrono::steady_clock::time_point deadline);
    std::string receive_bytes(std::size_t count, std::chrono::steady_clock::time_point deadline);

    Fd socket_;
    std::uint32_t serial_ = 0;
    std::vector<DbusMessage> signals_;  ///< that came before an answer
};

/// The unix socket in a bus address ("unix:path=/run/x;..."): a path, or "@name" for the abstract space; nullopt if
/// there is none.
std::optional<std::string> unix_path_of_bus(std::string_view address);

}  // namespace hoist::runtime
