// SPDX-License-Identifier: Apache-2.0
// COPY and ADD.
#include "base/error.h"
#include "base/file.h"
#include "base/path.h"
#include "base/text.h"
#include "builder/archive.h"
#include "builder/remote.h"
#include "builder/stage.h"
#include "storage/container_root.h"
#include "storage/digest.h"

namespace hoist::builder {
namespace {

std::string image_file(const std::vector<std::string>& layers, const char* path) {
    return layers.empty() ? "" : storage::read_image_file(layers, path).value_or("");
}

void check_checksum(const std::string& wanted, const std::string& digest, const std::string& url) {
    if (wanted.empty() || wanted == digest) return;
    if (!wanted.starts_with("sha256:"))
        fail(Kind::invalid, "--checksum={}: write it as sha256:<64 hex digits>", wanted);
    fail(Kind::invalid, "{} has the digest {}, not {}", url, digest, wanted);
}

bool is_unpacked(const Copy& copy, const Tree& tree, const Source& source, bool remote) {
    if (!copy.add || source.is_directory || (remote && !copy.unpack.value_or(false)) || !copy.unpack.value_or(true))
        return false;
    const auto found = storage::resolve_in_layers(tree.layers, source.path);
    if (!found || found->entry.directory) return false;
    const Fd file(::openat(found->entry.holder, found->name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    return file && is_archive(file);
}

}  // namespace

void StageBuilder::act(const Copy& copy) {
    const auto below = key_;
    copy_cached(copy);
    // The layer alone does not depend on what lies below; what follows depends on both.
    if (copy.link) key_ = storage::sha256_digest(below + "\n" + key_);
}

void StageBuilder::copy_cached(const Copy& copy) {
    CopyPlan plan;
    plan.how.destination = inside_workdir(value(copy.destination));
    const auto layers = layer_directories(draft_.layers());
    if (const auto chown = value(copy.chown); !chown.empty())
        plan.how.owner = parse_owner(chown, image_file(layers, "/etc/passwd"), image_file(layers, "/etc/group"));
    if (const auto chmod = value(copy.chmod); !chmod.empty()) plan.how.mode = ModeChange::parse(chmod);
    plan.layers = copy.link ? std::vector<std::string>() : layers;
    std::vector<std::string> excludes;
    for (const auto& pattern : copy.excludes) excludes.push_back(value(pattern));
    plan.excluded = IgnoreRules::of(excludes);
    std::string flags = fmt::format("{} {} chmod={} link={} unpack={} exclude={}", copy.add ? "ADD" : "COPY",
                                    plan.how.destination, value(copy.chmod), copy.link,
                                    copy.unpack ? (*copy.unpack ? "yes" : "no") : "", plan.excluded.text());
    if (plan.how.owner) flags += fmt::format(" {}:{}", plan.how.owner->uid, plan.how.owner->gid);

    // Layers are known by their digests: equal ones need not be read to know that the files are.
    std::string quick_key;
    std::vector<std::string> sources;
    for (const auto& written : copy.sources) sources.push_back(value(written));
    if (!copy.from.empty()) {
        const auto found = find_tree(copy.from);
        if (!found.key.empty()) {
            quick_key = copy_key(copy, fmt::format("{} {} {}", flags, found.key, join(sources, "\n")));
            const auto known = parts_.cache.find(quick_key);
            if (known && take_cached(known->note)) return;
        }
        for (const auto& source : sources) add_source(plan, found, source);
    } else {
        find_sources(copy, sources, plan);
    }
    plan.how.several = plan.count + copy.documents.size() > 1;
    for (const auto& document : copy.documents) flags += "\ndocument " + document.name + "\n" + text_of(document);
    for (const auto& part : plan.parts)
        flags += "\n" + digest_of(part.sources, part.tree.own_owners && !plan.how.owner) +
                 (part.directory.empty() ? "" : " unpacked");
    const auto key = copy_key(copy, flags);
    if (!take_cached(key)) write_copy(copy, plan, key);
    if (!quick_key.empty()) parts_.cache.put({quick_key, "alias", "", key, {}, {}, {}});
}

/// With --link the layer does not depend on what lies below it.
std::string StageBuilder::copy_key(const Copy& copy, const std::string& what) const {
    return copy.link ? storage::sha256_digest("linked " + what) : next_key(what);
}

std::string StageBuilder::text_of(const Heredoc& document) const {
    if (!document.expand) return document.text();
    const auto lookup = [this](const std::string& name) { return variables_.lookup(name); };
    return expand(document.text(), lookup, {.escape = parts_.file.escape, .raw_quotes = true});
}

void StageBuilder::add_source(CopyPlan& plan, const Found& found, const std::string& pattern) {
    auto sources = select(found.tree, pattern, plan.excluded, parts_.digests);
    plan.count += sources.size();
    plan.parts.push_back({found.tree, std::move(sources), ""});
}

void StageBuilder::find_sources(const Copy& copy, const std::vector<std::string>& sources, CopyPlan& plan) {
    std::optional<Found> context;
    for (const auto& source : sources) {
        if (copy.add && is_git_url(source)) {
            const auto git = parse_git_url(source);
            const auto tree = clone_repository(git, parts_.scratch(), copy.keep_git_dir, parts_.stop);
            add_source(plan, {{{tree}, {}, false, source}, ""}, "/");
        } else if (copy.add && is_http_url(source)) {
            add_download(copy, plan, source);
        } else {
            if (!context) context = find_tree("");
            add_source(plan, *context, source);
            split_archives(copy, plan, false);
        }
    }
}

void StageBuilder::add_download(const Copy& copy, CopyPlan& plan, const std::string& url) {
    const auto directory = parts_.scratch();
    make_directories(directory, 0755);
    const auto& wanted = plan.how.destination;
    const auto name = wanted.ends_with('/') ? file_name_of(url) : split_path(wanted).name;
    const auto file = directory + "/" + name;
    download(url, file, parts_.stop);
    check(::chmod(file.c_str(), 0600), "set the mode of {}", name);
    add_source(plan, {{{directory}, {}, false, url}, ""}, name);
    check_checksum(value(copy.checksum), plan.parts.back().sources.front().files.front().digest, url);
    split_archives(copy, plan, true);
}

/// Of the last part, the archives are taken out: each is unpacked into a tree of its own when the step is carried out.
void StageBuilder::split_archives(const Copy& copy, CopyPlan& plan, bool remote) {
    auto part = std::move(plan.parts.back());
    plan.parts.pop_back();
    std::vector<Source> plain;
    for (auto& source : part.sources) {
        if (!is_unpacked(copy, part.tree, source, remote)) {
            plain.push_back(std::move(source));
            continue;
        }
        --plan.count;  // where it goes is a directory anyway
        std::vector<Source> one;
        one.push_back(std::move(source));
        plan.parts.push_back({part.tree, std::move(one), parts_.scratch()});
    }
    if (!plain.empty()) plan.parts.push_back({part.tree, std::move(plain), ""});
}

void StageBuilder::write_archive(const CopyPart& part, const CopyHow& how, Upper& upper) {
    const auto& source = part.sources.front();
    const auto found = storage::resolve_in_layers(part.tree.layers, source.path);
    if (!found || found->entry.directory) fail(Kind::conflict, "{}: removed while it was being copied", source.written);
    const Fd file(check(::openat(found->entry.holder, found->name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC),
                        "open {}", source.written));
    try {
        unpack_archive(file, part.directory);
    } catch (Error& error) {
        throw error.during("unpack {}", source.written);
    }
    const Tree unpacked{{part.directory}, {}, true, source.written};
    copy_sources(unpacked, select(unpacked, "/", {}, parts_.digests), how, upper);
}

void StageBuilder::write_copy(const Copy& copy, const CopyPlan& plan, const std::string& key) {
    Upper upper(parts_.scratch(), plan.layers);
    for (const auto& part : plan.parts) {
        if (part.directory.empty())
            copy_sources(part.tree, part.sources, plan.how, upper);
        else
            write_archive(part, plan.how, upper);
    }
    for (const auto& document : copy.documents) write_document(text_of(document), document.name, plan.how, upper);
    commit(key, upper.path(), true);
}

}  // namespace hoist::builder
