#pragma once
// SPDX-License-Identifier: Apache-2.0
// An image store in a temporary folder.

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "storage/image.h"
#include "storage/layout.h"
#include "tests/support/tar_builder.h"
#include "tests/support/temp_dir.h"

namespace hoist::storage {

class StoreTest : public testing::Test {
protected:
    StoreTest() {
        layout_.make();
        open();
    }
    void open() {
        store_.reset();
        database_.reset();
        database_ = std::make_unique<Database>(layout_.database());
        store_ = std::make_unique<ImageStore>(layout_, *database_);
    }

    std::string import(const std::string& archive, const ImportOptions& options = {}) {
        dir_.write("archive", archive);
        return store_->import(open_file(dir_ / "archive", O_RDONLY), options);
    }
    std::string import(const test::TarBuilder& tar, const ImportOptions& options = {}) {
        return import(tar.bytes(), options);
    }
    /// The directory of a one-layer image.
    std::string unpack(const test::TarBuilder& tar) {
        return store_->layer_directories(*store_->find(import(tar))).front();
    }
    /// The message of a refused import; checks that it left nothing.
    std::string refusal(const test::TarBuilder& tar, const ImportOptions& options = {}) {
        return refusal(tar.bytes(), options);
    }
    std::string refusal(const std::string& archive, const ImportOptions& options = {}) {
        const auto before = store_->list().size();
        try {
            import(archive, options);
            ADD_FAILURE() << "the archive was accepted";
        } catch (const Error& error) {
            expect_nothing_left();
            EXPECT_EQ(store_->list().size(), before);
            return error.message();
        }
        return {};
    }
    void expect_nothing_left() {
        EXPECT_TRUE(std::filesystem::is_empty(layout_.layers_tmp()));
        std::size_t recorded = 0;
        database_->run([&](Transaction& transaction) { recorded = transaction.layers().size(); });
        std::size_t present = 0;
        for (const auto& entry : std::filesystem::directory_iterator(layout_.root() + "/layers/sha256")) {
            EXPECT_TRUE(entry.is_directory());
            ++present;
        }
        EXPECT_EQ(present, recorded);
    }

    test::TempDir dir_;
    Layout layout_{dir_ / "root", dir_ / "run"};
    std::unique_ptr<Database> database_;
    std::unique_ptr<ImageStore> store_;
};

}  // namespace hoist::storage
