// SPDX-License-Identifier: Apache-2.0
// What registries and archives of images say: manifests, configurations, references, headers, addresses.
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "registry/challenge.h"
#include "registry/manifest.h"
#include "registry/url.h"
#include "storage/image_archive.h"
#include "storage/image_config.h"

namespace {

template <class Work>
void try_it(Work work) {
    try {
        work();
    } catch (const hoist::Error&) {  // refused, as it should
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hoist;
    const std::string text(reinterpret_cast<const char*>(data), size);
    try_it([&] {
        const auto manifest = registry::parse_manifest(text, "");
        if (manifest.is_index) storage::choose_platform(manifest.document);
    });
    try_it([&] {
        const Json config = parse_json(text, "configuration");
        storage::parse_image_config(config);
        storage::parse_diff_ids(config);
    });
    try_it([&] {
        storage::ArchiveIndex archive;
        archive.documents["manifest.json"] = archive.documents["index.json"] = archive.documents["c"] = text;
        storage::images_in(archive);
    });
    try_it([&] {
        const auto parsed = storage::parse_reference(text);
        if (storage::parse_reference(parsed.canonical()).canonical() != parsed.canonical()) std::abort();
        if (storage::parse_reference(parsed.familiar()).canonical() != parsed.canonical()) std::abort();
    });
    try_it([&] {
        const auto url = registry::parse_url(text);
        if (registry::parse_url(url.str()).str() != url.str()) std::abort();
    });
    try_it([&] { registry::resolve_url(registry::parse_url("https://a.b/c/d?e"), text); });
    registry::parse_challenges(text);
    registry::parse_content_range(text);
    registry::parse_retry_after(text);
    registry::unbase64(text);
    return 0;
}
