// SPDX-License-Identifier: Apache-2.0
// Asio's own code, compiled once (BOOST_ASIO_SEPARATE_COMPILATION), here since this is the lowest folder that uses it.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
