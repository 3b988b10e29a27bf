// SPDX-License-Identifier: Apache-2.0
//
// The one translation unit that holds Boost.JSON, of which Debian's boost 1.81 headers are enough.
#include <boost/json/src.hpp>
