#include <pqscope/connection/cancel_gate.hpp>

#include <pqscope/connection/canceller.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <memory>

using pqscope::canceller;
using pqscope::detail::cancel_gate;

TEST_CASE("a gate that nothing has gone through cancels nothing") {
  auto const gate = std::make_shared<cancel_gate>();
  CHECK_FALSE(gate->cancel({}));
  CHECK_FALSE(canceller{gate}.cancel());
}

TEST_CASE("a gate of no connection lets statements through and delivers no cancel") {
  cancel_gate gate;
  for (int i = 0; i < 3; ++i) {
    gate.enter({});
    CHECK_FALSE(gate.cancel({}));
    CHECK_FALSE(gate.cancel({}));
    gate.leave();
    CHECK_FALSE(gate.cancel({}));
  }
  gate.enter({});
  gate.close();
  CHECK_FALSE(gate.cancel({}));
}
