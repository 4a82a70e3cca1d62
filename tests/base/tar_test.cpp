// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/tar_reader.h"
#include "base/tar_writer.h"

namespace hoist {
namespace {

TarReader reader_of(const std::string& archive, std::size_t part = 700) {
    return TarReader([archive, part, at = std::size_t{0}](std::string& to) mutable {
        to += archive.substr(at, part);
        at = std::min(at + part, archive.size());
        return at < archive.size();
    });
}

std::string archive_of(const std::vector<std::pair<TarMember, std::string>>& members) {
    std::string archive;
    TarWriter writer([&archive](std::string_view bytes) { archive += bytes; });
    for (const auto& [member, content] : members) writer.add(member, content);
    writer.finish();
    return archive;
}

std::string content_of(TarReader& reader) {
    std::string all;
    for (auto bytes = reader.content(); !bytes.empty(); bytes = reader.content()) all += bytes;
    return all;
}

TEST(Tar, IsReadAsItWasWritten) {
    const std::string long_name = std::string(120, 'd') + "/" + std::string(200, 'f');
    TarMember member;
    member.name = long_name;
    member.mode = 04755;
    member.uid = 3'000'000'000;
    member.mtime = -5;
    member.xattrs["user.note"] = std::string("a\0\n b", 5);
    TarMember link;
    link.name = "link";
    link.type = '2';
    link.link = std::string(150, 't');
    auto reader = reader_of(archive_of({{member, std::string(1300, 'x')}, {link, ""}}));
    const auto first = reader.next();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->name, long_name);
    EXPECT_EQ(first->mode, 04755u);
    EXPECT_EQ(first->uid, 3'000'000'000u);
    EXPECT_EQ(first->mtime, -5);
    EXPECT_EQ(first->xattrs, member.xattrs);
    EXPECT_EQ(content_of(reader), std::string(1300, 'x'));
    const auto second = reader.next();
    ASSERT_TRUE(second);
    EXPECT_EQ(second->link, link.link);
    EXPECT_FALSE(reader.next());
}

TEST(Tar, ContentThatNobodyReadIsSkipped) {
    TarMember one, two;
    one.name = "one";
    two.name = "two";
    auto reader = reader_of(archive_of({{one, std::string(5000, '1')}, {two, "2"}}), 64);
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.next()->name, "two");
    EXPECT_EQ(content_of(reader), "2");
}

TEST(Tar, DamageIsNoticed) {
    TarMember member;
    member.name = "one";
    const auto whole = archive_of({{member, "content"}});
    auto cut = reader_of(whole.substr(0, 515));
    ASSERT_TRUE(cut.next());
    EXPECT_THROW(content_of(cut), Error);
    auto flipped = whole;
    flipped[0] = 'x';
    auto other = reader_of(flipped);
    EXPECT_THROW(other.next(), Error);
}

}  // namespace
}  // namespace hoist
