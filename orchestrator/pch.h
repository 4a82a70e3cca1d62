#pragma once
// SPDX-License-Identifier: Apache-2.0
// Precompiled for the folders that run on the event loop.

#include <boost/asio.hpp>

#include "base/pch.h"
