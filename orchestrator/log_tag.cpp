// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/log_tag.h"

#include "base/error.h"
#include "base/text.h"

namespace hoist::orchestrator {
namespace {

std::string without_algorithm(const std::string& digest) {
    return digest.substr(digest.find(':') + 1);
}

std::string field(const std::string& name, const ContainerView& view) {
    if (name == ".ID") return view.id.shortened();
    if (name == ".FullID") return view.id.str();
    if (name == ".Name" || name == ".FullName") return view.name;
    if (name == ".ImageID") return without_algorithm(view.spec.image_id).substr(0, 12);
    if (name == ".ImageFullID") return view.spec.image_id;
    if (name == ".ImageName") return view.spec.image;
    if (name == ".DaemonName") return "hoist";
    fail(Kind::invalid,
         "log option tag: '{{{{{}}}}}' is none of .ID .FullID .Name .FullName .ImageID .ImageFullID .ImageName "
         ".DaemonName",
         name);
}

}  // namespace

std::string expand_log_tag(const std::string& text, const ContainerView& view) {
    std::string made;
    for (std::size_t at = 0;;) {
        const auto open = text.find("{{", at);
        made.append(text, at, open == std::string::npos ? std::string::npos : open - at);
        if (open == std::string::npos) return made;
        const auto close = text.find("}}", open);
        if (close == std::string::npos) fail(Kind::invalid, "log option tag '{}': a '{{{{' is not closed", text);
        made += field(std::string(trim(std::string_view(text).substr(open + 2, close - open - 2))), view);
        at = close + 2;
    }
}

}  // namespace hoist::orchestrator
