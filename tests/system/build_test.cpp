// SPDX-License-Identifier: Apache-2.0
// Images built from Dockerfiles, as their user builds them. SEC-02, SEC-03, SEC-12, SEC-35..37, REL-03
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>

#include "base/file.h"
#include "base/text.h"
#include "tests/support/hoist_host.h"
#include "tests/support/tar_builder.h"

namespace hoist::test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string program = PROGRAM_DIR "/hoist";

class Build : public testing::Test {
protected:
    void SetUp() override {
        import_busybox();
        sh("rm -rf " + context + " && mkdir -p " + context);
    }
    void TearDown() override {
        sh(program + " ps -a -q | xargs -r " + program + " rm -f");
        EXPECT_EQ(hoist_ok({"system", "audit"}), "database and kernel agree\n");
        EXPECT_EQ(
            sh("ls /var/lib/hoist/builds /run/hoist/builds /var/lib/hoist/layers/tmp | grep -v : | grep . ; true"), "");
    }
    static void write(const std::string& name, const std::string& content) {
        make_directories(split_parent(context + "/" + name));
        write_file_atomic(context + "/" + name, content, 0644, Durable::no);
    }
    static std::string split_parent(const std::string& path) { return path.substr(0, path.rfind('/')); }
    static Outcome build(const std::string& dockerfile, std::vector<std::string> options = {}) {
        write("Dockerfile", dockerfile);
        options.insert(options.begin(), {"build", "--progress", "plain", "-t", "made"});
        options.push_back(context);
        return hoist(options);
    }
    /// @return what was told of its progress
    static std::string build_ok(const std::string& dockerfile, const std::vector<std::string>& options = {}) {
        const auto done = build(dockerfile, options);
        EXPECT_EQ(done.status, 0) << dockerfile << "\n" << done.out << done.err;
        return done.err;
    }
    static std::string inside(const std::string& line, const std::string& image = "made") {
        return hoist_ok({"run", "--rm", "--network", "none", "--entrypoint", "sh", image, "-c", line});
    }
    static Json config_of(const std::string& image = "made") {
        return parse_json(hoist_ok({"inspect", image}), "inspect").at(0).at("Config");
    }
    static std::string id_of(const std::string& image = "made") {
        return parse_json(hoist_ok({"inspect", image}), "inspect").at(0).at("Id").get<std::string>();
    }
    static const std::string context;
};
const std::string Build::context = "/tmp/build-context";

TEST_F(Build, MakesAnImageThatRuns) {
    write("app/hello", "hello from the context\n");
    build_ok(
        "ARG base=busybox\n"
        "FROM ${base}\n"
        "ARG version=1\n"
        "ENV GREETING=\"hi there\" VERSION=v${version}\n"
        "WORKDIR /srv/app\n"
        "COPY app .\n"
        "RUN cat hello > /said && echo $version > /version && echo $GREETING\n"
        "LABEL a.b=\"c d\"\n"
        "EXPOSE 80 53/udp\n"
        "VOLUME /data\n"
        "USER www-data\n"
        "STOPSIGNAL INT\n"
        "HEALTHCHECK --interval=5s CMD true\n"
        "ENTRYPOINT [\"sh\", \"-c\"]\n"
        "CMD [\"id -u; pwd; cat /said /version; echo $VERSION\"]\n",
        {"--build-arg", "version=7", "--label", "from=outside"});
    EXPECT_EQ(hoist_ok({"run", "--rm", "made"}), "33\n/srv/app\nhello from the context\n7\nv7\n");
    const Json config = config_of();
    EXPECT_EQ(config["Labels"], (Json{{"a.b", "c d"}, {"from", "outside"}}));
    EXPECT_EQ(config["ExposedPorts"], (Json{{"80/tcp", Json::object()}, {"53/udp", Json::object()}}));
    EXPECT_EQ(config["StopSignal"], "INT");
    EXPECT_EQ(config["Healthcheck"]["Test"], (Json{"CMD-SHELL", "true"}));
    EXPECT_EQ(config["Env"], (Json{"GREETING=hi there", "VERSION=v7"}));
}

TEST_F(Build, RepeatsNothingThatHasNotChanged) {
    write("a", "one");
    write("b", "two");
    const std::string file = "FROM busybox\nRUN echo first > /first\nCOPY a /a\nRUN cat /a > /copy\nLABEL x=y\n";
    build_ok(file);
    const auto id = id_of();
    kill_daemon();  // the cache outlives the daemon
    const auto again = build_ok(file);
    EXPECT_THAT(again, HasSubstr("#2 CACHED"));
    EXPECT_THAT(again, HasSubstr("#4 CACHED"));
    EXPECT_EQ(id_of(), id);
    write("b", "not copied");
    EXPECT_THAT(build_ok(file), HasSubstr("#4 CACHED"));
    write("a", "changed");
    const auto changed = build_ok(file);
    EXPECT_THAT(changed, HasSubstr("#2 CACHED"));
    EXPECT_THAT(changed, Not(HasSubstr("#3 CACHED")));
    EXPECT_THAT(changed, Not(HasSubstr("#4 CACHED")));
    EXPECT_EQ(inside("cat /copy"), "changed");
    EXPECT_THAT(build_ok(file, {"--no-cache"}), Not(HasSubstr("CACHED")));
    hoist_ok({"rmi", "-f", "made"});
    EXPECT_THAT(build_ok(file), HasSubstr("#4 CACHED"));  // without the image, too
    hoist_ok({"rmi", "-f", "made"});
    hoist_ok({"builder", "prune", "--all"});
    EXPECT_THAT(build_ok(file), Not(HasSubstr("CACHED")));
}

TEST_F(Build, BuildsTheStagesItNeedsSideBySide) {
    // Each of the two waits for what the other writes: one after the other they would never end.
    const auto told = build_ok(
        "FROM busybox AS left\n"
        "RUN --mount=type=cache,target=/m touch /m/left; i=0; until [ -e /m/right ]; do i=$((i+1)); [ $i -gt 600 ] && "
        "exit 1; usleep 100000; done; echo l > /l\n"
        "FROM busybox AS right\n"
        "RUN --mount=type=cache,target=/m touch /m/right; i=0; until [ -e /m/left ]; do i=$((i+1)); [ $i -gt 600 ] && "
        "exit 1; usleep 100000; done; echo r > /r\n"
        "FROM busybox AS unused\n"
        "RUN exit 9\n"
        "FROM scratch AS files\n"
        "COPY --from=left /l /\n"
        "COPY --from=1 /r /\n"
        "FROM busybox\n"
        "COPY --from=files / /got/\n");
    EXPECT_EQ(inside("cat /got/l /got/r"), "l\nr\n");
    EXPECT_THAT(told, Not(HasSubstr("exit 9")));
    build_ok(read_file(context + "/Dockerfile"), {"--target", "files"});
    EXPECT_THAT(build("FROM busybox AS one\n", {"--target", "on"}).err, HasSubstr("did you mean one?"));
}

TEST_F(Build, CopiesWithOwnersModesAndRules) {
    write(".dockerignore", "*.log\n!keep.log\nsecret\n");
    for (const char* name :
         {"d/one.txt", "d/two.md", "d/sub/three.txt", "drop.log", "keep.log", "secret/x", "x1", "x2"})
        write(name, name);
    sh("ln -s one.txt " + context + "/d/link && chmod 750 " + context + "/d/sub");
    build_ok(
        "FROM busybox\n"
        "COPY --chown=www-data:extra --chmod=u=rw,go=r d/one.txt /own/\n"
        "COPY --exclude=*.md d /d/\n"
        "COPY . /all/\n"
        "COPY x* /xs/\n"
        "COPY x1 /new/name\n"
        "COPY --link x2 /etc/linked\n"
        "COPY <<one <<\"two\" /docs/\n$HOME is ${NAME:-nobody}\none\n$HOME\ntwo\n");
    EXPECT_EQ(inside("stat -c '%u:%g %a' /own/one.txt"), "33:44 644\n");
    EXPECT_EQ(inside("cd /d && find . | sort"), ".\n./link\n./one.txt\n./sub\n./sub/three.txt\n");
    EXPECT_EQ(inside("readlink /d/link; stat -c '%u:%g %a' /d/sub"), "one.txt\n0:0 750\n");
    EXPECT_EQ(inside("ls -A /all | sort | tr '\\n' ' '"), ".dockerignore Dockerfile d keep.log x1 x2 ");
    EXPECT_EQ(inside("ls /xs; cat /new/name; cat /etc/linked"), "x1\nx2\nx1x2");
    EXPECT_EQ(inside("cat /docs/one /docs/two"), " is nobody\n$HOME\n");
    EXPECT_THAT(build("FROM busybox\nCOPY secret/x /\n").err, HasSubstr("left out of the build context"));
    EXPECT_THAT(build("FROM busybox\nCOPY x3 /\n").err, HasSubstr("not in the build context; did you mean x1?"));
    EXPECT_THAT(build("FROM busybox\nCOPY x1 x2 /etc/passwd\n").err, HasSubstr("is a file, not a directory"));
}

TEST_F(Build, LinksLeadNeitherOutOfTheContextNorOutOfTheImage) {  // SEC-35
    sh("echo host-secret > /tmp/outside && ln -sf /tmp/outside " + context + "/absolute && ln -sf ../outside " +
       context + "/relative && mkdir " + context + "/t && ln -s /tmp " + context + "/t/up && echo in > " + context +
       "/in");
    for (const char* source : {"absolute", "relative", "../outside", "t/up/outside", "../../tmp/outside"}) {
        const auto done = build(fmt::format("FROM busybox\nCOPY {} /got\n", source));
        EXPECT_NE(done.status, 0) << source;
        EXPECT_THAT(done.err, Not(HasSubstr("host-secret")));
    }
    // In the image: a link to the root, and one that points up, as destinations.
    build_ok(
        "FROM busybox\nRUN ln -s / /root-link && ln -s ../../../../tmp /etc/up\nCOPY in /root-link/tmp/a\nCOPY in "
        "/etc/up/b\n");
    EXPECT_EQ(inside("cat /tmp/a /tmp/b"), "in\nin\n");
    EXPECT_NE(::access("/tmp/a", F_OK), 0);
    EXPECT_NE(::access("/tmp/b", F_OK), 0);
    // As what they are, links are copied.
    build_ok("FROM busybox\nCOPY t /t\n");
    EXPECT_EQ(inside("readlink /t/up"), "/tmp\n");
}

TEST_F(Build, ArchivesAreUnpackedAndStayInside) {  // SEC-35
    TarBuilder good;
    good.directory("dir").file("dir/file", "from the archive\n").file(".wh.name", "no whiteout\n");
    write("good.tar", good.bytes());
    sh("gzip -k " + context + "/good.tar");
    build_ok("FROM busybox\nADD good.tar.gz /un/\nADD --unpack=false good.tar /whole\nCOPY good.tar /copied\n");
    EXPECT_EQ(inside("cat /un/dir/file /un/.wh.name; ls /whole /copied"),
              "from the archive\nno whiteout\n/copied\n/whole\n");
    TarBuilder dots;
    dots.file("../../escaped", "out");
    TarBuilder link;
    link.link("l", "/tmp").file("l/escaped", "out");
    write("dots.tar", dots.bytes());
    write("link.tar", link.bytes());
    build("FROM busybox\nADD dots.tar /x/\n");
    build("FROM busybox\nADD link.tar /x/\n");
    for (const char* path : {"/escaped", "/tmp/escaped", "/var/escaped"}) EXPECT_NE(::access(path, F_OK), 0) << path;
}

TEST_F(Build, SecretsAreFoundNowhere) {  // SEC-37
    const std::string secret = "marker-of-secret-4711", argument = "marker-of-argument-0815";
    write_file_atomic("/tmp/token", secret, 0600, Durable::no);
    const auto told = build_ok(
        "FROM busybox\n"
        "ARG TOKEN\n"
        "RUN --mount=type=secret,id=token --mount=type=secret,id=token,target=/own,mode=0440,uid=33 "
        "--mount=type=secret,id=token,env=IN_ENV "
        "[ \"$(cat /run/secrets/token)\" = \"$IN_ENV\" ] && [ -n \"$TOKEN\" ] && stat -c '%u %a' /own > /seen && "
        "echo ${#IN_ENV} >> /seen\n"
        "RUN [ ! -e /run/secrets/token ] && [ ! -e /own ] && [ -z \"$IN_ENV\" ]\n",
        {"--secret", "id=token,src=/tmp/token", "--build-arg", "TOKEN=" + argument});
    EXPECT_EQ(inside("cat /seen; ls -d /run/secrets /own 2>/dev/null; true"), "33 440\n21\n");
    EXPECT_THAT(told, Not(HasSubstr("marker")));
    EXPECT_THAT(hoist_ok({"inspect", "made"}) + hoist({"history", "--no-trunc", "made"}).out, Not(HasSubstr("marker")));
    stop_daemon();
    EXPECT_EQ(sh("grep -raE 'marker-of-(secret|argument)' /var/lib/hoist /run/hoist | head -c 300; true"), "");
    EXPECT_THAT(build("FROM busybox\nRUN --mount=type=secret,id=none,required=true true\n").err,
                HasSubstr("give it with --secret id=none"));
}

TEST_F(Build, MountsOfAStepLeaveNoTrace) {
    write("src/data", "of the context\n");
    build_ok(
        "FROM busybox AS other\nRUN mkdir /o && echo other > /o/f\n"
        "FROM busybox\n"
        "RUN --mount=type=cache,id=c,target=/cache,mode=0700,uid=33 echo kept >> /cache/f; stat -c '%u %a' /cache\n"
        "RUN --mount=type=cache,id=c,target=/elsewhere cat /elsewhere/f > /from-cache\n"
        "RUN --mount=target=/ctx,rw --mount=from=other,source=/o,target=/o cat /ctx/src/data /o/f > /bound && "
        "echo changed > /ctx/src/data\n"
        "RUN --mount=target=/ctx ! touch /ctx/x 2>/dev/null\n"
        "RUN --mount=type=tmpfs,target=/t,size=1m echo x > /t/x\n"
        "RUN --mount=type=cache,target=/cache,id=c cat /cache/f > /again\n");
    EXPECT_EQ(inside("cat /from-cache /bound /again"), "kept\nof the context\nother\nkept\n");
    EXPECT_EQ(inside("ls -d /cache /elsewhere /ctx /o /t 2>/dev/null; true"), "");
    EXPECT_EQ(read_file(context + "/src/data"), "of the context\n");
    // The layer of a step that changes nothing holds nothing: no file to mount on either.
    build_ok("FROM busybox\nRUN true\n");
    EXPECT_EQ(parse_json(hoist_ok({"inspect", "made"}), "i").at(0)["RootFS"]["Layers"].size(), 1u);
}

TEST_F(Build, MountSourcesAndTargetsStayInside) {  // SEC-36
    sh("mkdir -p /tmp/host-dir && echo host > /tmp/host-dir/file && ln -s /tmp/host-dir " + context + "/swap");
    for (const char* source : {"swap", "../host-dir", "swap/../../host-dir"}) {
        const auto done = build(fmt::format("FROM busybox\nRUN --mount=source={},target=/m cat /m/file\n", source));
        EXPECT_NE(done.status, 0) << source;
    }
    EXPECT_NE(build("FROM busybox AS a\nRUN ln -s /tmp/host-dir /l\nFROM busybox\nRUN "
                    "--mount=from=a,source=/l,target=/m cat /m/file\n")
                  .status,
              0);
    EXPECT_NE(build("FROM busybox AS a\nRUN ln -s /tmp/host-dir /l\nFROM busybox\nRUN "
                    "--mount=type=cache,from=a,source=/l,target=/m cat /m/file\n")
                  .status,
              0);
    // The target's parent becomes a link to the host's path while the step runs: what is removed lies inside.
    build_ok("FROM busybox\nRUN --mount=type=tmpfs,target=/p/host-dir true; mv /p /q; ln -s /tmp /p\n");
    EXPECT_EQ(read_file("/tmp/host-dir/file"), "host\n");
}

TEST_F(Build, StepsAreConfinedAsContainersAre) {  // SEC-02, SEC-03, SEC-12
    sh("cp " PROGRAM_DIR "/hoist-inside " + context + "/inside");
    build_ok(
        "FROM busybox\nCOPY inside /\n"
        "RUN ls /proc/self/fd > /fds; grep CapEff /proc/self/status > /caps; grep Seccomp: /proc/self/status > "
        "/seccomp; "
        "cat /proc/kcore /proc/keys /proc/timer_list /proc/latency_stats 2>/dev/null | head -c 100 > /masked; "
        "for f in /proc/sysrq-trigger /proc/sys/kernel/hostname /sys/kernel/x; do echo 1 2>/dev/null > $f && echo $f; "
        "done > /written; true\n");
    EXPECT_EQ(inside("cat /fds | tr '\\n' ' '"), "0 1 2 3 ");  // 3 is the directory that ls reads
    EXPECT_EQ(inside("cat /caps /seccomp"), "CapEff:\t00000000a80425fb\nSeccomp:\t2\n");
    EXPECT_EQ(inside("cat /masked /written"), "");
    for (const int number : {3, 7, 9}) {
        EXPECT_NE(build(fmt::format("FROM busybox\nWORKDIR /proc/self/fd/{}\nRUN pwd\n", number)).status, 0);
        EXPECT_NE(
            build(fmt::format("FROM busybox\nRUN ln -s /proc/self/fd/{} /l\nWORKDIR /l/\nRUN cat ../../../etc/shadow\n",
                              number))
                .status,
            0);
    }
    EXPECT_NE(build("FROM busybox\nRUN --network=none nc -w 1 198.51.100.1 9\n").status, 0);
}

TEST_F(Build, AFailureShowsTheLineAndTheLastOutput) {
    const auto done = build("FROM busybox\n\nRUN echo getting on; \\\n  echo broken pipe >&2; exit 3\n");
    EXPECT_NE(done.status, 0);
    EXPECT_THAT(done.err, HasSubstr("the step ended with exit code 3"));
    EXPECT_THAT(done.err, HasSubstr("Dockerfile:3:1"));
    EXPECT_THAT(done.err, HasSubstr("RUN echo getting on;"));
    EXPECT_THAT(done.err, HasSubstr("its last output:\n    getting on\n    broken pipe"));
    EXPECT_THAT(build("FROM busybox\nRUN [\"/no/such\"]\n").err, HasSubstr("Dockerfile:2:1"));
    EXPECT_THAT(build("FROM busybox\nCPOY a b\n").err, HasSubstr("did you mean COPY?"));
    EXPECT_THAT(build("FROM nothing-here:1\n").err, HasSubstr("nothing-here:1"));
}

TEST_F(Build, DocumentsAndTriggers) {
    build_ok(
        "FROM busybox\nRUN <<EOF\nset -e\necho one > /one\necho two > /two\nEOF\n"
        "RUN <<S\n#!/bin/sh -e\necho $0 > /script\nS\nRUN cat <<A - <<B > /three\na\nA\nb\nB\n"
        "ONBUILD COPY extra /extra\nONBUILD RUN cat /extra > /triggered\n",
        {"-t", "parent"});
    EXPECT_EQ(inside("cat /one /two /script"), "one\ntwo\n/dev/pipes/S\n");
    write("extra", "of the child\n");
    build_ok("FROM parent\nSHELL [\"/bin/busybox\", \"sh\", \"-c\"]\nRUN cat /triggered > /again\n");
    EXPECT_EQ(inside("cat /again"), "of the child\n");
    EXPECT_FALSE(config_of().contains("OnBuild") && !config_of()["OnBuild"].is_null());
}

TEST_F(Build, EqualInputsGiveEqualImages) {
    write("f", "content");
    const std::string file = "FROM busybox\nRUN mkdir /d && echo x > /d/x\nCOPY f /d/\nENV A=b\n";
    const std::vector<std::string> options = {"--no-cache", "--build-arg", "SOURCE_DATE_EPOCH=1700000000"};
    build_ok(file, options);
    const auto id = id_of();
    sh("touch " + context + "/f");
    build_ok(file, options);
    EXPECT_EQ(id_of(), id);
    EXPECT_EQ(inside("stat -c %Y /d/x /d"), "1700000000\n1700000000\n");
}

TEST_F(Build, TakesDockersUpload) {
    if (run({"curl", "--version"}).status != 0) GTEST_SKIP() << "no curl here";
    write("Dockerfile", "FROM busybox\nARG who\nCOPY f /f\nRUN echo built for $who\n");
    write("f", "uploaded\n");
    const auto answer =
        sh("tar -C " + context +
           " -cz . | curl -sS --unix-socket /run/hoist/hoist.sock -H 'Content-Type: application/x-tar' "
           "--data-binary @- "
           "'http://d/v1.41/build?t=uploaded&buildargs=%7B%22who%22%3A%22me%22%7D&labels=%7B%22l%22%3A%221%22%7D'");
    EXPECT_THAT(answer, HasSubstr("built for me"));
    EXPECT_THAT(answer, HasSubstr("Successfully tagged uploaded:latest"));
    EXPECT_EQ(inside("cat /f", "uploaded"), "uploaded\n");
    EXPECT_EQ(config_of("uploaded")["Labels"]["l"], "1");
    const auto refused =
        sh("tar -C " + context +
           " -c f | curl -sS --unix-socket /run/hoist/hoist.sock --data-binary @- http://d/v1.41/build");
    EXPECT_THAT(refused, HasSubstr("there is no Dockerfile in the build context"));
}

TEST_F(Build, AddsFilesFromElsewhere) {  // SEC-38
    if (run({"curl", "--version"}).status != 0) GTEST_SKIP() << "no curl here";
    if (sh("busybox --list | grep -cx httpd; true") != "1\n") GTEST_SKIP() << "no web server here";
    sh("mkdir -p /tmp/www && echo served > /tmp/www/file && tar -C /tmp/www -cf /tmp/www/files.tar file && "
       "busybox httpd -p 127.0.0.1:8085 -h /tmp/www");
    const auto digest = sh("sha256sum /tmp/www/file | cut -c1-64");
    build_ok("FROM busybox\nADD --checksum=sha256:" + std::string(trim(digest)) +
             " http://127.0.0.1:8085/file /d/\nADD http://127.0.0.1:8085/files.tar /whole.tar\n"
             "ADD --unpack=true http://127.0.0.1:8085/files.tar /un/\n");
    EXPECT_EQ(inside("stat -c %a /d/file; cat /d/file /un/file; tar -tf /whole.tar"), "600\nserved\nserved\nfile\n");
    const auto wrong =
        "FROM busybox\nADD --checksum=sha256:" + std::string(64, '0') + " http://127.0.0.1:8085/file /d/\n";
    EXPECT_THAT(build(wrong).err, HasSubstr("has the digest sha256:" + std::string(trim(digest))));
    EXPECT_THAT(build("FROM busybox\nADD http://127.0.0.1:8085/none /d/\n").err, HasSubstr("404"));
    // A context that is an archive somewhere, and repositories that are none.
    sh("cd /tmp/www && printf 'FROM busybox\nCOPY file /f\n' > Dockerfile && tar -cf context.tar Dockerfile file");
    EXPECT_EQ(hoist({"build", "-t", "remote", "http://127.0.0.1:8085/context.tar"}).status, 0);
    EXPECT_EQ(inside("cat /f", "remote"), "served\n");
    for (const char* source :
         {"ext::sh -c id>/tmp/pwned x", "git@-oProxyCommand=id:x.git", "http://127.0.0.1:8085/x.git#--upload-pack=id"})
        EXPECT_NE(build(fmt::format("FROM busybox\nADD [\"{}\", \"/x/\"]\n", source)).status, 0) << source;
    EXPECT_NE(::access("/tmp/pwned", F_OK), 0);
}

TEST_F(Build, ServicesAreBuilt) {
    write("web/Dockerfile", "FROM base\nARG x\nRUN echo $x > /x\nCMD [\"sleep\", \"1000\"]\n");
    write("compose.yaml",
          "name: built\nservices:\n"
          "  base:\n    image: made-base\n    scale: 0\n    build: {dockerfile_inline: \"FROM busybox\\nRUN echo b > "
          "/b\"}\n"
          "  web:\n    init: true\n    build:\n      context: web\n      args: {x: of-compose}\n      tags: "
          "[\"extra:1\"]\n"
          "      additional_contexts: {base: \"service:base\"}\n");
    const auto built = hoist({"compose", "build", "web"}, context);
    EXPECT_EQ(built.status, 0) << built.err;
    EXPECT_EQ(inside("cat /x /b", "built-web"), "of-compose\nb\n");
    EXPECT_EQ(id_of("extra:1"), id_of("built-web"));
    hoist_ok({"rmi", "-f", "built-web"});
    hoist_ok({"up", "-d"}, context);  // what is missing is built
    EXPECT_EQ(hoist_ok({"exec", "built-web-1", "cat", "/x"}), "of-compose\n");
    write("web/Dockerfile", "FROM base\nRUN echo anew > /x\nCMD [\"sleep\", \"1000\"]\n");
    hoist_ok({"up", "-d", "--build"}, context);
    EXPECT_EQ(hoist_ok({"exec", "built-web-1", "cat", "/x"}), "anew\n");
    hoist_ok({"down", "-t", "0"}, context);
    write("compose.yaml", "name: built\nservices:\n  web:\n    build: {context: web, privileged: true}\n");
    EXPECT_THAT(hoist({"compose", "build"}, context).err, HasSubstr("service web: build.privileged"));
}

TEST_F(Build, AKilledDaemonLeavesNothing) {  // REL-03
    write("Dockerfile", "FROM busybox\nRUN echo kept > /kept\nRUN echo begun; sleep 600\n");
    auto running = std::async(std::launch::async, [] { return hoist({"build", "--progress", "plain", context}); });
    ASSERT_TRUE(eventually([] { return sh("ps ax | grep -c '[s]leep 600'; true") != "0\n"; }, 60));
    kill_daemon();
    EXPECT_NE(running.get().status, 0);
    hoist_ok({"ps", "-a"});  // starts it anew
    EXPECT_EQ(hoist_ok({"ps", "-a", "-q"}), "");
    EXPECT_EQ(sh("ls -A /run/hoist/containers /var/lib/hoist/containers | grep -v : | grep . ; true"), "");
    EXPECT_EQ(sh("ps ax | grep -E '[s]leep 600|moni[t]or'; true"), "");
    const auto told = build_ok("FROM busybox\nRUN echo kept > /kept\n");
    EXPECT_THAT(told, HasSubstr("#2 CACHED"));
    EXPECT_EQ(inside("cat /kept"), "kept\n");
}

TEST_F(Build, AClientThatGoesEndsItsBuild) {
    write("Dockerfile", "FROM busybox\nRUN sleep 601\n");
    sh(program + " build " + context + " >/dev/null 2>&1 & echo $! > /tmp/build.pid");
    ASSERT_TRUE(eventually([] { return sh("ps ax | grep -c '[s]leep 601'; true") != "0\n"; }, 60));
    sh("kill -INT $(cat /tmp/build.pid)");
    EXPECT_TRUE(eventually([] { return sh("ps ax | grep '[s]leep 601'; true").empty(); }, 60));
    EXPECT_TRUE(eventually([] { return hoist_ok({"ps", "-a", "-q"}).empty(); }, 60));
}

}  // namespace
}  // namespace hoist::test
