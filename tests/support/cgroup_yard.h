#pragma once
// SPDX-License-Identifier: Apache-2.0
// The test host's own piece of every cgroup hierarchy.

#include <string>
#include <vector>

namespace hoist::test {

class CgroupYard {
public:
    /// Makes a directory `name` below every mounted hierarchy's root.
    static CgroupYard make(const std::string& name);
    /// Moves the calling process in (so that a cgroup namespace made now is rooted there), and back out.
    void enter() const;
    void leave() const;
    /// In the new cgroup and mount namespaces: mounts the same hierarchies anew, so that "/" is the yard.
    void mount_inside() const;
    /// Thaws, kills and removes what is below; bounded in time.
    void remove() const;

private:
    struct Hierarchy {
        std::string mount_point, options, type;
        std::string home;  ///< where the caller was
    };
    std::vector<Hierarchy> hierarchies_;
    std::string name_;
};

}  // namespace hoist::test
