// SPDX-License-Identifier: Apache-2.0
#include "compose/short_form.h"

#include "tests/compose/load.h"

namespace hoist::compose {
namespace {

std::string shown(const std::vector<Port>& ports) {
    std::string out;
    for (const auto& p : ports)
        out += fmt::format("{}{}:{}{}:{}/{}", out.empty() ? "" : " ", p.host_ip, p.published,
                           p.published_end ? fmt::format("-{}", p.published_end) : "", p.target, p.protocol);
    return out;
}

struct ShortFormCase {
    std::string_view written, want;
};
class ParsePorts : public testing::TestWithParam<ShortFormCase> {};
TEST_P(ParsePorts, ReadsShortForm) {
    TextProblem problem;
    const auto ports = parse_ports(GetParam().written, problem);
    EXPECT_EQ(ports
                  ? shown(*ports)
                  : fmt::format("{} [{}]", problem.message, GetParam().written.substr(problem.offset, problem.length)),
              GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(
    ComposeSpec, ParsePorts,
    testing::Values(ShortFormCase{"80", ":0:80/tcp"}, ShortFormCase{"8080:80", ":8080:80/tcp"},
                    ShortFormCase{"22:22", ":22:22/tcp"}, ShortFormCase{"80-81:8080-8081", ":80:8080/tcp :81:8081/tcp"},
                    ShortFormCase{"8000-9000:80", ":8000-9000:80/tcp"}, ShortFormCase{"80-80:8080", ":80:8080/tcp"},
                    ShortFormCase{"3000-3002", ":0:3000/tcp :0:3001/tcp :0:3002/tcp"},
                    ShortFormCase{"127.0.0.1::80", "127.0.0.1:0:80/tcp"},
                    ShortFormCase{"127.0.0.1:8080:80/UDP", "127.0.0.1:8080:80/udp"},
                    ShortFormCase{"[::1]:1:2", "::1:1:2/tcp"}, ShortFormCase{"::1:1:2", "::1:1:2/tcp"},
                    ShortFormCase{"53:53/sctp", ":53:53/sctp"},
                    ShortFormCase{"3000-3002:80-81",
                                  "the host range and the container range differ in length [3000-3002:80-81]"},
                    ShortFormCase{"80x:80", "host port \"80x\" is not a number [80x]"},
                    ShortFormCase{"80:80x", "container port \"80x\" is not a number [80x]"},
                    ShortFormCase{"70000:80", "host port 70000 is out of range 1-65535 [70000]"},
                    ShortFormCase{"80:0", "container port 0 is out of range 1-65535 [0]"},
                    ShortFormCase{":80", "host port \"\" is not a number [:80]"},
                    ShortFormCase{"80:", "container port \"\" is not a number [80:]"},
                    ShortFormCase{"x:80:80", "\"x\" is no IP address [x]"},
                    ShortFormCase{"80:80/icmp", "\"icmp\" is no protocol: tcp, udp or sctp [icmp]"},
                    ShortFormCase{"90-80", "the container port range 90-80 ends before it begins [90-80]"},
                    ShortFormCase{"", "container port \"\" is not a number []"}));

class Volume : public testing::TestWithParam<ShortFormCase> {};
TEST_P(Volume, ReadsShortForm) {
    test::Files files = test::one_service(fmt::format("volumes: [\"{}\"]", GetParam().written));
    files.texts["/p/compose.yaml"] += "volumes: {data: }\n";
    files.options.environment["HOME"] = "/home/me";
    if (const std::string errors = files.errors(); !errors.empty()) {
        EXPECT_EQ(errors, fmt::format("compose.yaml:{}\n", GetParam().want));
        return;
    }
    const Mount m = files.project().services.at("a").mounts.at(0);
    EXPECT_EQ(fmt::format("{} {}:{}{}{}{}", m.type == Mount::Type::bind ? "bind" : "volume", m.source, m.target,
                          m.read_only ? " ro" : "", m.no_copy ? " nocopy" : "",
                          m.propagation.empty() ? "" : " " + m.propagation),
              GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(
    ComposeSpec, Volume,
    testing::Values(
        ShortFormCase{"/x", "volume :/x"}, ShortFormCase{"data:/x", "volume data:/x"},
        ShortFormCase{"data:/x/../y/", "volume data:/y"}, ShortFormCase{"./s:/x:ro", "bind /p/s:/x ro"},
        ShortFormCase{"../s:/x", "bind /s:/x"}, ShortFormCase{"~/s:/x:rw", "bind /home/me/s:/x"},
        ShortFormCase{"/s:/x:ro,rshared", "bind /s:/x ro rshared"},
        ShortFormCase{"data:/x:nocopy,z", "volume data:/x nocopy"}, ShortFormCase{"/s:/x:cached", "bind /s:/x"},
        ShortFormCase{"data:x", "4:21: service \"a\": `volumes`: the path in the container, \"x\", is not absolute"},
        ShortFormCase{"a:/b:c:d", "4:16: service \"a\": `volumes`: there are too many colons: SOURCE:TARGET[:OPTIONS]"},
        ShortFormCase{":/x", "4:16: service \"a\": `volumes`: there is nothing before the colon"}));

struct Value {
    std::string_view key, written, want;  ///< want: the canonical text, or the message
};
class Values : public testing::TestWithParam<Value> {};
TEST_P(Values, AreReadAndWrittenCanonically) {
    const auto& [key, written, want] = GetParam();
    test::Files files = test::one_service(fmt::format("{}: {}", key, written));
    std::string got = files.errors();
    if (got.empty()) {
        const std::string yaml = to_yaml(files.project());
        const auto at = yaml.find(fmt::format("    {}: ", key));
        got = at == std::string::npos ? "nothing"
                                      : yaml.substr(at + key.size() + 6, yaml.find('\n', at) - at - key.size() - 6);
    }
    EXPECT_THAT(got, testing::HasSubstr(std::string(want)));
}
INSTANTIATE_TEST_SUITE_P(
    Units, Values,
    testing::Values(Value{"mem_limit", "64m", "\"67108864\""}, Value{"mem_limit", "1gb", "\"1073741824\""},
                    Value{"mem_limit", "1024", "\"1024\""}, Value{"mem_limit", "1.5k", "\"1536\""},
                    Value{"mem_limit", "'2 MiB'", "\"2097152\""},
                    Value{"mem_limit", "64x", "`mem_limit`: \"64x\" is not a size"},
                    Value{"mem_limit", "-1", "is not a size"}, Value{"memswap_limit", "-1", "-1"},
                    Value{"stop_grace_period", "1m30s", "\"1m30s\""}, Value{"stop_grace_period", "90s", "\"1m30s\""},
                    Value{"stop_grace_period", "10", "`stop_grace_period`: \"10\" is not a duration"},
                    Value{"cpus", "'0.5'", "0.5"}, Value{"cpus", "x", "`cpus` is a number, not the text \"x\""},
                    Value{"init", "true", "true"}, Value{"init", "'true'", "true"}, Value{"init", "yes", "true"},
                    Value{"init", "maybe", "`init` is true or false, not the text \"maybe\""},
                    Value{"restart", "no", "nothing"}, Value{"restart", "false", "nothing"},
                    Value{"restart", "'no'", "nothing"}, Value{"restart", "on-failure:3", "\"on-failure:3\""},
                    Value{"restart", "always:3", "only on-failure takes a number"},
                    Value{"restart", "sometimes", "`restart` cannot be the text \"sometimes\""},
                    Value{"stop_signal", "SIGQUIT", "SIGQUIT"}, Value{"stop_signal", "QIUT", "is not a signal"},
                    Value{"pids_limit", "1e3", "is a whole number"}, Value{"user", "1000", "\"1000\""},
                    Value{"hostname", "[a]", "`hostname` is a text, not a list"},
                    Value{"ports", "8080", "`ports` is a list, not the number 8080"},
                    Value{"command", "\"a 'b\"", "a quote is not closed"},
                    Value{"healthcheck", "{test: [curl, x]}", "`healthcheck.test` begins with \"curl\""},
                    Value{"pull_policy", "if_not_present", "missing"}, Value{"pull_policy", "allways", "is unknown"}));

TEST(Modes, AreOctal) {
    for (const char* written : {"0440", "\"0440\"", "0o440", "440"}) {
        test::Files files = test::one_service(fmt::format("secrets: [{{source: s, mode: {}, target: t}}]", written));
        files.texts["/p/compose.yaml"] += "secrets: {s: {file: ./s}}\n";
        files.texts["/p/s"] = "";
        const Grant grant = files.project().services.at("a").secrets.at(0);
        EXPECT_EQ(grant.mode, 0440u) << written;
        EXPECT_EQ(grant.target, "/run/secrets/t");
    }
}

TEST(LongForms, AreRead) {
    test::Files files =
        test::one_service(R"(ports: [{target: 80, published: "8000-8010", host_ip: 127.0.0.1, protocol: udp, name: n}]
volumes:
  - {type: bind, source: ./s, target: /s, bind: {create_host_path: false, propagation: rslave}}
  - {type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 1777}}
  - {type: volume, target: /v, volume: {nocopy: true}}
ulimits: {nproc: 10, nofile: {soft: 1, hard: 2}}
devices: [/dev/fuse, "/dev/a:/dev/b:r"]
extra_hosts: {h: 1.2.3.4, g: host-gateway}
security_opt: ["seccomp:./p.json", no-new-privileges:true])");
    const Service s = files.project().services.at("a");
    EXPECT_EQ(shown(s.ports), "127.0.0.1:8000-8010:80/udp");
    EXPECT_FALSE(s.mounts[0].create_host_path);
    EXPECT_EQ(s.mounts[1].tmpfs_mode, 01777u);
    EXPECT_EQ(s.ulimits.at("nproc"), (Ulimit{10, 10}));
    EXPECT_EQ(s.devices, (std::vector<std::string>{"/dev/fuse:/dev/fuse:rwm", "/dev/a:/dev/b:r"}));
    EXPECT_EQ(s.extra_hosts, (std::vector<std::string>{"h=1.2.3.4", "g=host-gateway"}));
    EXPECT_EQ(s.security_opt, (std::vector<std::string>{"seccomp=/p/p.json", "no-new-privileges=true"}));
}

}  // namespace
}  // namespace hoist::compose
