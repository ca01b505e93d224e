#ifndef PQSCOPE_CONNECTION_STATEMENT_QUEUE_HPP
#define PQSCOPE_CONNECTION_STATEMENT_QUEUE_HPP

#include <pqscope/connection/deferred_statement.hpp>
#include <pqscope/connection/loops.hpp>
#include <pqscope/connection/scope_link.hpp>
#include <pqscope/connection/statement_cache.hpp>
#include <pqscope/libpq/request.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// What rides with whatever is sent next: control statements (BEGIN, SAVEPOINT, RELEASE…), and
/// statements of the user's that were deferred.
///
/// They are kept until the exchange they went with is over, for requests and messages refer to
/// them.
class statement_queue {
 public:
  /// Adds one; `begins` is the scope it begins, null if none, and is told when it worked.
  void add(std::string text, scope_link* begins) {
    entries_.push_back({.text = std::move(text), .begins = begins});
  }
  /// Adds one of the user's.
  void add(deferred_statement statement) { entries_.push_back({.deferred = std::move(statement)}); }

  /// Takes back what was queued for a scope that did nothing, and what came after it, which
  /// happened inside it; false if it has been sent.
  bool take_back(scope_link const* begins) noexcept {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].begins == begins) {
        entries_.resize(i);
        return true;
      }
    }
    return false;
  }

  /// Takes back the one that was added last, unless all were forgotten since.
  void drop_last() noexcept { entries_.resize(entries_.size() - (entries_.empty() ? 0 : 1)); }

  bool empty() const noexcept { return entries_.empty(); }
  /// Whether there are deferred ones; behind the one that begins a scope, if it has not been sent.
  bool has_deferred(scope_link const* behind = nullptr) const noexcept {
    bool found = false;
    for (entry const& each : entries_) {
      if (behind != nullptr && each.begins == behind) {
        found = false;
      }
      found = found || each.deferred;
    }
    return found;
  }
  /// Forgets the deferred ones.
  void drop_deferred() noexcept {
    for (std::size_t i = entries_.size(); i-- > 0;) {
      if (entries_[i].deferred) {
        entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
  }
  /// Whether any of the deferred ones can have written.
  template <class Harmless>
  bool any_deferred_but(Harmless const& harmless) const {
    return any_of(entries_, [&](entry const& each) {
      return each.deferred && !harmless(each.deferred->text().str());
    });
  }

  /// Makes requests of them, in order, which refer to them. Deferred ones are prepared where
  /// `cache` has room.
  void append_to(std::vector<libpq::request>& requests, statement_cache& cache, bool may_add) {
    for (entry& each : entries_) {
      each.known = nullptr;
      each.prepares = false;
      if (each.deferred) {
        append_deferred(each, requests, cache, may_add);
      } else {
        each.known = cache.own_control(each.text);
        append(each, {.text = each.text.c_str()}, requests, cache);
      }
      each.request = requests.size() - 1;
    }
  }

  /// The deferred statement that a request was made for; null if it was for another one.
  deferred_statement const* deferred_at(std::size_t request) const noexcept {
    for (entry const& each : entries_) {
      if (each.deferred &&
          (each.request == request || (each.prepares && each.request == request + 1))) {
        return &*each.deferred;
      }
    }
    return nullptr;
  }
  /// What it is known by to the cache; null where it was not prepared before.
  cached_statement const* known_at(std::size_t request) const noexcept {
    for (entry const& each : entries_) {
      if (each.request == request && each.known != nullptr && !each.prepares) {
        return each.known;
      }
    }
    return nullptr;
  }

  /// They have been sent: tells the scopes whose beginning the server has carried out. What it
  /// refused or skipped is moot, since the transaction has failed.
  void settle(std::span<libpq::request const> requests) noexcept {
    for (entry const& each : entries_) {
      if (each.request < requests.size() && requests[each.request].answer &&
          each.begins != nullptr) {
        each.begins->begun = true;
      }
      if (each.prepares && each.request < requests.size() && requests[each.request - 1].answer) {
        each.known->prepared = true;
      }
    }
    settled_ = true;
  }

  /// All that was sent with them was carried out: hands the answers over.
  void deliver(std::span<libpq::request> requests) noexcept {
    for (entry& each : entries_) {
      if (each.deferred && each.deferred->sink() != nullptr && each.request < requests.size()) {
        answer_sink* const sink = each.deferred->sink();
        each.deferred->forget_sink();
        sink->take(std::move(requests[each.request].answer));
      }
    }
  }

  /// Forgets them if they have been sent.
  void drop_settled() noexcept {
    if (settled_) {
      clear();
    }
  }
  /// Forgets them.
  void clear() noexcept {
    entries_.clear();
    settled_ = false;
  }

 private:
  struct entry {
    std::string text{};
    scope_link* begins = nullptr;
    std::optional<deferred_statement> deferred{};
    cached_statement* known = nullptr;
    bool prepares = false;  // in the request ahead of it
    std::size_t request = 0;
  };

  static void append_deferred(entry& of, std::vector<libpq::request>& requests,
                              statement_cache& cache, bool may_add) {
    sql_view const& text = of.deferred->text();
    libpq::parameters const bound = of.deferred->parameters();
    of.known = cache.find(text, bound);
    if (of.known == nullptr && may_add) {
      of.known = cache.add(text, bound);
    }
    libpq::request made{.text = text.text, .parameters = bound};
    if (of.deferred->sink() != nullptr) {
      made.format = libpq::value_format::binary;
    }
    append(of, std::move(made), requests, cache);
  }

  /// Adds the request for one; ahead of it one to prepare it, if that is to be.
  static void append(entry& of, libpq::request&& made, std::vector<libpq::request>& requests,
                     statement_cache& cache) {
    if (of.known != nullptr) {
      of.prepares = cache.needs_prepare(*of.known);
      if (of.prepares) {
        auto const& bound = made.parameters;
        requests.push_back({.kind = libpq::request_kind::prepare,
                            .text = made.text,
                            .name = of.known->name.c_str(),
                            .parameters = {.count = bound.count, .types = bound.types},
                            .is_own = true});
      }
      made.kind = libpq::request_kind::execute_prepared;
      made.name = of.known->name.c_str();
    }
    requests.push_back(std::move(made));
  }

  std::vector<entry> entries_;
  bool settled_ = false;
};

}  // namespace pqscope::detail

#endif
