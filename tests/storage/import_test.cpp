// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <thread>

#include "storage/image_config.h"
#include "tests/storage/store_fixture.h"

namespace hoist::storage {
namespace {

using test::TarBuilder;
using test::TarEntry;

class Import : public StoreTest {};

TEST_F(Import, KeepsTypesOwnersModesAndTimes) {
    const std::string root = unpack(TarBuilder()
                                        .add({"./", '5', "", "", 0751, 3, 4, 1111})
                                        .add({"dir", '5', "", "", 01777, 5, 6, 2222})
                                        .add({"dir/suid", '0', "x", "", 04755, 7, 8, 3333})
                                        .add({"fifo", '6', "", "", 0620, 1, 1, 4444})
                                        .add({"null", '3', "", "", 0666, 0, 0, 5555, 1, 3})
                                        .add({"link", '2', "", "dir/suid", 0777, 9, 9, 6666}));
    struct Want {
        const char* name;
        mode_t mode;
        uid_t uid;
        time_t mtime;
    };
    for (const auto& want : {Want{"", S_IFDIR | 0751, 3, 1111}, Want{"/dir", S_IFDIR | 01777, 5, 2222},
                             Want{"/dir/suid", S_IFREG | 04755, 7, 3333}, Want{"/fifo", S_IFIFO | 0620, 1, 4444},
                             Want{"/null", S_IFCHR | 0666, 0, 5555}, Want{"/link", S_IFLNK | 0777, 9, 6666}}) {
        struct stat info {};
        ASSERT_EQ(::lstat((root + want.name).c_str(), &info), 0) << want.name;
        EXPECT_EQ(info.st_mode, want.mode) << want.name;
        EXPECT_EQ(info.st_uid, want.uid) << want.name;
        EXPECT_EQ(info.st_mtime, want.mtime) << want.name;
    }
}

TEST_F(Import, ReadsEveryCompression) {
    const std::string tar = TarBuilder().file("x", std::string(3 << 20, 'x')).bytes();
    dir_.write("a", tar);
    const std::string diff_id = sha256_digest(tar);
    for (const char* command : {"cat", "gzip -c", "zstd -qc", "xz -0c", "bzip2 -c"}) {
        const std::string line = fmt::format("{} < {} > {}", command, dir_ / "a", dir_ / "b");
        if (::system(line.c_str()) != 0) continue;  // the program is not installed
        const auto id = store_->import(open_file(dir_ / "b", O_RDONLY), {});
        EXPECT_EQ(store_->find(id)->diff_ids, std::vector<std::string>{diff_id}) << command;
    }
    expect_nothing_left();
}

TEST_F(Import, ReadsAPipeAndCanBeStopped) {
    Pipe pipe = make_pipe();
    ImportOptions options;
    options.progress = [](std::uint64_t) { fail(Kind::denied, "the caller has gone"); };
    EXPECT_THROW(store_->import(pipe.read_end, options), Error);  // though nothing ever comes
    expect_nothing_left();
    const std::string tar = TarBuilder().file("x", "1").bytes();
    std::thread writer([&] {
        write_all(pipe.write_end, tar, "pipe");
        pipe.write_end.reset();
    });
    EXPECT_TRUE(store_->find(store_->import(pipe.read_end, {})));
    writer.join();
}

TEST_F(Import, MakesAValidImage) {
    ImportOptions options;
    options.reference = "app:1";
    options.changes = {"CMD [\"nginx\", \"-g\"]",
                       "env A=1 B='two words'",
                       "ENV C three words",
                       "EXPOSE 80 53/udp 7000-7001",
                       "LABEL a.b=\"c d\"",
                       "USER web",
                       "VOLUME /data /more",
                       "WORKDIR /srv",
                       "WORKDIR www",
                       "STOPSIGNAL SIGQUIT",
                       "HEALTHCHECK --interval=5s --retries=2 --start-period=1m CMD curl -f localhost"};
    const Image image = *store_->find(import(TarBuilder().file("x", "12345"), options));
    EXPECT_EQ(image.references, std::vector<std::string>{"app:1"});
    EXPECT_EQ(image.size, Bytes{5});
    EXPECT_EQ(image.os, "linux");
    const ImageConfig& config = image.config;
    EXPECT_EQ(config.cmd, (std::vector<std::string>{"nginx", "-g"}));
    EXPECT_EQ(config.env, (std::vector<std::string>{"A=1", "B=two words", "C=three words"}));
    EXPECT_EQ(config.exposed_ports, (std::vector<std::string>{"53/udp", "7000/tcp", "7001/tcp", "80/tcp"}));
    EXPECT_EQ(config.labels.at("a.b"), "c d");
    EXPECT_EQ(config.user, "web");
    EXPECT_EQ(config.volumes, (std::vector<std::string>{"/data", "/more"}));
    EXPECT_EQ(config.working_dir, "/srv/www");
    EXPECT_EQ(config.stop_signal, "SIGQUIT");
    ASSERT_TRUE(config.healthcheck);
    EXPECT_EQ(config.healthcheck->test, (std::vector<std::string>{"CMD-SHELL", "curl -f localhost"}));
    EXPECT_EQ(config.healthcheck->interval, std::chrono::seconds(5));
    EXPECT_EQ(config.healthcheck->start_period, std::chrono::minutes(1));
    EXPECT_EQ(config.healthcheck->retries, 2);
    EXPECT_FALSE(config.healthcheck->timeout);
    database_->run([&](Transaction& transaction) {
        const ImageRow row = transaction.images().front();
        EXPECT_EQ(sha256_digest(row.config), image.id);
        const Json manifest = parse_json(row.manifest, "manifest");
        EXPECT_EQ(manifest["schemaVersion"], 2);
        EXPECT_EQ(manifest["config"]["digest"], image.id);
        EXPECT_EQ(manifest["config"]["size"], row.config.size());
        EXPECT_EQ(manifest["layers"][0]["digest"], image.diff_ids[0]);
        EXPECT_EQ(manifest["layers"][0]["size"], 2048);
        for (const char* key : {"architecture", "os", "rootfs"}) EXPECT_TRUE(image.raw_config.contains(key)) << key;
        EXPECT_EQ(image.raw_config["rootfs"]["type"], "layers");
    });
}

TEST_F(Import, RefusesChangesBeforeItReads) {
    for (const char* change :
         {"RUN x", "EXPOSE many", "EXPOSE 70000", "EXPOSE 9-8", "STOPSIGNAL SIGNONE", "ENV", "ENV A", "LABEL \"a=b",
          "HEALTHCHECK --interval=x CMD y", "HEALTHCHECK --no=1 CMD y", "HEALTHCHECK maybe", "VOLUME [\"/a\""}) {
        ImportOptions options;
        options.changes = {change};
        EXPECT_NE(refusal(TarBuilder(), options).find("change \""), std::string::npos) << change;
    }
    Json config = Json::object();
    apply_change(config, "HEALTHCHECK NONE");
    EXPECT_EQ(config["Healthcheck"]["Test"], Json::array({"NONE"}));
    apply_change(config, "HEALTHCHECK CMD [\"a\", \"b\"]");
    EXPECT_EQ(config["Healthcheck"]["Test"], Json::array({"CMD", "a", "b"}));
    apply_change(config, "ENTRYPOINT [ -f /x ] && run");
    EXPECT_EQ(config["Entrypoint"], Json::array({"/bin/sh", "-c", "[ -f /x ] && run"}));
}

TEST_F(Import, FindsTagsAndRemoves) {
    ImportOptions options;
    options.reference = "one";
    const std::string first = import(TarBuilder().file("x", "1"), options);
    const std::string second = import(TarBuilder().file("x", "1"), {});  // the same layer
    store_->tag("one", "registry.example.com/two:v");
    open();  // all of it is in the database
    for (const std::string& name :
         {std::string("one"), std::string("one:latest"), std::string("docker.io/library/one"),
          std::string("registry.example.com/two:v"), first, first.substr(7), first.substr(0, 19), first.substr(7, 12)})
        EXPECT_EQ(store_->find(name).value_or(Image{}).id, first) << name;
    EXPECT_FALSE(store_->find("one:2"));
    EXPECT_FALSE(store_->find("sha256:" + std::string(64, '0')));
    EXPECT_THROW(store_->remove(first, false), Error) << "it has two names";
    EXPECT_EQ(store_->remove("one", false),
              (std::vector<std::pair<std::string, std::string>>{{"Untagged", "one:latest"}}));
    EXPECT_EQ(store_->remove(first, false), (std::vector<std::pair<std::string, std::string>>{
                                                {"Untagged", "registry.example.com/two:v"}, {"Deleted", first}}));
    EXPECT_NO_THROW(store_->layer_directories(*store_->find(second)));
    const Image last = *store_->find(second);
    store_->remove(second, false);
    EXPECT_THROW(store_->layer_directories(last), Error);
    EXPECT_TRUE(store_->list().empty());
    expect_nothing_left();
}

TEST_F(Import, RefusesAnAmbiguousBeginning) {
    std::set<char> first_digits;
    for (int i = 0; i < 17; ++i) {  // at the latest then, two begin alike
        const char digit = import(TarBuilder().file("x", "1"))[7];
        if (first_digits.insert(digit).second) continue;
        try {
            store_->find(std::string(1, digit));
            FAIL() << digit;
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), Kind::conflict);
        }
        return;
    }
}

TEST_F(Import, ManyAtOnce) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        dir_.write("t" + std::to_string(i), TarBuilder().file("x", std::string(1 << 20, char('a' + i % 3))).bytes());
        threads.emplace_back([this, i] {
            ImportOptions options;
            options.reference = "image:" + std::to_string(i);
            store_->import(open_file(dir_ / ("t" + std::to_string(i)), O_RDONLY), options);
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(store_->list().size(), 8u);
    for (int i = 0; i < 8; ++i) {
        const auto lower = store_->layer_directories(*store_->find("image:" + std::to_string(i)));
        EXPECT_EQ(read_file(lower[0] + "/x")[0], char('a' + i % 3));
    }
    expect_nothing_left();
}

TEST_F(Import, LayersWithoutARecordGoAtTheNextStart) {
    make_directories(layout_.layer("sha256:" + std::string(64, 'a')));
    make_directories(layout_.layers_tmp() + "/left");
    layout_.make();
    open();
    expect_nothing_left();
}

/// A full disk: in a mount namespace of its own, with a small tmpfs.
TEST(ImportToAFullDisk, LeavesNothing) {
    const pid_t child = ::fork();
    if (child == 0) {
        if (::unshare(CLONE_NEWNS) != 0) ::_exit(77);
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
        test::TempDir dir;
        if (::mount("tmpfs", dir.path().c_str(), "tmpfs", 0, "size=8m") != 0) ::_exit(77);
        int result = 1;
        {
            const Layout layout(dir / "root", dir / "run");
            layout.make();
            Database database(layout.database());
            ImageStore store(layout, database);
            write_file_atomic(dir / "tar", TarBuilder().file("x", std::string(6 << 20, 'x')).bytes(), 0600,
                              Durable::no);
            const std::string small = TarBuilder().file("x", "1").bytes();
            try {
                store.import(open_file(dir / "tar", O_RDONLY), {});
            } catch (const Error& error) {
                const bool clean = std::filesystem::is_empty(layout.layers_tmp()) &&
                                   std::filesystem::is_empty(layout.root() + "/layers/sha256") && store.list().empty();
                write_file_atomic(dir / "tar", small, 0600, Durable::no);
                store.import(open_file(dir / "tar", O_RDONLY), {});  // works again
                result = clean && store.list().size() == 1 ? 0 : 2;
            }
        }
        ::umount2(dir.path().c_str(), MNT_DETACH);
        ::_exit(result);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no right to mount";
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace hoist::storage
