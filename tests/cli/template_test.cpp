// SPDX-License-Identifier: Apache-2.0
#include "cli/template.h"

#include <gtest/gtest.h>

#include "cli/options.h"

namespace hoist::cli {
namespace {

const Json facts = Json::parse(R"({
    "Id": "0123456789ab", "Name": "/web", "Running": true, "Pid": 42, "Ratio": 1.5, "Nothing": null, "Empty": [],
    "Labels": {"a": "1", "b.c": "2"}, "LabelMap": {"a": "1", "b.c": "2"},
    "Env": ["A=b", "C=d"], "State": {"Status": "running", "Health": {"Status": "healthy"}},
    "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "443/tcp": null}})");

struct Case {
    std::string_view text, want;
};
class Renders : public testing::TestWithParam<Case> {};

TEST_P(Renders, AsGoDoes) {
    EXPECT_EQ(Template(GetParam().text).render(facts), GetParam().want) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Templates, Renders,
    testing::Values(
        Case{"plain", "plain"}, Case{"{{.State.Status}}", "running"}, Case{"{{ .Pid }}/{{.Ratio}}", "42/1.5"},
        Case{"{{.ID}}", "0123456789ab"}, Case{"{{.Missing}} {{.Missing.Deeper}}", "<no value> <no value>"},
        Case{"{{json .Env}}", "[\"A=b\",\"C=d\"]"}, Case{"{{.Env}} {{.Labels}}", "[A=b C=d] map[a:1 b.c:2]"},
        Case{"{{join .Env \",\"}}", "A=b,C=d"}, Case{"{{.Name | printf \"%-6s|\"}}", "/web  |"},
        Case{"{{printf \"%s %d %q %v%%\" .Name .Pid .Id .Running}}", "/web 42 \"0123456789ab\" true%"},
        Case{"{{range .Env}}[{{.}}]{{end}}", "[A=b][C=d]"},
        Case{"{{range $i, $v := .Env}}{{$i}}{{$v}} {{end}}", "0A=b 1C=d "},
        Case{"{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}", "a=1;b.c=2;"},
        Case{"{{range .Empty}}x{{else}}none{{end}}", "none"}, Case{"{{if .Running}}up{{else}}down{{end}}", "up"},
        Case{"{{if .Nothing}}a{{else if .Pid}}b{{else}}c{{end}}", "b"},
        Case{"{{with .State.Health}}{{.Status}}{{end}}{{with .Nothing}}x{{else}}-{{end}}", "healthy-"},
        Case{"{{index .Labels \"b.c\"}} {{index .Env 1}}", "2 C=d"},
        Case{"{{(index (index .Ports \"80/tcp\") 0).HostPort}}", "8080"},
        Case{"{{.Label \"a\"}}{{.Label \"none\"}}", "1"},
        Case{"{{if and (eq .Pid 42) (ne .Name \"x\") (not .Nothing)}}yes{{end}}", "yes"},
        Case{"{{if or (gt .Pid 50) (le .Pid 42)}}yes{{end}}", "yes"},
        Case{"{{upper .State.Status}} {{title .State.Status}} {{len .Env}}", "RUNNING Running 2"},
        Case{"{{split \"a:b:c\" \":\"}} {{truncate .Id 4}}[{{pad \"x\" 1 2}}]", "[a b c] 0123[ x  ]"},
        Case{"{{$x := .Pid}}{{$x}}{{$.Name}}", "42/web"}, Case{"a {{- /* why */ -}} b", "ab"},
        Case{"{{`raw \\n`}}{{\"tab\\t\"}}", "raw \\ntab\t"}, Case{"{{println .Pid}}", "42\n"},
        Case{"{{.State}}", "map[Health:map[Status:healthy] Status:running]"}));

class Refuses : public testing::TestWithParam<std::string_view> {};
TEST_P(Refuses, WhatIsNoTemplate) {
    EXPECT_THROW(Template(GetParam()).render(facts), UsageError) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(Templates, Refuses,
                         testing::Values("{{.A", "{{", "{{end}}", "{{if .A}}", "{{nosuch .A}}", "{{.A | }}", "{{(.A}}",
                                         "{{\"open}}", "{{$undefined}}", "{{range}}x{{end}}", "{{.Pid.Deeper}}",
                                         "{{.Name 1}}", "{{/* open", "{{index .Env 9}}", "{{else}}"));

}  // namespace
}  // namespace hoist::cli
