#pragma once
// SPDX-License-Identifier: Apache-2.0
// Precompiled for all tests.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/pch.h"
