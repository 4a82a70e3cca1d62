// SPDX-License-Identifier: Apache-2.0
#include "runtime/state.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "runtime/mount_options.h"

namespace hoist::runtime {
namespace {

void check_id(const std::string& id) {
    const bool good =
        !id.empty() && id[0] != '.' && id.size() <= 1024 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
            return std::isalnum(c) || c == '_' || c == '-' || c == '.' || c == '+';
        });
    if (!good)
        fail(Kind::invalid, "\"{}\" is not a container id: letters, digits and _ - . + only", escape_for_terminal(id));
}

}  // namespace

const char* to_string(Status status) {
    static constexpr const char* names[] = {"created", "running", "paused", "stopped"};
    return names[static_cast<int>(status)];
}

void StateDirectory::reserve(const std::string& id) const {
    check_id(id);
    if (::mkdir(of(id).c_str(), 0711) == 0) return;
    if (errno == ENOENT) {
        make_directories(root_, 0711);
        if (::mkdir(of(id).c_str(), 0711) == 0) return;
    }
    if (errno == EEXIST) fail(Kind::conflict, "container {} exists already", id);
    fail_errno(errno, "make directory {}", of(id));
}

void StateDirectory::write(const ContainerRecord& record, const std::string& config_text) const {
    const ProgramId runtime = record.runtime.value_or(ProgramId{});
    const Json document = {{"id", record.id},
                           {"bundle", record.bundle},
                           {"rootfs", record.rootfs},
                           {"pid", record.pid},
                           {"startTime", record.start_time},
                           {"runtime", {{"device", runtime.device}, {"inode", runtime.inode}}},
                           {"cgroup", record.cgroup_path},
                           {"scope", record.scope},
                           {"cacheGroup", record.cache_group},
                           {"sharesCgroup", record.leftovers == Leftovers::leave},
                           {"created", record.created},
                           {"annotations", record.annotations}};
    const std::string config_path = of(record.id) + "/config.json";  // nobody looks before state.json is there
    write_all(open_file(config_path, O_WRONLY | O_CREAT | O_TRUNC, 0600), config_text, config_path);
    write_file_atomic(of(record.id) + "/state.json", document.dump(), 0600, Durable::no);
}

ContainerRecord StateDirectory::read(const std::string& id) const {
    const std::string path = of(id) + "/state.json";
    const auto text = id.empty() || id.find('/') != std::string::npos ? std::nullopt : read_file_if_exists(path);
    if (!text) fail(Kind::not_found, "container \"{}\" does not exist", escape_for_terminal(id));
    const Json document = parse_json(*text, path);
    ContainerRecord record;
    record.id = json_value<std::string>(document, "id", "");
    record.bundle = json_value<std::string>(document, "bundle", "");
    record.rootfs = json_value<std::string>(document, "rootfs", "");
    record.pid = json_value<pid_t>(document, "pid", -1);
    record.start_time = json_value<std::uint64_t>(document, "startTime", 0);
    const Json runtime = json_value<Json>(document, "runtime", Json::object());
    record.runtime = {json_value<dev_t>(runtime, "device", 0), json_value<ino_t>(runtime, "inode", 0)};
    if (record.runtime == ProgramId{}) record.runtime.reset();
    record.cgroup_path = json_value<std::string>(document, "cgroup", "");
    record.scope = json_value<std::string>(document, "scope", "");
    record.cache_group = json_value<std::string>(document, "cacheGroup", "");
    if (json_value(document, "sharesCgroup", false)) record.leftovers = Leftovers::leave;
    record.created = json_value<std::string>(document, "created", "");
    record.annotations = json_value<std::map<std::string, std::string>>(document, "annotations", {});
    return record;
}

Config StateDirectory::config_of(const ContainerRecord& record) const {
    const std::string path = of(record.id) + "/config.json";
    return read_config(read_file(path), path, record.bundle);
}

std::vector<std::string> StateDirectory::ids() const {
    std::vector<std::string> found;
    DIR* dir = ::opendir(root_.c_str());
    if (!dir) return found;
    while (const dirent* entry = ::readdir(dir)) {
        const std::string name = entry->d_name;
        if (name[0] != '.' && ::access((of(name) + "/state.json").c_str(), F_OK) == 0) found.push_back(name);
    }
    ::closedir(dir);
    std::sort(found.begin(), found.end());
    return found;
}

void StateDirectory::remove(const std::string& id) const {
    check_id(id);
    for (const char* file : {"/state.json", "/config.json", "/start.fifo", "/report.fifo"})
        ::unlink((of(id) + file).c_str());
    if (::rmdir(of(id).c_str()) != 0 && errno != ENOENT) remove_tree(of(id));
}

std::string StateDirectory::owner_of(const std::string& id) const {
    struct stat info {};
    if (::stat(of(id).c_str(), &info) != 0) return "";
    const std::string uid = std::to_string(info.st_uid);
    for (const auto& line : split(read_file_if_exists("/etc/passwd").value_or(""), '\n')) {
        const auto fields = split(line, ':');
        if (fields.size() > 2 && fields[2] == uid) return fields[0];
    }
    return "#" + uid;
}

Status StateDirectory::status(const ContainerRecord& record) const {
    if (record.start_time == 0 || process_start_time(record.pid) != record.start_time) return Status::stopped;
    if (::access((of(record.id) + "/start.fifo").c_str(), F_OK) == 0) return Status::created;
    return Cgroup::open(CgroupLayout::host(), record.cgroup_path).frozen() ? Status::paused : Status::running;
}

Config read_config(const std::string& text, const std::string& name, const std::string& bundle) {
    try {
        Config config = config_from_json(parse_json(text, "config.json"));
        if (config.root_path.empty()) fail(Kind::invalid, "root.path is missing");
        if (config.root_path[0] != '/') config.root_path = bundle + "/" + config.root_path;
        for (auto& mount : config.mounts) {
            const bool relative = !mount.source.empty() && mount.source[0] != '/';
            if (relative && parse_mount_options(mount).bind) mount.source = bundle + "/" + mount.source;
        }
        return config;
    } catch (Error& error) {
        throw error.during("{}", name);
    }
}

std::uint64_t process_start_time(pid_t pid) {
    std::string text;
    const Fd file(::open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return 0;
    try {
        text = read_all(file);
    } catch (const Error&) {  // ended in this moment
        return 0;
    }
    const auto name_end = text.rfind(')');  // the name may hold anything
    if (name_end == std::string::npos) return 0;
    const auto fields = split(std::string_view(text).substr(name_end + 2), ' ');
    if (fields.size() < 20 || fields[0] == "Z" || fields[0] == "X") return 0;
    return std::stoull(fields[19]);
}

Fd open_recorded_process(const ContainerRecord& record) {
    Fd pidfd = open_pidfd(record.pid);
    if (process_start_time(record.pid) != record.start_time)
        fail(Kind::not_found, "container {} is not running", record.id);
    return pidfd;
}

}  // namespace hoist::runtime
