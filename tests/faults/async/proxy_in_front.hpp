#ifndef PQSCOPE_TESTS_FAULTS_ASYNC_PROXY_IN_FRONT_HPP
#define PQSCOPE_TESTS_FAULTS_ASYNC_PROXY_IN_FRONT_HPP

#include <pqscope/testing/faulty_proxy.hpp>

#include "integration/session/scratch.hpp"

namespace support {

/// A proxy in front of the server of the tests, for a database behind it.
struct proxy_in_front {
  scratch outside;
  pqscope::testing::faulty_proxy proxy{outside.db()};

  /// What makes the config of a schema lead through the proxy.
  auto through() {
    return [this](scratch const& in) {
      auto to = in.db();
      to.host = proxy.host();
      to.port = proxy.port();
      return to;
    };
  }
};

}  // namespace support

#endif
