#ifndef PQSCOPE_EVENTS_OBSERVER_LIST_HPP
#define PQSCOPE_EVENTS_OBSERVER_LIST_HPP

#include <pqscope/connection/observer.hpp>
#include <pqscope/libpq/diagnostics.hpp>

#include <initializer_list>
#include <string_view>
#include <vector>

namespace pqscope {

/// An observer that tells others, in their order: for a log and metrics together.
///
/// What one of them throws stops no other. They outlive it. As safe in several threads as they are.
class observer_list : public observer {
 public:
  /// Tells all of `others`; null ones are left out.
  observer_list(std::initializer_list<observer*> others) {
    for (observer* const each : others) {
      if (each != nullptr) {
        others_.push_back(each);
      }
    }
  }

  /// Passes it on.
  void connect_started(connect_event const& event) override {
    tell([&](observer& each) { each.connect_started(event); });
  }
  /// Passes it on.
  void connect_ended(connect_event const& event) override {
    tell([&](observer& each) { each.connect_ended(event); });
  }
  /// Passes it on.
  void acquire_started(acquire_event const& event) override {
    tell([&](observer& each) { each.acquire_started(event); });
  }
  /// Passes it on.
  void acquire_ended(acquire_event const& event) override {
    tell([&](observer& each) { each.acquire_ended(event); });
  }
  /// Passes it on.
  void statement_started(statement_event const& event) override {
    tell([&](observer& each) { each.statement_started(event); });
  }
  /// Passes it on.
  void statement_ended(statement_event const& event) override {
    tell([&](observer& each) { each.statement_ended(event); });
  }
  /// Passes it on.
  void round_trip() override {
    tell([](observer& each) { each.round_trip(); });
  }
  /// Passes it on.
  void transaction_started(transaction_event const& event) override {
    tell([&](observer& each) { each.transaction_started(event); });
  }
  /// Passes it on.
  void transaction_ended(transaction_event const& event) override {
    tell([&](observer& each) { each.transaction_ended(event); });
  }
  /// Passes it on.
  void notice(diagnostics const& fields) override {
    tell([&](observer& each) { each.notice(fields); });
  }
  /// Passes it on.
  void problem(std::string_view what) override {
    tell([&](observer& each) { each.problem(what); });
  }

 private:
  template <class Tell>
  void tell(Tell const& call) noexcept {
    for (observer* const each : others_) {
      try {
        call(*each);
      } catch (...) {  // an observer must not change what happens, nor what others are told
      }
    }
  }

  std::vector<observer*> others_;
};

}  // namespace pqscope

#endif
