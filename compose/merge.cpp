// SPDX-License-Identifier: Apache-2.0
#include "compose/merge.h"

#include <fmt/format.h>

#include <unordered_map>

namespace hoist::compose {
namespace {

/// Of entries that name the same thing, keeps the last, in the first's place. Subnets are laid over each other.
void collapse(Node& list, const Shape* shape) {
    if (!shape || !shape->identity) return;
    std::unordered_map<std::string, std::size_t> places;
    std::vector<Node> kept;
    for (auto& item : list.items) {
        const auto [place, is_new] = places.emplace(shape->identity(item), kept.size());
        if (is_new)
            kept.push_back(std::move(item));
        else
            kept[place->second] = std::move(item);
    }
    list.items = std::move(kept);
}

void merge_maps(Node& base, Node& over, const Shape* shape, Report& report) {
    std::unordered_map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < base.entries.size(); ++i) places.emplace(base.entries[i].key, i);
    for (auto& entry : over.entries) {
        const auto found = places.find(entry.key);
        if (found == places.end()) {
            base.entries.push_back(std::move(entry));
            continue;
        }
        Entry& before = base.entries[found->second];
        merge(before.value, std::move(entry.value), shape ? shape->child(entry.key) : nullptr, report);
        before.key_where = entry.key_where;
    }
}

bool drivers_differ(const Node& base, const Node& over) {
    const Node *ours = base.find("driver"), *theirs = over.find("driver");
    return ours && theirs && ours->text != theirs->text;
}

}  // namespace

void prepare(Node& tree, const Shape* shape) {
    if (shape && shape->long_form) shape->long_form(tree);
    for (auto& entry : tree.entries) prepare(entry.value, shape ? shape->child(entry.key) : nullptr);
    if (shape && shape->each)
        for (auto& item : tree.items) prepare(item, shape->each);
    if (tree.is_sequence()) collapse(tree, shape);
}

void merge(Node& base, Node over, const Shape* shape, Report& report) {
    const bool replaces =
        over.tag != Node::Tag::none || (shape && shape->how == Shape::How::replace && !over.is_null());
    if (replaces || base.is_null() || base.tag == Node::Tag::reset) {
        if (over.is_null() && over.tag == Node::Tag::none) return;
        if (!base.is_null()) over.where = report.sources().through(over.where, TrailStep::Kind::replaced, base.where);
        base = std::move(over);
        return;
    }
    if (over.is_null()) return;
    if (base.kind != over.kind) {
        report
            .error("C04", fmt::format("{} cannot be merged with {}", describe(over), describe(base)), over.where,
                   "use the same form in both files, or `!override` to replace it")
            .others.push_back(report.sources().span(base.where, "merged with this"));
        return;
    }
    if (over.is_scalar()) over.where = report.sources().through(over.where, TrailStep::Kind::replaced, base.where);
    if (over.is_scalar() || (shape && shape->how == Shape::How::logging && drivers_differ(base, over))) {
        base = std::move(over);
    } else if (over.is_map()) {
        merge_maps(base, over, shape, report);
    } else {
        for (auto& item : over.items) base.items.push_back(std::move(item));
        collapse(base, shape);
    }
}

void drop_resets(Node& tree) {
    std::erase_if(tree.entries, [](const Entry& e) { return e.value.tag == Node::Tag::reset; });
    for (auto& entry : tree.entries) drop_resets(entry.value);
    for (auto& item : tree.items) drop_resets(item);
}

}  // namespace hoist::compose
