#ifndef PQSCOPE_TESTING_PROXY_FAULTS_HPP
#define PQSCOPE_TESTING_PROXY_FAULTS_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::testing {

/// One message a client sent through a faulty_proxy.
struct client_message {
  std::size_t connection = 0;  ///< which connection, counted from 1
  /// The protocol's type byte, `Q` for Query, `P` for Parse, `B` for Bind…; '\0' for the packets
  /// without one: StartupMessage, SSLRequest, GSSENCRequest, CancelRequest.
  char type = '\0';
  /// The SQL text of Query and Parse, and of Bind that of the statement it binds; the name of a
  /// packet without type; else empty.
  std::string text;
};

}  // namespace pqscope::testing

namespace pqscope::testing::detail {

/// Whether `text` contains `needle`, regardless of the case of ASCII letters.
inline bool contains_ignoring_case(std::string_view text, std::string_view needle) {
  auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  auto const starts_at = [&](std::size_t at) {
    for (std::size_t i = 0; i < needle.size(); ++i) {
      if (lower(text[at + i]) != lower(needle[i])) {
        return false;
      }
    }
    return true;
  };
  for (std::size_t at = 0; at + needle.size() <= text.size(); ++at) {
    if (starts_at(at)) {
      return true;
    }
  }
  return false;
}

/// What a faulty_proxy is to do when a certain message comes by, once.
struct proxy_fault {
  /// Who sends a message.
  enum class side {
    client,  ///< the program under test
    server,  ///< PostgreSQL
  };
  /// When something happens.
  enum class moment {
    before,  ///< instead of forwarding the message
    after,   ///< once it has been forwarded and, if a client sent it, answered
  };
  /// What happens.
  enum class action {
    cut,    ///< both sides are closed
    stall,  ///< the connection falls silent
  };

  side from = side::client;      ///< who sends the message waited for
  moment when = moment::before;  ///< relative to forwarding it
  action what = action::cut;     ///< what to do then
  std::string text = {};         ///< contained in the SQL text; empty: any message
  char type = '\0';              ///< its type; '\0': any
  int nth = 1;                   ///< which of those that match, counted down to 0
};

/// The faults waiting for their message.
class proxy_faults {
 public:
  /// Adds one.
  void arm(proxy_fault fault) { armed_.push_back(std::move(fault)); }
  /// Forgets all.
  void disarm() { armed_.clear(); }
  /// How many have not fired yet.
  std::size_t count() const noexcept { return armed_.size(); }

  /// The fault that fires with this message, if one does; it is no longer armed then.
  std::optional<proxy_fault> fired_by(proxy_fault::side from, char type, std::string_view text) {
    for (auto fault = armed_.begin(); fault != armed_.end(); ++fault) {
      bool const meant = fault->from == from && (fault->type == '\0' || fault->type == type) &&
                         (fault->text.empty() || contains_ignoring_case(text, fault->text));
      if (meant && --fault->nth <= 0) {
        proxy_fault const fired = *fault;
        armed_.erase(fault);
        return fired;
      }
    }
    return std::nullopt;
  }

 private:
  std::vector<proxy_fault> armed_;
};

}  // namespace pqscope::testing::detail

#endif
