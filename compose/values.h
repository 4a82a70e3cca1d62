#pragma once
// SPDX-License-Identifier: Apache-2.0
// Reading typed values from nodes. What does not fit is reported in the writer's words, and the target is left alone.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "compose/files.h"
#include "compose/node.h"
#include "compose/report.h"

namespace hoist::compose {

using StringMap = std::map<std::string, std::string>;

class Values {
public:
    /// @param subject  what the values belong to, for messages: `service "web"`
    Values(Context& context, std::string subject) : context_(context), subject_(std::move(subject)) {}

    Diagnostic& error(const char* code, const Origin& where, const std::string& message, std::string help = {});
    Diagnostic& warning(const char* code, const Origin& where, const std::string& message, std::string help = {});
    /// "`key` is a list, not the number 8080".
    void wrong_type(const std::string& key, const Node& node, const char* expected, std::string help = {});

    bool is_list(const std::string& key, const Node& node);
    bool is_map(const std::string& key, const Node& node);
    bool is_text(const std::string& key, const Node& node);

    void read(const std::string& key, const Node& node, std::string& out);
    void read(const std::string& key, const Node& node, bool& out);
    void read(const std::string& key, const Node& node, int& out);
    void read(const std::string& key, const Node& node, std::int64_t& out);
    void read(const std::string& key, const Node& node, double& out);
    void read(const std::string& key, const Node& node, Bytes& out);
    void read(const std::string& key, const Node& node, Nanoseconds& out);
    void read(const std::string& key, const Node& node, std::vector<std::string>& out);
    void read(const std::string& key, const Node& node, StringMap& out);
    template <class T>
    void read(const std::string& key, const Node& node, std::optional<T>& out) {
        const bool before = failed_;
        failed_ = false;
        T value{};
        read(key, node, value);
        if (!failed_ && !node.is_null()) out = std::move(value);
        failed_ = failed_ || before;
    }
    /// A file mode, always octal: 0440, "0440", 0o440.
    void read_mode(const std::string& key, const Node& node, std::optional<std::uint32_t>& out);
    /// A string split like a shell would, or a list. nullopt stays for null.
    void read_command(const std::string& key, const Node& node, std::optional<std::vector<std::string>>& out);
    /// A path, resolved against the folder that its file stands for.
    void read_path(const std::string& key, const Node& node, std::string& out);
    std::string path_of(const Node& node, std::string_view path) const;
    /// x-* keys with what is below them.
    static Json json_of(const Node& node);

    Context& context() { return context_; }
    const std::string& subject() const { return subject_; }

private:
    Context& context_;
    std::string subject_;
    bool failed_ = false;
};

/// Splits a command line at blanks, honouring '…', "…" and backslashes. nullopt: a quote is not closed.
std::optional<std::vector<std::string>> split_command(std::string_view text);

}  // namespace hoist::compose
