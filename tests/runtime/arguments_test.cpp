// SPDX-License-Identifier: Apache-2.0
// The forms in which options may be written.
#include "runtime/arguments.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"

namespace hoist::runtime {
namespace {

const std::vector<OptionSpec> options = {{"--bundle", "-b", "DIR"},
                                         {"--detach", "-d", ""},
                                         {"--tty", "-t", ""},
                                         {"--env", "-e", "NAME=VALUE"},
                                         {"--pid-file", "", "FILE"}};

/// "bundle=/x detach words: a b", in the order of `options`.
std::string read(const std::string& line, bool stop_early = true) {
    const auto made = Arguments::parse(split(line, ' '), options, stop_early);
    std::string text;
    for (const auto& option : options) {
        for (const auto& value : made.values(std::string(option.name)))
            text += std::string(option.name.substr(2)) + (option.value.empty() ? "" : "=" + value) + " ";
    }
    return text + "words: " + join(made.words(), " ");
}

struct ArgumentCase {
    const char* written;
    const char* want;
};

TEST(Arguments, AreReadInAllUsualForms) {
    const ArgumentCase cases[] = {
        {"id", "words: id"},
        {"--bundle /x id", "bundle=/x words: id"},
        {"--bundle=/x id", "bundle=/x words: id"},
        {"-b /x id", "bundle=/x words: id"},
        {"-b/x id", "bundle=/x words: id"},
        {"-b=/x id", "bundle=/x words: id"},
        {"-bundle /x id", "bundle=/x words: id"},
        {"-bundle=/x id", "bundle=/x words: id"},
        {"-d id", "detach words: id"},
        {"-detach id", "detach words: id"},
        {"-dt id", "detach tty words: id"},
        {"-td -b /x id", "bundle=/x detach tty words: id"},
        {"-dtb /x id", "bundle=/x detach tty words: id"},
        {"-dtb/x id", "bundle=/x detach tty words: id"},
        {"--detach=true id", "detach words: id"},
        {"--detach=false id", "words: id"},
        {"-d --detach=false id", "words: id"},
        {"-d=0 id", "words: id"},
        {"-e A=1 --env B=2=3 -eC=4 id", "env=A=1 env=B=2=3 env=C=4 words: id"},
        {"--bundle= id", "bundle= words: id"},
        {"id -d", "words: id -d"},
        {"id sh -c x", "words: id sh -c x"},
        {"-- -d id", "words: -d id"},
        {"-d -- id", "detach words: id"},
        {"-", "words: -"},
    };
    for (const auto& one : cases) EXPECT_EQ(read(one.written), one.want) << one.written;
}

TEST(Arguments, MayFollowTheWords) {
    EXPECT_EQ(read("id -d --bundle /x", false), "bundle=/x detach words: id");
    EXPECT_EQ(read("id -- -d", false), "words: id -d");
}

TEST(Arguments, AreRefusedWithTheirName) {
    const ArgumentCase cases[] = {
        {"--nope", "unknown option --nope"},
        {"--nope=1", "unknown option --nope"},
        {"-x", "unknown option -x"},
        {"-nope", "unknown option -n (in -nope)"},
        {"-dx", "unknown option -x (in -dx)"},
        {"--bundle", "option --bundle needs a value"},
        {"-b", "option --bundle needs a value"},
        {"--detach=maybe", "option --detach is a switch: \"maybe\" is neither true nor false"},
    };
    for (const auto& one : cases) {
        try {
            read(one.written);
            ADD_FAILURE() << one.written << " was accepted";
        } catch (const Error& error) {
            EXPECT_EQ(error.message(), one.want) << one.written;
        }
    }
}

}  // namespace
}  // namespace hoist::runtime
