// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>
#include "base/error.h"
#include "base/file.h"
#include "storage/container_root.h"
#include "storage/image.h"
#include "storage/layout.h"
#include "tests/support/temp_dir.h"
namespace hoist::storage {
TEST(ImportSmoke, Works) {
    test::TempDir dir;
    const Layout layout(dir / "root", dir / "run");
    layout.make();
    Database db(layout.database());
    ImageStore store(layout, db);
    dir.write("t/etc/passwd", "root:x\n");
    dir.write("t/data/x/y", "hello");
    ASSERT_EQ(::symlink("/etc/passwd", (dir / "t/link").c_str()), 0);
    ASSERT_EQ(::system(("tar -C " + dir.path() + "/t -cf " + dir.path() + "/a.tar . && gzip -k " + dir.path() + "/a.tar && zstd -q " + dir.path() + "/a.tar && xz -k " + dir.path() + "/a.tar").c_str()), 0);
    for (const char* name : {"a.tar", "a.tar.gz", "a.tar.zst", "a.tar.xz"}) {
        ImportOptions options;
        options.reference = "test";
        options.changes = {"CMD [\"sh\"]", "ENV A=b", "HEALTHCHECK --interval=5s CMD true"};
        const auto id = store.import(open_file(dir / name, O_RDONLY), options);
        const auto image = store.find("test:latest");
        ASSERT_TRUE(image);
        EXPECT_EQ(image->id, id);
        const auto lower = store.layer_directories(*image);
        EXPECT_EQ(read_image_file(lower, "/link"), "root:x\n");
        EXPECT_TRUE(copy_up_volume(lower, "/data", dir / std::string("vol-") + name + "/_data"));
        EXPECT_EQ(read_file(dir / std::string("vol-") + name + "/_data/x/y"), "hello");
    }
    EXPECT_EQ(store.list().size(), 4u);
}
}
