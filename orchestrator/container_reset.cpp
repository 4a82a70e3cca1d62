// SPDX-License-Identifier: Apache-2.0
// A container's way back to an image: its root is made anew, its row then names the image.
#include "base/error.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/container_row.h"
#include "orchestrator/create.h"
#include "orchestrator/oci_spec.h"
#include "storage/container_root.h"

namespace hoist::orchestrator {

asio::awaitable<void> ContainerActor::reset(storage::Image image) {
    const auto self = shared_from_this();
    const auto lock = co_await operations_.acquire();
    if (!std::holds_alternative<Created>(view_.state) && !std::holds_alternative<Exited>(view_.state))
        fail(Kind::conflict, "container {} is {}: stop it before it is reset", view_.name, status_word(view_.state));
    ImageFacts facts = image_facts(engine_, image);
    auto job = [layout = engine_.layout, id = view_.id, lower = facts.lower] {
        storage::reset_container_root(layout, id, lower);
    };
    co_await on_pool(engine_.pool, std::move(job));
    image_ = std::move(facts);
    if (view_.spec.image_id != image.id) {
        view_.spec.image_id = image.id;
        view_.argv = effective_argv(view_.spec, image_.config);
        spec_text_ = text_of(view_.spec);
    }
    co_await persist();
    engine_.trash.wake();
    publish("reset", {{"image_id", image.id}});
}

}  // namespace hoist::orchestrator
