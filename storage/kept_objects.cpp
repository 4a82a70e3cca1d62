// SPDX-License-Identifier: Apache-2.0
#include "storage/kept_objects.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "base/json.h"

namespace hoist::storage {
namespace {

constexpr std::size_t longest = 500 * 1000;  // as Docker's

void check_name(const std::string& name, const std::string& kind) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    const bool good = !name.empty() && name.size() <= 64 && letters.find(name.front()) != std::string_view::npos &&
                      name.find_first_not_of(std::string(letters) + "_.-") == std::string::npos;
    if (!good)
        fail(Kind::invalid, "{} name '{}': begin with a letter or digit, then letters, digits, _ . - (at most 64)",
             kind, name);
}

KeptObject object_of(const Json& head) {
    KeptObject object;
    object.id = json_value<std::string>(head, "id", "");
    object.name = json_value<std::string>(head, "name", "");
    object.labels = json_value<std::map<std::string, std::string>>(head, "labels", {});
    object.created = TimePoint(Nanoseconds(json_value<std::int64_t>(head, "created", 0)));
    object.updated = TimePoint(Nanoseconds(json_value<std::int64_t>(head, "updated", 0)));
    return object;
}

Json head_of(const KeptObject& object) {
    return {{"id", object.id},
            {"name", object.name},
            {"labels", object.labels},
            {"created", object.created.time_since_epoch().count()},
            {"updated", object.updated.time_since_epoch().count()}};
}

/// A file holds one line of JSON, then the content.
struct Stored {
    KeptObject object;
    std::string content;
};

std::optional<Stored> read_stored(const std::string& path) {
    auto text = read_file_if_exists(path);
    const auto end = text ? text->find('\n') : std::string::npos;
    if (end == std::string::npos) return std::nullopt;
    return Stored{object_of(parse_json(text->substr(0, end), path)), text->substr(end + 1)};
}

}  // namespace

void KeptObjects::write(const KeptObject& object, const std::string& content) const {
    make_directories(directory_, 0700);
    std::string text = head_of(object).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n" + content;
    write_file_atomic(directory_ + "/" + object.name, text, 0600, Durable::yes);
}

KeptObject KeptObjects::create(const std::string& name, const std::string& content,
                               std::map<std::string, std::string> labels) {
    check_name(name, kind_);
    if (content.size() > longest)
        fail(Kind::invalid, "{} {}: {} bytes are more than {}", kind_, name, content.size(), longest);
    if (find(name))
        fail(Kind::conflict, "there is a {} named {} already: remove it first, or give --replace", kind_, name);
    KeptObject object{random_hex_id().substr(0, 25), name, std::move(labels), now(), now()};
    write(object, content);
    return object;
}

KeptObject KeptObjects::replace(const std::string& name_or_id, const std::string& content) {
    KeptObject object = get(name_or_id);
    if (content.size() > longest)
        fail(Kind::invalid, "{} {}: {} bytes are more than {}", kind_, object.name, content.size(), longest);
    object.updated = now();
    write(object, content);
    return object;
}

void KeptObjects::remove(const std::string& name_or_id) {
    const std::string path = directory_ + "/" + get(name_or_id).name;
    check(::unlink(path.c_str()), "remove {}", path);
}

std::vector<KeptObject> KeptObjects::list() const {
    std::vector<KeptObject> all;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(directory_, none)) {
        if (!entry.is_regular_file()) continue;
        auto stored = read_stored(entry.path());
        // What was being written when the power went has another file name.
        if (stored && stored->object.name == entry.path().filename()) all.push_back(std::move(stored->object));
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return all;
}

std::optional<KeptObject> KeptObjects::find(const std::string& name_or_id) const {
    std::optional<KeptObject> found;
    for (auto& object : list()) {
        if (object.name == name_or_id || object.id == name_or_id) return object;
        if (name_or_id.size() < 4 || !object.id.starts_with(name_or_id)) continue;
        if (found) return std::nullopt;
        found = std::move(object);
    }
    return found;
}

KeptObject KeptObjects::get(const std::string& name_or_id) const {
    auto object = find(name_or_id);
    if (!object) fail(Kind::not_found, "no such {}: {}", kind_, name_or_id);
    return std::move(*object);
}

std::string KeptObjects::content(const std::string& name_or_id) const {
    auto stored = read_stored(directory_ + "/" + get(name_or_id).name);
    if (!stored) fail(Kind::not_found, "no such {}: {}", kind_, name_or_id);
    return std::move(stored->content);
}

}  // namespace hoist::storage
