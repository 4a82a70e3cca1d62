// SPDX-License-Identifier: Apache-2.0
#include "cli/build_services.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/build_run.h"
#include "cli/project_files.h"
#include "cli/service_build.h"
#include "wire/url.h"

namespace hoist::cli {
namespace {

bool is_there(Context& context, const std::string& image) {
    return context.client().open("GET", "/images/" + wire::percent_encode(image) + "/json").status == 200;
}

/// Builds services, each after those that its additional contexts name.
class ServiceBuilder {
public:
    ServiceBuilder(Context& context, const compose::Project& project, bool only_missing, const Arguments& arguments)
        : context_(context), project_(project), only_missing_(only_missing), arguments_(arguments) {}

    void build(const std::string& name) {
        if (!done_.insert(name).second) return;
        const auto& service = project_.services.at(name);
        for (const auto& other : services_built_from(service)) build(other);
        const auto image = image_of(project_, service);
        if (only_missing_ && is_there(context_, image)) return;
        auto request = build_request(project_, service);
        for (const auto& [key, value] : read_pairs(arguments_.all("build-arg"))) request.arguments[key] = value;
        request.no_cache = request.no_cache || arguments_.flag("no-cache");
        request.pull = request.pull || arguments_.flag("pull");
        for (const auto& text : arguments_.all("ssh")) add_ssh(request, text);
        const auto mode = arguments_.flag("quiet") ? ProgressMode::quiet : context_.progress_mode();
        try {
            run_build(context_, request, mode, "Building " + name);
        } catch (Error& error) {
            throw error.during("service {}", name);
        }
        if (!arguments_.flag("quiet")) print_error(fmt::format("built {} for {}\n", image, name));
    }

private:
    Context& context_;
    const compose::Project& project_;
    const bool only_missing_;
    const Arguments& arguments_;
    std::set<std::string> done_;
};

}  // namespace

void build_images(Context& context, const compose::Project& project, const std::vector<std::string>& services,
                  bool only_missing, const Arguments& arguments) {
    ServiceBuilder builder(context, project, only_missing, arguments);
    for (const auto& [name, service] : project.services) {
        const bool named = std::find(services.begin(), services.end(), name) != services.end();
        if (has_build(service) && (services.empty() || named)) builder.build(name);
    }
}

int build_services(Context& context, const Arguments& arguments) {
    if (arguments.has("progress")) context.globals.progress = arguments.get("progress");
    const auto project = load_project(context, {.services = arguments.words, .all_profiles = !arguments.words.empty()});
    for (const auto& name : arguments.words) {
        const auto it = project.services.find(name);
        if (it == project.services.end())
            fail(Kind::not_found, "{} is neither a directory nor a service of project {}", name, project.name);
        if (!has_build(it->second))
            fail(Kind::invalid, "service {} has no `build:`; its image is {}", name, it->second.image);
    }
    build_images(context, project, arguments.words, false, arguments);
    return 0;
}

}  // namespace hoist::cli
