// SPDX-License-Identifier: Apache-2.0
// What a client may write to the socket before anything is done for it: the head's rules, the target, the parameters,
// and the body's coding as our own client reads it.
#include <cstdint>

#include "api/http_head.h"
#include "base/error.h"
#include "cli/http.h"
#include "wire/filters.h"
#include "wire/url.h"

namespace {

template <class Act>
void try_to(Act act) {
    try {
        act();
    } catch (const hoist::Error&) {  // the proper answer to nonsense
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace hoist;
    const std::string text(reinterpret_cast<const char*>(data), size);
    (void)api::find_head_fault(text);
    const auto target = text.substr(0, text.find('\r'));
    try_to([&] { (void)api::split_version(target); });
    try_to([&] { (void)wire::percent_decode(target); });
    try_to([&] {
        const auto query = wire::Query::parse(target.substr(std::min(target.size(), target.find('?'))));
        (void)wire::Query::parse(query.str());
    });
    try_to([&] { (void)wire::Filters::parse(text, {"label", "name"}).allows_name("name", "web"); });
    for (auto decoder : {cli::BodyDecoder::chunked(), cli::BodyDecoder::sized(100)})
        try_to([&] {
            std::string body;
            decoder.feed(std::string_view(text).substr(0, size / 3), body);
            decoder.feed(std::string_view(text).substr(size / 3), body);
        });
    return 0;
}
