// SPDX-License-Identifier: Apache-2.0
#include "tests/support/temp_dir.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "base/path.h"

namespace hoist::test {

TempDir::TempDir() : path_("/tmp/hoist-test-XXXXXX") {
    if (!::mkdtemp(path_.data())) fail_errno(errno, "make a temporary folder");
}

TempDir::~TempDir() {
    try {
        remove_tree(path_);
    } catch (const Error&) {  // a test that left a mount inside fails by its own assertions
    }
}

void TempDir::write(const std::string& name, const std::string& content) const {
    const std::string path = path_ + "/" + name;
    make_directories(split_path(path).parent);
    write_file_atomic(path, content, 0644, Durable::no);
}

}  // namespace hoist::test
