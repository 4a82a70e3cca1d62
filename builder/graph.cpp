// SPDX-License-Identifier: Apache-2.0
#include "builder/graph.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "builder/expand.h"
#include "builder/run_mount.h"

namespace hoist::builder {
namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

bool is_number(const std::string& text) {
    return !text.empty() && text.size() < 6 && text.find_first_not_of("0123456789") == std::string::npos;
}

std::optional<std::size_t> find_stage(const Dockerfile& file, const std::string& name, std::size_t before) {
    for (std::size_t i = before; i-- > 0;)
        if (!file.stages[i].from.name.empty() && file.stages[i].from.name == lower(name)) return i;
    return std::nullopt;
}

/// Names after "from=" in a stage's instructions.
std::vector<std::pair<std::string, Lines>> sources_of(const Stage& stage) {
    std::vector<std::pair<std::string, Lines>> names;
    for (const auto& instruction : stage.instructions) {
        if (const auto* copy = std::get_if<Copy>(&instruction.meaning); copy && !copy->from.empty())
            names.emplace_back(copy->from, instruction.lines);
        if (const auto* run = std::get_if<Run>(&instruction.meaning))
            for (const auto& mount : run->mounts) {
                if (mount.find('$') != std::string::npos) continue;
                if (const auto from = parse_run_mount(mount).from; !from.empty())
                    names.emplace_back(from, instruction.lines);
            }
    }
    return names;
}

class Planner {
public:
    Planner(const Dockerfile& file, const BuildRequest& request, GlobalArguments& globals)
        : file_(file), request_(request), globals_(globals), mistakes_(request.dockerfile_name, request.dockerfile) {}

    BuildPlan plan() {
        declare_globals();
        std::vector<StagePlan> all;
        for (std::size_t i = 0; i < file_.stages.size(); ++i) all.push_back(plan_stage(i));
        mistakes_.fail_if_any();
        BuildPlan plan;
        plan.target = find_target();
        std::vector<bool> wanted(all.size());
        wanted[plan.target] = true;
        for (std::size_t i = plan.target + 1; i-- > 0;)
            if (wanted[i])
                for (const auto need : all[i].needs) wanted[need] = true;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (!wanted[i]) continue;
            all[i].first_step = plan.steps + 1;
            plan.steps += 1 + static_cast<int>(file_.stages[i].instructions.size());
            plan.stages.push_back(std::move(all[i]));
        }
        return plan;
    }

private:
    void declare_globals() {
        const auto lookup = [this](const std::string& name) { return globals_.lookup(name); };
        for (const auto& instruction : file_.arguments)
            for (const auto& [name, value] : std::get<Arg>(instruction.meaning).names) {
                std::optional<std::string> expanded;
                if (value) expanded = expand_at(instruction.lines, *value, lookup);
                globals_.declare(name, expanded);
            }
    }

    std::string expand_at(Lines lines, const std::string& word, const Lookup& lookup) {
        try {
            return expand(word, lookup, {.escape = file_.escape});
        } catch (const Error& error) {
            mistakes_.add({lines, error.message(), word, ""});
            return {};
        }
    }

    StagePlan plan_stage(std::size_t index) {
        const auto& stage = file_.stages[index];
        const auto lookup = [this](const std::string& name) { return globals_.lookup(name); };
        StagePlan plan;
        plan.index = index;
        plan.platform = expand_at(stage.lines, stage.from.platform, lookup);
        const auto image = expand_at(stage.lines, stage.from.image, lookup);
        if (image.empty() && mistakes_.empty())
            mistakes_.add({stage.lines, fmt::format("FROM: \"{}\" is empty", stage.from.image), stage.from.image,
                           "give the argument a default before the first FROM, or --build-arg"});
        plan.base = find_base(image, index);
        if (plan.base.kind == Origin::Kind::stage) plan.needs.push_back(plan.base.stage);
        for (const auto& [name, lines] : sources_of(stage)) {
            const auto origin = find_origin(file_, request_, name, index);
            if (origin.kind == Origin::Kind::stage)
                plan.needs.push_back(origin.stage);
            else if (origin.kind == Origin::Kind::image)
                refuse_later_stage(name, lines, index);
        }
        return plan;
    }

    Origin find_base(const std::string& image, std::size_t index) {
        if (image == "scratch") return {};
        if (request_.contexts.contains(image)) return {Origin::Kind::context, 0, image};
        if (const auto stage = find_stage(file_, image, index)) return {Origin::Kind::stage, *stage, image};
        return {Origin::Kind::image, 0, image};
    }

    void refuse_later_stage(const std::string& name, Lines lines, std::size_t index) {
        const auto later = find_stage(file_, name, file_.stages.size());
        if (!later) return;
        mistakes_.add({lines,
                       *later == index ? fmt::format("stage {} cannot copy from itself", name)
                                       : fmt::format("stage {} comes only after this one", name),
                       name, "only earlier stages can be named here"});
    }

    std::size_t find_target() {
        const auto last = file_.stages.size() - 1;
        if (request_.target.empty()) return last;
        if (const auto stage = find_stage(file_, request_.target, file_.stages.size())) return *stage;
        if (is_number(request_.target) && std::stoul(request_.target) <= last) return std::stoul(request_.target);
        std::vector<std::string> names;
        for (const auto& stage : file_.stages)
            if (!stage.from.name.empty()) names.push_back(stage.from.name);
        const auto meant = nearest(request_.target, names);
        fail(Kind::not_found, "{} has no stage {}{}", request_.dockerfile_name, request_.target,
             !meant.empty()  ? fmt::format("; did you mean {}?", meant)
             : names.empty() ? "; none of its stages has a name"
                             : "; its stages are " + join(names, ", "));
    }

    const Dockerfile& file_;
    const BuildRequest& request_;
    GlobalArguments& globals_;
    Mistakes mistakes_;
};

}  // namespace

Origin find_origin(const Dockerfile& file, const BuildRequest& request, const std::string& name, std::size_t index) {
    if (name == "scratch") return {};
    if (request.contexts.contains(name)) return {Origin::Kind::context, 0, name};
    if (const auto stage = find_stage(file, name, index)) return {Origin::Kind::stage, *stage, name};
    if (is_number(name) && std::stoul(name) < index) return {Origin::Kind::stage, std::stoul(name), name};
    return {Origin::Kind::image, 0, name};
}

BuildPlan plan_build(const Dockerfile& file, const BuildRequest& request, GlobalArguments& globals) {
    return Planner(file, request, globals).plan();
}

std::string stage_name(const Dockerfile& file, std::size_t index) {
    const auto& name = file.stages[index].from.name;
    return name.empty() ? fmt::format("stage-{}", index) : name;
}

}  // namespace hoist::builder
