#ifndef PQSCOPE_CONNECTION_STATEMENT_QUEUE_HPP
#define PQSCOPE_CONNECTION_STATEMENT_QUEUE_HPP

#include <pqscope/connection/scope_link.hpp>
#include <pqscope/libpq/request.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// The control statements (BEGIN, SAVEPOINT, RELEASE…) that ride with whatever is sent next.
///
/// They are kept until the exchange they went with is over, for requests and messages refer to
/// their text.
class statement_queue {
 public:
  /// Adds one; `begins` is the scope it begins, null if none, and is told when it worked.
  void add(std::string text, scope_link* begins) { entries_.push_back({std::move(text), begins}); }

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

  /// Takes back the one that was added last; there has to be one.
  void drop_last() noexcept { entries_.pop_back(); }

  bool empty() const noexcept { return entries_.empty(); }
  /// The text of the last one; there has to be one.
  std::string_view last() const noexcept { return entries_.back().text; }

  /// Makes requests of them, in order, which refer to them.
  void append_to(std::vector<libpq::request>& requests) const {
    for (entry const& each : entries_) {
      requests.push_back({.text = each.text.c_str()});
    }
  }

  /// They have been sent: tells the scopes whose beginning the server has carried out. What it
  /// refused or skipped is moot, since the transaction has failed.
  void settle(std::span<libpq::request const> requests) noexcept {
    for (std::size_t i = 0; i < entries_.size() && i < requests.size(); ++i) {
      if (requests[i].answer && entries_[i].begins != nullptr) {
        entries_[i].begins->begun = true;
      }
    }
    settled_ = true;
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
    std::string text;
    scope_link* begins;
  };

  std::vector<entry> entries_;
  bool settled_ = false;
};

}  // namespace pqscope::detail

#endif
