#ifndef PQSCOPE_ASYNC_LISTENER_HPP
#define PQSCOPE_ASYNC_LISTENER_HPP

#include <pqscope/async/fiber.hpp>
#include <pqscope/async/heeded.hpp>
#include <pqscope/async/operation.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/events/listener.hpp>

#include <chrono>
#include <memory>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

namespace pqscope::async {

/// Receives what NOTIFY sends, as `pqscope::listener`, without blocking:
///
///     auto in = co_await pqscope::async::listener::open(executor, config);
///     co_await in.listen("jobs");
///     for (;;)
///       for (auto const& each : co_await in.wait()) use(each.channel, each.payload);
///
/// Movable, not copyable; moved from, every use is a `usage_error`. One operation at a time.
class listener {
  template <class Work>
  auto perform(Work work, std::source_location const& where) {
    if (held_ == nullptr) {
      throw usage_error("the listener was moved from", where);
    }
    auto task = [own_work = std::move(work), held = held_]() mutable { return own_work(held->in); };
    using returned = decltype(task());
    return operation<returned>{executor_, detail::run_on(on_, std::move(task), where)};
  }

 public:
  /// Connects. Errors as the constructor of `pqscope::listener`.
  static operation<listener> open(asio::any_io_executor executor, config to,
                                  std::source_location where = std::source_location::current()) {
    return open(std::move(executor), std::move(to), listener_options{}, where);
  }
  /// The same with options.
  static operation<listener> open(asio::any_io_executor executor, config to,
                                  listener_options options,
                                  std::source_location where = std::source_location::current()) {
    auto on = std::make_shared<detail::fiber>(executor);
    auto open = [own_to = std::move(to), own_options = std::move(options), executor, on,
                 where]() mutable {
      return listener{executor, on,
                      std::make_shared<holder>(own_to, std::move(own_options), where)};
    };
    return {std::move(executor), detail::run_on(std::move(on), std::move(open), where)};
  }

  /// As `pqscope::listener::listen`.
  operation<void> listen(std::string channel,
                         std::source_location where = std::source_location::current()) {
    return perform(
        [own_channel = std::move(channel), where](auto& on) { on.listen(own_channel, where); },
        where);
  }
  /// As `pqscope::listener::unlisten`.
  operation<void> unlisten(std::string channel,
                           std::source_location where = std::source_location::current()) {
    return perform(
        [own_channel = std::move(channel), where](auto& on) { on.unlisten(own_channel, where); },
        where);
  }
  /// As `pqscope::listener::wait`. Where it is cancelled it answers what has come, maybe nothing.
  operation<std::vector<notification>> wait(
      std::source_location where = std::source_location::current()) {
    return wait_until(libpq::never, where);
  }
  /// As `pqscope::listener::wait_for`.
  template <class Rep, class Period>
  operation<std::vector<notification>> wait_for(
      std::chrono::duration<Rep, Period> longest,
      std::source_location where = std::source_location::current()) {
    return wait_until(pqscope::detail::time_after(longest), where);
  }
  /// As `pqscope::listener::wait_until`.
  operation<std::vector<notification>> wait_until(
      std::chrono::steady_clock::time_point until,
      std::source_location where = std::source_location::current()) {
    return perform([until, where](auto& on) { return on.wait_until(until, {}, where); }, where);
  }

 private:
  struct holder {
    holder(config const& to, listener_options options, std::source_location const& where)
        : in{to, heeding(std::move(options), heed), where} {}
    static listener_options heeding(listener_options&& options, detail::stop_to_heed const& heed) {
      heed.give(options.connection.stop);
      return std::move(options);
    }
    detail::stop_to_heed heed;
    pqscope::listener in;
  };

  listener(asio::any_io_executor executor, std::shared_ptr<detail::fiber> on,
           std::shared_ptr<holder> held)
      : executor_{std::move(executor)}, on_{std::move(on)}, held_{std::move(held)} {}

  asio::any_io_executor executor_;
  std::shared_ptr<detail::fiber> on_;
  std::shared_ptr<holder> held_;
};

}  // namespace pqscope::async

#endif
