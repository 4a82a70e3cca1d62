#pragma once
// SPDX-License-Identifier: Apache-2.0
// The one exception type of hoist: what failed, on which object, why.

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

namespace hoist {

/// The class of an error. api/ alone turns it into an HTTP status, cli/ alone into an exit status.
enum class Kind { invalid, not_found, conflict, denied, timeout, unavailable, internal };

/// The kind's stable name on the wire ("invalid", "not_found", ...).
const char* to_string(Kind kind) noexcept;
/// The inverse of to_string; unknown names are Kind::internal.
Kind kind_from_string(const std::string& name) noexcept;
/// The kind that an errno value belongs to: ENOENT is not_found, EPERM denied, EEXIST and EBUSY conflict, ...
Kind kind_of(int error_number) noexcept;

/// An error for the person who reads it. what() is "<outermost context>: ...: <message>",
/// lower case, without a full stop.
class Error : public std::exception {
public:
    Error(Kind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

    Kind kind() const noexcept { return kind_; }
    const char* what() const noexcept override { return message_.c_str(); }
    const std::string& message() const noexcept { return message_; }

    /// Puts what was being done in front of the message: e.during("start container {}", id).
    template <class... Args>
    Error& during(fmt::format_string<Args...> what, Args&&... args) {
        message_ = fmt::format(what, std::forward<Args>(args)...) + ": " + message_;
        return *this;
    }

private:
    Kind kind_;
    std::string message_;
};

/// Throws an Error of `kind` with a formatted message.
template <class... Args>
[[noreturn]] void fail(Kind kind, fmt::format_string<Args...> what, Args&&... args) {
    throw Error(kind, fmt::format(what, std::forward<Args>(args)...));
}

/// Throws an Error made of the call's description and strerror(code).
template <class... Args>
[[noreturn]] void fail_errno(int code, fmt::format_string<Args...> call, Args&&... args) {
    throw Error(kind_of(code), fmt::format(call, std::forward<Args>(args)...) + ": " + std::strerror(code));
}

/// Returns the result of a system call, or throws an Error with the call's description and errno.
template <class Result, class... Args>
Result check(Result result, fmt::format_string<Args...> call, Args&&... args) {
    if (result >= 0) return result;
    const int code = errno;  // saved first: formatting allocates and may change errno
    fail_errno(code, call, std::forward<Args>(args)...);
}

}  // namespace hoist
