// SPDX-License-Identifier: Apache-2.0
#include "builder/run_mount.h"

#include <map>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "builder/mistakes.h"

namespace hoist::builder {
namespace {

using Fields = std::map<std::string, std::string>;
using Type = RunMount::Type;

/// "a=b,c,d=e"; a value may stand between double quotes.
Fields split_fields(const std::string& text) {
    Fields fields;
    std::string field;
    bool quoted = false;
    const auto end_field = [&] {
        if (field.empty()) return;
        const auto equals = field.find('=');
        auto name = field.substr(0, equals);
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
        const auto value = equals == std::string::npos ? "true" : field.substr(equals + 1);
        if (name == "dst" || name == "destination") name = "target";
        if (name == "src") name = "source";
        if (name == "ro") name = "readonly";
        if (name == "rw") name = "readwrite";
        if (!fields.emplace(name, value).second) fail(Kind::invalid, "--mount: {} is given twice", name);
        field.clear();
    };
    for (const char c : text) {
        if (c == '"')
            quoted = !quoted;
        else if (c == ',' && !quoted)
            end_field();
        else
            field += c;
    }
    if (quoted) fail(Kind::invalid, "--mount: a \" is not closed");
    end_field();
    return fields;
}

const std::map<std::string, Type> types = {
    {"bind", Type::bind}, {"cache", Type::cache}, {"tmpfs", Type::tmpfs}, {"secret", Type::secret}, {"ssh", Type::ssh}};
const std::map<Type, std::set<std::string>> keys = {
    {Type::bind, {"from", "source", "target", "readonly", "readwrite"}},
    {Type::cache, {"id", "target", "readonly", "readwrite", "sharing", "from", "source", "mode", "uid", "gid"}},
    {Type::tmpfs, {"target", "size"}},
    {Type::secret, {"id", "target", "source", "required", "mode", "uid", "gid", "env"}},
    {Type::ssh, {"id", "target", "required", "mode", "uid", "gid"}}};

class MountReader {
public:
    explicit MountReader(Fields fields) : fields_(std::move(fields)) {}

    RunMount read() {
        RunMount mount;
        mount.type = read_type();
        check_keys(mount.type);
        mount.from = text("from");
        mount.target = text("target");
        mount.id = text("id");
        mount.env = text("env");
        if (fields_.contains("source")) mount.source = text("source");
        mount.required = yes("required");
        mount.read_only = mount.type == Type::bind ? !yes("readwrite") : yes("readonly");
        if (mount.type == Type::bind && fields_.contains("readonly")) mount.read_only = yes("readonly");
        if (fields_.contains("mode")) mount.mode = number("mode", 8, 07777);
        mount.uid = number("uid", 10, 4294967294);
        mount.gid = number("gid", 10, 4294967294);
        read_sharing(mount);
        read_size(mount);
        complete(mount);
        return mount;
    }

private:
    Type read_type() {
        const auto name = fields_.contains("type") ? fields_["type"] : "bind";
        fields_.erase("type");
        const auto it = types.find(name);
        if (it == types.end())
            fail(Kind::invalid, "--mount: unknown type \"{}\"; use bind, cache, tmpfs, secret or ssh", name);
        return it->second;
    }

    void check_keys(Type type) {
        const auto& known = keys.at(type);
        for (const auto& [name, value] : fields_) {
            if (known.contains(name)) continue;
            const auto meant = nearest(name, {known.begin(), known.end()});
            fail(Kind::invalid, "--mount: unknown key \"{}\"{}", name,
                 meant.empty() ? "" : fmt::format("; did you mean {}?", meant));
        }
    }

    std::string text(const std::string& name) {
        const auto it = fields_.find(name);
        return it == fields_.end() ? "" : it->second;
    }

    bool yes(const std::string& name) {
        const auto value = text(name);
        if (value == "true" || value == "1") return true;
        if (value.empty() || value == "false" || value == "0") return false;
        fail(Kind::invalid, "--mount: {} is true or false, not \"{}\"", name, value);
    }

    std::uint32_t number(const std::string& name, int base, std::uint64_t most) {
        const auto value = text(name);
        if (value.empty()) return 0;
        const std::string_view digits = base == 8 ? "01234567" : "0123456789";
        if (value.size() > 12 || value.find_first_not_of(digits) != std::string::npos ||
            std::stoull(value, nullptr, base) > most)
            fail(Kind::invalid, "--mount: {} cannot be \"{}\"", name, value);
        return static_cast<std::uint32_t>(std::stoull(value, nullptr, base));
    }

    void read_sharing(RunMount& mount) {
        const auto value = text("sharing");
        if (value == "private")
            mount.sharing = RunMount::Sharing::exclusive;
        else if (value == "locked")
            mount.sharing = RunMount::Sharing::locked;
        else if (!value.empty() && value != "shared")
            fail(Kind::invalid, "--mount: sharing is shared, private or locked, not \"{}\"", value);
    }

    void read_size(RunMount& mount) {
        const auto value = text("size");
        if (value.empty()) return;
        mount.size = parse_bytes(value);
        if (!mount.size) fail(Kind::invalid, "--mount: size cannot be \"{}\"", value);
    }

    void complete(RunMount& mount) {
        if (mount.type == Type::secret) {
            if (mount.id.empty()) mount.id = text("source");
            if (mount.id.empty()) mount.id = mount.target.substr(mount.target.rfind('/') + 1);
            if (mount.id.empty()) fail(Kind::invalid, "--mount: a secret needs an id");
            if (mount.target.empty() && mount.env.empty()) mount.target = "/run/secrets/" + mount.id;
        } else if (mount.type == Type::ssh) {
            if (mount.id.empty()) mount.id = "default";
        } else if (mount.target.empty()) {
            fail(Kind::invalid, "--mount: a target is missing");
        }
        if (mount.type == Type::cache && mount.id.empty()) mount.id = mount.target;
    }

    Fields fields_;
};

}  // namespace

RunMount parse_run_mount(const std::string& text) {
    return MountReader(split_fields(text)).read();
}

}  // namespace hoist::builder
