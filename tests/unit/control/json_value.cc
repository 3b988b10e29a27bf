// SPDX-License-Identifier: Apache-2.0
//
// The one translation unit that holds Boost.JSON.
#include <boost/json/src.hpp>
