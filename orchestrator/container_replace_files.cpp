// SPDX-License-Identifier: Apache-2.0
// New content for the secrets and configs of a container that runs: it sees them through bind mounts of files on tmpfs,
// so the same files are written again.
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "compose/digest.h"
#include "orchestrator/container_actor.h"
#include "orchestrator/container_row.h"

namespace hoist::orchestrator {
namespace {

std::string delivered_path(const storage::Layout& layout, const ContainerId& id, std::size_t number) {
    return fmt::format("{}/secrets/{}", layout.container_run(id), number);
}

/// In one write, so that a reader sees the old content or the new, as far as both fit a page.
void write_in_place(const std::string& path, const std::string& text) {
    const Fd file = open_file(path, O_WRONLY);
    for (std::size_t done = 0; done < text.size();)
        done += static_cast<std::size_t>(check(
            ::pwrite(file.get(), text.data() + done, text.size() - done, static_cast<off_t>(done)), "write {}", path));
    check(::ftruncate(file.get(), static_cast<off_t>(text.size())), "cut {} to its length", path);
}

}  // namespace

std::map<std::string, std::string> ContainerActor::file_digests() const {
    std::map<std::string, std::string> digests;
    for (std::size_t i = 0; i < view_.spec.files.size(); ++i) {
        const auto& file = view_.spec.files[i];
        if (const auto text = read_file_if_exists(delivered_path(engine_.layout, view_.id, i)))
            digests[file.target] = compose::sha256(*text);
        else if (file.content)
            digests[file.target] = compose::sha256(*file.content);
    }
    return digests;
}

asio::awaitable<void> ContainerActor::replace_files(std::vector<FileSpec> files) {
    const auto self = shared_from_this();
    const auto lock = co_await operations_.acquire();
    std::vector<std::pair<std::string, FileSpec>> writes;
    for (auto& file : files)
        for (std::size_t i = 0; i < view_.spec.files.size(); ++i) {
            if (view_.spec.files[i].target != file.target) continue;
            view_.spec.files[i] = file;
            writes.emplace_back(delivered_path(engine_.layout, view_.id, i), file);
        }
    spec_text_ = text_of(view_.spec);
    co_await persist();
    if (!running()) co_return;  // they are written anew at the next start
    auto job = [writes = std::move(writes)] {
        for (const auto& [path, file] : writes)
            write_in_place(path, file.content ? *file.content : read_file(file.source_file));
    };
    co_await on_pool(engine_.pool, std::move(job));
}

}  // namespace hoist::orchestrator
